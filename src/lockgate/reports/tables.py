"""A run's tables as people read them in a terminal: confusion matrices, with each class's figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockgate.model import ClassFigures, Estimate, Metric, Run, Table
from lockgate.reports.terminal import visible
from lockgate.units import count, show

__all__ = ["tables_text"]

_MOST_ROWS = 12
_MOST_COLUMNS = 8
_LONGEST = 18
_NONE = "(none)"


def tables_text(run: Run) -> str:
    """The tables of a run, one below the other; "" where it has none.

    Of many labels the rows with the most misses are shown, with a mark that says how many more there are;
    `run.json` has them all. Texts of models are shown without control characters.
    """
    return "\n".join(line for table in run.tables for line in _lines(table))


def _lines(table: Table) -> Iterator[str]:
    if table.rows:
        rows = _worst(table)
        columns = _columns(table, rows)
        placed = sum(map(sum, table.counts))
        yield f"{visible(table.name)}, expected × answered: {count(placed, 'sample')}{_lost(table)}"
        yield from _aligned([_head(table, columns), *(_row(table, row, columns) for row in rows)])
        yield from _more(len(table.rows) - len(rows), len(table.columns) - len(columns))
    else:
        yield f"{visible(table.name)}:"
    yield from _aligned([_total(metric) for metric in table.totals])


def _lost(table: Table) -> str:
    lost = f", {table.unanswered} without an answer" if table.unanswered else ""
    return lost + (f", {table.unscored} unscored" if table.unscored else "")


def _worst(table: Table) -> list[int]:
    """Numbers of the rows that are shown, in order: all, or those with the most misses."""
    if len(table.rows) <= _MOST_ROWS:
        return list(range(len(table.rows)))
    right = {n: row[table.columns.index(name)] if name in table.columns else 0
             for n, (name, row) in enumerate(zip(table.rows, table.counts, strict=True))}  # fmt: skip
    missed = sorted(right, key=lambda n: right[n] - sum(table.counts[n]))
    return sorted(missed[:_MOST_ROWS])


def _columns(table: Table, rows: Sequence[int]) -> list[int]:
    """Numbers of the columns that are shown: all, or those with the most answers in these rows."""
    if len(table.columns) <= _MOST_COLUMNS:
        return list(range(len(table.columns)))
    answers = {n: sum(table.counts[row][n] for row in rows) for n in range(len(table.columns))}
    most = sorted(answers, key=lambda n: -answers[n])
    return sorted(most[:_MOST_COLUMNS])


def _more(rows: int, columns: int) -> Iterator[str]:
    cut = [f"{n:,} more {what}" for n, what in ((rows, "expected"), (columns, "answered")) if n]
    if cut:
        yield f"  … {' and '.join(cut)}, in run.json"


def _head(table: Table, columns: Sequence[int]) -> list[str]:
    labels = [_short(table.columns[n]) for n in columns]
    return ["", *labels, *(("n", "precision", "recall", "F1") if table.classes else ("n",))]


def _row(table: Table, row: int, columns: Sequence[int]) -> list[str]:
    label, cells = table.rows[row], table.counts[row]
    figures = next((one for one in table.classes if one.label == label), None)
    shown = [str(cells[n]) for n in columns]
    return [_short(label), *shown, str(sum(cells)), *(_figures(figures) if table.classes else ())]


def _figures(one: ClassFigures | None) -> list[str]:
    return [] if one is None else [_estimate(e) for e in (one.precision, one.recall, one.f1)]


def _estimate(one: Estimate) -> str:
    return "–" if one.value is None else f"{_share(one.value)} [{_share(one.low)}, {_share(one.high)}]"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _total(metric: Metric) -> list[str]:
    unscored = f", {metric.unscored} unscored" if metric.unscored else ""
    limits = f"[{show(metric.low, metric.unit)}, {show(metric.high, metric.unit)}]"
    return [visible(metric.name), show(metric.value, metric.unit), limits, f"n {metric.n}{unscored}"]


def _short(label: str | None) -> str:
    if label is None:
        return _NONE
    text = " ".join(visible(label).split()) or '""'
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells in columns, indented by two; the first column to the left, the others to the right."""
    width = max((len(row) for row in rows), default=0)
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    widths = [max(len(row[i]) for row in padded) for i in range(width)]
    for row in padded:
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        yield f"  {'  '.join(cells)}".rstrip()
