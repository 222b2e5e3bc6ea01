"""What stands in a text: expected answers as words of it, and other values of the same kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from random import Random
from typing import Literal

__all__ = ["YES_NO", "holds", "occurrences", "other", "pattern_of"]

YES_NO: Mapping[str, Literal["yes", "no"]] = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}
"""How yes and no are written, in small letters, and which of them it is."""

_TEENS = "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_NUMBERS = tuple(f"zero one two three four five six seven eight nine ten {_TEENS}".split())
_CYCLES = tuple(
    tuple(line.split())
    for line in (
        "twenty thirty forty fifty sixty seventy eighty ninety",
        "January February March April May June July August September October November December",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    )
)
_NAMES = (
    "Halvorsen",
    "Meridia",
    "Castellan",
    "Orwick",
    "Tamsin",
    "Brennagh",
    "Ludovik",
    "Saraven",
    "Quillon",
)
_SMALL = frozenset({"A", "An", "The", "In", "On", "At", "By", "It", "Of", "To"})
_CAPITALISED = re.compile(r"\b[A-Z][^\W\d_]*")
_DIGITS = re.compile(r"\d+")
_TOKEN = re.compile(r"\d+|(?<!ty-)[^\W\d_]+")
_COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def holds(text: str, value: str) -> bool:
    """Whether a value stands in a text as words of it, in any case; 1,200 and 1200 are the same."""
    return bool(value) and pattern_of(_COMMA.sub("", value)).search(_COMMA.sub("", text)) is not None


def occurrences(text: str, value: str) -> Iterator[re.Match[str]]:
    """Where a value stands in a text as it is written, whatever its case."""
    return pattern_of(value).finditer(text)


def pattern_of(value: str) -> re.Pattern[str]:
    """The value between ends of words, any white space for its own."""
    parts = r"\s+".join(re.escape(part) for part in value.split())
    # A number goes on over a point or a comma: 12 does not stand in 12.5 or 3,012.
    return re.compile(rf"(?<![\w])(?<!\d[.,]){parts}(?!\w)(?![.,]\d)", re.IGNORECASE)


def other(values: Sequence[str], random: Random) -> dict[str, str]:
    """Another value for each: its numbers, months, days and names others, all numbers by the same step.

    Values in which none of these stands are left out. No new value is one of the old ones.
    """
    steps = list(range(1, 10))
    random.shuffle(steps)
    fresh = cycle(random.sample(_NAMES, len(_NAMES)))
    # A name is renamed alike in all the values that have it.
    renamed = {
        word: next(fresh) for value in values if _is_name(value) for word in _CAPITALISED.findall(value)
    }
    changed = [
        {value: new for value in values if (new := _other(value, step, renamed)) != value} for step in steps
    ]
    old = {value.lower() for value in values}
    return max(
        (one for one in changed if not old & {new.lower() for new in one.values()}), key=len, default={}
    )


def _other(value: str, step: int, renamed: Mapping[str, str]) -> str:
    changed = _TOKEN.sub(lambda m: _stepped(m[0], step), value)
    if changed != value or not _is_name(value):
        return changed
    return _CAPITALISED.sub(lambda m: m[0] if m[0] in _SMALL else renamed[m[0]], value)


def _is_name(value: str) -> bool:
    """Whether all words of four letters and more have a capital, and one at least that is no article."""
    words = re.findall(r"[^\W\d_]+", value)
    capital = all(word[0].isupper() for word in words if len(word) > 3)
    return capital and any(word[0].isupper() and word not in _SMALL for word in words)


def _stepped(word: str, step: int) -> str:
    """The number, month or day that is a step on; any other word, and the verb "may", as it is."""
    if _DIGITS.fullmatch(word):
        return _more(word, step)
    if word.lower() in _NUMBERS:
        return _like(word, _number(_NUMBERS.index(word.lower()), step))
    for turn in _CYCLES:
        known = [name.lower() for name in turn]
        if word.lower() in known and word != "may":
            return _like(word, turn[(known.index(word.lower()) + step) % len(turn)])
    return word


def _number(value: int, step: int) -> str:
    """The word for what the number in digits would become, where there is one."""
    new = int(_more(str(value), step))
    return _NUMBERS[new if new < len(_NUMBERS) else value - step]


def _like(word: str, new: str) -> str:
    return new.capitalize() if word[:1].isupper() else new.lower()


def _more(digits: str, step: int) -> str:
    """A number of as many digits, by a step more, or less where it would have one digit more."""
    more = int(digits) + step
    if len(str(more)) > len(str(int(digits))):
        more = int(digits) - step
    return str(max(more, 0)).zfill(len(digits)) if more >= 0 else str(int(digits) + step)
