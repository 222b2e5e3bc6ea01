"""A JSON Schema's violations, and what they say of each field of an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from lockgate.checks.ecma_patterns import PatternTimeout
from lockgate.checks.schema_loading import cut, resolve
from lockgate.checks.schema_rules import OutOfTime, limited, unexpected_members
from lockgate.model import JSON, Counts

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

__all__ = ["CannotValidate", "Violation", "field_counter", "violations"]

_ABSENT: Any = object()
_MOST = 1000
_JOINED = ("allOf", "anyOf", "oneOf")


class CannotValidate(Exception):  # noqa: N818 - what happened
    """There is no saying whether an answer fits; the text is a whole sentence."""


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


def violations(validator: Validator, answer: JSON) -> list[Violation]:
    """Every violation in an answer, by position; at most 1,000.

    Raises:
        CannotValidate: the schema refers to itself without end or nothing, or it takes too long.
    """
    from referencing.exceptions import Unresolvable

    try:
        with limited():
            errors = (error for error, _ in zip(validator.iter_errors(answer), range(_MOST), strict=False))
            found = list(map(_violations_of, errors))
    except (RecursionError, Unresolvable) as error:
        raise CannotValidate(f"The schema cannot be followed: {error}.") from None
    except (OutOfTime, PatternTimeout) as error:
        raise CannotValidate(f"The answer cannot be validated: {error}.") from None
    return sorted(found, key=lambda v: (v.path, v.rule, v.message))


def field_counter(schema: JSON) -> Callable[..., Counts]:
    """Counts an answer's fields as true positives, false positives and false negatives.

    Args:
        schema: the schema, which is read once for all answers, at the first of them.

    Returns:
        A function of the JSON answer, left out where there is none, and its violations. It gives counts as
        `json_schema` defines them; fp + fn is 0 exactly when there is an answer without violation.
    """

    @cache
    def fields() -> tuple[set[str], set[str]]:
        return _declared(schema, schema), _required(schema, schema)

    def count(answer: JSON = _ABSENT, found: Sequence[Violation] = ()) -> Counts:
        declared, required = fields()
        if answer is _ABSENT:
            return Counts(fn=len(required) or len(declared) or 1)
        if not isinstance(answer, dict):
            return _count_whole(len(required), wrong=bool(found))
        missing = {f for v in found if v.missing for f in v.fields}
        wrong = {f for v in found if not v.missing for f in v.fields}
        whole = sum(not v.fields for v in found)
        right = (declared | required) & answer.keys() - wrong
        return Counts(tp=len(right), fp=len(wrong) + whole, fn=len(missing))

    return count


def _count_whole(required: int, *, wrong: bool) -> Counts:
    return Counts(fp=1, fn=required) if wrong else Counts(tp=1)


def _violations_of(error: ValidationError) -> Violation:
    at_top = len(error.absolute_path) == (error.validator_value is True)  # draft 3 requires in the member
    missing = at_top and error.validator in ("required", "dependentRequired", "dependencies")
    return Violation(
        path=error.json_path,
        rule=str(error.validator),
        message=cut(error.message),
        fields=frozenset(_fields_of(error)),
        missing=missing,
    )


def _fields_of(error: ValidationError) -> Iterator[str]:
    """The top-level members that an error is about; the library names them in its message only."""
    rule: Any = error.validator_value
    if error.absolute_path:
        yield str(error.absolute_path[0])
    elif error.validator == "required":
        yield from (n for n in rule if error.message == f"{n!r} is a required property")
    elif error.validator in ("dependentRequired", "dependencies"):
        groups = ([group] if isinstance(group, str) else group for group in rule.values())
        names = {n for group in groups if isinstance(group, list) for n in group}
        yield from (n for n in names if error.message.startswith(f"{n!r} is a dependency of "))
    else:
        yield from unexpected_members(error)


def _declared(schema: JSON, root: JSON) -> set[str]:
    return {name for part in _parts(schema, root) for name in part.get("properties", {})}


def _required(schema: JSON, root: JSON) -> set[str]:
    """What every answer needs: alternatives (`anyOf`, `oneOf`) require nothing for certain."""
    parts = list(_parts(schema, root, joined=("allOf",)))
    listed = {n for part in parts if isinstance(part.get("required"), list) for n in part["required"]}
    members = (item for part in parts for item in part.get("properties", {}).items())
    return listed | {n for n, inner in members if isinstance(inner, dict) and inner.get("required") is True}


def _parts(schema: JSON, root: JSON, *, joined: Sequence[str] = _JOINED) -> Iterator[dict[str, Any]]:
    """The schema and the parts of it that speak of the same value, each once."""
    seen: set[int] = set()
    pending = [schema]
    while pending:
        part = pending.pop()
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        pending += [inner for keyword in joined for inner in part.get(keyword, ())]
        if isinstance(part.get("$ref"), str):
            pending.append(resolve(part["$ref"], root))
