"""Many shards' journals made one, and ruled on as if one machine had asked all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from lockgate.documents.project import Project
from lockgate.documents.suites import load_suite
from lockgate.engine.asking import Asker, Journalled, Policy
from lockgate.engine.journal import Journal
from lockgate.engine.journal_file import open_existing, open_sound
from lockgate.engine.recordings import Imported, read_recordings, take
from lockgate.engine.shards import ShardRun, read_shards
from lockgate.engine.varying import ask_all
from lockgate.errors import UsageError
from lockgate.fingerprints import digest
from lockgate.model import Backend, Sample, Suite, Timing
from lockgate.registry import Registry

__all__ = ["Replayed", "Split", "join", "journals_in", "replay", "splits_of"]

_ALIKE = {"count": "number of shards", "trials": "number of trials", "fingerprint": "backend's fingerprint"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One suite on one backend, as its shards left it: the newest of each number, in order."""

    shards: tuple[ShardRun, ...]

    @property
    def path(self) -> str:
        """The suite's file, from the project's folder."""
        return self.shards[0].path

    @property
    def backend(self) -> str:
        """What answered."""
        return self.shards[0].backend

    @property
    def missing(self) -> list[int]:
        """The numbers of the shards that left nothing."""
        return sorted(set(range(1, self.shards[0].count + 1)) - {s.number for s in self.shards})


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What the shards of one suite on one backend come to, before any gate is ruled."""

    suite: Suite
    backend: Backend
    samples: Sequence[Sample]
    timings: Sequence[Timing]
    notes: Sequence[str]


def journals_in(paths: Sequence[Path]) -> list[Path]:
    """The journals that are named, and all `*.sqlite` in the folders that are.

    Raises:
        UsageError: a folder has none, or a file is not there.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob("*.sqlite")) if path.is_dir() else [path]
        if not inside or not inside[0].is_file():
            what = "There is no journal (*.sqlite) in" if path.is_dir() else "There is no journal"
            raise UsageError(f"{what} {path}. Name the journals of the shards, or a folder with them.")
        found += inside
    return list(dict.fromkeys(found))


def join(journals: Sequence[Path], into: Path) -> Imported:
    """Put the answers of journals into one, which is made when absent; of two under one key the newer stays.

    Raises:
        UsageError: one of them cannot be read, or `into` cannot be written; nothing is joined then.
    """
    database, imported = open_sound(into), Imported()
    try:
        with closing(database), database:
            for journal in journals:
                if journal.resolve() != into.resolve():
                    with closing(open_existing(journal)) as source:
                        for row in read_recordings(source):
                            take(database, row, imported)
                        _take_verdicts(database, source)
    except sqlite3.OperationalError as error:
        raise UsageError(f"The journal {into} cannot be written ({error}). Try again later.") from error
    return imported


def _take_verdicts(database: sqlite3.Connection, source: sqlite3.Connection) -> None:
    """A verdict says the same wherever it was made: those that are there stay."""
    rows = source.execute("SELECT * FROM verdicts")
    database.executemany("INSERT OR IGNORE INTO verdicts VALUES (?, ?, ?, ?, ?)", rows)


def splits_of(journals: Iterable[Path]) -> list[Split]:
    """What the shards in these journals did, suite by suite and backend by backend.

    Raises:
        UsageError: there is nothing of a shard, or shards that are not of one split.
    """
    newest: dict[tuple[str, str], dict[int, ShardRun]] = {}
    for run in sorted((s for journal in journals for s in read_shards(journal)), key=lambda s: s.started):
        newest.setdefault((run.path, run.backend), {})[run.number] = run
    if not newest:
        raise UsageError("No shard has left anything in these journals. Run pytest with --llm-shard first.")
    splits = [Split(shards=tuple(by_number[n] for n in sorted(by_number))) for by_number in newest.values()]
    for split in splits:
        _check(split)
    return sorted(splits, key=lambda s: (s.path, s.backend))


def replay(
    split: Split,
    journal: Journal,
    project: Project,
    registry: Registry,
) -> Replayed:
    """Replay a whole suite from the joined journal; nothing is asked.

    What is not journalled (a shard is missing, or its backend gave no answer) is a sample with an error.

    Args:
        split: the suite and backend.
        journal: the joined one.
        project: where the backend is declared.
        registry: where the suite's checks are found.

    Raises:
        DocumentError: the suite has mistakes.
        UsageError: the backend is not there, or has changed since the shards asked it.
    """
    project.through = lambda backend: Journalled(_replayer(backend, journal))
    suite = load_suite(project.root / split.path, project=project, registry=registry)
    suite = replace(suite, trials=split.shards[0].trials)
    backend = _unchanged(project.backend(split.backend), split)
    samples = ask_all(suite, backend, lambda b: _replayer(b, journal))
    timings = tuple(timing for shard in split.shards for timing in shard.timings)
    return Replayed(
        suite=suite, backend=backend, samples=samples, timings=timings, notes=_notes(split, suite)
    )


def _replayer(backend: Backend, journal: Journal) -> Asker:
    return Asker(backend=backend, journal=journal, policy=Policy(offline=True))


def _check(split: Split) -> None:
    first = split.shards[0]
    for other in split.shards[1:]:
        for field, what in _ALIKE.items():
            one, two = getattr(first, field), getattr(other, field)
            if one != two:
                raise UsageError(
                    f"The shards of {split.path} on {split.backend} are not of one run: "
                    f"the {what} is {one} in shard {first.number} and {two} in shard {other.number}. "
                    "Merge the journals of one run."
                )


def _unchanged(backend: Backend, split: Split) -> Backend:
    now, was = digest(dict(backend.identity)), split.shards[0].fingerprint
    if now != was:
        raise UsageError(
            f"{split.backend} has changed since its shards ran: its fingerprint was {was} and is {now}. "
            "Merge with the project file, prompts and weights that they ran with."
        )
    return backend


def _notes(split: Split, suite: Suite) -> list[str]:
    notes = list(dict.fromkeys(note for shard in split.shards for note in shard.notes))
    if split.missing:
        numbers = ", ".join(map(str, split.missing))
        count = split.shards[0].count
        notes.append(f"Of {count} shards nothing is there from {numbers}: their cases have no answer.")
    if suite.latency is not None:
        timed = sum(bool(shard.timings) for shard in split.shards)
        notes.append(f"Latency was measured by {timed} shards, each its share of the samples.")
    return notes
