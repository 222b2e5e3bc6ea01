"""The backend `openai`: its options, checked before anything is asked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from lockgate.backends.chat_endpoint import OFFICIAL, OpenAIChat
from lockgate.backends.chat_transport import Timeouts
from lockgate.backends.options import check_price, find_prompt
from lockgate.chat_protocol import answer_format
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import Setting

__all__ = ["openai"]

_TIMEOUT_KEYS = ("connect", "first_byte", "whole")


def openai(
    model: str,
    *,
    base_url: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    prompt: str | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    stop: str | list[str] | None = None,
    response_format: str | dict[str, Any] | None = None,
    stream: bool = False,
    timeout: float | dict[str, Any] = 60.0,
    attempts: int = 8,
    concurrency: int = 8,
    price: dict[str, Any] | None = None,
    extra_body: dict[str, Any] | None = None,
    setting: Setting,
) -> OpenAIChat:
    """The backend `openai`: OpenAI, vLLM, Ollama and whatever else speaks the protocol.

    Args:
        model: the model's name at the endpoint.
        base_url: the endpoint; None means OPENAI_BASE_URL, or OpenAI itself.
        api_key_env: the variable that holds the key; endpoints other than OpenAI's may go without.
        prompt: `name@version`, or None to send each case's input as it is.
        max_tokens: most tokens of an answer (sent to OpenAI itself as `max_completion_tokens`).
        temperature: 0 for greedy.
        top_p: share of the probability that is sampled from.
        seed: of the sampling; trial n is asked with seed + n.
        stop: where an answer ends.
        response_format: as the protocol has it, or a JSON Schema or its file, which answers must follow.
        stream: stream the answers, so that the time to the first token is known.
        timeout: seconds that one attempt may take, or `{connect, first_byte, whole}`.
        attempts: most times that a request is asked when rate limits, faults or timeouts come back.
        concurrency: most requests in flight; fewer while the endpoint says that they are too many.
        price: `{input_per_1m: USD, output_per_1m: USD}`.
        extra_body: what else the endpoint is sent.
        setting: handed over by the loader.

    Raises:
        UsageError: an option has a value that it may not have; the text says which it may.
    """
    endpoint = base_url or os.environ.get("OPENAI_BASE_URL") or OFFICIAL
    _require(
        {
            f"base_url is {endpoint!r}. Write a URL such as http://127.0.0.1:8000/v1.": bool(
                re.match(r"https?://[^/]", endpoint)
            ),
            f"max_tokens is {max_tokens}. Write 1 or more.": max_tokens is None or max_tokens >= 1,
            f"temperature is {temperature}. Write 0 or more.": temperature is None or temperature >= 0,
            f"top_p is {top_p}. Write a number over 0, up to 1.": top_p is None or 0 < top_p <= 1,
            f"attempts is {attempts}. Write 1 or more.": attempts >= 1,
            f"concurrency is {concurrency}. Write 1 or more.": concurrency >= 1,
        }
    )
    sampling = {
        "max_tokens": max_tokens,
        "temperature": temperature,
        "top_p": top_p,
        "seed": seed,
        "stop": stop,
        "response_format": answer_format(response_format, setting.base),
    }
    return OpenAIChat(
        name=setting.name or f"openai:{model}",
        model=model,
        base_url=endpoint,
        api_key_env=api_key_env,
        prompt=find_prompt(prompt, setting),
        sampling={key: value for key, value in sampling.items() if value is not None},
        stream=stream,
        timeouts=_timeouts(timeout),
        attempts=attempts,
        concurrency=concurrency,
        price=check_price(price),
        extra_body=extra_body or {},
    )


def _require(rules: Mapping[str, bool]) -> None:
    for complaint, holds in rules.items():
        if not holds:
            raise UsageError(complaint)


def _timeouts(timeout: float | Mapping[str, Any]) -> Timeouts:
    given = timeout if isinstance(timeout, Mapping) else {"whole": timeout, "first_byte": timeout}
    for key, value in given.items():
        if key not in _TIMEOUT_KEYS:
            raise UsageError(
                f"timeout has the unknown key {key!r}. {did_you_mean(key, _TIMEOUT_KEYS, noun='keys')}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise UsageError(f"timeout is {value!r} for {key}. Write seconds, more than 0.")
    whole = given.get("whole", Timeouts().whole)
    return Timeouts(**{"first_byte": whole, "whole": whole, **given})
