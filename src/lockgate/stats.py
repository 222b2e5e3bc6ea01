"""Confidence limits: of rates, means, F1 scores, quantiles and paired differences.

Every function gives two one-sided limits, each at the stated confidence, as `(low, high)`. Exact ones hold
at every n; where one is approximate, its docstring says so.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import NormalDist, fmean, stdev
from typing import TypeAlias

from lockgate.beta import beta_quantile, binomial_cdf, t_quantile
from lockgate.model import Counts

__all__ = [
    "T_LEAST",
    "Limits",
    "binomial_limits",
    "boundary",
    "bounded_limits",
    "f1_limits",
    "paired_limits",
    "quantile_limits",
    "t_limits",
]

Limits: TypeAlias = tuple[float, float]
"""A low limit and a high one."""

T_LEAST = 30
"""Below this many values no Student t limit is given."""

_HALVINGS = 45
# Below it 0 stands for the lower limit, which is never wrong; what is tried there could not be divided by.
_SMALLEST_MEAN = 1e-100
_STAKES = (0.5, 1, 2, 4, 8, 16, 64)


def binomial_limits(successes: float, n: int, *, confidence: float) -> Limits:
    """Exact limits of a rate (Clopper & Pearson 1934, Biometrika 26:404).

    Args:
        successes: 0..n; a fraction (cases whose trials disagree) is rounded down for the low limit and up
            for the high one.
        n: independent trials, at least 1.
        confidence: of each limit, in 0.5..1.

    Raises:
        ValueError: an argument is out of range.
    """
    _require(n >= 1 and 0 <= successes <= n, f"{successes} successes of {n}")
    alpha = _alpha(confidence)
    least, most = math.floor(successes + 1e-9), math.ceil(successes - 1e-9)
    low = beta_quantile(alpha, least, n - least + 1) if least else 0.0
    high = 1 - beta_quantile(alpha, n - most, most + 1) if most < n else 1.0
    return low, high


def bounded_limits(
    values: Sequence[float], *, confidence: float, least: float = 0.0, most: float = 1.0
) -> Limits:
    """Limits of the mean of values that cannot leave a range, valid at every n and for every distribution.

    A bettor's wealth against the hypothesis "the mean is m" has expectation 1 under it; where it is at
    least 1/(1-confidence), m is rejected (Waudby-Smith & Ramdas 2024, JRSS B 86:1, the grid of constant
    stakes in section 4.4, here at a fixed n, so that the order of the values does not matter).

    Args:
        values: at least one, each in least..most.
        confidence: of each limit, in 0.5..1.
        least: the range's lower end.
        most: its upper end.

    Raises:
        ValueError: an argument is out of range.
    """
    _require(least < most and bool(values), f"{len(values)} values in {least}..{most}")
    _require(all(least <= v <= most for v in values), f"a value outside {least}..{most}")
    shares = [(v - least) / (most - least) for v in values]
    low = _low_mean(shares, _alpha(confidence))
    high = 1 - _low_mean([1 - s for s in shares], _alpha(confidence))
    return least + low * (most - least), least + high * (most - least)


def f1_limits(counts: Sequence[Counts], *, confidence: float) -> Limits | None:
    """Limits of F1 = 2·tp / (2·tp + fp + fn) of a population of samples, valid at every n.

    F1 is above f exactly when the mean of 2·tp·(1-f) - f·(fp+fn) over samples is above 0; that mean is
    tested as in `bounded_limits` and the test inverted. No sample is taken to have more false positives,
    or more fields that are expected (tp + fn), than the most that one of these has. Where no sample has more
    than one of tp, fp and fn (one class among many), F1 is 2·q / (1 + q) of the rate q = tp / (tp + fp + fn),
    and has that rate's exact limits (`binomial_limits`).

    Args:
        counts: one for each independent sample.
        confidence: of each limit, in 0.5..1.

    Returns:
        The limits, or None where there is nothing to count.
    """
    alpha = _alpha(confidence)
    tp, errors = sum(c.tp for c in counts), sum(c.fp + c.fn for c in counts)
    if not tp + errors:
        return None
    if all(c.tp + c.fp + c.fn <= 1 for c in counts):
        low, high = binomial_limits(tp, tp + errors, confidence=confidence)
        return 2 * low / (1 + low), 2 * high / (1 + high)
    f1 = 2 * tp / (2 * tp + errors)
    most_right = max(c.tp + c.fn for c in counts)
    most_wrong = max(c.fp for c in counts) + max(c.tp + c.fn for c in counts)
    tally = Counter((c.tp, c.fp + c.fn) for c in counts)

    def below(f: float) -> bool:
        return _rejects(
            ((1 + (2 * t * (1 / f - 1) - e) / most_wrong, k) for (t, e), k in tally.items()), alpha
        )

    def above(f: float) -> bool:
        odds = f / (1 - f) / (2 * most_right)
        return _rejects(((1 - t / most_right + e * odds, k) for (t, e), k in tally.items()), alpha)

    low = boundary(below, 0.0, f1) if tp else 0.0
    high = 1 - boundary(lambda x: above(1 - x), 0.0, 1 - f1) if errors and most_right else 1.0
    return low, high


def t_limits(values: Sequence[float], *, confidence: float) -> Limits | None:
    """Student's t limits of the mean of values without a bound (costs, tokens); approximate.

    Returns:
        The limits, or None below `T_LEAST` values, where a skewed distribution makes them too narrow.
    """
    _alpha(confidence)
    n = len(values)
    if n < T_LEAST:
        return None
    mean, margin = fmean(values), t_quantile(confidence, n - 1) * stdev(values) / math.sqrt(n)
    return mean - margin, mean + margin


def quantile_limits(
    values: Sequence[float], q: float, *, confidence: float
) -> tuple[float, float | None, float | None]:
    """A quantile and its distribution-free limits, which are order statistics.

    The high limit is the r-th smallest value for the least r with P(Bin(n, q) ≤ r-1) ≥ confidence
    (Hahn & Meeker 1991, Statistical Intervals, section 5.2); the low one likewise.

    Args:
        values: at least one.
        q: 0..1, both excluded.
        confidence: of each limit, in 0.5..1.

    Returns:
        The nearest-rank quantile (the smallest value that a share q of the values does not exceed), the
        low and the high limit; a limit is None where there are too few values for one.

    Raises:
        ValueError: an argument is out of range.
    """
    _require(bool(values) and 0 < q < 1, f"quantile {q} of {len(values)} values")
    alpha, n, ranked = _alpha(confidence), len(values), sorted(values)

    def below(rank: int) -> float:
        return binomial_cdf(rank, n, q)

    top = bisect_left(range(n), 1 - alpha, key=below)
    bottom = bisect_right(range(n), alpha, key=below) - 1
    value = ranked[max(math.ceil(n * q - 1e-9), 1) - 1]
    return value, ranked[bottom] if bottom >= 0 else None, ranked[top] if top < n else None


def paired_limits(gained: int, lost: int, n: int, *, confidence: float) -> Limits:
    """Score limits of the difference of two rates on the same cases (Tango 1998, Stat Med 17:891).

    Approximate, and close to nominal from small n on; unlike Wald's they do not collapse without discordant
    pairs.

    Args:
        gained: pairs that only the first of the two has.
        lost: pairs that only the second has.
        n: all pairs, at least 1.
        confidence: of each limit, in 0.5..1.

    Returns:
        Limits of first rate minus second, in -1..1.

    Raises:
        ValueError: an argument is out of range.
    """
    _require(n >= 1 and min(gained, lost) >= 0 and gained + lost <= n, f"{gained} and {lost} of {n} pairs")
    z = NormalDist().inv_cdf(1 - _alpha(confidence))
    low = boundary(lambda d: _tango(gained, lost, n, d) > z, -1.0, (gained - lost) / n)
    high = -boundary(lambda d: _tango(lost, gained, n, d) > z, -1.0, (lost - gained) / n)
    return low, high


def boundary(rejected: Callable[[float], bool], low: float, high: float) -> float:
    """Where a test that rejects near `low` stops to, by halving; the last value that is known to be rejected.

    Args:
        rejected: true up to some value between the two, false from there on.
        low: what is given where nothing above it is rejected.
        high: a value that is not rejected.
    """
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rejected(middle) else (low, middle)
    return low


def _tango(gained: int, lost: int, n: int, difference: float) -> float:
    """The score statistic of a hypothetical difference, with the discordance at its restricted maximum."""
    b = (2 * n - gained + lost) * difference - gained - lost
    c = -lost * difference * (1 - difference)
    discordant = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
    variance = n * (2 * discordant + difference * (1 - difference))
    return (gained - lost - n * difference) / math.sqrt(variance) if variance > 0 else math.inf


def _low_mean(shares: Sequence[float], alpha: float) -> float:
    tally = Counter(shares)
    mean = math.fsum(shares) / len(shares)
    if mean < _SMALLEST_MEAN:
        return 0.0
    return boundary(lambda m: _rejects(((s / m, k) for s, k in tally.items()), alpha), 0.0, mean)


def _rejects(ratios: Iterable[tuple[float, int]], alpha: float) -> bool:
    """Whether the wealth that stakes on ratios (value / hypothetical mean, times seen) reaches 1/alpha."""
    ratios = list(ratios)
    unit = math.sqrt(2 * math.log(1 / alpha) / sum(k for _, k in ratios))
    stakes = sorted({min(1.0, unit * s) for s in _STAKES})
    logs = [math.fsum(k * _log(1 - g + g * r) for r, k in ratios) for g in stakes]
    top = max(logs)
    if top == -math.inf:
        return False
    return top + math.log(math.fsum(math.exp(w - top) for w in logs) / len(stakes)) >= math.log(1 / alpha)


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _alpha(confidence: float) -> float:
    _require(0.5 < confidence < 1, f"confidence {confidence}")
    return 1 - confidence


def _require(condition: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise ValueError(f"out of range: {what}")
