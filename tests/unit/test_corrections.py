"""Metrics corrected for their check's errors: by calibration, by labels in the suite, or not, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.calibrated import doubts_of, fingerprint_of
from lockgate.corrections import correct
from lockgate.engine.ruling import rule_all
from lockgate.gates import rule
from lockgate.metrics import measure
from lockgate.model import Calibration, Case, Check, Completion, Gate, Measure, Rating, Sample, Suite, Verdict
from lockgate.statistics.corrected import prediction_powered, rogan_gladen_limits

RIGHT = Measure(name="right")
MADE = "2026-11-01T00:00:00+00:00"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def ratings(tp, fn, fp, tn):
    """Labelled answers that make a table."""
    cells = [(True, True)] * tp + [(True, False)] * fn + [(False, True)] * fp + [(False, False)] * tn
    return tuple(Rating(label=float(g), good=g, passed=p, score=float(p)) for g, p in cells)


GOOD = ratings(76, 4, 8, 32)


def check_of(measure=RIGHT, calibrated=GOOD, **calibration):
    made = Check(name="judge", measures=(measure,), judge=lambda case, completion: None, identity={"v": 1})
    if calibrated is None:
        return made
    known = {"file": "c.json", "ratings": calibrated, "fingerprint": fingerprint_of(made), "made": MADE}
    return replace(made, calibration=Calibration(**known | calibration))


def suite_of(*checks, humans=()):
    cases = tuple(Case(id=str(n), input="?", fields={"human": human}) for n, human in enumerate(humans))
    return Suite(name="s", path="s.yaml", cases=cases, checks=checks)


def sample(number, figure, *, name="right", error=None, trial=0, text="x"):
    if error is not None:
        return Sample(case_id=str(number), trial=trial, error=error)
    verdict = Verdict(check="judge", status="pass" if figure else "fail", figures={name: figure})
    return Sample(case_id=str(number), trial=trial, completion=Completion(text=text), verdicts=(verdict,))


def samples_of(passes, fails, *, unscored=0, errors=0, good=True):
    figures = [good] * passes + [not good] * fails + [None] * unscored
    made = [sample(n, figure) for n, figure in enumerate(figures)]
    return [*made, *(sample(len(made) + n, None, error="down") for n in range(errors))]


def corrected(samples, check, *, measure_of=RIGHT, humans=(), **options):
    suite = suite_of(check, humans=humans)
    metrics = measure(samples, [measure_of], confidence=0.95)
    return correct(metrics, samples, suite, **options)


def test_a_check_without_calibration_is_left_alone():
    """Nothing changes, and nothing is said."""
    samples = samples_of(80, 20)
    found = corrected(samples, check_of(calibrated=None))
    assert found.metrics == measure(samples, [RIGHT], confidence=0.95)
    assert (found.notes, dict(found.evidence)) == ((), {})


def test_a_rate_is_corrected_by_rogan_and_gladen():
    """Value, limits and raw value are those of the formula and of the labelled counts."""
    found = corrected(samples_of(80, 20), check_of())
    metric = found.metrics[0]
    assert metric.value == pytest.approx((0.8 + 0.8 - 1) / (0.95 + 0.8 - 1))
    limits = rogan_gladen_limits(80, 100, sensitivity=(76, 80), specificity=(32, 40), confidence=0.95)
    assert (metric.low, metric.high) == (metric.floor, metric.ceiling) == pytest.approx(limits)
    assert (metric.raw, metric.n, metric.doubt) == (0.8, 100, "")
    assert metric.method == "Rogan–Gladen, melded limits"
    (note,) = found.notes
    assert note.startswith(
        "right: corrected by c.json of 2026-11-01 (sensitivity 76 of 80, specificity 32 of 40"
    )
    assert note.endswith("kappa 0.77); the raw value is 0.8.")


def test_a_rate_of_what_is_bad_is_corrected_from_the_other_side():
    """A hallucination rate is one minus the share of good answers."""
    lower = Measure(name="right", better="lower")
    low = corrected(samples_of(80, 20, good=False), check_of(lower), measure_of=lower).metrics[0]
    high = corrected(samples_of(80, 20), check_of()).metrics[0]
    assert (low.value, low.low, low.high) == pytest.approx((1 - high.value, 1 - high.high, 1 - high.low))
    assert low.raw == pytest.approx(0.2)


def test_a_value_beyond_the_ends_is_clipped_and_says_so():
    """More pass than a check with this sensitivity would ever let through."""
    metric = corrected(samples_of(99, 1), check_of()).metrics[0]
    assert (metric.value, metric.high) == (1.0, 1.0)
    assert metric.method == "Rogan–Gladen, melded limits, clipped from 1.05"


def test_unscored_samples_count_both_ways():
    """The floor takes each for a miss, the ceiling for none, before correction."""
    metric = corrected(samples_of(70, 20, unscored=10), check_of()).metrics[0]
    labels = {"sensitivity": (76, 80), "specificity": (32, 40), "confidence": 0.95}
    assert metric.floor == pytest.approx(rogan_gladen_limits(70, 100, **labels)[0])
    assert metric.ceiling == pytest.approx(rogan_gladen_limits(80, 100, **labels)[1])
    assert metric.floor < metric.low


def test_an_error_is_a_miss_that_no_check_had_to_find():
    """The share of answered samples is corrected, and then taken of all."""
    answered = corrected(samples_of(80, 20), check_of()).metrics[0]
    metric = corrected(samples_of(80, 20, errors=25), check_of()).metrics[0]
    assert metric.value == pytest.approx(answered.value * 0.8)
    assert metric.low < answered.low * 0.8 < answered.high * 0.8 < metric.high


def test_all_errors_are_all_misses():
    """There is nothing to correct."""
    metric = corrected(samples_of(0, 0, errors=5), check_of()).metrics[0]
    assert (metric.value, metric.raw) == (0.0, 0.0)


def test_trials_of_a_case_are_one_sample():
    """Four trials that agree give the limits of one."""
    once = [sample(n, n < 40) for n in range(50)]
    often = [sample(n, n < 40, trial=t) for n in range(50) for t in range(4)]
    one, four = (corrected(samples, check_of()).metrics[0] for samples in (once, often))
    assert (one.value, one.low, one.high) == pytest.approx((four.value, four.low, four.high))


def test_clusters_widen_the_limits():
    """Cases of one document are not independent."""
    samples = [sample(n, n % 50 < 40) for n in range(100)]
    clusters = {str(n): f"d{n // 10}" for n in range(100)}
    alone = corrected(samples, check_of()).metrics[0]
    together = corrected(samples, check_of(), clusters=clusters).metrics[0]
    assert together.value == pytest.approx(alone.value)
    assert together.low < alone.low


def test_a_mean_is_moved_by_what_labels_and_scores_differ():
    """The mean of label minus score is added to the mean score."""
    mean = Measure(name="right", kind="mean")
    labelled = tuple(Rating(label=0.5, good=True, passed=True, score=0.75) for _ in range(40))
    metric = corrected(
        [sample(n, 0.8) for n in range(50)], check_of(mean, labelled), measure_of=mean
    ).metrics[0]
    assert (metric.value, metric.raw) == (pytest.approx(0.55), pytest.approx(0.8))
    assert metric.low < 0.55 < metric.high
    assert metric.method == "prediction-powered, by calibration"


@pytest.mark.parametrize(
    ("calibrated", "doubt"),
    [
        (ratings(10, 0, 0, 0), "c.json has no bad answer with a verdict. Label some."),
        (ratings(0, 0, 3, 3), "c.json has no good answer with a verdict. Label some."),
        (
            ratings(5, 5, 5, 5),
            "its check tells good from bad no better than chance (sensitivity 0.50 and specificity 0.50).",
        ),
        ((), "c.json has no good answer with a verdict. Label some."),
    ],
)
def test_a_check_that_tells_nothing_has_no_metric(calibrated, doubt):
    """The value is unknown, and the reason is there for the gate."""
    metric = corrected(samples_of(80, 20), check_of(calibrated=calibrated)).metrics[0]
    assert (metric.value, metric.low, metric.high, metric.raw) == (None, None, None, 0.8)
    assert (metric.doubt.startswith(doubt), metric.method) == (True, "not corrected")


def test_a_suite_that_is_nothing_like_the_labels_has_no_metric():
    """A raw rate far below what the check lets through by mistake alone is not explained by any true one."""
    metric = corrected(samples_of(0, 400), check_of(calibrated=ratings(90, 10, 60, 40))).metrics[0]
    assert metric.value is None
    assert "no true share explains the raw one" in metric.doubt


@pytest.mark.parametrize(
    ("calibration", "doubt"),
    [
        ({"doubt": "there is no c.json."}, "there is no c.json."),
        ({"fingerprint": "other"}, "c.json is of another judge than this one: it or its model changed. Run"),
    ],
)
def test_a_stale_calibration_corrects_nothing(calibration, doubt):
    """It says nothing of the check as it is now."""
    metric = corrected(samples_of(80, 20), check_of(**calibration)).metrics[0]
    assert (metric.value, metric.raw) == (None, 0.8)
    assert metric.doubt.startswith(doubt)


@pytest.mark.parametrize(
    ("calibration", "doubt"),
    [
        ({}, ""),
        ({"max_age_seconds": 21 * 86_400.0}, ""),
        ({"max_age_seconds": 19 * 86_400.0}, "c.json is 20 days old, and may be 19. Calibrate again."),
        ({"min_kappa": 0.6}, ""),
        ({"min_kappa": 0.7}, "kappa in c.json is 0.77 with the low limit 0.6"),
        ({"min_kappa": 0.9}, "kappa in c.json is 0.77 with the low limit 0.6"),
    ],
)
def test_what_is_asked_of_a_calibration_is_looked_at(calibration, doubt):
    """Its age, and kappa's low limit."""
    check = check_of(**calibration)
    void, unmet = doubts_of(check, check.calibration, confidence=0.95, now=NOW)
    assert void == ""
    assert unmet.startswith(doubt) if doubt else not unmet


