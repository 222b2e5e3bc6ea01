"""Samples to metrics."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import UsageError
from lockgate.metrics import measure
from lockgate.model import BUILTIN_MEASURES, Completion, Counts, Measure, Sample, Timing, Verdict
from lockgate.statistics.intervals import binomial_limits, bounded_limits, f1_limits, t_limits

ACCURACY = Measure(name="accuracy")
SCORE = Measure(name="score", kind="mean")
FIELDS = Measure(name="fields", kind="f1")


ANSWER = Completion(text="x")


def of(metric, values, *, completion=ANSWER, trials=1):
    """Samples of consecutive cases, each with one value of a metric; the string `error` is an error."""
    made = []
    for i, value in enumerate(values):
        case_id, trial = f"case-{i // trials}", i % trials
        if value == "error":
            made.append(Sample(case_id=case_id, trial=trial, error="down"))
        else:
            verdict = Verdict(status="pass", figures={metric: value})
            made.append(Sample(case_id=case_id, trial=trial, completion=completion, verdicts=(verdict,)))
    return made


def only(name, metrics):
    """The metric of that name."""
    return next(m for m in metrics if m.name == name)


def test_every_measure_has_its_metric_in_order():
    """The checks' metrics come first, then the built-in ones, with or without a value."""
    names = [m.name for m in measure([], [ACCURACY, SCORE])]
    assert names == ["accuracy", "score", *(m.name for m in BUILTIN_MEASURES)]
    assert all(m.value is None and m.n == 0 and m.coverage is None for m in measure([], [ACCURACY, SCORE]))


def test_a_metric_takes_over_its_measure():
    """Name, kind, unit and better are the measure's."""
    cost = only("cost_per_1k", measure([], []))
    assert (cost.kind, cost.unit, cost.better) == ("mean", "usd", "lower")


def test_a_rate_has_exact_limits():
    """Forty-five of fifty have Clopper's and Pearson's limits."""
    found = only("accuracy", measure(of("accuracy", [True] * 45 + [False] * 5), [ACCURACY]))
    assert (found.value, found.n, found.unscored, found.method) == (0.9, 50, 0, "Clopper–Pearson")
    assert (found.low, found.high) == binomial_limits(45, 50, confidence=0.95)
    assert (found.floor, found.ceiling) == (found.low, found.high)


def test_unscored_samples_widen_what_could_be():
    """The floor counts the unscored as misses, the ceiling as hits; value and limits leave them out."""
    found = only("accuracy", measure(of("accuracy", [True] * 45 + [None] * 5), [ACCURACY]))
    assert (found.value, found.n, found.unscored, found.coverage) == (1.0, 45, 5, 0.9)
    assert found.low == binomial_limits(45, 45, confidence=0.95)[0]
    assert found.floor == binomial_limits(45, 50, confidence=0.95)[0]
    assert found.ceiling == 1


def test_errors_are_misses():
    """A backend's errors stay in the denominator."""
    found = measure(of("accuracy", [True] * 6 + ["error"] * 4), [ACCURACY])
    assert (only("accuracy", found).value, only("accuracy", found).n) == (0.6, 10)
    assert only("error_rate", found).value == 0.4


def test_all_errors_are_a_rate_of_nothing():
    """When no sample was answered, accuracy is 0 and the error rate 1."""
    found = measure(of("accuracy", ["error"] * 8), [ACCURACY])
    assert (only("accuracy", found).value, only("error_rate", found).value) == (0.0, 1.0)
    assert only("tokens_in", found).value is None


def test_nothing_scored_is_no_value():
    """When every sample is unscored there is neither value nor limit, and all is possible."""
    found = only("accuracy", measure(of("accuracy", [None] * 8), [ACCURACY]))
    assert (found.value, found.low, found.high, found.n, found.unscored) == (None, None, None, 0, 8)
    assert found.floor == 0
    assert found.ceiling == 1


def test_nan_is_unscored():
    """NaN is never a figure."""
    found = only("score", measure(of("score", [math.nan] * 3), [SCORE]))
    assert (found.value, found.n, found.unscored) == (None, 0, 3)


def test_a_mean_of_shares_has_betting_limits():
    """Scores of 0..1 have the limits that hold at every n."""
    values = [0.5, 0.7, 0.9, 1.0] * 5
    found = only("score", measure(of("score", values), [SCORE]))
    assert found.value == pytest.approx(0.775)
    assert (found.low, found.high) == bounded_limits(values, confidence=0.95)
    assert found.method == "betting"


def test_f1_is_micro_averaged():
    """F1 is of the sums, with limits by betting."""
    counts = [Counts(tp=4)] * 9 + [Counts(tp=1, fp=1, fn=2)]
    found = only("fields", measure(of("fields", counts), [FIELDS]))
    assert found.value == pytest.approx(2 * 37 / (2 * 37 + 3))
    assert (found.low, found.high) == f1_limits(counts, confidence=0.95)


