"""What a schema evaluates of a value, for `unevaluatedProperties` and `unevaluatedItems`."""

from __future__ import annotations

import pytest

from lockgate.checks.schema_fields import violations
from lockgate.checks.schema_loading import DRAFTS, compile_schema


def valid(schema, answer):
    """Whether an answer fits, with nothing unevaluated."""
    return not violations(compile_schema(schema, name="The schema"), answer)


A, B = {"properties": {"a": {}}}, {"properties": {"b": {"const": 1}}}


@pytest.mark.parametrize(
    ("schema", "answer", "fits"),
    [
        (A, {"a": 1}, True),
        (A, {"b": 1}, False),
        ({"patternProperties": {"^x": {}}}, {"x1": 1}, True),
        ({"patternProperties": {"^x": {}}}, {"y": 1}, False),
        ({"additionalProperties": {"type": "integer"}}, {"z": 1}, True),
        ({"allOf": [A, B]}, {"a": 1, "b": 1}, True),
        ({"anyOf": [A, B]}, {"a": 1, "b": 2}, False),
        ({"anyOf": [A, B]}, {"a": 1, "b": 1}, True),
        ({"not": A}, {"a": 1}, False),
        (
            {"if": {"required": ["a"], **A}, "then": B, "else": {"properties": {"c": {}}}},
            {"a": 1, "b": 1},
            True,
        ),
        ({"if": {"required": ["a"], **A}, "then": B, "else": {"properties": {"c": {}}}}, {"c": 1}, True),
        ({"if": {"required": ["a"], **A}, "then": B, "else": {"properties": {"c": {}}}}, {"b": 1}, False),
        ({"dependentSchemas": {"a": B}, **A}, {"a": 1, "b": 1}, True),
        ({"dependentSchemas": {"a": B}}, {"b": 1}, False),
        ({"$ref": "#/$defs/a", "$defs": {"a": A}}, {"a": 1}, True),
        ({"allOf": [{"unevaluatedProperties": {"type": "integer"}}]}, {"q": 1}, True),
    ],
)
def test_members_are_evaluated_by_what_holds(schema, answer, fits):
    """Own keywords and the subschemas of the same value that are valid, by reference too."""
    assert valid({**schema, "unevaluatedProperties": False}, answer) is fits


@pytest.mark.parametrize(
    ("schema", "answer", "fits"),
    [
        ({"prefixItems": [{}]}, [1], True),
        ({"prefixItems": [{}]}, [1, 2], False),
        ({"prefixItems": [{}], "items": {}}, [1, 2], True),
        ({"contains": {"type": "integer"}}, [1, 2], True),
        ({"contains": {"type": "integer"}}, [1, "x"], False),
        ({"allOf": [{"prefixItems": [{}]}, {"prefixItems": [{}, {}]}]}, [1, 2], True),
        ({"anyOf": [{"items": {"type": "integer"}}, {"items": {"type": "string"}}]}, ["a"], True),
        ({"$schema": DRAFTS["draft2019-09"], "items": [{}]}, [1, 2], False),
        ({"$schema": DRAFTS["draft2019-09"], "items": [{}], "additionalItems": {}}, [1, 2], True),
        ({"$schema": DRAFTS["draft2019-09"], "contains": {"type": "integer"}}, [1], False),
    ],
)
def test_items_are_evaluated_by_what_holds(schema, answer, fits):
    """By position, by `contains` from 2020-12 on, and by the branches that are valid."""
    assert valid({**schema, "unevaluatedItems": False}, answer) is fits


def test_what_is_left_may_fit_a_schema():
    """`unevaluatedProperties` may allow what nothing else spoke of."""
    schema = {**A, "unevaluatedProperties": {"type": "string"}}
    assert valid(schema, {"a": 1, "b": "x"})
    assert not valid(schema, {"a": 1, "b": 2})


def test_a_recursive_reference_is_followed():
    """`$recursiveRef` of 2019-09 leads back to the root."""
    schema = {
        "$schema": DRAFTS["draft2019-09"],
        "$recursiveAnchor": True,
        "properties": {"a": {"$recursiveRef": "#"}},
        "unevaluatedProperties": False,
    }
    assert valid(schema, {"a": {"a": {}}})
    assert not valid(schema, {"a": {"b": {}}})
