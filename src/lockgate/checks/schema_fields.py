"""A JSON Schema's violations, and what they say of each field of an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lockgate.errors import UsageError
from lockgate.model import JSON, Counts

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

__all__ = ["Violation", "compile_schema", "count_fields", "violations"]

_ABSENT: Any = object()
_MOST = 1000
_CUT = 200
_JOINED = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule of a schema that an answer breaks.

    Args:
        path: JSON path of the value at fault, `$.items[0].name`.
        rule: the schema's keyword, `required`.
        message: what is wrong, without its end.
        fields: the members of the top-level object that it concerns; empty where it is the object itself.
        missing: whether those fields are at fault for being absent.
    """

    path: str
    rule: str
    message: str
    fields: frozenset[str] = frozenset()
    missing: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.message} (rule {self.rule!r})."


def compile_schema(schema: JSON, *, name: str) -> Validator:
    """The validator of a schema, by the draft that its `$schema` names (2020-12 without one).

    Nothing is ever fetched: a reference to another document is an error.

    Args:
        schema: the schema, as JSON.
        name: what to call it in an error.

    Raises:
        UsageError: the schema is not valid itself, or a reference in it leads nowhere.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

    if not isinstance(schema, dict | bool):
        raise UsageError(f"{name} is not a JSON Schema: it is no object. Write an object.")
    kind: Any = validator_for(schema)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        where = f"{name} is a broken JSON Schema at {error.json_path}"
        raise UsageError(f"{where}: {_cut(error.message)}. Correct it.") from None
    _check_references(schema, name)
    validator: Validator = kind(schema, registry=REGISTRY)
    return validator


def violations(validator: Validator, answer: JSON) -> list[Violation]:
    """Every violation in an answer, by position; at most 1,000.

    Raises:
        RecursionError: the schema refers to itself without end.
        referencing.exceptions.Unresolvable: a dynamic reference leads nowhere.
    """
    errors = (error for error, _ in zip(validator.iter_errors(answer), range(_MOST), strict=False))
    return sorted(map(_violations_of, errors), key=lambda v: (v.path, v.rule, v.message))


def count_fields(schema: JSON, answer: JSON = _ABSENT, found: Sequence[Violation] = ()) -> Counts:
    """The fields of an answer as true positives, false positives and false negatives.

    Args:
        schema: the schema.
        answer: the JSON answer; left out where there is none.
        found: its violations.

    Returns:
        Counts as `json_schema` defines them; fp + fn is 0 exactly when there is an answer without violation.
    """
    declared, required = _declared(schema, schema), _required(schema, schema)
    if answer is _ABSENT:
        return Counts(fn=len(required) or len(declared) or 1)
    if not isinstance(answer, dict):
        return _count_whole(len(required), wrong=bool(found))
    missing = {f for v in found if v.missing for f in v.fields}
    wrong = {f for v in found if not v.missing for f in v.fields}
    whole = sum(not v.fields for v in found)
    right = (declared | required) & answer.keys() - wrong
    return Counts(tp=len(right), fp=len(wrong) + whole, fn=len(missing))


def _count_whole(required: int, *, wrong: bool) -> Counts:
    return Counts(fp=1, fn=required) if wrong else Counts(tp=1)


def _violations_of(error: ValidationError) -> Violation:
    missing = not error.absolute_path and error.validator in ("required", "dependentRequired")
    return Violation(
        path=error.json_path,
        rule=str(error.validator),
        message=_cut(error.message),
        fields=frozenset(_fields_of(error)),
        missing=missing,
    )


def _fields_of(error: ValidationError) -> Iterator[str]:
    """The top-level members that an error is about; the library names them in its message only."""
    rule: Any = error.validator_value
    instance: Any = error.instance
    if error.absolute_path:
        yield str(error.absolute_path[0])
    elif error.validator == "required":
        yield from (n for n in rule if error.message == f"{n!r} is a required property")
    elif error.validator == "dependentRequired":
        names = {n for group in rule.values() for n in group}
        yield from (n for n in names if error.message.startswith(f"{n!r} is a dependency of "))
    elif error.validator in ("additionalProperties", "unevaluatedProperties"):
        yield from (n for n in instance if repr(n) in error.message)


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else f"{text[:_CUT]}… ({len(text)} characters)"


def _declared(schema: JSON, root: JSON) -> set[str]:
    return {name for part in _parts(schema, root) for name in part.get("properties", {})}


def _required(schema: JSON, root: JSON) -> set[str]:
    """What every answer needs: alternatives (`anyOf`, `oneOf`) require nothing for certain."""
    return {name for part in _parts(schema, root, joined=("allOf",)) for name in part.get("required", ())}


def _parts(
    schema: JSON, root: JSON, *, joined: Sequence[str] = _JOINED, seen: tuple[int, ...] = ()
) -> Iterator[dict[str, Any]]:
    """The schema and the parts of it that speak of the same value."""
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    yield schema
    parts = [part for keyword in joined for part in schema.get(keyword, ())]
    if "$ref" in schema:
        parts.append(_resolve(schema["$ref"], root))
    for part in parts:
        yield from _parts(part, root, joined=joined, seen=(*seen, id(schema)))


def _resolve(reference: str, root: JSON) -> JSON:
    """What a reference within the document points to (RFC 6901), or None."""
    if not reference.startswith("#"):
        return None
    value = root
    for step in reference.removeprefix("#").split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return None
    return value


def _check_references(schema: JSON, name: str) -> None:
    if re.search(r'"(\$id|id)": "', json.dumps(schema)):
        return  # references are relative to the nearest id; a wrong one shows when it is followed
    for reference in _references(schema):
        pointer = reference == "#" or reference.startswith("#/")
        if pointer and _resolve(reference, schema) is None:
            raise UsageError(f"{name} refers to {reference!r}, which is not in it. Correct the reference.")
        if not reference.startswith(("#", "http://json-schema.org/", "https://json-schema.org/")):
            raise UsageError(
                f"{name} refers to {reference!r}, another document. Copy what is needed under '$defs'."
            )


def _references(schema: JSON) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
