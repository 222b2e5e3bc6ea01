"""Limits that hold however often one looks: what `stop: early` rules by.

The wealth of one who bets a fixed share of it on each case has expectation at most 1 at every time, so it
passes 1/alpha at any time with probability at most alpha (Ville 1939; Waudby-Smith & Ramdas 2024, JRSS B
86:1, section 4). Here the wealth is the mean over several such shares, spread from what suits the last case
to what suits the first ones.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lockgate.stats import Limits, boundary

__all__ = ["AT_THE_END", "Looks", "anytime_limits"]

AT_THE_END = 0.3
"""The share of the error rate that is kept for the one look at all cases, at which the usual limits are used.

By the union bound both together err no more often than one test would. Chosen by simulation at bounds of 0.5,
0.9 and 0.97: three tenths give back most of the power that early looks cost, for about a tenth more calls.
"""

_STAKES = 6
_GREATEST_STAKE = 0.9
_SMALLEST_MEAN = 1e-100


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How a run is looked at that may end before its last case.

    Args:
        horizon: the suite's cases, at least 1.
        seen: how many of them, in the order drawn, are there now.
    """

    horizon: int
    seen: int

    @property
    def complete(self) -> bool:
        """Whether no case is left, so that the usual limits have their share of the error rate."""
        return self.seen >= self.horizon

    def early(self, confidence: float) -> float:
        """The confidence of the limits that hold at every look."""
        return 1 - (1 - confidence) * (1 - AT_THE_END)

    def last(self, confidence: float) -> float:
        """The confidence of the usual limits, once all cases are there."""
        return 1 - (1 - confidence) * AT_THE_END


def anytime_limits(
    values: Sequence[float], *, confidence: float, horizon: int, least: float = 0.0, most: float = 1.0
) -> Limits:
    """Limits of the mean of values in a range: each holds at all times at once, with its confidence.

    Args:
        values: one for each independent case so far, each in least..most; the cases come in random order.
        confidence: of each limit, in 0.5..1.
        horizon: the most cases there can be; fixed before the first of them, as it sets the stakes.
        least: the range's lower end.
        most: its upper end.

    Returns:
        `(low, high)`; without values the whole range.

    Raises:
        ValueError: an argument is out of range.
    """
    if not (0.5 < confidence < 1 and horizon >= 1 and least < most):
        raise ValueError(f"out of range: confidence {confidence}, horizon {horizon}, {least}..{most}")
    if not all(least <= v <= most for v in values):
        raise ValueError(f"out of range: a value outside {least}..{most}")
    if not values:
        return least, most
    alpha, width = 1 - confidence, most - least
    shares = [(v - least) / width for v in values]
    low = _low(shares, alpha, horizon)
    high = 1 - _low([1 - s for s in shares], alpha, horizon)
    return least + low * width, least + high * width


def _low(shares: Sequence[float], alpha: float, horizon: int) -> float:
    mean = math.fsum(shares) / len(shares)
    if mean < _SMALLEST_MEAN:
        return 0.0
    tally, stakes, wanted = Counter(shares), _stakes(alpha, horizon), math.log(1 / alpha)
    return boundary(lambda m: _wealth(tally, m, stakes) >= wanted, 0.0, mean)


def _stakes(alpha: float, horizon: int) -> list[float]:
    """Shares to bet, in equal ratios: from half of what suits all cases to nearly everything."""
    least = min(math.sqrt(2 * math.log(1 / alpha) / horizon) / 2, _GREATEST_STAKE / 2)
    ratio = (_GREATEST_STAKE / least) ** (1 / (_STAKES - 1))
    return [least * ratio**step for step in range(_STAKES)]


def _wealth(tally: Counter[float], mean: float, stakes: Sequence[float]) -> float:
    """The logarithm of the mean wealth of those who bet that the mean is above this one."""
    logs = [
        math.fsum(times * math.log(1 - stake + stake * share / mean) for share, times in tally.items())
        for stake in stakes
    ]
    top = max(logs)
    return top + math.log(math.fsum(math.exp(w - top) for w in logs) / len(logs))
