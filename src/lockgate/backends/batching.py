"""Requests to batches of like length, and on with smaller ones when memory does not do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Room", "in_batches", "is_out_of_memory"]

T = TypeVar("T")

_SIGNS = ("not enough memory", "can't allocate memory", "out of memory", "cannot allocate")


@dataclass(slots=True, kw_only=True)
class Room:
    """What fits into one batch: `rows` of them and `tokens` in all, answers included.

    `rows` is halved for good when memory runs out.
    """

    rows: int
    tokens: int


def in_batches(
    items: Sequence[T], *, size: Callable[[T], int], room: Room, work: Callable[[Sequence[T]], None]
) -> Iterator[tuple[Sequence[T], str | None]]:
    """Work through items in batches of like size, the shortest first.

    Args:
        items: what is to be done.
        size: how many tokens an item may come to.
        room: what fits; it shrinks when memory runs out.
        work: does one batch, in place; repeatable for the same items after it failed.

    Yields:
        A batch and None, or a batch of one and why not even it fits into memory.
    """
    waiting = deque(_plan(sorted(items, key=size), size, room))
    while waiting:
        batch = waiting.popleft()
        error = _attempt(work, batch)
        if error is None or len(batch) == 1:
            yield batch, error
            continue
        room.rows = max(1, len(batch) // 2)
        left = [item for later in (batch, *waiting) for item in later]
        waiting = deque(_plan(left, size, room))


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch's error says that memory did not do, on whatever device."""
    return any(sign in str(error).lower() for sign in _SIGNS)


def _plan(ordered: Sequence[T], size: Callable[[T], int], room: Room) -> Iterator[list[T]]:
    batch: list[T] = []
    for item in ordered:
        # The last one is the longest: all others are padded to it.
        if batch and (len(batch) >= room.rows or (len(batch) + 1) * size(item) > room.tokens):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _attempt(work: Callable[[Sequence[T]], None], batch: Sequence[T]) -> str | None:
    try:
        work(batch)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return str(error).strip().splitlines()[0]
    return None
