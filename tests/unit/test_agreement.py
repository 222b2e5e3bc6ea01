"""Agreement of a check with people: kappa against published and statsmodels' values, and what groups cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from lockgate.model import Rating
from lockgate.statistics.agreement import agree, kappa_error, kappa_limits, kappa_of
from lockgate.statistics.intervals import binomial_limits

COUNT = st.integers(0, 60)
TABLES = st.tuples(COUNT, COUNT, COUNT, COUNT).filter(
    lambda t: min(t[0] + t[1], t[2] + t[3], t[0] + t[2], t[1] + t[3]) > 0
)


def ratings(tp, fn, fp, tn, *, group=lambda number: ""):
    """Labelled answers that make a table."""
    cells = [(True, True)] * tp + [(True, False)] * fn + [(False, True)] * fp + [(False, False)] * tn
    return [
        Rating(label=float(good), good=good, passed=passed, score=float(passed), group=group(number))
        for number, (good, passed) in enumerate(cells)
    ]


def test_kappa_of_the_textbook():
    """Two readers of 50 grant proposals agree on 20 and 15 of them: kappa is 0.4 (Kirch 2008, p. 821)."""
    assert kappa_of(20, 5, 10, 15) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("table", "kappa"),
    [((45, 15, 25, 15), 0.1304), ((25, 35, 5, 35), 0.2593), ((10, 0, 0, 10), 1.0), ((0, 10, 10, 0), -1.0)],
)
def test_kappa_at_known_tables(table, kappa):
    """The two tables of Uebersax with 60 % of agreement, full agreement, and full disagreement."""
    assert kappa_of(*table) == pytest.approx(kappa, abs=5e-5)


@pytest.mark.parametrize("table", [(0, 0, 0, 0), (10, 0, 0, 0), (0, 0, 0, 3)])
def test_kappa_without_a_difference_is_unknown(table):
    """Where both always say the same word, chance explains all of it."""
    assert kappa_of(*table) is None
    assert kappa_error(*table) is None


@settings(deadline=None, max_examples=60)
@given(TABLES)
def test_kappa_and_its_error_are_those_of_statsmodels(table):
    """Estimate and large-sample standard error are the same to ten digits."""
    tp, fn, fp, tn = table
    theirs = cohens_kappa(np.array([[tp, fn], [fp, tn]]))
    assert kappa_of(*table) == pytest.approx(theirs.kappa, abs=1e-10)
    assert kappa_error(*table) == pytest.approx(theirs.std_kappa, abs=1e-8)


@settings(deadline=None, max_examples=15)
@given(TABLES)
def test_kappa_does_not_care_who_is_the_check(table):
    """It is symmetric in the two who judge, and in what is called good."""
    tp, fn, fp, tn = table
    assert kappa_of(tp, fn, fp, tn) == pytest.approx(kappa_of(tp, fp, fn, tn))
    assert kappa_of(tp, fn, fp, tn) == pytest.approx(kappa_of(tn, fp, fn, tp))


def test_limits_of_kappa_come_near_the_large_sample_ones():
    """With 1,000 answers they are within 0.015 of the normal limits by the published standard error."""
    table = (700, 40, 60, 200)
    kappa, error = kappa_of(*table), kappa_error(*table)
    low, high = kappa_limits(*table, confidence=0.95)
    assert (low, high) == pytest.approx((kappa - 1.645 * error, kappa + 1.645 * error), abs=0.015)


def test_limits_of_kappa_do_not_collapse():
    """Twenty answers without a difference of opinion leave room for one, though the standard error is 0."""
    assert kappa_error(10, 0, 0, 10) == 0
    low, high = kappa_limits(10, 0, 0, 10, confidence=0.95)
    assert 0.6 < low < 0.95 < high <= 1


def test_limits_of_kappa_are_always_the_same():
    """The draws have a fixed seed."""
    assert kappa_limits(30, 5, 4, 20, confidence=0.9) == kappa_limits(30, 5, 4, 20, confidence=0.9)


@pytest.mark.parametrize(("good", "hit", "right"), [(0.7, 0.9, 0.8), (0.5, 0.95, 0.95)])
def test_limits_of_kappa_cover_it(good, hit, right):
    """Of 50 tables of 80 answers, at most 7 have a low limit above the true kappa, where 2.5 are nominal."""
    shares = [good * hit, good * (1 - hit), (1 - good) * (1 - right), (1 - good) * right]
    true, chance = kappa_of(*shares), np.random.default_rng(7)
    tables = chance.multinomial(80, shares, size=50)
    covered = [kappa_limits(*map(int, t), confidence=0.95)[0] <= true for t in tables]
    assert sum(covered) >= 43


@pytest.mark.parametrize("arguments", [(-1, 0, 0, 1, 0.95), (1, 1, 1, 1, 0.5), (1, 1, 1, 1, 1)])
def test_limits_of_nothing_sensible_are_refused(arguments):
    """A negative count and a confidence outside 0.5 to 1 are an error."""
    *table, confidence = arguments
    with pytest.raises(ValueError, match="out of range"):
        kappa_limits(*table, confidence=confidence)


def test_shares_and_counts_are_those_of_the_table():
    """Sensitivity is of good answers, specificity of bad ones, and unscored ones are in neither."""
    found = agree([*ratings(8, 2, 1, 4), Rating(label=1.0, good=True, passed=None)])
    assert found.counts == (8, 2, 1, 4)
    assert (found.sensitivity.value, found.specificity.value) == (0.8, 0.8)
    assert (found.same.hits, found.same.n, found.unscored) == (12, 15, 1)
    assert found.kappa == kappa_of(8, 2, 1, 4)


def test_limits_of_shares_are_exact():
    """Without groups they are Clopper and Pearson's."""
    found = agree(ratings(38, 2, 3, 27))
    assert found.sensitivity.limits(confidence=0.95) == binomial_limits(38, 40, confidence=0.95)
    assert found.specificity.limits(confidence=0.95) == binomial_limits(27, 30, confidence=0.95)


