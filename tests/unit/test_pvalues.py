"""P-values against scipy and statsmodels, and with the limits that the same tests give."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from lockgate.model import Counts
from lockgate.statistics.beta import t_cdf
from lockgate.statistics.betting import bounded_limits, bounded_p, f1_limits, f1_p
from lockgate.statistics.intervals import (
    mcnemar_p,
    paired_limits,
    paired_p,
    quantile_limits,
    quantile_p,
    t_limits,
    t_p,
)
from lockgate.statistics.rates import (
    binomial_limits,
    binomial_p,
    effective_limits,
    effective_p,
    wilson_limits,
)

confidences = st.floats(0.6, 0.999)
shares = st.floats(0, 1)
sides = st.booleans()
binomials = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
values = st.lists(shares, min_size=1, max_size=40)
counted = st.lists(
    st.builds(Counts, tp=st.integers(0, 4), fp=st.integers(0, 2), fn=st.integers(0, 2)),
    min_size=1,
    max_size=20,
)


def agree(p, limits, bound, confidence, *, above):
    """Whether the p-value is within the error rate exactly where the limit clears the bound.

    Where both are within rounding of each other there is nothing to agree on.
    """
    limit = limits[0] if above else limits[1]
    if limit is None:
        return p > 1 - confidence - 1e-9
    close = math.isclose(limit, bound, abs_tol=1e-7) or math.isclose(p, 1 - confidence, rel_tol=1e-6)
    return close or (p <= 1 - confidence) == (limit >= bound if above else limit <= bound)


@given(binomials, shares, confidences, sides)
def test_a_rate_has_one_test(counts, bound, confidence, above):
    """The exact p-value is at most alpha where the exact limit reaches the bound."""
    k, n = counts
    p = binomial_p(k, n, bound, above=above)
    assert agree(p, binomial_limits(k, n, confidence=confidence), bound, confidence, above=above)


@pytest.mark.parametrize(("k", "n", "bound"), [(45, 50, 0.8), (0, 10, 0.3), (10, 10, 0.7), (950, 1000, 0.94)])
def test_a_rates_p_value_is_scipys(k, n, bound):
    """Both sides are those of scipy's exact binomial test."""
    for above, side in ((True, "greater"), (False, "less")):
        theirs = stats.binomtest(k, n, bound, alternative=side).pvalue
        assert binomial_p(k, n, bound, above=above) == pytest.approx(theirs)


@given(binomials, shares)
def test_more_successes_are_better_evidence(counts, bound):
    """A p-value never rises with a success more, and the two sides mirror each other."""
    k, n = counts
    assert binomial_p(k, n + 1, bound) >= binomial_p(k + 1, n + 1, bound) - 1e-12
    assert binomial_p(k, n, bound, above=False) == pytest.approx(binomial_p(n - k, n, 1 - bound), abs=1e-9)


@given(binomials, confidences)
def test_an_effective_sample_of_whole_size_is_a_sample(counts, confidence):
    """With whole numbers the effective limits and p-values are the exact ones."""
    k, n = counts
    assert effective_limits(k, n, confidence=confidence) == binomial_limits(k, n, confidence=confidence)
    assert effective_p(k, n, 0.5) == binomial_p(k, n, 0.5)


@given(st.floats(0, 1), st.floats(1, 300), shares, confidences, sides)
def test_an_effective_sample_has_one_test(rate, n, bound, confidence, above):
    """Of numbers that are not whole, too, p-value and limit say the same."""
    p = effective_p(rate * n, n, bound, above=above)
    assert agree(p, effective_limits(rate * n, n, confidence=confidence), bound, confidence, above=above)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (9, 10), (45, 50), (50, 50), (950, 1000)])
def test_wilson_limits_are_statsmodels(k, n):
    """Two one-sided limits at c are statsmodels' two-sided Wilson interval."""
    theirs = proportion_confint(k, n, alpha=0.1, method="wilson")
    assert wilson_limits(k, n, confidence=0.95) == pytest.approx(theirs, abs=1e-12)


@given(binomials, confidences)
def test_wilson_limits_hold_the_rate_and_mirror(counts, confidence):
    """They lie in 0..1 around the rate, and those of the failures mirror them."""
    k, n = counts
    low, high = wilson_limits(k, n, confidence=confidence)
    assert 0 <= low <= k / n + 1e-12
    assert k / n - 1e-12 <= high <= 1
    assert wilson_limits(n - k, n, confidence=confidence)[0] == pytest.approx(1 - high, abs=1e-9)


@pytest.mark.parametrize(("k", "n", "confidence"), [(5, 4, 0.9), (-1, 4, 0.9), (0, 0, 0.9), (1, 2, 0.5)])
def test_what_no_rate_can_be_is_refused(k, n, confidence):
    """Impossible counts and confidences are errors of all three limits."""
    for limits in (binomial_limits, effective_limits, wilson_limits):
        with pytest.raises(ValueError, match="out of range"):
            limits(k, n, confidence=confidence)


@given(values, shares, confidences)
@settings(max_examples=40)
def test_a_mean_has_one_test(drawn, bound, confidence):
    """The wealth at the bound is a p-value that the betting limit is the inverse of."""
    p = bounded_p(drawn, bound)
    assert agree(p, bounded_limits(drawn, confidence=confidence), bound, confidence, above=True)


