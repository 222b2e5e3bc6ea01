"""`lockgate baseline set`: a recorded run kept in git, for later runs to be compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from lockgate.errors import UsageError
from lockgate.model import Run, Sample
from lockgate.units import count
from lockgate.workplace import DEFAULT_PROJECT, journal_option, project_option

__all__ = ["baseline", "lean"]


@click.group()
def baseline() -> None:
    """Baselines kept in git."""


@baseline.command("set")
@click.argument("run")
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="Only this suite; repeatable.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where baselines are kept; baselines beside the project file by default.",
)
@project_option
@journal_option
def _keep(
    run: str, *, suites: tuple[str, ...], folder: Path | None, project: Path | None, journal: Path
) -> None:
    """Keep a run as its suite's baseline: baselines/SUITE.json.

    RUN is a backend (its newest run of each suite in the journal), a run id, a run file or a report folder.
    Without --llm-baseline, `baseline` in a gate means this file. Passages and evidence are left out. A run
    that lacks samples, or answers, is refused.
    """
    from lockgate.baselines import BASELINES, baseline_file
    from lockgate.recorded import recorded
    from lockgate.reports.record import record

    home = folder or (project or Path(DEFAULT_PROJECT)).parent / BASELINES
    for chosen in _chosen(recorded(run, journal=journal), suites):
        file = baseline_file(home, chosen.suite)
        _write(file, record(lean(chosen)))
        passed = sum(ruling.status == "pass" for ruling in chosen.rulings)
        gates = f"{passed} of {count(len(chosen.rulings), 'gate')} passed"
        click.echo(f"{file}: {chosen.suite} on {chosen.backend}, {chosen.started}, {gates}")


def lean(run: Run) -> Run:
    """A run with all that a comparison takes, and without passages, evidence, tables and notes."""
    return replace(
        run,
        samples=tuple(map(_lean, run.samples)),
        variants=tuple(map(_lean, run.variants)),
        tables=(),
        notes=(),
        places={},
        comparison=None,
    )


def _lean(sample: Sample) -> Sample:
    completion = sample.completion
    return replace(
        sample,
        completion=None if completion is None else replace(completion, passages=()),
        verdicts=tuple(replace(verdict, evidence=()) for verdict in sample.verdicts),
    )


def _chosen(runs: Sequence[Run], suites: Sequence[str]) -> list[Run]:
    unknown = [suite for suite in suites if suite not in {run.suite for run in runs}]
    if unknown:
        known = ", ".join(sorted({run.suite for run in runs}))
        raise UsageError(f"--suite: there is no run of {unknown[0]!r}. There are runs of {known}.")
    chosen = [run for run in runs if not suites or run.suite in suites]
    backends = {run.backend for run in chosen}
    if len(backends) > 1:
        named = ", ".join(sorted(backends))
        raise UsageError(f"A suite has one baseline, and these runs are on {named}. Name one: RUN@BACKEND.")
    for run in chosen:
        _refuse(run)
    return chosen


def _refuse(run: Run) -> None:
    missing = run.expected_samples - len(run.samples)
    lost = sum(sample.completion is None for sample in run.samples)
    if missing > 0 or lost:
        lacking = (
            f"{missing} of {run.expected_samples} samples" if missing > 0 else f"{count(lost, 'answer')}"
        )
        raise UsageError(f"The run of {run.suite} on {run.backend} lacks {lacking}. Run it whole first.")


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"--folder: {file} cannot be written ({error.strerror}). Name another.") from error
