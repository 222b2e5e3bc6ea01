"""How the next token is chosen: greedy, or drawn by a stream of numbers that belongs to the row alone."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from lockgate.errors import UsageError, did_you_mean
from lockgate.fingerprints import digest
from lockgate.model import JSON

__all__ = ["Sampling", "choose", "number_stream", "override"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How an answer is drawn and where it ends.

    Args:
        max_tokens: most tokens of an answer, 1 or more.
        temperature: 0 for greedy.
        top_p: share of the probability that is sampled from, over 0 and up to 1 (nucleus sampling, Holtzman
            et al. 2019, arXiv:1904.09751).
        seed: with the case's id and the trial, what the draws depend on.
        stop: texts that end an answer; they are cut off.

    Raises:
        UsageError: a value out of its range.
    """

    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ranges = (
            (self.max_tokens >= 1, f"max_tokens is {self.max_tokens}. Write 1 or more."),
            (self.temperature >= 0, f"temperature is {self.temperature}. Write 0 or more."),
            (0 < self.top_p <= 1, f"top_p is {self.top_p}. Write a number over 0, up to 1."),
            (all(self.stop), "stop has an empty text. Delete it."),
        )
        for right, message in ranges:
            if not right:
                raise UsageError(message)


def override(sampling: Sampling, params: Mapping[str, JSON]) -> Sampling:
    """The sampling with a request's own words.

    Raises:
        UsageError: a word or a value that is not possible here.
    """
    known = [f.name for f in fields(Sampling)]
    for word in params:
        if word not in known:
            raise UsageError(
                f"This backend has no parameter {word!r}. {did_you_mean(word, known, noun='parameters')}"
            )
    values: dict[str, Any] = {name: params.get(name, getattr(sampling, name)) for name in known}
    stop = values["stop"] or ()
    values["stop"] = (stop,) if isinstance(stop, str) else tuple(stop)
    return Sampling(**values)


def number_stream(seed: int, case_id: str, trial: int) -> random.Random:
    """The numbers that one case's trial is drawn with, whatever else is in its batch."""
    return random.Random(digest([seed, case_id, trial]))  # noqa: S311  (repeatable on purpose)


def choose(logits: Any, rows: Sequence[tuple[Sampling, random.Random]]) -> list[int]:
    """The next token id of each row.

    Args:
        logits: rows × vocabulary.
        rows: how each is drawn, and its numbers; a greedy row uses none up.
    """
    chosen: list[int] = logits.argmax(-1).tolist()
    for index, (sampling, numbers) in enumerate(rows):
        if sampling.temperature > 0:
            chosen[index] = _draw(logits[index], sampling, numbers.random())
    return chosen


def _draw(logits: Any, sampling: Sampling, number: float) -> int:
    """The token at which the probabilities, added up from the greatest, reach `number` of the nucleus."""
    import torch

    shares = torch.softmax(logits.double() / sampling.temperature, -1)
    ordered, ids = shares.sort(descending=True, stable=True)
    upto = ordered.cumsum(-1)
    # The smallest set that holds top_p: all tokens before which less than that is reached.
    size = int((upto - ordered < sampling.top_p).sum())
    place = int(torch.searchsorted(upto[:size], number * upto[size - 1]))
    return int(ids[min(place, size - 1)])
