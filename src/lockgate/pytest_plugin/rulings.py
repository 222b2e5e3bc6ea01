"""Rulings under pytest: each gate reports like a test, so that exit code, summary and JUnit follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from lockgate.engine.journal import run_id
from lockgate.engine.runner import conclude, time_backend
from lockgate.errors import LockgateError
from lockgate.model import Backend, Ruling, Run, Sample, Suite
from lockgate.reports.folder import write_reports
from lockgate.reports.junit import failure_type
from lockgate.reports.record import read_record

if TYPE_CHECKING:
    from lockgate.pytest_plugin.session import Lockgate

__all__ = ["Tally", "baseline_name", "conclude_all", "read_baseline"]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What has come so far for one suite on one backend."""

    suite: Suite
    backend: Backend
    samples: list[Sample] = field(default_factory=list)


def conclude_all(lockgate: Lockgate, session: pytest.Session, tallies: Sequence[Tally]) -> list[Run]:
    """Probe, measure and rule on every suite and backend; report each ruling; write the report folder.

    Backends that another one is compared with come first.
    """
    baseline = lockgate.settings.baseline
    runs: list[Run] = []
    for tally in sorted(tallies, key=lambda t: t.backend.name != baseline_name(lockgate)):
        timings, notes = time_backend(
            tally.suite, tally.backend, policy=lockgate.settings.policy, budget=lockgate.budget
        )
        compared = _baseline(lockgate, baseline, tally.suite, runs)
        run = conclude(
            tally.suite, tally.backend, tally.samples, timings=timings, notes=notes, baseline=compared
        )
        runs.append(run)
        lockgate.journal.put_run(run_id(run), run)
        _report(lockgate, session, tally, run)
    if lockgate.settings.report is not None and runs:
        _write(lockgate, lockgate.settings.report, runs)
    return runs


def _write(lockgate: Lockgate, folder: Path, runs: Sequence[Run]) -> None:
    try:
        write_reports(folder, runs, lockgate.registry)
    except OSError as error:
        raise pytest.UsageError(f"--llm-report: {folder} cannot be written ({error.strerror}).") from error


def baseline_name(lockgate: Lockgate) -> str | None:
    """The baseline as a backend of this session, or None when it is something else."""
    baseline = lockgate.settings.baseline
    try:
        name = lockgate.project.select(baseline) if baseline else None
    except LockgateError:
        return None
    return name if name in lockgate.backend_names else None


def _baseline(lockgate: Lockgate, written: str | None, suite: Suite, runs: Sequence[Run]) -> Run | None:
    if written is None:
        return None
    name = baseline_name(lockgate)
    known = runs if name is not None else read_baseline(lockgate, written)
    return next((r for r in known if r.suite == suite.name and name in (None, r.backend)), None)


def read_baseline(lockgate: Lockgate, written: str) -> Sequence[Run]:
    """The runs that `--llm-baseline` names: those of a run file, or one in the journal.

    Raises:
        pytest.UsageError: there is neither; the text lists the newest runs.
    """
    path = lockgate.config.invocation_params.dir / written
    if path.is_file():
        return _read_file(path)
    run = lockgate.journal.run(written)
    if run is None:
        known = ", ".join(lockgate.journal.run_ids()[:5]) or "none yet"
        raise pytest.UsageError(
            f"--llm-baseline: {written!r} is no selected backend, no run file and no run in the journal. "
            f"The newest runs there are: {known}."
        )
    return [run]


def _read_file(path: Path) -> Sequence[Run]:
    try:
        return read_record(path.read_text("utf-8"))
    except (OSError, ValueError, LockgateError) as error:
        raise pytest.UsageError(f"--llm-baseline: {path.name} is no run file ({error}).") from error


def _report(lockgate: Lockgate, session: pytest.Session, tally: Tally, run: Run) -> None:
    relative = Path(tally.suite.path)
    if relative.is_relative_to(session.config.rootpath):
        relative = relative.relative_to(session.config.rootpath)
    several = len(lockgate.backend_names) > 1
    label = f"{run.suite}[{run.backend}]" if several else run.suite
    for ruling in run.rulings:
        nodeid = f"{relative.as_posix()}::gate::{ruling.gate.metric}{lockgate.suffix(tally.backend)}"
        session.testscollected += 1
        _log(session.config, nodeid, ruling, label, lockgate.settings.inconclusive)


def _log(config: pytest.Config, nodeid: str, ruling: Ruling, label: str, inconclusive: str) -> None:
    path = nodeid.split("::", maxsplit=1)[0]
    line = ruling.gate.where.line - 1 if ruling.gate.where is not None else 0
    location = (path, line, nodeid.split("::", maxsplit=1)[1])
    hook = config.hook
    hook.pytest_runtest_logstart(nodeid=nodeid, location=location)
    phases: tuple[Literal["call", "teardown"], ...] = ("call", "teardown")
    for when in phases:
        outcome, longrepr = _outcome(ruling, location, inconclusive) if when == "call" else ("passed", None)
        report = pytest.TestReport(
            nodeid=nodeid,
            location=location,
            keywords={},
            outcome=outcome,
            longrepr=longrepr,
            when=when,
            llm_junit=[label, failure_type(ruling)],
        )
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)


def _outcome(
    ruling: Ruling, location: tuple[str, int, str], inconclusive: str
) -> tuple[Literal["passed", "failed", "skipped"], str | tuple[str, int, str] | None]:
    if ruling.status == "pass":
        return "passed", None
    if ruling.status == "inconclusive" and inconclusive == "warn":
        return "skipped", (location[0], location[1] + 1, f"inconclusive: {ruling.reason}")
    return "failed", f"{ruling.status}: {ruling.reason}"
