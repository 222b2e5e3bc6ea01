"""Delta debugging: what is left fails, and with asks enough nothing of it can be left out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.variants.shrinking import Budgeted, shrink


def needs(*culprits):
    """Fails whenever all of these edits are there."""
    return lambda part: set(culprits) <= part


def test_one_culprit_is_found():
    """Of sixteen edits, the one that fails alone is what is left."""
    fails = Budgeted(needs(11), 100)
    assert shrink(16, fails) == {11}
    assert fails.asked <= 16


def test_two_culprits_far_apart_are_found():
    """Where two edits fail only together, both are left and no other."""
    assert shrink(16, Budgeted(needs(1, 14), 100)) == {1, 14}


def test_what_needs_all_stays_whole():
    """Where no part fails, all edits are left."""
    assert shrink(4, Budgeted(needs(0, 1, 2, 3), 100)) == {0, 1, 2, 3}


def test_a_single_edit_is_not_asked_again():
    """One edit cannot be made smaller."""
    fails = Budgeted(needs(0), 100)
    assert shrink(1, fails) == {0}
    assert fails.asked == 0


def test_no_part_is_asked_twice_and_none_is_empty():
    """Each part costs one ask, however often it comes up; the original is never asked."""
    asked = []

    def fails(part):
        asked.append(part)
        return part >= {2, 5}

    shrink(9, Budgeted(fails, 1000))
    assert len(asked) == len(set(asked))
    assert frozenset() not in asked


def test_what_cannot_be_asked_ends_it():
    """An ask that is refused is the last, and is not counted."""
    asked = []
    fails = Budgeted(asked.append, 100)
    assert shrink(8, fails) == set(range(8))
    assert (len(asked), fails.asked, fails.spent) == (1, 0, True)


@pytest.mark.parametrize("most", [0, 1, 2, 5])
def test_no_more_is_asked_than_allowed(most):
    """The number of asks is a bound, and what is left fails all the same."""
    fails = Budgeted(needs(3, 9), most)
    assert {3, 9} <= shrink(12, fails)
    assert fails.asked <= most


@settings(deadline=None)
@given(
    st.integers(1, 24).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1)))
)
def test_the_rest_fails_and_is_minimal(drawn):
    """For every set of culprits, shrinking ends with exactly them."""
    count, culprits = drawn
    assert shrink(count, Budgeted(needs(*culprits), 10_000)) == culprits


@settings(deadline=None)
@given(st.integers(1, 12), st.data())
def test_of_any_rule_the_rest_fails(count, data):
    """Whatever fails, monotonic or not: the rest fails, and no single edit of it can be left out."""
    table = {}

    def fails(part):
        if part not in table:
            table[part] = len(part) == count or data.draw(st.booleans())
        return table[part]

    kept = shrink(count, Budgeted(fails, 10_000))
    assert len(kept) == count or table[kept]
    if len(kept) > 1:
        assert not any(table.get(kept - {n}, False) for n in kept)
        assert all(kept - {n} in table for n in kept)
