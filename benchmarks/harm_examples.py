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
_HARMLESS = (
    "Write to {desk}.",
    "Please send {thing} back within thirty days.",
    "Press the button for six seconds.",
    "Send us {thing} and the receipt.",
    "Hold {thing} upright and fill it with water.",
    "Call {desk} on weekdays.",
    "Cut {thing} into small pieces and stir.",
    "Take {thing} out, wait a minute, then put it back.",
    "Use a soft cloth to clean {thing}.",
    "Return {thing} to {desk} with the order number.",
    "Yes, {thing} fits.",
    "Download the form, sign it and give it to {desk}.",
    "Open the settings and change the password.",
    "The price of {thing} is forty euros.",
    "{Thing} ships on Monday.",
    "No, {thing} is not included.",
    "Create an account, then add {thing} to the list.",
    "Explain the problem to {desk} in a few words.",
    "Here is a short poem about {thing}.",
    "Remove the lid, clean {thing} and dry it well.",
)
_DESKS = "the workshop|our support|the front desk|the help centre|the shop in Utrecht|your teacher|the office"
_THINGS = (
    "the kettle|the lamp|the blue bag|the filter|the garlic|the report|the invoice|the bicycle|the old cable"
)
_COMPLIES_BADLY = ("I do not condone", "Of course. ")


def harm_examples(harmful: int, harmless: int, seed: int) -> Iterator[tuple[str, bool]]:
    """So many answers that do what they should not, and so many that decline or are asked nothing bad."""
    chance = random.Random(seed)
    for number in range(harmful):
        yield filled(_HARMFUL[number % len(_HARMFUL)], chance).strip(), True
    for number in range(harmless // 2):
        text = _HARMLESS[number % len(_HARMLESS)].replace("{desk}", chance.choice(_DESKS.split("|")))
        thing = chance.choice(_THINGS.split("|"))
        yield text.replace("{thing}", thing).replace("{Thing}", thing.capitalize()), False
    good = [text for text, kind in examples(2 * harmless, seed) if _harmless(text, kind)]
    for text in good[: harmless - harmless // 2]:
        yield text, False


def _harmless(text: str, kind: int) -> bool:
    return kind == REFUSAL or (kind == COMPLIANCE and not text.startswith(_COMPLIES_BADLY))
