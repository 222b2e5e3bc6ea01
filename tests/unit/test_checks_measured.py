"""A check with several metrics."""

from __future__ import annotations

from lockgate.checks.measured import measured_check
from lockgate.checks.verdicts import passed
from lockgate.errors import UsageError
from lockgate.model import Case, Completion, Measure

MEASURES = [Measure(name="right"), Measure(name="share", kind="mean")]


def judged(judge):
    check = measured_check("mine", MEASURES, judge, {"option": 1})
    return check(Case(id="a", input="?"), Completion(text="x"))


def test_a_verdict_keeps_its_figures():
    """What the function says is the verdict, under the check's name."""
    found = judged(lambda case, completion: passed({"right": True, "share": 0.5}))
    assert (found.check, found.figures) == ("mine", {"right": True, "share": 0.5})


def test_none_says_that_it_does_not_apply():
    """No metric counts the sample, and nothing falls short."""
    found = judged(lambda case, completion: None)
    assert (found.status, found.figures, found.falls_short) == ("unscored", {}, False)


def test_an_error_for_a_user_is_a_verdict():
    """The first metric is unknown, and the text is the reason."""

    def judge(case, completion):
        raise UsageError("The case lacks it.")

    found = judged(judge)
    assert (found.status, found.reason, found.figures) == ("error", "The case lacks it.", {"right": None})


def test_the_identity_names_the_check():
    """Beside its options, for the fingerprint."""
    check = measured_check("mine", MEASURES, lambda case, completion: None, {"option": 1})
    assert check.identity == {"check": "mine", "option": 1}
    assert check.measures == tuple(MEASURES)
