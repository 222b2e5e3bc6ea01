"""A run by what people call it: a run file, a report folder, a run id, or a backend in the journal."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from lockgate.errors import UsageError
from lockgate.model import Run
from lockgate.reports.record import read_run_file

# The engine is imported where it is used: every other command would wait for it.
if TYPE_CHECKING:
    from lockgate.engine.journal import Journal

__all__ = ["RUN_FILE", "recorded"]

RUN_FILE = "run.json"
"""What a report folder calls its record."""

_SHOWN = 5


def recorded(name: str, *, journal: Path) -> tuple[Run, ...]:
    """The runs of that name.

    Args:
        name: a run file, a folder with a `run.json`, a run id in the journal, or a backend, of which the
            newest run of each suite is taken; with `@BACKEND` behind it, only those of that backend.
        journal: the journal's file; it need not be there.

    Raises:
        UsageError: there is no such run, the file is no run file, or it has no run of that backend.
    """
    runs = _found(name, journal)
    whole, at, backend = name.rpartition("@")
    if runs is None and at:
        runs = _narrowed(_found(whole, journal), backend, whole)
    if runs is None:
        raise UsageError(_nowhere(name, journal))
    return runs


def _found(name: str, journal: Path) -> tuple[Run, ...] | None:
    path = Path(name)
    if path.is_dir():
        path /= RUN_FILE
        if not path.is_file():
            raise UsageError(f"There is no {RUN_FILE} in {name}. Name a report folder, or a run file.")
    if path.is_file():
        return read_run_file(path)
    if not journal.is_file():
        return None
    with closing(_open(journal)) as kept:
        run = kept.run(name)
        return (run,) if run is not None else tuple(kept.newest_runs(name)) or None


def _narrowed(runs: tuple[Run, ...] | None, backend: str, name: str) -> tuple[Run, ...] | None:
    if runs is None:
        return None
    fitting = tuple(run for run in runs if run.backend == backend)
    if not fitting:
        known = ", ".join(dict.fromkeys(run.backend for run in runs)) or "none"
        raise UsageError(f"{name} has no run on {backend!r}. Its backends are: {known}.")
    return fitting


def _open(path: Path) -> Journal:
    from lockgate.engine.journal import Journal

    return Journal(path)


def _nowhere(name: str, journal: Path) -> str:
    told = f"There is no run {name!r}: no file, no folder, and no run or backend in the journal {journal}."
    if not journal.is_file():
        return f"{told} There is no such journal either; name one with --journal."
    with closing(_open(journal)) as kept:
        known = ", ".join(kept.run_ids()[:_SHOWN]) or "none yet"
    return f"{told} The newest runs there are: {known}."
