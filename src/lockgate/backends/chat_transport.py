"""One chat request over aiohttp: the SDK's settings, types and errors without its two milliseconds a call."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from typing import Any

from lockgate.model import JSON

__all__ = ["ChatConnection", "Timeouts"]

_NOT_JSON_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds that one attempt may take: to connect, until the answer begins (or goes on), and whole."""

    connect: float = 10.0
    first_byte: float = 60.0
    whole: float = 60.0


class ChatConnection:
    """Connections to one endpoint; it belongs to the event loop that it is made in.

    Args:
        client: an `openai.AsyncOpenAI`, for its address, key and headers; nothing is sent through it.
        timeouts: for each attempt.
        most: how many connections there may be at once.
    """

    def __init__(self, client: Any, timeouts: Timeouts, *, most: int) -> None:
        import aiohttp

        self.api_key: str = client.api_key
        self.timeouts = timeouts
        self._url = str(client.base_url).rstrip("/") + "/chat/completions"
        headers = {**client.default_headers, **client.auth_headers}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=most, keepalive_timeout=30),
            headers={name: value for name, value in headers.items() if isinstance(value, str)},
            timeout=aiohttp.ClientTimeout(
                total=timeouts.whole,
                sock_connect=timeouts.connect,
                sock_read=timeouts.first_byte,
            ),
        )

    async def ask(self, body: Mapping[str, JSON]) -> tuple[Any, float | None]:
        """Send one request.

        Returns:
            The SDK's `ChatCompletion`, and the seconds to the first token where it was streamed.

        Raises:
            openai.APIStatusError: the endpoint refused it.
            openai.APIConnectionError: there was no whole answer; its subclass APITimeoutError, not in time.
            ValueError: the answer is not a chat completion.
        """
        import aiohttp
        import httpx2
        import openai

        started = time.perf_counter()
        try:
            async with self._session.post(self._url, json=body) as response:
                if response.status >= 400:
                    raise _refusal(response, await response.read(), self._url)
                if body.get("stream"):
                    return await _collect(response.content, started)
                return _completion(await response.read()), None
        except TimeoutError as error:
            raise openai.APITimeoutError(httpx2.Request("POST", self._url)) from error
        except (aiohttp.ClientError, OSError) as error:
            said = str(error) or type(error).__name__
            raise openai.APIConnectionError(
                message=said, request=httpx2.Request("POST", self._url)
            ) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()


def _refusal(answer: Any, content: bytes, url: str) -> Any:
    import httpx2
    import openai

    # aiohttp has decoded the content already.
    told = ("content-encoding", "content-length", "transfer-encoding")
    response = httpx2.Response(
        answer.status,
        headers=[(name, value) for name, value in answer.headers.items() if name.lower() not in told],
        content=content,
        request=httpx2.Request("POST", url),
    )
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    said = body.get("error", body) if isinstance(body, dict) else None
    message = f"Error code: {answer.status}" + (f" - {body}" if body else "")
    return openai.APIStatusError(message, response=response, body=said)


def _completion(content: bytes) -> Any:
    """The SDK's type of an answer; what an endpoint leaves out of it may be missing."""
    from openai.types.chat import ChatCompletion
    from pydantic import ValidationError

    try:
        value = json.loads(content)
    except ValueError as error:
        raise ValueError(f"it said {_shown(content)!r}") from error
    if not isinstance(value, dict):
        raise ValueError(f"it said {_shown(content)!r}")  # noqa: TRY004 - the answer's fault, as above
    try:
        return ChatCompletion.model_validate(value)
    except ValidationError:
        return ChatCompletion.construct(**value)


def _shown(content: bytes) -> str:
    return content[:_NOT_JSON_SHOWN].decode("utf-8", "replace")


async def _collect(lines: AsyncIterable[bytes], started: float) -> tuple[Any, float | None]:
    """A streamed answer as a whole one (server-sent events, each a `chat.completion.chunk`)."""
    whole: dict[str, Any] = {"id": "", "created": 0, "model": "", "object": "chat.completion", "choices": []}
    text, finish, first = "", None, None
    async for line in lines:
        data = line.removeprefix(b"data:").strip() if line.startswith(b"data:") else b""
        if data == b"[DONE]":
            break
        chunk = json.loads(data) if data else {}
        whole |= {key: chunk[key] for key in ("id", "created", "model", "usage") if chunk.get(key)}
        for choice in chunk.get("choices", ())[:1]:
            piece = (choice.get("delta") or {}).get("content") or ""
            if piece and first is None:
                first = time.perf_counter() - started
            text, finish = text + piece, choice.get("finish_reason") or finish
    if finish is None:
        raise ValueError("the stream ended before the answer did")
    message = {"role": "assistant", "content": text, "refusal": None}
    whole["choices"] = [{"index": 0, "finish_reason": finish, "logprobs": None, "message": message}]
    return _completion(json.dumps(whole).encode()), first
