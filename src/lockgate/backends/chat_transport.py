"""One chat request over aiohttp, with the SDK's errors and without its two milliseconds a call."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import lockgate
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
        base_url: up to and with `/v1`; user and password in it are sent.
        api_key: sent as a bearer token.
        timeouts: for each attempt.
        most: how many connections there may be at once.
    """

    def __init__(self, base_url: str, api_key: str, timeouts: Timeouts, *, most: int) -> None:
        import aiohttp

        self.api_key = api_key
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=most, keepalive_timeout=30),
            headers=_headers(api_key),
            # Not `trust_env`: that looks into ~/.netrc in another thread for each request.
            proxy=_proxy(base_url),
            timeout=aiohttp.ClientTimeout(
                total=timeouts.whole, sock_connect=timeouts.connect, sock_read=timeouts.first_byte
            ),
        )

    async def ask(self, body: Mapping[str, JSON]) -> tuple[Mapping[str, JSON], float | None]:
        """Send one request.

        Returns:
            The answer in the form of the SDK's `ChatCompletion`, as a mapping, and the seconds to the first
            token where it was streamed.

        Raises:
            openai.APIStatusError: the endpoint refused it.
            openai.APIConnectionError: there was no whole answer; its subclass APITimeoutError, not in time.
            ValueError: the answer is not a chat completion.
        """
        import aiohttp

        started = time.perf_counter()
        try:
            async with self._session.post(self._url, json=body) as response:
                if response.status >= 400:
                    raise _refusal(response, await response.read(), self._url)
                if body.get("stream"):
                    return await _collect(response.content, started)
                return _completion(await response.read()), None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _broken(error, self._url) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()


def _headers(api_key: str) -> dict[str, str]:
    """What the SDK sends, too: the key, and organisation and project where the environment names them."""
    named = {"OpenAI-Organization": "OPENAI_ORG_ID", "OpenAI-Project": "OPENAI_PROJECT_ID"}
    told = {header: os.environ[name] for header, name in named.items() if os.environ.get(name)}
    agent = f"lockgate/{lockgate.__version__}"
    return {"Authorization": f"Bearer {api_key}", "Accept": "application/json", "User-Agent": agent, **told}


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for an address (HTTPS_PROXY, NO_PROXY and their like)."""
    parts = urlsplit(url)
    skipped = parts.hostname is None or proxy_bypass(parts.hostname)
    return None if skipped else getproxies().get(parts.scheme)


def _broken(error: Exception, url: str) -> Any:
    # Half a second that only those pay who meet an error.
    import httpx2
    import openai

    request = httpx2.Request("POST", url)
    if isinstance(error, TimeoutError):
        return openai.APITimeoutError(request)
    return openai.APIConnectionError(message=str(error) or type(error).__name__, request=request)


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
    except (ValueError, RecursionError):
        body = None
    said = body.get("error", body) if isinstance(body, dict) else None
    message = f"Error code: {answer.status}" + (f" - {body}" if body else "")
    return openai.APIStatusError(message, response=response, body=said)


def _completion(content: bytes) -> Mapping[str, JSON]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it said {_shown(content)!r}") from error
    if not isinstance(value, dict):
        raise ValueError(f"it said {_shown(content)!r}")  # noqa: TRY004 - the answer's fault, as above
    return value


def _shown(content: bytes) -> str:
    return content[:_NOT_JSON_SHOWN].decode("utf-8", "replace")


async def _collect(lines: AsyncIterable[bytes], started: float) -> tuple[Mapping[str, JSON], float | None]:
    """A streamed answer as a whole one (server-sent events, each a `chat.completion.chunk`)."""
    whole: dict[str, Any] = {"id": "", "created": 0, "model": "", "object": "chat.completion", "choices": []}
    said, finish, first = {"content": "", "refusal": ""}, None, None
    async for line in lines:
        data = line.removeprefix(b"data:").strip() if line.startswith(b"data:") else b""
        if data == b"[DONE]":
            break
        chunk = _completion(data) if data else {}
        whole |= {key: chunk[key] for key in ("id", "created", "model", "usage") if chunk.get(key)}
        pieces, ended = _pieces(chunk, data)
        if first is None and any(pieces.values()):
            first = time.perf_counter() - started
        said = {key: said[key] + pieces[key] for key in said}
        finish = ended or finish
    if finish is None:
        raise ValueError("the stream ended before the answer did")
    message = {"role": "assistant", "content": said["content"], "refusal": said["refusal"] or None}
    whole["choices"] = [{"index": 0, "finish_reason": finish, "logprobs": None, "message": message}]
    return whole, first


def _pieces(chunk: Mapping[str, Any], data: bytes) -> tuple[Mapping[str, str], Any]:
    """What a chunk adds to the content and to the refusal, and why the answer ends here, if it does."""
    try:
        choice: Any = next(iter(chunk.get("choices", ())), {})
        delta = choice.get("delta") or {}
        pieces = {key: delta.get(key) or "" for key in ("content", "refusal")}
        ended = choice.get("finish_reason")
    except (AttributeError, TypeError) as error:
        raise ValueError(f"it said {_shown(data)!r}") from error
    if not all(isinstance(piece, str) for piece in pieces.values()):
        raise ValueError(f"it said {_shown(data)!r}")
    return pieces, ended
