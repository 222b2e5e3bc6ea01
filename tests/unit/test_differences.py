"""One metric on two runs, paired by case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.differences import difference
from lockgate.model import Completion, Counts, Metric, Sample, Verdict
from lockgate.statistics.intervals import T_LEAST, bounded_limits, f1_limits, paired_limits

ACCURACY = Metric(name="accuracy", value=None)
HALLUCINATED = Metric(name="hallucinated", value=None, better="lower")
SCORE = Metric(name="score", value=None, kind="mean")
FIELDS = Metric(name="fields", value=None, kind="f1")
COST = Metric(name="cost_per_1k", value=None, kind="mean", unit="usd", better="lower")


def of(metric, values, *, trials=1, first=0):
    """Samples of consecutive cases, each with one value of a metric."""
    return [
        Sample(
            case_id=str(first + i // trials),
            trial=i % trials,
            completion=Completion(),
            verdicts=(Verdict(status="pass", figures={metric.name: value}),),
        )
        for i, value in enumerate(values)
    ]


def test_a_rate_has_tangos_limits():
    """Gained and lost pairs decide, not the two rates apart."""
    ours = of(ACCURACY, [True] * 8 + [False] * 2)
    theirs = of(ACCURACY, [True] * 6 + [False] * 3 + [True])
    found = difference(ours, theirs, ACCURACY)
    assert (found.gained, found.lost, found.n, found.method) == (2, 1, 10, "Tango")
    assert found.value == pytest.approx(0.1)
    assert (found.low, found.high) == paired_limits(2, 1, 10, confidence=0.95)


def test_less_of_what_is_bad_is_better():
    """For a metric that is better lower, the difference is turned."""
    ours, theirs = of(HALLUCINATED, [False] * 10), of(HALLUCINATED, [True] * 3 + [False] * 7)
    found = difference(ours, theirs, HALLUCINATED)
    assert (found.value, found.gained, found.lost) == (pytest.approx(0.3), 3, 0)
    assert found.low == paired_limits(3, 0, 10, confidence=0.95)[0]


def test_only_pairs_count():
    """Cases that one run lacks are left out and counted."""
    found = difference(of(ACCURACY, [True] * 5), of(ACCURACY, [True] * 5, first=3), ACCURACY)
    assert (found.n, found.unpaired) == (2, 6)


def test_no_pair_is_no_difference():
    """Runs without a common case have no difference and no limits."""
    found = difference(of(ACCURACY, [True]), of(ACCURACY, [True], first=9), ACCURACY)
    assert (found.value, found.low, found.high, found.n) == (None, None, None, 0)


@pytest.mark.parametrize(("metric", "good"), [(ACCURACY, True), (HALLUCINATED, False)])
def test_an_unscored_sample_counts_against_then_for_the_run(metric, good):
    """The low limit takes the unknown for a miss of ours, the high limit for a hit."""
    ours, theirs = of(metric, [good] * 9 + [None]), of(metric, [good] * 10)
    found = difference(ours, theirs, metric)
    assert found.value == 0
    assert found.low == paired_limits(0, 1, 10, confidence=0.95)[0]
    assert found.high == paired_limits(0, 0, 10, confidence=0.95)[1]


def test_an_unscored_sample_of_the_baseline_counts_likewise():
    """The low limit takes what the baseline does not know for a hit of its."""
    found = difference(of(ACCURACY, [False] * 10), of(ACCURACY, [False] * 9 + [None]), ACCURACY)
    assert found.low == paired_limits(0, 1, 10, confidence=0.95)[0]


def test_scores_are_paired_by_case():
    """Means of shares have betting limits of the differences in -1..1."""
    ours, theirs = [0.9, 0.8, 0.7] * 10, [0.5, 0.6, 0.7] * 10
    found = difference(of(SCORE, ours), of(SCORE, theirs), SCORE)
    gaps = [a - b for a, b in zip(ours, theirs, strict=True)]
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx(bounded_limits(gaps, confidence=0.95, least=-1.0))


def test_trials_are_paired_by_case():
    """With several trials a case, a rate's difference is of the cases' means."""
    ours = of(ACCURACY, [True, True, False, True] * 5, trials=2)
    theirs = of(ACCURACY, [True, False, False, True] * 5, trials=2)
    found = difference(ours, theirs, ACCURACY)
    assert (found.n, found.gained, found.method) == (20, None, "betting")
    gaps = [0.5, 0.0] * 5
    assert (found.low, found.high) == pytest.approx(bounded_limits(gaps, confidence=0.95, least=-1.0))


def test_f1_takes_each_run_at_half_the_error():
    """The limits of F1's difference come from the two runs' own."""
    ours, theirs = [Counts(tp=3)] * 20, [Counts(tp=2, fn=1)] * 20
    found = difference(of(FIELDS, ours), of(FIELDS, theirs), FIELDS)
    mine, other = (f1_limits(c, confidence=0.975) for c in (ours, theirs))
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(mine[0] - other[1])
    assert found.high == pytest.approx(mine[1] - other[0])


def costs(*values):
    """Samples with these costs of one request."""
    return [Sample(case_id=str(i), completion=Completion(cost=v)) for i, v in enumerate(values)]


def test_costs_need_thirty_pairs_and_all_prices():
    """Below thirty pairs, or with an unknown price, the difference has no limits or one only."""
    prices = [0.001 * (1 + i % 2) for i in range(T_LEAST)]
    cheaper = [p / 2 for p in prices]
    found = difference(costs(*cheaper), costs(*prices), COST)
    assert found.value == pytest.approx(0.75)
    assert 0 < found.low < 0.75 < found.high
    assert difference(costs(*cheaper[1:]), costs(*prices[1:]), COST).low is None
    unknown = difference(costs(None, *cheaper), costs(0.001, *prices), COST)
    assert unknown.low is None


outcomes = st.sampled_from([True, False, None])


@given(st.lists(st.tuples(outcomes, outcomes), min_size=1, max_size=30))
def test_the_limits_hold_the_difference(pairs):
    """Whatever is unknown, the limits lie around the difference of what is known."""
    ours, theirs = (of(ACCURACY, side) for side in zip(*pairs, strict=True))
    found = difference(ours, theirs, ACCURACY)
    assert -1 <= found.low <= found.high <= 1
    if all(None not in pair for pair in pairs):
        assert found.low <= found.value <= found.high
        swapped = difference(theirs, ours, ACCURACY)
        assert (-swapped.high, -swapped.low) == pytest.approx((found.low, found.high), abs=1e-9)
