"""The rules of a schema that are our own, and the limit on the time of all of them."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace

import pytest

from lockgate.checks import schema_rules
from lockgate.checks.schema_fields import CannotValidate, violations
from lockgate.checks.schema_loading import DRAFTS, compile_schema

BRANCHING = {
    "$ref": "#/$defs/n",
    "$defs": {"n": {"anyOf": [{"items": {"$ref": "#/$defs/n"}, "minItems": 1}] * 2}},
}
DEEP = [[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]


def found_in(schema, answer, **options):
    return violations(compile_schema(schema, name="The schema", **options), answer)


def rules(schema, answer, **options):
    return [violation.rule for violation in found_in(schema, answer, **options)]


@pytest.mark.parametrize(
    ("schema", "answer", "broken"),
    [
        ({"uniqueItems": True}, [1, True, 0, False, "1", [1], {"a": 1}, None], False),
        ({"uniqueItems": True}, [1, 1.0], True),
        ({"uniqueItems": True}, [{"a": [1], "b": 2}, {"b": 2, "a": [1.0]}], True),
        ({"uniqueItems": True}, [{"a": 1}, {"a": True}], False),
        ({"uniqueItems": True}, [[1], [True]], False),
        ({"uniqueItems": True}, ["truth", ["truth", True], True], False),
        ({"uniqueItems": False}, [1, 1], False),
        ({"uniqueItems": True}, "aa", False),
        ({"multipleOf": 0.01}, 19.99, False),
        ({"multipleOf": 0.01}, 19.995, True),
        ({"multipleOf": 2}, 4.0, False),
        ({"multipleOf": 0.123456789}, 1e308, True),
        ({"multipleOf": 3}, "9", False),
        ({"$schema": DRAFTS["draft3"], "divisibleBy": 0.1}, 0.3, False),
        ({"pattern": r"^\d+$"}, "12", False),
        ({"pattern": r"^\d+$"}, "১২", True),
        ({"pattern": "x"}, 3, False),
        ({"patternProperties": {"^n": {"type": "integer"}}}, {"n": "x"}, True),
        ({"patternProperties": {"^n": {"type": "integer"}}, "additionalProperties": False}, {"n": 1}, False),
        ({"patternProperties": {"^n": True}, "additionalProperties": False}, {"m": 1}, True),
        ({"additionalProperties": {"type": "integer"}, "properties": {"a": {}}}, {"a": "x", "b": 1}, False),
        ({"additionalProperties": {"type": "integer"}}, {"b": "x"}, True),
        ({"additionalProperties": False}, ["x"], False),
        ({"dependencies": {"a": ["b"]}}, {"a": 1}, True),
    ],
)
def test_each_rule_holds_as_the_drafts_say(schema, answer, broken):
    """One violation where the answer breaks the rule, none where it does not."""
    assert len(found_in(schema, answer)) == broken


def test_unexpected_members_are_named_up_to_twenty():
    """Of thousands the message names the first, and the fields are all there."""
    (violation,) = found_in({"additionalProperties": False}, {f"k{n}": 1 for n in range(2000)})
    assert violation.message.startswith("Additional properties are not allowed ('k0', 'k1', ")
    assert len(violation.fields) == 2000


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2024-02-29", "2023-02-29"),
        ("email", "a@b.de", "a"),
        ("ipv4", "127.0.0.1", "256.0.0.1"),
        ("regex", "^a+$", r"^a\Z"),
        ("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2eb8"),
        ("nonsense", "x", None),
    ],
)
def test_formats_are_enforced_where_it_is_asked_for(name, good, bad):
    """A format is an annotation without `formats`, a rule with it, and ignored where nobody knows it."""
    schema = {"format": name}
    assert rules(schema, good, formats=True) == []
    assert rules(schema, bad) == []
    assert rules(schema, bad, formats=True) == ([] if bad is None else ["format"])


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        ({"items": {"type": "integer"}}, [1] * 400_000),
        ({"items": {"oneOf": [{"minimum": n} for n in range(200)]}}, [5] * 100_000),
        (BRANCHING, DEEP),
    ],
    ids=["many", "choices", "branches"],
)
def test_a_validation_ends_in_time(schema, answer):
    """Many items, many choices and branches of branches stop at the limit of processor time."""
    start = time.thread_time()
    with pytest.raises(CannotValidate, match=r"it takes more than 0\.4 s"):
        found_in(schema, answer)
    assert time.thread_time() - start < 2


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        ({"uniqueItems": True}, [[n] if n % 2 else {"a": n} for n in range(20_000)]),
        ({"contains": {"type": "integer"}, "unevaluatedItems": False}, [1] * 20_000),
        ({"additionalProperties": False}, {f"k{n}": 1 for n in range(50_000)}),
    ],
    ids=["unique", "unevaluated", "additional"],
)
def test_no_rule_is_quadratic(schema, answer):
    """Rules that compared every item with every other take a fraction of a second."""
    start = time.thread_time()
    found_in(schema, answer)
    assert time.thread_time() - start < 2


def test_a_thread_that_only_waits_uses_up_nothing(monkeypatch):
    """However much time passes, only the processor's counts."""
    waits = itertools.count()
    clocks = SimpleNamespace(perf_counter=lambda: next(waits), thread_time=time.thread_time)
    monkeypatch.setattr(schema_rules, "time", clocks)
    assert found_in({"items": {"type": "integer"}}, [1] * 10) == []
    assert next(waits) > 10
