"""How much of a claim stands in its evidence, word by word: the lexical engine of groundedness."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lockgate.checks.claims import Window

__all__ = ["Support", "Terms", "has_content", "is_common", "overlap", "terms"]

_TOKEN = re.compile(r"[0-9]+(?:[.,:][0-9]+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|[^\W_]+(?:-[^\W_]+)*")
_NUMBER_LOSS = 0.6
_NAME_LOSS = 0.5
_NUMBERS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "twenty": "20", "thirty": "30",
}  # fmt: skip
_EMPTY = frozenset(
    """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can could did do does doing down during each for from further had has have
    having he her here hers him his how i if in into is it its itself just like may me might more
    most my no nor not of off on once only or other our out over own per same shall she should so
    some such than that the their them then there these they this those through to too under until
    up upon us very was we were what when where which while who whom why will with would you your
    yours please based according however overall additionally provided context passage text article
    information mentioned stated sure yes yeah ok okay indeed certainly
    """.split()  # noqa: SIM905 - a list of words reads better as text
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """How well a claim is supported.

    Args:
        score: 0..1.
        window: index of the nearest evidence, None where there is none.
        missing: numbers and names of the claim that stand in no passage.
    """

    score: float
    window: int | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """The content of a text: words without their endings, numbers in one form, names as they are written."""

    words: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]


def overlap(claim: str, windows: Sequence[Window]) -> Support:
    """Support of a claim by its evidence.

    score = (b + a)/2 · (1 - 0.6·u) · (1 - 0.5·v), where b is the share of the claim's content words, names
    and numbers that the best window has, a the share that all windows together have, u the share of its
    numbers and v the share of its names that no window has. Words are compared without case and
    inflection endings, numbers as numbers. A claim without content ("Yes.") has nothing to be found and
    scores 0.
    """
    said = terms(claim)
    wanted = said.words | said.numbers
    if not windows or not wanted:
        return Support(score=0.0, window=0 if windows else None)
    shares = [len(wanted & _all_terms(w.text)) / len(wanted) for w in windows]
    best = max(range(len(shares)), key=shares.__getitem__)
    everything = frozenset[str]().union(*(_all_terms(w.text) for w in windows))
    numbers, names = said.numbers - everything, {n for n in said.names if _stem(_plain(n)) not in everything}
    score = (shares[best] + len(wanted & everything) / len(wanted)) / 2
    score *= 1 - _NUMBER_LOSS * _share(len(numbers), len(said.numbers))
    score *= 1 - _NAME_LOSS * _share(len(names), len(said.names))
    return Support(score=score, window=best, missing=(*sorted(numbers), *sorted(names)))


def has_content(claim: str) -> bool:
    """Whether a claim has a word, a name or a number that could stand in its evidence; "Yes." has none."""
    said = terms(claim)
    return bool(said.words or said.numbers)


def is_common(word: str) -> bool:
    """Whether a word is too common to tell anything, such as "the"."""
    return _plain(word) in _EMPTY


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _all_terms(text: str) -> frozenset[str]:
    found = terms(text)
    return found.words | found.numbers


@lru_cache(maxsize=4096)
def terms(text: str) -> Terms:
    """The terms of a text; the last few thousand texts are kept."""
    words, numbers, names = set[str](), set[str](), set[str]()
    for position, match in enumerate(_TOKEN.finditer(text)):
        token = match[0]
        low = _plain(token)
        if token[0] in "0123456789":
            numbers |= _number(token)
        elif low in _NUMBERS:
            numbers.add(_NUMBERS[low])
        elif low not in _EMPTY:
            words.add(_stem(low))
            if position and token[0].isupper():
                names.add(token)
    return Terms(frozenset(words), frozenset(numbers), frozenset(names))


def _plain(token: str) -> str:
    """A word in lower case and without its possessive ending."""
    return token.lower().replace("’", "'").removesuffix("'s")


def _number(token: str) -> set[str]:
    """`1,200.50` as 1200.5; what is no plain number (a time, a date) by its parts."""
    plain = token.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", token) else token
    if re.fullmatch(r"\d+(?:[.,]\d+)?", plain):
        return {f"{float(plain.replace(',', '.')):.12g}"}
    return {part.lstrip("0") or "0" for part in re.split(r"[.,:]", token)}


def _stem(word: str) -> str:
    """A word without the commonest English endings; crude, and the same on both sides."""
    for ending in ("ies", "ing", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 4 else word
