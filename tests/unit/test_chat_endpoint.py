"""A chat endpoint that fails now and then: asked again, slowed down for, given up in words; and streamed."""

from __future__ import annotations

import asyncio
import json
import time

import aiohttp
import pytest
from aiohttp import web
from chat_server import ChatServer, chat, refused

from lockgate.backends import chat_endpoint
from lockgate.backends.chat_transport import ChatConnection, Timeouts
from lockgate.backends.openai_chat import openai
from lockgate.errors import FatalBackendError
from lockgate.model import Request, Setting


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """A key, and no waiting where the endpoint names no time."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setattr(chat_endpoint, "backoff", lambda number: 0.001 * number)


def ask(answer, count=1, **options):
    """The server after it was asked, the completions by case, and the backend."""
    with ChatServer(answer) as server:
        backend = openai("m", base_url=server.url, setting=Setting(name="api:v1"), **options)
        requests = [
            Request(case_id=str(n), messages=({"role": "user", "content": str(n)},)) for n in range(count)
        ]
        try:
            return server, {c.request.case_id: c for c in backend.complete(requests)}, backend
        finally:
            backend.close()


def first_fails(*failures):
    """Answers each request with these in turn, then well."""
    left: dict[str, list] = {}

    def answer(body):
        mine = left.setdefault(body["messages"][0]["content"], list(failures))
        return mine.pop(0)() if mine else chat()

    return answer


def truncated():
    """Half an answer."""
    return web.Response(text=json.dumps(chat())[:50], content_type="application/json")


def dropped():
    """A connection that ends without an answer."""

    async def drop(request):
        request.transport.close()
        return web.Response()

    return drop


@pytest.mark.parametrize(
    "failure",
    [
        lambda: refused(429, "slow down", retry_after="0.01"),
        lambda: refused(503, "busy"),
        lambda: refused(500, "oops"),
        lambda: refused(408, "too late"),
        lambda: refused(409, "locked"),
        lambda: refused(425, "too early"),
        lambda: web.Response(status=500, text="[" * 20_000),
        lambda: web.Response(text="[" * 20_000),
        truncated,
        dropped,
    ],
    ids=["429", "503", "500", "408", "409", "425", "500-nested", "nested", "truncated", "dropped"],
)
def test_what_may_pass_is_asked_again(failure):
    """A rate limit, a fault, a cut body or connection costs attempts, never an answer."""
    server, answers, _ = ask(first_fails(failure, failure), count=5)
    assert [answers[str(n)].text for n in range(5)] == ["Hello"] * 5
    assert {c.attempts for c in answers.values()} == {3}
    assert len(server.bodies) == 15


def test_a_silent_attempt_is_cut_and_asked_again():
    """A request that hangs is given up after `timeout` and asked anew; its time is not the answer's."""

    async def hang():
        await asyncio.sleep(60)

    _, answers, _ = ask(first_fails(hang), timeout=0.2)
    assert answers["0"].text == "Hello"
    assert answers["0"].seconds < 0.2


def test_an_answer_that_does_not_begin_is_given_up_before_the_whole_time():
    """`first_byte` ends an attempt of which nothing comes, long before `whole` would."""

    async def hang():
        await asyncio.sleep(60)

    started = time.monotonic()
    server, answers, _ = ask(lambda body: hang(), timeout={"first_byte": 0.1, "whole": 50}, attempts=1)
    assert answers["0"].error == f"Nothing came from {server.url} for 0.1 s."
    assert time.monotonic() - started < 25


def test_a_connection_that_is_not_made_is_said(monkeypatch):
    """Where the time to connect is used up, the error says that and how long it was."""

    def unanswered(*_, **__):
        raise aiohttp.ConnectionTimeoutError

    monkeypatch.setattr(aiohttp.ClientSession, "post", unanswered)
    server, answers, _ = ask(lambda body: chat(), timeout={"connect": 5}, attempts=1)
    assert answers["0"].error == f"There was no connection to {server.url} within 5 s."


