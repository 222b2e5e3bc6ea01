"""Any OpenAI-compatible chat endpoint, asked concurrently through the official SDK."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lockgate.background import BackgroundLoop
from lockgate.chat_protocol import answer_format, explain, is_fatal, read_answer
from lockgate.errors import FatalBackendError, MissingExtra, UsageError, did_you_mean
from lockgate.model import JSON, Completion, Prompt, Request, Setting

__all__ = ["OpenAIChat", "openai"]

_OFFICIAL = "https://api.openai.com/v1"
_PRICE_KEYS = ("input_per_1m", "output_per_1m")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIChat:
    """A backend behind the chat completions protocol.

    Args:
        name: `FAMILY:VERSION`.
        model: the model's name at the endpoint.
        base_url: the endpoint, up to and with `/v1`.
        api_key_env: the variable that holds the key; read when first asked, shown nowhere.
        prompt: what renders a case, or None to send its input as it is.
        sampling: what is sent with each request (`max_tokens`, `temperature`, …); a request's params win.
            Trial n is asked with the seed + n, so that trials differ.
        timeout: seconds from sending a request to the end of its answer.
        concurrency: most requests in flight.
        price: US dollars per million tokens, `input_per_1m` and `output_per_1m`; None where unknown.
        extra_body: what else the endpoint is sent.
    """

    name: str
    model: str
    base_url: str = _OFFICIAL
    api_key_env: str = "OPENAI_API_KEY"
    prompt: Prompt | None = None
    sampling: Mapping[str, JSON] = field(default_factory=dict)
    timeout: float = 60.0
    concurrency: int = 8
    price: Mapping[str, float] | None = None
    extra_body: Mapping[str, JSON] = field(default_factory=dict)
    _loop: BackgroundLoop[Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        loop = BackgroundLoop(connect=self._client, disconnect=lambda client: client.close())
        object.__setattr__(self, "_loop", loop)

    @property
    def identity(self) -> Mapping[str, JSON]:
        """All that can change an answer; never the key, the price or the pace."""
        return {
            "kind": "openai",
            "model": self.model,
            "base_url": self.shares,
            "prompt": self.prompt.digest if self.prompt else None,
            "sampling": dict(self.sampling),
            "extra_body": dict(self.extra_body),
        }

    @property
    def shares(self) -> str:
        """The endpoint without user, password and query: it may be shown, and its rate limits are shared."""
        parts = urlsplit(self.base_url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Answers as they come. A timeout, a 429 or a 5xx fails its request alone; nothing is retried.

        The error of a refused request begins with its status, and says when to come back where the
        endpoint does: `HTTP 429, retry after 2 s: …`.

        Raises:
            FatalBackendError: the key, the model or the form of the requests is refused.
            MissingExtra: the SDK is not installed.
        """
        asked = time.perf_counter()
        pending = iter(requests)

        async def work(client: Any, put: Callable[[Completion], None]) -> None:
            for request in pending:
                put(await _ask(self, client, request, asked))

        async def serve(client: Any, put: Callable[[Completion], None]) -> None:
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self.concurrency, len(requests))):
                        group.create_task(work(client, put))
            except BaseExceptionGroup as failures:
                raise failures.exceptions[0] from None

        yield from self._loop.stream(serve)

    def close(self) -> None:
        """Close the connections; the backend may be asked again."""
        self._loop.close()

    def _client(self) -> Any:
        try:
            from openai import AsyncOpenAI, DefaultAioHttpClient
        except ImportError as error:
            raise MissingExtra(
                feature=f"The backend {self.name}", package="openai", extra="openai"
            ) from error
        key = os.environ.get(self.api_key_env, "")
        if not key and self.shares == _OFFICIAL:
            raise FatalBackendError(
                f"{self.name} needs a key for {_OFFICIAL}. Set the environment variable {self.api_key_env}."
            )
        return AsyncOpenAI(
            api_key=key or "no-key",
            base_url=self.base_url,
            max_retries=0,
            timeout=None,
            http_client=DefaultAioHttpClient(),
        )


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
    timeout: float = 60.0,
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
        timeout: seconds from sending a request to the end of its answer.
        concurrency: most requests in flight.
        price: `{input_per_1m: USD, output_per_1m: USD}`.
        extra_body: what else the endpoint is sent.
        setting: handed over by the loader.

    Raises:
        UsageError: an option has a value that it may not have; the text says which it may.
    """
    endpoint = base_url or os.environ.get("OPENAI_BASE_URL") or _OFFICIAL
    _require(
        {
            f"base_url is {endpoint!r}. Write a URL such as http://127.0.0.1:8000/v1.": bool(
                re.match(r"https?://[^/]", endpoint)
            ),
            f"max_tokens is {max_tokens}. Write 1 or more.": max_tokens is None or max_tokens >= 1,
            f"temperature is {temperature}. Write 0 or more.": temperature is None or temperature >= 0,
            f"top_p is {top_p}. Write a number over 0, up to 1.": top_p is None or 0 < top_p <= 1,
            f"timeout is {timeout}. Write seconds, more than 0.": timeout > 0,
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
        prompt=_load_prompt(prompt, setting) if prompt else None,
        sampling={key: value for key, value in sampling.items() if value is not None},
        timeout=timeout,
        concurrency=concurrency,
        price=_price(price),
        extra_body=extra_body or {},
    )


def _require(rules: Mapping[str, bool]) -> None:
    for complaint, holds in rules.items():
        if not holds:
            raise UsageError(complaint)


def _load_prompt(prompt: str, setting: Setting) -> Prompt:
    if setting.load_prompt is None:
        raise UsageError(
            f"The prompt {prompt!r} needs a project file to be found. Declare the backend in one."
        )
    return setting.load_prompt(prompt)


def _price(price: Mapping[str, Any] | None) -> Mapping[str, float] | None:
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


async def _ask(backend: OpenAIChat, client: Any, request: Request, asked: float) -> Completion:
    from openai import APIError

    started = time.perf_counter()
    try:
        async with asyncio.timeout(backend.timeout):
            answer = await client.chat.completions.create(**_arguments(backend, request))
        fields = read_answer(answer, backend.price)
    except TimeoutError:
        fields = {"error": f"There was no answer from {backend.shares} within {backend.timeout:g} s."}
    except APIError as error:
        if is_fatal(error):
            line = explain(error, client.api_key)
            raise FatalBackendError(f"{backend.name} is refused by {backend.shares}: {line}") from None
        fields = {"error": explain(error, client.api_key)}
    except ValueError as error:
        fields = {"error": f"{backend.shares} did not answer with a chat completion: {error}"}
    return Completion(
        **{**fields, "model": fields.get("model") or backend.model},
        request=request,
        seconds=time.perf_counter() - started,
        queued_seconds=started - asked,
    )


def _arguments(backend: OpenAIChat, request: Request) -> dict[str, Any]:
    sampling = {**backend.sampling, **request.params}
    if sampling.get("seed") is not None and "seed" not in request.params:
        sampling["seed"] += request.trial
    if backend.shares == _OFFICIAL and "max_tokens" in sampling:
        sampling["max_completion_tokens"] = sampling.pop("max_tokens")
    messages = [dict(message) for message in request.messages]
    extra = {"extra_body": dict(backend.extra_body)} if backend.extra_body else {}
    return {"model": backend.model, "messages": messages, **sampling, **extra}
