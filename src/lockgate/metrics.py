"""Samples to metrics: every figure with its limits, its n and what could not be scored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import TypeAlias

from lockgate.errors import UsageError
from lockgate.figures import Key, Values, by_case, f1, fill, observe, quantile_of
from lockgate.model import BUILTIN_MEASURES, Counts, Figure, Measure, Metric, Sample, Timing
from lockgate.statistics.clustering import Clusters
from lockgate.statistics.confusion import macro_f1
from lockgate.statistics.evidence import Evidence, Inference, Limits
from lockgate.statistics.inference import NO_CLUSTERS, infer, infer_quantile
from lockgate.statistics.intervals import quantile_limits
from lockgate.statistics.rates import wilson_limits
from lockgate.statistics.sequential import Looks

__all__ = ["evidence", "measure"]

_Test: TypeAlias = Callable[[Measure, Mapping[Key, Figure]], Inference]


def measure(
    samples: Sequence[Sample],
    measures: Sequence[Measure],
    *,
    timings: Sequence[Timing] = (),
    confidence: float = 0.95,
    confidences: Mapping[str, float] | None = None,
    clusters: Clusters = NO_CLUSTERS,
    looks: Looks | None = None,
    names: Collection[str] | None = None,
) -> tuple[Metric, ...]:
    """All metrics of a run: those that its checks make, then the built-in ones.

    Limits are by case, since trials of one case are not independent: exact for rates (Clopper–Pearson, a
    case whose trials disagree rounded against the limit), by betting for means of shares and for F1, from
    each class's own for macro F1, Student's t from 30 cases on for costs and tokens, order statistics for
    latency. Cases of a cluster are not independent either (see `inference.infer`). What an error and an
    unscored sample count as is said at `figures.observe`.

    Args:
        samples: of one suite on one backend.
        measures: what the checks make; the same metric twice is taken once.
        timings: the latency probe's; without them the latency metrics have no value.
        confidence: of each one-sided limit.
        confidences: metric name → its own confidence, where a gate asks for another.
        clusters: case id → what it shares with others; a case that is not in it is its own.
        looks: how far a run is that may end early; None for one that may not.
        names: which metrics are wanted, None for all.

    Returns:
        One metric for each measure, in order, whether or not it has a value.

    Raises:
        UsageError: two measures of one name differ.
    """
    own = confidences or {}
    return tuple(
        _of_timings(m, timings, own.get(m.name, confidence))
        if m.kind == "quantile"
        else _of_samples(
            m,
            observe(samples, m),
            own.get(m.name, confidence),
            partial(infer, clusters=clusters, looks=looks),
        )
        for m in _unique([*measures, *BUILTIN_MEASURES])
        if names is None or m.name in names
    )


def evidence(
    samples: Sequence[Sample],
    measure: Measure,
    *,
    timings: Sequence[Timing] = (),
    clusters: Clusters = NO_CLUSTERS,
    looks: Looks | None = None,
) -> Evidence:
    """The p-values of a metric, by the tests that give its limits.

    Args:
        samples: as for `measure`, and so all others.
        measure: the metric.
        timings: the latency probe's.
        clusters: case id → what it shares with others.
        looks: how far a run is that may end early.
    """
    if measure.kind == "quantile":
        timed = infer_quantile([t.seconds for t in timings], quantile_of(measure.name)).p_value
        return Evidence(least=timed, most=timed)
    figures = observe(samples, measure)
    least, most = (fill(figures, measure, high=side) or {} for side in (False, True))
    return Evidence(
        least=infer(measure, least, clusters, looks).p_value,
        most=infer(measure, most, clusters, looks).p_value,
    )


def _unique(measures: Sequence[Measure]) -> list[Measure]:
    found: dict[str, Measure] = {}
    for m in measures:
        if found.setdefault(m.name, m) != m:
            raise UsageError(
                f"Two checks make the metric {m.name!r} in different ways. "
                "Give one of them another name with `metric:`."
            )
    return list(found.values())


def _of_samples(measure: Measure, figures: Mapping[Key, Figure], confidence: float, test: _Test) -> Metric:
    values, inference = by_case(figures), test(measure, figures)
    low, high = inference.limits(confidence)
    n = sum(f is not None for f in figures.values())
    whole = n == len(figures)
    floor, ceiling = (low, high) if whole else _worst_limits(measure, figures, confidence, test)
    value = _value(measure, values)
    return Metric(
        name=measure.name,
        value=value,
        low=low,
        high=high,
        floor=floor,
        ceiling=ceiling,
        n=n,
        unscored=len(figures) - n,
        confidence=confidence,
        method=_method(inference, n, len(values)),
        kind=measure.kind,
        unit=measure.unit,
        better=measure.better,
        of=measure.of,
        aggregate=measure.aggregate,
        good=measure.good,
        wilson=_wilson(measure, value, inference.effective_n or len(values), confidence),
        clusters=inference.clusters,
        effective_n=inference.effective_n,
    )


def _of_timings(measure: Measure, timings: Sequence[Timing], confidence: float) -> Metric:
    seconds, q = [t.seconds for t in timings], quantile_of(measure.name)
    value = quantile_limits(seconds, q, confidence=confidence)[0] if seconds else None
    inference = infer_quantile(seconds, q)
    low, high = inference.limits(confidence)
    return Metric(
        name=measure.name,
        value=value,
        low=low,
        high=high,
        floor=low,
        ceiling=high,
        n=len(seconds),
        confidence=confidence,
        method=inference.method,
        kind=measure.kind,
        unit=measure.unit,
        better=measure.better,
    )


def _worst_limits(measure: Measure, figures: Mapping[Key, Figure], confidence: float, test: _Test) -> Limits:
    """The limits if what is unknown were as low, and as high, as it could be."""
    least, most = (fill(figures, measure, high=side) for side in (False, True))
    floor = None if least is None else test(measure, least).limits(confidence)[0]
    ceiling = None if most is None else test(measure, most).limits(confidence)[1]
    return floor, ceiling


def _value(measure: Measure, values: Values) -> float | None:
    if measure.kind == "f1":
        return f1(v for v in values if isinstance(v, Counts))
    if measure.kind == "macro_f1":
        return macro_f1([v for v in values if isinstance(v, tuple)])
    return fmean(v for v in values if isinstance(v, float)) if values else None


def _wilson(measure: Measure, value: float | None, n: float, confidence: float) -> tuple[float, ...]:
    if measure.kind != "rate" or value is None:
        return ()
    return wilson_limits(min(value * n, n), n, confidence=confidence)


def _method(inference: Inference, n: int, cases: int) -> str:
    if inference.clusters is not None:
        return f"{inference.method} over {inference.clusters} clusters"
    return inference.method if n == cases else f"{inference.method} over {cases} cases"
