"""Corrections for a check's errors: published values, properties, and limits that hold what they promise."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.statistics.corrected import (
    mean_limits,
    prediction_powered,
    rectifier_limits,
    rogan_gladen,
    rogan_gladen_limits,
    sum_limits,
)
from lockgate.statistics.intervals import binomial_limits, bounded_limits, paired_limits

SHARE = st.floats(0, 1)


@pytest.mark.parametrize(
    ("passed", "n", "sensitivity", "specificity", "true"),
    [
        (23, 150, 0.96, 0.89, 0.0510),
        (6, 151, 0.964, 0.927, -0.0373),
        (8, 210, 0.6, 0.9, -0.1238),
        (12, 189, 0.65, 0.95, 0.0225),
        (7, 124, 0.7, 0.99, 0.0673),
    ],
)
def test_true_rates_of_published_examples(passed, n, sensitivity, specificity, true):
    """The herds and the blood samples of epiR's `epi.prev`, not clipped here."""
    assert rogan_gladen(passed / n, sensitivity, specificity) == pytest.approx(true, abs=5e-5)


@given(SHARE)
def test_a_check_that_never_errs_is_not_corrected(rate):
    """The true rate is the apparent one."""
    assert rogan_gladen(rate, 1.0, 1.0) == pytest.approx(rate)


@given(SHARE, st.floats(0.51, 1), st.floats(0.51, 1))
def test_correction_undoes_the_errors(true, sensitivity, specificity):
    """From a true rate through a check's errors and back is the true rate."""
    apparent = true * sensitivity + (1 - true) * (1 - specificity)
    assert rogan_gladen(apparent, sensitivity, specificity) == pytest.approx(true, abs=1e-9)


@given(SHARE, SHARE)
def test_a_check_that_tells_nothing_corrects_nothing(rate, sensitivity):
    """Where sensitivity and specificity add up to 1 or less there is no true rate."""
    assert rogan_gladen(rate, sensitivity, max(0.0, 1 - sensitivity - 1e-9)) is None


def limits(passed, n, hits=(76, 80), rejects=(36, 40), confidence=0.95):
    return rogan_gladen_limits(passed, n, sensitivity=hits, specificity=rejects, confidence=confidence)


@pytest.mark.parametrize(
    ("passed", "n", "hits", "rejects"),
    [(87, 100, (76, 80), (32, 40)), (30, 60, (45, 50), (45, 50)), (390, 400, (99, 100), (25, 30))],
)
def test_limits_are_quantiles_of_melded_draws(passed, n, hits, rejects):
    """They are those of a million draws from the three beta distributions, within 0.015, and never inside."""
    chance = np.random.default_rng(3)

    def draws(count, low):
        x, m = count
        return chance.beta(x + (not low), m - x + low, size=1_000_000)

    for side, low in enumerate((True, False)):
        rate, specificity = draws((passed, n), low), draws(rejects, low)
        sensitivity = draws(hits, not low)
        true = np.clip((rate + specificity - 1) / (sensitivity + specificity - 1), 0, 1)
        drawn = np.quantile(true, 0.05 if low else 0.95)
        ours = limits(passed, n, hits, rejects)[side]
        assert ours == pytest.approx(drawn, abs=0.015)
        assert ours <= drawn + 0.002 if low else ours >= drawn - 0.002


def test_limits_with_a_perfect_and_well_known_check_are_nearly_exact_ones():
    """A hundred thousand labels without an error leave the limits of Clopper and Pearson."""
    found = limits(90, 100, (100_000, 100_000), (100_000, 100_000))
    assert found == pytest.approx(binomial_limits(90, 100, confidence=0.95), abs=0.015)


def test_few_labels_widen_the_limits():
    """The doubt about the check's errors is carried through."""
    few, many = limits(85, 100, (19, 20), (9, 10)), limits(85, 100, (1900, 2000), (900, 1000))
    assert few[0] < many[0]
    assert few[1] >= many[1]


def test_a_check_that_may_tell_nothing_leaves_all_open():
    """With four labels of each kind nothing can be said."""
    assert limits(50, 100, (3, 4), (3, 4)) == (0.0, 1.0)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 59), st.integers(20, 40), st.integers(20, 40))
def test_limits_are_monotone_in_the_counts(passed, hits, rejects):
    """One more that passes moves both limits up or not at all, and so does one more good that is missed."""
    one, more = (limits(x, 60, (hits, 40), (rejects, 40)) for x in (passed, passed + 1))
    assert one[0] <= more[0]
    assert one[1] <= more[1]
    if hits < 40:
        better = limits(passed, 60, (hits + 1, 40), (rejects, 40))
        assert better[1] <= one[1]


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 60), st.integers(32, 40), st.integers(32, 40))
def test_limits_do_not_care_what_is_called_good(passed, hits, rejects):
    """Good and bad exchanged, the limits are mirrored, within the lattice's grain."""
    low, high = limits(passed, 60, (hits, 40), (rejects, 40))
    mirrored = limits(60 - passed, 60, (rejects, 40), (hits, 40))
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=0.04)


