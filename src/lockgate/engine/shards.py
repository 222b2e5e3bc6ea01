"""Shards: a suite's cases split by their ids over machines, and what each of them leaves for the merge."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from lockgate.engine.journal_file import open_existing
from lockgate.errors import UsageError
from lockgate.fingerprints import digest
from lockgate.model import Suite, Timing
from lockgate.plain import as_json, from_plain, to_plain

__all__ = ["Shard", "ShardRun", "part_of", "put_shards", "read_shards"]

_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of `count` parts; `number` counts from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, written: str) -> Shard:
        """The shard that `2/8` means.

        Raises:
            UsageError: it means none.
        """
        found = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", written)
        number, count = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= count <= _MOST:
            raise UsageError(
                f"{written!r} is no shard. Write NUMBER/COUNT, such as 2/8; numbers count from 1."
            )
        return cls(number=number, count=count)

    def holds(self, suite: str, case_id: str) -> bool:
        """Whether a case falls to this shard: by its id and its suite's name alone."""
        return int(digest([suite, case_id]), 16) % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number} of {self.count}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRun:
    """What a shard leaves beside its journalled answers.

    Args:
        path: the suite's file, from the project's folder.
        backend, fingerprint: what answered.
        number, count: which shard of how many.
        trials: samples per case.
        timings: its share of the latency probe.
        notes: what it noted about them.
        started: when it ended its work, as ISO 8601 in UTC.
    """

    path: str
    backend: str
    fingerprint: str
    number: int
    count: int
    trials: int = 1
    timings: tuple[Timing, ...] = ()
    notes: tuple[str, ...] = ()
    started: str = ""


def part_of(suite: Suite, shard: Shard) -> Suite:
    """A suite with this shard's cases, and its share of the samples of the latency probe."""
    cases = tuple(case for case in suite.cases if shard.holds(suite.name, case.id))
    latency = suite.latency
    if latency is not None:
        latency = replace(latency, samples=math.ceil(latency.samples / shard.count))
    return replace(suite, cases=cases, latency=latency)


def put_shards(journal: Path, runs: Iterable[ShardRun]) -> None:
    """Leave in a journal what shards did; what another split or state of the backend left is forgotten."""
    with closing(open_existing(journal)) as database, database:
        for run in runs:
            database.execute(
                "DELETE FROM shards WHERE path = ? AND backend = ?"
                " AND (count <> ? OR json_extract(shard, '$.fingerprint') <> ?)",
                (run.path, run.backend, run.count, run.fingerprint),
            )
            row = (run.path, run.backend, run.number, run.count, as_json(to_plain(run)))
            database.execute("INSERT OR REPLACE INTO shards VALUES (?, ?, ?, ?, ?)", row)


def read_shards(journal: Path) -> list[ShardRun]:
    """What shards left in a journal.

    Raises:
        UsageError: the journal is not there or cannot be read.
    """
    with closing(open_existing(journal)) as database:
        rows = database.execute("SELECT shard FROM shards ORDER BY path, backend, number").fetchall()
    return [from_plain(ShardRun, json.loads(row)) for (row,) in rows]
