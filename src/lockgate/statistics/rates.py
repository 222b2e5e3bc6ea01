"""Limits and p-values of a rate: exact ones, and Wilson's to be shown beside them."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TypeAlias

from lockgate.statistics.beta import beta_cdf, beta_quantile
from lockgate.statistics.ranges import alpha_of, require

__all__ = ["Limits", "binomial_limits", "binomial_p", "effective_limits", "effective_p", "wilson_limits"]

Limits: TypeAlias = tuple[float, float]
"""A low limit and a high one."""

_SLACK = 1e-9


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
    _check(successes, n, confidence)
    least, most = math.floor(successes + _SLACK), math.ceil(successes - _SLACK)
    low, high = effective_limits(least, n, confidence=confidence)
    return low, high if least == most else effective_limits(most, n, confidence=confidence)[1]


def binomial_p(successes: float, n: int, bound: float, *, above: bool = True) -> float:
    """The exact p-value of "the rate is below the bound", or with `above` false of "it is above it".

    It is at most alpha exactly where the limit of `binomial_limits` at 1 - alpha reaches the bound.

    Args:
        successes: as for `binomial_limits`.
        n: likewise.
        bound: 0..1.
        above: what is to be shown.
    """
    whole = math.floor(successes + _SLACK) if above else math.ceil(successes - _SLACK)
    return effective_p(whole, n, bound, above=above)


def effective_limits(successes: float, n: float, *, confidence: float) -> Limits:
    """The same for numbers that need not be whole, as an effective sample size gives them.

    Korn & Graubard 1998 (Survey Methodology 24:193): the beta quantiles of Clopper & Pearson's limits.

    Args:
        successes: 0..n.
        n: what the sample is worth in independent trials, above 0.
        confidence: of each limit, in 0.5..1.

    Raises:
        ValueError: an argument is out of range.
    """
    _check(successes, n, confidence)
    alpha = 1 - confidence
    low = beta_quantile(alpha, successes, n - successes + 1) if successes > _SLACK else 0.0
    high = 1 - beta_quantile(alpha, n - successes, successes + 1) if n - successes > _SLACK else 1.0
    return low, high


def effective_p(successes: float, n: float, bound: float, *, above: bool = True) -> float:
    """The p-value whose test gives `effective_limits`; arguments as for `binomial_p`."""
    if not above:
        return effective_p(n - successes, n, 1 - bound)
    if bound <= 0:
        return 0.0
    return beta_cdf(bound, successes, n - successes + 1) if successes > _SLACK else 1.0


def wilson_limits(successes: float, n: float, *, confidence: float) -> Limits:
    """Score limits of a rate (Wilson 1927, JASA 22:209): shorter than exact ones, right on average.

    They are what others report, and are shown beside the exact limits; too short at some rates, they decide
    nothing. Arguments and errors as for `effective_limits`.
    """
    _check(successes, n, confidence)
    z = NormalDist().inv_cdf(confidence)
    rate, square = successes / n, z * z / n
    middle = rate + square / 2
    margin = z * math.sqrt(rate * (1 - rate) / n + square / (4 * n))
    return max((middle - margin) / (1 + square), 0.0), min((middle + margin) / (1 + square), 1.0)


def _check(successes: float, n: float, confidence: float) -> None:
    require(n > 0 and 0 <= successes <= n, f"{successes} successes of {n}")
    alpha_of(confidence)
