"""A request to a row of a batch: the model's chat template, its tokeniser and its window."""

from __future__ import annotations

from random import Random
from typing import Any

from lockgate.backends.decoding import Row
from lockgate.backends.loading import Loaded
from lockgate.backends.sampling import Sampling, number_stream, override
from lockgate.errors import FatalBackendError, UsageError
from lockgate.model import Request

__all__ = ["ask", "begin"]


def ask(loaded: Loaded, request: Request, sampling: Sampling, adapter: str | None = None) -> Row:
    """The row that asks a request, its answer cut to what is left of the model's window.

    Raises:
        UsageError: the prompt fills the window, or the chat template refuses the messages.
        FatalBackendError: the model has no chat template.
    """
    ids: list[int] = loaded.tokenizer(_prompt(loaded.tokenizer, request), add_special_tokens=False)[
        "input_ids"
    ]
    if loaded.context is not None and len(ids) >= loaded.context:
        raise UsageError(
            f"The prompt has {len(ids)} tokens, the model takes fewer than {loaded.context}. Cut it."
        )
    if loaded.context is not None and len(ids) + sampling.max_tokens > loaded.context:
        sampling = override(sampling, {"max_tokens": loaded.context - len(ids)})
    return Row(ids=ids, sampling=sampling, numbers=_numbers(sampling, request), adapter=adapter)


def begin(row: Row, request: Request) -> None:
    """Forget what a row was answered so far: its next answer is as if it were the first."""
    row.answer, row.finish, row.text, row.error = [], "", "", ""
    row.numbers = _numbers(row.sampling, request)


def _numbers(sampling: Sampling, request: Request) -> Random:
    return number_stream(sampling.seed, request.case_id, request.trial)


def _prompt(tokenizer: Any, request: Request) -> str:
    from jinja2 import TemplateError

    if not tokenizer.chat_template:
        raise FatalBackendError(
            "The model has no chat template, so it cannot be asked by messages. Give an instruct model."
        )
    messages = [dict(message) for message in request.messages]
    try:
        text: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    except TemplateError as error:
        raise UsageError(f"The model's chat template refuses the messages: {error}.") from error
    return text
