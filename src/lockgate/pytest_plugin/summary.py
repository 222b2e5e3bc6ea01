"""What Lockgate adds to pytest's closing lines: rulings, notes and the comparison of backends."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from lockgate.engine.journal import Journal, run_id
from lockgate.engine.shards import Shard
from lockgate.model import Run
from lockgate.registry import Registry
from lockgate.reports.github import SUMMARY_VARIABLE, workflow_commands
from lockgate.reports.tables import tables_text
from lockgate.reports.terminal import comparison_table, gate_table
from lockgate.reports.worst import worst_cases
from lockgate.units import count

__all__ = ["summarise", "tell_github"]

_LOG_WIDTH = 160


def summarise(
    terminal: pytest.TerminalReporter,
    runs: Sequence[Run],
    *,
    journal: Journal | None,
    shard: Shard | None = None,
) -> None:
    """Write every run's gates, tables and notes, and one table over all backends when several ran."""
    if shard is not None:
        terminal.write_line(f"lockgate: shard {shard}: rulings come with `lockgate merge`")
    if journal is not None and journal.set_aside is not None:
        terminal.write_line(
            f"lockgate: the journal was damaged; it is kept as {journal.set_aside}", yellow=True
        )
    for run in runs:
        terminal.section(f"lockgate: {run.suite} on {run.backend}", sep="-")
        terminal.write_line(_provenance(run))
        terminal.write_line(gate_table(run))
        if run.tables:
            terminal.write_line(tables_text(run))
        if worst := _worst(terminal, run):
            terminal.write_line(worst)
        for note in run.notes:
            terminal.write_line(f"note: {note}")
    if len({run.backend for run in runs}) > 1:
        terminal.section("lockgate: backends compared", sep="-")
        terminal.write_line(comparison_table(runs))


def _worst(terminal: pytest.TerminalReporter, run: Run) -> str:
    """The worst cases: three of a gate, ten under `-v`, none under `-q`."""
    verbose = terminal.config.get_verbosity()
    if verbose < 0:
        return ""
    # A log has no width; what is longer than this nobody reads there.
    width = terminal.config.get_terminal_writer().fullwidth if terminal.isatty else _LOG_WIDTH
    return worst_cases(run, most=10 if verbose else 3, width=width)


def tell_github(
    terminal: pytest.TerminalReporter, runs: Sequence[Run], registry: Registry, inconclusive: str
) -> None:
    """Write the annotations; outside GitHub Actions the summary as well, which has no file to go to there."""
    for line in workflow_commands(runs, inconclusive=inconclusive):
        terminal.write_line(line)
    if not os.environ.get(SUMMARY_VARIABLE):
        terminal.section(f"lockgate: summary, as {SUMMARY_VARIABLE} names no file", sep="-")
        terminal.write_line(registry.find("reports", "summary.md")(runs).rstrip())


def _provenance(run: Run) -> str:
    samples = (*run.samples, *run.variants)
    replayed = sum(s.completion.replayed for s in samples if s.completion is not None)
    errors = sum(s.error is not None for s in samples)
    parts = [
        f"{len(run.samples)} of {run.expected_samples} samples",
        *[count(len(run.variants), "variant")] * bool(run.variants),
        f"{replayed} from the journal",
        f"{errors} without an answer",
        f"fingerprint {run.fingerprint}",
        f"run {run_id(run)}",
    ]
    return ", ".join(parts)
