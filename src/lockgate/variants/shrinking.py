"""The smallest part of a change that still fails, by delta debugging."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

__all__ = ["Budgeted", "shrink"]


class Budgeted:
    """Asks whether a part fails, each part once, and no more parts than a number.

    Args:
        fails: whether a part of the change fails; None where it cannot be asked, which ends the asking.
        most: how many parts are asked.
    """

    def __init__(self, fails: Callable[[frozenset[int]], bool | None], most: int) -> None:
        self.asked = 0
        self._fails = fails
        self._most = most
        self._known: dict[frozenset[int], bool] = {}

    @property
    def spent(self) -> bool:
        """Whether nothing more may be asked."""
        return self.asked >= self._most

    def __call__(self, part: frozenset[int]) -> bool:
        """Whether the part is known to fail."""
        if part not in self._known:
            if self.spent or not part:
                return False
            failed = self._fails(part)
            if failed is None:
                self._most = 0
                return False
            self.asked += 1
            self._known[part] = failed
        return self._known[part]


def shrink(count: int, fails: Budgeted) -> frozenset[int]:
    """The smallest part of the edits 0…count-1 found that fails; all of them where no part does.

    The algorithm ddmin (Zeller & Hildebrandt 2002, IEEE TSE 28:183, section 3.2): halves, then their
    complements, then quarters and so on. With asks enough, no edit of the result can be left out; with fewer
    it is the best so far. What was not asked counts as passing.

    Args:
        count: how many edits there are; all of them together fail.
        fails: asked for parts of them, never for none.
    """
    kept, pieces = list(range(count)), 2
    while len(kept) >= 2 and not fails.spent:
        smaller = next((part for part in _candidates(kept, pieces) if fails(frozenset(part))), None)
        if smaller is not None:
            pieces = 2 if len(smaller) <= len(kept) // pieces + 1 else max(pieces - 1, 2)
            kept = smaller
        elif pieces >= len(kept):
            break
        else:
            pieces = min(len(kept), pieces * 2)
    return frozenset(kept)


def _candidates(kept: Sequence[int], pieces: int) -> Iterator[list[int]]:
    """The pieces, then what is left without each; those of two pieces are each other's complements."""
    chunks = [list(chunk) for chunk in _split(kept, pieces)]
    yield from chunks
    if pieces > 2:
        for chunk in chunks:
            yield [n for n in kept if n not in chunk]


def _split(kept: Sequence[int], pieces: int) -> Iterator[Sequence[int]]:
    start = 0
    for number in range(pieces):
        size = (len(kept) - start) // (pieces - number)
        yield kept[start : start + size]
        start += size
