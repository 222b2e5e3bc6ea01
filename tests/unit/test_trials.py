"""Trials of a case taken together: pass@k, pass^k, majority, and the cases that are flaky."""

import itertools
import math
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.figures import observe
from lockgate.metrics import measure
from lockgate.model import Completion, Measure, Sample, Verdict
from lockgate.trials import (
    aggregated,
    flaky_cases,
    over_trials,
    pass_at_k,
    pass_hat_k,
    split_aggregate,
)

ACCURACY = Measure(name="accuracy")
LEAKED = Measure(name="leaked", better="lower")
counts = st.integers(1, 12).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(1, n)),
)


def sample(case_id, trial, figure, *, measured=ACCURACY, **fields):
    """One trial of a case with a figure of a rate."""
    good = figure is (measured.better == "higher")
    verdict = Verdict(
        status="unscored" if figure is None else "pass" if good else "fail", figures={measured.name: figure}
    )
    return Sample(case_id=case_id, trial=trial, completion=Completion(**fields), verdicts=(verdict,))


def samples_of(measured=ACCURACY, **cases):
    """Samples of cases by id, a figure for each trial."""
    return [
        sample(case_id, trial, figure, measured=measured)
        for case_id, trials in cases.items()
        for trial, figure in enumerate(trials)
    ]


def figure_of(aggregate, samples, *, rate=ACCURACY, trials):
    """The metric that an aggregate of a rate makes of samples."""
    measured = aggregated(rate, aggregate, trials=trials)
    return next(m for m in measure(samples, [rate, measured]) if m.name == measured.name)


@pytest.mark.parametrize(
    ("passed", "n", "k", "expected"),
    [(0, 5, 1, 0), (1, 5, 1, 0.2), (1, 5, 5, 1), (2, 4, 2, 1 - 1 / 6), (3, 10, 4, 1 - 35 / 210)],
)
def test_pass_at_k_is_the_published_estimator(passed, n, k, expected):
    """Chen et al.'s 1 - C(n-c, k) / C(n, k), computed by hand."""
    assert pass_at_k(passed, n, k) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("passed", "n", "k", "expected"), [(5, 5, 5, 1), (4, 5, 5, 0), (4, 5, 1, 0.8), (3, 4, 2, 0.5)]
)
def test_pass_hat_k_is_the_published_estimator(passed, n, k, expected):
    """Yao et al.'s C(c, k) / C(n, k), computed by hand."""
    assert pass_hat_k(passed, n, k) == pytest.approx(expected)


@given(counts)
def test_both_are_shares_of_the_subsets_of_trials(drawn):
    """Of all choices of k trials, pass@k is the share with a pass and pass^k that without a miss."""
    passed, n, k = drawn
    chosen = list(itertools.combinations([True] * passed + [False] * (n - passed), k))
    assert pass_at_k(passed, n, k) == pytest.approx(fmean(any(c) for c in chosen))
    assert pass_hat_k(passed, n, k) == pytest.approx(fmean(all(c) for c in chosen))


@given(counts)
def test_more_tries_help_one_and_hurt_the_other(drawn):
    """pass@k never falls with k, pass^k never rises, and at k = 1 both are the plain share."""
    passed, n, k = drawn
    assert pass_at_k(passed, n, 1) == pytest.approx(passed / n) == pytest.approx(pass_hat_k(passed, n, 1))
    assert pass_at_k(passed, n, k) >= pass_at_k(passed, n, 1) - 1e-12
    assert pass_hat_k(passed, n, k) <= pass_hat_k(passed, n, 1) + 1e-12


