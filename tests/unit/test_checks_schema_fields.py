"""A schema's violations, and the fields that they are about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.checks.schema_fields import field_counter, violations
from lockgate.checks.schema_loading import compile_schema
from lockgate.errors import UsageError
from lockgate.model import Counts

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
ORDER = {
    "$ref": "#/$defs/order",
    "$defs": {
        "order": {
            "type": "object",
            "properties": {"id": {"$ref": "#/$defs/id"}, "items": {"items": {"$ref": "#/$defs/item"}}},
            "required": ["id"],
        },
        "id": {"type": "integer"},
        "item": {"required": ["name"], "properties": {"name": {"type": "string"}}},
    },
}


def found_in(schema, answer):
    """The violations of an answer."""
    return violations(compile_schema(schema, name="The schema"), answer)


def counted(schema, answer):
    """The counts of an answer with its violations."""
    return field_counter(schema)(answer, found_in(schema, answer))


@pytest.mark.parametrize(
    ("schema", "answer", "path", "fields"),
    [
        ({"required": ["a", "b"]}, {"a": 1}, "$", {"b"}),
        (ORDER, {"id": "x"}, "$.id", {"id"}),
        (ORDER, {"id": 1, "items": [{}]}, "$.items[0]", {"items"}),
        ({"additionalProperties": False}, {"x": 1, "y": 2}, "$", {"x", "y"}),
        ({"properties": {"a": True}, "unevaluatedProperties": False}, {"a": 1, "it's": 2}, "$", {"it's"}),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "$", {"b"}),
        ({"minProperties": 1}, {}, "$", set()),
        ({"anyOf": [{"required": ["a"]}]}, {}, "$", set()),
        ({"type": "string"}, 3, "$", set()),
        ({"items": {"type": "null"}}, [None, 1], "$[1]", {"1"}),
    ],
)
def test_a_violation_names_the_members_it_is_about(schema, answer, path, fields):
    """Its path and the top-level members that it concerns are read off each error."""
    (violation,) = found_in(schema, answer)
    assert (violation.path, set(violation.fields)) == (path, fields)


@pytest.mark.parametrize(
    ("schema", "answer", "rule", "missing"),
    [
        ({"required": ["a"]}, {}, "required", True),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "dependentRequired", True),
        (ORDER, {"id": 1, "items": [{}]}, "required", False),
        ({"additionalProperties": False}, {"x": 1}, "additionalProperties", False),
        ({"minProperties": 1}, {}, "minProperties", False),
    ],
)
def test_only_a_member_of_the_top_can_be_missing(schema, answer, rule, missing):
    """What an inner object lacks is a fault of the member that it stands in."""
    (violation,) = found_in(schema, answer)
    assert (violation.rule, violation.missing) == (rule, missing)


def test_a_violation_reads_as_one_line():
    """Written out it has path, message and rule."""
    (violation,) = found_in({"type": "string"}, 3)
    assert str(violation) == "$: 3 is not of type 'string' (rule 'type')."


def test_a_long_message_is_cut_visibly():
    """A message that quotes a huge answer is cut, with its length."""
    (violation,) = found_in({"type": "integer"}, "x" * 5000)
    assert violation.message == f"'{'x' * 199}… (5027 characters)"


def test_violations_come_by_position_and_not_without_end():
    """They are sorted by path, and no more than a thousand are looked for."""
    paths = [v.path for v in found_in({"items": {"type": "string"}}, [1, "a", 2])]
    assert paths == ["$[0]", "$[2]"]
    assert len(found_in({"items": {"type": "string"}}, list(range(3000)))) == 1000


def test_an_answer_that_fits_has_no_violation():
    """A right answer, under any draft that its schema names, has none."""
    assert found_in(ORDER, {"id": 1, "items": [{"name": "lamp"}]}) == []
    assert found_in({"$schema": DRAFT_7, "const": 1}, 1) == []


def test_the_draft_is_read_off_the_schema():
    """`prefixItems` is a rule of 2020-12, which counts without `$schema`, and none of draft 7."""
    schema = {"prefixItems": [{"type": "string"}]}
    assert len(found_in(schema, [1])) == 1
    assert found_in({"$schema": DRAFT_7, **schema}, [1]) == []


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ([], "S is not a JSON Schema: it is no object. Write an object."),
        ("string", "S is not a JSON Schema: it is no object. Write an object."),
        (
            {"minItems": -1},
            "S is a broken JSON Schema at $.minItems: -1 is less than the minimum of 0. Correct it.",
        ),
        (
            {"properties": {"a": {"pattern": "("}}},
            "S is a broken JSON Schema at $.properties.a.pattern: '(' is not a 'regex'. Correct it.",
        ),
        ({"$ref": "#/$defs/a"}, "S refers to '#/$defs/a', which is not in it. Correct the reference."),
        (
            {"allOf": [{"items": {"$ref": "#/allOf/7"}}]},
            "S refers to '#/allOf/7', which is not in it. Correct the reference.",
        ),
        (
            {"$ref": "https://example.org/a.json"},
            "S refers to 'https://example.org/a.json', another document. Copy what is needed under '$defs'.",
        ),
        (
            {"properties": {"a": {"$ref": "a.json#/x"}}},
            "S refers to 'a.json#/x', another document. Copy what is needed under '$defs'.",
        ),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema, text):
    """A broken schema and a reference to nothing or to another document say where and what to do."""
    with pytest.raises(UsageError) as caught:
        compile_schema(schema, name="S")
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {"$ref": "#/$defs/a~1b%20c", "$defs": {"a/b c": {"type": "integer"}}},
        {"allOf": [{"type": "integer"}, {"$ref": "#/allOf/0"}]},
        {"$id": "urn:a", "$defs": {"x": {"$anchor": "x"}}, "$ref": "#x"},
        {"$ref": DRAFT_7},
        {"properties": {"$ref": {"type": "string"}}},
    ],
)
def test_references_within_the_document_are_followed(schema):
    """Escaped pointers, indexes, anchors under an id and the drafts' own schemas are no mistake."""
    validator = compile_schema(schema, name="S")
    assert violations(validator, {} if schema == {"$ref": DRAFT_7} else 3) == []


