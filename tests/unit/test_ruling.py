"""A suite's gates ruled on together: groups, aggregates, clusters, hard gates, and one error rate."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.engine.ruling import measures_of, rule_all
from lockgate.model import Case, Check, Completion, Gate, Measure, Sample, Suite, Timing, Verdict

ACCURACY = Measure(name="accuracy")
SCORE = Measure(name="score", kind="mean")
CHECK = Check(name="c", measures=(ACCURACY, SCORE), judge=lambda case, completion: Verdict(status="pass"))


def suite_of(figures, gates, *, groups=None, **fields):
    """A suite of one case for each entry of figures, with a list of trials in it."""
    cases = tuple(Case(id=case_id, input="?") for case_id in figures)
    trials = max((len(trials) for trials in figures.values()), default=1)
    return Suite(
        name="s",
        path="s.yaml",
        cases=cases,
        checks=(CHECK,),
        gates=gates,
        trials=trials,
        fields=groups or {},
        **fields,
    )


def sample(case_id, trial, figure, **completion):
    verdict = Verdict(
        status="pass", figures={"accuracy": figure, "score": None if figure is None else float(figure)}
    )
    return Sample(case_id=case_id, trial=trial, completion=Completion(**completion), verdicts=(verdict,))


def samples_of(figures):
    return [sample(i, t, f) for i, trials in figures.items() for t, f in enumerate(trials)]


def cases(right, wrong=0, *, prefix="c"):
    """One trial for each of so many cases that are right, and wrong."""
    return {f"{prefix}{n}": [n < right] for n in range(right + wrong)}


def ruled(figures, *gates, baseline=None, timings=(), **fields):
    suite, samples = suite_of(figures, gates, **fields), samples_of(figures)
    baselines = (
        {} if baseline is None else {"baseline": samples if baseline is figures else samples_of(baseline)}
    )
    return rule_all(suite, samples, timings=timings, baselines=baselines)


def test_one_bound_alone_is_ruled_on_by_its_limit():
    """Fifty-nine of fifty-nine pass 0.95, and the p-value is that of the exact test."""
    (found,) = ruled(cases(59), Gate(metric="accuracy", min=0.95)).rulings
    assert found.status == "pass"
    assert found.p_value == pytest.approx(0.95**59)
    assert found.adjusted_p == found.p_value


def test_two_bounds_share_the_error_rate():
    """What passes at 0.048 alone is open beside another bound, and passes again without correction."""
    gates = Gate(metric="accuracy", min=0.95), Gate(metric="error_rate", max=0.05)
    found = ruled(cases(59), *gates).rulings
    assert {r.status for r in found} == {"inconclusive"}
    assert "not among 2 bounds at once (p 0.048, by Holm's correction 0.097)" in found[0].reason
    assert {r.status for r in ruled(cases(59), *gates, correction="none").rulings} == {"pass"}
    assert {r.status for r in ruled(cases(90), *gates).rulings} == {"pass"}


@given(st.sampled_from([0.3, 0.6, 0.8, 0.9, 0.95]), st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_a_pass_has_its_adjusted_p_value_within_the_error_rate(bound, wrong):
    """A gate passes exactly where the adjusted p-value says so, of rates and of means."""
    gates = Gate(metric="accuracy", min=bound), Gate(metric="score", min=bound)
    for found in ruled(cases(60 - wrong, wrong), *gates).rulings:
        assert (found.status == "pass") == (found.adjusted_p <= 0.05)
        assert found.adjusted_p >= found.p_value


def test_each_value_of_a_field_is_ruled_on_by_itself():
    """German fails while English passes, each with its own n, and the whole metric stays in the run."""
    figures = cases(100, prefix="e") | cases(20, 30, prefix="d")
    language = {case_id: "de" if case_id.startswith("d") else "en" for case_id in figures}
    found = ruled(figures, Gate(metric="accuracy", min=0.9, by="language"), groups={"language": language})
    assert [(r.name, r.status, r.metric.n) for r in found.rulings] == [
        ("accuracy [en]", "pass", 100),
        ("accuracy [de]", "fail", 50),
    ]
    assert found.rulings[1].reason.startswith("language de: accuracy is 0.4 ")
    assert next(m for m in found.metrics if m.name == "accuracy").n == 150


def test_a_group_is_compared_with_its_own_baseline():
    """A loss of one language is a regression of that language alone."""
    ours = cases(60, prefix="e") | cases(20, 40, prefix="d")
    theirs = cases(60, prefix="e") | cases(60, prefix="d")
    language = {case_id: case_id[0] for case_id in ours}
    gate = Gate(metric="accuracy", no_worse_than="baseline", margin=0.2, by="language")
    found = ruled(ours, gate, baseline=theirs, groups={"language": language}).rulings
    assert [(r.group, r.status, r.regression) for r in found] == [("e", "pass", False), ("d", "fail", True)]


def test_a_run_that_is_its_own_baseline_passes_in_every_group():
    """There is nothing to compare."""
    figures = cases(5, 5)
    gate = Gate(metric="accuracy", better_than="baseline", by="half")
    groups = {"half": {case_id: str(n % 2) for n, case_id in enumerate(figures)}}
    assert {r.status for r in ruled(figures, gate, baseline=figures, groups=groups).rulings} == {"pass"}


def test_a_group_that_was_not_run_is_open():
    """The cases that are missing are those of the group."""
    figures = cases(60)
    groups = {"half": {case_id: str(n % 2) for n, case_id in enumerate(figures)}}
    suite = suite_of(figures, (Gate(metric="accuracy", min=0.5, by="half"),), groups=groups)
    found = rule_all(suite, [s for s in samples_of(figures) if groups["half"][s.case_id] == "0"]).rulings
    assert [(r.group, r.status) for r in found] == [("0", "pass"), ("1", "inconclusive")]
    assert "30 of 30 samples were not run" in found[1].reason


def test_clusters_widen_the_limits_and_are_told():
    """Sixty cases of twenty documents no longer pass what sixty of their own do."""
    figures = cases(60)
    groups = {"document": {case_id: str(n // 3) for n, case_id in enumerate(figures)}}
    gate = Gate(metric="accuracy", min=0.95)
    assert ruled(figures, gate).rulings[0].status == "pass"
    found = ruled(figures, gate, groups=groups, cluster="document").rulings[0]
    assert found.status == "inconclusive"
    assert "n 60 in 20 clusters" in found.reason
    assert found.needed_n == 177


def test_differences_are_by_cluster_too():
    """Thirty losses in ten documents are no proof that thirty losses of their own would be."""
    theirs = cases(90)
    ours = cases(75, 15)
    gate = Gate(metric="accuracy", no_worse_than="baseline", margin=0.02)
    groups = {"document": {case_id: str(n // 15) for n, case_id in enumerate(ours)}}
    assert ruled(ours, gate, baseline=theirs).rulings[0].status == "fail"
    assert (
        ruled(ours, gate, baseline=theirs, groups=groups, cluster="document").rulings[0].status
        == "inconclusive"
    )


def test_trials_taken_together_can_be_gated():
    """Each of 60 cases passes at least one of three trials, and none passes all of them."""
    figures = {f"c{n}": [True, False, True] for n in range(60)}
    gates = (
        Gate(metric="accuracy.pass@3", min=0.9),
        Gate(metric="accuracy.pass^3", min=0.9),
        Gate(metric="accuracy.pass@2", min=0.5),
    )
    found = ruled(figures, *gates)
    assert [r.status for r in found.rulings] == ["pass", "fail", "pass"]
    assert [r.metric.value for r in found.rulings] == [1, 0, pytest.approx(1)]


def test_with_trials_every_rate_has_its_aggregates():
    """pass@n, pass^n and the majority are measured without being asked for; a mean has none."""
    figures = {"a": [True, False], "b": [True, True]}
    names = [m.name for m in measures_of(suite_of(figures, ()))]
    assert names == ["accuracy", "score", "accuracy.pass@2", "accuracy.pass^2", "accuracy.majority"]
    assert [m.name for m in measures_of(suite_of({"a": [True]}, ()))] == ["accuracy", "score"]


def test_a_hard_gate_takes_no_share():
    """Beside a hard gate, a bound at 0.048 passes."""
    found = ruled(cases(59), Gate(metric="error_rate", hard=True), Gate(metric="accuracy", min=0.95)).rulings
    assert [r.status for r in found] == ["pass", "pass"]


def test_what_cannot_be_scored_never_passes():
    """Unscored, all unscored, errors, nothing and NaN: no gate passes."""
    for figure in (None, math.nan):
        samples = [sample(f"c{n}", 0, figure) for n in range(60)]
        suite = suite_of(
            {f"c{n}": [figure] for n in range(60)},
            (Gate(metric="accuracy", min=0.1), Gate(metric="accuracy.pass^1", min=0.1)),
        )
        assert {r.status for r in rule_all(suite, samples).rulings} == {"inconclusive"}
    errors = [Sample(case_id=f"c{n}", error="down") for n in range(60)]
    suite = suite_of({f"c{n}": [True] for n in range(60)}, (Gate(metric="accuracy", min=0.1),))
    assert rule_all(suite, errors).rulings[0].status == "fail"
    assert rule_all(suite, []).rulings[0].status == "inconclusive"


def test_latency_has_a_p_value_of_its_test():
    """Fifty-nine requests of 10 ms show a p95 below 1 s at 0.95^59."""
    timings = [Timing(seconds=0.01)] * 59
    (found,) = ruled(cases(3), Gate(metric="latency_p95", max=1.0), timings=timings).rulings
    assert (found.status, found.p_value) == ("pass", pytest.approx(0.95**59))


def test_a_suite_ships_no_oftener_than_it_says():
    """Of three gates all at their bounds, one at least passes in no more than 5 of 100 runs."""
    runs, n, draw = 250, 60, np.random.default_rng(11)
    figures = [
        {f"c{i}": [bool(right)] for i, right in enumerate(row)} for row in draw.random((runs, n)) < 0.8
    ]
    gates = [
        Gate(metric="accuracy", min=0.8),
        Gate(metric="accuracy.pass^1", min=0.8),
        Gate(metric="score", min=0.8),
    ]
    wrong = sum(any(r.status == "pass" for r in ruled(row, *gates).rulings) for row in figures)
    assert wrong / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)
