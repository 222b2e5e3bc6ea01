"""The journal behind a queue: answers are written in groups, and told of only when they are on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeAlias

from lockgate.engine.drain import Drain
from lockgate.engine.journal import Journal, Recording

__all__ = ["Ledger"]

_Entry: TypeAlias = Recording | Callable[[], None]


class Ledger:
    """A journal that many answers a second can be put into.

    One thread writes all that has come since its last write in one transaction: a commit costs as much for
    fifty answers as for one. `failure` says why answers could not be kept, None while all could.

    Args:
        journal: where answers are kept, None to keep none.
    """

    def __init__(self, journal: Journal | None) -> None:
        self.failure: str | None = None
        self._journal = journal
        self._drain: Drain[_Entry] = Drain(self._settle, name="lockgate-ledger")

    def start(self) -> None:
        """Begin writing."""
        self._drain.start()

    def put(self, row: Recording) -> None:
        """Take an answer to be kept."""
        self._drain.put(row)

    def after(self, tell: Callable[[], None]) -> None:
        """Call `tell`, in the ledger's thread, when all that was put before is on disk."""
        self._drain.put(tell)

    def end(self) -> None:
        """Write what is left; returns when it is on disk and told."""
        self._drain.end()

    def _settle(self, entries: Sequence[_Entry]) -> None:
        rows = [entry for entry in entries if isinstance(entry, tuple)]
        try:
            if rows and self._journal is not None:
                with self._journal.together():
                    for row in rows:
                        self._journal.write(row)
        except sqlite3.Error as error:
            self.failure = f"The journal cannot be written: {error}. Make room, or give --llm-journal."
        for entry in entries:
            if not isinstance(entry, tuple):
                entry()
