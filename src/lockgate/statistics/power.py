"""How many samples it takes: the least n at which a limit clears a bound, if what was observed stays so."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence

from lockgate.figures import quantile_of
from lockgate.model import Metric, Sample
from lockgate.statistics.beta import beta_cdf, binomial_cdf
from lockgate.statistics.intervals import T_LEAST, paired_limits

__all__ = [
    "MOST",
    "all_right_n",
    "binomial_n",
    "binomial_power",
    "needed_n",
    "paired_n",
    "power_n",
    "quantile_n",
    "scaled_n",
    "unmet",
]

MOST = 1_000_000
"""No larger n is looked for: nobody asks that many questions to pass a gate."""

_SAWTOOTH = 2_000
_ROUNDING = 1e-9


def needed_n(metric: Metric, bound: float, *, above: bool, samples: Sequence[Sample] = ()) -> int | None:
    """About how many samples would decide a bound, if the metric's value stays as it is.

    Args:
        metric: with its limits.
        bound: in the metric's unit.
        above: whether the bound is a least value.
        samples: this run's, which tell the trials of a case.

    Returns:
        A number above `metric.n`, or None where none would do, or where something else is in the way.
    """
    value = metric.value
    if value is None or metric.raw is not None:
        return None
    if metric.kind == "quantile":
        within = value >= bound if above else value <= bound
        least = quantile_n(quantile_of(metric.name), confidence=metric.confidence)
        return least if within and metric.n < least else None
    if metric.kind == "rate":
        cases = binomial_n(value, bound, confidence=metric.confidence)
        return unmet(cases and math.ceil(cases * _worth(metric, samples)), metric.n)
    limit = metric.low if value > bound else metric.high
    return T_LEAST if limit is None else unmet(scaled_n(metric.n, value, limit, bound), metric.n)


def unmet(needed: int | None, n: int) -> int | None:
    """What is needed, unless there are that many already: then it is something else that is in the way."""
    return needed if needed is not None and needed > n else None


def binomial_n(rate: float, bound: float, *, confidence: float) -> int | None:
    """The least n at which the exact limit of a rate is on the rate's side of a bound.

    The search follows the limit without rounding, which is monotone, and then steps over the saw teeth that
    whole successes make.

    Args:
        rate: the observed rate, 0..1.
        bound: what the limit is to reach, 0..1.
        confidence: of the limit.

    Returns:
        The n, or None where it would be more than `MOST` or no n would do (rate and bound are equal, or the
        bound is 0 or 1).
    """
    if not 0 < bound < 1 or rate == bound:
        return None
    if rate < bound:
        return binomial_n(1 - rate, 1 - bound, confidence=confidence)

    def smooth(n: int) -> bool:
        failures = (1 - rate) * n
        return beta_cdf(bound, n - failures, failures + 1) <= 1 - confidence

    start = _least(smooth)
    if start is None:
        return None
    teeth = range(start, min(start + _SAWTOOTH, MOST))
    return next((n for n in teeth if _clears(math.floor(rate * n + 1e-9), n, bound, confidence)), start)


def _clears(successes: int, n: int, bound: float, confidence: float) -> bool:
    """Whether the low limit of a rate is at or above a bound, without computing the limit."""
    return successes > 0 and beta_cdf(bound, successes, n - successes + 1) <= 1 - confidence


def all_right_n(bound: float, *, confidence: float) -> int:
    """The least n at which the low limit of a rate without a miss reaches a bound: 59 for 0.95 at 0.95.

    It is the least n with bound^n ≤ 1 - confidence (the rule of three).

    Args:
        bound: 0..1, both excluded.
        confidence: of the limit.
    """
    return math.ceil(math.log(1 - confidence) / math.log(bound) - _ROUNDING)


def binomial_power(rate: float, bound: float, n: int, *, confidence: float) -> float:
    """How likely the exact low limit of a rate reaches a bound in n independent cases.

    Args:
        rate: the true rate, 0..1.
        bound: 0..1, both excluded.
        n: cases; of none the power is 0.
        confidence: of the limit.
    """
    if n < 1 or bound**n > 1 - confidence:
        return 0.0
    least = bisect_left(range(n + 1), True, key=lambda k: _clears(k, n, bound, confidence))  # noqa: FBT003
    return 1 - binomial_cdf(least - 1, n, rate)


def power_n(rate: float, bound: float, *, confidence: float, power: float) -> int | None:
    """The least n from which on, saw teeth apart, a gate passes as often as its power says.

    Args:
        rate: the true rate.
        bound: the gate's least rate.
        confidence: of the limit.
        power: how likely a pass is to be, 0..1.

    Returns:
        The n, or None where it would be more than `MOST` or the rate is not above the bound.
    """
    if rate <= bound:
        return None

    def enough(n: int) -> bool:
        return binomial_power(rate, bound, n, confidence=confidence) >= power

    start = _least(enough)
    if start is None:
        return None
    early = range(max(1, start - _SAWTOOTH), start)
    return next((n for n in early if enough(n)), start)


def quantile_n(q: float, *, confidence: float) -> int:
    """The least n with a distribution-free high limit of the q-quantile: 59 for p95, 299 for p99 at 0.95.

    It is the least n with 1 - q^n ≥ confidence (Hahn & Meeker 1991, section 5.2).
    """
    return math.ceil(math.log(1 - confidence) / math.log(q) - _ROUNDING)


def paired_n(gained: int, lost: int, n: int, *, bound: float, confidence: float) -> int | None:
    """The least n at which Tango's limit of a paired difference is on its own side of a bound.

    Args:
        gained: pairs that only the first has, as observed; the shares are kept.
        lost: pairs that only the second has.
        n: all pairs.
        bound: what the low limit is to reach, where the difference is above it, else the high limit.
        confidence: of the limit.

    Returns:
        The n, or None where it would be more than `MOST` or no n would do.
    """
    difference = (gained - lost) / n
    if difference == bound:
        return None
    if difference < bound:
        return paired_n(lost, gained, n, bound=-bound, confidence=confidence)

    def clears(m: int) -> bool:
        up, down = math.floor(gained * m / n), math.ceil(lost * m / n)
        return up + down <= m and paired_limits(up, down, m, confidence=confidence)[0] >= bound

    return _least(clears)


def scaled_n(n: int, value: float, limit: float, bound: float) -> int | None:
    """About how many samples bring a limit to a bound, as its distance from the value shrinks with √n.

    Args:
        n: the samples there are.
        value: the observed value.
        limit: its limit at n.
        bound: what the limit is to reach.

    Returns:
        The n, more than the given one, or None where it would be more than `MOST` or no n would do.
    """
    if value == bound or (value - bound) * (value - limit) <= 0:
        return None
    needed = n * ((value - limit) / (value - bound)) ** 2
    return max(n + 1, math.ceil(needed)) if needed <= MOST else None


def _worth(metric: Metric, samples: Sequence[Sample]) -> float:
    """How many samples make one independent case: the trials, or what clusters make of them."""
    if metric.effective_n:
        return metric.n / metric.effective_n
    cases = len({s.case_id for s in samples})
    return math.ceil(len(samples) / cases) if cases and not metric.of else 1


def _least(clears: Callable[[int], bool]) -> int | None:
    """The least n that clears, of what clears from some n on."""
    high = 1
    while not clears(high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if clears(middle) else (middle, high)
    return high
