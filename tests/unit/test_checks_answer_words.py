"""Exact match and token F1 of short answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.answer_words import exact_match, f1, normalised, token_f1
from lockgate.errors import UsageError
from lockgate.model import Case, Completion, Measure


def judged(check, text, expected=None, **fields):
    return check(Case(id="a", input="?", expected=expected, fields=fields), Completion(text=text))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("The  Cat, sat!", "cat sat"),
        ("An apple a day", "apple day"),
        ("theatre", "theatre"),
        ("U.S.", "us"),
        ("“Paris” — the city…", "paris city"),
        ("", ""),
    ],
)
def test_normalisation_is_that_of_squad(text, plain):
    """Lower case, without punctuation, articles and surplus white space."""
    assert normalised(text) == plain


@pytest.mark.parametrize(
    ("answer", "expected", "score"),
    [
        ("the cat sat", "a cat", 2 / 3),
        ("cat cat", "cat", 2 / 3),
        ("cat", "dog", 0.0),
        ("Cat!", "the cat", 1.0),
        ("the", "a", 1.0),
        ("", "cat", 0.0),
    ],
)
def test_f1_counts_shared_words(answer, expected, score):
    """Each as often as it is in both; without words on either side it is all or nothing."""
    assert token_f1(answer, expected) == pytest.approx(score)


@given(st.text(), st.text())
def test_f1_is_a_symmetric_share(left, right):
    """It is between 0 and 1, the same both ways, and 1 with itself."""
    assert 0 <= token_f1(left, right) == token_f1(right, left) <= 1
    assert token_f1(left, left) == 1


@pytest.mark.parametrize(
    ("text", "expected", "status"),
    [
        ("The Eiffel Tower.", "eiffel tower", "pass"),
        ("Paris", ["London", "paris"], "pass"),
        ("42", 42, "pass"),
        ("True", True, "pass"),
        ("Paris, France", "Paris", "fail"),
        ("Paris", None, "unscored"),
        ("Paris", [], "unscored"),
        ("Paris", {"city": "Paris"}, "error"),
    ],
)
def test_exact_match_takes_any_of_the_expected(text, expected, status):
    """A text, a number or a list of them; without any there is nothing to compare."""
    assert judged(exact_match(), text, expected).status == status


def test_a_miss_shows_both_sides():
    """The answer, and up to three of those expected."""
    found = judged(exact_match(), "Rome", ["A", "B", "C", "D"])
    assert found.reason == 'The answer is "Rome", expected "A" or "B" or "C" or 1 more.'
    assert found.figures == {"exact_match": False}


def test_f1_takes_the_best_of_the_expected():
    """The mean is over each answer's best; the threshold decides on the verdict alone."""
    check = f1()
    assert check.measures == (Measure(name="f1", kind="mean"),)
    found = judged(check, "cat sat down", ["dog", "cat"])
    assert (found.status, found.figures) == ("pass", {"f1": 0.5})
    found = judged(f1(threshold=0.9), "cat sat down", "cat")
    assert found.reason == 'The answer has F1 0.50 with "cat", below 0.9.'
    assert judged(check, "cat").figures == {"f1": None}
    assert judged(f1("{{ gold }}"), "cat").status == "error"


def test_a_threshold_is_a_share():
    """Out of range it is a mistake of the suite."""
    with pytest.raises(UsageError, match=r"The threshold cannot be 1\.5"):
        f1(threshold=1.5)


def test_an_endless_answer_is_a_miss():
    """Beyond 200,000 characters nothing is read, and that is said."""
    for check in (exact_match(), f1()):
        found = judged(check, "x" * 200_001, "x")
        assert found.reason == "The answer has 200,001 characters, more than the 200,000 that are read."
    assert found.figures == {"f1": 0.0}
