"""Which members or items of a value a JSON Schema has spoken of, for its `unevaluated…` rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lockgate.checks.ecma_patterns import search

__all__ = ["evaluated"]

_WHOLE = ("additionalProperties", "unevaluatedProperties")
_CHOICES = ("allOf", "anyOf", "oneOf")


def evaluated(validator: Any, instance: Any, schema: Any, *, items: bool) -> set[Any]:
    """The names of an object's members, or the numbers of a list's items, that a schema evaluates.

    As 2019-09 (section 9.3) and 2020-12 (section 11) have it: by the schema's own keywords but the
    `unevaluated…` one that asks, and by the subschemas that apply to the same value and are valid.

    Args:
        validator: jsonschema's, for the schema.
        instance: the object, or the list with `items`.
        schema: the schema that holds the `unevaluated…` rule.
        items: whether it is about a list's items.
    """
    own = _own_items if items else _own_members
    asks = "unevaluatedItems" if items else "unevaluatedProperties"
    root = {name: value for name, value in schema.items() if name != asks}
    return set(_all(validator, instance, root, own))


def _all(validator: Any, instance: Any, schema: Any, own: Any) -> Iterator[Any]:
    if not isinstance(schema, dict):
        return
    yield from own(validator, instance, schema)
    for inner in _branches(validator, instance, schema):
        yield from _all(validator.evolve(schema=inner), instance, inner, own)
    for target in _targets(validator, schema):
        there = validator.evolve(schema=target.contents, _resolver=target.resolver)
        yield from _all(there, instance, target.contents, own)


def _branches(validator: Any, instance: Any, schema: dict[str, Any]) -> Iterator[Any]:
    """The subschemas beside the schema that apply to the same value and hold."""
    for keyword in _CHOICES:
        yield from (s for s in schema.get(keyword, ()) if _valid(validator, instance, s))
    if isinstance(instance, dict):
        dependent = schema.get("dependentSchemas", {})
        yield from (s for name, s in dependent.items() if name in instance)
    if "if" in schema:
        holds = _valid(validator, instance, schema["if"])
        if holds:
            yield schema["if"]
        yield schema.get("then" if holds else "else", True)


def _targets(validator: Any, schema: dict[str, Any]) -> Iterator[Any]:
    from referencing.jsonschema import lookup_recursive_ref

    resolver = validator._resolver  # noqa: SLF001 - jsonschema has no other way to follow a reference
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in schema:
            yield resolver.lookup(schema[keyword])
    if "$recursiveRef" in schema:
        yield lookup_recursive_ref(resolver)


def _own_members(validator: Any, instance: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:  # noqa: ARG001
    if any(keyword in schema for keyword in _WHOLE):
        yield from instance
        return
    yield from instance.keys() & schema.get("properties", {}).keys()
    patterns = schema.get("patternProperties", {})
    yield from (name for name in instance if any(search(p, name) for p in patterns))


def _own_items(validator: Any, instance: list[Any], schema: dict[str, Any]) -> Iterator[int]:
    items = schema.get("items", ())
    if not isinstance(items, list | tuple) or "unevaluatedItems" in schema:
        yield from range(len(instance))
        return
    several = "items" in schema and "additionalItems" in schema
    yield from range(len(instance) if several else len(schema.get("prefixItems", items)))
    if (
        "contains" in schema and "$dynamicRef" in validator.VALIDATORS
    ):  # 2020-12; before, it evaluates nothing
        yield from (n for n, item in enumerate(instance) if _valid(validator, item, schema["contains"]))


def _valid(validator: Any, instance: Any, schema: Any) -> bool:
    return bool(validator.evolve(schema=schema).is_valid(instance))
