"""The road's last stretch: a suite's samples become metrics, rulings and a Run."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from lockgate.compare import compare
from lockgate.documents.project import Project, load_project
from lockgate.documents.suites import load_suite
from lockgate.engine.asking import Asker, Budget, Journalled, Policy
from lockgate.engine.early import settle
from lockgate.engine.jobs import request_for
from lockgate.engine.journal import Journal
from lockgate.engine.latency import timing_notes
from lockgate.engine.notes import how_timed, notes_on, notes_on_baseline
from lockgate.engine.probe import probe
from lockgate.engine.ruling import rule_all
from lockgate.engine.varying import ask_all
from lockgate.errors import LockgateError
from lockgate.fingerprints import digest
from lockgate.gates import BASELINE
from lockgate.matrices import tabulate
from lockgate.model import (
    JSON,
    Backend,
    Run,
    Sample,
    Suite,
    Timing,
    Where,
)
from lockgate.trials import flaky_cases

__all__ = ["compared", "conclude", "environment", "run_suite", "time_backend"]


def run_suite(
    suite: Suite | Path | str,
    backend: Backend | str,
    *,
    project: Project | Path | str = "lockgate.yaml",
    journal: Path | str | None = None,
    policy: Policy | None = None,
    baseline: Run | None = None,
) -> Run:
    """Run one suite on one backend, from YAML to ruling, without pytest.

    Args:
        suite: a suite, or the path of one.
        backend: a backend, or `FAMILY[:VERSION]` of the project.
        project: the project, or its file; read only when suite or backend need it.
        journal: where answers are kept, None to keep none.
        policy: what may be asked.
        baseline: the run that `no_worse_than: baseline` compares with.

    Raises:
        DocumentError: the suite or the project has mistakes.
        UsageError: there is no such backend.
    """
    policy = policy or Policy()
    budget = Budget(policy.max_cost)
    baselines = {} if baseline is None else {BASELINE: (*baseline.samples, *baseline.variants)}
    with nullcontext() if journal is None else closing(Journal(Path(journal))) as kept:
        needs_project = not isinstance(suite, Suite) or isinstance(backend, str)
        loaded = _project(project) if needs_project else None
        if loaded is not None:
            loaded.through = lambda b: Journalled(
                Asker(backend=b, journal=kept, policy=policy, budget=budget)
            )
        if not isinstance(suite, Suite):
            suite = load_suite(Path(suite), project=loaded)
        if isinstance(backend, str):
            assert loaded is not None  # noqa: S101 -- for the type checker: a name needs the project
            backend = loaded.backend(loaded.select(backend))
        asker = Asker(backend=backend, journal=kept, policy=policy, budget=budget)
        samples = ask_all(suite, backend, lambda _: asker, baselines=baselines)
        timings, notes = time_backend(suite, backend, policy=policy, budget=budget)
    run = conclude(suite, backend, samples, timings=timings, notes=notes, baselines=baselines)
    return run if baseline is None else compared(run, baseline)


def time_backend(
    suite: Suite, backend: Backend, *, policy: Policy | None = None, budget: Budget | None = None
) -> tuple[tuple[Timing, ...], tuple[str, ...]]:
    """The suite's latency probe, and notes on it; nothing when the suite has no `latency:`.

    Args:
        suite: whose cases are asked, and how its latency is to be measured.
        backend: what answers.
        policy: where it forbids asking, a note says that nothing was measured.
        budget: what may be spent, and what the probe's answers are counted towards.
    """
    if suite.latency is None:
        return (), ()
    if policy is not None and (policy.offline or policy.rescore):
        return (), ("Latency was not measured: asking was forbidden.",)
    wanted = suite.latency.warmup + suite.latency.samples
    try:
        requests = [request_for(backend, case) for case in suite.cases[:wanted]]
        return probe(backend, requests, suite.latency, budget=budget), how_timed(suite.latency, backend)
    except LockgateError as error:
        return (), (str(error),)


def conclude(
    suite: Suite,
    backend: Backend,
    samples: Sequence[Sample],
    *,
    timings: Sequence[Timing] = (),
    baselines: Mapping[str, Sequence[Sample]] = MappingProxyType({}),
    notes: Sequence[str] = (),
) -> Run:
    """Measure the samples and rule on every gate.

    Args:
        suite: what ran.
        backend: what answered.
        samples: what came of it, of cases and variants; those that are missing make gates inconclusive.
        timings: what the latency probe measured.
        baselines: what gates compare with, by the word in the gate.
        notes: what a reader should know beside what is noted here.
    """
    early = settle(suite, samples, baselines) if suite.stop else None
    if early is not None and early.samples is not samples:
        baselines = {w: early.samples if runs is samples else runs for w, runs in baselines.items()}
        suite, samples, notes = early.suite, early.samples, (*early.notes, *notes)
    own = [sample for sample in samples if sample.variant is None]
    ruled = rule_all(
        suite, samples, timings=timings, baselines=baselines, looks=early.looks if early else None
    )
    identity = dict(backend.identity)
    return Run(
        suite=suite.name,
        backend=backend.name,
        fingerprint=digest(identity),
        samples=tuple(own),
        metrics=ruled.metrics,
        rulings=ruled.rulings,
        variants=tuple(sample for sample in samples if sample.variant is not None),
        tables=tabulate(own, [table for check in suite.checks for table in check.tables], ruled.metrics),
        seed=suite.seed,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=environment(),
        identity=identity,
        suite_path=suite.path,
        suite_digest=suite.digest,
        dataset_digest=suite.dataset_digest,
        timings=tuple(timings),
        load_seconds=getattr(backend, "load_seconds", None),
        expected_samples=len(suite.cases) * suite.trials,
        notes=(
            *suite.notes,
            *notes,
            *ruled.notes,
            *notes_on(backend, own),
            *timing_notes(timings),
        ),
        checks={label: digest(dict(identity)) for label, identity in suite.check_identities.items()},
        places=_places(suite, own),
        flaky=flaky_cases(own),
        cluster=suite.cluster,
        fields=suite.fields,
        correction=suite.correction,
    )


def compared(run: Run, baseline: Run, *, name: str = "") -> Run:
    """The run with its comparison, and notes on what changed; a weaker bound comes first.

    Args:
        run: as concluded.
        baseline: what it is compared with.
        name: what that is called.
    """
    found = compare(run, baseline, name=name)
    weakened, others = notes_on_baseline(found)
    return replace(run, comparison=found, notes=(*weakened, *run.notes, *others))


def environment() -> Mapping[str, JSON]:
    """Versions and the machine, as far as they explain a figure."""
    import lockgate

    return {
        "lockgate": lockgate.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _places(suite: Suite, samples: Sequence[Sample]) -> Mapping[str, Where]:
    short = {s.case_id for s in samples if s.completion is None or s.shortfalls}
    return {case.id: case.where for case in suite.cases if case.id in short and case.where is not None}


def _project(project: Project | Path | str) -> Project:
    return project if isinstance(project, Project) else load_project(Path(project))