@pytest.mark.parametrize(
    ("true", "sensitivity", "specificity", "numbers"),
    [
        (0.9, 0.95, 0.8, (100, 80, 40)),
        (0.97, 0.95, 0.7, (200, 60, 30)),
        (0.5, 0.9, 0.9, (60, 30, 30)),
        (0.05, 0.8, 0.97, (200, 40, 120)),
    ],
)
def test_limits_cover_the_true_rate(true, sensitivity, specificity, numbers):
    """Of 60 runs each limit is beyond the true rate in at most 8, where 3 are nominal (p < 0.01)."""
    n, good, bad = numbers
    chance = np.random.default_rng(11)
    apparent = true * sensitivity + (1 - true) * (1 - specificity)
    beyond = [0, 0]
    for _ in range(60):
        found = limits(
            int(chance.binomial(n, apparent)),
            n,
            (int(chance.binomial(good, sensitivity)), good),
            (int(chance.binomial(bad, specificity)), bad),
        )
        beyond[0] += found[0] > true
        beyond[1] += found[1] < true
    assert max(beyond) <= 8


@pytest.mark.parametrize(
    ("passed", "n", "hits", "confidence"),
    [
        (-1, 10, (5, 5), 0.95),
        (11, 10, (5, 5), 0.95),
        (0, 0, (5, 5), 0.95),
        (5, 10, (0, 0), 0.95),
        (5, 10, (6, 5), 0.95),
        (5, 10, (5, 5), 0.5),
        (5, 10, (5, 5), 1.0),
    ],
)
def test_counts_out_of_range_are_refused(passed, n, hits, confidence):
    """More hits than answers, no answers, and no confidence level are errors."""
    with pytest.raises(ValueError, match="out of range"):
        limits(passed, n, hits, confidence=confidence)


def test_a_sum_of_two_parts_has_limits_of_both():
    """Distances to the limits add up as the sides of a right triangle."""
    value, (low, high) = sum_limits((0.5, (0.2, 0.9)), (0.1, (-0.3, 0.4)))
    assert value == pytest.approx(0.6)
    assert (low, high) == pytest.approx((0.6 - 0.5, 0.6 + 0.5))


def test_a_part_that_is_known_adds_nothing():
    """The limits are then those of the other, moved."""
    assert sum_limits((0.5, (0.4, 0.6)), (0.25, (0.25, 0.25))) == (0.75, pytest.approx((0.65, 0.85)))


def test_means_and_rectifiers_have_the_limits_of_their_kind():
    """Zeros and ones are counted exactly, differences of them by Tango; all else by betting."""
    assert mean_limits([1, 0, 1], confidence=0.9) == binomial_limits(2, 3, confidence=0.9)
    assert mean_limits([0.5, 1], confidence=0.9) == bounded_limits([0.5, 1], confidence=0.9)
    assert rectifier_limits([1, -1, 0, 0], confidence=0.9) == paired_limits(1, 1, 4, confidence=0.9)
    expected = bounded_limits([0.5, -0.25], confidence=0.9, least=-1.0)
    assert rectifier_limits([0.5, -0.25], confidence=0.9) == expected


def test_prediction_powered_is_the_mean_and_the_rectifier():
    """The estimate is the mean of the scores plus the mean of label minus score (equation 1 of the paper)."""
    scores = [1.0] * 90 + [0.0] * 10
    labelled = [(1.0, 1.0)] * 30 + [(0.0, 1.0)] * 6 + [(1.0, 0.0)] * 2 + [(0.0, 0.0)] * 2
    value, (low, high) = prediction_powered(scores, labelled, confidence=0.95)
    assert value == pytest.approx(0.9 + (2 - 6) / 40)
    assert low < value < high


def test_more_labels_than_others_need_no_prediction():
    """The mean of the labels is then taken alone, with its exact limits."""
    labelled = [(1.0, 0.0)] * 9 + [(0.0, 0.0)]
    found = prediction_powered([0.0] * 9, labelled, confidence=0.95)
    assert found == (0.9, binomial_limits(9, 10, confidence=0.95))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(SHARE, SHARE), min_size=1, max_size=20), st.lists(SHARE, min_size=20, max_size=40))
def test_prediction_powered_limits_hold_the_estimate(labelled, scores):
    """Whatever the scores and labels, the estimate lies between its limits."""
    value, (low, high) = prediction_powered(scores, labelled, confidence=0.95)
    assert low - 1e-9 <= value <= high + 1e-9


@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.95, 0.8), (0.7, 0.6), (1.0, 1.0)])
def test_prediction_powered_covers_with_good_judges_and_bad_ones(sensitivity, specificity):
    """Of 200 runs each limit is beyond the true 0.9 in at most 19, where 10 are nominal (p < 0.01)."""
    chance, beyond = np.random.default_rng(5), [0, 0]
    for _ in range(200):
        good = chance.random(240) < 0.9
        passes = chance.random(240) < np.where(good, sensitivity, 1 - specificity)
        labelled = [(float(a), float(b)) for a, b in zip(good[:40], passes[:40], strict=True)]
        _, (low, high) = prediction_powered([float(p) for p in passes[40:]], labelled, confidence=0.95)
        beyond[0] += low > 0.9
        beyond[1] += high < 0.9
    assert max(beyond) <= 19


def test_predictions_of_a_good_judge_are_worth_more_than_the_labels_alone():
    """With 40 labels and 400 scores of a judge that never errs the limits are the closer."""
    labelled = [(1.0, 1.0)] * 36 + [(0.0, 0.0)] * 4
    _, (low, high) = prediction_powered([1.0] * 360 + [0.0] * 40, labelled, confidence=0.95)
    alone = mean_limits([label for label, _ in labelled], confidence=0.95)
    assert high - low < alone[1] - alone[0]
    assert fmean(label for label, _ in labelled) == 0.9
