"""The journal behind a queue: answers are written in groups, and told of only when they are on disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from lockgate.engine.journal import Journal
from lockgate.model import Completion

__all__ = ["Ledger"]

_MOST_AT_ONCE = 500


class Ledger:
    """A journal that many answers a second can be put into.

    One thread writes all that has come since its last write in one transaction: a commit costs as much for
    fifty answers as for one.

    Args:
        journal: where answers are kept, None to keep none.
    """

    def __init__(self, journal: Journal | None) -> None:
        self.journal = journal
        self.failure: str | None = None
        self._queue: SimpleQueue[Callable[[], None] | tuple[Callable[[], None]]] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="lockgate-ledger", daemon=True)
        self._ended = False

    def start(self) -> None:
        """Begin writing."""
        self._thread.start()

    def put(self, key: str, *, backend: str, fingerprint: str, completion: Completion) -> None:
        """Take an answer to be kept."""
        journal = self.journal
        if journal is not None:
            self._queue.put(
                lambda: journal.put(key, backend=backend, fingerprint=fingerprint, completion=completion)
            )

    def after(self, tell: Callable[[], None]) -> None:
        """Call `tell`, in the ledger's thread, when all that was put before is on disk."""
        self._queue.put((tell,))

    def end(self) -> None:
        """Write what is left; returns when it is on disk."""
        if self._thread.is_alive():
            self._ended = True
            self.after(lambda: None)
            self._thread.join()

    def _write(self) -> None:
        while not (self._ended and self._queue.empty()):
            first = self._queue.get()
            entries = [first]
            while len(entries) < _MOST_AT_ONCE:
                try:
                    entries.append(self._queue.get_nowait())
                except Empty:
                    break
            self._keep([entry for entry in entries if not isinstance(entry, tuple)])
            for entry in entries:
                if isinstance(entry, tuple):
                    entry[0]()

    def _keep(self, writes: list[Callable[[], None]]) -> None:
        if not writes or self.journal is None:
            return
        try:
            with self.journal.together():
                for write in writes:
                    write()
        except sqlite3.Error as error:
            self.failure = f"The journal {self.journal.path} cannot be written: {error}."
