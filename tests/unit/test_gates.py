"""Rulings: pass, fail or inconclusive, with the reason that a person reads."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.gates import rule
from lockgate.metrics import measure
from lockgate.model import Completion, Counts, Gate, Measure, Metric, Sample, Timing, Verdict

ACCURACY = Measure(name="accuracy")
HALLUCINATED = Measure(name="hallucinated", better="lower")
SCORE = Measure(name="score", kind="mean")
FIELDS = Measure(name="fields", kind="f1")


def samples_of(measured, values, *, trials=1):
    """Samples of consecutive cases, each with one value of a metric; the string `error` is an error."""
    made = []
    for i, value in enumerate(values):
        case_id, trial = str(i // trials), i % trials
        if value == "error":
            made.append(Sample(case_id=case_id, trial=trial, error="down"))
        else:
            verdict = Verdict(status="pass", figures={measured.name: value})
            made.append(Sample(case_id=case_id, trial=trial, completion=Completion(), verdicts=(verdict,)))
    return made


def ruling(measured, values, *, baseline=None, expected=None, trials=1, confidence=0.95, **bounds):
    """The ruling of a gate on a metric with these values."""
    samples = samples_of(measured, values, trials=trials)
    metric = next(m for m in measure(samples, [measured], confidence=confidence) if m.name == measured.name)
    others = {}
    if baseline is not None:
        others = {"baseline": samples_of(measured, baseline, trials=trials)}
    return rule(
        Gate(metric=measured.name, confidence=confidence, **bounds),
        metric,
        expected=len(samples) if expected is None else expected,
        seen=len(samples),
        samples=samples,
        baselines=others,
    )


def test_a_gate_passes_when_the_low_limit_clears_min():
    """Fifty-nine of fifty-nine pass 0.95, and the reason shows value, limits, n and bound."""
    found = ruling(ACCURACY, [True] * 59, min=0.95)
    assert found.status == "pass"
    assert found.reason == "accuracy is 1 [0.9505, 1], n 59; min 0.95: the low limit clears it."


def test_a_gate_is_inconclusive_while_the_bound_is_between_the_limits():
    """Fifty-eight of fifty-eight do not pass 0.95, and the reason says how many would."""
    found = ruling(ACCURACY, [True] * 58, min=0.95)
    assert (found.status, found.needed_n) == ("inconclusive", 59)
    assert found.reason == (
        "accuracy is 1 [0.9497, 1], n 58; min 0.95: the limits are on both sides of it at 0.95 confidence. "
        "If this value holds, 59 samples would decide it."
    )


def test_a_gate_fails_when_the_high_limit_is_below_min():
    """Half of fifty is below 0.9 beyond doubt."""
    found = ruling(ACCURACY, [True, False] * 25, min=0.9)
    assert found.status == "fail"
    assert found.reason == "accuracy is 0.5 [0.3762, 0.6238], n 50; min 0.9: even the high limit is below it."


def test_max_mirrors_min():
    """No hallucination in 99 passes a max of 0.03, in 98 does not, and half of them fail it."""
    assert ruling(HALLUCINATED, [False] * 99, max=0.03).status == "pass"
    open_ = ruling(HALLUCINATED, [False] * 98, max=0.03)
    assert (open_.status, open_.needed_n) == ("inconclusive", 99)
    failed = ruling(HALLUCINATED, [True, False] * 20, max=0.03)
    assert failed.status == "fail"
    assert failed.reason.endswith("max 0.03: even the low limit is above it.")


def test_unscored_samples_count_against_a_pass():
    """What would pass without its unscored samples is inconclusive with them, and says so."""
    found = ruling(ACCURACY, [True] * 80 + [None] * 3, min=0.95)
    assert (found.status, found.needed_n) == ("inconclusive", None)
    assert found.reason.endswith("it would pass but for 3 unscored samples, which count against it.")
    assert "n 80, 3 unscored" in found.reason


def test_unscored_samples_count_against_a_fail_too():
    """What could still be good, were the unscored samples hits, does not fail."""
    assert ruling(ACCURACY, [True] * 10 + [False] * 10, min=0.8).status == "fail"
    assert ruling(ACCURACY, [True] * 10 + [False] * 10 + [None] * 60, min=0.8).status == "inconclusive"


def test_a_few_unscored_samples_do_not_hold_up_a_clear_pass():
    """With enough hits the unscored samples may all be misses."""
    assert ruling(ACCURACY, [True] * 300 + [None] * 2, min=0.95).status == "pass"


@pytest.mark.parametrize("bound", [{"min": 1.0}, {"min": 0.0, "max": 1.0, "no_worse_than": "baseline"}])
def test_a_bound_of_one_is_never_proved(bound):
    """A gate that needs every answer to be right, or a baseline that is not there, does not pass."""
    assert ruling(ACCURACY, [True] * 5000, **bound).status == "inconclusive"


@pytest.mark.parametrize(
    ("measured", "good", "bound"), [(ACCURACY, True, {"min": 1.0}), (HALLUCINATED, False, {"max": 0.0})]
)
def test_all_or_nothing_fails_on_the_first_miss(measured, good, bound):
    """Where no miss is allowed one miss fails the gate, and none leaves it open with the reason."""
    assert ruling(measured, [good] * 99 + [not good], **bound).status == "fail"
    found = ruling(measured, [good] * 100, **bound)
    assert (found.status, found.needed_n) == ("inconclusive", None)
    assert "no number of samples proves that there is never a miss" in found.reason


def test_a_mean_that_must_be_perfect_fails_on_the_first_shortfall():
    """A score below 1 settles a min of 1, whatever the limits."""
    found = ruling(SCORE, [1.0] * 9 + [0.9], min=1.0)
    assert found.status == "fail"
    assert found.reason.endswith("no miss is allowed, and there is one.")


def test_deselected_samples_leave_a_gate_open():
    """A gate says nothing of a suite of which a part was not run, be it good or bad."""
    for values in ([True] * 100, [False] * 100):
        found = ruling(ACCURACY, values, expected=150, min=0.5)
        assert found.status == "inconclusive"
        assert found.reason == "50 of 150 samples were not run. Run all of the suite's cases."


@pytest.mark.parametrize("values", [[], [None] * 100])
def test_nothing_scored_is_inconclusive(values):
    """Without a scored sample there is no ruling."""
    for bound in ({"min": 0.0}, {"min": 0.5}, {"max": 1.0}, {"max": 0.5}):
        assert ruling(ACCURACY, values, **bound).status == "inconclusive"


def test_the_reason_says_why_there_is_no_value():
    """Unscored, not applying and not timed are told apart."""
    assert ruling(ACCURACY, [None] * 3, min=0.5).reason == (
        "accuracy has no value: none of its 3 samples could be scored."
    )
    assert ruling(ACCURACY, [], min=0.5).reason == "accuracy has no value: it applies to no sample."
    assert latency([], max=1.0).reason == (
        "latency_p95 has no value: nothing was timed. Give the suite `latency:`."
    )


def test_all_errors_fail_and_never_pass():
    """A backend that never answers fails what it was to be good at, and what it was not to do."""
    assert ruling(ACCURACY, ["error"] * 60, min=0.5).status == "fail"
    assert ruling(HALLUCINATED, ["error"] * 60, max=0.5).status == "fail"
    assert ruling(SCORE, ["error"] * 60, min=0.5).status == "fail"
    assert ruling(FIELDS, ["error"] * 60, min=0.5).status == "fail"


bounds = st.fixed_dictionaries({}, optional={"min": st.floats(0.01, 1), "max": st.floats(0, 0.99)}).filter(
    bool
)


@given(st.sampled_from([math.nan, math.inf, -math.inf, None]), bounds)
def test_a_value_that_is_not_finite_never_passes(value, bound):
    """NaN, infinity and nothing are inconclusive, whatever limits stand beside them."""
    metric = Metric(name="accuracy", value=value, low=0.99, high=0.01, floor=0.99, ceiling=0.01, n=50)
    assert rule(Gate(metric="accuracy", **bound), metric, expected=50, seen=50).status == "inconclusive"


def test_a_bound_of_nan_never_passes():
    """A bound that is not a number clears nothing."""
    assert ruling(ACCURACY, [True] * 100, min=math.nan).status == "inconclusive"


def test_a_gate_without_a_bound_never_passes():
    """A gate that bounds nothing is inconclusive."""
    assert ruling(ACCURACY, [True] * 100).status == "inconclusive"


def test_a_metric_without_limits_never_passes():
    """A value alone decides nothing."""
    metric = Metric(name="accuracy", value=0.99, n=100)
    assert rule(Gate(metric="accuracy", min=0.5), metric, expected=100, seen=100).status == "inconclusive"


def test_limits_alone_do_where_nothing_is_unscored():
    """A metric without floor and ceiling is ruled by its limits, unless samples are unscored."""
    metric = Metric(name="accuracy", value=0.99, low=0.9, high=1.0, n=100)
    assert rule(Gate(metric="accuracy", min=0.5), metric, expected=100, seen=100).status == "pass"
    holes = Metric(name="accuracy", value=0.99, low=0.9, high=1.0, n=100, unscored=1)
    assert rule(Gate(metric="accuracy", min=0.5), holes, expected=101, seen=101).status == "inconclusive"


def test_a_metric_at_a_lower_confidence_is_refused():
    """Limits at 0.9 do not decide a gate at 0.95, nor does another metric."""
    metric = Metric(name="accuracy", value=1.0, low=0.99, high=1.0, n=100, confidence=0.9)
    with pytest.raises(ValueError, match="cannot decide"):
        rule(Gate(metric="accuracy", min=0.5), metric, expected=100, seen=100)
    with pytest.raises(ValueError, match="cannot decide"):
        rule(Gate(metric="format", min=0.5, confidence=0.9), metric, expected=100, seen=100)


def test_both_bounds_have_to_hold():
    """A gate with min and max passes between them and fails outside of one."""
    values = [True] * 100 + [False] * 100
    assert ruling(ACCURACY, values, min=0.3, max=0.7).status == "pass"
    outside = ruling(ACCURACY, values, min=0.1, max=0.2)
    assert outside.status == "fail"
    assert "min" not in outside.reason
    assert ruling(ACCURACY, values, min=0.3, max=0.51).status == "inconclusive"


def test_the_bound_itself_is_inside():
    """A limit that is the bound clears it; one that misses it by the least there is does not."""
    values = [True] * 95 + [False] * 5
    metric = ruling(ACCURACY, values, min=0.5).metric
    assert ruling(ACCURACY, values, min=metric.low).status == "pass"
    assert ruling(ACCURACY, values, min=math.nextafter(metric.low, 1)).status == "inconclusive"
    assert ruling(ACCURACY, values, max=metric.high).status == "pass"
    assert ruling(ACCURACY, values, max=math.nextafter(metric.high, 0)).status == "inconclusive"


def test_a_bound_that_fails_goes_before_one_that_is_open():
    """With one bound undecided and another one missed the gate fails, and tells of the missed one alone."""
    found = ruling(ACCURACY, [True] * 40 + [False] * 20, min=0.6, max=0.5)
    assert ruling(ACCURACY, [True] * 40 + [False] * 20, min=0.6).status == "inconclusive"
    assert (found.status, found.needed_n) == ("fail", None)
    assert found.reason.endswith("max 0.5: even the low limit is above it.")


def test_two_open_bounds_need_what_the_slower_one_needs():
    """Where two bounds are undecided, as many samples are named as decide both."""
    values = [True] * 95 + [False] * 5
    needed = [ruling(ACCURACY, values, **bound).needed_n for bound in ({"min": 0.9}, {"max": 0.97})]
    assert needed[0] < needed[1]
    assert ruling(ACCURACY, values, min=0.9, max=0.97).needed_n == needed[1]


def latency(seconds, **bound):
    """The ruling of a gate on latency_p95."""
    metrics = measure([], [], timings=[Timing(seconds=s) for s in seconds])
    metric = next(m for m in metrics if m.name == "latency_p95")
    return rule(Gate(metric="latency_p95", **bound), metric, expected=0, seen=0)


def test_latency_passes_from_fifty_nine_timings_on():
    """The 95 % limit of p95 exists from 59 timings on; before, the ruling says so."""
    assert latency([0.1] * 59, max=0.6).status == "pass"
    found = latency([0.1] * 20, max=0.6)
    assert (found.status, found.needed_n) == ("inconclusive", 59)
    assert found.reason == (
        "latency_p95 is 100 ms [100 ms, –], n 20; max 600 ms: there are too few samples for a high limit. "
        "If this value holds, 59 samples would decide it."
    )


def test_latency_fails_on_few_timings_already():
    """Twenty timings of a second fail a bound of 600 ms."""
    assert latency([1.0] * 20, max=0.6).status == "fail"


def test_scores_and_fields_are_ruled_by_their_limits():
    """Means and F1 pass, fail, and say about how many samples would decide."""
    assert ruling(SCORE, [0.9, 1.0] * 60, min=0.8).status == "pass"
    assert ruling(SCORE, [0.2, 0.4] * 60, min=0.8).status == "fail"
    open_ = ruling(SCORE, [0.8, 1.0] * 10, min=0.85)
    assert open_.status == "inconclusive"
    assert open_.needed_n > 20
    assert ruling(FIELDS, [Counts(tp=4)] * 150, min=0.96).status == "pass"
    assert ruling(FIELDS, [Counts(tp=4)] * 10, min=0.96).status == "inconclusive"
    assert ruling(FIELDS, [Counts(tp=1, fn=3)] * 60, min=0.96).status == "fail"


def test_costs_need_thirty_cases():
    """Twenty-nine prices are too few for a limit, thirty are enough."""
    for n, status, needed in ((29, "inconclusive", 30), (30, "pass", None)):
        samples = [Sample(case_id=str(i), completion=Completion(cost=0.0001)) for i in range(n)]
        metric = next(m for m in measure(samples, []) if m.name == "cost_per_1k")
        found = rule(Gate(metric="cost_per_1k", max=0.5), metric, expected=n, seen=n, samples=samples)
        assert (found.status, found.needed_n) == (status, needed)


def test_no_cost_is_no_miss():
    """A `max` of nothing on a cost is no matter of all or nothing: without limits it stays open."""
    samples = [Sample(case_id=str(i), completion=Completion(cost=0.0001)) for i in range(29)]
    metric = next(m for m in measure(samples, []) if m.name == "cost_per_1k")
    found = rule(Gate(metric="cost_per_1k", max=0.0), metric, expected=29, seen=29, samples=samples)
    assert found.status == "inconclusive"


def test_needed_samples_count_trials():
    """The n needed is of samples: as many cases as it takes, times the trials of each."""
    found = ruling(ACCURACY, [True] * 60, trials=3, min=0.95)
    assert (found.status, found.needed_n) == ("inconclusive", 59 * 3)


def test_no_worse_than_needs_a_baseline():
    """Without a baseline the ruling names the option that gives one."""
    found = ruling(ACCURACY, [True] * 50, no_worse_than="baseline", margin=0.02)
    assert found.status == "inconclusive"
    assert "there is no baseline. Name a backend, a run or a run file: --llm-baseline." in found.reason


def test_no_worse_than_passes_within_its_margin():
    """No flip in 200 pairs is within 0.02, in 100 it is not yet."""
    assert (
        ruling(ACCURACY, [True] * 200, baseline=[True] * 200, no_worse_than="baseline", margin=0.02).status
        == "pass"
    )
    found = ruling(ACCURACY, [True] * 100, baseline=[True] * 100, no_worse_than="baseline", margin=0.02)
    assert (found.status, found.needed_n) == ("inconclusive", 180)
    assert found.reason == (
        "accuracy is 0 better than the baseline [-0.03539, 0.03539], 100 pairs; no_worse_than baseline, "
        "margin 0.02: the limits are on both sides of it. If this value holds, 180 samples would decide it."
    )


def test_no_worse_than_fails_on_a_regression():
    """Thirty lost of a hundred are beyond a margin of 0.02."""
    lost = [True] * 70 + [False] * 30
    found = ruling(ACCURACY, lost, baseline=[True] * 100, no_worse_than="baseline", margin=0.02)
    assert found.status == "fail"
    assert found.reason.startswith("accuracy is 0.3 worse than the baseline [-")
    assert found.reason.endswith("even the high limit is below it.")


def test_pairing_sees_what_two_rates_apart_do_not():
    """Twelve lost and none gained of two hundred fail, although each rate's limits hold the other rate."""
    ours = [True] * 168 + [False] * 32
    theirs = [True] * 180 + [False] * 20
    found = ruling(ACCURACY, ours, baseline=theirs, no_worse_than="baseline", margin=0.02)
    assert (found.status, found.regression) == ("fail", True)
    assert not ruling(ACCURACY, ours, min=0.99).regression
    assert ruling(ACCURACY, ours, min=0.9 - 0.02).status == "inconclusive"


