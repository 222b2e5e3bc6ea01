"""Confusion matrices, and the figures of their classes."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.model import ClassFigures, Estimate, Metric, Run, Table
from lockgate.reports.html.markup import Markup, element
from lockgate.reports.html.rulings import scrolling
from lockgate.units import UNKNOWN, show

__all__ = ["matrices"]

_SHADES = 8


def matrices(run: Run) -> list[Markup]:
    """Each table of a run as a figure."""
    return [_figure(table, run.backend) for table in run.tables]


def _figure(table: Table, backend: str) -> Markup:
    title = f"{table.name}, {backend}"
    tables = []
    if table.rows and table.columns:
        tables.append(scrolling(title, _matrix(table, title)))
    if table.classes:
        tables.append(scrolling(f"Classes of {title}", _classes(table, title)))
    notes = [element("p", told, class_="note") for told in _notes(table)]
    caption = element("figcaption", element("h4", title))
    return element("figure", caption, element("div", *tables, class_="tables"), *notes, class_="matrix")


def _matrix(table: Table, title: str) -> Markup:
    answers = element("th", "answered", scope="colgroup", colspan=len(table.columns))
    corner = element("th", "expected", scope="col", rowspan=2)
    names = element("tr", *(element("th", _label(c), scope="col") for c in table.columns))
    rows = [
        element("tr", element("th", row, scope="row"), *_cells(row, counts, table))
        for row, counts in zip(table.rows, table.counts, strict=True)
    ]
    return element(
        "table",
        element("caption", f"Confusion matrix of {title}: samples", class_="unseen"),
        element("thead", element("tr", corner, answers), names),
        element("tbody", *rows),
        class_="heat",
    )


def _cells(row: str, counts: tuple[int, ...], table: Table) -> Iterator[Markup]:
    total = sum(counts) or 1
    for column, number in zip(table.columns, counts, strict=True):
        shade = -(-number * _SHADES // total)
        kind = "right" if row == column else "wrong"
        yield element("td", number or "·", class_=f"{kind} h{shade}", title=f"{number / total:.0%} of {row}")


def _classes(table: Table, title: str) -> Markup:
    head = [element("th", name, scope="col") for name in ("class", "precision", "recall", "F1", "samples")]
    return element(
        "table",
        element("caption", f"Precision, recall and F1 of {title}", class_="unseen"),
        element("thead", element("tr", *head)),
        element("tbody", *(_class(one) for one in table.classes)),
        class_="classes",
    )


def _class(one: ClassFigures) -> Markup:
    estimates = (element("td", *_estimate(e)) for e in (one.precision, one.recall, one.f1))
    support = element("td", f"{one.support:,}", class_="number")
    return element("tr", element("th", one.label, scope="row"), *estimates, support)


def _estimate(estimate: Estimate) -> Iterator[Markup | str]:
    yield UNKNOWN if estimate.value is None else f"{estimate.value:.3f}"
    if estimate.low is not None and estimate.high is not None:
        yield element("span", f" {estimate.low:.2f} … {estimate.high:.2f}", class_="wanted")


def _notes(table: Table) -> Iterator[str]:
    if table.totals:
        yield " · ".join(map(_total, table.totals))
    if table.unanswered:
        yield f"{table.unanswered:,} without an answer are in no row and count as misses."
    if table.unscored:
        yield f"{table.unscored:,} could not be placed."


def _total(metric: Metric) -> str:
    limits = f"[{show(metric.low, metric.unit)}, {show(metric.high, metric.unit)}]"
    return f"{metric.name} {show(metric.value, metric.unit)} {limits}, n {metric.n:,}"


def _label(column: str | None) -> str:
    return "no label" if column is None else column
