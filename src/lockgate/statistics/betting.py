"""Limits and p-values of means and F1 by betting: valid at every n and for every distribution.

A bettor's wealth against the hypothesis "the mean is m" has expectation 1 under it; where it is at least
1/alpha, m is rejected at alpha (Waudby-Smith & Ramdas 2024, JRSS B 86:1, the grid of constant stakes in
section 4.4, here at a fixed n, so that the order of the values does not matter). The stakes do not depend on
alpha, so that 1/wealth is a p-value whose test gives the limits at every confidence.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from lockgate.model import Counts
from lockgate.statistics.ranges import alpha_of, require
from lockgate.statistics.rates import Limits, binomial_limits, binomial_p

__all__ = ["boundary", "bounded_limits", "bounded_p", "f1_limits", "f1_p", "is_rate"]

_Ratio: TypeAlias = tuple[float, float]

_HALVINGS = 45
# Below it 0 stands for the lower limit, which is never wrong; what is tried there could not be divided by.
_SMALLEST_MEAN = 1e-100
_STAKES = (0.5, 1, 2, 4, 8, 16, 64)
# The stakes suit this error rate best, and do well at others.
_USUAL_ALPHA = 0.05


def bounded_limits(
    values: Sequence[float],
    *,
    confidence: float,
    least: float = 0.0,
    most: float = 1.0,
    sizes: Sequence[int] | None = None,
) -> Limits:
    """Limits of the mean of values that cannot leave a range.

    Args:
        values: at least one, each in least..most; with `sizes` the mean of a cluster.
        confidence: of each limit, in 0.5..1.
        least: the range's lower end.
        most: its upper end.
        sizes: how many cases each value is the mean of, where clusters are not of one size. The limits are
            then of the mean over cases, and valid for clusters of these sizes however alike their cases are.

    Raises:
        ValueError: an argument is out of range.
    """
    alpha = alpha_of(confidence)
    shares = _shares(values, least, most)
    low = _low_mean(_weighted(shares, sizes), alpha)
    high = 1 - _low_mean(_weighted([1 - s for s in shares], sizes), alpha)
    return least + low * (most - least), least + high * (most - least)


def bounded_p(
    values: Sequence[float],
    bound: float,
    *,
    least: float = 0.0,
    most: float = 1.0,
    sizes: Sequence[int] | None = None,
) -> float:
    """The p-value of "the mean is at most the bound": at most alpha where the low limit reaches the bound.

    Args:
        values: as for `bounded_limits`, and so the last three.
        bound: in least..most.
        least: the range's lower end.
        most: its upper end.
        sizes: how many cases each value is the mean of.
    """
    tally = _weighted(_shares(values, least, most), sizes)
    share = (bound - least) / (most - least)
    if share <= _SMALLEST_MEAN:
        return 0.0
    if _mean(tally) <= share:
        return 1.0
    return _p(((1 + w * (s / share - 1), k) for (s, w), k in tally.items()))


def f1_limits(counts: Sequence[Counts], *, confidence: float) -> Limits | None:
    """Limits of F1 = 2·tp / (2·tp + fp + fn) of a population of samples.

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
    alpha = alpha_of(confidence)
    found = _sums(counts)
    if found is None:
        return None
    tp, errors = found
    if is_rate(counts):
        least, most = binomial_limits(tp, tp + errors, confidence=confidence)
        return 2 * least / (1 + least), 2 * most / (1 + most)
    f1, tally = 2 * tp / (2 * tp + errors), _Tally(counts)
    low = boundary(lambda f: tally.above(f) <= alpha, 0.0, f1) if tp else 0.0
    high = 1 - boundary(lambda f: tally.below(1 - f) <= alpha, 0.0, 1 - f1) if errors else 1.0
    return low, high


