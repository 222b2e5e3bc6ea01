"""Python annotations as YAML types: what they accept, how a person reads them, their JSON Schema."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Mapping
from typing import Any

from lockgate.model import JSON

__all__ = ["accepts", "choices", "describe", "json_schema"]

_SCALARS: Mapping[Any, tuple[str, str]] = {
    str: ("a text", "string"),
    bool: ("true or false", "boolean"),
    int: ("a whole number", "integer"),
    float: ("a number", "number"),
    types.NoneType: ("null", "null"),
    None: ("null", "null"),
}
_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": types.NoneType,
    "array": list,
    "object": dict,
}


def accepts(annotation: Any, value: JSON) -> bool:
    """Whether a plain YAML value is of the annotated type; an annotation unknown here accepts anything."""
    return _fits(_shape(annotation), value)


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


# A dataset asks for the same few types once a row.
_shape = functools.lru_cache(maxsize=256)(json_schema)


def _fits(schema: Mapping[str, JSON], value: JSON) -> bool:
    if "anyOf" in schema:
        return any(_fits(option, value) for option in schema["anyOf"])
    if "enum" in schema:
        return any(value == word and type(value) is type(word) for word in schema["enum"])
    kind = schema.get("type")
    if kind is None:
        return True
    # To Python, true and false are whole numbers as well.
    if not isinstance(value, _PYTHON[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return False
    inner = schema.get("items", schema.get("additionalProperties", {}))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_fits(inner, part) for part in parts)


def _parts(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation's origin (`Union` for either notation of one) and arguments."""
    origin = typing.get_origin(annotation) or annotation
    return (typing.Union if origin is types.UnionType else origin), typing.get_args(annotation)


def _plural(annotation: Any) -> str:
    singular = describe(annotation)
    return f"{singular.removeprefix('a ')}s" if singular.startswith("a ") else f"{singular}, each"
