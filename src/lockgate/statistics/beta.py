"""The beta distribution and what follows from it: tails of the binomial, quantiles of Student's t.

Written here because exact limits are what Lockgate is for, and importing a library for them would take longer
than most of its runs. Tested against scipy.
"""

from __future__ import annotations

import math

__all__ = ["beta_cdf", "beta_quantile", "binomial_cdf", "t_cdf", "t_quantile"]

_TINY = 1e-300
_PRECISION = 1e-15
_MOST_TERMS = 100_000
_MOST_STEPS = 200


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b).

    By its continued fraction (DLMF 8.17.22, https://dlmf.nist.gov/8.17.v), evaluated by Lentz's method on the
    side of the mean where it converges in about √max(a, b) terms.

    Args:
        x: 0..1.
        a: above 0.
        b: above 0.
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(_log_density(x, a, b) + math.log(x) + math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def beta_quantile(p: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = p, by Newton's method within a bracket that halves where it fails.

    Args:
        p: 0..1.
        a: above 0.
        b: above 0.
    """
    if p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    low, high, x = 0.0, 1.0, a / (a + b)
    for _ in range(_MOST_STEPS):
        error = beta_cdf(x, a, b) - p
        low, high = (x, high) if error < 0 else (low, x)
        # Far out the density underflows and Newton leaps out of the bracket.
        slope = math.exp(_log_density(x, a, b))
        newton = x - error / slope if slope > 0 else -1.0
        following = newton if low < newton < high else (low + high) / 2
        if abs(following - x) <= _PRECISION * x:
            return following
        x = following
    return x


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(X ≤ k) for X successes in n trials, each with probability p (DLMF 8.17.5)."""
    if k < 0:
        return 0.0
    return 1.0 if k >= n else beta_cdf(1 - p, n - k, k + 1)


def t_quantile(p: float, freedom: float) -> float:
    """The p-quantile of Student's t distribution, p in 0.5..1, with so many degrees of freedom.

    From the beta distribution of ν/(ν + t²) (Johnson, Kotz & Balakrishnan 1995, chapter 28).
    """
    x = beta_quantile(2 * (1 - p), freedom / 2, 0.5)
    return math.sqrt(freedom * (1 - x) / x) if x > 0 else math.inf


def t_cdf(t: float, freedom: float) -> float:
    """P(T ≤ t) for Student's t with so many degrees of freedom (DLMF 8.17, as for `t_quantile`)."""
    tail = beta_cdf(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
    return tail if t < 0 else 1 - tail


def _log_density(x: float, a: float, b: float) -> float:
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return scale + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x)


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _away(1 + even * d)
        c = _away(1 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _away(1 + odd * d)
        c = _away(1 + odd / c)
        value *= d * c
        if abs(d * c - 1) < _PRECISION:
            break
    return value


def _away(value: float) -> float:
    """The value, kept away from 0, by which it is divided."""
    return value if abs(value) > _TINY else _TINY
