"""Options that several backends have: the prompt they name and what their tokens cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lockgate.errors import UsageError, did_you_mean
from lockgate.model import Prompt, Setting

__all__ = ["check_price", "find_prompt"]

_PRICE_KEYS = ("input_per_1m", "output_per_1m")


def find_prompt(prompt: str | None, setting: Setting) -> Prompt | None:
    """The prompt that the option `prompt` names; None where it names none.

    Raises:
        UsageError: there is no project to find it in, or none of that name in it.
    """
    if not prompt:
        return None
    if setting.load_prompt is None:
        raise UsageError(
            f"The prompt {prompt!r} needs a project file to be found. Declare the backend in one."
        )
    return setting.load_prompt(prompt)


def check_price(price: Mapping[str, Any] | None) -> Mapping[str, float] | None:
    """The option `price`, found right: `{input_per_1m, output_per_1m}` in US dollars, or None.

    Raises:
        UsageError: an unknown key, an amount that is no number or less than 0, or only one of the two.
    """
    for key, value in (price or {}).items():
        if key not in _PRICE_KEYS:
            raise UsageError(
                f"price has the unknown key {key!r}. {did_you_mean(key, _PRICE_KEYS, noun='keys')}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise UsageError(f"price has {key}: {value!r}. Write US dollars, 0 or more.")
    if price is not None and set(price) != set(_PRICE_KEYS):
        raise UsageError("price needs both input_per_1m and output_per_1m. Write 0 for what is free.")
    return price
