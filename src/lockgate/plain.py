"""Domain values to plain JSON values and back: for the journal, the run file and between processes."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

__all__ = ["LONE_SURROGATE", "as_json", "from_plain", "to_json", "to_plain"]

T = TypeVar("T")

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character: a model can emit it, and UTF-8 cannot hold it."""

_SCALARS = frozenset({type(None), bool, int, str})
_LEFT_OUT = frozenset({"request", "case"})


def as_json(plain: Any) -> str:
    """Plain values as JSON on one line that UTF-8 can hold.

    Raises:
        ValueError: a number is NaN or infinite.
        TypeError: there is something that is not JSON.
    """
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False)
    try:
        # Looking for what cannot be encoded takes five times as long as encoding.
        text.encode()
    except UnicodeEncodeError:
        return LONE_SURROGATE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
    return text


def to_plain(value: Any) -> Any:
    """A value as JSON types: dataclasses become mappings without their empty and default fields.

    Requests and cases inside a value are left out: they are found again by `case_id` and `trial`.

    Raises:
        TypeError: something inside is not a dataclass, mapping, sequence or scalar.
        ValueError: a number is NaN or infinite.
    """
    if type(value) in _SCALARS or isinstance(value, (int, str)):
        return value
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in value]
    if dataclasses.is_dataclass(value):
        return {k: to_plain(v) for k, v in _told(value)}
    raise TypeError(f"{type(value).__name__} has no plain form")


def to_json(value: Any) -> bytes:
    """A dataclass as `as_json(to_plain(…))` writes it, in UTF-8, without the whole tree in memory at once.

    Raises:
        TypeError, ValueError: as those two.
    """
    text = io.BytesIO()
    for number, (name, v) in enumerate(_told(value)):
        text.write(f"{', ' if number else '{'}{as_json(name)}: ".encode())
        text.writelines(piece.encode() for piece in _pieces(v))
    text.write(b"}")
    return text.getvalue()


def from_plain(kind: type[T], plain: Any) -> T:
    """The value of a dataclass that `to_plain` wrote; unknown keys are ignored, absent ones take defaults.

    Raises:
        TypeError: a field without a default is absent.
    """
    hints = _hints(typing.cast("Any", kind))
    return kind(**{name: _revive(hints[name], v) for name, v in plain.items() if name in hints})


def _pieces(value: Any) -> Iterator[str]:
    if not (isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0])):
        yield as_json(to_plain(value))
        return
    for number, item in enumerate(value):
        yield ", " if number else "["
        yield as_json(to_plain(item))
    yield "]"


def _told(value: Any) -> list[tuple[str, Any]]:
    told = []
    for name, default in _fields(typing.cast("Any", type(value))):
        own = getattr(value, name)
        if own is not default and own != default:
            told.append((name, own))
    return told


@cache
def _fields(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Name and default of each field that is told of."""
    return tuple((f.name, f.default) for f in dataclasses.fields(kind) if f.name not in _LEFT_OUT)


def _finite(value: float) -> float:
    if math.isfinite(value):
        return value
    raise ValueError(f"{value} is not a finite number")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _revive(hint: Any, plain: Any) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _revive_union(args, plain)
    if dataclasses.is_dataclass(hint) and isinstance(plain, Mapping):
        return from_plain(typing.cast("type[Any]", hint), plain)
    if origin is tuple and isinstance(plain, Sequence):
        return tuple(_revive(args[0], v) for v in plain)
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(plain, Mapping):
        return {k: _revive(args[1], v) for k, v in plain.items()}
    return plain


def _revive_union(args: tuple[Any, ...], plain: Any) -> Any:
    if isinstance(plain, Mapping):
        shaped: list[Any] = [a for a in args if dataclasses.is_dataclass(a)]
        fitting = (a for a in shaped if plain.keys() <= {name for name, _ in _fields(a)})
        kind = next(fitting, shaped[0] if shaped else None)
        return plain if kind is None else _revive(kind, plain)
    return plain
