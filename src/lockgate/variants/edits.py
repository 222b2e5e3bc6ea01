"""Edits: independent changes of a case's input and passages, any of which can be left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from lockgate.model import Case, Message

__all__ = ["Added", "Change", "Dropped", "Edit", "Moved", "Replaced", "apply", "of_words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A stretch of a text, in characters of the original, that another text takes the place of.

    `passage` is an index into the case's context, None for the input; an empty stretch is an insertion.
    """

    start: int
    end: int
    text: str
    passage: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A passage put before the original's passage of that index; their number puts it at the end."""

    before: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A passage left out."""

    passage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A passage put at another's index."""

    passage: int
    to: int


Change: TypeAlias = Replaced | Added | Dropped | Moved


@dataclass(frozen=True, slots=True)
class Edit:
    """Changes that make sense together only."""

    changes: tuple[Change, ...]


def apply(case: Case, edits: Iterable[Edit], *, case_id: str | None = None) -> Case:
    """The case with these edits; without any it is the case itself.

    Args:
        case: the original, which all positions are of.
        edits: in any order; no two of them replace the same characters.
        case_id: what the new case is called, the original's id where it is not said.
    """
    changes = [change for edit in edits for change in edit.changes]
    replaced = [change for change in changes if isinstance(change, Replaced)]
    question = _replace(case.question, [r for r in replaced if r.passage is None])
    return replace(
        case,
        id=case.id if case_id is None else case_id,
        input=case.input if question == case.question else _asking(case, question),
        context=_context(case.context, changes, replaced),
    )


def of_words(text: str, pattern: str = r"\S+") -> list[re.Match[str]]:
    """The stretches of a text that a pattern finds: its words, if it is not said."""
    return list(re.finditer(pattern, text))


def _replace(text: str, changes: Sequence[Replaced]) -> str:
    in_order = sorted(changes, key=lambda c: (c.start, c.end))
    for change in reversed(in_order):
        text = text[: change.start] + change.text + text[change.end :]
    return text


def _asking(case: Case, question: str) -> str | Sequence[Message]:
    """The input with another question: a chat keeps all but its last user message."""
    if isinstance(case.input, str):
        return question
    last = max((n for n, message in enumerate(case.input) if message.get("role") == "user"), default=-1)
    return [{**m, "content": question} if n == last else m for n, m in enumerate(case.input)]


def _context(
    passages: Sequence[str], changes: Sequence[Change], replaced: Sequence[Replaced]
) -> tuple[str, ...]:
    """The passages in their new order: one that is moved or added comes before the one that was there."""
    dropped = {change.passage for change in changes if isinstance(change, Dropped)}
    moved = {change.passage: change.to for change in changes if isinstance(change, Moved)}
    placed = [
        ((moved.get(n, n), 1 if n in moved else 2), _replace(text, [r for r in replaced if r.passage == n]))
        for n, text in enumerate(passages)
        if n not in dropped
    ]
    placed += [((change.before, 0), change.text) for change in changes if isinstance(change, Added)]
    return tuple(text for _, text in sorted(placed, key=lambda one: one[0]))