def test_better_than_needs_an_improvement():
    """Equal is not better, however many pairs there are; ten gained of a hundred are."""
    equal = ruling(ACCURACY, [True] * 5000, baseline=[True] * 5000, better_than="baseline")
    assert equal.status == "inconclusive"
    ours, theirs = [True] * 100, [True] * 90 + [False] * 10
    assert ruling(ACCURACY, ours, baseline=theirs, better_than="baseline").status == "pass"
    assert (
        ruling(ACCURACY, ours, baseline=theirs, better_than="baseline", margin=0.08).status == "inconclusive"
    )


def test_a_margin_of_nothing_is_told():
    """A comparison without a margin cannot be cleared by being equal."""
    found = ruling(ACCURACY, [True] * 100, baseline=[True] * 100, no_worse_than="baseline")
    assert found.reason.endswith("Give the gate a margin, or be better.")


def test_a_baseline_of_other_cases_says_nothing():
    """Runs without a common case leave the gate open."""
    samples = samples_of(ACCURACY, [True] * 9)
    metric = measure(samples, [ACCURACY])[0]
    gate = Gate(metric="accuracy", no_worse_than="baseline", margin=0.1)
    found = rule(gate, metric, expected=9, seen=9, samples=samples, baselines={"baseline": []})
    assert found.reason == "no_worse_than baseline: the runs share no scored sample of accuracy."


