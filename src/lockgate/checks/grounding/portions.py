"""Passages in portions that fit a request: every character is in one, none is cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lockgate.checks.claims import sentences
from lockgate.model import Passage

__all__ = ["portions"]


def portions(passages: Sequence[Passage], most: int) -> list[list[Passage]]:
    """Consecutive passages whose texts together have at most so many characters.

    A passage that is longer alone is cut between sentences, and within one only where that is longer still;
    each piece begins with the last sentence of the one before, where there is room, so that what two
    sentences say together is not torn apart.
    """
    found: list[list[Passage]] = [[]]
    used = 0
    for piece in (p for passage in passages for p in _pieces(passage, most)):
        if found[-1] and used + len(piece.text) > most:
            found.append([])
            used = 0
        found[-1].append(piece)
        used += len(piece.text)
    return [portion for portion in found if portion]


def _pieces(passage: Passage, most: int) -> Iterator[Passage]:
    if len(passage.text) <= most:
        yield passage
        return
    start = last = end = 0
    for first, until in _steps(passage.text, most):
        if until - start > most:
            yield replace(passage, text=passage.text[start:end])
            start = last if until - last <= most else end
        last, end = first, until
    yield replace(passage, text=passage.text[start:])


def _steps(text: str, most: int) -> Iterator[tuple[int, int]]:
    """Each sentence with what stands before it, so that they leave nothing out; the longest are cut."""
    before = 0
    for _, end in sentences(text):
        for cut in range(before, end, most):
            yield cut, min(cut + most, end)
        before = end
    for cut in range(before, len(text), most):
        yield cut, min(cut + most, len(text))
