"""What a text states that can be compared exactly: numbers, times, names, words, negation, hedges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lockgate.checks.overlap import terms

__all__ = ["Facts", "facts"]

_TIME = re.compile(r"\b(\d{1,2})(?::(\d{1,2}))?\s*(a\.?m\b|p\.?m\b)|\b(\d{1,2}):(\d{1,2})\b", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nor|neither|without|cannot|nothing|nobody|false|lacks?|lacking|unable|fail(?:s|ed)?"
    r"|den(?:y|ies|ied)|refus(?:e|es|ed)|rather than|instead of)\b|n['’]t\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:may|might|could|likely|unlikely|perhaps|possibl[ey]|probably|suggests?|appears?|seems?|generally"
    r"|typically|usually|often|some|recommend(?:s|ed)?|should|it is important)\b",
    re.IGNORECASE,
)
_STRONG = re.compile(
    r"\b(?:all|always|every|only|most|best|first|largest|entirely|completely|must|exactly|any)\b",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"\b(?:overall|in summary|in conclusion|based on|according to|passages?|provided|reviews?|customers"
    r"|the (?:text|article|document|context|information|data))\b",
    re.IGNORECASE,
)
_RUN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Facts:
    """The comparable parts of a text; words without their endings, numbers and times in one form."""

    words: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    times: frozenset[str]
    negations: int
    hedges: int
    strong: int
    frames: int
    run: tuple[str, ...]


@lru_cache(maxsize=8192)
def facts(text: str) -> Facts:
    """The facts of a text."""
    found = terms(text)
    return Facts(
        words=found.words,
        numbers=found.numbers,
        names=frozenset(name.lower() for name in found.names),
        times=frozenset(map(_time, _TIME.finditer(text))),
        negations=len(_NEGATION.findall(text)),
        hedges=len(_HEDGE.findall(text)),
        strong=len(_STRONG.findall(text)),
        frames=len(_FRAME.findall(text)),
        run=tuple(_RUN.findall(text.lower())),
    )


def _time(match: re.Match[str]) -> str:
    if match[4] is not None:
        return f"{int(match[4]) % 24}:{int(match[5]):02d}"
    hour = int(match[1]) % 12 + (12 if match[3][0] in "pP" else 0)
    return f"{hour}:{int(match[2] or 0):02d}"