def test_latency_is_not_compared_by_case():
    """A quantile has no cases to pair, so the ruling names the bound that works."""
    metric = next(m for m in measure([], [], timings=[Timing(seconds=0.1)]) if m.name == "latency_p95")
    gate = Gate(metric="latency_p95", no_worse_than="baseline")
    found = rule(gate, metric, expected=0, seen=0, baselines={"baseline": []})
    assert found.reason == (
        "no_worse_than baseline: latency has no cases to pair. Bound latency_p95 with max."
    )


def test_each_gate_is_compared_with_what_it_names():
    """The word in the gate decides, not the order; what is not there leaves the gate open."""
    samples = samples_of(ACCURACY, [True] * 100)
    metric = measure(samples, [ACCURACY])[0]
    theirs = {"ft:v1": samples_of(ACCURACY, [False] * 100), "ft:v2": samples_of(ACCURACY, [True] * 100)}

    def against(name):
        gate = Gate(metric="accuracy", better_than=name)
        return rule(gate, metric, expected=100, seen=100, samples=samples, baselines=theirs)

    assert against("ft:v1").status == "pass"
    assert against("ft:v2").status == "inconclusive"
    assert against("ft:v3").status == "inconclusive"
    assert against("ft:v3").reason == "better_than ft:v3: there is no such run of this suite. Run it, too."


