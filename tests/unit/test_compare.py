"""A run beside its baseline: differences, flips, changes, and bounds that ask for less."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.changes import changes, weakened
from lockgate.compare import compare
from lockgate.flips import flips
from lockgate.metrics import measure
from lockgate.model import Completion, Gate, Measure, Metric, Ruling, Run, Sample, Verdict
from lockgate.plain import from_plain, to_plain
from lockgate.statistics.intervals import mcnemar_p, paired_limits

ACCURACY = Measure(name="accuracy")
SCORE = Measure(name="score", kind="mean")


def sample(case_id, figure, trial=0, *, measured=ACCURACY, asked="?"):
    if figure == "error":
        return Sample(case_id=case_id, trial=trial, input=asked, error="down")
    status = "fail" if figure is False else "pass"
    verdict = Verdict(check="c", status=status, figures={measured.name: figure})
    return Sample(case_id=case_id, trial=trial, input=asked, completion=Completion(), verdicts=(verdict,))


def run(figures, *gates, measured=ACCURACY, **fields):
    """A run of cases by id, a figure or a list of trials for each."""
    samples = tuple(
        sample(case_id, figure, trial, measured=measured)
        for case_id, trials in figures.items()
        for trial, figure in enumerate(trials if isinstance(trials, list) else [trials])
    )
    metrics = measure(samples, [measured])
    rulings = tuple(
        Ruling(gate=gate, metric=Metric(name=gate.metric, value=1), status="pass", reason="")
        for gate in gates
    )
    given = {"suite": "s", "backend": "a:v1", "fingerprint": "f", "dataset_digest": "d"} | fields
    return Run(samples=samples, metrics=metrics, rulings=rulings, **given)


def cases(both, ours, theirs, neither):
    """The figures of two runs by how many cases each has right."""
    pairs = (
        [(True, True)] * both + [(True, False)] * ours + [(False, True)] * theirs + [(False, False)] * neither
    )
    return [{f"c{n}": pair[side] for n, pair in enumerate(pairs)} for side in (0, 1)]


def test_a_rate_is_compared_by_mcnemar_and_tango():
    """Of 80 right in both, 2 gained and 13 lost, the difference, its limits and the exact p-value."""
    ours, theirs = (run(figures) for figures in cases(80, 2, 13, 5))
    found = next(d for d in compare(ours, theirs).deltas if d.metric == "accuracy")
    assert (found.value, found.n, found.gained, found.lost) == (pytest.approx(-0.11), 100, 2, 13)
    assert (found.low, found.high) == paired_limits(2, 13, 100, confidence=0.95)
    assert (found.p_value, found.test) == (mcnemar_p(2, 13), "McNemar")


def test_scores_are_compared_by_permutation():
    """Ten scores that all rose by a tenth: the least p-value that ten cases can give is 2 of 1,024."""
    ours = run({f"c{n}": 0.6 for n in range(10)}, measured=SCORE)
    theirs = run({f"c{n}": 0.5 for n in range(10)}, measured=SCORE)
    found = next(d for d in compare(ours, theirs).deltas if d.metric == "score")
    assert (found.value, found.test) == (pytest.approx(0.1), "permutation")
    assert found.p_value == pytest.approx(2 / 1024)


def test_cases_of_a_cluster_flip_their_signs_together():
    """Ten gains of one document are one gain: no evidence."""
    ours, theirs = cases(10, 10, 0, 0)
    fields = {"document": dict.fromkeys(ours, "d")}
    found = compare(run(ours, cluster="document", fields=fields), run(theirs))
    assert (found.deltas[0].p_value, found.deltas[0].test) == (1.0, "permutation")


def test_unpaired_cases_are_named_and_left_out():
    """A case of one run alone is in no difference and no flip."""
    found = compare(run({"a": True, "new": False}), run({"a": True, "old": False}))
    assert (found.only_ours, found.only_theirs) == (("new",), ("old",))
    assert found.deltas[0].n == 1
    assert (found.flips, found.unchanged) == ((), 1)


def test_runs_without_a_common_case_have_no_differences():
    """There is nothing to pair."""
    assert compare(run({"a": True}), run({"b": True})).deltas == ()


def test_every_flip_has_its_status():
    """Newly failing, fixed, flaky in both, and unchanged, with the shares of trials that pass."""
    ours = run({"lost": [True, False], "won": [True, True], "flaky": [True, False], "same": [False, False]})
    theirs = run({"lost": [True, True], "won": [False, True], "flaky": [False, True], "same": [False, False]})
    found = compare(ours, theirs)
    assert [(f.case_id, f.status, f.ours, f.theirs) for f in found.flips] == [
        ("lost", "newly failing", 0.5, 1),
        ("won", "fixed", 1, 0.5),
        ("flaky", "flaky", 0.5, 0.5),
    ]
    assert found.unchanged == 1
    assert [f.case_id for f in found.flipped("fixed")] == ["won"]
    assert found.flips[0].metrics == ("accuracy",)


def test_the_worst_flips_come_first():
    """A case that lost all of its trials before one that lost one."""
    found, _ = flips(
        run({"some": [True, False], "all": [False, False]}).samples,
        run({"some": [True, True], "all": [True, True]}).samples,
    )
    assert [flip.case_id for flip in found] == ["all", "some"]


def test_an_error_is_a_failure_and_what_was_not_asked_is_nothing():
    """A case that got no answer is newly failing; one that was not asked is not compared."""
    unasked = (Sample(case_id="b"),)
    found, unchanged = flips(run({"a": "error"}).samples + unasked, run({"a": True, "b": True}).samples)
    assert [(f.case_id, f.status, f.metrics) for f in found] == [("a", "newly failing", ("error_rate",))]
    assert unchanged == 0


trials = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.booleans(), min_size=1, max_size=3))


@given(trials, trials)
def test_flips_turn_round_with_the_runs(first, second):
    """What is newly failing one way is fixed the other way, and flaky stays flaky."""
    mirrored = {"newly failing": "fixed", "fixed": "newly failing", "flaky": "flaky"}
    one, same = flips(run(first).samples, run(second).samples)
    other, same_too = flips(run(second).samples, run(first).samples)
    assert {(f.case_id, f.status) for f in one} == {(f.case_id, mirrored[f.status]) for f in other}
    assert same == same_too == len(first.keys() & second.keys()) - len(one)


def test_what_did_not_change_is_not_told():
    """A run beside itself has no changes, no flips and no difference."""
    mine = run({"a": True}, Gate(metric="accuracy", min=0.9), checks={"c": "1"})
    found = compare(mine, mine)
    assert (found.changes, found.weakened, found.flips) == ((), (), ())
    assert found.deltas[0].value == 0


def test_a_dataset_that_changed_is_told_case_by_case():
    """New, gone and reworded cases are counted and named."""
    ours = replace(
        run({"a": True}), dataset_digest="e", samples=(sample("a", True, asked="Which?"), sample("n", True))
    )
    assert changes(ours, run({"a": True, "o": True})) == (
        "The dataset has changed: 1 case new (n), 1 case gone (o), 1 case asked otherwise (a).",
    )
    silent = replace(run({"a": True}), dataset_digest="e")
    assert changes(silent, run({"a": True})) == ("The dataset has changed: other fields than the questions.",)


def test_many_cases_are_cut():
    """Five are named, and how many more there are."""
    ours = run({f"c{n}": True for n in range(8)}, dataset_digest="e")
    assert "8 cases new (c0, c1, c2, c3, c4 and 3 more)" in changes(ours, run({"a": True}))[0]


def test_checks_that_changed_are_told():
    """New, gone and changed ones; a baseline that does not say is not compared."""
    ours, theirs = (
        run({"a": True}, checks={"x": "1", "y": "2"}),
        run({"a": True}, checks={"x": "9", "z": "3"}),
    )
    assert changes(ours, theirs) == (
        "The check x has changed.",
        "The check y is new.",
        "The check z is gone.",
    )
    assert changes(ours, run({"a": True})) == ()


def test_other_trials_are_told():
    """One trial instead of two."""
    assert changes(run({"a": True}), run({"a": [True, True]})) == (
        "There are 1 trial of each case instead of 2.",
    )


def test_gates_that_changed_are_told():
    """What it was and what it is; a new one, and one that is gone."""
    ours = run({"a": True}, Gate(metric="accuracy", min=0.9, confidence=0.9), Gate(metric="new", max=0.1))
    theirs = run({"a": True}, Gate(metric="accuracy", min=0.8, by="language"), Gate(metric="old", hard=True))
    assert changes(ours, theirs) == (
        "The gate on accuracy was ≥ 0.8 by language at 0.95 confidence and is ≥ 0.9 at 0.9 confidence.",
        "The gate on old (no failure) is gone.",
        "The gate on new (≤ 0.1) is new.",
    )


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ({"min": 0.9}, {"min": 0.8}, "min was 0.9 and is 0.8"),
        ({"min": 0.9}, {"max": 1.0}, "min was 0.9 and is gone"),
        ({"max": 0.1}, {"max": 0.2}, "max was 0.1 and is 0.2"),
        ({"no_worse_than": "baseline"}, {"min": 0.1}, "no_worse_than baseline is gone"),
        ({"better_than": "baseline"}, {"no_worse_than": "baseline"}, "better_than baseline is gone"),
        (
            {"better_than": "b", "margin": 0.1},
            {"better_than": "b"},
            "the margin of better_than was 0.1 and is 0",
        ),
        ({"min": 0.9}, {"min": 0.9, "confidence": 0.9}, "confidence was 0.95 and is 0.9"),
        ({"hard": True}, {"min": 0.9}, "hard is gone"),
        ({"min": 0.9, "by": "language"}, {"min": 0.9}, "by language is gone"),
        (
            {"no_worse_than": "b", "margin": 0.01},
            {"no_worse_than": "b", "margin": 0.05},
            "the margin of no_worse_than was 0.01 and is 0.05",
        ),
    ],
)
def test_a_bound_that_asks_for_less_is_weakened(was, now, said):
    """Each way to ask for less is told, and the way back is none."""
    old, new = (run({"a": True}, Gate(metric="accuracy", **bounds)) for bounds in (was, now))
    assert f"accuracy: {said}." in weakened(new, old)
    assert f"accuracy: {said}." not in weakened(old, new)


def test_a_gate_that_is_gone_is_weakened():
    """And a stricter or new one is not."""
    old = run({"a": True}, Gate(metric="accuracy", min=0.9))
    assert weakened(run({"a": True}), old) == ("accuracy: the gate (≥ 0.9) is gone.",)
    assert (
        weakened(run({"a": True}, Gate(metric="accuracy", min=0.95, hard=True), Gate(metric="b", min=0)), old)
        == ()
    )


TWO = (Gate(metric="accuracy", min=0.9), Gate(metric="b", min=0.9))


@pytest.mark.parametrize(
    ("was", "now", "gates", "told", "weaker"),
    [
        ("holm", "none", TWO, True, True),
        ("none", "holm", TWO, True, False),
        ("holm", "none", TWO[:1], True, False),
        ("holm", "holm", TWO, False, False),
        ("", "none", TWO, False, False),
        ("holm", "", TWO, False, False),
    ],
)
def test_another_correction_is_told(was, now, gates, told, weaker):
    """Without it several bounds ask for less; of a run that was recorded without it nothing is known."""
    old, new = (run({"a": True}, *gates, correction=word) for word in (was, now))
    assert changes(new, old) == ((f"The correction of all gates was {was} and is {now}.",) if told else ())
    assert weakened(new, old) == (("all gates: correction was holm and is none.",) if weaker else ())


def test_a_comparison_survives_the_record():
    """What a run says of its baseline is read back as it was written."""
    found = replace(run({"a": True}), comparison=compare(run({"a": True}), run({"a": False})))
    assert from_plain(Run, to_plain(found)) == found
