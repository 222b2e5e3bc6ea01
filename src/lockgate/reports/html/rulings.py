"""One suite's gates and other metrics, each backend's interval beside the others'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockgate.model import Gate, Metric, Ruling, Run
from lockgate.reports.html.markup import Markup, element, join
from lockgate.reports.html.strips import domain, strip
from lockgate.reports.html.verdict import badge
from lockgate.units import show, show_bound

__all__ = ["gate_table", "metric_table", "scrolling"]


def gate_table(runs: Sequence[Run]) -> Markup:
    """The rulings, a group of rows for each gate; or a sentence where there is none."""
    gates = {(r.gate.metric, show_bound(r.gate, r.metric.unit)): r.gate for run in runs for r in run.rulings}
    if not gates:
        return element("p", "This suite has no gates: nothing here decides whether a backend may ship.")
    groups = [_group(gate, bound, runs) for (_, bound), gate in gates.items()]
    return _table(runs[0].suite, "Gates", ("Gate", *_columns(runs, "Ruling")), groups)


def metric_table(runs: Sequence[Run]) -> Markup | None:
    """The metrics that no gate bounds and that have a value, likewise; None where there are none."""
    bound = {ruling.metric.name for run in runs for ruling in run.rulings}
    names = dict.fromkeys(m.name for run in runs for m in run.metrics if m.name not in bound)
    groups = [group for name in names if (group := _plain_group(name, runs))]
    if not groups:
        return None
    return _table(runs[0].suite, "Metrics without a gate", ("Metric", *_columns(runs, None)), groups)


def scrolling(label: str, content: Markup) -> Markup:
    """What may be wider than the window, in a frame of its own that keys can scroll."""
    return element("div", content, class_="scroll", role="region", aria_label=label, tabindex=0)


def _columns(runs: Sequence[Run], ruling: str | None) -> Iterator[str]:
    if _several(runs):
        yield "Backend"
    if ruling:
        yield ruling
    yield from ("Value", "Limits", "Interval", "n")


def _table(suite: str, caption: str, columns: Sequence[str], groups: Sequence[Markup]) -> Markup:
    head = element("tr", *(element("th", c, scope="col", class_=_aligned(c)) for c in columns))
    table = element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", head),
        *groups,
        class_="figures",
    )
    return scrolling(f"{caption} of {suite}", table)


def _aligned(column: str) -> str | None:
    return "number" if column in ("Value", "n") else None


def _group(gate: Gate, bound: str, runs: Sequence[Run]) -> Markup:
    rows = [
        (run, ruling)
        for run in runs
        for ruling in run.rulings
        if ruling.gate.metric == gate.metric and show_bound(ruling.gate, ruling.metric.unit) == bound
    ]
    span = domain([ruling.metric for _, ruling in rows], gate)
    where = f"{gate.where.path}:{gate.where.line}" if gate.where else None
    name = join(
        [
            element("span", gate.metric, class_="name"),
            element("span", bound, class_="wanted"),
            element("span", where, class_="place") if where else None,
        ]
    )
    return element("tbody", *_rows(name, runs, [(run, r.metric, r) for run, r in rows], span))


def _plain_group(name: str, runs: Sequence[Run]) -> Markup | None:
    rows = [(run, metric, None) for run in runs if (metric := run.metric(name)) and metric.value is not None]
    if not rows:
        return None
    better = element("span", f"{rows[0][1].better} is better", class_="wanted")
    label = join([element("span", name, class_="name"), better])
    return element("tbody", *_rows(label, runs, rows, domain([metric for _, metric, _ in rows], None)))


def _rows(
    name: Markup,
    runs: Sequence[Run],
    rows: Sequence[tuple[Run, Metric, Ruling | None]],
    span: tuple[float, float],
) -> Iterator[Markup]:
    last = len(rows) - 1
    for number, (run, metric, ruling) in enumerate(rows):
        head = element("th", name, scope="rowgroup", rowspan=len(rows)) if not number else None
        backend = element("td", _named(run, ruling)) if _several(runs) else None
        status = element("td", badge(ruling.status)) if ruling else None
        figures = _figures(metric, ruling, span, ends=number == last)
        yield element("tr", head, backend, status, *figures)


def _figures(
    metric: Metric, ruling: Ruling | None, span: tuple[float, float], *, ends: bool
) -> Iterator[Markup]:
    gate, status = (ruling.gate, ruling.status) if ruling else (None, "none")
    limits = f"{show(metric.low, metric.unit)} … {show(metric.high, metric.unit)}"
    yield element("td", show(metric.value, metric.unit), class_="number strong")
    told = [element("span", said, class_="wanted") for said in _doubts(metric, ruling)]
    method = f"{metric.method}, {metric.confidence:g} each side"
    yield element("td", limits, *told, class_="limits", title=method)
    yield element("td", strip(metric, span, gate=gate, status=status, ends=ends))
    yield element("td", f"{metric.n:,}", *_beside(metric, ruling), class_="number")


def _several(runs: Sequence[Run]) -> bool:
    """Whether a gate may have several rows: on several backends, or for each value of its `by`."""
    return len(runs) > 1 or any(ruling.group for run in runs for ruling in run.rulings)


def _named(run: Run, ruling: Ruling | None) -> str:
    return f"{run.backend}, {ruling.gate.by} {ruling.group}" if ruling and ruling.group else run.backend


def _doubts(metric: Metric, ruling: Ruling | None) -> Iterator[str]:
    if metric.raw is not None:
        yield f"{show(metric.raw, metric.unit)} before the check's errors are taken out"
    if metric.doubt:
        yield metric.doubt
    # The p-value is that of passing: of a gate that failed it says nothing.
    if ruling is None or ruling.status == "fail" or ruling.adjusted_p is None:
        return
    if ruling.adjusted_p != ruling.p_value:
        yield f"p {ruling.p_value:.3g}, {ruling.adjusted_p:.3g} after Holm's correction"


def _beside(metric: Metric, ruling: Ruling | None) -> Iterator[Markup]:
    if metric.unscored:
        yield element("span", f"+{metric.unscored:,} unscored", class_="wanted")
    if ruling and ruling.needed_n:
        yield element("span", f"needs {ruling.needed_n:,}", class_="wanted")