def test_a_kappa_that_is_too_low_keeps_the_figure_and_stops_the_gate():
    """What is known is shown, and no gate rests on it."""
    metric = corrected(samples_of(80, 20), check_of(min_kappa=0.9)).metrics[0]
    assert metric.value is not None
    ruling = rule(Gate(metric="right", min=0.1), metric, expected=100, seen=100)
    assert ruling.status == "inconclusive"
    assert ruling.reason.startswith("right cannot be relied on: kappa in c.json is 0.77")
    assert ruling.reason.endswith("Mend the check, take another model, or label more answers.")


def test_a_gate_rules_by_the_corrected_limits():
    """Raw 99 of 100 with a check that lets a fifth of the bad ones through is no 0.97."""
    metric = corrected(samples_of(96, 4), check_of(calibrated=ratings(400, 0, 40, 60))).metrics[0]
    ruling = rule(Gate(metric="right", min=0.9), metric, expected=100, seen=100)
    assert ruling.status == "inconclusive"
    assert "raw 0.96" in ruling.reason
    assert ruling.reason.endswith("Ask more cases, and label more answers for its check.")
    assert rule(Gate(metric="right", min=0.5), metric, expected=100, seen=100).status == "pass"


@settings(deadline=None, max_examples=12)
@given(st.integers(5, 60), st.floats(0.05, 0.95))
def test_p_values_belong_to_the_limits(passes, bound):
    """A bound is cleared at 0.95 exactly where its p-value is at most 0.05."""
    found = corrected(samples_of(passes, 60 - passes), check_of())
    metric, evidence = found.metrics[0], found.evidence.get("right")
    if metric.value is None:
        return
    assert (evidence.p_value(bound, above=True) <= 0.05) == (metric.floor >= bound)
    assert (evidence.p_value(bound, above=False) <= 0.05) == (metric.ceiling <= bound)


