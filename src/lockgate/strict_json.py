"""JSON as RFC 8259 has it: what a lenient reader lets through is an error with its position."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from lockgate.model import JSON

__all__ = ["MAX_CHARACTERS", "MAX_DEPTH", "extract", "parse"]

MAX_CHARACTERS = 4_000_000
"""Longer texts are not read: no answer is that long, and a verdict is to come within a second."""

MAX_DEPTH = 128
"""Deeper nesting is not read (RFC 8259, section 9, allows a limit), so that no later walk can overflow."""

_EXTRACT_CHARACTERS = 1_000_000
_EXTRACT_STARTS = 200
# A text need not end: where no quote closes it, all the rest is looked through, and only once. What has been
# read is never given back (`++`, `*+`), which saves time and memory.
_NESTING = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_FENCE = re.compile(r"```[a-zA-Z]*[ \t]*\n(.*?)```", re.DOTALL)


def parse(text: str) -> JSON:
    """One JSON value, from the first to the last character.

    Raises:
        ValueError: it is not strict JSON (trailing text, a key twice, NaN, a number beyond a double's range,
            nesting deeper than `MAX_DEPTH`, more than `MAX_CHARACTERS`); the text is a sentence's end
            such as `line 1, column 9: the key 'a' comes twice`.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"{len(text):,} characters are more than the {MAX_CHARACTERS:,} that are read")
    if _too_deep(text):
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(_located(error)) from error


def extract(text: str) -> JSON:
    """The one JSON value in an answer that may have prose or a code fence around it.

    The whole text is taken if it is JSON; else the one fenced block that is; else the one object or array
    that stands in the text.

    Raises:
        ValueError: there is none, or more than one.
    """
    try:
        return parse(text)
    except ValueError as error:
        whole = error
    text = text[:_EXTRACT_CHARACTERS]
    found = list(_fenced(text)) or list(_embedded(text))
    if len(found) != 1:
        raise ValueError(f"{len(found)} JSON values in the text" if found else str(whole))
    return found[0]


def _fenced(text: str) -> Iterator[JSON]:
    for match in _FENCE.finditer(text):
        try:
            yield parse(match[1])
        except ValueError:
            continue


def _embedded(text: str) -> Iterator[JSON]:
    """Objects and arrays that start anywhere, without overlap; a bound on the starts keeps it linear."""
    position = 0
    for _ in range(_EXTRACT_STARTS):
        opening = re.compile(r"[{\[]").search(text, position)
        if opening is None:
            return
        try:
            _, end = _DECODER.raw_decode(text, opening.start())
            yield parse(text[opening.start() : end])
            position = end
        except (ValueError, RecursionError):
            position = opening.end()


def _too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for token in _NESTING.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > MAX_DEPTH:
            return True
    return False


def _located(error: json.JSONDecodeError) -> str:
    what = "text after the JSON value" if error.msg == "Extra data" else error.msg
    return f"line {error.lineno}, column {error.colno}: {what}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"the key {twice!r} comes twice in one object")
    return value


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:20]} is beyond a double's range")
    return value


def _integer(digits: str) -> int:
    _finite(digits)  # first: Python refuses to convert thousands of digits, with another error
    return int(digits)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_integer
)
