"""`lockgate journal stats`, `prune`, `export` and `import`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lockgate.errors import UsageError
from lockgate.units import count, seconds_of
from lockgate.workplace import journal_option, table

# What works on a journal is imported where it is used: every other command would wait for it.
if TYPE_CHECKING:
    from lockgate.engine.upkeep import Pruned

__all__ = ["journal"]


@click.group()
def journal() -> None:
    """Look into the journal, shrink it, and exchange its recordings."""


@journal.command("stats")
@journal_option
def _stats(journal: Path) -> None:
    """Say what the journal holds: its size, and the completions of each backend."""
    from lockgate.engine.upkeep import stats

    found = stats(journal)
    held = sum(holding.completions for holding in found.holdings)
    size = _size(found.size_bytes)
    what = (count(held, "completion"), count(found.verdicts, "verdict"), count(found.runs, "run"))
    click.echo(f"{journal}: {size}, schema {found.schema}, {', '.join(what)}")
    if found.holdings:
        head = ("backend", "completions", "first", "last", "tokens in", "tokens out", "cost")
        rows = [
            (
                h.backend,
                f"{h.completions:,}",
                _day(h.first),
                _day(h.last),
                f"{h.tokens_in:,}",
                f"{h.tokens_out:,}",
                f"${h.cost:.4f}",
            )
            for h in found.holdings
        ]
        click.echo(table(head, rows))


@journal.command("prune")
@journal_option
@click.option("--older-than", metavar="AGE", help="Those older than this: 12h, 30d or 8w.")
@click.option("--backend", "backends", multiple=True, metavar="NAME", help="Those of this backend or family.")
@click.option("--keep-backend", multiple=True, metavar="NAME", help="None of this backend or family.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
def _prune(
    journal: Path,
    older_than: str | None,
    backends: tuple[str, ...],
    keep_backend: tuple[str, ...],
    dry_run: bool,  # noqa: FBT001  (click hands flags over by name)
) -> None:
    """Remove completions and runs to which every given option applies, and shrink the file."""
    from lockgate.engine.upkeep import prune

    pruned = prune(
        journal,
        older_than_seconds=None if older_than is None else seconds_of(older_than, option="--older-than"),
        backends=backends,
        keep_backends=keep_backend,
        dry_run=dry_run,
    )
    for name, removed in pruned.completions.items():
        click.echo(f"{name}: {count(removed, 'completion')}")
    click.echo(_outcome(pruned, dry_run=dry_run))


@journal.command("export")
@journal_option
@click.option("--backend", "backends", multiple=True, metavar="NAME", help="Only of this backend or family.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write them to a file instead of stdout.",
)
def _export(journal: Path, backends: tuple[str, ...], output: Path | None) -> None:
    """Print the journal's completions as JSON Lines, sorted, so that they can be committed.

    What CI imports, it replays with `pytest --llm-offline`.
    """
    from lockgate.engine.recordings import export_lines

    text = "".join(f"{line}\n" for line in export_lines(journal, backends=backends))
    if output is None:
        # As bytes: recordings are UTF-8 whatever the terminal's encoding is.
        click.echo(text.encode(), nl=False)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{output} cannot be written ({error.strerror}). Name another file.") from error
    click.echo(f"{output}: {count(text.count(chr(10)) - 1, 'completion')}", err=True)


@journal.command("import")
@journal_option
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE..."
)
def _import(journal: Path, files: tuple[Path, ...]) -> None:
    """Put exported completions into the journal: all of them, or none when a line is wrong.

    Of two completions for the same request the newer one stays.
    """
    from lockgate.engine.recordings import import_files

    came = import_files(journal, files)
    click.echo(
        f"{journal}: {came.new} new, {came.newer} newer than what was there, "
        f"{came.older} older and left out, {came.same} the same"
    )


def _outcome(pruned: Pruned, *, dry_run: bool) -> str:
    total = sum(pruned.completions.values())
    what = f"{count(total, 'completion')} and {count(pruned.runs, 'run')}"
    return f"would remove {what}" if dry_run else f"removed {what}, freed {_size(pruned.freed_bytes)}"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.1f} kB"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