@pytest.mark.parametrize(("passed", "n", "k"), [(-1, 3, 1), (4, 3, 1), (1, 3, 4), (1, 3, 0)])
def test_what_cannot_be_estimated_is_refused(passed, n, k):
    """More passes than trials, or more trials asked about than made, are an error."""
    for estimate in (pass_at_k, pass_hat_k):
        with pytest.raises(ValueError, match="out of range"):
            estimate(passed, n, k)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("accuracy.pass@3", ("accuracy", "pass@3", 3)),
        ("my.rate.pass^12", ("my.rate", "pass^12", 12)),
        ("accuracy.majority", ("accuracy", "majority", 1)),
        ("accuracy", None),
        ("accuracy.pass@0", None),
        ("accuracy.mean", None),
        ("pass@3", None),
    ],
)
def test_a_name_says_its_rate_and_aggregate(name, parts):
    """The part after the last point is the aggregate, if it is one."""
    assert split_aggregate(name) == parts


def test_each_aggregate_counts_cases():
    """Of three trials: always, mostly, seldom and never right."""
    samples = samples_of(a=[True] * 3, b=[True, True, False], c=[True, False, False], d=[False] * 3)
    found = {word: figure_of(word, samples, trials=3) for word in ("pass@3", "pass^3", "majority", "pass@2")}
    assert {word: metric.value for word, metric in found.items()} == {
        "pass@3": 0.75,
        "pass^3": 0.25,
        "majority": 0.5,
        "pass@2": pytest.approx((1 + 1 + 2 / 3) / 4),
    }
    assert {metric.n for metric in found.values()} == {4}
    assert (found["pass^3"].kind, found["pass@2"].kind) == ("rate", "mean")
    assert (found["pass^3"].method, found["pass@2"].method) == ("Clopper–Pearson", "betting")


def test_a_tie_is_no_majority():
    """Two of four trials are not more than half."""
    assert figure_of("majority", samples_of(a=[True, True, False, False]), trials=4).value == 0


def test_of_a_rate_where_less_is_better_a_pass_is_false():
    """No leak in any trial is a pass, and the aggregate is better when higher."""
    samples = samples_of(LEAKED, a=[False, False], b=[False, True])
    found = figure_of("pass^2", samples, rate=LEAKED, trials=2)
    assert (found.value, found.better) == (0.5, "higher")


def test_an_unscored_trial_leaves_its_case_unscored():
    """One unknown trial makes its case unknown, which counts both ways in the limits of gates."""
    found = figure_of("pass^2", samples_of(a=[True, True], b=[True, None]), trials=2)
    assert (found.value, found.n, found.unscored) == (1, 1, 1)
    assert found.floor < found.low


def test_too_few_trials_are_unknown():
    """Two trials say nothing of pass@3."""
    assert over_trials({("a", 0): True, ("a", 1): True}, "pass@3", good=True) == {("a", 0): None}


def test_a_trial_without_an_answer_is_a_miss():
    """An error counts against pass^k as it does against the rate."""
    samples = [*samples_of(a=[True]), Sample(case_id="a", trial=1, error="down")]
    assert figure_of("pass^2", samples, trials=2).value == 0
    assert observe(samples, aggregated(ACCURACY, "pass@2", trials=2)) == {("a", 0): True}


def test_flaky_cases_come_with_their_rate_the_worst_first():
    """Cases whose trials agree are not flaky."""
    samples = samples_of(a=[True] * 3, b=[True, True, False], c=[True, False, False], d=[False] * 3)
    assert [(case.case_id, case.passed, case.trials) for case in flaky_cases(samples)] == [
        ("c", 1, 3),
        ("b", 2, 3),
    ]
    assert math.isclose(flaky_cases(samples)[0].rate, 1 / 3)


def test_what_was_not_asked_makes_no_case_flaky():
    """A trial without answer and error says nothing of the case."""
    assert flaky_cases([*samples_of(a=[True, True]), Sample(case_id="a", trial=2)]) == ()


def test_asking_again_is_no_pass():
    """An answer that took several attempts and misses is a miss, and a single trial is never flaky."""
    samples = [sample("a", 0, False, attempts=3), sample("b", 0, True, attempts=3)]
    assert flaky_cases(samples) == ()
    assert figure_of("pass@1", samples, trials=1).value == 0.5
