"""Unquoted YAML scalars to values: only what reads the same to everyone is special, the rest stays text.

`true` and `false` (`on`, `yes`, `No` stay texts), decimal numbers (`010`, `1_000`, `12:30` stay texts),
`null` and `~`; dates stay texts.
"""

from __future__ import annotations

import math
import re

from lockgate.model import JSON

__all__ = ["joined", "plain_scalar"]

_LONGEST_NUMBER = 400
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")


def plain_scalar(text: str) -> JSON:
    """The value of an unquoted scalar: true, false, a number, None, or the text itself.

    Raises:
        ValueError: a number that is not finite or has thousands of digits.
    """
    if _BOOL.match(text):
        return text.lower() == "true"
    if _NULL.match(text):
        return None
    if _INT.match(text):
        return _integer(text)
    if _FLOAT.match(text) or _NOT_FINITE.match(text):
        return _finite(text)
    return text


def joined(text: str) -> str:
    """The text with its surrogate pairs (as JSON escapes write them) joined.

    Raises:
        ValueError: half a pair stands alone.
    """
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("Half a surrogate pair is no character. Write both halves.") from None


def _finite(text: str) -> float:
    value = math.inf if _NOT_FINITE.match(text) else float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number. Quote it if it is a text.")
    return value


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"A number of {len(text)} digits is too long. Quote it if it is a text.")
    return int(text)
