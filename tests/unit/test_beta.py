"""Tails and quantiles against scipy, over many orders of magnitude."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import special

from lockgate.statistics.beta import beta_cdf, beta_quantile, binomial_cdf, t_quantile

shapes = st.floats(0.5, 1e6)
shares = st.floats(1e-6, 1 - 1e-6)


@given(x=st.floats(0, 1), a=shapes, b=shapes)
def test_the_distribution_is_scipys(x, a, b):
    """I_x(a, b) agrees to nine digits, from shapes below 1 to a million."""
    assert beta_cdf(x, a, b) == pytest.approx(special.betainc(a, b, x), rel=1e-8, abs=1e-9)


@given(p=shares, a=shapes, b=shapes)
def test_the_quantile_is_scipys(p, a, b):
    """Where scipy's function is inverted, ours gives the same x."""
    assert beta_quantile(p, a, b) == pytest.approx(special.betaincinv(a, b, p), rel=1e-7, abs=1e-12)


@given(p=shares, a=shapes, b=shapes)
def test_the_quantile_inverts_the_distribution(p, a, b):
    """I at the p-quantile is p."""
    assert beta_cdf(beta_quantile(p, a, b), a, b) == pytest.approx(p, rel=1e-6, abs=1e-9)


@given(p=st.lists(shares, min_size=2, max_size=2, unique=True).map(sorted), a=shapes, b=shapes)
@example(p=[1e-06, 1.0000000000000002e-06], a=1.0, b=1.0)
def test_quantiles_grow_with_their_share(p, a, b):
    """A larger share has no smaller quantile, up to the last digits of a double."""
    assert beta_quantile(p[0], a, b) <= beta_quantile(p[1], a, b) * (1 + 1e-12)


@pytest.mark.parametrize(("x", "share"), [(-1.0, 0.0), (0.0, 0.0), (1.0, 1.0), (2.0, 1.0)])
def test_beyond_the_ends_all_or_nothing(x, share):
    """Outside 0..1 the distribution is 0 or 1, and so are its quantiles there."""
    assert beta_cdf(x, 2, 3) == share
    assert beta_quantile(share, 2, 3) == share


@given(n=st.integers(1, 100_000), share=st.floats(0, 1), p=st.floats(0.001, 0.999))
def test_binomial_tails_are_scipys(n, share, p):
    """P(X ≤ k) agrees for every k, the first and the last included."""
    k = round(share * (n + 1)) - 1
    wanted = special.bdtr(k, n, p) if k >= 0 else 0.0
    assert binomial_cdf(k, n, p) == pytest.approx(wanted, rel=1e-7, abs=1e-9)


@given(p=st.floats(0.51, 0.9999), freedom=st.integers(1, 100_000))
def test_t_quantiles_are_scipys(p, freedom):
    """Student's t agrees from one degree of freedom to as good as normal."""
    assert t_quantile(p, freedom) == pytest.approx(special.stdtrit(freedom, p), rel=1e-6)


def test_published_values():
    """Three successes of ten at 0.975 (Clopper & Pearson 1934) and t at 0.975 with 10 degrees of freedom."""
    assert beta_quantile(0.025, 3, 8) == pytest.approx(0.0667, abs=5e-5)
    assert 1 - beta_quantile(0.025, 7, 4) == pytest.approx(0.6525, abs=5e-5)
    assert t_quantile(0.975, 10) == pytest.approx(2.228, abs=5e-4)
    assert math.isinf(t_quantile(1.0, 10))