@given(
    values.flatmap(
        lambda v: st.tuples(st.just(v), st.lists(st.integers(1, 9), min_size=len(v), max_size=len(v)))
    )
)
@settings(max_examples=40)
def test_a_mean_of_clusters_has_one_test(drawn):
    """With clusters of any size, p-value and limit agree, and the limits hold the mean over cases."""
    means, sizes = drawn
    low, high = bounded_limits(means, confidence=0.95, sizes=sizes)
    mean = sum(m * s for m, s in zip(means, sizes, strict=True)) / sum(sizes)
    assert low - 1e-9 <= mean <= high + 1e-9
    assert agree(bounded_p(means, low, sizes=sizes), (low, high), low, 0.95, above=True)


@given(values, st.integers(1, 9))
@settings(max_examples=30)
def test_clusters_of_one_size_count_as_one_each(drawn, size):
    """Clusters of the same size have the limits of their means."""
    sized = bounded_limits(drawn, confidence=0.95, sizes=[size] * len(drawn))
    assert sized == pytest.approx(bounded_limits(drawn, confidence=0.95))


def test_limits_of_uneven_clusters_hold():
    """Of clusters whose cases are all alike, the low limit is above the true mean no oftener than it says."""
    draw = random.Random(5)
    sizes, rate, runs = [1, 1, 2, 2, 3, 5, 8, 13], 0.6, 600
    wrong = sum(
        bounded_p([float(draw.random() < rate) for _ in sizes], rate, sizes=sizes) <= 0.05
        for _ in range(runs)
    )
    assert wrong / runs <= 0.05


@given(counted, shares, confidences, sides)
@settings(max_examples=60)
def test_f1_has_one_test(counts, bound, confidence, above):
    """The p-value of F1 is at most alpha where its limit reaches the bound."""
    limits = f1_limits(counts, confidence=confidence)
    p = f1_p(counts, bound, above=above)
    if limits is None:
        assert p == 1
    else:
        assert agree(p, limits, bound, confidence, above=above)


@given(st.lists(st.floats(0, 100), min_size=30, max_size=60), st.floats(-1, 101), confidences, sides)
@settings(max_examples=60)
def test_a_cost_has_one_test(costs, bound, confidence, above):
    """Student's p-value is at most alpha where Student's limit reaches the bound."""
    p = t_p(costs, bound, above=above)
    assert agree(p, t_limits(costs, confidence=confidence), bound, confidence, above=above)


def test_a_costs_p_value_is_scipys():
    """One-sided p-values are those of scipy's t test with an unseen cost, and few costs give none."""
    draw = random.Random(1)
    costs = [draw.expovariate(1) for _ in range(40)]
    mean = sum(costs) / len(costs)
    for above, side, extreme in ((True, "greater", min(costs)), (False, "less", max(costs))):
        every = [*costs, mean + 2 * (extreme - mean)]
        assert t_p(costs, 0.9, above=above) == pytest.approx(
            stats.ttest_1samp(every, 0.9, alternative=side).pvalue
        )
    assert t_p(costs[:29], 0.0) == 1
    assert (t_p([1.0] * 30, 0.5), t_p([1.0] * 30, 2.0)) == (0, 1)


@given(st.floats(-50, 50), st.floats(1, 500))
def test_the_t_distribution_is_scipys(t, freedom):
    """P(T ≤ t) agrees with scipy on both sides of 0."""
    assert t_cdf(t, freedom) == pytest.approx(stats.t.cdf(t, freedom), rel=1e-7, abs=1e-12)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=90), st.integers(0, 31), confidences, sides)
def test_a_quantile_has_one_test(seconds, bound, confidence, above):
    """The binomial tail at the bound says what the order statistics do, ties included."""
    _, *limits = quantile_limits(seconds, 0.9, confidence=confidence)
    p = quantile_p(seconds, 0.9, bound, above=above)
    assert agree(p, limits, bound, confidence, above=above)


def test_a_quantiles_p_value_is_scipys():
    """Both sides are those of scipy's quantile test."""
    seconds = [float(n) for n in range(100)]
    for above, side in ((True, "greater"), (False, "less")):
        theirs = stats.quantile_test(seconds, q=85.5, p=0.9, alternative=side).pvalue
        assert quantile_p(seconds, 0.9, 85.5, above=above) == pytest.approx(theirs)


pairs = st.integers(1, 120).flatmap(
    lambda n: st.integers(0, n).flatmap(lambda g: st.tuples(st.just(g), st.integers(0, n - g), st.just(n)))
)


@given(pairs, st.floats(-1, 1), confidences, sides)
def test_a_paired_difference_has_one_test(drawn, bound, confidence, above):
    """Tango's p-value is at most alpha where his limit reaches the bound."""
    gained, lost, n = drawn
    p = paired_p(gained, lost, n, bound, above=above)
    assert agree(p, paired_limits(gained, lost, n, confidence=confidence), bound, confidence, above=above)


@given(st.integers(0, 60), st.integers(0, 60))
@settings(deadline=None)
def test_mcnemar_is_statsmodels_exact_test(gained, lost):
    """The p-value is statsmodels' exact one, and the same whichever run is named first."""
    theirs = mcnemar([[0, gained], [lost, 0]], exact=True).pvalue if gained + lost else 1.0
    assert mcnemar_p(gained, lost) == pytest.approx(min(theirs, 1.0))
    assert mcnemar_p(gained, lost) == mcnemar_p(lost, gained)
