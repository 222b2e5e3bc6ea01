"""Samples to one metric's figures: which samples it applies to, and what each contributes."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import TypeAlias

from lockgate.fingerprints import digest
from lockgate.model import VARIANT_MEASURES, Completion, Counts, Figure, Labels, Measure, Metric, Sample
from lockgate.trials import over_trials

__all__ = ["ANY", "Key", "Named", "Values", "by_case", "f1", "fill", "observe", "quantile_of"]

Key: TypeAlias = tuple[str, int]
"""Case id and trial."""


Values: TypeAlias = list[float] | list[Counts] | list[tuple[Labels, ...]]
"""A metric's figures by case: means of its trials, sums of their counts, or all of their labels."""

ANY = "\0any"
"""The label that stands for every class: of a sample without an answer, whose class is not known."""

_OF_VARIANTS = frozenset(measure.name for measure in VARIANT_MEASURES)
_MISSED, _HIT = Labels(expected=ANY), Labels(expected=ANY, answered=ANY)

Named: TypeAlias = Measure | Metric
"""What tells how figures are read: by its name, kind, better and unit."""


def observe(samples: Iterable[Sample], measure: Named) -> dict[Key, Figure]:
    """What each sample contributes to a metric; None where it applies and is unknown.

    Samples to which it does not apply are left out. A sample without an answer because of an error counts
    against every rate, F1 and mean of a share; its tokens and cost are unknown. A sample that was never
    asked, or whose checks never ran, is unknown. A variant counts towards its own metric alone, as one more
    trial of the case that it was made of, and a case towards all others. Where several checks make the same
    metric, a rate takes the worst of them, a mean their mean, F1 their sum; labels that differ are unknown. A
    figure that is not of the metric's kind, or not finite, or a share outside 0..1, is unknown. A metric that
    aggregates trials has one figure for each case, under its first trial.

    Args:
        samples: of one run.
        measure: the metric.
    """
    if measure.of:
        rate = Measure(name=measure.of, better="higher" if measure.good else "lower")
        return over_trials(observe(samples, rate), measure.aggregate, good=measure.good)
    samples = [sample for sample in samples if _counts_towards(sample, measure)]
    given = {_key(s): _figures(s, measure) for s in samples}
    found: dict[Key, Figure] = {k: _join(v, measure) for k, v in given.items() if v}
    if measure.name in _BUILTIN:
        return found
    lost = _at_worst(measure, found.values())
    return found | {_key(s): lost for s in samples if s.error is not None}


def fill(figures: Mapping[Key, Figure], measure: Named, *, high: bool) -> dict[Key, Figure] | None:
    """The figures with every unknown one at the most (`high`) or the least that it could be.

    Returns:
        The figures, or None where an unknown one has no such bound (a cost could be any).
    """
    if None not in figures.values():
        return dict(figures)
    extreme = _extreme(measure, figures.values(), high=high)
    if extreme is None:
        return None
    return {key: extreme if figure is None else figure for key, figure in figures.items()}


def by_case(figures: Mapping[Key, Figure]) -> Values:
    """One value for each case, as trials of a case are not independent: their mean, their sum, or all labels.

    Unknown figures are left out, and cases that have no other.
    """
    groups: defaultdict[str, list[bool | float | Counts | Labels]] = defaultdict(list)
    for (case_id, _), figure in figures.items():
        if figure is not None:
            groups[case_id].append(figure)
    counts = [c for g in groups.values() if (c := _counted(g)) is not None]
    labels = [found for g in groups.values() if (found := tuple(f for f in g if isinstance(f, Labels)))]
    return counts or labels or [_mean(g) for g in groups.values()]


def f1(counts: Iterable[Counts]) -> float | None:
    """2·tp / (2·tp + fp + fn) of the sums, None where there is nothing to count (van Rijsbergen 1979)."""
    total = _sum(counts)
    size = 2 * total.tp + total.fp + total.fn
    return 2 * total.tp / size if size else None


def quantile_of(name: str) -> float:
    """The quantile that a metric's name ends with: 0.95 of `latency_p95`.

    Raises:
        ValueError: the name does not end so.
    """
    match = re.search(r"_p(\d+)$", name)
    if match is None:
        raise ValueError(f"{name!r} names no quantile")
    return float(f"0.{match[1]}")


def _key(sample: Sample) -> Key:
    """Variants are not independent of one another: they stand as trials of the case they were made of."""
    if sample.variant is None:
        return sample.case_id, sample.trial
    return sample.origin, int(digest([sample.case_id, sample.trial]), 16)


