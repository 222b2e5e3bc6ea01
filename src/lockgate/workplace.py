"""What a command finds where it is called: shared options, the checks of conftests, tables as printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import click

from lockgate.checks.authoring import checks_of
from lockgate.documents.findings import shown_path
from lockgate.engine.journal_file import DEFAULT_JOURNAL
from lockgate.errors import UsageError
from lockgate.fingerprints import digest
from lockgate.registry import Registry
from lockgate.reports.terminal import aligned

__all__ = ["DEFAULT_PROJECT", "journal_option", "project_option", "registry_of", "table"]

DEFAULT_PROJECT = "lockgate.yaml"
"""The project file, when nobody names another."""

project_option = click.option(
    "--project",
    type=click.Path(path_type=Path),
    default=None,
    help=f"The project file; {DEFAULT_PROJECT} in the working folder by default.",
)
"""What a command that reads the project takes."""

journal_option = click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(DEFAULT_JOURNAL),
    metavar="FILE",
    help=f"The journal of answers and runs; {DEFAULT_JOURNAL} by default.",
)
"""What a command that reads or writes the journal takes."""


def registry_of(folders: Sequence[Path]) -> Registry:
    """What pytest would find: built-ins, installed packages, and `@check` in the conftests on the way.

    Args:
        folders: those of the suites.

    Raises:
        UsageError: a conftest cannot be imported.
    """
    homes = [Path.cwd(), *(home for folder in folders for home in _way(folder.resolve()))]
    files = [home / "conftest.py" for home in dict.fromkeys(homes)]
    modules = [_imported(file) for file in files if file.is_file()]
    return Registry(extra={"checks": checks_of(modules)})


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under a head, aligned, without a line end."""
    return aligned((head, *rows))


def _way(folder: Path) -> list[Path]:
    """The folders from the working folder down to this one, or this one alone where it lies elsewhere."""
    here = Path.cwd()
    if not folder.is_relative_to(here):
        return [folder]
    return [parent for parent in reversed((folder, *folder.parents)) if parent.is_relative_to(here)]


def _imported(conftest: Path) -> ModuleType:
    spec = spec_from_file_location(f"conftest_{digest(conftest.as_posix())}", conftest)
    assert spec is not None  # noqa: S101  (for the type checker: a .py file always has a loader)
    assert spec.loader is not None  # noqa: S101
    module = module_from_spec(spec)
    # As an import does: dataclasses and pickle look a class's module up while it runs.
    sys.modules[spec.name] = module
    sys.path.insert(0, str(conftest.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[spec.name]
        said = f"{shown_path(conftest)} cannot be imported: {type(error).__name__}: {error}."
        raise UsageError(f"{said} Mend it; its checks are needed.") from error
    finally:
        sys.path.remove(str(conftest.parent))
    return module
