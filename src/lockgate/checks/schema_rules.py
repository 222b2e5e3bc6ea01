"""The rules of a JSON Schema that are our own: those where jsonschema's can take for ever, or err."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from lockgate.checks.ecma_patterns import search
from lockgate.checks.schema_evaluated import evaluated
from lockgate.model import JSON

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

__all__ = ["SECONDS", "OutOfTime", "Unexpected", "guarded", "limited", "unexpected_members"]

Errors: TypeAlias = Iterator["ValidationError"]
Rule: TypeAlias = Callable[[Any, Any, Any, Any], Any]

SECONDS = 0.4
"""Processor time that the validation of one answer may take."""

_NAMED = 20
_DEADLINES: ContextVar[tuple[float, float]] = ContextVar("deadlines", default=(float("inf"), float("inf")))


class OutOfTime(Exception):  # noqa: N818 - what happened
    """An answer takes longer to validate than a verdict may."""


class Unexpected(Exception):  # noqa: N818 - the cause of a violation, never raised
    """The members of an object, or the items of a list, that a rule does not allow."""

    def __init__(self, names: list[Any]) -> None:
        super().__init__()
        self.names = names


@contextmanager
def limited() -> Iterator[None]:
    """Let `guarded` validators within raise OutOfTime once `SECONDS` of processor time are used up."""
    token = _DEADLINES.set((time.perf_counter() + SECONDS, time.thread_time() + SECONDS))
    try:
        yield
    finally:
        _DEADLINES.reset(token)


@lru_cache(maxsize=16)
def guarded(kind: Any) -> Any:
    """A jsonschema validator class with our rules, each of which looks at the clock first."""
    from jsonschema import validators

    # `dependencies` was split in two after draft 7, and later drafts let it be read on.
    known: Mapping[str, Rule] = {"dependencies": validators.Draft7Validator.VALIDATORS["dependencies"]}
    known = {**known, **kind.VALIDATORS}
    extend: Any = validators.extend
    return extend(kind, {name: _timed(_RULES.get(name, rule)) for name, rule in known.items()})


def unexpected_members(error: ValidationError) -> list[Any]:
    """The members that a violation says are not allowed; none where it is about something else."""
    return error.cause.names if isinstance(error.cause, Unexpected) else []


def _timed(rule: Rule) -> Rule:
    def timed(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        passing, own = _DEADLINES.get()
        # No thread works longer than time passes, and only the processor's clock takes a system call.
        if time.perf_counter() > passing and time.thread_time() > own:
            raise OutOfTime(f"it takes more than {SECONDS:g} s")
        return rule(validator, value, instance, schema)

    return timed


def _error(message: str, names: list[Any] | None = None) -> ValidationError:
    from jsonschema.exceptions import ValidationError

    return ValidationError(message, cause=None if names is None else Unexpected(names))


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Errors:  # noqa: ARG001 - a rule's shape
    if validator.is_type(instance, "string") and not search(pattern, instance):
        yield _error(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Errors:  # noqa: ARG001
    if not validator.is_type(instance, "object"):
        return
    for pattern, inner in patterns.items():
        for name, value in instance.items():
            if search(pattern, name):
                yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _additional_properties(validator: Any, inner: Any, instance: Any, schema: Any) -> Errors:
    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    extras = [n for n in instance if n not in known and not any(search(p, n) for p in patterns)]
    if inner is not False:
        for name in extras:
            yield from validator.descend(instance[name], inner, path=name)
    elif extras:
        yield _error(f"Additional properties are not allowed ({_were(extras)} unexpected)", extras)


def _unevaluated_properties(validator: Any, inner: Any, instance: Any, schema: Any) -> Errors:
    if not validator.is_type(instance, "object"):
        return
    done = evaluated(validator, instance, schema, items=False)
    left = [n for n in instance if n not in done and not _fits(validator, instance[n], inner)]
    if left:
        yield _error(f"Unevaluated properties are not allowed ({_were(left)} unexpected)", left)


def _unevaluated_items(validator: Any, inner: Any, instance: Any, schema: Any) -> Errors:
    if not validator.is_type(instance, "array"):
        return
    done = evaluated(validator, instance, schema, items=True)
    rest = (n for n in range(len(instance)) if n not in done)
    left = [instance[n] for n in rest if not _fits(validator, instance[n], inner)]
    if left:
        yield _error(f"Unevaluated items are not allowed ({_were(left)} unexpected)")


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Errors:  # noqa: ARG001 - a rule's shape
    if wanted and validator.is_type(instance, "array") and len({_key(i) for i in instance}) < len(instance):
        yield _error(f"{instance!r} has non-unique elements")


def _multiple_of(validator: Any, step: Any, instance: Any, schema: Any) -> Errors:  # noqa: ARG001 - a rule's shape
    """As the decimals are written: 19.99 is a multiple of 0.01, which it is not as a double."""
    if validator.is_type(instance, "number") and Fraction(repr(instance)) % Fraction(repr(step)):
        yield _error(f"{instance!r} is not a multiple of {step!r}")


def _format(validator: Any, name: str, instance: Any, schema: Any) -> Errors:  # noqa: ARG001 - a rule's shape
    if validator.format_checker is None or not isinstance(instance, str):
        return
    from lockgate.checks.schema_formats import FORMATS  # its patterns take a while to compile

    draft_3_time = name == "time" and "disallow" in validator.VALIDATORS  # without an offset there
    test = None if draft_3_time else FORMATS.get(name)
    if not (validator.format_checker.conforms(instance, name) if test is None else test(instance)):
        yield _error(f"{instance!r} is not a {name!r}")


def _fits(validator: Any, value: JSON, inner: Any) -> bool:
    return inner is not False and next(validator.descend(value, inner), None) is None


def _were(names: list[Any]) -> str:
    shown = ", ".join(map(repr, names[:_NAMED]))
    more = len(names) - _NAMED
    return f"{shown}{f' and {more:,} more' if more > 0 else ''} {'was' if len(names) == 1 else 'were'}"


def _key(value: JSON) -> Any:
    """The same for equal values only: 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(value, bool):
        return ("truth", value)
    if isinstance(value, list):
        return ("list", *map(_key, value))
    if isinstance(value, dict):
        return frozenset((name, _key(inner)) for name, inner in value.items())
    return value


_RULES: Mapping[str, Rule] = {
    "additionalProperties": _additional_properties,
    "divisibleBy": _multiple_of,
    "format": _format,
    "multipleOf": _multiple_of,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "unevaluatedItems": _unevaluated_items,
    "unevaluatedProperties": _unevaluated_properties,
    "uniqueItems": _unique_items,
}
