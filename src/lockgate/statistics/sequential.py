"""Tests that hold however often one looks: what `stop: early` rules by.

The wealth of one who bets a fixed share of it on each case has expectation at most 1 at every time, so it
passes 1/alpha at any time with probability at most alpha (Ville 1939; Waudby-Smith & Ramdas 2024, JRSS B
86:1, section 4). Here the wealth is the mean over several such shares, spread from what suits the last case
to what suits the first ones.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lockgate.statistics.evidence import Inference, Limits, nothing
from lockgate.statistics.intervals import boundary
from lockgate.statistics.ranges import alpha_of, require

__all__ = ["AT_THE_END", "Looks", "anytime_limits", "anytime_p", "at_every_look", "at_the_last_look"]

AT_THE_END = 0.3
"""The share of the error rate that is kept for the one look at all cases, at which the usual limits are used.

By the union bound both together err no more often than one test would. Chosen by simulation at bounds of 0.5,
0.9 and 0.97: three tenths give back most of the power that early looks cost, for about a tenth more calls.
"""

_STAKES = 6
_GREATEST_STAKE = 0.9
_USUAL_ERROR = 0.05
_SMALLEST_MEAN = 1e-100


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How far a run is that may end before its last case.

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


def at_every_look(usual: Inference, values: Mapping[str, float], looks: Looks, *, least: float) -> Inference:
    """The test of a mean of bounded values that may be asked at any time, and the usual one at the end.

    Args:
        usual: the test of the same values for one look.
        values: case id → its value, in least..1.
        looks: how far the run is.
        least: the range's lower end.
    """
    numbers = list(values.values())

    def limits(confidence: float) -> Limits:
        error = (1 - confidence) * (1 - AT_THE_END)
        low, high = anytime_limits(numbers, confidence=1 - error, horizon=looks.horizon, least=least)
        last = usual.limits(1 - (1 - confidence) * AT_THE_END) if looks.complete else (None, None)
        return max(low, low if last[0] is None else last[0]), min(high, high if last[1] is None else last[1])

    def p_value(bound: float, *, above: bool) -> float:
        early = anytime_p(numbers, bound, horizon=looks.horizon, least=least, above=above)
        last = usual.p_value(bound, above=above) / AT_THE_END if looks.complete else 1.0
        return min(early / (1 - AT_THE_END), last, 1.0)

    both = f" and {usual.method}" if looks.complete else ""
    return replace(usual, limits=limits, p_value=p_value, method=f"betting at every look{both}")


def at_the_last_look(usual: Inference, looks: Looks) -> Inference:
    """A test that cannot be asked before all cases are there: until then it says nothing."""
    if looks.complete:
        return usual
    return replace(usual, limits=lambda _: (None, None), p_value=nothing)


def anytime_limits(
    values: Sequence[float], *, confidence: float, horizon: int, least: float = 0.0, most: float = 1.0
) -> tuple[float, float]:
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
    alpha_of(confidence)
    shares, width = _shares(values, horizon, least, most), most - least
    if not shares:
        return least, most
    wanted, stakes = math.log(1 / (1 - confidence)), _stakes(horizon)
    low = _low(shares, wanted, stakes)
    high = 1 - _low([1 - s for s in shares], wanted, stakes)
    return least + low * width, least + high * width


def anytime_p(
    values: Sequence[float],
    bound: float,
    *,
    horizon: int,
    least: float = 0.0,
    most: float = 1.0,
    above: bool = True,
) -> float:
    """The p-value of "the mean is below the bound", or with `above` false of "it is above it".

    It is at most alpha exactly where the limit of `anytime_limits` at 1 - alpha reaches the bound.

    Args:
        values: as for `anytime_limits`, and so the next three.
        bound: what the mean is compared with.
        horizon: likewise.
        least: likewise.
        most: likewise.
        above: which side is to be shown.

    Raises:
        ValueError: an argument is out of range.
    """
    shares, share = _shares(values, horizon, least, most), (bound - least) / (most - least)
    if not above:
        shares, share = [1 - s for s in shares], 1 - share
    if share <= _SMALLEST_MEAN:
        return 0.0
    if not shares or share > math.fsum(shares) / len(shares):
        return 1.0
    return min(1.0, math.exp(-_wealth(Counter(shares), share, _stakes(horizon))))


def _shares(values: Sequence[float], horizon: int, least: float, most: float) -> list[float]:
    require(horizon >= 1 and least < most, f"horizon {horizon}, {least}..{most}")
    require(all(least <= v <= most for v in values), f"a value outside {least}..{most}")
    return [(v - least) / (most - least) for v in values]


def _low(shares: Sequence[float], wanted: float, stakes: Sequence[float]) -> float:
    mean = math.fsum(shares) / len(shares)
    if mean < _SMALLEST_MEAN:
        return 0.0
    tally = Counter(shares)
    return boundary(lambda m: _wealth(tally, m, stakes) >= wanted, 0.0, mean)


def _stakes(horizon: int) -> list[float]:
    """Shares to bet, in equal ratios: from half of what suits all cases to nearly everything."""
    least = min(math.sqrt(2 * math.log(1 / _USUAL_ERROR) / horizon) / 2, _GREATEST_STAKE / 2)
    ratio = (_GREATEST_STAKE / least) ** (1 / (_STAKES - 1))
    return [least * ratio**step for step in range(_STAKES)]


def _wealth(tally: Mapping[float, int], mean: float, stakes: Sequence[float]) -> float:
    """The logarithm of the mean wealth of those who bet that the mean is above this one."""
    logs = [
        math.fsum(times * math.log(1 - stake + stake * share / mean) for share, times in tally.items())
        for stake in stakes
    ]
    top = max(logs)
    return top + math.log(math.fsum(math.exp(w - top) for w in logs) / len(logs))