def test_all_three_times_reach_the_connection():
    """To connect, until the answer begins (or goes on), and whole: each limits what it is for."""

    async def limits():
        times = Timeouts(connect=1, first_byte=2, whole=3)
        connection = ChatConnection("http://127.0.0.1:9/v1", "key", times, most=1)
        await connection.close()
        return connection._session.timeout

    found = asyncio.run(limits())
    assert (found.sock_connect, found.sock_read, found.total) == (1, 2, 3)


def test_attempts_run_out_and_the_error_tells_all():
    """After the last attempt the error says what came of each."""
    failures = [lambda: refused(500, "oops")] * 2 + [lambda: refused(503, "busy")] * 5
    server, answers, _ = ask(first_fails(*failures), attempts=4)
    assert answers["0"].error == (
        "HTTP 503: busy It was asked 4 times; before: HTTP 500: oops (2 times); HTTP 503: busy"
    )
    assert len(server.bodies) == 4


@pytest.mark.parametrize("status", [400, 401, 404])
def test_what_cannot_pass_is_never_asked_again(status):
    """A refused form, key or model stops the backend after one request."""
    with ChatServer(lambda body: refused(status, "no")) as server:
        backend = openai("m", base_url=server.url, concurrency=1, setting=Setting(name="api:v1"))
        requests = [Request(case_id=n, messages=({"role": "user", "content": n},)) for n in "abc"]
        with pytest.raises(FatalBackendError, match=f"HTTP {status}: no"):
            list(backend.complete(requests))
        backend.close()
    assert len(server.bodies) == 1


def test_a_wait_beyond_five_minutes_is_given_up():
    """An endpoint that wants to be left alone for an hour is an error now, with its own words."""
    started = time.monotonic()
    _, answers, _ = ask(lambda body: refused(429, "come back later", retry_after="3600"))
    assert answers["0"].error == "HTTP 429, retry after 3600 s: come back later"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("status", [429, 503])
def test_rate_limits_slow_the_backend_down(status):
    """After a 429 or 503 fewer requests are allowed in flight than before; one 500 changes nothing."""
    limit = first_fails(lambda: refused(status, "slow down", retry_after="0.01"))
    assert ask(limit, count=3, concurrency=6)[2]._pace.limit < 6
    assert ask(first_fails(lambda: refused(500, "oops")), count=3, concurrency=6)[2]._pace.limit == 6


def recorded(seen):
    """Answers well, and puts each request, as the server got it, on the list."""

    async def answer(request):
        seen.append(request)
        return web.json_response(chat())

    return lambda body: answer


def test_organisation_and_project_come_from_the_environment(monkeypatch):
    """They are sent where the environment names them, as the SDK does, and not otherwise."""
    monkeypatch.setenv("OPENAI_ORG_ID", "our-org")
    monkeypatch.delenv("OPENAI_PROJECT_ID", raising=False)
    seen = []
    ask(recorded(seen))
    assert seen[0].headers["OpenAI-Organization"] == "our-org"
    assert "OpenAI-Project" not in seen[0].headers
    assert seen[0].headers["User-Agent"].startswith("lockgate/")


def test_a_proxy_of_the_environment_is_used(monkeypatch):
    """The request goes to the proxy, with the endpoint's whole address, unless NO_PROXY names the host."""
    seen = []
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("no_proxy", "local.invalid")
    with ChatServer(recorded(seen)) as server:
        monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
        for host in ("api.invalid", "local.invalid"):
            options = {"base_url": f"http://{host}/v1", "attempts": 1}
            backend = openai("m", setting=Setting(name="api:v1"), **options)
            (answer,) = backend.complete([Request(case_id="a", messages=({"role": "user", "content": "a"},))])
            backend.close()
            assert (answer.error is None) == (host == "api.invalid")
    assert [request.host for request in seen] == ["api.invalid"]