def test_a_run_that_is_its_own_baseline_passes():
    """There is nothing to compare, and the reason says so."""
    samples = samples_of(ACCURACY, [True] * 10)
    gate = Gate(metric="accuracy", no_worse_than="baseline")
    metric = measure(samples, [ACCURACY])[0]
    found = rule(gate, metric, expected=10, seen=10, samples=samples, baselines={"baseline": samples})
    assert (found.status, found.reason) == ("pass", "no_worse_than baseline: that is this run itself.")


def test_scores_against_a_baseline():
    """Scores that fell fail, scores that hold pass with a margin."""
    high, low = [0.9, 1.0] * 50, [0.4, 0.5] * 50
    assert ruling(SCORE, low, baseline=high, no_worse_than="baseline", margin=0.1).status == "fail"
    assert ruling(SCORE, high, baseline=high, no_worse_than="baseline", margin=0.2).status == "pass"
    assert ruling(SCORE, high, baseline=high, no_worse_than="baseline", margin=0.01).status == "inconclusive"


@given(
    st.lists(st.sampled_from([True, False, None, "error"]), min_size=1, max_size=60), st.floats(0.05, 0.95)
)
@settings(max_examples=60)
def test_a_pass_survives_every_answer_to_the_unscored(values, bound):
    """What passes still passes, and what fails still fails, once the unscored samples are scored."""
    before = ruling(ACCURACY, values, min=bound).status
    for answer in (True, False):
        after = ruling(ACCURACY, [answer if v is None else v for v in values], min=bound).status
        assert before in ("inconclusive", after)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.floats(0.05, 0.95))
@settings(max_examples=60)
def test_one_more_hit_never_turns_a_pass_into_a_fail(values, bound):
    """Turning a miss into a hit never lowers a ruling."""
    rank = {"fail": 0, "inconclusive": 1, "pass": 2}
    before = rank[ruling(ACCURACY, values, min=bound).status]
    better = [*values]
    if False in better:
        better[better.index(False)] = True
    assert rank[ruling(ACCURACY, better, min=bound).status] >= before


@pytest.mark.parametrize("n", [50, 200])
def test_a_true_rate_at_the_bound_ships_at_most_one_time_in_ten(n):
    """At 0.9 confidence a backend at its bound passes in at most 10 % of runs, and fails in as many."""
    rng = random.Random(3)
    found = [
        ruling(ACCURACY, [rng.random() < 0.85 for _ in range(n)], min=0.85, confidence=0.9)
        for _ in range(300)
    ]
    statuses = [f.status for f in found]
    most = 0.1 + 3 * math.sqrt(0.09 / 300)
    assert statuses.count("pass") / 300 <= most
    assert statuses.count("fail") / 300 <= most
