"""What a judge may say of an answer: numbers of a range, or labels in order, each worth a share of 0..1."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lockgate.errors import UsageError
from lockgate.model import JSON

__all__ = ["UNIT", "Label", "Scale", "read_scale"]

_RANGE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)\s*\Z")
_FORMS = "Write a range such as 0..1 or 1..5, or a list of labels from worst to best."
_MOST_STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A word of a scale, and what it means; "" where that is not said."""

    name: str
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A range of numbers, or labels from worst to best.

    Args:
        least, most: the range's ends.
        whole: whether only whole numbers are on it.
        labels: the labels; empty for a range.
    """

    least: float = 0.0
    most: float = 1.0
    whole: bool = False
    labels: tuple[Label, ...] = ()

    def score(self, said: JSON) -> float | None:
        """What is said as a share of 0..1; None where it is not on the scale."""
        if self.labels:
            names = [label.name for label in self.labels]
            return names.index(said) / (len(names) - 1) if isinstance(said, str) and said in names else None
        if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
            return None
        if not self.least <= said <= self.most or (self.whole and said != int(said)):
            return None
        return (said - self.least) / (self.most - self.least)

    def label(self, said: JSON) -> float | None:
        """What a person says as a share of 0..1: as `score`, or true for 1 and false for 0.

        A text is read as the number or the word that it is, as tables of text have no others.
        """
        if isinstance(said, bool):
            return float(said)
        found = self.score(said)
        if found is not None or not isinstance(said, str):
            return found
        word = said.strip().lower()
        if word in ("true", "false"):
            return float(word == "true")
        try:
            return self.score(float(word))
        except ValueError:
            return None

    @property
    def schema(self) -> Mapping[str, JSON]:
        """The JSON Schema of what may be said."""
        if self.labels:
            return {"type": "string", "enum": [label.name for label in self.labels]}
        if self.whole:
            # Strict modes of endpoints know `enum`, and not all of them the bounds of numbers.
            return {"type": "integer", "enum": list(range(int(self.least), int(self.most) + 1))}
        return {"type": "number"}

    @property
    def words(self) -> str:
        """The scale as a judge is told it."""
        if self.labels:
            return ", ".join(repr(label.name) for label in self.labels) + ", from worst to best"
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.least:g} (worst) to {self.most:g} (best)"


UNIT = Scale()
"""0..1."""


def read_scale(written: JSON) -> Scale:
    """The scale that an option says.

    Args:
        written: `0..1` (any number between), `1..5` (whole numbers, where the ends are and are not 0 and 1),
            or a list of two or more labels from worst to best, each a text or `{label: meaning}`.

    Raises:
        UsageError: it is none of these.
    """
    if isinstance(written, str):
        return _range(written)
    if not isinstance(written, list) or len(written) < 2:
        raise UsageError(f"The scale cannot be {written!r}. {_FORMS}")
    labels = tuple(map(_label, written))
    names = [label.name for label in labels]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"The scale has the label {twice!r} twice. Name each once.")
    return Scale(labels=labels)


def _range(written: str) -> Scale:
    found = _RANGE.match(written)
    least, most = (float(found[1]), float(found[2])) if found else (0.0, 0.0)
    if not least < most:
        raise UsageError(f"The scale cannot be {written!r}. {_FORMS}")
    whole = (least, most) != (0, 1) and least == int(least) and most == int(most)
    if whole and most - least > _MOST_STEPS:
        raise UsageError(f"The scale {written!r} has {most - least + 1:g} steps. Use at most {_MOST_STEPS}.")
    return Scale(least=least, most=most, whole=whole)


def _label(written: JSON) -> Label:
    if isinstance(written, dict) and len(written) == 1:
        ((name, meaning),) = written.items()
        if isinstance(name, str) and isinstance(meaning, str):
            return Label(name=name, meaning=meaning)
    if isinstance(written, str) and written.strip():
        return Label(name=written)
    remedy = "Write a text, or 'label: what it means'; put words such as yes and no in quotes."
    raise UsageError(f"A label of the scale cannot be {written!r}. {remedy}")