def test_f1_of_nothing_is_no_value():
    """Samples without a field give no F1."""
    found = only("fields", measure(of("fields", [Counts()] * 3), [FIELDS]))
    assert (found.value, found.low, found.high) == (None, None, None)


def test_costs_have_student_limits_from_thirty_cases_on():
    """Thirty costs have limits, twenty-nine have none."""
    answered = [Completion(text="x", cost=0.001 * (1 + i % 3)) for i in range(30)]
    samples = [Sample(case_id=str(i), completion=c) for i, c in enumerate(answered)]
    found = only("cost_per_1k", measure(samples, []))
    assert found.value == pytest.approx(2.0)
    assert (found.low, found.high) == t_limits([1000 * c.cost for c in answered], confidence=0.95)
    fewer = only("cost_per_1k", measure(samples[:29], []))
    assert (fewer.value is None, fewer.low, fewer.high) == (False, None, None)


def test_an_unknown_cost_leaves_no_ceiling():
    """One request without a known price could have cost anything."""
    samples = [Sample(case_id=str(i), completion=Completion(cost=0.001 * (i + 1))) for i in range(40)]
    samples.append(Sample(case_id="x", completion=Completion()))
    found = only("cost_per_1k", measure(samples, []))
    assert found.unscored == 1
    assert found.floor < found.low
    assert found.ceiling is None


def test_latency_comes_from_the_probe_alone():
    """Quantiles are of the timings; a completion's own seconds are never used."""
    timings = [Timing(seconds=i / 100, queued_seconds=9.0) for i in range(1, 60)]
    found = measure(of("accuracy", [True], completion=Completion(seconds=99.0)), [], timings=timings)
    p95 = only("latency_p95", found)
    assert (p95.value, p95.high, p95.n, p95.unit) == (0.57, 0.59, 59, "s")
    assert only("latency_p99", found).high is None


def test_trials_are_counted_by_case():
    """Ten cases of three trials have the limits of ten cases, not of thirty."""
    values = [True, True, False] * 4 + [True] * 18
    found = only("accuracy", measure(of("accuracy", values, trials=3), [ACCURACY]))
    assert found.value == pytest.approx((4 * 2 / 3 + 6) / 10)
    assert (found.n, found.method) == (30, "Clopper–Pearson over 10 cases")
    assert found.low == binomial_limits(8, 10, confidence=0.95)[0]
    assert found.high == binomial_limits(9, 10, confidence=0.95)[1]


def test_a_gate_may_ask_for_its_own_confidence():
    """A metric's limits are at its own confidence where one is given."""
    samples = of("accuracy", [True] * 20)
    found = measure(samples, [ACCURACY], confidence=0.9, confidences={"accuracy": 0.99})
    assert only("accuracy", found).confidence == 0.99
    assert only("accuracy", found).low == binomial_limits(20, 20, confidence=0.99)[0]
    assert only("error_rate", found).confidence == 0.9


def test_a_latency_gate_may_ask_for_its_own_confidence():
    """So are those of a quantile: 45 timings give p95 a high limit at 0.9 and none at 0.95."""
    timings = [Timing(seconds=s / 10) for s in range(45)]
    found = measure([], [], timings=timings, confidences={"latency_p95": 0.9})
    assert (only("latency_p95", found).confidence, only("latency_p95", found).high) == (0.9, 4.4)
    assert only("latency_p95", measure([], [], timings=timings)).high is None


def test_measures_of_one_name_must_agree():
    """Two checks may share a metric, and may not make it in different ways."""
    assert len(measure([], [ACCURACY, ACCURACY])) == 1 + len(BUILTIN_MEASURES)
    with pytest.raises(UsageError, match="make the metric 'accuracy' in different ways"):
        measure([], [ACCURACY, Measure(name="accuracy", kind="mean")])


figures = st.one_of(st.booleans(), st.none(), st.just("error"))


@given(st.lists(figures, min_size=1, max_size=40))
def test_limits_are_nested(values):
    """The floor is never above the low limit, the ceiling never below the high one, and n is whole."""
    found = only("accuracy", measure(of("accuracy", values), [ACCURACY]))
    assert found.n + found.unscored == len(values)
    assert 0 <= found.floor <= found.ceiling <= 1
    if found.value is not None:
        assert found.floor <= found.low <= found.value <= found.high <= found.ceiling


@given(st.lists(figures, min_size=1, max_size=30))
def test_an_answer_instead_of_an_error_never_hurts(values):
    """Turning an error into a hit raises accuracy or leaves it."""
    before = only("accuracy", measure(of("accuracy", values), [ACCURACY]))
    healed = [True if v == "error" else v for v in values]
    after = only("accuracy", measure(of("accuracy", healed), [ACCURACY]))
    assert (after.value or 0) >= (before.value or 0)
    assert after.floor >= before.floor
