"""Values of JSON answers: their places, their equality, their shape in a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.values import follow, is_day, joined, same, shown, steps_of
from lockgate.errors import UsageError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        (None, []),
        ("a", ["a"]),
        ("a.b[0]['c d'][\"e\"]", ["a", "b", 0, "c d", "e"]),
        ("[2]", [2]),
    ],
)
def test_a_path_is_its_steps(path, steps):
    """Keys, indexes and quoted keys, in order."""
    assert steps_of(path) == steps


@pytest.mark.parametrize("path", ["", "[", "a[", "a[]", "a..b"])
def test_what_is_no_path_is_refused(path):
    """The error shows how one is written."""
    with pytest.raises(UsageError, match="is not a path"):
        steps_of(path)


def test_following_says_what_is_missing():
    """A key, an index, or the kind of value that should hold one."""
    assert follow({"a": [1, {"b": 2}]}, ["a", 1, "b"]) == 2
    for value, step, text in (
        ({}, "a", "the key 'a' is missing"),
        ([], 0, "the list has 0"),
        (1, "a", "no 'a' in a number"),
    ):
        with pytest.raises(LookupError, match=text):
            follow(value, [step])


@given(VALUES)
def test_every_value_is_the_same_as_itself(value):
    """Whatever its shape, and never the same as one that holds it."""
    assert same(value, value)
    assert not same(value, [value, value])


@pytest.mark.parametrize(
    ("got", "expected", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (" a ", "a", True),
        ("A", "a", False),
        (None, 0, False),
        ([1], (1,), True),
    ],
)
def test_values_are_equal_as_people_mean_it(got, expected, equal):
    """Numbers as numbers, texts without white space around them, and true is not 1."""
    assert same(got, expected) is equal


def test_case_may_be_ignored():
    """At any depth."""
    assert same({"a": ["X"]}, {"a": ["x"]}, ignore_case=True)


def test_a_long_value_is_cut_visibly():
    """After 120 characters, with how many there are; what no UTF-8 can carry becomes a question mark."""
    assert shown("x" * 200) == '"' + "x" * 119 + "… (202 characters)"
    assert shown("\ud800") == '"?"'


@pytest.mark.parametrize(
    ("text", "right"),
    [("2024-02-29", True), ("2023-02-29", False), ("20240229", False), ("2024-W09-4", False), ("", False)],
)
def test_a_day_is_written_one_way(text, right):
    """Neither a day that no month has nor another of ISO 8601's forms is one."""
    assert is_day(text) is right


def test_five_problems_are_said_and_the_others_counted():
    """Up to five there is nothing more to say."""
    assert joined(["A.", "B."]) == "A. B."
    assert joined([f"{n}." for n in range(5)]) == "0. 1. 2. 3. 4."
    assert joined([f"{n}." for n in range(7)]) == "0. 1. 2. 3. 4. And 2 more."
