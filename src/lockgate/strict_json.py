"""JSON as RFC 8259 has it: what a lenient reader lets through is an error with its position."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from lockgate.model import JSON

__all__ = ["MAX_ANSWER", "MAX_CHARACTERS", "MAX_DEPTH", "extract", "parse", "parse_answer"]

MAX_ANSWER = 1_000_000
"""Longer answers are not read: none is that long, and a verdict is to come within a second."""

MAX_CHARACTERS = 4_000_000
"""Longer texts (datasets, schemas) are not read."""

MAX_DEPTH = 128
"""Deeper nesting is not read (RFC 8259, section 9, allows a limit), so that no later walk can overflow."""

_EXTRACT_STARTS = 200
_EXTRACT_EFFORT = 500_000
_HALF = re.compile(r"[\ud800-\udfff]")
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")
# A text need not end: where no quote closes it, all the rest is looked through, and only once. What has been
# read is never given back (`++`, `*+`), which saves time and memory.
_NESTING = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_FENCE = re.compile(r"```[a-zA-Z]*[ \t]*\n(.*?)```", re.DOTALL)


def parse(text: str, *, most: int = MAX_CHARACTERS, halves: bool = False) -> JSON:
    """One JSON value, from the first to the last character.

    Args:
        text: what is to be JSON.
        most: how many characters are read.
        halves: whether an escape may be half a surrogate pair, as recordings of broken answers have them.

    Raises:
        ValueError: it is not strict JSON (trailing text, a key twice, NaN, a number beyond a double's range,
            half a surrogate pair, nesting deeper than `MAX_DEPTH`, more than `most` characters); the text is
            a sentence's end such as `line 1, column 9: the key 'a' comes twice`.
    """
    if len(text) > most:
        raise ValueError(f"{len(text):,} characters are more than the {most:,} that are read")
    half = None if text.isascii() else _HALF.search(text)
    if half is not None:
        where = _position(text, half.start())
        raise ValueError(f"{where}: half a surrogate pair, or a byte that is no UTF-8")
    if _too_deep(text):
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(_located(error)) from error
    if not halves:
        _check_escapes(text, value)
    return value


def parse_answer(text: str) -> JSON:
    """What a model wrote as one JSON value; `parse` of at most `MAX_ANSWER` characters.

    Raises:
        ValueError: as `parse`.
    """
    return parse(text, most=MAX_ANSWER)


def extract(text: str) -> JSON:
    """The one JSON value in an answer that may have prose or a code fence around it.

    The whole text is taken if it is JSON; else the one fenced block that is; else the one object or array
    that stands in the text.

    Raises:
        ValueError: there is none, or more than one.
    """
    try:
        return parse_answer(text)
    except ValueError as error:
        whole = error
    text = text[:MAX_ANSWER]
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
    """Objects and arrays that start anywhere, without overlap; bounds on the effort keep it linear."""
    position = effort = 0
    for _ in range(_EXTRACT_STARTS):
        opening = re.compile(r"[{\[]").search(text, position)
        if opening is None or effort > _EXTRACT_EFFORT:
            return
        try:
            _, end = _DECODER.raw_decode(text, opening.start())
            yield parse(text[opening.start() : end])
            position = end
        except (ValueError, RecursionError) as error:
            reached = error.pos if isinstance(error, json.JSONDecodeError) else len(text)
            effort += reached - opening.start()
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


def _position(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"


def _check_escapes(text: str, value: JSON) -> None:
    """Half a pair may stand as an escape: the grammar lets it through, and no UTF-8 can carry the value."""
    if _ESCAPED_HALF.search(text) is None:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("an escape is half a surrogate pair (RFC 8259, section 8.2)") from None


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
