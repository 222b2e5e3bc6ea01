"""How long an answer is."""

from __future__ import annotations

import pytest

from lockgate.checks.lengths import length
from lockgate.errors import UsageError
from lockgate.model import Case, Completion


def judged(text, *args, **options):
    return length(*args, **options)(Case(id="a", input="?"), Completion(text=text))


@pytest.mark.parametrize(
    ("options", "text", "reason"),
    [
        ({}, " \n", "The answer has 0 characters, fewer than 1."),
        ({"max_words": 2}, "one two three", "The answer has 3 words, more than 2."),
        ({"min_words": 2}, "one", "The answer has 1 word, fewer than 2."),
        ({"max_characters": 3}, " four ", "The answer has 4 characters, more than 3."),
        ({"min_sentences": 2}, "One.", "The answer has 1 sentence, fewer than 2."),
        ({"max_sentences": 1}, "One. Two.", "The answer has 2 sentences, more than 1."),
        ({"min_lines": 3}, "a\nb\n", "The answer has 2 lines, fewer than 3."),
        (
            {"max_lines": 1, "min_words": 9},
            "a\nb",
            "The answer has 2 words, fewer than 9 and 2 lines, more than 1.",
        ),
        ({}, "x" * 500_001, "The answer has 500,001 characters, more than the 500,000 that are read."),
    ],
    ids=range(9),
)
def test_what_is_too_long_or_too_short_says_by_how_much(options, text, reason):
    """The reason has the count and the bound of everything that is out of bounds."""
    found = judged(text, **options)
    assert (found.status, found.reason, dict(found.figures)) == ("fail", reason, {"length": False})


@pytest.mark.parametrize(
    "options",
    [{}, {"max_words": 3, "min_words": 3}, {"max_sentences": 1}, {"min_characters": None}, {"max_lines": 1}],
)
def test_bounds_belong_to_what_passes(options):
    """At the bound the answer passes."""
    assert judged("One two three.", **options).status == "pass"


def test_the_short_form_sets_the_most_words():
    """`length: 2` bounds the words, and the metric can have another name."""
    found = judged("one two three", 2, metric="brief")
    assert (found.status, found.figures) == ("fail", {"brief": False})


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max_words": -1}, "max_words cannot be -1. Use 0 or more."),
        ({"min_lines": 3, "max_lines": 2}, "min_lines (3) is above max_lines (2). Nothing could pass."),
    ],
)
def test_bounds_that_nothing_can_meet_are_refused(options, text):
    """A negative bound and a least above its most are mistakes of the suite."""
    with pytest.raises(UsageError) as caught:
        length(**options)
    assert str(caught.value) == text
