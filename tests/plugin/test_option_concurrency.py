"""`--llm-concurrency`: most requests in flight, whatever the backend declares."""

import asyncio
from contextlib import suppress

from chat_server import ChatServer, chat


def most_in_flight(desk, *options: str) -> int:
    """How many of six requests were open at once at an endpoint that holds each until five are."""

    async def answer(body):
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                while server.most < 5:
                    await asyncio.sleep(0.005)
        return chat("yes")

    with ChatServer(answer) as server:
        version = f"{{kind: openai, model: m, base_url: '{server.url}', concurrency: 5}}"
        desk.many(6, right=6, gates="")
        desk.write("lockgate.yaml", f"backends: {{api: {{v1: {version}}}}}\n")
        desk.run("--llm-backend=api:v1", *options).assert_outcomes(passed=6)
    return server.most


def test_a_backend_has_its_own(desk):
    """Without the option it is as the project file says."""
    assert most_in_flight(desk) == 5


def test_the_option_replaces_it(desk):
    """With the option no more are ever in flight."""
    assert most_in_flight(desk, "--llm-concurrency=2") == 2
