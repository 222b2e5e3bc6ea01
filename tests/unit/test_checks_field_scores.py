"""An answer's values against those of an expected object."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.field_scores import FIELD_MEASURES, count_matches, field_figures
from lockgate.model import Counts

OBJECTS = st.dictionaries(
    st.sampled_from("abcd"), st.integers(0, 2) | st.lists(st.integers(0, 2)), min_size=1
)


@pytest.mark.parametrize(
    ("expected", "got", "counts"),
    [
        ({"a": 1, "b": {"c": "x"}}, {"a": 1.0, "b": {"c": " x "}}, Counts(tp=2)),
        ({"a": 1}, {"a": 2}, Counts(fp=1, fn=1)),
        ({"a": [1, 2]}, {"a": [1]}, Counts(tp=1, fn=1)),
        ({"a": [1, 2]}, {"a": [2, 1]}, Counts(fp=2, fn=2)),
        ({"a": []}, {"a": {}}, Counts(fp=1, fn=1)),
        ({"a": []}, {"a": []}, Counts(tp=1)),
        (3, 3, Counts(tp=1)),
        ({"a.b": 1}, {"a": {"b": 1}}, Counts(fp=1, fn=1)),
    ],
)
def test_values_are_matched_by_their_path(expected, got, counts):
    """A value that differs is both unexpected and missing; empty lists and objects are values."""
    assert count_matches(expected, got) == counts


@given(OBJECTS, OBJECTS)
def test_roles_can_be_swapped(left, right):
    """What is missing one way is unexpected the other way, and an object matches itself."""
    there, back = count_matches(left, right), count_matches(right, left)
    assert (there.tp, there.fp, there.fn) == (back.tp, back.fn, back.fp)
    assert field_figures(count_matches(left, left)) | {"field_f1": None} == {
        "field_f1": None,
        "field_precision": 1.0,
        "field_recall": 1.0,
    }


def test_nothing_given_and_nothing_expected_have_their_shares():
    """Precision is 0 without values, recall 1 where none was expected."""
    assert field_figures(Counts(fn=2)) == {
        "field_f1": Counts(fn=2),
        "field_precision": 0.0,
        "field_recall": 0.0,
    }
    assert field_figures(Counts(fp=1))["field_recall"] == 1.0
    assert [m.name for m in FIELD_MEASURES] == ["field_f1", "field_precision", "field_recall"]