def human(good, text="x"):
    return {"answer": text, "right": good}


def test_labels_in_the_suite_come_first():
    """Thirty cases or more make it prediction-powered, whatever the calibration says of the errors."""
    humans = [human(n < 25) for n in range(30)]
    samples = samples_of(90, 10)
    for check in (check_of(calibrated=None), check_of()):
        found = corrected(samples, check, humans=humans)
        metric = found.metrics[0]
        pairs = [(float(n < 25), 1.0) for n in range(30)]
        value, limits = prediction_powered([1.0] * 60 + [0.0] * 10, pairs, confidence=0.95)
        assert (metric.value, metric.low, metric.high) == pytest.approx((value, *limits))
        assert (metric.method, metric.raw) == ("prediction-powered", 0.9)
        assert found.notes == (
            "right: 30 cases have human labels for the answers of this run; the raw value is 0.9.",
        )


def test_a_label_of_another_answer_is_none():
    """People saw another text; with too few left nothing is corrected, and that is said."""
    humans = [human(True, "x" if n < 29 else "other") for n in range(40)]
    found = corrected(samples_of(90, 10), check_of(calibrated=None), humans=humans)
    assert found.metrics[0].raw is None
    assert found.notes == ("right: 29 cases with a human label are too few to correct it; 30 would do.",)


def test_labels_do_not_make_a_stale_calibration_good():
    """What the suite asks of its check still holds."""
    humans = [human(True)] * 40
    metric = corrected(samples_of(90, 10), check_of(fingerprint="old"), humans=humans).metrics[0]
    assert metric.value is not None
    assert metric.doubt.startswith("c.json is of another judge")


def test_labelled_samples_that_the_check_could_not_score_do_not_count():
    """They are unknown to the metric, and so is what the check would have said."""
    humans = [human(True)] * 40
    samples = [sample(n, None if n < 5 else True) for n in range(100)]
    metric = corrected(samples, check_of(calibrated=None), humans=humans).metrics[0]
    assert (metric.method, metric.unscored) == ("prediction-powered", 5)
    assert metric.floor < metric.low


