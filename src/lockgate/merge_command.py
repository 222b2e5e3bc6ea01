"""`lockgate merge`: shards' journals joined, and every gate ruled once on all cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lockgate.documents.project import Project, load_project
from lockgate.engine.journal_file import DEFAULT_JOURNAL
from lockgate.errors import UsageError
from lockgate.model import Run, Suite
from lockgate.registry import Registry
from lockgate.reports.targets import Targets, read_targets
from lockgate.workplace import DEFAULT_PROJECT, project_option, registry_of

# The engine is imported where it is used: every other command would wait for it.
if TYPE_CHECKING:
    from lockgate.baselines import Baselines
    from lockgate.engine.journal import Journal
    from lockgate.engine.merging import Replayed, Split
    from lockgate.reports.folder import Certify

__all__ = ["merge"]

_SHOWN = 10
_Ruled = tuple[Suite, Run]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="JOURNAL...")
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(DEFAULT_JOURNAL),
    metavar="FILE",
    help=f"The journal that takes all answers; {DEFAULT_JOURNAL} by default.",
)
@project_option
@click.option(
    "--baseline", metavar="X", help="Compare with a backend, a run id in the journal, or a run file."
)
@click.option(
    "--inconclusive",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    help="What an inconclusive gate does to the exit code; fail by default.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="DIR|github",
    help="Write the reports there; github: tell the workflow. Repeatable, or a,b.",
)
@click.option(
    "--sign",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="KEY",
    help="Sign the certificate with this Ed25519 key (PEM).",
)
@click.pass_context
def merge(
    context: click.Context,
    *,
    paths: tuple[Path, ...],
    into: Path,
    project: Path | None,
    baseline: str | None,
    inconclusive: str,
    reports: tuple[str, ...],
    sign: Path | None,
) -> None:
    """Join the journals of `pytest --llm-shard=N/COUNT` and rule once on all cases; nothing is asked.

    JOURNAL is a shard's journal, or a folder with those of many. Exit code 1: a case or gate failed or was
    inconclusive, as under pytest.
    """
    from lockgate.engine.journal import Journal, run_id
    from lockgate.engine.merging import join, journals_in, splits_of

    targets = read_targets(reports, option="--report")
    certify = _certify(targets, sign, project)
    journals = journals_in(paths)
    splits = splits_of(journals)
    home = (project or Path(DEFAULT_PROJECT)).absolute().parent
    registry = registry_of([(home / split.path).parent for split in splits])
    loaded = load_project(project or Path(DEFAULT_PROJECT), registry=registry)
    joined = join(journals, into)
    click.echo(f"{into}: {joined.new + joined.newer:,} answers joined from {len(journals)} journals")
    with closing(Journal(into)) as journal, closing(loaded):
        ruled = _rule(splits, journal, loaded, registry, baseline)
        for _, run in ruled:
            journal.put_run(run_id(run), run)
    _tell(ruled, splits)
    runs = [run for _, run in ruled]
    if targets.folder is not None:
        _write(targets.folder, runs, registry, certify)
    if targets.github:
        _tell_github(runs, registry, inconclusive)
    context.exit(int(any(_fails(run, inconclusive) for _, run in ruled)))


def _rule(
    splits: Sequence[Split], journal: Journal, project: Project, registry: Registry, baseline: str | None
) -> list[_Ruled]:
    """Every split ruled on, in order, when the answers of all are there to compare with."""
    from lockgate.baselines import BASELINES, Baselines
    from lockgate.engine.merging import replay

    replayed = [replay(split, journal, project, registry) for split in splits]
    baselines = Baselines(
        baseline,
        journal=journal,
        folder=Path.cwd(),
        select=project.select,
        here={(made.suite.name, made.backend.name): made.samples for made in replayed},
        kept=project.root / BASELINES,
    )
    baselines.check([made.backend.name for made in replayed], option="--baseline")
    return [(made.suite, _conclude(made, baselines)) for made in replayed]


def _conclude(made: Replayed, baselines: Baselines) -> Run:
    from lockgate.engine.runner import compared, conclude

    run = conclude(
        made.suite,
        made.backend,
        made.samples,
        timings=made.timings,
        notes=made.notes,
        baselines=baselines.of(made.suite),
    )
    beside = baselines.run_of(made.suite, run.backend)
    return run if beside is None else compared(run, beside[1], name=beside[0])


def _tell(ruled: Sequence[_Ruled], splits: Sequence[Split]) -> None:
    from lockgate.reports.tables import tables_text
    from lockgate.reports.terminal import comparison_table, gate_table

    for (suite, run), split in zip(ruled, splits, strict=True):
        shards = f"{len(split.shards)} of {split.shards[0].count} shards"
        answered = sum(sample.completion is not None for sample in run.samples)
        click.echo(f"\n{run.suite} on {run.backend}: {shards}, {answered} of {run.expected_samples} answers")
        click.echo(gate_table(run))
        if run.tables:
            click.echo(tables_text(run))
        for note in run.notes:
            click.echo(f"note: {note}")
        failures = list(_failures(suite, run))
        for text in failures[:_SHOWN]:
            click.echo(text)
        if len(failures) > _SHOWN:
            click.echo(f"… and {len(failures) - _SHOWN:,} more that failed by themselves")
    if len({run.backend for _, run in ruled}) > 1:
        click.echo(f"\n{comparison_table([run for _, run in ruled])}")


def _failures(suite: Suite, run: Run) -> Iterator[str]:
    """The samples that fail by themselves, as they are told of."""
    from lockgate.reports.terminal import explain_miss, visible

    cases = {case.id: case for case in (*suite.cases, *(variant.case for variant in suite.variants))}
    for sample in run.lone_failures:
        if sample.error is not None:
            yield f"case {visible(sample.case_id)!r}: {visible(sample.error)}"
        else:
            yield explain_miss(cases[sample.case_id], sample)


def _fails(run: Run, inconclusive: str) -> bool:
    failing = {"fail"} if inconclusive == "warn" else {"fail", "inconclusive"}
    return any(ruling.status in failing for ruling in run.rulings) or bool(run.lone_failures)


def _certify(targets: Targets, sign: Path | None, project: Path | None) -> Certify:
    from lockgate.reports.folder import Certify

    root = (project or Path(DEFAULT_PROJECT)).absolute().parent
    if sign is None:
        return Certify(root=root)
    if targets.folder is None:
        raise UsageError("--sign signs the certificate. Say where it goes: --report DIR.")
    from lockgate.signing import read_private_key

    return Certify(root=root, key=read_private_key(sign))


def _write(folder: Path, runs: Sequence[Run], registry: Registry, certify: Certify) -> None:
    from lockgate.reports.folder import write_reports

    try:
        write_reports(folder, runs, registry, certify=certify)
    except OSError as error:
        raise UsageError(f"--report: {folder} cannot be written ({error.strerror}).") from error


def _tell_github(runs: Sequence[Run], registry: Registry, inconclusive: str) -> None:
    from lockgate.reports.github import append_summary, workflow_commands

    for line in workflow_commands(runs, inconclusive=inconclusive):
        click.echo(line)
    text = registry.find("reports", "summary.md")(runs)
    if not append_summary(text):
        click.echo(text)
