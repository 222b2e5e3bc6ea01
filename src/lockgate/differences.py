"""One metric on two runs: the difference, paired by case, with its limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeAlias

from lockgate.confusion import macro_f1, macro_f1_limits
from lockgate.figures import Key, Values, by_case, f1, fill, observe
from lockgate.model import Counts, Figure, Metric, Sample
from lockgate.stats import bounded_limits, f1_limits, paired_limits, t_limits

__all__ = ["Difference", "difference"]

_Limits: TypeAlias = tuple[float | None, float | None]
_NONE: _Limits = (None, None)


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
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    unpaired: int
    gained: int | None = None
    lost: int | None = None
    method: str = ""


def difference(ours: Sequence[Sample], theirs: Sequence[Sample], metric: Metric) -> Difference:
    """The paired difference of two runs' samples in one metric.

    Rates: Tango's score limits. Means of shares, and rates with several trials a case: betting limits of the
    mean difference by case. Costs and tokens: Student's t from 30 cases on. F1 and macro F1: each run's
    limits at half the error, which is wider than pairing would make it.

    Args:
        ours: samples of the run that is ruled on.
        theirs: samples of the baseline.
        metric: the metric; its confidence is used.
    """
    first, second = observe(ours, metric), observe(theirs, metric)
    keys = [k for k in first if k in second]
    pair = {k: first[k] for k in keys}, {k: second[k] for k in keys}
    gained, lost = _discordant(*pair, metric)
    low, high = _both_limits(*pair, metric)
    return Difference(
        value=_value(*pair, metric),
        low=low,
        high=high,
        n=len(keys),
        unpaired=len(first) + len(second) - 2 * len(keys),
        gained=gained,
        lost=lost,
        method=_method(metric, keys),
    )


_Figures: TypeAlias = Mapping[Key, Figure]


def _both_limits(first: _Figures, second: _Figures, metric: Metric) -> _Limits:
    """The low limit with unknown figures against the first run, the high one with them in its favour."""
    lower = metric.better == "lower"
    low = _filled_limits(first, second, metric, high=lower)[0]
    high = _filled_limits(first, second, metric, high=not lower)[1]
    return low, high


def _filled_limits(first: _Figures, second: _Figures, metric: Metric, *, high: bool) -> _Limits:
    ours, theirs = fill(first, metric, high=high), fill(second, metric, high=not high)
    if not ours or not theirs:
        return _NONE
    if metric.kind in ("f1", "macro_f1"):
        return _f1_difference(by_case(ours), by_case(theirs), metric.confidence)
    if metric.kind == "rate" and _single(ours):
        gained, lost = _discordant(ours, theirs, metric)
        return paired_limits(gained or 0, lost or 0, len(ours), confidence=metric.confidence)
    return _mean_difference(_by_case(ours, theirs, metric), metric)


def _mean_difference(values: Sequence[float], metric: Metric) -> _Limits:
    if metric.unit == "":
        return bounded_limits(values, confidence=metric.confidence, least=-1.0)
    return t_limits(values, confidence=metric.confidence) or _NONE


def _f1_difference(ours: Values, theirs: Values, confidence: float) -> _Limits:
    half = (1 + confidence) / 2
    first, second = (_f1_limits(values, half) for values in (ours, theirs))
    if first is None or second is None:
        return _NONE
    return first[0] - second[1], first[1] - second[0]


def _value(first: _Figures, second: _Figures, metric: Metric) -> float | None:
    known = [k for k in first if first[k] is not None and second[k] is not None]
    ours, theirs = {k: first[k] for k in known}, {k: second[k] for k in known}
    if metric.kind in ("f1", "macro_f1"):
        a, b = _f1(by_case(ours)), _f1(by_case(theirs))
        return None if a is None or b is None else a - b
    return fmean(_by_case(ours, theirs, metric)) if known else None


def _by_case(ours: _Figures, theirs: _Figures, metric: Metric) -> list[float]:
    sign = -1 if metric.better == "lower" else 1
    groups: defaultdict[str, list[float]] = defaultdict(list)
    for key in ours:
        a, b = ours[key], theirs[key]
        if isinstance(a, bool | float) and isinstance(b, bool | float):
            groups[key[0]].append(sign * (float(a) - float(b)))
    return [fmean(g) for g in groups.values()]


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
