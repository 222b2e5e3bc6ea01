"""The backend behind any OpenAI-compatible chat endpoint: asked concurrently, patiently, and in one place."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lockgate.backends.chat_transport import ChatConnection, Timeouts
from lockgate.backends.pacing import Attempt, Line, Pace, backoff, stated_wait
from lockgate.background import BackgroundLoop
from lockgate.chat_protocol import explain, is_fatal, read_answer
from lockgate.errors import FatalBackendError, MissingExtra
from lockgate.model import JSON, Completion, Prompt, Request

__all__ = ["OFFICIAL", "OpenAIChat"]

OFFICIAL = "https://api.openai.com/v1"
"""OpenAI's own endpoint: it wants a key, and calls `max_tokens` otherwise."""

_SLOW_DOWN = (429, 503)
_AGAIN = (408, 409, 425, 429)
_LONGEST_WAIT_SECONDS = 300.0


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
        stream: whether answers are streamed, for the time to the first token.
        timeouts: of one attempt.
        attempts: most times that a request is asked.
        concurrency: most requests in flight.
        price: US dollars per million tokens, `input_per_1m` and `output_per_1m`; None where unknown.
        extra_body: what else the endpoint is sent.
    """

    name: str
    model: str
    base_url: str = OFFICIAL
    api_key_env: str = "OPENAI_API_KEY"
    prompt: Prompt | None = None
    sampling: Mapping[str, JSON] = field(default_factory=dict)
    stream: bool = False
    timeouts: Timeouts = field(default_factory=Timeouts)
    attempts: int = 8
    concurrency: int = 8
    price: Mapping[str, float] | None = None
    extra_body: Mapping[str, JSON] = field(default_factory=dict)
    _loop: BackgroundLoop[Any] = field(init=False, repr=False, compare=False)
    _pace: Pace = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        loop = BackgroundLoop(connect=self._connect, disconnect=lambda connection: connection.close())
        object.__setattr__(self, "_loop", loop)
        object.__setattr__(self, "_pace", Pace(self.concurrency))

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

    @property
    def takes_response_format(self) -> bool:
        """The protocol has it; where the declaration names a format for all answers, that one holds."""
        return "response_format" not in self.sampling

    @property
    def concurrent_calls(self) -> int:
        """As many as may be in flight, for each call is answered on its own."""
        return self.concurrency

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Answers as they come.

        A rate limit (429, 503), a 5xx, a timeout, a broken connection or body is asked again, as late as the
        endpoint says or after a growing wait, `attempts` times in all; then its request fails alone, with
        what came of each attempt. `seconds` are those of the attempt that was answered.

        Raises:
            FatalBackendError: the key, the model or the form of the requests is refused.
            MissingExtra: the SDK is not installed.
        """
        asked = time.perf_counter()

        async def serve(connection: ChatConnection, put: Callable[[Completion], None]) -> None:
            line = Line(requests, self._pace)
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self.concurrency, len(requests))):
                        group.create_task(_work(self, connection, line, put, asked))
            except* FatalBackendError as fatal:
                raise fatal.exceptions[0] from None

        yield from self._loop.stream(serve)

    def close(self) -> None:
        """Close the connections; asking again opens new ones."""
        self._loop.close()

    def _connect(self) -> ChatConnection:
        for package in ("aiohttp", "openai"):
            if not find_spec(package):
                raise MissingExtra(feature=f"The backend {self.name}", package=package, extra="openai")
        key = os.environ.get(self.api_key_env, "")
        if not key and self.shares == OFFICIAL:
            raise FatalBackendError(
                f"{self.name} needs a key for {OFFICIAL}. Set the environment variable {self.api_key_env}."
            )
        return ChatConnection(self.base_url, key or "no-key", self.timeouts, most=self.concurrency)


async def _work(
    backend: OpenAIChat,
    connection: ChatConnection,
    line: Line[Request],
    put: Callable[[Completion], None],
    asked: float,
) -> None:
    while (attempt := await line.take()) is not None:
        started = time.perf_counter()
        fields = await _try(backend, connection, attempt)
        if isinstance(fields, float):
            line.again(attempt, after=fields)
            continue
        line.done()
        put(
            Completion(
                **{**fields, "model": fields.get("model") or backend.model},
                request=attempt.item,
                seconds=time.perf_counter() - started,
                queued_seconds=started - asked,
                attempts=attempt.number,
            )
        )


async def _try(
    backend: OpenAIChat, connection: ChatConnection, attempt: Attempt[Request]
) -> dict[str, Any] | float:
    """The fields of a completion, or how long to wait before the request is asked again."""
    try:
        answer, first = await connection.ask(_arguments(backend, attempt.item))
        fields = read_answer(answer, backend.price)
    except ValueError as error:
        said = f"{backend.shares} did not answer with a chat completion: {error}"
        return _after(backend, attempt, said, backoff(attempt.number))
    except Exception as error:
        from openai import APIError

        if not isinstance(error, APIError):
            raise
        if is_fatal(error):
            line = explain(error, connection.api_key)
            raise FatalBackendError(f"{backend.name} is refused by {backend.shares}: {line}") from None
        return _after_error(backend, connection, attempt, error)
    backend._pace.answered()  # noqa: SLF001 - of the same module
    return {**fields, "first_token_seconds": first}


def _after_error(
    backend: OpenAIChat, connection: ChatConnection, attempt: Attempt[Request], error: Any
) -> dict[str, Any] | float:
    from openai import APITimeoutError

    if isinstance(error, APITimeoutError):
        return _after(backend, attempt, _overdue(backend, error), 0.0)
    status = getattr(error, "status_code", None)
    headers = error.response.headers if status is not None else {}
    stated = stated_wait(headers)
    wait = backoff(attempt.number) if stated is None else stated
    if status in _SLOW_DOWN:
        backend._pace.limited(wait)  # noqa: SLF001 - of the same module
    line = explain(error, connection.api_key)
    again = status is None or status in _AGAIN or status >= 500
    return _after(backend, attempt, line, wait) if again else {"error": line}


def _overdue(backend: OpenAIChat, error: Any) -> str:
    """Which of its times an attempt has used up."""
    import aiohttp

    times, cause = backend.timeouts, error.__cause__
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        return f"There was no connection to {backend.shares} within {times.connect:g} s."
    if isinstance(cause, aiohttp.SocketTimeoutError) and times.first_byte < times.whole:
        return f"Nothing came from {backend.shares} for {times.first_byte:g} s."
    return f"There was no answer from {backend.shares} within {times.whole:g} s."


def _after(backend: OpenAIChat, attempt: Attempt[Request], said: str, wait: float) -> dict[str, Any] | float:
    if attempt.number < backend.attempts and wait <= _LONGEST_WAIT_SECONDS:
        attempt.history.append(said)
        return wait
    before = Counter(attempt.history)
    told = "; ".join(f"{line} ({n} times)" if n > 1 else line for line, n in before.items())
    return {"error": f"{said} It was asked {attempt.number} times; before: {told}" if told else said}


def _arguments(backend: OpenAIChat, request: Request) -> dict[str, Any]:
    sampling = {**backend.sampling, **request.params}
    if sampling.get("seed") is not None and "seed" not in request.params:
        sampling["seed"] += request.trial
    if backend.shares == OFFICIAL and "max_tokens" in sampling:
        sampling["max_completion_tokens"] = sampling.pop("max_tokens")
    messages = [dict(message) for message in request.messages]
    stream = {"stream": True, "stream_options": {"include_usage": True}} if backend.stream else {}
    return {"model": backend.model, "messages": messages, **sampling, **stream, **backend.extra_body}
