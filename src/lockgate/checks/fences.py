"""Fenced blocks of an answer, as CommonMark has them (section 4.5), and the lines outside them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

__all__ = ["Fence", "fences", "only_block", "prose_lines"]

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^`\n]*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A fenced block.

    Args:
        language: the first word after the opening fence, in lower case; "" without one.
        text: what stands in it.
        line: the number of the opening fence's line, from 1.
        last: the number of its last line.
        closed: whether a closing fence ends it.
    """

    language: str
    text: str
    line: int
    last: int
    closed: bool


def fences(text: str) -> Iterator[Fence]:
    """Every fenced block, in order; one that nothing closes goes to the end."""
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening is None:
            number += 1
            continue
        mark, word = opening[1], opening[2].split()
        end = number + 1
        while end < len(lines) and not _closes(lines[end], mark):
            end += 1
        yield Fence(
            language=word[0].lower() if word else "",
            text="\n".join(lines[number + 1 : end]),
            line=number + 1,
            last=min(end + 1, len(lines)),
            closed=end < len(lines),
        )
        number = end + 1


def prose_lines(text: str) -> Iterator[tuple[int, str]]:
    """Number (from 1) and text of each line that is not in a code fence."""
    inside = {n for fence in fences(text) for n in range(fence.line, fence.last + 1)}
    for number, line in enumerate(text.split("\n"), 1):
        if number not in inside:
            yield number, line.rstrip("\r")


def only_block(text: str, languages: Collection[str]) -> str:
    """The one closed block in one of the languages (or in none); the whole text where there is no block.

    Raises:
        ValueError: there are several.
    """
    found = [f for f in fences(text) if f.closed]
    named = [f for f in found if f.language in languages] or [f for f in found if not f.language]
    if len(named) > 1:
        raise ValueError(f"{len(named)} fenced blocks in the text")
    return named[0].text if named else text


def _closes(line: str, mark: str) -> bool:
    bare = line.strip(" \t\r")
    return len(bare) >= len(mark) and set(bare) == {mark[0]} and not line.startswith("    ")