def streamed(*pieces, finish="stop", done=True):
    """An answer as server-sent events."""

    async def stream(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        chunks = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}], "model": "served"})
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        chunks.append({"choices": [], "usage": usage})
        for chunk in chunks:
            await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        if done:
            await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    return stream


def test_a_streamed_answer_has_a_time_to_its_first_token():
    """With `stream` the text comes in pieces, with usage, finish and the time to the first."""
    server, answers, _ = ask(lambda body: streamed("Hel", "lo"), stream=True)
    answer = answers["0"]
    assert (answer.text, answer.finish, answer.model) == ("Hello", "stop", "served")
    assert (answer.tokens_in, answer.tokens_out) == (3, 2)
    assert 0 < answer.first_token_seconds <= answer.seconds
    assert server.bodies[0]["stream_options"] == {"include_usage": True}


def test_a_stream_that_ends_too_early_is_asked_again():
    """A stream without a finish is no answer."""
    cut = [lambda: streamed("Hel", finish=None, done=False)]
    answer = first_fails(*cut, lambda: streamed("Hello"))
    assert ask(answer, stream=True)[1]["0"].text == "Hello"


def events(*lines):
    """Server-sent events with these data, as they stand."""
    text = "".join(f"data: {line}\n\n" for line in lines)
    return web.Response(text=text, content_type="text/event-stream")


def chunk(finish=None, **delta):
    """One chunk of a stream."""
    return json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def test_a_streamed_refusal_is_the_answer():
    """A refusal that comes in pieces is the text where there is no content, as it is without `stream`."""
    refusal = [
        chunk(role="assistant", content=None, refusal=""),
        chunk(refusal="I can"),
        chunk(refusal="not."),
    ]
    _, answers, _ = ask(lambda body: events(*refusal, chunk("stop"), "[DONE]"), stream=True)
    answer = answers["0"]
    assert (answer.text, answer.finish, answer.error) == ("I cannot.", "stop", None)
    assert answer.first_token_seconds > 0


def test_streamed_content_goes_before_a_refusal():
    """Where both come, the content is the text."""
    pieces = chunk(content="Yes"), chunk(refusal="No"), chunk("stop")
    assert ask(lambda body: events(*pieces, "[DONE]"), stream=True)[1]["0"].text == "Yes"


BROKEN = {
    "choices-null": '{"choices": null}',
    "choices-number": '{"choices": 7}',
    "choice-text": '{"choices": ["Hello"]}',
    "chunk-list": "[1, 2]",
    "chunk-text": '"Hello"',
    "chunk-null": "null",
    "delta-text": '{"choices": [{"delta": "Hello"}]}',
    "delta-list": '{"choices": [{"delta": [1]}]}',
    "content-number": '{"choices": [{"delta": {"content": 7}}]}',
    "refusal-list": '{"choices": [{"delta": {"refusal": ["no"]}}]}',
    "half": '{"choices": [{"delta"',
    "deep": "[" * 20_000,
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_chunk_is_asked_again_and_then_an_error_of_its_case(broken):
    """A stream that is not the protocol's costs attempts, then its own case, and never the others."""

    def answer(body):
        mine = body["messages"][0]["content"] == "1"
        return events(chunk(content="Hello"), *([broken] if mine else []), chunk("stop"), "[DONE]")

    server, answers, _ = ask(answer, count=3, stream=True, attempts=2)
    assert [answers[n].text for n in "02"] == ["Hello", "Hello"]
    assert "did not answer with a chat completion: it said" in answers["1"].error
    assert broken[:20] in answers["1"].error
    assert "It was asked 2 times" in answers["1"].error
    assert len(server.bodies) == 4


def test_a_broken_chunk_may_pass():
    """A stream that is whole the second time gives its answer."""
    answer = first_fails(lambda: events('{"choices": null}'), lambda: streamed("Hello"))
    assert ask(answer, stream=True)[1]["0"].text == "Hello"
