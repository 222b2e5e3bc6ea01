"""`lockgate report` and `compare`: what was recorded, reported again, and two of it beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from lockgate.errors import UsageError, did_you_mean
from lockgate.model import Run
from lockgate.registry import Registry
from lockgate.workplace import journal_option

__all__ = ["FORMATS", "compare", "report"]

_TERMINAL = "terminal"

FORMATS: Mapping[str, str] = {
    "html": "report.html",
    "json": "run.json",
    "junit": "junit.xml",
    "summary": "summary.md",
}
"""What `--format` says, and the file of the report folder that it means."""

_DEFAULT_FOLDER = "report"


@click.command()
@click.argument("run")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="The folder; report by default."
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT",
    help=f"Only this one: {', '.join(FORMATS)} or {_TERMINAL}; repeatable. Printed, unless --out is given.",
)
@journal_option
def report(run: str, *, out: Path | None, formats: tuple[str, ...], journal: Path) -> None:
    """Write the report folder of a recorded run, asking and judging nothing.

    RUN is a run file, a report folder, a run id in the journal, or a backend (its newest run of each suite);
    RUN@BACKEND takes one backend out of several. The exit code says nothing of the rulings.
    """
    from lockgate.recorded import recorded

    runs = recorded(run, journal=journal)
    registry = Registry()
    files = [_file(name, registry) for name in formats if name != _TERMINAL]
    if _TERMINAL in formats:
        click.echo(_terminal(runs))
    if not formats:
        _write(out or Path(_DEFAULT_FOLDER), runs, registry, registry.names("reports"))
    elif out is not None:
        _write(out, runs, registry, files)
    else:
        for file in files:
            # As bytes: reports are UTF-8 whatever the terminal's encoding is.
            click.echo(registry.find("reports", file)(runs).encode(), nl=False)


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--format",
    "form",
    type=click.Choice([_TERMINAL, "markdown"]),
    default=_TERMINAL,
    help="How it is printed; terminal by default.",
)
@journal_option
def compare(a: str, b: str, *, form: str, journal: Path) -> None:
    """Compare run B with run A, paired by case: each metric's difference, and the cases that flipped.

    A and B are what `lockgate report` takes. Runs are compared suite by suite: those on the same backend, or
    the only run that one of the two has with each of the other's. The exit code says nothing of the result.
    """
    from lockgate.compare import compare as compared
    from lockgate.recorded import recorded
    from lockgate.reports.comparison import beside_markdown, beside_text

    theirs, ours = recorded(a, journal=journal), recorded(b, journal=journal)
    pairs = list(_pairs(theirs, ours))
    if not pairs:
        raise UsageError(
            f"{a} and {b} share no suite and backend. A has {_held(theirs)}; B has {_held(ours)}."
        )
    told = beside_markdown if form == "markdown" else beside_text
    click.echo("\n\n".join(told(one, other, compared(other, one)) for one, other in pairs))


def _pairs(theirs: Sequence[Run], ours: Sequence[Run]) -> Iterator[tuple[Run, Run]]:
    for suite in dict.fromkeys(run.suite for run in ours):
        left, right = ([run for run in runs if run.suite == suite] for runs in (theirs, ours))
        crossed = [(one, other) for one in left for other in right]
        if len(left) > 1 and len(right) > 1:
            crossed = [(one, other) for one, other in crossed if one.backend == other.backend]
        yield from crossed


def _held(runs: Sequence[Run]) -> str:
    return ", ".join(dict.fromkeys(f"{run.suite} on {run.backend}" for run in runs)) or "no run"


def _file(name: str, registry: Registry) -> str:
    """The file that a format means; what a package registers is called by its file's name."""
    known = registry.names("reports")
    file = FORMATS.get(name, name)
    if file not in known:
        words = [_TERMINAL, *(word for word, file in FORMATS.items() if file in known)]
        others = [one for one in known if one not in FORMATS.values()]
        nearest = did_you_mean(name, [*words, *others], noun="format")
        raise UsageError(f"--format: there is no {name!r}. {nearest}")
    return file


def _terminal(runs: Sequence[Run]) -> str:
    """What pytest's last lines say of the same runs."""
    from lockgate.reports.tables import tables_text
    from lockgate.reports.terminal import comparison_table, gate_table

    parts = []
    for run in runs:
        notes = [f"note: {note}" for note in run.notes]
        tables = [tables_text(run)] if run.tables else []
        parts.append("\n".join([f"{run.suite} on {run.backend}", gate_table(run), *tables, *notes]))
    if len({run.backend for run in runs}) > 1:
        parts.append(comparison_table(runs))
    return "\n\n".join(parts)


def _write(folder: Path, runs: Sequence[Run], registry: Registry, names: Sequence[str]) -> None:
    from lockgate.reports.folder import write_reports

    try:
        write_reports(folder, runs, registry, names=names)
    except OSError as error:
        raise UsageError(f"--out: {folder} cannot be written ({error.strerror}). Name another.") from error
    for name in names:
        click.echo(folder / name)
