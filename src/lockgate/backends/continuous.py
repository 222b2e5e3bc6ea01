"""Continuous batching by transformers on CUDA: a row that ends makes room for the next one at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from lockgate.backends.batching import is_out_of_memory
from lockgate.backends.decoding import Row, end_tokens
from lockgate.backends.keyvalues import is_plain, new_cache
from lockgate.backends.loading import Loaded

__all__ = ["answer", "is_possible", "suits"]

_POLL_SECONDS = 1.0
_STOP_SECONDS = 30.0
# What transformers puts into one page by itself.
_PAGE_TOKENS = 256


def is_possible(loaded: Loaded) -> bool:
    """Whether a model can be asked so: on CUDA, with keys and values that fit into pages.

    On a processor it takes twice the time of batches of like length.
    """
    model = loaded.model
    known = hasattr(model, "continuous_batching_context_manager")
    return bool(known and model.device.type == "cuda" and is_plain(new_cache(model)))


def suits(row: Row) -> bool:
    """Whether a row can be answered so: greedily, to its end token.

    transformers draws with one stream of numbers for all rows; here each row has its own, so that it is drawn
    the same whatever is asked beside it.
    """
    return row.sampling.temperature == 0 and not row.sampling.stop


def answer(loaded: Loaded, rows: Sequence[Row]) -> None:
    """Answer all rows, in place, in whatever order they end; hold the model's lock, its adapter on.

    A manager of its own for each call, as it would share pages of prompts between adapters.

    Args:
        loaded: a model of which `is_possible` holds.
        rows: those that it `suits`, all fresh. One that fails alone has its `error` set.

    Raises:
        RuntimeError: memory did not do.
    """
    began = time.perf_counter()
    ends = sorted(end_tokens(loaded.model, loaded.tokenizer))
    with _manager(loaded, rows, ends) as manager:
        for index, row in enumerate(rows):
            manager.add_request(
                row.ids,
                request_id=str(index),
                max_new_tokens=row.sampling.max_tokens,
                eos_token_id=ends,
                record_timestamps=True,
            )
        for result in _results(manager, len(rows)):
            _take(loaded, rows[int(result.request_id)], result, ends)
    spent = time.perf_counter() - began
    for row in rows:
        row.seconds = spent / len(rows)
        row.started = row.started or began
        if not row.finish and not row.error:
            row.error = "The device stopped before this request was answered."


def _manager(loaded: Loaded, rows: Sequence[Row], ends: list[int]) -> Any:
    from transformers import ContinuousBatchingConfig, GenerationConfig
    from transformers.generation.continuous_batching.utils import WorkloadHints

    longest_prompt = max(len(row.ids) for row in rows)
    longest = max(row.sampling.max_tokens for row in rows)
    return loaded.model.continuous_batching_context_manager(
        generation_config=GenerationConfig(
            do_sample=False,
            max_new_tokens=longest,
            eos_token_id=ends or -1,
            pad_token_id=loaded.tokenizer.pad_token_id,
        ),
        continuous_batching_config=ContinuousBatchingConfig(
            # Switching to flash attention might fetch a kernel from the hub.
            auto_switch_to_flash=False,
            # On CUDA it takes what memory is free, which elsewhere would be the machine's.
            num_blocks=None if loaded.model.device.type == "cuda" else _pages(rows),
        ),
        workload_hints=WorkloadHints(
            max_prompt_length=longest_prompt, max_generated_length=longest, num_requests=len(rows)
        ),
        timeout=_STOP_SECONDS,
        warmup=False,
    )


def _pages(rows: Sequence[Row]) -> int:
    return sum((len(row.ids) + row.sampling.max_tokens) // _PAGE_TOKENS + 2 for row in rows)


def _results(manager: Any, count: int) -> Iterator[Any]:
    """What has ended, as it ends; fewer than `count` where the manager's thread died."""
    left = count
    while left:
        result = manager.get_result(timeout=_POLL_SECONDS)
        if result is not None and result.is_finished():
            left -= 1
            yield result
        elif result is None and not manager.is_running():
            return


def _take(loaded: Loaded, row: Row, result: Any, ends: Sequence[int]) -> None:
    if result.error is not None:
        if is_out_of_memory(RuntimeError(result.error)):
            raise RuntimeError(result.error)
        row.error = str(result.error)
        return
    made = list(result.generated_tokens)
    ended = bool(made) and made[-1] in ends
    row.answer = made[:-1] if ended else made
    row.finish = "stop" if ended else "length"
    row.text = loaded.tokenizer.decode(row.answer, skip_special_tokens=True)
    row.started = result.lifespan[0]
    if result.timestamps:
        row.first_token_seconds = result.timestamps[0] - row.started
