"""Python annotations as YAML types: what they accept, how a person reads them, their JSON Schema."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lockgate.model import JSON

__all__ = ["accepts", "capital", "choices", "describe", "json_schema", "test_of"]

_SCALARS: Mapping[Any, tuple[str, str]] = {
    str: ("a text", "string"),
    bool: ("true or false", "boolean"),
    int: ("a whole number", "integer"),
    float: ("a number", "number"),
    types.NoneType: ("null", "null"),
    None: ("null", "null"),
}
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (types.NoneType,),
}


def accepts(annotation: Any, value: JSON) -> bool:
    """Whether a plain YAML value is of the annotated type; an annotation unknown here accepts anything."""
    return test_of(annotation)(value)


@functools.lru_cache(maxsize=256)
def test_of(annotation: Any) -> Callable[[JSON], bool]:
    """As `accepts`, for a type that is asked for many times: once a row of a dataset."""
    return _test(json_schema(annotation))


def capital(text: str) -> str:
    """A text as a sentence starts: its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def describe(annotation: Any) -> str:
    """What to write, such as `a text or a list of texts`."""
    if annotation in _SCALARS:
        return _SCALARS[annotation][0]
    origin, args = _parts(annotation)
    if origin is typing.Union:
        return " or ".join(describe(arg) for arg in args if arg is not types.NoneType)
    if origin is typing.Literal:
        return f"one of {', '.join(map(str, args))}" if len(args) > 1 else str(args[0])
    if origin is list:
        return f"a list of {_plural(args[0])}" if args and args[0] is not Any else "a list"
    return "a mapping" if origin is dict else "a value"


def json_schema(annotation: Any) -> dict[str, JSON]:
    """The JSON Schema (2020-12) of the values that an annotation accepts."""
    if annotation in _SCALARS:
        return {"type": _SCALARS[annotation][1]}
    origin, args = _parts(annotation)
    inner = json_schema(args[-1]) if origin in (list, dict) and args else {}
    shapes: Mapping[Any, dict[str, JSON]] = {
        typing.Union: {"anyOf": [json_schema(arg) for arg in args]},
        typing.Literal: {"enum": list(args)},
        list: {"type": "array", "items": inner},
        dict: {"type": "object", "additionalProperties": inner},
    }
    return shapes.get(origin, {})


def choices(annotation: Any) -> list[str]:
    """The words that an annotation names, for a did-you-mean."""
    origin, args = _parts(annotation)
    if origin is typing.Literal:
        return [word for word in args if isinstance(word, str)]
    return [word for arg in args for word in choices(arg)] if origin is typing.Union else []


def _test(schema: Mapping[str, JSON]) -> Callable[[JSON], bool]:
    options = schema.get("anyOf", [schema])
    plain = [option["type"] for option in options if option.get("type") in _PLAIN]
    tests = [_shaped(option) for option in options if option.get("type") not in _PLAIN]
    if plain:
        tests.insert(0, _scalar(plain))
    return functools.reduce(_either, tests)


def _either(one: Callable[[JSON], bool], other: Callable[[JSON], bool]) -> Callable[[JSON], bool]:
    return lambda value: one(value) or other(value)


def _scalar(kinds: Sequence[str]) -> Callable[[JSON], bool]:
    wanted = tuple(kind for name in kinds for kind in _PLAIN[name])
    if "boolean" in kinds or int not in wanted:
        return lambda value: isinstance(value, wanted)
    # To Python, true and false are whole numbers as well.
    return lambda value: isinstance(value, wanted) and not isinstance(value, bool)


def _shaped(schema: Mapping[str, JSON]) -> Callable[[JSON], bool]:
    if "anyOf" in schema:
        return _test(schema)
    words = [(type(word), word) for word in schema.get("enum", ())]
    if words:
        return lambda value: (type(value), value) in words
    inner = schema.get("items", schema.get("additionalProperties"))
    fits = _test(inner) if inner else _anything
    if schema.get("type") == "array":
        return lambda value: isinstance(value, list) and all(map(fits, value))
    if schema.get("type") == "object":
        return lambda value: isinstance(value, dict) and (fits is _anything or all(map(fits, value.values())))
    return _anything


def _anything(_: JSON) -> bool:
    return True


def _parts(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation's origin (`Union` for either notation of one) and arguments."""
    origin = typing.get_origin(annotation) or annotation
    return (typing.Union if origin is types.UnionType else origin), typing.get_args(annotation)


def _plural(annotation: Any) -> str:
    singular = describe(annotation)
    return f"{singular.removeprefix('a ')}s" if singular.startswith("a ") else f"{singular}, each"
