"""What gates compare with: another backend that ran beside, a run file, or a run in the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lockgate.engine.journal import Journal
from lockgate.errors import LockgateError, UsageError
from lockgate.model import Run, Sample, Suite
from lockgate.reports.record import read_record

__all__ = ["BASELINE", "Baselines"]

BASELINE = "baseline"
"""The word in a gate that stands for what the command line names."""


class Baselines:
    """Finds the samples that `no_worse_than` and `better_than` compare with.

    Args:
        written: what `baseline` stands for (`--llm-baseline`), None for nothing.
        journal: where runs are looked up by id, and the newest of a backend.
        folder: where run files are looked for.
        select: `FAMILY[:VERSION]` → `FAMILY:VERSION`; raises UsageError where there is none.
        here: (suite, backend) → samples of what ran in this session, all of them there before `of` is asked.
    """

    def __init__(
        self,
        written: str | None,
        *,
        journal: Journal,
        folder: Path,
        select: Callable[[str], str],
        here: Mapping[tuple[str, str], Sequence[Sample]],
    ) -> None:
        self._written = written
        self._journal = journal
        self._folder = folder
        self._select = select
        self._here = here

    def of(self, suite: Suite) -> Mapping[str, Sequence[Sample]]:
        """What the suite's gates name, as far as it is found: their word → samples."""
        words = {word for gate in suite.gates for word in (gate.no_worse_than, gate.better_than) if word}
        named = {word: self._written if word == BASELINE else word for word in words}
        found = {word: self._find(name, suite.name) for word, name in named.items() if name is not None}
        return {word: samples for word, samples in found.items() if samples is not None}

    def check(self, backends: Sequence[str], *, option: str) -> None:
        """Complain of a baseline that is nowhere to be found, before anything is asked.

        Args:
            backends: those that run now.
            option: what named it, for the error.

        Raises:
            UsageError: it is no selected backend, no run file and no run in the journal.
        """
        if self._written is None or self._backend(self._written) in backends:
            return
        if not self._runs(self._written):
            known = ", ".join(self._journal.run_ids()[:5]) or "none yet"
            raise UsageError(
                f"{option}: {self._written!r} is no selected backend, no run file and no run in the journal. "
                f"The newest runs there are: {known}."
            )

    def _find(self, name: str, suite: str) -> Sequence[Sample] | None:
        backend = self._backend(name)
        if backend is not None and (suite, backend) in self._here:
            return self._here[suite, backend]
        return next((run.samples for run in self._runs(name) if run.suite == suite), None)

    def _backend(self, name: str) -> str | None:
        try:
            return self._select(name)
        except LockgateError:
            return None

    def _runs(self, name: str) -> Sequence[Run]:
        """The runs of a file or of the journal: the one of that id, else the newest of that backend."""
        file = self._folder / name
        if file.is_file():
            return _read(file)
        run = self._journal.run(name)
        if run is not None:
            return [run]
        backend = self._backend(name)
        return [] if backend is None else self._journal.runs_of(backend)


def _read(file: Path) -> Sequence[Run]:
    try:
        return read_record(file.read_text("utf-8"))
    except (OSError, ValueError, LockgateError) as error:
        raise UsageError(f"The baseline {file.name} is no run file ({error}). Name a run.json.") from error
