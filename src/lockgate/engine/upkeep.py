"""Looking after a journal: what it holds, and letting go of what is no longer wanted."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lockgate.engine.journal_file import SCHEMA_VERSION, open_existing
from lockgate.errors import UsageError, did_you_mean

__all__ = ["Holding", "Pruned", "Stats", "chosen_backends", "prune", "stats"]

_FAILURE_SECONDS = 86_400.0
_HOLDINGS = """
SELECT backend, count(*), min(created), max(created), total(json_extract(completion, '$.tokens_in')),
       total(json_extract(completion, '$.tokens_out')), total(json_extract(completion, '$.cost'))
FROM completions GROUP BY backend ORDER BY backend
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a journal holds of one backend; times as `time.time()`, cost in US dollars."""

    backend: str
    completions: int
    first: float
    last: float
    tokens_in: int
    tokens_out: int
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What a journal holds; the verdicts are those of costly checks."""

    size_bytes: int
    schema: int
    holdings: tuple[Holding, ...]
    verdicts: int
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was let go of, or would be: completions by backend, runs, and the bytes that it freed."""

    completions: Mapping[str, int] = field(default_factory=dict)
    runs: int = 0
    freed_bytes: int = 0


def stats(path: Path) -> Stats:
    """What a journal holds.

    Raises:
        UsageError: there is no such journal, or it cannot be read.
    """
    with closing(open_existing(path)) as database:
        holdings = tuple(_holding(*row) for row in database.execute(_HOLDINGS))
        verdicts = database.execute("SELECT count(*) FROM verdicts").fetchone()[0]
        runs = database.execute("SELECT count(*) FROM runs").fetchone()[0]
        size = _size(path)
    return Stats(size_bytes=size, schema=SCHEMA_VERSION, holdings=holdings, verdicts=verdicts, runs=runs)


def prune(
    path: Path,
    *,
    older_than_seconds: float | None = None,
    backends: Collection[str] = (),
    keep_backends: Collection[str] = (),
    dry_run: bool = False,
) -> Pruned:
    """Remove the completions and runs to which every given condition applies, and give their space back.

    Args:
        path: the journal.
        older_than_seconds: those that are older.
        backends: those of these backends or families.
        keep_backends: those of no such backend or family.
        dry_run: change nothing.

    Raises:
        UsageError: no condition; no such journal or backend; another process is using it.
    """
    if older_than_seconds is None and not backends and not keep_backends:
        raise UsageError("Say what to prune: --older-than, --backend or --keep-backend.")
    before = time.time() - (older_than_seconds or 0.0)
    with closing(open_existing(path)) as database:
        names = _pruned_names(_known(database), backends, keep_backends)
        counts = _counts(database, names, before)
        if dry_run:
            return counts
        size = _size(path)
        try:
            _remove(database, names, before)
        except sqlite3.OperationalError as error:
            raise UsageError(f"The journal {path} is in use ({error}). Try again later.") from error
        return Pruned(
            completions=counts.completions, runs=counts.runs, freed_bytes=max(0, size - _size(path))
        )


def chosen_backends(wanted: Iterable[str], known: Collection[str]) -> set[str]:
    """The known backends that are named, each by itself (`ft:v3`) or by its family (`ft`).

    Raises:
        UsageError: a name fits none of them.
    """
    chosen: set[str] = set()
    for name in wanted:
        fitting = {k for k in known if k == name or k.startswith(f"{name}:")}
        if not fitting:
            remedy = did_you_mean(name, sorted(known), noun="backends")
            raise UsageError(f"The journal holds nothing of a backend {name!r}. {remedy}")
        chosen |= fitting
    return chosen


def _holding(name: str, count: int, first: float, last: float, *figures: float) -> Holding:
    tokens_in, tokens_out, cost = figures
    return Holding(
        backend=name,
        completions=count,
        first=first,
        last=last,
        tokens_in=int(tokens_in),
        tokens_out=int(tokens_out),
        cost=cost,
    )


def _size(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.is_file())


def _known(database: sqlite3.Connection) -> set[str]:
    rows = database.execute("SELECT backend FROM completions UNION SELECT backend FROM runs")
    return {name for (name,) in rows}


def _pruned_names(known: set[str], backends: Collection[str], keep: Collection[str]) -> set[str]:
    named = chosen_backends(backends, known) if backends else known
    return named - chosen_backends(keep, known)


def _counts(database: sqlite3.Connection, names: set[str], before: float) -> Pruned:
    rows = database.execute(
        "SELECT backend, count(*) FROM completions WHERE created < ? GROUP BY backend ORDER BY backend",
        (before,),
    )
    runs = database.execute(
        "SELECT backend, count(*) FROM runs WHERE started < ? GROUP BY backend", (_iso(before),)
    )
    return Pruned(
        completions={name: count for name, count in rows if name in names},
        runs=sum(count for name, count in runs if name in names),
    )


def _remove(database: sqlite3.Connection, names: set[str], before: float) -> None:
    with database:
        for name in names:
            database.execute("DELETE FROM completions WHERE backend = ? AND created < ?", (name, before))
            database.execute("DELETE FROM verdicts WHERE backend = ? AND created < ?", (name, before))
            database.execute("DELETE FROM runs WHERE backend = ? AND started < ?", (name, _iso(before)))
        # What one session's processes tell each other is of no use to a later one.
        database.execute("DELETE FROM failures WHERE created < ?", (time.time() - _FAILURE_SECONDS,))
    database.execute("VACUUM")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