def f1_p(counts: Sequence[Counts], bound: float, *, above: bool = True) -> float:
    """The p-value of "F1 is at most the bound", or with `above` false of "it is at least that".

    Args:
        counts: as for `f1_limits`.
        bound: 0..1.
        above: what is to be shown.
    """
    found = _sums(counts)
    if found is None:
        return 1.0
    tp, errors = found
    f1 = 2 * tp / (2 * tp + errors)
    if bound <= _SMALLEST_MEAN if above else bound >= 1:
        return 0.0
    if is_rate(counts):
        return binomial_p(tp, tp + errors, bound / (2 - bound), above=above)
    if f1 <= bound if above else f1 >= bound:
        return 1.0
    tally = _Tally(counts)
    return tally.above(bound) if above else tally.below(bound)


def is_rate(counts: Iterable[Counts]) -> bool:
    """Whether F1 is that of a rate: no sample has more than one of tp, fp and fn."""
    return all(c.tp + c.fp + c.fn <= 1 for c in counts)


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


class _Tally:
    """Samples of F1 counted once, to be tested at many bounds."""

    def __init__(self, counts: Sequence[Counts]) -> None:
        self._right = max(c.tp + c.fn for c in counts)
        self._wrong = max(c.fp for c in counts) + self._right
        self._seen = Counter((c.tp, c.fp + c.fn) for c in counts)

    def above(self, f: float) -> float:
        """The p-value of "F1 is at most f"; 0 < f."""
        return _p((1 + (2 * t * (1 / f - 1) - e) / self._wrong, k) for (t, e), k in self._seen.items())

    def below(self, f: float) -> float:
        """The p-value of "F1 is at least f"; f < 1."""
        if not self._right:
            return 1.0
        odds = f / (1 - f) / (2 * self._right)
        return _p((1 - t / self._right + e * odds, k) for (t, e), k in self._seen.items())


def _sums(counts: Sequence[Counts]) -> tuple[int, int] | None:
    tp, errors = sum(c.tp for c in counts), sum(c.fp + c.fn for c in counts)
    return (tp, errors) if tp + errors else None


def _shares(values: Sequence[float], least: float, most: float) -> list[float]:
    require(least < most and bool(values), f"{len(values)} values in {least}..{most}")
    require(all(least <= v <= most for v in values), f"a value outside {least}..{most}")
    return [(v - least) / (most - least) for v in values]


def _weighted(shares: Sequence[float], sizes: Sequence[int] | None) -> Counter[tuple[float, float]]:
    """How often each share and weight come; the largest cluster's weight is 1.

    A cluster adds its size times (share - m) to the sum whose mean is tested. Divided by the largest size no
    bettor can lose more than all, and the wealth's expectation stays at 1 for whatever sizes there are.
    """
    if sizes is None:
        return Counter((s, 1.0) for s in shares)
    largest = max(sizes)
    return Counter((s, size / largest) for s, size in zip(shares, sizes, strict=True))


def _mean(tally: Counter[tuple[float, float]]) -> float:
    return math.fsum(s * w * k for (s, w), k in tally.items()) / math.fsum(
        w * k for (_, w), k in tally.items()
    )


def _low_mean(tally: Counter[tuple[float, float]], alpha: float) -> float:
    mean = _mean(tally)
    if mean < _SMALLEST_MEAN:
        return 0.0
    wanted = math.log(1 / alpha)

    def rejected(m: float) -> bool:
        return _log_wealth((1 + w * (s / m - 1), k) for (s, w), k in tally.items()) >= wanted

    return boundary(rejected, 0.0, mean)


def _p(ratios: Iterable[_Ratio]) -> float:
    wealth = _log_wealth(ratios)
    return math.exp(-wealth) if wealth > 0 else 1.0


def _log_wealth(ratios: Iterable[_Ratio]) -> float:
    """The log of what stakes on ratios (what a unit becomes, times seen) make of 1, a part of it on each."""
    ratios = list(ratios)
    unit = math.sqrt(2 * math.log(1 / _USUAL_ALPHA) / sum(k for _, k in ratios))
    stakes = sorted({min(1.0, unit * s) for s in _STAKES})
    logs = [math.fsum(k * _log(1 - g + g * r) for r, k in ratios) for g in stakes]
    top = max(logs)
    if top == -math.inf:
        return -math.inf
    return top + math.log(math.fsum(math.exp(w - top) for w in logs) / len(stakes))


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf
