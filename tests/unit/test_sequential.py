"""Limits that hold at every look."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.statistics.evidence import Inference
from lockgate.statistics.rates import binomial_limits, binomial_p
from lockgate.statistics.sequential import (
    AT_THE_END,
    Looks,
    anytime_limits,
    anytime_p,
    at_every_look,
    at_the_last_look,
)

shares = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=60)
confidences = st.sampled_from([0.8, 0.95, 0.99])


def wealth(values, mean, horizon):
    """What the six bettors own on average, written out."""
    least = min(math.sqrt(2 * math.log(20) / horizon) / 2, 0.45)
    stakes = [least * (0.9 / least) ** (k / 5) for k in range(6)]
    return sum(math.prod(1 - g + g * v / mean for v in values) for g in stakes) / 6


@given(shares, confidences)
def test_the_low_limit_is_the_mean_at_which_the_bettors_have_won(values, confidence):
    """Just below it their wealth is at least 1/alpha, just above it is less."""
    low, _ = anytime_limits(values, confidence=confidence, horizon=100)
    won = 1 / (1 - confidence)
    if low > 1e-6:
        assert wealth(values, low * 0.999, 100) >= won * 0.999
    assert wealth(values, max(low, 1e-6) * 1.001, 100) < won * 1.2


@given(shares, confidences)
def test_limits_lie_on_both_sides_of_the_mean(values, confidence):
    """The mean is never outside, nor is a limit outside the range."""
    low, high = anytime_limits(values, confidence=confidence, horizon=60)
    assert 0 <= low <= sum(values) / len(values) + 1e-9
    assert 1 >= high >= sum(values) / len(values) - 1e-9


@given(shares, confidences)
def test_failures_and_successes_mirror_each_other(values, confidence):
    """The limits of 1 - x are 1 minus those of x, the other way round."""
    low, high = anytime_limits(values, confidence=confidence, horizon=60)
    mirrored = anytime_limits([1 - v for v in values], confidence=confidence, horizon=60)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(shares, confidences)
def test_one_more_success_raises_the_low_limit(values, confidence):
    """Limits are monotone in what is seen."""
    before = anytime_limits(values, confidence=confidence, horizon=100)[0]
    assert anytime_limits([*values, 1.0], confidence=confidence, horizon=100)[0] >= before - 1e-9


@given(shares, st.floats(-5, 5), st.floats(0.1, 10))
def test_a_range_only_scales_the_limits(values, least, width):
    """Values in least..most have the limits of their shares of it."""
    low, high = anytime_limits(values, confidence=0.9, horizon=60)
    moved = [min(least + v * width, least + width) for v in values]
    there = anytime_limits(moved, confidence=0.9, horizon=60, least=least, most=least + width)
    assert there == pytest.approx((least + low * width, least + high * width), abs=1e-6)


@given(shares, confidences)
def test_the_order_of_what_is_seen_does_not_matter(values, confidence):
    """At one look, only what is there counts."""
    assert anytime_limits(values, confidence=confidence, horizon=60) == anytime_limits(
        sorted(values), confidence=confidence, horizon=60
    )


@pytest.mark.parametrize("rate", [0.5, 0.9])
def test_looking_often_misses_the_rate_no_more_often_than_promised(rate):
    """Of 150 runs looked at six times, no more ever exclude the true rate than a tenth of them may."""
    draws, missed = random.Random(5), 0
    for _ in range(150):
        values = [float(draws.random() < rate) for _ in range(120)]
        missed += any(
            anytime_limits(values[:n], confidence=0.9, horizon=120)[0] > rate for n in range(20, 121, 20)
        )
    assert missed <= 0.1 * 150 + 3 * math.sqrt(150 * 0.1 * 0.9)


def test_without_values_nothing_is_excluded():
    """Before the first case the limits are the whole range."""
    assert anytime_limits([], confidence=0.95, horizon=10, least=-1, most=1) == (-1, 1)


def test_all_of_one_kind_leaves_one_side_open():
    """Failures alone say nothing against the smallest mean, successes nothing against the greatest."""
    assert anytime_limits([0.0] * 20, confidence=0.95, horizon=20)[0] == 0
    assert anytime_limits([1.0] * 20, confidence=0.95, horizon=20)[1] == 1


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ([2.0], {"confidence": 0.95, "horizon": 5}),
        ([0.5], {"confidence": 0.5, "horizon": 5}),
        ([0.5], {"confidence": 0.95, "horizon": 0}),
        ([0.5], {"confidence": 0.95, "horizon": 5, "least": 1.0, "most": 1.0}),
    ],
)
def test_what_is_out_of_range_is_refused(values, options):
    """A value outside the range, a confidence of a half, no cases and an empty range are errors."""
    with pytest.raises(ValueError, match="out of range"):
        anytime_limits(values, **options)


@given(shares, st.floats(0.01, 0.99), confidences, st.booleans())
def test_p_values_and_limits_agree(values, bound, confidence, above):
    """A p-value is at most alpha where the limit at 1 - alpha is beyond the bound, and only there."""
    low, high = anytime_limits(values, confidence=confidence, horizon=60)
    p = anytime_p(values, bound, horizon=60, above=above)
    if (low > bound + 1e-6) if above else (high < bound - 1e-6):
        assert p <= 1 - confidence + 1e-9
    if (low < bound - 1e-6) if above else (high > bound + 1e-6):
        assert p > 1 - confidence - 1e-9


def test_p_values_of_nothing_and_of_impossible_bounds():
    """Without values nothing is shown; that a share is not below 0 needs none."""
    assert anytime_p([], 0.5, horizon=9) == 1
    assert anytime_p([0.0], 0.0, horizon=9) == 0
    assert anytime_p([1.0] * 5, 0.9, horizon=9, above=False) == 1


def usual(values):
    """The exact test of as many whole successes."""
    total, n = sum(values), len(values)
    return Inference(
        limits=lambda confidence: binomial_limits(total, n, confidence=confidence),
        p_value=lambda bound, *, above: binomial_p(total, n, bound, above=above),
        method="Clopper–Pearson",
    )


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=40), st.booleans(), confidences)
def test_both_kinds_of_look_share_one_error_rate(values, complete, confidence):
    """Early looks have seven tenths of it; the usual limits have the rest once all cases are there."""
    n = len(values)
    looks = Looks(horizon=n if complete else n + 1, seen=n)
    found = at_every_look(usual(values), dict(enumerate(values)), looks, least=0.0)
    error = 1 - confidence
    early = anytime_limits(values, confidence=1 - error * (1 - AT_THE_END), horizon=looks.horizon)
    last = binomial_limits(sum(values), n, confidence=1 - error * AT_THE_END)
    both = (max(early[0], last[0]), min(early[1], last[1])) if complete else early
    assert found.limits(confidence) == pytest.approx(both)
    assert ("Clopper" in found.method) == complete


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=40), st.floats(0.05, 0.95), st.booleans())
def test_both_kinds_of_look_agree_on_a_bound(values, bound, above):
    """The joint p-value is below 5 % where the joint limit at 95 % clears the bound."""
    looks = Looks(horizon=len(values), seen=len(values))
    found = at_every_look(usual(values), dict(enumerate(values)), looks, least=0.0)
    low, high = found.limits(0.95)
    if (low > bound + 1e-6) if above else (high < bound - 1e-6):
        assert found.p_value(bound, above=above) <= 0.05 + 1e-9
    if (low < bound - 1e-6) if above else (high > bound + 1e-6):
        assert found.p_value(bound, above=above) > 0.05 - 1e-9


def test_a_test_for_one_look_says_nothing_before_the_last_case():
    """It has neither limits nor p-values; with all cases it is what it was."""
    whole = usual([1.0] * 9)
    early = at_the_last_look(whole, Looks(horizon=10, seen=9))
    assert early.limits(0.95) == (None, None)
    assert early.p_value(0.5, above=True) == 1
    assert at_the_last_look(whole, Looks(horizon=9, seen=9)) is whole