def test_a_metric_of_several_checks_has_no_known_errors():
    """Whose they are cannot be told."""
    samples = samples_of(80, 20)
    suite = suite_of(check_of(), check_of(calibrated=None))
    found = correct(measure(samples, [RIGHT], confidence=0.95), samples, suite)
    assert found.metrics[0].value is None
    assert found.metrics[0].doubt.startswith("several checks make right")


def test_an_f1_is_not_corrected():
    """No gate rests on it while its check names a calibration."""
    f1 = Measure(name="right", kind="f1")
    check = check_of(f1)
    metrics = (replace(measure([], [RIGHT])[0], kind="f1", value=0.9),)
    found = correct(metrics, [], suite_of(check)).metrics[0]
    assert (found.value, found.raw) == (0.9, None)
    assert found.doubt == "a metric of the kind f1 is not corrected. Calibrate a rate or a mean."


def test_an_aggregate_of_trials_is_not_relied_on():
    """pass@k of a check that errs is not what it seems."""
    metrics = (replace(measure([], [RIGHT])[0], name="right_pass@2", of="right", value=0.9),)
    found = correct(metrics, [], suite_of(check_of())).metrics[0]
    assert found.doubt == "it aggregates right, whose check errs. Gate on right."


def test_no_gate_with_a_margin_compares_what_is_not_corrected():
    """Errors of a check shrink differences, so that a margin would be wider than it says."""
    samples = samples_of(80, 20)
    metric = corrected(samples, check_of()).metrics[0]
    theirs = samples_of(85, 15)
    gate = Gate(metric="right", no_worse_than="baseline", margin=0.1)
    ruling = rule(gate, metric, expected=100, seen=100, samples=samples, baselines={"baseline": theirs})
    assert ruling.status == "inconclusive"
    assert "a difference is not corrected for the check's errors" in ruling.reason


def test_age_is_counted_to_now_by_default():
    """A calibration of an hour ago is younger than a day."""
    check = check_of(max_age_seconds=86_400.0, made=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    assert doubts_of(check, check.calibration, confidence=0.95) == ("", "")


@pytest.mark.parametrize("true", [0.85, 0.95])
def test_the_whole_way_covers_the_true_rate(true):
    """Of 40 runs with fresh labels and samples each limit is beyond it in at most 6, where 2 are nominal."""
    chance, beyond = np.random.default_rng(2), [0, 0]
    for _ in range(40):
        tp, tn = int(chance.binomial(60, 0.9)), int(chance.binomial(40, 0.85))
        passes = int(chance.binomial(150, true * 0.9 + (1 - true) * 0.15))
        check = check_of(calibrated=ratings(tp, 60 - tp, 40 - tn, tn))
        metric = corrected(samples_of(passes, 150 - passes), check).metrics[0]
        beyond[0] += metric.low > true
        beyond[1] += metric.high < true
    assert max(beyond) <= 6


def test_gates_by_group_and_with_holm_rule_on_corrected_figures():
    """Each group's metric is corrected by itself, and so is the p-value that Holm's correction orders."""
    gates = (Gate(metric="right", min=0.5, by="language"), Gate(metric="right", min=0.4))
    cases = tuple(Case(id=str(n), input="?") for n in range(200))
    languages = {str(n): "de" if n < 100 else "fr" for n in range(200)}
    suite = Suite(
        name="s",
        path="s.yaml",
        cases=cases,
        checks=(check_of(),),
        gates=gates,
        fields={"language": languages},
    )
    samples = [sample(n, n % 100 < 85) for n in range(200)]
    ruled = rule_all(suite, samples)
    assert [(r.group, r.status) for r in ruled.rulings] == [("de", "pass"), ("fr", "pass"), ("", "pass")]
    assert all(r.metric.raw == pytest.approx(0.85) for r in ruled.rulings)
    one = corrected(samples[:100], check_of())
    assert ruled.rulings[0].metric.low == pytest.approx(one.metrics[0].low, abs=0.02)
    assert ruled.rulings[0].p_value == pytest.approx(one.evidence["right"].p_value(0.5, above=True))
    plain = rule_all(replace(suite, checks=(check_of(calibrated=None),)), samples)
    assert ruled.rulings[0].p_value > plain.rulings[0].p_value


def test_gates_on_clusters_rule_on_what_they_are_worth():
    """A suite whose cases share documents has wider limits after correction, too."""
    cases = tuple(Case(id=str(n), input="?") for n in range(100))
    suite = Suite(
        name="s", path="s.yaml", cases=cases, checks=(check_of(),), gates=(Gate(metric="right", min=0.5),)
    )
    documents = {str(n): f"d{n // 20}" for n in range(100)}
    samples = [sample(n, n % 20 < 17) for n in range(100)]
    alone = rule_all(suite, samples).rulings[0].metric
    together = rule_all(replace(suite, cluster="document", fields={"document": documents}), samples)
    assert together.rulings[0].metric.low < alone.low
