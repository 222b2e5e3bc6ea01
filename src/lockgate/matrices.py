"""Samples to tables: confusion matrices, and each class's precision, recall and F1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Literal, TypeAlias

from lockgate.figures import ANY, Key, f1, observe
from lockgate.model import ClassFigures, Estimate, Labels, Layout, Measure, Metric, Sample, Table
from lockgate.statistics.confusion import Cases, class_counts, class_f1_limits, macro_f1, macro_f1_limits
from lockgate.statistics.intervals import binomial_limits

__all__ = ["tabulate"]

_Placed: TypeAlias = Mapping[Key, Labels]

_MOST = 200
_OTHERS = "(others)"


def tabulate(
    samples: Sequence[Sample],
    layouts: Iterable[Layout] = (),
    metrics: Iterable[Metric] = (),
    *,
    confidence: float = 0.95,
) -> tuple[Table, ...]:
    """The tables of a run: those that its checks lay out, then a plain one for each other figure of labels.

    A sample without an answer because of an error is in no row, and counts against every class, as it does
    against each metric. Of more than 200 labels the rarest are put together. A table in which nothing stands
    is left out.

    Args:
        samples: of one suite on one backend.
        layouts: what the checks lay out.
        metrics: the run's, to stand below the tables that name them.
        confidence: of each one-sided limit of a class.
    """
    known = {metric.name: metric for metric in metrics}
    laid = dict.fromkeys(layouts)
    figures = {layout.figure for layout in laid}
    plain = (Layout(name=name, figure=name) for name in _label_figures(samples) if name not in figures)
    tables = (_table(samples, layout, known, confidence) for layout in (*laid, *plain))
    return tuple(table for table in tables if table.rows or table.totals)


def _label_figures(samples: Iterable[Sample]) -> list[str]:
    verdicts = (verdict for sample in samples for verdict in sample.verdicts)
    return list(dict.fromkeys(k for v in verdicts for k, f in v.figures.items() if isinstance(f, Labels)))


def _table(
    samples: Sequence[Sample], layout: Layout, metrics: Mapping[str, Metric], confidence: float
) -> Table:
    given = observe(samples, Measure(name=layout.figure, kind="macro_f1")) if layout.figure else {}
    placed = {key: one for key, one in given.items() if isinstance(one, Labels)}
    pairs = [(one.expected, one.answered) for one in placed.values() if one.expected != ANY]
    rows = _kept(layout.expected, (expected for expected, _ in pairs))
    columns = _columns(layout, rows, [answered for _, answered in pairs])
    cells = Counter((_within(expected, rows), _within(answered, columns)) for expected, answered in pairs)
    own = [m for name in layout.metrics if (m := metrics.get(name)) is not None and m.n + m.unscored]
    classed = layout.classes and bool(rows)
    return Table(
        name=layout.name,
        rows=rows,
        columns=columns,
        counts=tuple(tuple(cells[row, column] for column in columns) for row in rows),
        classes=tuple(_classes(rows, placed, confidence)) if classed else (),
        totals=(*own, *(_totals(placed, own, confidence) if classed else ())),
        unanswered=len(placed) - len(pairs),
        unscored=len(given) - len(placed),
        confidence=confidence,
    )


def _columns(layout: Layout, rows: Sequence[str], answers: Sequence[str | None]) -> tuple[str | None, ...]:
    """All of the rows' classes, or all that the layout names; then what else was answered, and None."""
    always = rows if layout.classes else layout.answered
    named = [a for a in answers if a is not None]
    kept = _kept((*rows, *layout.expected, *layout.answered), named)
    columns: tuple[str | None, ...] = tuple(dict.fromkeys((*always, *kept)))
    return columns if len(named) == len(answers) else (*columns, None)


def _kept(order: Iterable[str], labels: Iterable[str]) -> tuple[str, ...]:
    """The labels in order, others as they come; of too many the most frequent, and one for the rest."""
    seen = Counter(labels)
    found = [name for name in dict.fromkeys((*order, *seen)) if name in seen]
    if len(found) <= _MOST:
        return tuple(found)
    most = {name for name, _ in seen.most_common(_MOST)}
    return (*(name for name in found if name in most), _OTHERS)


def _within(label: str | None, shown: Sequence[str | None]) -> str | None:
    return label if label is None or label in shown else _OTHERS


def _classes(rows: Iterable[str], placed: _Placed, confidence: float) -> Iterator[ClassFigures]:
    having, naming = _by_label(placed, "expected"), _by_label(placed, "answered")
    lost = having.pop(ANY, {})
    counts = class_counts(_cases(placed))
    limits = class_f1_limits({row: counts[row] for row in rows if row in counts}, confidence=confidence)
    for name, (low, high) in limits.items():
        have, named = having[name], naming.get(name, {})
        n = len(have.keys() | named.keys()) + len(lost)
        yield ClassFigures(
            label=name,
            support=len(have),
            precision=_rate(named | lost, confidence),
            recall=_rate(have | lost, confidence),
            f1=Estimate(value=f1(counts[name]), low=low, high=high, n=n),
        )


def _by_label(placed: _Placed, side: Literal["expected", "answered"]) -> dict[str, dict[Key, Labels]]:
    found: dict[str, dict[Key, Labels]] = {}
    for key, one in placed.items():
        label = one.expected if side == "expected" else one.answered
        if label is not None:
            found.setdefault(label, {})[key] = one
    return found


def _rate(labels: _Placed, confidence: float) -> Estimate:
    """The share that is right, with exact limits by case."""
    if not labels:
        return Estimate()
    shares = [fmean(one.answered == one.expected for one in case) for case in _cases(labels)]
    low, high = binomial_limits(sum(shares), len(shares), confidence=confidence)
    return Estimate(value=fmean(shares), low=low, high=high, n=len(labels))


def _totals(placed: _Placed, own: Sequence[Metric], confidence: float) -> Iterator[Metric]:
    """Accuracy and macro F1, where the check has no metrics of its own, and the F1 weighted by support."""
    cases = _cases(placed)
    if not own:
        right = _rate(placed, confidence)
        yield Metric(
            name="accuracy", value=right.value, low=right.low, high=right.high, floor=right.low,
            ceiling=right.high, n=right.n, confidence=confidence, method="Clopper–Pearson",
        )  # fmt: skip
        yield _mean_f1("macro_f1", cases, len(placed), None, confidence)
    support = Counter(one.expected for one in placed.values() if one.expected != ANY)
    weights = {name: number / support.total() for name, number in support.items()}
    yield _mean_f1("weighted_f1", cases, len(placed), weights, confidence)


def _mean_f1(
    name: str, cases: Cases, n: int, weights: Mapping[str, float] | None, confidence: float
) -> Metric:
    low, high = macro_f1_limits(cases, confidence=confidence, weights=weights) or (None, None)
    return Metric(
        name=name, value=macro_f1(cases, weights), low=low, high=high, n=n, confidence=confidence,
        method="MOVER", kind="macro_f1",
    )  # fmt: skip


def _cases(placed: _Placed) -> Cases:
    groups: dict[str, list[Labels]] = {}
    for (case_id, _), one in placed.items():
        groups.setdefault(case_id, []).append(one)
    return [tuple(group) for group in groups.values()]
