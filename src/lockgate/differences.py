"""One metric on two runs: the difference, paired by case, with its limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeAlias

from lockgate.figures import Key, Values, by_case, f1, fill, observe
from lockgate.model import Counts, Figure, Metric, Sample
from lockgate.statistics.clustering import Clusters
from lockgate.statistics.confusion import macro_f1, macro_f1_limits
from lockgate.statistics.evidence import Inference, Limits, p_by_levels
from lockgate.statistics.inference import NO_CLUSTERS, by_cluster, infer_mean, shared
from lockgate.statistics.intervals import f1_limits, paired_limits, paired_p
from lockgate.statistics.sequential import Looks, at_every_look, at_the_last_look

__all__ = ["Difference", "difference"]

_Figures: TypeAlias = Mapping[Key, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much better the first run is than the second on the cases that both have.

    Args:
        value: first minus second in the metric's unit, turned so that more is better; None without pairs.
        low: one-sided limit at the metric's confidence, every unscored sample counted against the first run.
        high: likewise, every one counted in its favour.
        n: pairs of samples.
        unpaired: samples that only one of the runs has.
        gained: for a rate whose cases have one trial, pairs that only the first run hits.
        lost: those that only the second hits.
        method: how the limits were made.
        worst: the test that gives `low`; None where there is none.
        best: the one that gives `high`.
        by_case: case id → its own difference, of what was scored; empty for F1.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    unpaired: int
    gained: int | None = None
    lost: int | None = None
    method: str = ""
    worst: Inference | None = None
    best: Inference | None = None
    by_case: Mapping[str, float] = field(default_factory=dict)


def difference(
    ours: Sequence[Sample],
    theirs: Sequence[Sample],
    metric: Metric,
    clusters: Clusters = NO_CLUSTERS,
    looks: Looks | None = None,
) -> Difference:
    """The paired difference of two runs' samples in one metric.

    Rates: Tango's score limits with a continuity correction. Means of shares, and rates with several trials
    a case or with clusters: betting limits of the mean difference by case. Costs and tokens: Student's t from
    30 cases on. F1 and macro F1: each run's limits at half the error, which is wider than pairing would make
    it.

    Args:
        ours: samples of the run that is ruled on.
        theirs: samples of the baseline.
        metric: the metric; its confidence is used.
        clusters: which cases belong together.
        looks: how far the first run is, where it may end early.
    """
    first, second = observe(ours, metric), observe(theirs, metric)
    keys = [k for k in first if k in second]
    pair = {k: first[k] for k in keys}, {k: second[k] for k in keys}
    gained, lost = _discordant(*pair, metric)
    lower = metric.better == "lower"
    worst = _infer_filled(*pair, metric, clusters, looks, high=lower)
    known = all(None not in figures.values() for figures in pair)
    best = worst if known else _infer_filled(*pair, metric, clusters, looks, high=not lower)
    below = _limits(worst, metric.confidence)
    above = below if known else _limits(best, metric.confidence)
    return Difference(
        value=_value(*pair, metric),
        low=below[0],
        high=above[1],
        n=len(keys),
        unpaired=len(first) + len(second) - 2 * len(keys),
        gained=gained,
        lost=lost,
        method=_method(metric, keys) if worst is None else worst.method,
        worst=worst,
        best=best,
        by_case={} if metric.kind in _F1 else _by_case(*pair, metric),
    )


_F1 = ("f1", "macro_f1")


def _limits(test: Inference | None, confidence: float) -> Limits:
    return (None, None) if test is None else test.limits(confidence)


def _infer_filled(
    first: _Figures,
    second: _Figures,
    metric: Metric,
    clusters: Clusters,
    looks: Looks | None,
    *,
    high: bool,
) -> Inference | None:
    """The test with the first run's unknown figures at their most (`high`) or least, the second's not."""
    ours, theirs = fill(first, metric, high=high), fill(second, metric, high=not high)
    if not ours or not theirs:
        return None
    if metric.kind in _F1:
        first_of, second_of = (by_case(by_cluster(figures, clusters)) for figures in (ours, theirs))
        usual = _infer_f1(first_of, second_of, _method(metric, list(ours)))
        return usual if looks is None else at_the_last_look(usual, looks)
    each = _by_case(ours, theirs, metric)
    usual = _infer_by_case(ours, theirs, metric, clusters, each)
    return usual if looks is None or metric.unit else at_every_look(usual, each, looks, least=-1.0)


def _infer_by_case(
    ours: _Figures, theirs: _Figures, metric: Metric, clusters: Clusters, values: Mapping[str, float]
) -> Inference:
    alone = not shared(list(dict.fromkeys(case_id for case_id, _ in ours)), clusters)
    if metric.kind == "rate" and _single(ours) and alone:
        gained, lost = _discordant(ours, theirs, metric)
        return _infer_pairs(gained or 0, lost or 0, len(ours))
    return infer_mean(values, clusters, bounded=metric.unit == "", least=-1.0)


def _infer_pairs(gained: int, lost: int, n: int) -> Inference:
    return Inference(
        limits=lambda confidence: paired_limits(gained, lost, n, confidence=confidence),
        p_value=lambda bound, *, above: paired_p(gained, lost, n, bound, above=above),
        method="Tango",
    )


def _infer_f1(ours: Values, theirs: Values, method: str) -> Inference:
    def limits(confidence: float) -> Limits:
        half = (1 + confidence) / 2
        first, second = (_f1_limits(values, half) for values in (ours, theirs))
        if first is None or second is None:
            return None, None
        return first[0] - second[1], first[1] - second[0]

    return Inference(
        limits=limits,
        p_value=lambda bound, *, above: p_by_levels(limits, bound, above=above),
        method=method,
    )


def _value(first: _Figures, second: _Figures, metric: Metric) -> float | None:
    known = [k for k in first if first[k] is not None and second[k] is not None]
    ours, theirs = {k: first[k] for k in known}, {k: second[k] for k in known}
    if metric.kind in _F1:
        a, b = _f1(by_case(ours)), _f1(by_case(theirs))
        return None if a is None or b is None else a - b
    return fmean(_by_case(ours, theirs, metric).values()) if known else None


def _by_case(ours: _Figures, theirs: _Figures, metric: Metric) -> dict[str, float]:
    sign = -1 if metric.better == "lower" else 1
    groups: defaultdict[str, list[float]] = defaultdict(list)
    for key in ours:
        a, b = ours[key], theirs[key]
        if isinstance(a, bool | float) and isinstance(b, bool | float):
            groups[key[0]].append(sign * (float(a) - float(b)))
    return {case_id: fmean(group) for case_id, group in groups.items()}


def _discordant(first: _Figures, second: _Figures, metric: Metric) -> tuple[int | None, int | None]:
    if metric.kind != "rate" or not _single(first):
        return None, None
    good = metric.better == "higher"
    gained = sum(first[k] is good and second[k] is (not good) for k in first)
    lost = sum(first[k] is (not good) and second[k] is good for k in first)
    return gained, lost


def _f1(values: Values) -> float | None:
    labels = [v for v in values if isinstance(v, tuple)]
    return macro_f1(labels) if labels else f1(v for v in values if isinstance(v, Counts))


def _f1_limits(values: Values, confidence: float) -> tuple[float, float] | None:
    labels = [v for v in values if isinstance(v, tuple)]
    if labels:
        return macro_f1_limits(labels, confidence=confidence)
    return f1_limits([v for v in values if isinstance(v, Counts)], confidence=confidence)


def _single(figures: _Figures) -> bool:
    return len({case_id for case_id, _ in figures}) == len(figures)


def _method(metric: Metric, keys: Sequence[Key]) -> str:
    if metric.kind == "rate":
        return "Tango" if len({case_id for case_id, _ in keys}) == len(keys) else "betting"
    if metric.kind == "f1":
        return "betting, each run at half the error"
    if metric.kind == "macro_f1":
        return "MOVER, each run at half the error"
    return "Student t" if metric.unit else "betting"
