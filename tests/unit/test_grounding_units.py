"""Passages as units of evidence, and what a claim says of an object's keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.grounding.facts import facts
from lockgate.checks.grounding.keys import KEYS, against_keys
from lockgate.checks.grounding.units import units
from lockgate.model import Passage

PLACE = """{'name': "Ann's", 'hours': {'Monday': '9:0-17:0', 'Sunday': '10:0-12:30'},
'OutdoorSeating': False,
'WiFi': True, 'Music': None, 'tags': ['calm', 3], 'note': 'It\\'s fine.\\nReally.'}"""


def read(text):
    """The units of one passage."""
    return units([Passage(id="p", text=text)])


def test_prose_is_read_by_sentence():
    """Each sentence of each passage is a unit, with its place and its words as they stand."""
    found = units([Passage(id="a", text="One is. Two are.\n\n--\nThree"), Passage(id="b", text="Four")])
    assert [(u.source, u.text) for u in found] == [
        ("a", "One is."), ("a", "Two are."), ("a", "Three"), ("b", "Four"),
    ]  # fmt: skip


def test_an_object_is_read_by_value():
    """A value stands beside its keys, true and false as yes and no, in JSON and in Python's own form."""
    assert [u.text for u in read(PLACE)] == [
        "name: Ann's",
        "hours Monday: 9:0-17:0",
        "hours Sunday: 10:0-12:30",
        "Outdoor Seating: no",
        "Wi Fi: yes",
        "Music: unknown",
        "tags: calm",
        "tags: 3",
        "note: It's fine. Really.",
    ]
    found = read('{"a": {"b": [true, null]}, "c": 1.5}')
    assert [u.text for u in found] == ["a b: yes", "a b: unknown", "c: 1.5"]


def test_a_long_value_is_read_by_sentence():
    """A text of more than eighty characters has no key to it any more."""
    long = "The first sentence is here, for a while. " * 2 + "The last one is here."
    found = read(f'{{"review": "{long}"}}')
    assert [u.key for u in found] == ["", "", ""]
    assert found[2].text == "The last one is here."


def test_what_only_looks_like_an_object_is_prose():
    """Braces without a value to read are read as a sentence, so that nothing is left out."""
    assert [u.text for u in read('{"a": ""}')] == ['{"a": ""}']
    assert [u.text for u in read("[1]: a link. Then more.")] == ["[1]: a link.", "Then more."]


@given(st.text(max_size=80) | st.sampled_from([PLACE, "{'a': [{'b'", "}{:}", "[[:']"]))
def test_a_unit_quotes_its_passage(text):
    """Whatever the passage, a unit's quote is what stands at its place."""
    for unit in read(text):
        assert text[unit.start : unit.end] == unit.quote


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("It offers outdoor seating and WiFi.", {"keys_denied": 1, "keys_agreed": 1}),
        ("It has no outdoor seating.", {"keys_agreed": 1}),
        ("It does not offer WiFi.", {"keys_ignored": 1}),
        ("There is live music.", {"keys_unknown": 1}),
        ("There is no information on music.", {}),
        ("It is open every day.", {"days_differ": 1}),
        ("It is closed on Sundays.", {"days_differ": 1}),
        ("It is closed on Tuesday.", {}),
        ("It is open on Monday.", {}),
    ],
)
def test_a_claim_is_held_against_the_keys(claim, said):
    """Affirming what is false, denying what is true and opening on other days are told apart."""
    found = dict(zip(KEYS, against_keys(claim, read(PLACE)), strict=True))
    assert {name: value for name, value in found.items() if value} == said


def test_prose_has_no_keys():
    """Against sentences nothing is counted."""
    assert set(against_keys("It has no WiFi.", read("There is WiFi."))) == {0.0}


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("from 9 am to 5:30 PM", {"9:00", "17:30"}),
        ("17:30-23:0", {"17:30", "23:00"}),
        ("at 12 p.m. and 12 a.m.", {"12:00", "0:00"}),
        ("9 amateurs", set()),
    ],
)
def test_times_have_one_form(text, times):
    """Clocks of twelve and of twenty-four hours agree."""
    assert facts(text).times == times


def test_facts_count_negation_and_hedges():
    """Words that turn or weaken a claim are counted, and names and numbers are found."""
    found = facts("It isn't, and may never be, in Rome in 1,200.")
    assert (found.negations, found.hedges) == (2, 1)
    assert (found.names, found.numbers) == ({"rome"}, {"1200"})
