"""What a session runs on: project, backends, suites and journal, each read or opened when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import ModuleType

import pytest

from lockgate.checks.authoring import checks_of
from lockgate.documents.project import Project, load_project
from lockgate.documents.suites import load_suite
from lockgate.engine.asking import Asker, Budget, Journalled
from lockgate.engine.background import Engine
from lockgate.engine.journal import Journal
from lockgate.errors import LockgateError
from lockgate.model import Backend, Suite
from lockgate.pytest_plugin.settings import Settings, read_settings
from lockgate.pytest_plugin.workers import is_worker
from lockgate.registry import Registry

__all__ = ["Chosen"]


class Chosen:
    """What the options and the project file say; mistakes in suites are gathered and end the session at once.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.settings: Settings = read_settings(config)
        self.engine: Engine | None = None
        self.budget = Budget(self.settings.policy.max_cost)
        self._journal: Journal | None = None
        self._project: Project | None = None
        self._suites: dict[Path, Suite | None] = {}
        self._problems: list[str] = []

    @property
    def registry(self) -> Registry:
        """Built-in and installed checks, and those under `@check` in the conftests loaded so far."""
        modules = [p for p in self.config.pluginmanager.get_plugins() if isinstance(p, ModuleType)]
        return Registry(extra={"checks": checks_of(modules)})

    @property
    def project(self) -> Project:
        """The project file, read once."""
        if self._project is None:
            overrides = {"concurrency": self.settings.concurrency} if self.settings.concurrency else {}
            self._project = load_project(self.settings.project, registry=self.registry, overrides=overrides)
            self._project.through = lambda backend: Journalled(self.asker(backend))
        return self._project

    @cached_property
    def backend_names(self) -> list[str]:
        """The selected backends as FAMILY:VERSION, each once."""
        return list(dict.fromkeys(self.project.select(name) for name in self.settings.backends))

    def backend(self, name: str) -> Backend:
        """A backend of the project."""
        return self.project.backend(name)

    def suffix(self, backend: Backend) -> str:
        """What an item's name ends with: `[ft:v3]` when several backends run."""
        return f"[{backend.name}]" if len(self.backend_names) > 1 else ""

    @property
    def journal(self) -> Journal:
        """The journal, opened on first use."""
        if self._journal is None:
            self._journal = Journal(self.settings.journal)
        return self._journal

    def asker(self, backend: Backend) -> Asker:
        """What asks a backend through the journal, under this session's policy."""
        return Asker(
            backend=backend,
            journal=self.journal,
            policy=self.settings.policy,
            budget=self.budget,
            stopped=lambda: self.engine is not None and self.engine.stopped,
        )

    def suite(self, path: Path) -> Suite | None:
        """A suite, or None when it cannot be used; its problems end the session after collection."""
        if path not in self._suites:
            self._suites[path] = self._load(path)
        if is_worker(self.config):
            self.end_if_broken()
        return self._suites[path]

    def end_if_broken(self) -> None:
        """Broken suites end the session: exit code 4.

        Raises:
            pytest.UsageError: there is one; on an xdist worker, a CollectError.
        """
        if not self._problems:
            return
        text = "\n\n".join(dict.fromkeys(self._problems))
        # An xdist worker cannot end the session by itself; it tells its controller by a collection error.
        raise pytest.Collector.CollectError(text) if is_worker(self.config) else pytest.UsageError(text)

    def close(self) -> None:
        """Let go of weights, connections and files."""
        if self._project is not None:
            self._project.close()
        if self._journal is not None:
            self._journal.close()

    def _load(self, path: Path) -> Suite | None:
        try:
            if not self.settings.backends:
                self._problems.append(_no_backend(path, self.project.names))
                return None
            suite = load_suite(path, project=self.project, registry=self.registry)
        except LockgateError as error:
            self._problems.append(str(error))
            return None
        return replace(suite, trials=self.settings.trials) if self.settings.trials else suite


def _no_backend(path: Path, names: Sequence[str]) -> str:
    return (
        f"{path.name}: no backend was chosen to answer. Give --llm-backend=FAMILY:VERSION (or the ini "
        f"llm_backend), or leave the suite out with --ignore={path.parent.name}. "
        f"The backends there are: {', '.join(names)}."
    )
