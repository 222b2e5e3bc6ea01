"""An answer's claims and a passage's windows, each with its place."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.claims import claims, has_word, sentences, windows
from lockgate.model import Passage


def said(answer):
    """The texts of an answer's claims."""
    return [claim.text for claim in claims(answer)]


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ("It has two years. It is blue!", ["It has two years.", "It is blue!"]),
        ("It has two years", ["It has two years"]),
        ("One line\nanother line", ["One line", "another line"]),
        ("- a lamp\n* a kettle\n• a mug", ["a lamp", "a kettle", "a mug"]),
        ("1. The kettle is red.\n2. It is new.", ["The kettle is red.", "It is new."]),
        ("1) The kettle is red.\n  12) It is new.", ["The kettle is red.", "It is new."]),
        ("# Warranty\nTwo years.", ["Warranty", "Two years."]),
        ("The answer is 3. It fits.", ["The answer is 3.", "It fits."]),
        ("2.", ["2."]),
        ("It costs 3.50 euros. Version 1.2.3 is out.", ["It costs 3.50 euros.", "Version 1.2.3 is out."]),
        (
            "Mr. Smith of Lamps Inc. signed, e.g. today. Done.",
            ["Mr. Smith of Lamps Inc. signed, e.g. today.", "Done."],
        ),
        ('He said "no." (It rained.) Then he left.', ['He said "no."', "(It rained.)", "Then he left."]),
        ("Wait... it works!! It does.", ["Wait...", "it works!!", "It does."]),
        ("保修两年。颜色是蓝色！", ["保修两年。", "颜色是蓝色！"]),
        ("¿? … !!", []),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_sentences_and_list_items_are_claims(answer, texts):
    """Claims end at stops and lines, not at abbreviations, decimals or the number of a list's item."""
    assert said(answer) == texts


@pytest.mark.parametrize("answer", ["Is it blue?", "Here is what I found:", "是蓝色吗？", "هل هو أزرق؟"])
def test_questions_and_announcements_claim_nothing(answer):
    """What asks or only announces others is no claim."""
    assert said(answer) == []
    assert said(f"{answer}\nIt is blue.") == ["It is blue."]


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ("It has two years [1]. It is blue [2, 3].", ["It has two years.", "It is blue."]),
        ("It has two years. [1] It is blue.", ["It has two years.", "It is blue."]),
        ("It has two years.[1] It is blue.[1-3]", ["It has two years.", "It is blue."]),
        ("It is blue [1; 2–4].", ["It is blue."]),
        ("[1]\nIt is blue.", ["It is blue."]),
        ("It came on [2024-01-05].", ["It came on [2024-01-05]."]),
    ],
)
def test_citations_are_no_part_of_a_claim(answer, texts):
    """Every form of citation that `cites_sources` knows is left out, wherever it stands."""
    assert said(answer) == texts


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ('{"answer": "two years", "price": 12.5}', ["two years", "12.5"]),
        ('{"k2": -3, "a: b": "c", "x" : "y"}', ["-3", "c", "y"]),
        ('["red", "blue", {"a": ["green"]}]', ["red", "blue", "green"]),
        ('{"a": "say \\"hi\\"", "u": "\\u00e9t\\u00e9"}', ['say "hi"', "été"]),
        ('{"a": true, "b": null, "c": "", "d": "--"}', []),
        ('{"a": "One. Two."}', ["One. Two."]),
        ("{}", []),
    ],
)
def test_a_json_answer_claims_its_values(answer, texts):
    """Texts and numbers are claims, without their escapes; keys, words of JSON and empty texts are none."""
    assert said(answer) == texts


def test_a_json_value_lies_within_its_quotes():
    """The place of a JSON text is what stands between its quotes, escapes and all."""
    answer = '{"u": "\\u00e9t\\u00e9", "n": 12}'
    assert [answer[c.start : c.end] for c in claims(answer)] == ["\\u00e9t\\u00e9", "12"]


def test_what_only_begins_like_json_is_read_as_sentences():
    """A bracket at the start makes no JSON answer of prose."""
    assert said("{not json} It is blue. [x") == ["{not json} It is blue.", "[x"]


def test_a_long_sentence_is_cut_in_pieces():
    """No piece has more than 500 characters, and none is left out."""
    text = "word " * 300
    spans = list(sentences(text))
    assert [end - start for start, end in spans] == [500, 500, 500]
    assert "".join(text[start:end] for start, end in spans) == text


@pytest.mark.parametrize("text", ["." * 50_000 + "a", "?! " * 20_000, " " * 50_000 + "a", "a. " * 20_000])
def test_a_degenerate_answer_takes_no_time(text):
    """Runs of stops and spaces, as broken models write them, are read in a second."""
    began = time.monotonic()
    claims(text)
    assert time.monotonic() - began < 2


LIST = st.text(alphabet='ab1. \n?!:[],-{}"\\é。', max_size=60)


@given(st.text(max_size=80) | LIST)
def test_sentences_lie_in_order_and_leave_out_no_word(text):
    """Spans do not overlap, and every letter or digit is in one."""
    spans = list(sentences(text))
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    covered = {i for start, end in spans for i in range(start, end)}
    assert all(i in covered for i, c in enumerate(text) if c.isalnum())


@given(st.text(max_size=80) | LIST)
def test_every_claim_has_a_place(text):
    """A claim lies within the answer, and without citations it is its own characters there."""
    for claim in claims(text):
        own = text[claim.start : claim.end]
        assert own
        if "[" not in own and "\\" not in own:
            assert own.strip() == claim.text


@given(st.lists(st.text(alphabet='abé"\\: {}\n1', min_size=1)))
def test_every_text_of_a_json_answer_is_a_claim(texts):
    """Whatever its escapes, each text with a letter or digit is claimed as it is, at its place."""
    answer = json.dumps({f"k{i}": text for i, text in enumerate(texts)})
    found = claims(answer)
    assert [c.text for c in found] == [t for t in texts if any(c.isalnum() for c in t)]
    assert [json.loads(f'"{answer[c.start : c.end]}"') for c in found] == [c.text for c in found]


@given(st.text("aé0_ .,!\n\r。—", max_size=40))
def test_a_passage_with_a_word_has_a_window(text):
    """Whether there is evidence is told without making it."""
    passage = Passage(id="p", text=text)
    assert has_word(passage) == bool(windows([passage]))


def test_windows_are_runs_of_three_sentences():
    """Every run of up to three sentences of each passage is a window, with its passage's id."""
    short, long = Passage(id="s", text="One. Two."), Passage(id="l", text="A1. B2. C3. D4.")
    found = [(w.source, w.text) for w in windows([short, long, Passage(id="e", text=" \n--\n")])]
    assert found == [("s", "One. Two."), ("l", "A1. B2. C3."), ("l", " B2. C3. D4.")]


@given(st.lists(st.text(max_size=60) | LIST, max_size=3))
def test_windows_quote_their_passages_and_leave_out_no_word(texts):
    """Each window is its passage's own characters, and every letter or digit is in one."""
    passages = [Passage(id=str(i), text=text) for i, text in enumerate(texts)]
    found = windows(passages)
    for passage in passages:
        own = [w for w in found if w.source == passage.id]
        assert all(passage.text[w.start : w.end] == w.text for w in own)
        covered = {i for w in own for i in range(w.start, w.end)}
        assert all(i in covered for i, c in enumerate(passage.text) if c.isalnum())
