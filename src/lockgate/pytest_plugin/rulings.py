"""Rulings under pytest: each gate reports like a test, so that exit code, summary and JUnit follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import pytest

from lockgate.baselines import BASELINES, Baselines
from lockgate.engine.journal import run_id
from lockgate.engine.runner import compared, conclude, time_backend
from lockgate.errors import UsageError
from lockgate.model import Backend, Ruling, Run, Sample, Suite
from lockgate.reports.folder import Certify, write_reports
from lockgate.reports.github import append_summary
from lockgate.reports.junit import failure_type

if TYPE_CHECKING:
    from lockgate.pytest_plugin.session import Lockgate

__all__ = ["Tally", "conclude_all", "find_baselines"]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What has come so far for one suite on one backend."""

    suite: Suite
    backend: Backend
    samples: list[Sample] = field(default_factory=list)


def conclude_all(lockgate: Lockgate, session: pytest.Session, tallies: Sequence[Tally]) -> list[Run]:
    """Probe, measure and rule on every suite and backend; report each ruling; write the report folder."""
    here = {(tally.suite.name, tally.backend.name): tally.samples for tally in tallies}
    baselines = find_baselines(lockgate, here)
    runs: list[Run] = []
    for tally in tallies:
        timings, notes = time_backend(
            tally.suite, tally.backend, policy=lockgate.settings.policy, budget=lockgate.budget
        )
        run = conclude(
            tally.suite,
            tally.backend,
            tally.samples,
            timings=timings,
            notes=notes,
            baselines=baselines.of(tally.suite),
        )
        beside = baselines.run_of(tally.suite, run.backend)
        if beside is not None:
            run = compared(run, beside[1], name=beside[0])
        runs.append(run)
        lockgate.journal.put_run(run_id(run), run)
        _report(lockgate, session, tally, run)
    if lockgate.settings.report is not None and runs:
        _write(lockgate, lockgate.settings.report, runs)
    if lockgate.settings.github and runs:
        _summarise(lockgate, runs)
    return runs


def find_baselines(
    lockgate: Lockgate, here: Mapping[tuple[str, str], Sequence[Sample]] = MappingProxyType({})
) -> Baselines:
    """What this session's gates may be compared with."""
    return Baselines(
        lockgate.settings.baseline,
        journal=lockgate.journal,
        folder=lockgate.config.invocation_params.dir,
        select=lockgate.project.select,
        here=here,
        kept=lockgate.project.root / BASELINES,
    )


def _write(lockgate: Lockgate, folder: Path, runs: Sequence[Run]) -> None:
    try:
        certify = Certify(root=lockgate.project.root, key=lockgate.settings.key)
        write_reports(folder, runs, lockgate.registry, certify=certify)
    except OSError as error:
        raise pytest.UsageError(f"--llm-report: {folder} cannot be written ({error.strerror}).") from error


def _summarise(lockgate: Lockgate, runs: Sequence[Run]) -> None:
    try:
        append_summary(lockgate.registry.find("reports", "summary.md")(runs))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error


def _report(lockgate: Lockgate, session: pytest.Session, tally: Tally, run: Run) -> None:
    relative = Path(tally.suite.path)
    if relative.is_relative_to(session.config.rootpath):
        relative = relative.relative_to(session.config.rootpath)
    several = len(lockgate.backend_names) > 1
    label = f"{run.suite}[{run.backend}]" if several else run.suite
    for ruling in run.rulings:
        nodeid = f"{relative.as_posix()}::gate::{ruling.name}{lockgate.suffix(tally.backend)}"
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
