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

_FIRST = 512


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
    drawn = [index for index, (sampling, _) in enumerate(rows) if sampling.temperature > 0]
    if drawn:
        tokens = _draw(logits[drawn], [rows[i][0] for i in drawn], [rows[i][1].random() for i in drawn])
        for index, token in zip(drawn, tokens, strict=True):
            chosen[index] = token
    return chosen


def _draw(logits: Any, samplings: Sequence[Sampling], numbers: Sequence[float]) -> list[int]:
    """The token of each row at which its probabilities, added up from the greatest, reach its number.

    A number counts as a share of the nucleus: the smallest set of the greatest that holds `top_p`. What a row
    gets depends on the row alone: nothing is computed across rows.
    """
    import torch

    def column(values: Sequence[float]) -> Any:
        return torch.tensor(values, dtype=torch.float64, device=logits.device)[:, None]

    shares = torch.softmax(logits.double() / column([s.temperature for s in samplings]), -1)
    top_p, number = column([s.top_p for s in samplings]), column(numbers)
    tokens = _among(_greatest(shares), top_p, number)
    # Sorting a whole vocabulary takes a hundred times as long as finding its greatest: only where it must be.
    beyond = [index for index, token in enumerate(tokens) if token < 0]
    if beyond:
        ordered = shares[beyond].sort(descending=True, stable=True)
        last = ordered[1][:, -1].tolist()
        found = _among(ordered, top_p[beyond], number[beyond])
        for index, token, end in zip(beyond, found, last, strict=True):
            # Rounding may leave the sum of all a little short of 1.
            tokens[index] = token if token >= 0 else end
    return tokens


def _greatest(shares: Any) -> tuple[Any, Any]:
    """The greatest probabilities and their tokens, ordered as by a stable sort; fewer where some are equal.

    Of equal ones at the end not all may be among them, so those count as 0.
    """
    import torch

    greatest, ids = shares.topk(min(_FIRST, shares.shape[-1]), -1)
    if greatest.shape[-1] < shares.shape[-1]:
        greatest = torch.where(greatest > greatest[:, -1:], greatest, 0.0)
    ids, order = ids.sort(-1)
    greatest, places = greatest.gather(-1, order).sort(descending=True, stable=True)
    return greatest, ids.gather(-1, places)


def _among(ordered: tuple[Any, Any], top_p: Any, number: Any) -> list[int]:
    """The token of each row, or -1 where these probabilities, the greatest first, do not reach far enough."""
    import torch

    shares, ids = ordered
    upto = shares.cumsum(-1)
    # The nucleus ends with the token that reaches top_p; all of them hold 1, but for rounding.
    last = (upto < top_p).sum(-1, keepdim=True)
    known = last < shares.shape[-1]
    held = torch.where(known, upto.gather(-1, last.clamp(max=shares.shape[-1] - 1)), 1.0)
    place = (upto < number * held).sum(-1, keepdim=True)
    reached = (place < shares.shape[-1]) & (known | (top_p >= 1.0))
    token = ids.gather(-1, place.clamp(max=shares.shape[-1] - 1))
    found: list[int] = torch.where(reached, token, -1)[:, 0].tolist()
    return found
