"""A JSON Schema's patterns: ECMA-262 regular expressions, given up after a fraction of a second."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

__all__ = ["PatternTimeout", "check_ecma", "compile_pattern", "search"]

_SECONDS = 0.2
_SPACE = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_CLASSES: Mapping[str, str] = {"d": "0-9", "w": "A-Za-z0-9_", "s": _SPACE}
_TOKEN = re.compile(
    r"""
    \\(?: c[A-Za-z] | u\{[0-9A-Fa-f]{1,6}\} | [pP]\{[^}]*\} | k<\w+> | . )
    | \[\^?\]? | \] | \(\?P? | [.$] | [^\\\[\].$(]+ | .
    """,
    re.VERBOSE | re.DOTALL,
)
_FOREIGN = re.compile(r"\\[aAZzGh](?![A-Za-z])|\(\?(?:P[<=>]|\#|[aiLmsux]+\))")


class PatternTimeout(Exception):  # noqa: N818 - what happened
    """A pattern took too long on a text; the message says which."""


def search(pattern: str, text: str) -> bool:
    """Whether a pattern of a schema matches somewhere in a text.

    Raises:
        PatternTimeout: it would take too long.
        ValueError: the pattern is broken.
    """
    try:
        return compile_pattern(pattern).search(text, timeout=_SECONDS) is not None
    except TimeoutError:
        raise PatternTimeout(f"the pattern {pattern!r} takes too long on it") from None


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Any:
    r"""The pattern of the package `regex` that matches what ECMA-262 says (with its `u` flag).

    `\\d`, `\\w` and `\\b` mean ASCII, `$` is the end, `.` no line end, `\\s` every white space, and Unicode
    properties (`\\p{Letter}`) are known; what only Python's `re` knows (`\\Z`, `(?P<name>…)`) works too.

    Raises:
        ValueError: it is broken.
    """
    import regex

    try:
        return regex.compile(_translated(pattern))
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error


def check_ecma(pattern: str) -> None:
    """Refuse what ECMA-262 does not have, for the format `regex`.

    Raises:
        ValueError: the pattern is broken, or written for another language.
    """
    foreign = _FOREIGN.search(pattern.replace("\\\\", ""))
    if foreign:
        raise ValueError(f"{foreign[0]!r} is not ECMA-262")
    compile_pattern(pattern)


def _translated(pattern: str) -> str:
    """Token by token; within brackets only the escapes differ."""
    parts: list[str] = []
    in_class = False
    for match in _TOKEN.finditer(pattern):
        part = match[0]
        if part.startswith("\\"):
            parts.append(_escape(part, in_class=in_class))
        elif in_class:
            in_class = part != "]"
            parts.append(part.replace("[", "\\["))
        else:
            in_class = part in ("[", "[^")
            parts.append(_WHOLE.get(part, part))
    return "".join(parts)


_WHOLE: Mapping[str, str] = {
    "$": r"\Z",
    ".": r"[^\n\r\u2028\u2029]",
    "[]": "(?!)",
    "[^]": r"(?s:.)",
}


def _escape(part: str, *, in_class: bool) -> str:
    kind = part[1:2]  # none where the pattern ends with it, which is a mistake
    if kind == "c" and len(part) == 3:
        return f"\\x{ord(part[2]) % 32:02x}"
    if part.startswith("\\u{"):
        return f"\\U{int(part[3:-1], 16):08x}"
    if part.startswith("\\k<"):
        return f"(?P={part[3:-1]})"
    make: Callable[[str, bool], str] | None = _ASCII.get(kind.lower())
    return part if make is None else make(kind, in_class)


def _class(kind: str, in_class: bool) -> str:  # noqa: FBT001 - a row of the table below
    inside = _CLASSES[kind.lower()]
    if kind.islower():
        return inside if in_class else f"[{inside}]"
    if not in_class:
        return f"[^{inside}]"
    return _COMPLEMENTS[kind]


def _boundary(kind: str, in_class: bool) -> str:  # noqa: FBT001 - a row of the table below
    if in_class:
        return "\\x08" if kind == "b" else "B"
    word = "[A-Za-z0-9_]"
    edge = f"(?<={word})(?!{word})|(?<!{word})(?={word})"
    return f"(?:{edge})" if kind == "b" else f"(?!{edge})"


_ASCII: Mapping[str, Callable[[str, bool], str]] = {"d": _class, "w": _class, "s": _class, "b": _boundary}
_COMPLEMENTS: Mapping[str, str] = {
    "D": r"\x00-/:-\U0010ffff",
    "W": r"\x00-/:-@\[-\^`{-\U0010ffff",
    "S": (
        r"\x00-\x08\x0e-\x1f!-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e"
        r"\u2060-\u2fff\u3001-\ufefe\uff00-\U0010ffff"
    ),
}
