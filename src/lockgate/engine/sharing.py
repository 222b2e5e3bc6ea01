"""How the processes of one session (pytest-xdist) share what there is to ask."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """This process's part of a session that several processes run (pytest-xdist).

    Every process sees the same jobs; each asks only those whose key falls to it, and takes the others'
    answers from the journal, so no request is asked twice.

    Args:
        session: an id that all processes of the session share.
        index, count: this process among how many.
        since: when the session began, as `time.time()`; with `--llm-fresh` older recordings do not count.
    """

    session: str = ""
    index: int = 0
    count: int = 1
    since: float = 0.0

    def owns(self, key: str) -> bool:
        """Whether this process asks the request of that key."""
        return int(key, 16) % self.count == self.index % self.count
