"""Gates that allow no failure."""

import pytest

from lockgate.gates import rule
from lockgate.metrics import measure
from lockgate.model import Completion, Counts, Gate, Labels, Measure, Sample, Verdict

SAFE = Measure(name="safe")
LEAKED = Measure(name="leaked", better="lower")


def sample(case_id, figure, measured):
    if figure == "error":
        return Sample(case_id=case_id, error="down")
    verdict = Verdict(status="pass", figures={measured.name: figure})
    return Sample(case_id=case_id, completion=Completion(), verdicts=(verdict,))


def ruling(figures, *, measured=SAFE, expected=None, **bounds):
    """The ruling of a hard gate on cases a, b, c… with these figures."""
    samples = [sample(chr(97 + n), figure, measured) for n, figure in enumerate(figures)]
    metric = measure(samples, [measured])[0]
    gate = Gate(metric=measured.name, hard=True, **bounds)
    whole = len(samples) if expected is None else expected
    return rule(gate, metric, expected=whole, seen=len(samples), samples=samples)


def test_it_passes_when_nothing_fails():
    """One right answer is enough, as no statistics come into it."""
    found = ruling([True])
    assert (found.status, found.reason) == ("pass", "safe allows no failure: all of 1 are right.")
    assert (found.p_value, found.adjusted_p) == (None, None)


def test_one_failure_of_many_fails_it():
    """The reason names the cases."""
    found = ruling([True] * 20 + [False])
    assert found.status == "fail"
    assert found.reason == "safe allows no failure: of 21 samples 1 fail (u)."


def test_what_is_unscored_counts_as_a_failure():
    """Nobody knows that it was right."""
    found = ruling([True, None, False])
    assert found.reason == "safe allows no failure: of 3 samples 1 fail (c) and 1 unscored (b)."
    assert ruling([None]).status == "fail"


def test_an_error_is_a_failure():
    """A case without an answer is not right."""
    assert ruling([True, "error"]).status == "fail"


def test_of_many_failures_five_are_named():
    """And how many more there are."""
    assert "(a, b, c, d, e and 3 more)" in ruling([False] * 8).reason


def test_where_less_is_better_a_failure_is_true():
    """A leak fails, and none passes."""
    assert ruling([False, False], measured=LEAKED).status == "pass"
    assert ruling([False, True], measured=LEAKED).status == "fail"


@pytest.mark.parametrize(
    ("measured", "right", "wrong"),
    [
        (Measure(name="score", kind="mean"), 1.0, 0.99),
        (Measure(name="fields", kind="f1"), Counts(tp=3), Counts(tp=2, fn=1)),
        (
            Measure(name="macro", kind="macro_f1"),
            Labels(expected="a", answered="a"),
            Labels(expected="a", answered="b"),
        ),
    ],
)
def test_every_kind_of_share_has_its_failures(measured, right, wrong):
    """A score short of 1, a missed field and a wrong class are failures."""
    assert ruling([right, right], measured=measured).status == "pass"
    assert ruling([right, wrong], measured=measured).status == "fail"


def test_a_run_that_is_not_whole_is_no_pass():
    """A failure fails it at once; without one it is open until all were run."""
    assert ruling([True], expected=2).status == "inconclusive"
    assert ruling([False], expected=2).status == "fail"
    assert ruling([], expected=0).status == "inconclusive"


def test_another_bound_of_the_gate_is_ruled_on_as_well():
    """No failure of three, and yet too few cases for min 0.9; with a failure the gate fails."""
    assert ruling([True] * 3, min=0.9).status == "inconclusive"
    assert ruling([True] * 60, min=0.9).status == "pass"
    assert ruling([True] * 60 + [False], min=0.9).status == "fail"