def test_nothing_to_count_leaves_all_open():
    """Without a bad answer there is no specificity, and its limits are 0 and 1."""
    found = agree(ratings(5, 1, 0, 0))
    assert found.specificity.value is None
    assert found.specificity.limits(confidence=0.95) == (0.0, 1.0)
    assert found.specificity.worth == (0.0, 0)
    assert agree([]).kappa is None


def test_answers_of_a_group_that_stand_and_fall_together_are_one():
    """Ten documents of five answers each, all right or all wrong, are worth ten answers."""
    together = ratings(40, 10, 0, 0, group=lambda number: f"d{number // 5}")
    found = agree(together).sensitivity
    assert (found.n, found.value) == (50, 0.8)
    assert found.effective_n in (8, 9, 10)
    alone = agree(ratings(40, 10, 0, 0)).sensitivity.limits(confidence=0.95)
    assert found.limits(confidence=0.95)[0] < alone[0]


def test_answers_of_a_group_that_do_not_are_worth_themselves():
    """Where every group has as many hits as the others, nothing is lost."""
    found = agree(ratings(40, 10, 0, 0, group=lambda number: f"d{number % 10}")).sensitivity
    assert found.effective_n == 50


def test_groups_without_a_miss_are_worth_one_each():
    """Nothing is then known of how alike their answers are, so that the cautious number holds."""
    found = agree(ratings(50, 0, 0, 0, group=lambda number: f"d{number // 5}")).sensitivity
    assert found.effective_n == 10


def test_groups_widen_the_limits_of_kappa():
    """The same table in fewer groups says less."""
    alone = agree(ratings(40, 10, 10, 40))
    grouped = agree(ratings(40, 10, 10, 40, group=lambda number: f"d{number // 10}"))
    assert grouped.kappa == alone.kappa
    assert grouped.kappa_limits(confidence=0.95)[0] < alone.kappa_limits(confidence=0.95)[0]


@settings(deadline=None, max_examples=40)
@given(TABLES, st.integers(1, 7))
def test_groups_never_add_anything(table, size):
    """Whatever the groups, the answers are worth at least one and at most their number."""
    found = agree(ratings(*table, group=lambda number: f"d{number // size}"))
    for share in (found.sensitivity, found.specificity, found.same):
        assert 1 <= share.effective_n <= share.n
