"""Tests that are known by their limits alone, and evidence with unscored samples."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.metrics import evidence
from lockgate.model import Completion, Labels, Measure, Sample, Verdict
from lockgate.statistics.evidence import p_by_levels
from lockgate.statistics.inference import by_cluster, infer, infer_quantile, shared
from lockgate.statistics.rates import binomial_limits, binomial_p

ACCURACY = Measure(name="accuracy")
COST = Measure(name="cost_per_1k", kind="mean", better="lower", unit="usd")
MACRO = Measure(name="macro", kind="macro_f1")


@given(
    st.integers(1, 80).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.floats(0.01, 0.99),
    st.booleans(),
)
def test_limits_tell_their_p_value(counts, bound, above):
    """Of the exact limits, the p-value that is found is the exact one, rounded up."""
    k, n = counts
    found = p_by_levels(lambda c: binomial_limits(k, n, confidence=c), bound, above=above)
    exact = binomial_p(k, n, bound, above=above)
    if exact > 0.4999:
        assert found == 1
    else:
        assert found == pytest.approx(max(exact, 1e-6), rel=1e-4)
        assert found >= exact * (1 - 1e-9)


def test_limits_that_are_not_there_show_nothing():
    """Without limits every p-value is 1."""
    assert p_by_levels(lambda _: (None, None), 0.5, above=True) == 1


def sample(number, figure, *, measured=ACCURACY, cost=None):
    verdict = Verdict(status="pass", figures={measured.name: figure})
    return Sample(case_id=f"c{number}", completion=Completion(cost=cost), verdicts=(verdict,))


def test_unscored_samples_count_against_what_is_to_be_shown():
    """With five of sixty unknown, a rate is shown as if they failed, and denied as if they passed."""
    found = evidence([sample(n, True if n < 55 else None) for n in range(60)], ACCURACY)
    assert found.p_value(0.8, above=True) == pytest.approx(binomial_p(55, 60, 0.8))
    assert found.p_value(0.99, above=False) == pytest.approx(binomial_p(60, 60, 0.99, above=False))


def test_a_cost_that_is_unknown_shows_nothing_below_any_bound():
    """It could be any."""
    priced = [sample(n, True, cost=0.001 if n else None) for n in range(60)]
    assert evidence(priced, COST).p_value(1000, above=False) == 1


def test_macro_f1_has_p_values_by_its_limits():
    """All right of forty are above 0.5, and not above 0.999."""
    right = {(f"c{n}", 0): Labels(expected="ab"[n % 2], answered="ab"[n % 2]) for n in range(40)}
    found = infer(MACRO, right)
    low = found.limits(0.95)[0]
    assert found.p_value(low - 1e-6, above=True) <= 0.05 < found.p_value(low + 0.01, above=True)
    assert found.method == "MOVER"


def test_nothing_says_nothing():
    """Without samples and without timings there are no limits, and every p-value is 1."""
    for found in (infer(ACCURACY, {}), infer(COST, {("a", 0): None}), infer_quantile([], 0.95)):
        assert found.limits(0.95) == (None, None)
        assert found.p_value(0.5, above=True) == found.p_value(0.5, above=False) == 1
    assert [infer(m, {}).method for m in (ACCURACY, COST, MACRO)] == ["Clopper–Pearson", "Student t", "MOVER"]


def test_clusters_matter_only_where_cases_share_one():
    """A cluster for each case is none; cases without one are their own."""
    assert shared(["a", "b"], {"a": "x", "b": "y"}) == set()
    assert shared(["a", "b"], {}) == set()
    assert shared(["a", "b", "c"], {"a": "x", "b": "x"}) == {"x", "c"}


def test_figures_of_a_cluster_are_as_trials_of_one_case():
    """Each keeps its figure, under its cluster and a number of its own."""
    figures = {("a", 0): True, ("b", 0): False, ("a", 1): None, ("c", 0): True}
    assert by_cluster(figures, {"a": "x", "b": "x"}) == {
        ("x", 0): True,
        ("x", 1): False,
        ("x", 2): None,
        ("c", 0): True,
    }


def test_a_rate_of_clusters_reaches_its_limits():
    """All right is 1 up to the high limit, and a p-value lies in 0..1."""
    figures = {(f"c{n}", 0): True for n in range(40)}
    found = infer(ACCURACY, figures, {f"c{n}": str(n // 4) for n in range(40)})
    assert found.limits(0.95)[1] == 1
    assert 0 < found.p_value(0.5, above=True) < 0.05
    assert math.isclose(found.p_value(0.5, above=False), 1)
