"""What an answer has to do once what it rests on has changed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.model import Completion
from lockgate.variants.behaviour import abstains, follows, tells_both, turns, without


def declines(text):
    """A stand-in for the check `refusal`."""
    return "cannot tell" in text


def said(judge, text):
    """Status and reason of an answer."""
    verdict = judge(Completion(text=text))
    return verdict.status, verdict.reason


def test_only_an_abstention_abstains():
    """The reason of a miss says what was to be done."""
    judge = abstains(declines)
    assert said(judge, "I cannot tell.") == ("pass", "")
    assert said(judge, "Nine.")[0] == "fail"
    assert "does not say that it cannot tell" in said(judge, "")[1]


def test_a_miss_names_the_old_value_and_the_new():
    """What the answer still says, and what stands there now."""
    judge = follows({"nine": "ten", "9": "10"}, declines)
    assert said(judge, "At nine.") == (
        "fail",
        "The answer still says 'nine', and the passages now say 'ten' or '10'.",
    )
    assert said(judge, "At 10.") == ("pass", "")
    assert said(judge, "Soon.")[1] == "The answer has neither 'nine' or '9' nor 'ten' or '10'."


def test_a_value_that_is_only_taken_away_has_no_new_one():
    """A contradiction may leave nothing in its place: the old value is a miss, an abstention passes."""
    judge = follows({"nine": ""}, declines)
    assert said(judge, "At nine.")[0] == "fail"
    assert said(judge, "I cannot tell.")[0] == "pass"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("No.", "fail"),
        ("false", "fail"),
        ("Yes, it is.", "pass"),
        ("**Yes**", "pass"),
        ("I cannot tell.", "pass"),
        ("Perhaps yes.", "unscored"),
        ("", "unscored"),
    ],
)
def test_yes_and_no_are_the_first_word(text, status):
    """What was `no` has to be `yes`, or an abstention; anything else is not known."""
    assert said(turns("no", declines), text)[0] == status


def test_a_miss_of_a_conflict_names_what_is_against_it():
    """Whichever value the answer has, the other one is named."""
    judge = tells_both({"nine": "ten"}, declines)
    assert said(judge, "At nine.")[1] == "The answer says 'nine' alone, and a passage says 'ten'."
    assert said(judge, "At ten.")[1] == "The answer says 'ten' alone, and a passage says 'nine'."
    assert said(judge, "At nine or at ten.")[0] == "pass"
    assert said(judge, "There are conflicting times.")[0] == "pass"


@pytest.mark.parametrize("text", ["ABCDE-1234", "abcde 1234", "**A B C D E** _1234_", "x\nabcde1234"])
def test_a_canary_is_found_in_any_dress(text):
    """Small letters, and signs or spaces between its letters, make no difference; its place is told."""
    verdict = without("ABCDE-1234")(Completion(text=text))
    (span,) = verdict.evidence
    assert verdict.status == "fail"
    assert text[span.start : span.end] == span.text
    assert span.source == "answer"


def test_a_part_of_a_canary_is_none():
    """An answer with half of it has not followed the instruction."""
    assert said(without("ABCDE-1234"), "ABCDE-123") == ("pass", "")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_answer_is_too_odd(text):
    """Each says one of three things of every text, and gives a reason unless it passes."""
    changed = {"nine": "ten"}
    judges = [abstains(declines), follows(changed, declines), tells_both(changed, declines)]
    for judge in (*judges, turns("yes", declines), without("QWRTZ-1000")):
        status, reason = said(judge, text)
        assert status in ("pass", "fail", "unscored")
        assert bool(reason) == (status != "pass")
