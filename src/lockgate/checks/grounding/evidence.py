"""The units that an answer could rest on, with what comparing claims with them needs, made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from lockgate.checks.grounding.facts import Facts, facts
from lockgate.checks.grounding.reading import Reader, Words
from lockgate.checks.grounding.units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

__all__ = ["Evidence"]


@dataclass(eq=False)
class Evidence:
    """The units that an answer could rest on, with what comparing them needs, and the question."""

    units: Sequence[Unit]
    reader: Reader
    question: str = ""

    @cached_property
    def words(self) -> list[Words]:
        """The words of each unit."""
        return self.reader.words([u.text for u in self.units])

    @cached_property
    def bare(self) -> Vectors:
        """The bare vectors of all words of all units, shape (words, dimensions)."""
        import numpy as np

        return np.concatenate([w.bare for w in self.words if w.texts])

    @cached_property
    def starts(self) -> list[int]:
        """Where each unit's words start among all."""
        starts, at = [], 0
        for words in self.words:
            starts.append(at)
            at += len(words.texts)
        return starts

    @cached_property
    def facts(self) -> list[Facts]:
        """The facts of each unit."""
        return [facts(u.text) for u in self.units]

    @cached_property
    def terms(self) -> frozenset[str]:
        """Words and numbers of all units."""
        return frozenset[str]().union(*(f.words | f.numbers for f in self.facts))

    @cached_property
    def names_low(self) -> frozenset[str]:
        """Every word of all units in lower case."""
        return frozenset(word for f in self.facts for word in f.run)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Neighbouring words within a unit."""
        return frozenset(pair for f in self.facts for pair in zip(f.run, f.run[1:], strict=False))

    @cached_property
    def times(self) -> frozenset[str]:
        """The times of all units."""
        return frozenset[str]().union(*(f.times for f in self.facts))
