"""A recipe makes a case's variants: as many as it may, each another, named after the case."""

from __future__ import annotations

from itertools import repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.errors import UsageError
from lockgate.model import Case
from lockgate.variants.edits import Edit, Replaced
from lockgate.variants.recipes import Draft, NotApplicable, Recipe, at_least, leaves, vary

CASE = Case(id="a", input="When?")


def put(text, label=""):
    """A draft that puts a text before the input."""
    return Draft(edits=(Edit((Replaced(start=0, end=0, text=text),)),), label=label)


def recipe(*drafts, count=None):
    """A recipe that gives these drafts."""
    return Recipe(kind="odd", metric="invariance", draft=lambda case, around: iter(drafts), count=count)


def test_variants_are_numbered_unless_they_have_a_label():
    """The id has the kind, and then a number from 1 or the draft's own word."""
    made = vary(CASE, recipe(put("1 "), put("2 ", "second"), put("3 ")))
    assert [variant.case.id for variant in made] == ["a~odd-1", "a~odd-second", "a~odd-3"]


def test_no_two_are_the_same_and_none_is_the_case():
    """A draft that changes nothing, or the same as another, is passed over."""
    made = vary(CASE, recipe(put(""), put("1 "), put("1 "), put("2 ")))
    assert [variant.case.input for variant in made] == ["1 When?", "2 When?"]


def test_there_are_no_more_than_the_count():
    """A recipe that could go on for ever stops there."""
    drafts = (put(f"{n} ") for n in range(10**9))
    endless = Recipe(kind="odd", metric="invariance", draft=lambda case, around: drafts, count=3)
    assert len(vary(CASE, endless)) == 3


def test_a_recipe_that_repeats_itself_ends():
    """Where no more are to be had, there are fewer than the count, and where none is, there is a reason."""
    same = Recipe(kind="odd", metric="invariance", draft=lambda case, around: repeat(put("1 ")), count=3)
    assert len(vary(CASE, same)) == 1
    with pytest.raises(NotApplicable, match="nothing in it can be changed"):
        vary(CASE, recipe(put("")))


def test_chance_is_of_seed_kind_and_case():
    """Another seed, kind or case draws other numbers, and the same ones draw the same."""

    def drawn(seed=0, kind="odd", case_id="a"):
        found = []
        one = Recipe(
            kind=kind,
            metric="invariance",
            draft=lambda case, around: found.append(around.random.random()) or [put("x")],
        )
        vary(Case(id=case_id, input="When?"), one, seed=seed)
        return found

    assert drawn() == drawn()
    assert len({*drawn(), *drawn(seed=1), *drawn(kind="even"), *drawn(case_id="b")}) == 4


def test_a_number_that_is_too_small_is_an_error():
    """The error says where numbers begin."""
    at_least("count", 1, 1)
    with pytest.raises(UsageError, match=r"'count' cannot be 0\. Write a number from 1 on\."):
        at_least("count", 0, 1)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, []),
        ("nine", ["nine"]),
        (" ", []),
        (9, ["9"]),
        (1.5, ["1.5"]),
        (True, []),
        (["a", "b", "a"], ["a", "b"]),
        ({"x": {"y": "deep"}, "z": [None, 3]}, ["deep", "3"]),
    ],
)
def test_texts_and_numbers_are_found_in_any_value(value, found):
    """Each once, in order; truth values and nothing are none."""
    assert leaves(value) == found


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=8))
def test_every_leaf_is_a_text(value):
    """Whatever the expected answer is, what is looked for are texts that are not blank."""
    assert all(isinstance(text, str) and text.strip() for text in leaves(value))
