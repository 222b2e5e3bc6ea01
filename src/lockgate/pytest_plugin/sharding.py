"""`--llm-shard`: a session that takes its part of the cases and leaves the rulings to `lockgate merge`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lockgate.engine.jobs import Job
from lockgate.engine.runner import time_backend
from lockgate.engine.shards import Shard, ShardRun, part_of, put_shards
from lockgate.fingerprints import digest
from lockgate.pytest_plugin.collect import CaseItem
from lockgate.pytest_plugin.rulings import Tally

if TYPE_CHECKING:
    from lockgate.pytest_plugin.session import Lockgate

__all__ = ["empty_is_fine", "keep_own_cases", "leave_for_merge"]


def keep_own_cases(config: pytest.Config, items: list[pytest.Item], shard: Shard) -> None:
    """Deselect the cases of other shards; tests that are asked nothing ahead run in every shard."""
    others = [item for item in items if not _is_own(item, shard)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _is_own(item, shard)]


def leave_for_merge(lockgate: Lockgate, shard: Shard, tallies: Iterable[Tally]) -> None:
    """Measure this shard's share of each latency probe and leave in the journal what the merge needs."""
    runs = [_shard_run(lockgate, shard, tally) for tally in tallies]
    if runs:
        put_shards(lockgate.journal.path, runs)


def empty_is_fine(session: pytest.Session, tallies: Iterable[Tally]) -> None:
    """A shard to which no case of a suite falls has done its work: no exit code 5."""
    if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and any(True for _ in tallies):
        session.exitstatus = pytest.ExitCode.OK


def _is_own(item: pytest.Item, shard: Shard) -> bool:
    if isinstance(item, CaseItem):
        return shard.holds(item.suite.name, item.origin)
    spec = getattr(item, "callspec", None)
    job = None if spec is None else spec.params.get("completion")
    return not isinstance(job, Job) or shard.holds(item.nodeid.partition("[")[0], job.case.id)


def _shard_run(lockgate: Lockgate, shard: Shard, tally: Tally) -> ShardRun:
    suite = part_of(tally.suite, shard)
    timings, notes = time_backend(
        suite, tally.backend, policy=lockgate.settings.policy, budget=lockgate.budget
    )
    return ShardRun(
        path=_from(lockgate.project.root, tally.suite.path),
        backend=tally.backend.name,
        fingerprint=digest(dict(tally.backend.identity)),
        number=shard.number,
        count=shard.count,
        trials=suite.trials,
        timings=timings,
        notes=notes,
        started=datetime.now(UTC).isoformat(timespec="microseconds"),
    )


def _from(root: Path, path: str) -> str:
    return Path(os.path.relpath(Path(path).absolute(), root)).as_posix()
