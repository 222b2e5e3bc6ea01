"""Rates and means of a check that errs, corrected for its errors, with the doubt about these carried through.

All limits are one-sided, each at the stated confidence, and may leave 0..1: whoever shows them clips them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from statistics import fmean
from typing import TypeAlias

from lockgate.statistics.beta import beta_quantile
from lockgate.statistics.intervals import binomial_limits, bounded_limits, paired_limits

__all__ = [
    "Part",
    "mean_limits",
    "prediction_powered",
    "rectifier_limits",
    "rogan_gladen",
    "rogan_gladen_limits",
    "sum_limits",
]

Limits: TypeAlias = tuple[float, float]
Part: TypeAlias = tuple[float, Limits]
"""An estimate with its limits."""
Counted: TypeAlias = tuple[float, int]
"""Hits of how many independent ones; of hits, a fraction is rounded against the limit."""

_POINTS = 4_096
_CELLS = 128
_FINE = _POINTS // _CELLS
# The root of x⁴ = x + 1: its powers spread points evenly in three dimensions.
_ROOT = 1.2207440846057596


def rogan_gladen(rate: float, sensitivity: float, specificity: float) -> float | None:
    """The true rate behind an apparent one (Rogan & Gladen 1978, Am J Epidemiol 107:71).

    Args:
        rate: what the check passes, 0..1.
        sensitivity: of what is good, the share that it passes.
        specificity: of what is bad, the share that it fails.

    Returns:
        The rate, outside 0..1 where chance took the apparent one beyond what the errors allow; None where
        sensitivity + specificity ≤ 1, as the check then tells nothing.
    """
    informed = sensitivity + specificity - 1
    return (rate + specificity - 1) / informed if informed > 0 else None


def rogan_gladen_limits(
    passed: float, n: int, *, sensitivity: Counted, specificity: Counted, confidence: float
) -> Limits:
    """Limits of the true rate, with the uncertainty of sensitivity and specificity carried through.

    Each of the three shares is drawn from the distribution that its exact limits are quantiles of, on the
    side that makes the limit the wider, and the limit is a quantile of what follows (melded limits: Fay,
    Proschan & Brittain 2015, Biometrics 71:146; for prevalence Bayer, Fay & Graubard 2023, Stat Med 42:1822).
    They are wider than the delta method's and in simulations never below nominal. The draws are a fixed
    lattice, so that the limits are always the same, and monotone in the counts.

    Args:
        passed: samples that the check passes, 0..n; a fraction is rounded down for the low limit and up for
            the high one.
        n: independent samples, at least 1.
        sensitivity: labelled answers that are good and pass, of how many that are good.
        specificity: those that are bad and fail, of how many that are bad.
        confidence: of each limit, in 0.5..1.

    Returns:
        The limits, in 0..1: [0, 1] where the check may well tell nothing.

    Raises:
        ValueError: an argument is out of range.
    """
    counted = ((passed, n), sensitivity, specificity)
    if not 0.5 < confidence < 1 or any(size < 1 or not 0 <= hits <= size for hits, size in counted):
        raise ValueError(f"out of range: {counted} at confidence {confidence}")
    # The true rate grows with the apparent one and with specificity, and falls with sensitivity.
    low, high = _true_rates(counted, high=False), _true_rates(counted, high=True)
    cut = math.floor((1 - confidence) * _POINTS)
    return low[cut], high[_POINTS - 1 - cut]


@lru_cache(maxsize=64)
def _true_rates(counted: tuple[Counted, Counted, Counted], *, high: bool) -> tuple[float, ...]:
    """The true rates on the lattice, sorted, as low or as high as a limit has them.

    Where sensitivity and specificity tell nothing, the true rate may be 0, and 1.
    """
    one, other = (_above, _below) if high else (_below, _above)
    rates, sensitivities, specificities = one(*counted[0]), other(*counted[1]), one(*counted[2])
    found = []
    for i, j, k in _lattice():
        true = rogan_gladen(rates[i], sensitivities[j], specificities[k])
        found.append(float(high) if true is None else min(max(true, 0.0), 1.0))
    return tuple(sorted(found))


@cache
def _lattice() -> tuple[tuple[int, int, int], ...]:
    """Points of the unit cube, evenly spread, as cells (a Kronecker sequence of powers of one root)."""
    steps = [(i + 0.5) for i in range(_POINTS)]
    one, two, three = ([_cell(step * _ROOT**-power % 1) for step in steps] for power in (1, 2, 3))
    return tuple(zip(one, two, three, strict=True))


def _cell(share: float) -> int:
    """The cell of `_middles` that a share of 0..1 is in."""
    if share * _CELLS < 1:
        return int(share * _POINTS)
    if (1 - share) * _CELLS <= 1:
        return _CELLS + 2 * _FINE - 3 - min(int((1 - share) * _POINTS), _FINE - 1)
    return _FINE - 1 + int(share * _CELLS)


@cache
def _middles() -> tuple[float, ...]:
    """The middle of each cell of 0..1: cells of one size, but for fine ones at both ends."""
    low = [(cell + 0.5) / _POINTS for cell in range(_FINE)]
    return (*low, *((cell + 0.5) / _CELLS for cell in range(1, _CELLS - 1)), *(1 - end for end in low[::-1]))


@lru_cache(maxsize=256)
def _below(hits: float, n: int) -> tuple[float, ...]:
    """The distribution of which exact low limits are quantiles, by cells; the lowest stands at 0."""
    least = math.floor(hits + 1e-9)
    if not least:
        return (0.0,) * len(_middles())
    return (0.0, *(beta_quantile(middle, least, n - least + 1) for middle in _middles()[1:]))


@lru_cache(maxsize=256)
def _above(hits: float, n: int) -> tuple[float, ...]:
    """The same for high limits, the highest cell at 1."""
    return tuple(1 - share for share in reversed(_below(n - hits, n)))


def prediction_powered(
    unlabelled: Sequence[float], labelled: Sequence[tuple[float, float]], *, confidence: float
) -> Part:
    """A mean from many of a check's scores and few of people's (Angelopoulos et al. 2023, Science 382:669).

    The mean of the check's scores where there is no label, plus the mean by which labels differ from the
    check's scores where there are both; where fewer are unlabelled than labelled, the mean of the labels. The
    labelled ones are a sample drawn by chance from the same population. Which of the two it is depends on the
    numbers alone, not on what came out.

    Args:
        unlabelled: the check's score of each independent sample without a label, 0..1.
        labelled: a person's and the check's score of each with one, at least 1.
        confidence: of each limit, in 0.5..1.

    Returns:
        The mean and its limits: those of its parts, added as in `sum_limits`.
    """
    if len(unlabelled) < len(labelled):
        labels = [label for label, _ in labelled]
        return fmean(labels), mean_limits(labels, confidence=confidence)
    errors = [label - score for label, score in labelled]
    return sum_limits(
        (fmean(unlabelled), mean_limits(unlabelled, confidence=confidence)),
        (fmean(errors), rectifier_limits(errors, confidence=confidence)),
    )


def mean_limits(values: Sequence[float], *, confidence: float) -> Limits:
    """Limits of a mean of shares: exact where all are 0 or 1, else by betting."""
    if all(value in (0, 1) for value in values):
        return binomial_limits(sum(values), len(values), confidence=confidence)
    return bounded_limits(values, confidence=confidence)


def rectifier_limits(errors: Sequence[float], *, confidence: float) -> Limits:
    """Limits of the mean of differences in -1..1: Tango's where all are -1, 0 or 1, else by betting."""
    if all(error in (-1, 0, 1) for error in errors):
        more, less = (sum(error == side for error in errors) for side in (1, -1))
        return paired_limits(more, less, len(errors), confidence=confidence)
    return bounded_limits(errors, confidence=confidence, least=-1.0)


def sum_limits(one: Part, other: Part) -> Part:
    """The sum of two independent estimates with limits recovered from theirs (Zou & Donner 2008).

    Stat Med 27:1693 (MOVER): the squares of the distances to the limits add up. As near to nominal as the
    limits that go in.
    """
    value = one[0] + other[0]
    below = math.hypot(one[0] - one[1][0], other[0] - other[1][0])
    above = math.hypot(one[1][1] - one[0], other[1][1] - other[0])
    return value, (value - below, value + above)
