"""One metric's figures to its limits and p-values: which test each kind of metric has.

Every test is one-sided and gives both: the p-value of a bound is at most alpha exactly where the limit at
1 - alpha reaches the bound. A ruling can so be made by either.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from lockgate.figures import Key, Named, Values, by_case
from lockgate.model import Counts, Figure
from lockgate.statistics.beta import t_cdf, t_quantile
from lockgate.statistics.betting import bounded_limits, bounded_p, f1_limits, f1_p, is_rate
from lockgate.statistics.clustering import Cluster, Clusters, cluster_t, clustered, effective_n, with_unseen
from lockgate.statistics.confusion import macro_f1_limits
from lockgate.statistics.evidence import Inference, Limits, nothing, p_by_levels
from lockgate.statistics.intervals import T_LEAST, UNSEEN, quantile_limits, quantile_p, t_limits, t_p
from lockgate.statistics.rates import binomial_limits, binomial_p, effective_limits, effective_p
from lockgate.statistics.sequential import Looks, at_every_look, at_the_last_look

__all__ = ["NO_CLUSTERS", "by_cluster", "infer", "infer_mean", "infer_quantile", "shared"]

NO_CLUSTERS: Clusters = MappingProxyType({})
"""Each case is its own cluster."""

_NONE: Limits = (None, None)


def infer(
    measure: Named,
    figures: Mapping[Key, Figure],
    clusters: Clusters = NO_CLUSTERS,
    looks: Looks | None = None,
) -> Inference:
    """The test of a metric of samples.

    Trials of a case are taken together, as they are not independent, and so are cases of a cluster. In a run
    that may end early, rates and means of shares have a test that holds at every look, F1 has one at the last
    look alone, and costs and tokens, whose test is approximate anyway, have their usual one.

    Args:
        measure: the metric.
        figures: its figures; unknown ones are left out, `figures.fill` them before for a worst case.
        clusters: which cases belong together.
        looks: how far a run is that may end early; None for one that may not.
    """
    values = by_case(figures)
    if not values:
        return Inference(limits=lambda _: _NONE, p_value=nothing, method=_usual(measure))
    usual = _infer(measure, figures, values, clusters)
    if looks is None or measure.unit:
        return usual
    if measure.kind in ("f1", "macro_f1"):
        return at_the_last_look(usual, looks)
    numbers = dict(zip(_ids(figures), [v for v in values if isinstance(v, float)], strict=True))
    return at_every_look(usual, numbers, looks, least=0.0)


def infer_mean(
    values: Mapping[str, float], clusters: Clusters = NO_CLUSTERS, *, bounded: bool, least: float = 0.0
) -> Inference:
    """The test of a mean: by betting where the values are bounded, else Student's t from 30 on.

    Args:
        values: case id → its value; at least one.
        clusters: which cases belong together.
        bounded: whether no value can leave least..1.
        least: the range's lower end.
    """
    if not shared(list(values), clusters):
        numbers = list(values.values())
        return _bounded(numbers, None, least) if bounded else _t(numbers)
    found = clustered(values, clusters)
    return _bounded([c.mean for c in found], [c.size for c in found], least) if bounded else _cluster_t(found)


def infer_quantile(seconds: Sequence[float], q: float) -> Inference:
    """The test of a quantile of times; of none it says nothing.

    Args:
        seconds: the times.
        q: 0..1, both excluded.
    """
    if not seconds:
        return Inference(limits=lambda _: _NONE, p_value=nothing, method="order statistics")
    return Inference(
        limits=lambda confidence: quantile_limits(seconds, q, confidence=confidence)[1:],
        p_value=lambda bound, *, above: quantile_p(seconds, q, bound, above=above),
        method="order statistics",
    )


def shared(ids: Sequence[str], clusters: Clusters) -> set[str]:
    """The clusters of these cases (no id twice), where any holds several; else none."""
    found = {clusters.get(case_id, case_id) for case_id in ids} if clusters else set()
    return found if len(found) < len(ids) else set()


def by_cluster(figures: Mapping[Key, Figure], clusters: Clusters) -> dict[Key, Figure]:
    """The figures as if each cluster were one case and its samples trials of it."""
    numbers: defaultdict[str, int] = defaultdict(int)
    found: dict[Key, Figure] = {}
    for (case_id, _), figure in figures.items():
        cluster = clusters.get(case_id, case_id)
        found[cluster, numbers[cluster]] = figure
        numbers[cluster] += 1
    return found


def _infer(measure: Named, figures: Mapping[Key, Figure], values: Values, clusters: Clusters) -> Inference:
    ids = _ids(figures)
    groups = shared(ids, clusters)
    if measure.kind == "f1":
        return _of_counts(by_case(by_cluster(figures, clusters)) if groups else values, len(groups) or None)
    if measure.kind == "macro_f1":
        return _of_labels(by_case(by_cluster(figures, clusters)) if groups else values, len(groups) or None)
    numbers = [v for v in values if isinstance(v, float)]
    if measure.kind == "rate":
        return _of_rate(dict(zip(ids, numbers, strict=True)), clusters)
    return infer_mean(dict(zip(ids, numbers, strict=True)), clusters, bounded=measure.unit == "")


def _ids(figures: Mapping[Key, Figure]) -> list[str]:
    """The cases that have a figure, in the order of `by_case`."""
    return list(dict.fromkeys(case_id for (case_id, _), figure in figures.items() if figure is not None))


def _usual(measure: Named) -> str:
    unbounded = "Student t" if measure.unit else "betting"
    return {"rate": "Clopper–Pearson", "macro_f1": "MOVER"}.get(measure.kind, unbounded)


def _of_rate(values: Mapping[str, float], clusters: Clusters) -> Inference:
    if shared(list(values), clusters):
        return _effective(clustered(values, clusters))
    n, total = len(values), sum(values.values())
    return Inference(
        limits=lambda confidence: binomial_limits(total, n, confidence=confidence),
        p_value=lambda bound, *, above: binomial_p(total, n, bound, above=above),
        method="Clopper–Pearson",
    )


def _t(values: list[float]) -> Inference:
    return Inference(
        limits=lambda confidence: t_limits(values, confidence=confidence) or _NONE,
        p_value=lambda bound, *, above: t_p(values, bound, above=above),
        method="Student t",
    )


def _effective(found: list[Cluster]) -> Inference:
    n = effective_n(found)
    passed = n * math.fsum(c.total for c in found) / sum(c.size for c in found)
    passed = min(passed, n)
    return Inference(
        limits=lambda confidence: effective_limits(passed, n, confidence=confidence),
        p_value=lambda bound, *, above: effective_p(passed, n, bound, above=above),
        method="Korn–Graubard",
        clusters=len(found),
        effective_n=n,
    )


def _bounded(values: list[float], sizes: list[int] | None, least: float) -> Inference:
    def p_value(bound: float, *, above: bool) -> float:
        if above:
            return bounded_p(values, bound, least=least, sizes=sizes)
        return bounded_p([-v for v in values], -bound, least=-1.0, most=-least, sizes=sizes)

    return Inference(
        limits=lambda confidence: bounded_limits(values, confidence=confidence, least=least, sizes=sizes),
        p_value=p_value,
        method="betting",
        clusters=None if sizes is None else len(sizes),
    )


def _cluster_t(found: list[Cluster]) -> Inference:
    freedom = len(found)

    def limits(confidence: float) -> Limits:
        if len(found) < T_LEAST:
            return _NONE
        (low, below), (high, above) = (cluster_t(with_unseen(found, side, UNSEEN)) for side in (-1, 1))
        quantile = t_quantile(confidence, freedom)
        return low - quantile * below, high + quantile * above

    def p_value(bound: float, *, above: bool) -> float:
        mean, error = cluster_t(with_unseen(found, -1 if above else 1, UNSEEN))
        distance = mean - bound if above else bound - mean
        if len(found) < T_LEAST or (error == 0 and distance < 0):
            return 1.0
        return 1 - t_cdf(distance / error, freedom) if error else 0.0

    return Inference(limits=limits, p_value=p_value, method="Student t", clusters=len(found))


def _of_counts(values: Values, clusters: int | None) -> Inference:
    counts = [v for v in values if isinstance(v, Counts)]
    return Inference(
        limits=lambda confidence: f1_limits(counts, confidence=confidence) or _NONE,
        p_value=lambda bound, *, above: f1_p(counts, bound, above=above),
        method="Clopper–Pearson" if is_rate(counts) else "betting",
        clusters=clusters,
    )


def _of_labels(values: Values, clusters: int | None) -> Inference:
    labels = [v for v in values if isinstance(v, tuple)]

    def limits(confidence: float) -> Limits:
        return macro_f1_limits(labels, confidence=confidence) or _NONE

    return Inference(
        limits=limits,
        p_value=lambda bound, *, above: p_by_levels(limits, bound, above=above),
        method="MOVER",
        clusters=clusters,
    )
