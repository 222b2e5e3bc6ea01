"""Words, sentences, lines and paragraphs of an answer."""

from __future__ import annotations

import pytest

from lockgate.checks.counting import UNITS, paragraphs, sentences, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't stop, 3.5 well-known, 1,000", ["Don't", "stop", "3.5", "well-known", "1,000"]),
        ("end.Next", ["end", "Next"]),
        ("snake_case — yes", ["snake", "case", "yes"]),
        ("今日は, ok", ["今", "日", "は", "ok"]),
        ("Привет, мир", ["Привет", "мир"]),
        ("...", []),
    ],
)  # fmt: skip
def test_words_are_runs_of_letters_and_digits(text, found):
    """Inner apostrophes, hyphens and decimal points join; letters of unspaced scripts stand alone."""
    assert words(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Lee paid 3.50 to J. Roe, i.e. me. Done.", ["Dr. Lee paid 3.50 to J. Roe, i.e. me.", "Done."]),
        ('He said "Stop." Then he left', ['He said "Stop."', "Then he left"]),
        ("今日は。元気です。", ["今日は。", "元気です。"]),
        ("Wait... what?!", ["Wait...", "what?!"]),
        ("1. First item\n2. Second item", ["1. First item", "2. Second item"]),
        ("Title\n\nText", ["Title", "Text"]),
        ("***", []),
        ("", []),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_would_stop(text, found):
    """Not after abbreviations, initials and numbers; list items and paragraphs end one too."""
    assert sentences(text) == found


def test_paragraphs_are_apart_by_empty_lines():
    """White space on the empty line does not join them."""
    assert paragraphs("a\nb\n \t\nc\n\n\n") == ["a\nb", "c"]


def test_every_unit_counts():
    """The table has each unit's own count."""
    text = "One two.\nThree.\n\nFour."
    counts = {unit: count(text) for unit, count in UNITS.items()}
    assert counts == {"characters": 22, "words": 4, "sentences": 3, "lines": 4, "paragraphs": 2}
