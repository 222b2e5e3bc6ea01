"""A local chat endpoint with a set latency and set faults, in a process of its own.

usage: python benchmarks/endpoint.py [--latency 0.2] [--faults]

Prints its port, then answers until it is ended. `GET /count` tells how many requests came, and for how many
different ones; `GET /log` when each came, and when each case's answer was sent to its last byte (the case of
`Say w7` is c00007; seconds of `time.monotonic()`); `GET /wait?sent=N` answers when N cases' answers are.

With `--faults`, by a seeded draw: 5 % 429 with Retry-After, 2 % 500, 1 % dropped, 1 % truncated JSON, 1 %
silent for a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

FAULTS = {"limited": 0.05, "broken": 0.02, "dropped": 0.01, "truncated": 0.01, "silent": 0.01}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def main() -> None:
    parser = argparse.ArgumentParser(description="A local chat endpoint for benchmarks.")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--faults", action="store_true", help="fail one request in ten")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.latency, faults=arguments.faults))


async def _serve(latency: float, *, faults: bool) -> None:
    seen: list[str] = []
    came: list[float] = []
    sent: dict[str, float] = {}
    changed = asyncio.Condition()
    draws = random.Random(11)

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        question = body["messages"][-1]["content"]
        seen.append(question)
        came.append(time.monotonic())
        if latency:
            await asyncio.sleep(latency)
        fault = _draw(draws) if faults else ""
        if fault:
            return await _fail(fault, request)
        response = web.json_response(_answer(question))
        try:
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:
            return response
        sent[f"c{int(_word(question).removeprefix('w')):05}"] = time.monotonic()
        async with changed:
            changed.notify_all()
        return response

    async def count(_: web.Request) -> web.Response:
        return web.json_response({"requests": len(seen), "different": len(set(seen))})

    async def log(_: web.Request) -> web.Response:
        return web.json_response({"asked": came, "sent": sent})

    async def wait(request: web.Request) -> web.Response:
        async with changed:
            await changed.wait_for(lambda: len(sent) >= int(request.query["sent"]))
        return web.json_response(len(sent))

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_get("/count", count)
    app.router.add_get("/log", log)
    app.router.add_get("/wait", wait)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def _draw(draws: random.Random) -> str:
    at = draws.random()
    for fault, share in FAULTS.items():
        at -= share
        if at < 0:
            return fault
    return ""


async def _fail(fault: str, request: web.Request) -> web.StreamResponse:
    if fault == "limited":
        return web.json_response(_error("slow down"), status=429, headers={"Retry-After": "1"})
    if fault == "broken":
        return web.json_response(_error("oops"), status=500)
    if fault == "truncated":
        return web.Response(text=json.dumps(_answer("?"))[:40], content_type="application/json")
    if fault == "silent":
        await asyncio.sleep(60)
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _error(message: str) -> dict[str, object]:
    return {"error": {"message": message, "type": "error", "code": None, "param": None}}


def _word(question: str) -> str:
    return question.rsplit(maxsplit=1)[-1]


def _answer(question: str) -> dict[str, object]:
    message = {
        "role": "assistant",
        "content": f'{{"answer": "{_word(question)}"}}',
        "refusal": None,
    }
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "local",
        "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20},
    }


if __name__ == "__main__":
    main()
