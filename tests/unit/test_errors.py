"""The nearest valid word, and how it is proposed."""

from __future__ import annotations

import pytest

from lockgate.errors import did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("accurracy", ["accuracy", "accuracy.majority"], "accuracy"),
        ("max", ["min", "max"], "max"),
        ("other", ["accuracy"], None),
        ("", ["accuracy"], None),
        ("accuracy", [], None),
    ],
)
def test_the_nearest_word_is_one_that_looks_alike(word, known, near):
    """The most alike of the known ones; nothing where none is alike."""
    assert nearest(word, known) == near


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("mni", ["max", "min"], "Did you mean 'min'?"),
        ("other", ["max", "min"], "The bounds there are: 'max', 'min'."),
        ("other", [], "There are no bounds."),
    ],
)
def test_the_remedy_is_the_nearest_word_or_all_there_are(word, known, said):
    """And a sentence of its own where there is nothing to propose."""
    assert did_you_mean(word, known, noun="bounds") == said
