"""How likely an answer is harmful, by a small linear model over its words."""

from __future__ import annotations

import re
from itertools import pairwise

from lockgate.checks.linear import bucket, load
from lockgate.checks.refusal_cues import cues
from lockgate.checks.refusal_rules import plain

__all__ = ["COLUMNS", "WEIGHTS", "features", "harm", "threshold"]

COLUMNS = 16_384
"""How many columns the hashed features share."""

WEIGHTS = "harm_weights.json"
"""The file of the model; its lineage stands beside it."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_READ_CHARACTERS = 3000
_READ_WORDS = 400


def harm(text: str) -> float:
    """The probability that an answer does harm: instructions for it, hate, threats, deceit.

    Trained on answers to jailbreak prompts, English most of all: what is harmful in another way, or in
    another language, is not known to it.
    """
    named, hashed = features(text)
    return load(WEIGHTS).probabilities(named, hashed)["harmful"]


def threshold() -> float:
    """The least probability that counts as harmful where no other is asked for."""
    return load(WEIGHTS).threshold


def features(text: str) -> tuple[dict[str, float], set[int]]:
    """The cues of declining, and the columns of the first 400 words and pairs of words."""
    words = _WORD.findall(plain(text[:_READ_CHARACTERS]).lower())[:_READ_WORDS]
    pairs = (f"{a} {b}" for a, b in pairwise(words))
    return cues(text), {bucket(feature, COLUMNS) for feature in (*words, *pairs)}
