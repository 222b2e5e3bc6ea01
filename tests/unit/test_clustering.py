"""Cases of a cluster: what they are worth, and that a gate on them ships no oftener than it says."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lockgate.metrics import measure
from lockgate.model import Completion, Counts, Measure, Sample, Verdict
from lockgate.statistics.clustering import Cluster, cluster_t, clustered, effective_n
from lockgate.statistics.rates import effective_p

ACCURACY = Measure(name="accuracy")
DESIGNS = {
    "5 of 10": [10] * 5,
    "20 of 5": [5] * 20,
    "20 uneven": [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 10, 12, 15, 25],
    "60 and a big one": [1] * 60 + [40],
    "50 of 20": [20] * 50,
}


def samples_of(groups, *, measured=ACCURACY):
    """Samples and their clusters: a list of figures for each document."""
    samples, clusters = [], {}
    for document, figures in enumerate(groups):
        for number, figure in enumerate(figures):
            case_id = f"{document}.{number}"
            verdict = Verdict(status="pass", figures={measured.name: figure})
            samples.append(Sample(case_id=case_id, completion=Completion(), verdicts=(verdict,)))
            clusters[case_id] = f"d{document}"
    return samples, clusters


def metric_of(groups, *, measured=ACCURACY, by_cluster=True):
    samples, clusters = samples_of(groups, measured=measured)
    return measure(samples, [measured], clusters=clusters if by_cluster else {})[0]


def rate_of(groups):
    return [Cluster(total=float(sum(g)), size=len(g)) for g in groups]


documents = st.lists(st.lists(st.booleans(), min_size=1, max_size=6), min_size=1, max_size=12)


@given(documents)
def test_cases_are_worth_at_most_themselves_and_at_least_their_largest_clusters(groups):
    """The effective n lies between the cases divided by the largest cluster's, and the cases."""
    cases, largest = sum(map(len, groups)), max(map(len, groups))
    worth = effective_n(rate_of(groups))
    assert cases / largest - 1e-9 <= worth <= cases


@given(documents)
def test_passes_and_failures_are_worth_the_same(groups):
    """Turned round, every figure, the effective n stays."""
    turned = [[not figure for figure in g] for g in groups]
    assert effective_n(rate_of(turned)) == pytest.approx(effective_n(rate_of(groups)))


def test_clusters_whose_cases_are_all_alike_are_worth_one_each():
    """Documents all right or all wrong count as so many cases, as near as few of them can tell."""
    groups = [[True] * 5] * 90 + [[False] * 5] * 10
    assert 98 <= effective_n(rate_of(groups)) <= 101


def test_clusters_that_do_not_matter_cost_little_where_there_are_many():
    """Where cases fail by chance alone, 400 documents of 3 are worth most of their 1,200 cases."""
    draw = np.random.default_rng(1)
    groups = [[bool(f) for f in g] for g in draw.random((400, 3)) < 0.7]
    assert effective_n(rate_of(groups)) > 900


def test_single_cases_are_what_they_were():
    """A cluster for each case gives the very metric that no clusters give."""
    groups = [[True]] * 30 + [[False]] * 3
    assert metric_of(groups) == metric_of(groups, by_cluster=False)


def test_a_rate_says_how_many_clusters_it_rests_on():
    """Its limits are wider than those of independent cases, and its method and effective n are told."""
    groups = [[True] * 4] * 18 + [[True, True, True, False]] * 2
    found, plain = metric_of(groups), metric_of(groups, by_cluster=False)
    assert (found.value, found.n, found.clusters) == (plain.value, 80, 20)
    assert found.method == "Korn–Graubard over 20 clusters"
    assert found.low < plain.low
    assert found.wilson[0] < plain.wilson[0]
    assert 20 <= found.effective_n < 80


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("likeness", [0, 0.2, 0.5, 1])
@pytest.mark.parametrize("kind", ["beta", "broken"])
def test_a_gate_ships_no_oftener_than_it_says(name, likeness, kind):
    """At the bound itself at most 5 of 100 runs pass a gate at 0.95, however alike a cluster's cases are.

    Either each document has a rate of its own (beta-binomial with that intraclass correlation), or that share
    of the failures comes from documents of which every case fails.
    """
    runs, rate = 600, 0.9
    draw = np.random.default_rng(7)
    sizes = np.array(DESIGNS[name])
    if kind == "broken":
        gone = likeness * (1 - rate)
        rates = np.where(draw.random((runs, len(sizes))) < gone, 0.0, min(1.0, rate / (1 - gone)))
    elif likeness == 0:
        rates = np.full((runs, len(sizes)), rate)
    elif likeness == 1:
        rates = (draw.random((runs, len(sizes))) < rate).astype(float)
    else:
        spread = (1 - likeness) / likeness
        rates = draw.beta(rate * spread, (1 - rate) * spread, (runs, len(sizes)))
    passed = draw.binomial(sizes, rates)
    wrong = 0
    for totals in passed:
        found = [Cluster(total=float(t), size=int(s)) for t, s in zip(totals, sizes, strict=True)]
        n = effective_n(found)
        wrong += effective_p(min(n, n * totals.sum() / sizes.sum()), n, rate) <= 0.05
    assert wrong / runs <= 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / runs)


def test_clusters_put_cases_together():
    """Cases of a cluster are added up, and one without a cluster stands alone, whatever it is called."""
    found = clustered({"a": 1.0, "b": 0.0, "d": 1.0}, {"a": "d", "b": "d"})
    assert found == [Cluster(total=1.0, size=2), Cluster(total=1.0, size=1)]
    assert [c.mean for c in found] == [0.5, 1.0]


@given(st.lists(st.floats(0, 10), min_size=3, max_size=40))
@settings(max_examples=30)
def test_the_error_of_single_clusters_is_the_means(values):
    """Of clusters of one case each, mean and standard error are the usual ones."""
    mean, error = cluster_t([Cluster(total=v, size=1) for v in values])
    assert mean == pytest.approx(np.mean(values))
    assert error == pytest.approx(stats.sem(values), abs=1e-12)


def test_costs_of_clusters_need_thirty_of_them():
    """Student's t counts documents: 20 of 3 cases give no limits, 40 give wider ones than 120 cases."""

    def cost(documents, *, by_cluster=True):
        samples, clusters = samples_of([[True] * 3] * documents)
        priced = [
            Sample(case_id=s.case_id, completion=Completion(cost=0.001 * (1 + n // 3 % 7)))
            for n, s in enumerate(samples)
        ]
        found = measure(priced, [], clusters=clusters if by_cluster else {})
        return next(m for m in found if m.name == "cost_per_1k")

    assert cost(20).low is None
    assert cost(40).low < cost(40, by_cluster=False).low
    assert cost(40).method == "Student t over 40 clusters"


@pytest.mark.parametrize(
    ("measured", "right", "wrong"),
    [
        (Measure(name="score", kind="mean"), 0.9, 0.1),
        (Measure(name="fields", kind="f1"), Counts(tp=2), Counts(tp=1, fn=1)),
    ],
)
def test_other_kinds_are_tested_by_cluster_too(measured, right, wrong):
    """The limits of a mean and of F1 are wider with clusters whose cases are alike, round the same value."""
    groups = [[right] * 4] * 15 + [[wrong] * 4] * 5
    found, plain = (
        metric_of(groups, measured=measured),
        metric_of(groups, measured=measured, by_cluster=False),
    )
    assert found.value == pytest.approx(plain.value)
    assert found.low < plain.low
    assert found.high > plain.high
    assert found.method == "betting over 20 clusters"
