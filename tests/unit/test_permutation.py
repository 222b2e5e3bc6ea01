"""Flipping signs: against scipy, and whatever the values."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lockgate.statistics.intervals import mcnemar_p
from lockgate.statistics.permutation import permutation_p

differences = st.lists(st.integers(-8, 8).map(lambda n: n / 8), max_size=12)


@given(differences)
@settings(max_examples=30, deadline=None)
def test_it_is_scipys_test(drawn):
    """The exact p-value is that of scipy's permutation test of paired samples."""
    moved = [d for d in drawn if d]
    if len(moved) > 1:
        theirs = stats.permutation_test(
            (moved, [0.0] * len(moved)),
            lambda x, y: sum(x) - sum(y),
            permutation_type="samples",
            n_resamples=10_000,
        ).pvalue
        assert permutation_p(drawn) == pytest.approx(theirs)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 9))
def test_of_hits_and_misses_it_is_mcnemars(gained, lost, same):
    """With differences of 1, -1 and 0 the test is the exact McNemar test."""
    assert permutation_p([1.0] * gained + [-1.0] * lost + [0.0] * same) == pytest.approx(
        mcnemar_p(gained, lost)
    )


@given(differences)
def test_it_does_not_matter_which_run_is_first(drawn):
    """Turned round, the p-value stays, and it is in 0..1."""
    assert 0 < permutation_p(drawn) <= 1
    assert permutation_p(drawn) == permutation_p([-d for d in drawn])


def test_no_difference_is_no_evidence():
    """Of nothing, and of equal runs, the p-value is 1."""
    assert permutation_p([]) == permutation_p([0.0] * 50) == 1


def test_many_values_are_drawn_from_the_same_each_time():
    """Where sums are too many to count, seeded draws come near to Student's t."""
    draw = random.Random(4)
    drawn = [draw.gauss(0.15, 1) for _ in range(200)]
    found = permutation_p(drawn)
    assert found == permutation_p(drawn)
    assert found == pytest.approx(stats.ttest_1samp(drawn, 0).pvalue, abs=0.02)


def test_it_holds_its_level():
    """Of runs that do not differ, at most 5 of 100 differ at 0.05."""
    draw = random.Random(8)
    runs = 400
    wrong = sum(
        permutation_p([draw.choice((-1, 0, 0.5, 1, -0.5)) for _ in range(15)]) <= 0.05 for _ in range(runs)
    )
    assert wrong / runs <= 0.05 + 0.025
