"""A local server that speaks the chat completions protocol, as well or as badly as a test wants."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web


class ChatServer:
    """Answers each request with what `answer` makes of its body, on loopback, in a thread of its own.

    `answer` gives an aiohttp response, a mapping to send as JSON, or a coroutine of either; or a coroutine
    function of aiohttp's request, which writes to the connection itself. `bodies` and `keys` hold what was
    asked; `most` the most requests that were open at once; `gone` is set when a client hangs up on one.
    """

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        self.answer = answer
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.gone = threading.Event()
        self.most = self._open = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._runner = self._loop.run_until_complete(self._listen())
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._handle)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("Authorization"))
        self._open += 1
        self.most = max(self.most, self._open)
        try:
            said = self.answer(body)
            said = await said if asyncio.iscoroutine(said) else said
            said = await said(request) if callable(said) else said
        except asyncio.CancelledError:
            self.gone.set()
            raise
        finally:
            self._open -= 1
        return web.json_response(said) if isinstance(said, dict) else said


def chat(text: str = "Hello", **fields: Any) -> dict[str, Any]:
    """A well-formed answer; `fields` replace its own."""
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "served-model",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}},
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14},
    } | fields


def refused(status: int, message: str, *, code: str | None = None, **headers: str) -> web.Response:
    """An error as the protocol has it."""
    body = {"error": {"message": message, "type": "error", "code": code, "param": None}}
    return web.json_response(
        body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
