"""The queue of all who share a model: batches of like length, and smaller ones when memory runs out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

__all__ = ["Batched", "Done", "Queue", "is_out_of_memory", "next_batch"]

_SIGNS = ("not enough memory", "can't allocate memory", "out of memory", "cannot allocate")


class Batched(Protocol):
    """What is put into batches.

    `size` is how many tokens it may come to, `work` how many of them are done for it alone, `kind` what all
    of a batch are unless kinds are mixed; `most_rows` and `most_tokens` are what a batch with it may hold.
    """

    @property
    def size(self) -> int:
        """Tokens in all."""
        ...

    @property
    def work(self) -> int:
        """Those of its own."""
        ...

    @property
    def kind(self) -> Hashable:
        """What it is."""
        ...

    @property
    def most_rows(self) -> int:
        """Items of its batch."""
        ...

    @property
    def most_tokens(self) -> int:
        """Tokens of its batch, each item counted as its largest."""
        ...


T = TypeVar("T")
B = TypeVar("B", bound=Batched)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[T]):
    """Some of a caller's items that were done in one batch.

    Args:
        items: the caller's own.
        batch: how many the batch held in all.
        failure: why not even one item alone fits into memory; None when they are done.
    """

    items: Sequence[T]
    batch: int
    failure: str | None = None


@dataclass(slots=True, eq=False)
class _Ticket(Generic[T]):
    """A caller's: how many of its items are to come, 0 once it has left, and what has come."""

    left: int
    done: deque[Done[T]] = field(default_factory=deque)
    error: Exception | None = None


class Queue(Generic[T]):
    """Items of several callers, in several threads, done batch by batch by whoever of them waits.

    There is no thread of its own: a caller that has nothing to take does the next batch, whosever items are
    in it. After memory ran out, no batch is larger than half of the one that was too large.

    Args:
        pick: the next batch from all that wait (items, most) → items; `most` is a number of items, or None.
        work: does one batch, in place; repeatable for the same items after it failed.
    """

    def __init__(
        self, *, pick: Callable[[Sequence[T], int | None], Sequence[T]], work: Callable[[Sequence[T]], None]
    ) -> None:
        self._pick = pick
        self._work = work
        self._changed = threading.Condition()
        self._waiting: dict[int, tuple[T, _Ticket[T]]] = {}
        self._busy = False
        self._between = 0
        self._most: int | None = None

    def do(self, items: Sequence[T]) -> Iterator[Done[T]]:
        """Do some items; closing the iterator takes back those that have not begun.

        Raises:
            Exception: what `work` raised for a batch with one of these items, unless memory ran out.
        """
        ticket: _Ticket[T] = _Ticket(len(items))
        with self._changed:
            self._waiting.update((id(item), (item, ticket)) for item in items)
        try:
            while ticket.left:
                done = self._next(ticket)
                ticket.left -= len(done.items)
                yield done
        finally:
            with self._changed:
                ticket.left = 0
                for item in items:
                    self._waiting.pop(id(item), None)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nobody is at work."""
        return not self._waiting and not self._busy

    @contextmanager
    def between(self) -> Iterator[None]:
        """While inside, no batch is done; it is entered before the next one begins."""
        with self._changed:
            self._between += 1
            try:
                self._changed.wait_for(lambda: not self._busy)
                self._busy = True
            finally:
                self._between -= 1
        try:
            yield
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    @property
    def _free(self) -> bool:
        return not self._busy and not self._between

    def _next(self, ticket: _Ticket[T]) -> Done[T]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: ticket.done or ticket.error or self._free)
                if ticket.done:
                    return ticket.done.popleft()
                if ticket.error is not None:
                    raise ticket.error
                batch = [
                    self._waiting.pop(id(item))
                    for item in self._pick([item for item, _ in self._waiting.values()], self._most)
                ]
                self._busy = True
            self._attempt(batch)

    def _attempt(self, batch: Sequence[tuple[T, _Ticket[T]]]) -> None:
        try:
            self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - raised again by every caller that it concerns
            self._fail(batch, error)
        except BaseException:
            self._put_back(batch)
            raise
        else:
            self._deliver(batch, None)
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _fail(self, batch: Sequence[tuple[T, _Ticket[T]]], error: Exception) -> None:
        if not isinstance(error, RuntimeError) or not is_out_of_memory(error):
            for _, ticket in batch:
                ticket.error = error
        elif len(batch) == 1:
            self._deliver(batch, str(error).strip().splitlines()[0])
        else:
            self._most = len(batch) // 2
            self._put_back(batch)

    def _put_back(self, batch: Sequence[tuple[T, _Ticket[T]]]) -> None:
        """Let a batch wait again, ahead of all others; not the items of callers that have left."""
        with self._changed:
            wanted = {id(item): (item, ticket) for item, ticket in batch if ticket.left}
            self._waiting = wanted | self._waiting

    def _deliver(self, batch: Sequence[tuple[T, _Ticket[T]]], failure: str | None) -> None:
        own: dict[int, tuple[_Ticket[T], list[T]]] = {}
        for item, ticket in batch:
            own.setdefault(id(ticket), (ticket, []))[1].append(item)
        with self._changed:
            for ticket, items in own.values():
                ticket.done.append(Done(items=items, batch=len(batch), failure=failure))


def next_batch(waiting: Sequence[B], most: int | None, *, mixes: Callable[[Sequence[B]], bool]) -> list[B]:
    """The next batch of those that wait: of like length, those with least work first.

    A kind that fills a batch has one of its own, as one kind alone is done a little faster; what kinds have
    left over shares batches.

    Args:
        waiting: one or more.
        most: no more than so many, whatever they say themselves.
        mixes: whether such kinds may share a batch.
    """
    kinds: dict[Hashable, list[B]] = {}
    for item in sorted(waiting, key=lambda item: item.work):
        kinds.setdefault(item.kind, []).append(item)
    for own in kinds.values():
        batch = _fill(own, most)
        if len(batch) < len(own) or len(batch) >= own[0].most_rows:
            return batch
    left = [item for own in kinds.values() for item in own]
    if len(kinds) == 1 or not mixes(left):
        return next(iter(kinds.values()))
    return _fill(sorted(left, key=lambda item: item.work), most)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch's error says that memory did not do, on whatever device."""
    return any(sign in str(error).lower() for sign in _SIGNS)


def _fill(ordered: Sequence[B], most: int | None) -> list[B]:
    batch: list[B] = []
    rows, tokens, size = most or len(ordered), ordered[0].most_tokens, 0
    for item in ordered:
        rows, tokens = min(rows, item.most_rows), min(tokens, item.most_tokens)
        size = max(size, item.size)
        # All others are padded to the longest.
        if batch and (len(batch) >= rows or (len(batch) + 1) * size > tokens):
            break
        batch.append(item)
    return batch
