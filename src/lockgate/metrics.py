"""Samples to metrics: every figure with its limits, its n and what could not be scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import TypeAlias

from lockgate.confusion import macro_f1, macro_f1_limits
from lockgate.errors import UsageError
from lockgate.figures import Key, Values, by_case, f1, fill, observe, quantile_of
from lockgate.model import BUILTIN_MEASURES, Counts, Figure, Measure, Metric, Sample, Timing
from lockgate.stats import binomial_limits, bounded_limits, f1_limits, is_rate, quantile_limits, t_limits

__all__ = ["measure"]

_Limits: TypeAlias = tuple[float | None, float | None]
_NONE: _Limits = (None, None)


def measure(
    samples: Sequence[Sample],
    measures: Sequence[Measure],
    *,
    timings: Sequence[Timing] = (),
    confidence: float = 0.95,
    confidences: Mapping[str, float] | None = None,
) -> tuple[Metric, ...]:
    """All metrics of a run: those that its checks make, then the built-in ones.

    Limits are by case, since trials of one case are not independent: exact for rates (Clopper–Pearson, a
    case whose trials disagree rounded against the limit), by betting for means of shares and for F1, from
    each class's own for macro F1, Student's t from 30 cases on for costs and tokens, order statistics for
    latency. What an error and an unscored sample count as is said at `figures.observe`.

    Args:
        samples: of one suite on one backend.
        measures: what the checks make; the same metric twice is taken once.
        timings: the latency probe's; without them the latency metrics have no value.
        confidence: of each one-sided limit.
        confidences: metric name → its own confidence, where a gate asks for another.

    Returns:
        One metric for each measure, in order, whether or not it has a value.

    Raises:
        UsageError: two measures of one name differ.
    """
    own = confidences or {}
    return tuple(
        _of_timings(m, timings, own.get(m.name, confidence))
        if m.kind == "quantile"
        else _of_samples(m, observe(samples, m), own.get(m.name, confidence))
        for m in _unique([*measures, *BUILTIN_MEASURES])
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


def _of_samples(measure: Measure, figures: Mapping[Key, Figure], confidence: float) -> Metric:
    values = by_case(figures)
    low, high = _limits(measure, values, confidence)
    n = sum(f is not None for f in figures.values())
    floor, ceiling = (low, high) if n == len(figures) else _worst_limits(measure, figures, confidence)
    return Metric(
        name=measure.name,
        value=_value(measure, values),
        low=low,
        high=high,
        floor=floor,
        ceiling=ceiling,
        n=n,
        unscored=len(figures) - n,
        confidence=confidence,
        method=_method(measure, n, values),
        kind=measure.kind,
        unit=measure.unit,
        better=measure.better,
        of=measure.of,
        aggregate=measure.aggregate,
        good=measure.good,
    )


def _of_timings(measure: Measure, timings: Sequence[Timing], confidence: float) -> Metric:
    seconds = [t.seconds for t in timings]
    value: float | None = None
    low = high = value
    if seconds:
        value, low, high = quantile_limits(seconds, quantile_of(measure.name), confidence=confidence)
    return Metric(
        name=measure.name,
        value=value,
        low=low,
        high=high,
        floor=low,
        ceiling=high,
        n=len(seconds),
        confidence=confidence,
        method="order statistics",
        kind=measure.kind,
        unit=measure.unit,
        better=measure.better,
    )


def _worst_limits(measure: Measure, figures: Mapping[Key, Figure], confidence: float) -> _Limits:
    """The limits if what is unknown were as low, and as high, as it could be."""
    least, most = (fill(figures, measure, high=side) for side in (False, True))
    floor = None if least is None else _limits(measure, by_case(least), confidence)[0]
    ceiling = None if most is None else _limits(measure, by_case(most), confidence)[1]
    return floor, ceiling


def _value(measure: Measure, values: Values) -> float | None:
    if measure.kind == "f1":
        return f1(v for v in values if isinstance(v, Counts))
    if measure.kind == "macro_f1":
        return macro_f1([v for v in values if isinstance(v, tuple)])
    return fmean(v for v in values if isinstance(v, float)) if values else None


def _limits(measure: Measure, values: Values, confidence: float) -> _Limits:
    if not values:
        return _NONE
    if measure.kind == "f1":
        return f1_limits([v for v in values if isinstance(v, Counts)], confidence=confidence) or _NONE
    if measure.kind == "macro_f1":
        return macro_f1_limits([v for v in values if isinstance(v, tuple)], confidence=confidence) or _NONE
    return _of_numbers(measure)([v for v in values if isinstance(v, float)], confidence)


def _of_numbers(measure: Measure) -> Callable[[Sequence[float], float], _Limits]:
    if measure.kind == "rate":
        return lambda values, c: binomial_limits(sum(values), len(values), confidence=c)
    if measure.unit == "":
        return lambda values, c: bounded_limits(values, confidence=c)
    return lambda values, c: t_limits(values, confidence=c) or _NONE


def _method(measure: Measure, n: int, values: Values) -> str:
    unbounded = "Student t" if measure.unit else "betting"
    method = {"rate": "Clopper–Pearson", "f1": "betting", "macro_f1": "MOVER"}.get(measure.kind, unbounded)
    if measure.kind == "f1" and is_rate(v for v in values if isinstance(v, Counts)):
        method = "Clopper–Pearson"
    return method if n == len(values) else f"{method} over {len(values)} cases"