def _counts_towards(sample: Sample, measure: Named) -> bool:
    if sample.variant is not None:
        return sample.variant.metric == measure.name
    return measure.name not in _OF_VARIANTS


def _asked(sample: Sample) -> Completion | None:
    return sample.completion if sample.error is None else None


def _known(read: Callable[[Completion], float | None]) -> Callable[[Sample], Figure]:
    def figure(sample: Sample) -> Figure:
        completion = _asked(sample)
        return None if completion is None else read(completion)

    return figure


def _errored(sample: Sample) -> Figure:
    return None if sample.error is None and sample.completion is None else sample.error is not None


_BUILTIN: Mapping[str, Callable[[Sample], Figure]] = {
    "cost_per_1k": _known(lambda c: None if c.cost is None else c.cost * 1000),
    "error_rate": _errored,
    "tokens_in": _known(lambda c: c.tokens_in),
    "tokens_out": _known(lambda c: c.tokens_out),
}


def _figures(sample: Sample, measure: Named) -> list[Figure]:
    """What the sample's verdicts say of a metric; empty where it does not apply, or not yet (errors)."""
    if measure.name in _BUILTIN:
        return [_fitting(_BUILTIN[measure.name](sample), measure)]
    if sample.error is not None:
        return []
    if not sample.verdicts:
        return [None]
    return [_fitting(v.figures[measure.name], measure) for v in sample.verdicts if measure.name in v.figures]


def _fitting(figure: Figure, measure: Named) -> Figure:
    if measure.kind == "rate":
        return figure if isinstance(figure, bool) else None
    if measure.kind == "f1":
        return figure if isinstance(figure, Counts) else None
    if measure.kind == "macro_f1":
        return figure if isinstance(figure, Labels) else None
    if figure is None or isinstance(figure, Counts | Labels) or not math.isfinite(figure) or figure < 0:
        return None
    return None if measure.unit == "" and figure > 1 else float(figure)


def _join(figures: Sequence[Figure], measure: Named) -> Figure:
    bad = measure.better == "lower"
    if len(figures) == 1:
        return figures[0]
    if measure.kind == "rate" and bad in figures:
        return bad
    return None if None in figures else _joined(figures, measure)


def _joined(figures: Sequence[Figure], measure: Named) -> Figure:
    if measure.kind == "rate":
        return figures[0]
    if measure.kind == "f1":
        return _sum(f for f in figures if isinstance(f, Counts))
    if measure.kind == "macro_f1":
        return figures[0] if len(set(figures)) == 1 else None
    return fmean(f for f in figures if isinstance(f, float))


def _at_worst(measure: Named, seen: Iterable[Figure]) -> Figure:
    """What an error counts as: a miss, the worst share, or all fields missing (as many as any sample has)."""
    if measure.kind == "f1":
        return Counts(fn=max((c.tp + c.fn for c in seen if isinstance(c, Counts)), default=0) or 1)
    if measure.kind == "macro_f1":
        return _MISSED
    return _extreme(measure, (), high=measure.better == "lower") if measure.unit == "" else None


def _extreme(measure: Named, seen: Iterable[Figure], *, high: bool) -> Figure:
    if measure.kind == "rate":
        return high
    if measure.kind == "macro_f1":
        return _HIT if high else _MISSED
    if measure.kind != "f1":
        bounded = measure.unit == "" or not high
        return float(high) if bounded else None
    counts = [c for c in seen if isinstance(c, Counts)]
    fields = max((c.tp + c.fn for c in counts), default=0) or 1
    return Counts(tp=fields) if high else Counts(fp=max((c.fp for c in counts), default=0), fn=fields)


def _counted(figures: Sequence[bool | float | Counts | Labels]) -> Counts | None:
    counts = [f for f in figures if isinstance(f, Counts)]
    return _sum(counts) if len(counts) > 1 else counts[0] if counts else None


def _mean(figures: Sequence[bool | float | Counts | Labels]) -> float:
    numbers = [f for f in figures if isinstance(f, bool | int | float)]
    return float(numbers[0]) if len(numbers) == 1 else fmean(numbers)


def _sum(counts: Iterable[Counts]) -> Counts:
    counts = list(counts)
    return Counts(tp=sum(c.tp for c in counts), fp=sum(c.fp for c in counts), fn=sum(c.fn for c in counts))
