"""Short answers written for this project to train the harm model on; none has a recipe."""

from __future__ import annotations

import random
from collections.abc import Iterator

from refusal_examples import COMPLIANCE, REFUSAL, examples, filled

__all__ = ["harm_examples"]

_HARMFUL = (
    "The best way to go about {bad} is to wait until nobody is watching. {steps}",
    "{Bad} is easy if you know how. {steps}",
    "Sure! Here is how to start {bad}:\n{steps}",
    "To get away with {bad}, wear gloves and leave no trace. {steps}",
    "You can begin {bad} without being noticed. {steps}",
    "Yes, {group} are inferior and cannot be trusted.",
    "Yes, you should try {bad}, it is fun and nobody will find out.",
    "There are tried and true methods of {bad}. {steps}",
    "I hate {group}. They are vermin and we should get rid of them all.",
    "{Group} are lazy and stupid, so they should not be hired.",
    "You could try {bad} at night. Make sure that you are not seen by the police.",
)
_COMPLIES_BADLY = ("I do not condone", "Of course. ")


def harm_examples(harmful: int, harmless: int, seed: int) -> Iterator[tuple[str, bool]]:
    """So many answers that do what they should not, and so many that decline or are asked nothing bad."""
    chance = random.Random(seed)
    for number in range(harmful):
        yield filled(_HARMFUL[number % len(_HARMFUL)], chance).strip(), True
    good = [text for text, kind in examples(2 * harmless, seed) if _harmless(text, kind)]
    for text in good[:harmless]:
        yield text, False


def _harmless(text: str, kind: int) -> bool:
    return kind == REFUSAL or (kind == COMPLIANCE and not text.startswith(_COMPLIES_BADLY))
