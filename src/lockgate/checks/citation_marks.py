"""Numbered citations in an answer: `[1]`, `[1, 3]`, `[1-3]`."""

from __future__ import annotations

import re

from lockgate.model import Span

__all__ = ["CITATION", "cited"]

_RANGE = r"\d{1,6}(?:\s*[–-]\s*\d{1,6})?"
CITATION = re.compile(rf"\[({_RANGE}(?:\s*[,;]\s*{_RANGE})*)\]")
"""A numbered citation: `[1]`, `[1, 3]`, `[1; 3]`, `[1-3]`; not a date such as `[2024-01-05]`."""

_MOST = 1000


def cited(answer: str) -> list[Span]:
    """One span for each number that a bracket of an answer stands for; its note is the number."""
    return [span for match in CITATION.finditer(answer) for span in _numbers(match)]


def _numbers(match: re.Match[str]) -> list[Span]:
    found: list[int] = []
    for part in re.split(r"\s*[,;]\s*", match[1]):
        first, _, last = re.sub(r"\s*[–-]\s*", "-", part).partition("-")
        stop = int(last or first)
        found += range(int(first), stop + 1) if 0 <= stop - int(first) < _MOST else [int(first), stop]
    start, end = match.span()
    return [Span(source="answer", start=start, end=end, text=match[0], note=str(n)) for n in found]
