"""What runs are compared with: a backend that ran beside, a run file, a run in the journal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lockgate.documents.findings import shown_path
from lockgate.engine.journal import Journal
from lockgate.errors import LockgateError, UsageError
from lockgate.gates import BASELINE
from lockgate.model import Run, Sample, Suite
from lockgate.reports.record import read_run_file

__all__ = ["BASELINES", "Baselines", "baseline_file"]

BASELINES = "baselines"
"""The folder, beside the project file, of the baselines that are kept in git."""


class Baselines:
    """Finds the samples that `no_worse_than` and `better_than` compare with.

    Args:
        written: what `baseline` stands for (`--llm-baseline`), None for nothing.
        journal: where runs are looked up by id, and the newest of a backend.
        folder: where run files are looked for.
        select: `FAMILY[:VERSION]` → `FAMILY:VERSION`; raises UsageError where there is none.
        here: (suite, backend) → samples of what ran in this session, all of them there before `of` is asked.
        kept: the folder of baselines kept in git, which stand in where nothing is named.
    """

    def __init__(
        self,
        written: str | None,
        *,
        journal: Journal,
        folder: Path,
        select: Callable[[str], str],
        here: Mapping[tuple[str, str], Sequence[Sample]],
        kept: Path | None = None,
    ) -> None:
        self._written = written
        self._journal = journal
        self._folder = folder
        self._select = select
        self._here = here
        self._kept = kept
        self._files: dict[str, Sequence[Run]] = {}

    def of(self, suite: Suite) -> Mapping[str, Sequence[Sample]]:
        """What the suite's gates name, as far as it is found: their word → samples."""
        words = {word for gate in suite.gates for word in (gate.no_worse_than, gate.better_than) if word}
        named = {word: self._name(suite) if word == BASELINE else word for word in words}
        found = {word: self._find(name, suite.name) for word, name in named.items() if name is not None}
        return {word: samples for word, samples in found.items() if samples is not None}

    def run_of(self, suite: Suite, backend: str) -> tuple[str, Run] | None:
        """What a suite's run is to be compared with as a whole, and what that is called.

        That is `baseline`, or where none is named and kept, what the suite's first comparing gate names.

        Args:
            suite: the suite.
            backend: the one that ran; it is not compared with its own run of this session.
        """
        name = self._name(suite)
        words = (word for gate in suite.gates for word in (gate.no_worse_than, gate.better_than))
        name = name or next((word for word in words if word and word != BASELINE), None)
        if name is None:
            return None
        theirs = self._backend(name)
        if theirs is not None and (suite.name, theirs) in self._here:
            return None if theirs == backend else (theirs, self._beside(suite, theirs))
        run = self._run(name, theirs, suite.name)
        return None if run is None or run.suite != suite.name else (_called(name, run), run)

    def _beside(self, suite: Suite, backend: str) -> Run:
        """A run of this session, before it is ruled on: the same suite, checks and gates."""
        samples = self._here[suite.name, backend]
        return Run(
            suite=suite.name,
            backend=backend,
            fingerprint="",
            samples=tuple(s for s in samples if s.variant is None),
            variants=tuple(s for s in samples if s.variant is not None),
            dataset_digest=suite.dataset_digest,
        )

    def _name(self, suite: Suite) -> str | None:
        """What `baseline` stands for: what was named, else the file that is kept for the suite."""
        if self._written is not None or self._kept is None:
            return self._written
        file = baseline_file(self._kept, suite.name)
        return str(file) if file.is_file() else None

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
        if not self._is_known(self._written):
            known = ", ".join(self._journal.run_ids()[:5]) or "none yet"
            raise UsageError(
                f"{option}: {self._written!r} is no selected backend, no run file and no run in the journal. "
                f"The newest runs there are: {known}."
            )

    def _find(self, name: str, suite: str) -> Sequence[Sample] | None:
        backend = self._backend(name)
        if backend is not None and (suite, backend) in self._here:
            return self._here[suite, backend]
        run = self._run(name, backend, suite)
        return None if run is None or run.suite != suite else (*run.samples, *run.variants)

    def _run(self, name: str, backend: str | None, suite: str) -> Run | None:
        """A file's run of the suite, else the journal's run of that id, else its newest of that backend."""
        if (self._folder / name).is_file():
            return next((run for run in self._file(name) if run.suite == suite), None)
        run = self._journal.run(name)
        return self._journal.newest_run(backend, suite) if run is None and backend is not None else run

    def _is_known(self, name: str) -> bool:
        if (self._folder / name).is_file():
            return bool(self._file(name))
        return self._journal.has_run(name) or self._journal.has_run(self._backend(name) or name)

    def _backend(self, name: str) -> str | None:
        try:
            return self._select(name)
        except LockgateError:
            return None

    def _file(self, name: str) -> Sequence[Run]:
        if name not in self._files:
            self._files[name] = read_run_file(self._folder / name)
        return self._files[name]


def baseline_file(folder: Path, suite: str) -> Path:
    """Where the baseline of a suite is kept: its name, with what no file's name should hold as a dash."""
    name = re.sub(r"[^\w.-]+", "-", suite).strip("-.")
    return folder / f"{name or 'suite'}.json"


def _called(name: str, run: Run) -> str:
    return run.backend if name == run.backend else f"{run.backend} ({shown_path(Path(name))})"
