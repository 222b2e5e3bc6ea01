"""Values in texts: told as words of them, and replaced by others of their kind."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.variants.values import holds, occurrences, other


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It opens at nine.", "nine"),
        ("It opens at NINE.", "nine"),
        ("It costs 1,200 euros.", "1200"),
        ("It costs 1200 euros.", "1,200"),
        ("Ask Ada  Lovelace.", "Ada Lovelace"),
        ("It is (12).", "12"),
        ("The total is $12.50.", "12.50"),
    ],
)
def test_a_value_stands_in_a_text(text, value):
    """Case, white space and thousands commas make no difference."""
    assert holds(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It opens at ninety.", "nine"),
        ("It costs 112 euros.", "12"),
        ("It costs 12.50 euros.", "12"),
        ("It costs 3,012 euros.", "012"),
        ("Nothing here.", ""),
    ],
)
def test_a_part_of_a_word_or_number_does_not_count(text, value):
    """A value is whole words, and a number is not part of another."""
    assert not holds(text, value)


def test_every_place_is_found():
    """Each occurrence has its position in the text as it is."""
    found = list(occurrences("Nine to nine, not ninety-nine.", "nine"))
    assert [(m.start(), m[0]) for m in found] == [(0, "Nine"), (8, "nine"), (25, "nine")]


@pytest.mark.parametrize(
    "value",
    [
        "nine",
        "12",
        "12.50",
        "March",
        "3 March 2020",
        "Monday",
        "Ada Lovelace",
        "The Hague",
        "in Paradise, Nevada",
        "about 4 days",
    ],
)
def test_a_value_becomes_another_of_its_kind(value):
    """Numbers, number words, months, days and names are changed, to as many words."""
    new = other([value], Random(1))[value]
    assert new != value
    assert len(new.split()) == len(value.split())
    assert new[:1].isupper() == value[:1].isupper()


@pytest.mark.parametrize(
    "value",
    ["harbour", "free of charge", "may", "", "köstlich", "Revolutionary civil disobedience", "A clause"],
)
def test_a_value_of_no_kind_is_left_out(value):
    """What is neither number, date nor name has no other value."""
    assert other([value], Random(1)) == {}


@pytest.mark.parametrize("digits", ["3", "9", "12"])
def test_forms_of_one_number_change_alike(digits):
    """A digit and its word stay the same number, so that an answer in either form is known."""
    words = {"3": "three", "9": "nine", "12": "twelve"}
    forms = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
    forms = (
        *forms,
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    )
    for seed in range(20):
        changed = other([words[digits], digits], Random(seed))
        if int(changed[digits]) < len(forms):
            assert changed[words[digits]] == forms[int(changed[digits])]


def test_a_name_is_renamed_alike_and_no_two_get_one():
    """A first name alone stays that of the whole name, and two people stay two."""
    changed = other(["Ada Lovelace", "Ada", "Grace Hopper"], Random(1))
    assert changed["Ada Lovelace"].split()[0] == changed["Ada"]
    assert len({word for new in changed.values() for word in new.split()}) == 4


def test_tens_become_other_tens():
    """A number of two words keeps its second one, and is a number."""
    for seed in range(20):
        tens, one = other(["twenty-three"], Random(seed))["twenty-three"].split("-")
        assert tens in ("thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
        assert one == "three"


def test_no_new_value_is_an_old_one():
    """Of alternatives, none becomes another that is right as well."""
    for seed in range(50):
        values = ["1", "2", "3", "5", "9"]
        changed = other(values, Random(seed))
        assert not set(changed.values()) & set(values)


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6).map(str), min_size=1, max_size=4, unique=True), st.integers(0, 99))
def test_every_number_becomes_another(values, seed):
    """Numbers change to numbers of as many digits or more, and never to an old one."""
    changed = other(values, Random(seed))
    assert not set(changed.values()) & set(values)
    assert all(len(new) >= len(old) and new.isdigit() for old, new in changed.items())


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=8))
def test_a_text_that_holds_a_value_has_it(text, value):
    """No other value is told than one whose words stand there."""
    if value.strip() and holds(text, value):
        assert all(
            part.replace(",", "").casefold() in text.replace(",", "").casefold() for part in value.split()
        )
