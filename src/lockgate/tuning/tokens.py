"""Rows to tokens: the chat template's prompt, then the answer and its end token; batches of like length."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lockgate.errors import UsageError
from lockgate.tuning.data import Row

__all__ = ["Example", "Packed", "batches", "encode", "pack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Token ids of one row; only the last `answer` of them are learnt."""

    ids: tuple[int, ...]
    answer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A batch as tensors, padded on the left so that all answers end in the last column.

    Args:
        ids, mask, positions: int64, rows × length.
        labels: int64, rows × kept; -100 where nothing is learnt. The logits that predict `labels[:, j]`
            are those of column length - kept - 1 + j.
        kept: the longest answer of the batch, in tokens.
    """

    ids: Any
    mask: Any
    positions: Any
    labels: Any
    kept: int


def encode(tokenizer: Any, row: Row, *, longest: int | None = None) -> Example:
    """A row's token ids, cut between prompt and answer exactly where generation starts.

    Args:
        tokenizer: with a chat template.
        row: messages and answer.
        longest: the model's context window in tokens; None for no bound.

    Raises:
        UsageError: the row is longer than the window.
    """
    prompt = tokenizer.apply_chat_template(list(row.messages), tokenize=False, add_generation_prompt=True)
    said = {"role": "assistant", "content": row.answer}
    whole = tokenizer.apply_chat_template([*row.messages, said], tokenize=False)
    answer = whole[len(prompt) :] if whole.startswith(prompt) else row.answer
    head = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    tail = _to_end(tokenizer(answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id)
    if longest is not None and len(head) + len(tail) > longest:
        size = len(head) + len(tail)
        raise UsageError(f"{row.where}: the row has {size} tokens, the model takes {longest}. Cut it.")
    return Example(ids=(*head, *tail), answer=len(tail))


def batches(examples: Sequence[Example], tokens: int, *, seed: int) -> list[list[Example]]:
    """Group examples of like length so that no batch pads to more than `tokens`, in a drawn order.

    Every example is in exactly one batch; one that is longer than `tokens` is a batch of its own.
    """
    draw = random.Random(seed)  # noqa: S311  (an order, not a secret)
    # The jitter regroups the rows from epoch to epoch while like lengths stay together.
    ordered = sorted(examples, key=lambda e: len(e.ids) * draw.uniform(0.9, 1.1))
    grouped: list[list[Example]] = []
    for example in ordered:
        longest = max((len(e.ids) for e in (*grouped[-1], example)), default=0) if grouped else 0
        if grouped and longest * (len(grouped[-1]) + 1) <= tokens:
            grouped[-1].append(example)
        else:
            grouped.append([example])
    draw.shuffle(grouped)
    return grouped


def pack(group: Sequence[Example], *, padding: int, device: str) -> Packed:
    """A batch as tensors on a device; `padding` is the token id that fills up."""
    import torch

    length = max(len(e.ids) for e in group)
    kept = max(e.answer for e in group)
    ids = [[padding] * (length - len(e.ids)) + list(e.ids) for e in group]
    mask = [[0] * (length - len(e.ids)) + [1] * len(e.ids) for e in group]
    labels = [[-100] * (kept - e.answer) + list(e.ids[-e.answer :]) for e in group]
    seen = torch.tensor(mask, device=device)
    return Packed(
        ids=torch.tensor(ids, device=device),
        mask=seen,
        positions=(seen.cumsum(1) - 1).clamp(min=0),
        labels=torch.tensor(labels, device=device),
        kept=kept,
    )


def _to_end(ids: Sequence[int], end: int) -> list[int]:
    """The answer up to and with its end token: what a template writes behind it is never generated."""
    return [*ids[: ids.index(end)], end] if end in ids else [*ids, end]