@pytest.mark.parametrize(
    ("schema", "answer", "counts"),
    [
        (ORDER, {"id": 1, "items": []}, Counts(tp=2)),
        (ORDER, {"items": [{}]}, Counts(fp=1, fn=1)),
        (ORDER, {"id": 1, "more": 2}, Counts(tp=1)),
        ({"minProperties": 3, "properties": {"a": True}}, {"a": 1}, Counts(tp=1, fp=1)),
        ({"allOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1}, Counts(tp=1, fn=1)),
        ({"anyOf": [{"properties": {"a": True}}, {"properties": {"b": True}}]}, {"b": 1}, Counts(tp=1)),
        ({"dependentRequired": {"a": ["b"]}, "properties": {"a": True}}, {"a": 1}, Counts(tp=1, fn=1)),
        ({"type": "integer"}, 3, Counts(tp=1)),
        ({"type": "integer"}, "x", Counts(fp=1)),
        ({"required": ["a", "b"], "type": "object"}, 3, Counts(fp=1, fn=2)),
        (False, {}, Counts(fp=1)),
        (True, {"a": 1}, Counts()),
    ],
)
def test_fields_are_counted_once_each(schema, answer, counts):
    """Right fields are those declared or required, there and without violation; the rest is at fault."""
    assert counted(schema, answer) == counts


@pytest.mark.parametrize(
    ("schema", "missing"),
    [
        (ORDER, 1),
        ({"properties": {"a": True, "b": True}}, 2),
        ({"properties": {"a": True, "b": True}, "required": ["a"]}, 1),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, 1),
        ({"type": "integer"}, 1),
        ({"$ref": "#"}, 1),
        ({"$ref": "https://example.org/a.json"}, 1),
        (True, 1),
    ],
)
def test_no_answer_misses_what_is_required(schema, missing):
    """Without an answer all required fields are missing, else the declared ones, else the value itself."""
    assert field_counter(schema)() == Counts(fn=missing)


NAMES = st.sampled_from(["a", "b", "it's", '"', "was unexpected"])
SCHEMAS = st.fixed_dictionaries(
    {},
    optional={
        "properties": st.dictionaries(NAMES, st.sampled_from([True, False, {"type": "integer"}])),
        "required": st.lists(NAMES, unique=True),
        "additionalProperties": st.booleans(),
        "minProperties": st.integers(0, 3),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, unique=True)),
        "anyOf": st.lists(st.sampled_from([{"required": ["a"]}, {"maxProperties": 1}, False]), min_size=1),
    },
)


@settings(deadline=None)
@given(SCHEMAS, st.dictionaries(NAMES, st.integers() | st.text()) | st.integers() | st.lists(st.none()))
def test_nothing_is_at_fault_exactly_when_nothing_is_violated(schema, answer):
    """Whatever schema and answer, false positives and negatives are 0 exactly without a violation."""
    counts = counted(schema, answer)
    assert (counts.fp + counts.fn == 0) == (not found_in(schema, answer))
    assert min(counts.tp, counts.fp, counts.fn) >= 0
