"""The journal behind a queue: answers are written in groups, and told of only when they are on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from lockgate.engine.drain import Drain
from lockgate.engine.journal import Journal
from lockgate.model import Completion

__all__ = ["Ledger"]

_Call = Callable[[], None]


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
        self._drain: Drain[tuple[bool, _Call]] = Drain(self._settle, name="lockgate-ledger")

    def start(self) -> None:
        """Begin writing."""
        self._drain.start()

    def put(self, key: str, *, backend: str, fingerprint: str, completion: Completion) -> None:
        """Take an answer to be kept."""
        journal = self._journal
        if journal is not None:
            self._drain.put(
                (
                    True,
                    lambda: journal.put(key, backend=backend, fingerprint=fingerprint, completion=completion),
                )
            )

    def after(self, tell: _Call) -> None:
        """Call `tell`, in the ledger's thread, when all that was put before is on disk."""
        self._drain.put((False, tell))

    def end(self) -> None:
        """Write what is left; returns when it is on disk and told."""
        self._drain.end()

    def _settle(self, entries: Sequence[tuple[bool, _Call]]) -> None:
        writes = [call for is_write, call in entries if is_write]
        try:
            if writes and self._journal is not None:
                with self._journal.together():
                    for write in writes:
                        write()
        except sqlite3.Error as error:
            self.failure = f"The journal cannot be written: {error}. Make room, or give --llm-journal."
        for is_write, tell in entries:
            if not is_write:
                tell()
