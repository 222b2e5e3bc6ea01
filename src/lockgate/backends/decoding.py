"""One batch of prompts to answers, token by token; a row that is finished leaves the batch."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lockgate.backends.heads import Heads
from lockgate.backends.keyvalues import Layers, is_plain, line_up, new_cache
from lockgate.backends.mixing import Turn
from lockgate.backends.sampling import Sampling, choose

__all__ = ["Row", "decode", "end_tokens"]

_DROP_SHARE = 8


@dataclass(slots=True, kw_only=True)
class Row:
    """One prompt at work.

    Args:
        ids: the prompt's token ids; at least one.
        sampling: how it is answered.
        numbers: what its draws are made with.
        adapter: the name of the adapter that it is computed with, None for the bare base.
        head: how many of its first tokens other prompts begin with, too; less than all.
        answer: the ids of the answer so far, without the end token.
        finish: `stop` or `length` once it is finished, else "".
        text: the answer once it is finished.
        first_token_seconds: from the start of its batch to its first token.
        started: when its batch began, on the clock of `time.perf_counter`.
        seconds: its share of its batch's time.
        error: why it was not answered, where the others of its batch were; else "".
    """

    ids: list[int]
    sampling: Sampling
    numbers: random.Random
    adapter: str | None = None
    head: int = 0
    answer: list[int] = field(default_factory=list)
    finish: str = ""
    text: str = ""
    first_token_seconds: float | None = None
    started: float = 0.0
    seconds: float = 0.0
    error: str = ""


def decode(
    model: Any, tokenizer: Any, rows: Sequence[Row], *, heads: Heads | None = None, turn: Turn | None = None
) -> None:
    """Answer all rows, in place.

    Their heads are read once each. Rows are padded on the left. In float32 greedy answers do not depend on
    what else is in the batch; in the 16-bit types they may.

    Args:
        model: a causal LM in evaluation mode.
        tokenizer: its tokeniser.
        rows: the prompts, all fresh; those with the same adapter are neighbours.
        heads: the heads that were read before, and are kept for later batches.
        turn: told the adapters of the rows that come next; None where the model wears the one of all rows.

    Raises:
        RuntimeError: among others, out of memory.
    """
    import torch

    ends = end_tokens(model, tokenizer)
    started = time.perf_counter()
    with torch.inference_mode():
        state = _prefill(model, rows, Heads() if heads is None else heads, turn or _none)
        first = 0.0
        while state.rows:
            chosen = choose(state.logits, [(row.sampling, row.numbers) for row in state.rows])
            # Choosing waits for the device; what came before may only have been handed to it.
            first = first or time.perf_counter() - started
            for row, token in zip(state.rows, chosen, strict=True):
                _take(row, token, ends, tokenizer)
            kept = _drop_finished(state)
            if state.rows:
                if len(kept) < len(chosen):
                    (turn or _none)([row.adapter for row in state.rows])
                _step(model, state, [chosen[index] for index in kept])
    spent = time.perf_counter() - started
    for row in rows:
        row.started, row.first_token_seconds, row.seconds = started, first, spent / len(rows)


@dataclass(slots=True, kw_only=True)
class _State:
    """A batch between two tokens.

    `mask` is rows × tokens so far, `lengths` each row's own tokens. A finished row may stay in for a
    while: its tokens are then ignored.
    """

    rows: list[Row]
    cache: Any
    logits: Any
    mask: Any
    lengths: Any


def _prefill(model: Any, rows: Sequence[Row], heads: Heads, turn: Turn) -> _State:
    import torch

    known = _read_heads(model, rows, heads, turn)
    turn([row.adapter for row in rows])
    cache = new_cache(model)
    lengths = [row.head if head else 0 for row, head in zip(rows, known, strict=True)]
    left = [row.ids[length:] for row, length in zip(rows, lengths, strict=True)]
    before, longest = max(lengths), max(map(len, left))
    if before:
        line_up(cache, known, before, room=longest)
    seen = torch.tensor(_mask(lengths, [len(ids) for ids in left]), device=model.device)
    output = model(
        input_ids=torch.tensor([[0] * (longest - len(ids)) + ids for ids in left], device=model.device),
        attention_mask=seen,
        position_ids=(seen.cumsum(1) - 1).clamp(min=0)[:, before:],
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    return _State(
        rows=list(rows),
        cache=output.past_key_values,
        logits=output.logits[:, -1],
        mask=seen,
        lengths=seen.sum(1),
    )


def _mask(heads: Sequence[int], left: Sequence[int]) -> list[list[int]]:
    """Which tokens count: heads end together, and so does what is left to be read."""
    before, longest = max(heads), max(left)
    return [
        [0] * (before - head) + [1] * head + [0] * (longest - length) + [1] * length
        for head, length in zip(heads, left, strict=True)
    ]


def _read_heads(model: Any, rows: Sequence[Row], heads: Heads, turn: Turn) -> list[Layers | None]:
    known: dict[tuple[str | None, tuple[int, ...]], Layers | None] = {}
    keys = [(row.adapter, tuple(row.ids[: row.head])) for row in rows]
    for adapter, ids in dict.fromkeys(keys):
        if ids:
            turn([adapter])
            known[adapter, ids] = heads.read(model, adapter, ids)
    return [known.get(key) for key in keys]


def _none(_: Sequence[str | None]) -> None:
    """No turn to take."""


def _step(model: Any, state: _State, tokens: Sequence[int]) -> None:
    import torch

    one = torch.ones((len(tokens), 1), dtype=state.mask.dtype, device=state.mask.device)
    state.mask = torch.cat([state.mask, one], 1)
    output = model(
        input_ids=torch.tensor(tokens, device=state.mask.device)[:, None],
        attention_mask=state.mask,
        position_ids=state.lengths[:, None],
        past_key_values=state.cache,
        use_cache=True,
    )
    state.logits = output.logits[:, -1]
    state.lengths = state.lengths + 1


def _drop_finished(state: _State) -> list[int]:
    """Take finished rows out once they are an eighth of the batch: each time copies the rest of the cache.

    Returns:
        Where the rows that are still in were before.
    """
    import torch

    going = [index for index, row in enumerate(state.rows) if not row.finish]
    done = len(state.rows) - len(going)
    if going and (done * _DROP_SHARE < len(state.rows) or not is_plain(state.cache)):
        return list(range(len(state.rows)))
    if done and going:
        index = torch.tensor(going, device=state.mask.device)
        state.cache.batch_select_indices(index)
        state.mask, state.lengths = state.mask[index], state.lengths[index]
    state.rows = [state.rows[i] for i in going]
    return going


def _take(row: Row, token: int, ends: frozenset[int], tokenizer: Any) -> None:
    """Add a token to a row's answer, and finish it where it ends."""
    if row.finish:
        return
    if token in ends:
        _finish(row, "stop", tokenizer)
        return
    row.answer.append(token)
    if row.sampling.stop and _cut(row, tokenizer):
        return
    if len(row.answer) >= row.sampling.max_tokens:
        _finish(row, "length", tokenizer)


def _finish(row: Row, why: str, tokenizer: Any) -> None:
    row.finish = why
    row.text = tokenizer.decode(row.answer, skip_special_tokens=True)


def _cut(row: Row, tokenizer: Any) -> bool:
    """End a row at the first of its stop texts, if its answer has one."""
    text = tokenizer.decode(row.answer, skip_special_tokens=True)
    places = [place for stop in row.sampling.stop if (place := text.find(stop)) >= 0]
    if places:
        row.finish, row.text = "stop", text[: min(places)]
    return bool(places)


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end an answer."""
    declared = model.generation_config.eos_token_id
    several = declared if isinstance(declared, list) else [declared]
    return frozenset(token for token in (*several, tokenizer.eos_token_id) if token is not None)
