"""Which samples a metric applies to, and what each contributes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.figures import by_case, f1, fill, observe, quantile_of
from lockgate.model import BUILTIN_MEASURES, Completion, Counts, Measure, Sample, Verdict

ACCURACY = Measure(name="accuracy")
HALLUCINATED = Measure(name="hallucinated", better="lower")
SCORE = Measure(name="score", kind="mean")
FIELDS = Measure(name="fields", kind="f1")
BUILTIN = {m.name: m for m in BUILTIN_MEASURES}


ANSWER = Completion(text="x")


def sample(case_id="a", *, trial=0, error=None, completion=ANSWER, **figures):
    """A sample with one verdict that holds the figures."""
    verdicts = (Verdict(status="pass", figures=figures),)
    if error is not None:
        return Sample(case_id=case_id, trial=trial, error=error)
    return Sample(case_id=case_id, trial=trial, completion=completion, verdicts=verdicts)


def test_samples_without_the_figure_are_left_out():
    """An absent figure means that the metric does not apply."""
    assert observe([sample(accuracy=True), sample("b", other=True)], ACCURACY) == {("a", 0): True}


def test_an_unknown_figure_is_kept_as_unknown():
    """None stays None."""
    assert observe([sample(accuracy=None)], ACCURACY) == {("a", 0): None}


@pytest.mark.parametrize(
    ("measure", "counted"),
    [
        (ACCURACY, False),
        (HALLUCINATED, True),
        (SCORE, 0.0),
        (Measure(name="harm", kind="mean", better="lower"), 1.0),
        (FIELDS, Counts(fn=1)),
        (Measure(name="length", kind="mean", unit="tokens"), None),
    ],
)
def test_an_error_counts_against_every_metric(measure, counted):
    """A sample without an answer is the worst that it can be."""
    assert observe([sample(error="down")], measure) == {("a", 0): counted}


def test_an_error_misses_as_many_fields_as_any_sample_has():
    """For F1 an error is all fields missing, as many as the largest sample expects."""
    samples = [sample(fields=Counts(tp=3, fp=9, fn=1)), sample("b", error="down")]
    assert observe(samples, FIELDS)["b", 0] == Counts(fn=4)


def test_a_sample_never_asked_is_unknown():
    """What was not asked, or not checked, is unscored in every metric."""
    unasked, unchecked = Sample(case_id="a"), Sample(case_id="b", completion=Completion(text="x"))
    assert observe([unasked, unchecked], ACCURACY) == {("a", 0): None, ("b", 0): None}


@pytest.mark.parametrize(
    ("measure", "figure"),
    [
        (ACCURACY, 1.0),
        (ACCURACY, Counts(tp=1)),
        (SCORE, math.nan),
        (SCORE, math.inf),
        (SCORE, 1.2),
        (SCORE, -0.1),
        (SCORE, Counts(tp=1)),
        (FIELDS, True),
        (FIELDS, 0.5),
    ],
)
def test_a_figure_that_does_not_fit_is_unknown(measure, figure):
    """A figure of another kind, not finite, or outside 0..1 is never counted as anything."""
    assert observe([sample(**{measure.name: figure})], measure) == {("a", 0): None}


def two(first, second, name):
    """A sample on which two checks make the same metric."""
    verdicts = tuple(Verdict(status="pass", figures={name: f}) for f in (first, second))
    return Sample(case_id="a", completion=Completion(), verdicts=verdicts)


@pytest.mark.parametrize(
    ("measure", "first", "second", "joined"),
    [
        (ACCURACY, True, True, True),
        (ACCURACY, True, False, False),
        (ACCURACY, None, False, False),
        (ACCURACY, None, True, None),
        (HALLUCINATED, False, True, True),
        (HALLUCINATED, None, True, True),
        (HALLUCINATED, None, False, None),
        (SCORE, 0.0, 1.0, 0.5),
        (SCORE, None, 1.0, None),
        (FIELDS, Counts(tp=1), Counts(fp=2, fn=3), Counts(tp=1, fp=2, fn=3)),
    ],
)
def test_two_checks_of_one_metric_are_joined(measure, first, second, joined):
    """A rate takes the worst, a mean the mean, F1 the sum; unknown stays unknown unless a miss settles it."""
    assert observe([two(first, second, measure.name)], measure) == {("a", 0): joined}


def test_tokens_and_cost_come_from_the_completion():
    """Cost is per 1,000 requests; what a backend does not tell, or never answered, is unknown."""
    told = sample(completion=Completion(tokens_in=10, tokens_out=5, cost=0.002))
    samples = [told, sample("b"), sample("c", error="down")]
    for name, figure in {"tokens_in": 10, "tokens_out": 5, "cost_per_1k": 2.0}.items():
        assert observe(samples, BUILTIN[name]) == {("a", 0): figure, ("b", 0): None, ("c", 0): None}


def test_the_error_rate_knows_errors_answers_and_the_unasked():
    """An answer is no error, an error is one, and what was not asked is neither."""
    found = observe([sample(), sample("b", error="down"), Sample(case_id="c")], BUILTIN["error_rate"])
    assert found == {("a", 0): False, ("b", 0): True, ("c", 0): None}


@pytest.mark.parametrize(
    ("measure", "known", "least", "most"),
    [
        (ACCURACY, True, False, True),
        (HALLUCINATED, True, False, True),
        (SCORE, 0.5, 0.0, 1.0),
        (FIELDS, Counts(tp=2, fp=3, fn=1), Counts(fp=3, fn=3), Counts(tp=3)),
    ],
)
def test_unknown_figures_are_filled_with_the_extremes(measure, known, least, most):
    """The least and the most that a sample could contribute take the place of the unknown."""
    figures = {("a", 0): known, ("b", 0): None}
    assert fill(figures, measure, high=False) == {("a", 0): known, ("b", 0): least}
    assert fill(figures, measure, high=True) == {("a", 0): known, ("b", 0): most}


def test_an_unknown_cost_has_a_least_and_no_most():
    """A cost is at least nothing and could be anything."""
    figures = {("a", 0): 0.4, ("b", 0): None}
    assert fill(figures, BUILTIN["cost_per_1k"], high=False)["b", 0] == 0
    assert fill(figures, BUILTIN["cost_per_1k"], high=True) is None
    assert fill({("a", 0): 0.4}, BUILTIN["cost_per_1k"], high=True) == {("a", 0): 0.4}


def test_trials_of_a_case_are_one_value():
    """The trials of a case are averaged, unknown ones left out."""
    figures = {("a", 0): True, ("a", 1): False, ("b", 0): True, ("b", 1): None, ("c", 0): None}
    assert by_case(figures) == [0.5, 1.0]


def test_trials_of_a_case_are_one_sum_of_counts():
    """The counts of a case's trials are added."""
    figures = {("a", 0): Counts(tp=1), ("a", 1): Counts(fn=2), ("b", 0): Counts(fp=1)}
    assert by_case(figures) == [Counts(tp=1, fn=2), Counts(fp=1)]


@given(st.lists(st.builds(Counts, tp=st.integers(0, 9), fp=st.integers(0, 9), fn=st.integers(0, 9))))
def test_f1_is_the_harmonic_mean_of_precision_and_recall(counts):
    """F1 equals 2PR/(P+R) wherever that is defined."""
    tp, fp, fn = (sum(getattr(c, name) for c in counts) for name in ("tp", "fp", "fn"))
    if tp:
        precision, recall = tp / (tp + fp), tp / (tp + fn)
        assert f1(counts) == pytest.approx(2 * precision * recall / (precision + recall))
    else:
        assert f1(counts) == (0.0 if fp + fn else None)


def test_a_name_ends_with_its_quantile():
    """`latency_p50`, `_p95`, `_p99` and `_p999` name their quantiles; other names are refused."""
    assert [quantile_of(f"latency_p{q}") for q in (50, 95, 99, 999)] == [0.5, 0.95, 0.99, 0.999]
    with pytest.raises(ValueError, match="names no quantile"):
        quantile_of("latency")
