"""Evidence in windows that a classifier reads beside a text, counted in its own tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from lockgate.checks.grounding.units import Unit

__all__ = ["LEAST_ROOM", "length", "room", "windows"]

LEAST_ROOM = 16
"""Fewer tokens of evidence than this tell nothing."""

_LONGEST = 4096


def room(tokenizer: Any, network: Any, text: str) -> int:
    """How many tokens of evidence fit beside a text; below `LEAST_ROOM` the text itself is too long."""
    most = min(tokenizer.model_max_length, _positions(network), _LONGEST)
    return int(most) - length(tokenizer, text) - int(tokenizer.num_special_tokens_to_add(pair=True))


def length(tokenizer: Any, text: str) -> int:
    """The tokens of a text, special ones not counted."""
    return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def windows(evidence: Sequence[Unit], most: int, count: Callable[[str], int]) -> Iterator[list[Unit]]:
    """Runs of units of at most so many tokens, each starting with the last unit of the one before."""
    window: list[Unit] = []
    used = 0
    for unit in (piece for one in evidence for piece in _pieces(one, most, count)):
        needed = count(unit.text) + 1
        if window and used + needed > most:
            yield window
            last = window[-1]
            window, used = (
                ([last], count(last.text) + 1) if count(last.text) + 1 + needed <= most else ([], 0)
            )
        window.append(unit)
        used += needed
    if window:
        yield window


def _pieces(unit: Unit, most: int, count: Callable[[str], int]) -> Iterator[Unit]:
    """A unit that is too long alone, in halves at a space near its middle, until each fits."""
    middle = unit.text.find(" ", len(unit.text) // 2)
    if count(unit.text) < most or middle <= 0:
        yield unit
        return
    for text in (unit.text[:middle], unit.text[middle + 1 :]):
        yield from _pieces(replace(unit, text=text), most, count)


def _positions(network: Any) -> int:
    """The most tokens that a network has places for.

    RoBERTa and its kin count from after their padding token, so that two of their 514 places are never used.
    """
    most = int(getattr(network.config, "max_position_embeddings", None) or _LONGEST)
    for name, module in network.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            return most - int(module.padding_idx) - 1
    return most
