"""A thread that works off what others put, all that has come since in one go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

__all__ = ["Drain"]

Item = TypeVar("Item")

_END: Any = object()


class Drain(Generic[Item]):
    """Hands items to `work` in their order, as many as have come, from a thread of its own.

    Args:
        work: takes one or more items. What it raises is kept as `broken`; later items are still worked off.
        name: the thread's.
        most: items at once.
    """

    def __init__(self, work: Callable[[Sequence[Item]], None], *, name: str, most: int = 500) -> None:
        self.broken: Exception | None = None
        self._work = work
        self._most = most
        self._queue: SimpleQueue[Item] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, item: Item) -> None:
        """Take an item; returns at once."""
        self._queue.put(item)

    def end(self) -> None:
        """Work off what has been put, then end the thread."""
        if self._thread.is_alive():
            self._queue.put(_END)
            self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            items = self._all_there_is()
            going = _END not in items
            items = [item for item in items if item is not _END]
            try:
                if items:
                    self._work(items)
            except Exception as error:  # noqa: BLE001 - told by `broken`; nobody could catch it here
                self.broken = error

    def _all_there_is(self) -> list[Item]:
        items = [self._queue.get()]
        try:
            while len(items) < self._most:
                items.append(self._queue.get_nowait())
        except Empty:
            pass
        return items
