"""Replies in ragas's forms, with their verdicts counted."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ragas_stand_in import Classifications, Question, Said, Statements, Verdicts

from lockgate.checks.ragas_replies import Unusable, align, read
from lockgate.model import Completion


def asked(*statements):
    return SimpleNamespace(statements=list(statements))


def given(*pairs):
    return Verdicts(statements=[Said(statement=s, verdict=v) for s, v in pairs])


def test_a_reply_is_read_in_its_form():
    """Prose around the one JSON value does no harm."""
    told = read(Completion(text='Here: {"statements": ["It is blue."]}'), Statements)
    assert told.statements == ["It is blue."]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Completion(error="it is away"), "the backend gave no answer: it is away"),
        (
            Completion(text="no"),
            "the model's reply cannot be used: line 1, column 1: Expecting value",
        ),
        (Completion(text="{}"), "the model's reply cannot be used: Field required at statements"),
        (
            Completion(text='{"statements": [7]}'),
            "the model's reply cannot be used: Input should be a valid string at statements.0",
        ),
        (
            Completion(text="[]"),
            "the model's reply cannot be used: Input should be a valid dictionary or instance of Statements",
        ),
    ],
)
def test_a_reply_in_another_form_says_nothing(reply, why):
    """The reason is the first mistake in it, or the backend's."""
    with pytest.raises(Unusable) as caught:
        read(reply, Statements)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("pairs", "verdicts"),
    [
        ([("A is b.", 1), ("C is d.", 0)], [1, 0]),
        ([("c  IS d", 0), ("a is B", 1)], [1, 0]),
        ([("A is b.", 1)], [1, None]),
        ([("A is b.", 1), ("Who knows?", 0), ("What?", 0)], [1, None]),
        ([("A is b, I think.", 1), ("So is d.", 0)], [1, 0]),
        ([("Something else.", 0), ("A is b.", 1)], [1, None]),
        ([("A is b.", 1), ("A is b.", 0), ("C is d.", 1)], [None, 1]),
        ([("A is b.", 1), ("A is b.", 1), ("C is d.", 1)], [1, 1]),
        ([("A is b.", 2), ("C is d.", 1)], [None, 1]),
        ([], [None, None]),
    ],
)
def test_verdicts_belong_to_statements(pairs, verdicts):
    """By what they repeat, else by their place; two that differ, one that is no 0 or 1, and none are None."""
    told, found = align(asked("A is b.", "C is d."), given(*pairs))
    assert found == verdicts
    assert [s.verdict for s in told.statements] == [v for v in verdicts if v is not None]


def test_a_statement_asked_twice_has_its_verdict_twice():
    """The denominator is the statements made, whatever a model made of them."""
    assert align(asked("A is b.", "A is b."), given(("A is b.", 1)))[1] == [1, 1]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (Question(question="?", noncommittal=2), "noncommittal is 2, not 0 or 1"),
        (Said(statement="", verdict=-1), "verdict is -1, not 0 or 1"),
        (
            Classifications.model_validate(
                {"classifications": [{"statement": "a", "attributed": n} for n in (1, 10)]}
            ),
            "attributed is 10, not 0 or 1",
        ),
    ],
)
def test_other_answers_are_yes_or_no(told, why):
    """Ragas takes any number that is not 0 for a yes, and sums them."""
    with pytest.raises(Unusable) as caught:
        align(None, told)
    assert str(caught.value) == f"the model's reply cannot be used: {why}"


@pytest.mark.parametrize(
    "told",
    [Question(question="?", noncommittal=1), Statements(statements=["a"]), Said(statement="a", verdict=0)],
)
def test_what_is_not_about_statements_stays(told):
    """There are no verdicts to count."""
    assert align(SimpleNamespace(question="?"), told) == (told, [])


def test_a_reply_is_read_strictly():
    """What JSON does not have is no number."""
    text = json.dumps({"question": "?", "noncommittal": float("nan")})
    with pytest.raises(Unusable, match="cannot be used"):
        read(Completion(text=text), Question)
