"""Values of answers: where they stand, when two are equal, how they and what is wrong with them are shown."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Literal

from lockgate.errors import UsageError, did_you_mean
from lockgate.model import JSON

__all__ = ["follow", "is_day", "joined", "same", "shown", "steps_of"]

_STEP = re.compile(r"\.?(?:\[(\d+)\]|\[(['\"])(.+?)\2\]|([^.\[\]]+))")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CUT = 120
_SHOWN = 5


def steps_of(path: str | None) -> list[str | int]:
    """The keys and indexes of a path such as `items[0].name`; none where there is no path.

    Raises:
        UsageError: it is not a path.
    """
    if path is None:
        return []
    steps: list[str | int] = []
    position = 0
    while not path or position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise UsageError(f"{path!r} is not a path. Write it as category, items[0].name or ['a key'].")
        index, _, quoted, name = match.groups()
        steps.append(int(index) if index else quoted or name)
        position = match.end()
    return steps


def follow(value: JSON, steps: list[str | int]) -> JSON:
    """The value that a path leads to.

    Raises:
        LookupError: there is none; its text says what is there instead.
    """
    for step in steps:
        fits = isinstance(value, list if isinstance(step, int) else dict)
        if not fits:
            raise LookupError(f"there is no {step!r} in {_kind(value)}")
        try:
            value = value[step]
        except (KeyError, IndexError):
            raise LookupError(_absent(value, step)) from None
    return value


def same(got: JSON, expected: JSON, *, ignore_case: bool = False) -> bool:
    """Whether two values are equal.

    Numbers compare as numbers, texts without white space around them, lists in order, objects by key.
    """
    if isinstance(got, bool) or isinstance(expected, bool):
        return got is expected
    if isinstance(got, int | float) and isinstance(expected, int | float):
        return got == expected or _close(got, expected)
    if isinstance(got, str) and isinstance(expected, str):
        return _folded(got, ignore_case=ignore_case) == _folded(expected, ignore_case=ignore_case)
    if isinstance(got, list) and isinstance(expected, list | tuple):
        pairs = zip(got, expected, strict=False)
        return len(got) == len(expected) and all(same(a, b, ignore_case=ignore_case) for a, b in pairs)
    if isinstance(got, dict) and isinstance(expected, dict):
        return got.keys() == expected.keys() and all(
            same(got[k], expected[k], ignore_case=ignore_case) for k in got
        )
    return got is None and expected is None


def shown(value: JSON) -> str:
    """A value as JSON, cut visibly after 120 characters."""
    text = json.dumps(value, ensure_ascii=False).encode(errors="replace").decode()
    return text if len(text) <= _CUT else f"{text[:_CUT]}… ({len(text)} characters)"


def joined(problems: Sequence[str]) -> str:
    """The first five of some sentences, and how many more there are."""
    more = len(problems) - _SHOWN
    return " ".join(problems[:_SHOWN]) + (f" And {more} more." if more > 0 else "")


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, written as `2024-02-29` (RFC 3339, full-date)."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _absent(value: JSON, step: str | int) -> str:
    if isinstance(step, int):
        return f"the list has {len(value)} items, none numbered {step}"
    return f"the key {step!r} is missing ({did_you_mean(step, list(value), noun='keys')})"


def _close(got: float, expected: float) -> bool:
    try:
        return math.isclose(got, expected, rel_tol=1e-12)
    except OverflowError:  # a whole number in a suite may be beyond a double's range
        return False


def _folded(text: str, *, ignore_case: bool) -> str:
    return text.strip().casefold() if ignore_case else text.strip()


def _kind(value: JSON) -> Literal["an object", "a list", "a text", "a number", "true or false", "null"]:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"
