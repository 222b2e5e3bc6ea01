"""Annotations as YAML types."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.documents.words import accepts, capital, choices, describe, json_schema

_ANNOTATIONS = [
    str,
    int,
    float,
    bool,
    None,
    Any,
    list,
    dict,
    str | None,
    str | list[str],
    list[dict[str, Any]],
    dict[str, float],
    dict[str, dict[str, Any]],
    Literal["a", "b"],
    Literal["auto"] | int,
    Literal[1, True],
    list[Literal["a"]],
    Path,
]
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (str, "a text"),
        (int, "a whole number"),
        (float, "a number"),
        (bool, "true or false"),
        (Any, "a value"),
        (list, "a list"),
        (list[Any], "a list"),
        (dict[str, Any], "a mapping"),
        (str | None, "a text"),
        (str | list[str], "a text or a list of texts"),
        (list[dict[str, Any]], "a list of mappings"),
        (list[bool], "a list of true or false, each"),
        (Literal["a", "b"], "one of a, b"),
        (Literal["auto"] | int, "auto or a whole number"),
    ],
)
def test_a_type_is_told_in_words(annotation, words):
    """What to write, as the remedy of an error says it."""
    assert describe(annotation) == words


@pytest.mark.parametrize(
    ("annotation", "right", "wrong"),
    [
        (int, [0, -3], [True, 1.5, "1", None]),
        (float, [0, 1.5], [False, "1.5"]),
        (bool, [True, False], [0, 1, "true"]),
        (str | None, ["", None], [0, []]),
        (list[str], [[], ["a"]], [["a", 1], "a"]),
        (dict[str, float], [{}, {"a": 1}], [{"a": "x"}, []]),
        (Literal["a", 1], ["a", 1], [True, "b", 1.0]),
        (Path, ["a", 3, None], []),
    ],
)
def test_a_type_accepts_its_values_alone(annotation, right, wrong):
    """True and false are no numbers; an annotation unknown here leaves the judgement to the factory."""
    assert all(accepts(annotation, value) for value in right)
    assert not any(accepts(annotation, value) for value in wrong)


def test_the_words_of_an_enumeration_are_known():
    """They are what a misspelt one is compared with."""
    assert choices(Literal["a", "b"] | int | None) == ["a", "b"]
    assert choices(str) == []


@settings(deadline=None)
@given(annotation=st.sampled_from(_ANNOTATIONS), value=_JSON)
def test_the_schema_and_the_loader_agree(annotation, value):
    """A value is accepted exactly when the schema holds for it (JSON Schema calls 1.0 a whole number)."""
    valid = jsonschema.Draft202012Validator(json_schema(annotation)).is_valid(value)
    assert accepts(annotation, value) == valid or _has_whole_float(value)


def _has_whole_float(value: Any) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (isinstance(value, float) and value.is_integer()) or any(map(_has_whole_float, parts))


def test_a_sentence_starts_large():
    """Only its first letter changes."""
    assert capital("the backend 'A'") == "The backend 'A'"
    assert capital("") == ""
