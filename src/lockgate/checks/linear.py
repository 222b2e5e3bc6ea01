"""A small linear model in plain Python: named cues and hashed word pairs to the probability of each class."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

__all__ = ["Linear", "bucket", "load"]

_SIGN = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """A multinomial logistic regression.

    Args:
        classes: the names of the classes.
        bias: one number a class.
        cues: cue → one weight a class.
        buckets: one array of signed bytes a class, one for each column; a weight is the byte times `step`.
        step: what one step of a bucket's weight is worth.
        threshold: the least probability of the last class that counts as it, where that is asked.
        digest: of the file, for the fingerprint of the check that uses it.
    """

    classes: tuple[str, ...]
    bias: tuple[float, ...]
    cues: Mapping[str, tuple[float, ...]]
    buckets: tuple[memoryview, ...]
    step: float
    digest: str
    threshold: float = 0.5

    def probabilities(self, cues: Mapping[str, float], hashed: Iterable[int]) -> dict[str, float]:
        """Class → probability, adding up to 1; `hashed` are numbers of `bucket`, each counted once.

        The hashed features are scaled to a Euclidean length of 1 together; a cue that the model does not
        have counts nothing.
        """
        scores = list(self.bias)
        for name, value in cues.items():
            if value and name in self.cues:
                for k, weight in enumerate(self.cues[name]):
                    scores[k] += value * weight
        numbers = set(hashed)
        scale = self.step / math.sqrt(len(numbers)) if numbers else 0.0
        for k, weights in enumerate(self.buckets):
            scores[k] += scale * sum(weights[n - 1] if n > 0 else -weights[-n - 1] for n in numbers)
        return dict(zip(self.classes, _softmax(scores), strict=True))


def bucket(feature: str, columns: int) -> int:
    """The column of a feature from 1 on, with the sign that it counts by; the same on every machine."""
    code = zlib.crc32(feature.encode("utf-8", "replace"))
    column = code % columns + 1
    return column if code & _SIGN else -column


@lru_cache(maxsize=8)
def load(name: str) -> Linear:
    """A model that ships with the package, by its file's name; read once."""
    raw = files("lockgate.checks").joinpath(name).read_bytes()
    stored = json.loads(raw)
    return Linear(
        classes=tuple(stored["classes"]),
        bias=tuple(stored["bias"]),
        cues={cue: tuple(weights) for cue, weights in stored["cues"].items()},
        buckets=tuple(memoryview(base64.b64decode(b)).cast("b") for b in stored["buckets"]),
        step=stored["step"],
        threshold=stored["threshold"],
        digest=f"{zlib.crc32(raw):08x}",
    )


def _softmax(scores: list[float]) -> list[float]:
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]
