"""The backend `openai` against a local server that speaks its protocol."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from chat_server import ChatServer, chat, refused

from lockgate.backends.openai_chat import openai
from lockgate.errors import FatalBackendError, MissingExtra, UsageError
from lockgate.fingerprints import digest
from lockgate.model import Prompt, Request, Setting

KEY = "sk-verysecret-0123456789"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """A key in the environment, and no other endpoint."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def requests_for(*texts, **fields):
    """One request for each text, its id the text."""
    return [Request(case_id=t, messages=({"role": "user", "content": t},), **fields) for t in texts]


def ask(answer, *texts, params=None, trial=0, **options):
    """The server after it was asked, and the completions."""
    with ChatServer(answer) as server:
        options = {"attempts": 1, **options}
        backend = openai("m", base_url=server.url, setting=Setting(name="api:v1"), **options)
        try:
            requests = requests_for(*(texts or ("hi",)), params=params or {}, trial=trial)
            return server, list(backend.complete(requests))
        finally:
            backend.close()


def test_an_answer_carries_all_that_the_endpoint_says():
    """Text, model, tokens, finish and the request itself travel on the completion."""
    server, (completion,) = ask(lambda body: chat("Hello"), "hi")
    assert (completion.text, completion.model, completion.finish) == ("Hello", "served-model", "stop")
    assert (completion.tokens_in, completion.tokens_out, completion.cost) == (10, 4, None)
    assert completion.error is None
    assert completion.request.case_id == "hi"
    assert server.bodies == [{"model": "m", "messages": [{"role": "user", "content": "hi"}]}]


def test_time_of_the_call_and_in_the_queue_are_apart():
    """With one request in flight, the second waits for as long as the first takes."""
    _, (first, second) = ask(lambda body: chat(), "a", "b", concurrency=1)
    assert first.seconds > 0
    assert second.queued_seconds >= first.queued_seconds + first.seconds


def test_price_makes_cost():
    """Cost is tokens times price per million."""
    _, (completion,) = ask(lambda body: chat(), price={"input_per_1m": 0.5, "output_per_1m": 2})
    assert completion.cost == pytest.approx((10 * 0.5 + 4 * 2) / 1e6)


def test_without_usage_tokens_and_cost_are_unknown():
    """Unknown is None, not zero, even where a price is known."""
    _, (completion,) = ask(lambda body: chat(usage=None), price={"input_per_1m": 1, "output_per_1m": 1})
    assert (completion.tokens_in, completion.tokens_out, completion.cost) == (None, None, None)
    assert completion.text == "Hello"


def test_sampling_is_sent_and_a_request_wins():
    """Options go out under the protocol's names; a request's own params replace them."""
    server, _ = ask(
        lambda body: chat(),
        params={"temperature": 0.5},
        max_tokens=64,
        temperature=0,
        top_p=0.9,
        stop=["\n"],
        extra_body={"top_k": 5},
    )
    sent = server.bodies[0]
    assert (sent["max_tokens"], sent["temperature"], sent["top_p"]) == (64, 0.5, 0.9)
    assert (sent["stop"], sent["top_k"]) == (["\n"], 5)


def test_trials_are_asked_with_different_seeds():
    """Trial n gets the seed + n, unless the request brings its own."""
    assert ask(lambda body: chat(), seed=7, trial=2)[0].bodies[0]["seed"] == 9
    assert ask(lambda body: chat(), seed=7, trial=2, params={"seed": 1})[0].bodies[0]["seed"] == 1


def test_a_schema_file_becomes_a_response_format(tmp_path):
    """The file's schema is sent, strictly, under the file's name."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    (tmp_path / "ticket v1.json").write_text(json.dumps(schema))
    backend = openai("m", response_format="ticket v1.json", setting=Setting(base=tmp_path))
    assert backend.sampling["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "ticket_v1", "schema": schema, "strict": True},
    }


def test_a_response_format_in_place():
    """A schema is wrapped, and what the protocol knows goes out as it is."""
    server, _ = ask(lambda body: chat("{}"), response_format={"type": "json_object"})
    assert server.bodies[0]["response_format"] == {"type": "json_object"}
    server, _ = ask(lambda body: chat("{}"), response_format={"type": "object"})
    assert server.bodies[0]["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_a_declared_format_holds_for_what_checks_ask():
    """An endpoint that knows no schemas is told so by `{type: text}`; else a check may name its own."""
    url = "http://127.0.0.1:9/v1"
    assert openai("m", base_url=url, setting=Setting()).takes_response_format
    declared = openai("m", base_url=url, response_format={"type": "text"}, setting=Setting())
    assert not declared.takes_response_format


def test_a_refusal_is_an_answer():
    """The protocol's refusal field is the text when there is no other."""
    message = {"role": "assistant", "content": None, "refusal": "I cannot."}
    _, (completion,) = ask(
        lambda body: chat(choices=[{"index": 0, "finish_reason": "content_filter", "message": message}])
    )
    assert (completion.text, completion.finish, completion.error) == ("I cannot.", "filter", None)


def test_answers_come_as_they_are_ready():
    """A quick answer is there while a slow one is still open."""
    go_on = asyncio.Event()

    async def answer(body):
        if body["messages"][0]["content"] == "slow":
            await go_on.wait()
        return chat(body["messages"][0]["content"])

    with ChatServer(answer) as server:
        backend = openai("m", base_url=server.url, setting=Setting(name="api:v1"))
        answers = backend.complete(requests_for("slow", "quick"))
        assert next(answers).text == "quick"
        server._loop.call_soon_threadsafe(go_on.set)
        assert [c.text for c in answers] == ["slow"]
        backend.close()


def test_no_more_are_in_flight_than_allowed():
    """Twelve requests at a concurrency of three are never more than three at once, and all are answered."""
    three = asyncio.Barrier(3)

    async def answer(body):
        async with asyncio.timeout(10):
            await three.wait()
        return chat(body["messages"][0]["content"])

    texts = [str(n) for n in range(12)]
    server, completions = ask(answer, *texts, concurrency=3)
    assert server.most == 3
    assert sorted(c.text for c in completions) == sorted(texts)


def test_an_early_end_hangs_up():
    """Closing the generator cancels the requests in flight, and the backend may be asked again."""

    async def answer(body):
        if body["messages"][0]["content"] == "hang":
            await asyncio.Event().wait()
        return chat()

    with ChatServer(answer) as server:
        backend = openai("m", base_url=server.url, setting=Setting(name="api:v1"))
        answers = backend.complete(requests_for("hang", "quick"))
        assert next(answers).text == "Hello"
        answers.close()
        assert server.gone.wait(5)
        assert [c.text for c in backend.complete(requests_for("again"))] == ["Hello"]
        backend.close()


def test_no_requests_are_no_work():
    """An empty batch asks nothing."""
    with ChatServer(lambda body: chat()) as server:
        backend = openai("m", base_url=server.url, setting=Setting(name="api:v1"))
        assert list(backend.complete([])) == []
        backend.close()
    assert server.bodies == []


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (lambda: refused(429, "slow down", retry_after="2"), "HTTP 429, retry after 2 s: slow down"),
        (lambda: refused(500, "oops"), "HTTP 500: oops"),
        (lambda: refused(503, f"key {KEY} overloaded"), "HTTP 503: key *** overloaded"),
        (lambda: refused(400, "too long", code="context_length_exceeded"), "HTTP 400: too long"),
        (
            lambda: refused(400, "This model's maximum context length is 8 tokens."),
            "HTTP 400: This model's maximum context length is 8 tokens.",
        ),
        (lambda: web.Response(status=502, text="<html>bad\n gateway</html>"), "HTTP 502: Error code: 502"),
    ],
)
def test_a_refusal_of_one_request_fails_it_alone(response, error):
    """The error says the status, when to come back and why; the other request is answered, none repeated."""

    def answer(body):
        return response() if body["messages"][0]["content"] == "bad" else chat()

    server, completions = ask(answer, "bad", "good")
    by_id = {c.request.case_id: c for c in completions}
    assert by_id["bad"].error.startswith(error)
    assert "\n" not in by_id["bad"].error
    assert by_id["good"].text == "Hello"
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "invalid_api_key"),
        (403, None),
        (404, "model_not_found"),
        (400, None),
        (429, "insufficient_quota"),
    ],
)
def test_what_no_request_survives_stops_all(status, code):
    """A refused key, model or form, and a used-up quota, raise one line that never has the key."""
    with ChatServer(lambda body: refused(status, f"No: {KEY}\nand sk-abc***xyz", code=code)) as server:
        backend = openai("m", base_url=server.url, concurrency=1, setting=Setting(name="api:v1"))
        with pytest.raises(FatalBackendError) as raised:
            list(backend.complete(requests_for(*"abc")))
        backend.close()
    assert str(raised.value) == f"api:v1 is refused by {server.url}: HTTP {status}: No: *** and ***"
    assert len(server.bodies) == 1


def test_what_came_before_a_fatal_error_is_kept():
    """Completions that were there before the error are given first."""

    def answer(body):
        return chat() if body["messages"][0]["content"] == "a" else refused(401, "revoked")

    with ChatServer(answer) as server:
        backend = openai("m", base_url=server.url, concurrency=1, setting=Setting(name="api:v1"))
        answers = backend.complete(requests_for(*"ab"))
        assert next(answers).text == "Hello"
        with pytest.raises(FatalBackendError, match="revoked"):
            next(answers)
        backend.close()


@pytest.mark.parametrize(
    "body",
    ["{", '{"choices": []}', "{}", "[]", '"text"', '{"choices": [{"message": null}]}', "null"],
)
def test_a_malformed_answer_is_an_error_completion(body):
    """What is not a chat completion is said to be so, and takes no other request with it."""

    def answer(asked):
        if asked["messages"][0]["content"] == "good":
            return chat()
        return web.Response(text=body, content_type="application/json")

    server, completions = ask(answer, "bad", "good")
    by_id = {c.request.case_id: c for c in completions}
    assert by_id["bad"].error.startswith(f"{server.url} did not answer with a chat completion: ")
    assert by_id["good"].text == "Hello"


def test_an_answer_in_html_is_an_error_completion():
    """A login page with status 200 is no answer."""
    server, (completion,) = ask(
        lambda body: web.Response(text="<html>login</html>", content_type="text/html")
    )
    assert completion.error.startswith(f"{server.url} did not answer with a chat completion: it said")


def test_a_hanging_endpoint_is_a_timeout():
    """After `timeout` seconds the request fails alone; the seconds that passed are reported."""

    async def answer(body):
        await asyncio.Event().wait()

    server, (completion,) = ask(answer, timeout=0.2)
    assert completion.error == f"There was no answer from {server.url} within 0.2 s."
    assert completion.seconds >= 0.2


def test_an_answer_that_trickles_is_a_timeout():
    """The time limit is for the whole answer, not for each byte."""

    async def trickle(request):
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)

    server, (completion,) = ask(lambda body: trickle, timeout=0.2)
    assert completion.error == f"There was no answer from {server.url} within 0.2 s."


def test_a_truncated_answer_is_an_error_completion():
    """A connection that ends in the middle of a body fails its request alone."""

    async def cut(request):
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "500"})
        await response.prepare(request)
        await response.write(json.dumps(chat()).encode())
        request.transport.close()
        return response

    def answer(body):
        return cut if body["messages"][0]["content"] == "bad" else chat()

    _, completions = ask(answer, "bad", "good")
    by_id = {c.request.case_id: c for c in completions}
    assert by_id["bad"].error.startswith("The connection failed: ")
    assert by_id["good"].text == "Hello"


def test_nobody_listening_is_an_error_completion():
    """A refused connection says so, once for each request."""
    with ChatServer(lambda body: chat()) as server:
        url = server.url
    backend = openai("m", base_url=url, attempts=1, setting=Setting(name="api:v1"))
    errors = [c.error for c in backend.complete(requests_for(*"ab"))]
    backend.close()
    assert len(errors) == 2
    assert all(e.startswith("The connection failed: ") for e in errors)


def test_the_key_comes_from_the_variable_that_is_named(monkeypatch):
    """The key goes out as a bearer token and stands neither in the identity nor in the repr."""
    monkeypatch.setenv("OTHER_KEY", "sk-other")
    server, _ = ask(lambda body: chat(), api_key_env="OTHER_KEY")
    assert server.keys == ["Bearer sk-other"]
    backend = openai("m", api_key_env="OTHER_KEY", setting=Setting())
    assert "sk-other" not in json.dumps(backend.identity) + repr(backend)


def test_a_local_endpoint_needs_no_key(monkeypatch):
    """Without a key a local endpoint is asked all the same."""
    monkeypatch.delenv("OPENAI_API_KEY")
    _, (completion,) = ask(lambda body: chat())
    assert completion.text == "Hello"


def test_openai_itself_needs_a_key(monkeypatch):
    """Without a key nothing is sent to OpenAI; the text names the variable."""
    monkeypatch.delenv("OPENAI_API_KEY")
    backend = openai("m", setting=Setting(name="api:v1"))
    with pytest.raises(FatalBackendError) as raised:
        list(backend.complete(requests_for("hi")))
    backend.close()
    assert str(raised.value) == (
        "api:v1 needs a key for https://api.openai.com/v1. Set the environment variable OPENAI_API_KEY."
    )


def test_openai_itself_gets_its_own_name_for_max_tokens():
    """OpenAI's newer models know only `max_completion_tokens`."""
    from lockgate.backends.chat_endpoint import _arguments

    backend = openai("m", max_tokens=5, setting=Setting())
    sent = _arguments(backend, requests_for("hi")[0])
    assert sent["max_completion_tokens"] == 5
    assert "max_tokens" not in sent


def test_the_endpoint_may_come_from_the_environment(monkeypatch):
    """Without `base_url` the SDK's own variable is read."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert openai("m", setting=Setting()).shares == "http://127.0.0.1:9/v1"


def test_shares_is_the_endpoint_without_secrets():
    """User, password and query are neither shown nor part of the identity."""
    backend = openai("m", base_url="http://me:pw@127.0.0.1:9/v1/?token=t", setting=Setting())
    assert backend.shares == "http://127.0.0.1:9/v1"
    assert backend.identity["base_url"] == backend.shares


def test_the_identity_is_what_can_change_an_answer():
    """Model, endpoint, prompt, sampling and extra body make a fingerprint; pace and price do not."""

    def fingerprint(model="m", **options):
        setting = Setting(load_prompt=lambda name: Prompt(name="p", version="v1", digest=name))
        return digest(openai(model, setting=setting, **options).identity)

    changed = [
        fingerprint("n"),
        fingerprint(base_url="http://127.0.0.1:9/v1"),
        fingerprint(prompt="p@v1"),
        fingerprint(prompt="p@v2"),
        fingerprint(temperature=0),
        fingerprint(max_tokens=1),
        fingerprint(response_format={"type": "json_object"}),
        fingerprint(extra_body={"top_k": 1}),
    ]
    assert len({fingerprint(), *changed}) == 9
    same = fingerprint(
        timeout=1, concurrency=1, price={"input_per_1m": 1, "output_per_1m": 1}, api_key_env="X"
    )
    assert same == fingerprint()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"base_url": "localhost:8000"}, "base_url is 'localhost:8000'. Write a URL such as "),
        ({"max_tokens": 0}, "max_tokens is 0. Write 1 or more."),
        ({"temperature": -1}, "temperature is -1. Write 0 or more."),
        ({"top_p": 0}, "top_p is 0. Write a number over 0, up to 1."),
        ({"timeout": 0}, "timeout is 0 for whole. Write seconds, more than 0."),
        ({"timeout": {"conect": 1}}, "timeout has the unknown key 'conect'. Did you mean 'connect'?"),
        ({"timeout": {"connect": True}}, "timeout is True for connect. Write seconds, more than 0."),
        ({"attempts": 0}, "attempts is 0. Write 1 or more."),
        ({"concurrency": 0}, "concurrency is 0. Write 1 or more."),
        (
            {"price": {"inptu_per_1m": 1}},
            "price has the unknown key 'inptu_per_1m'. Did you mean 'input_per_1m'?",
        ),
        ({"price": {"input_per_1m": "1"}}, "price has input_per_1m: '1'. Write US dollars, 0 or more."),
        ({"price": {"input_per_1m": 1}}, "price needs both input_per_1m and output_per_1m."),
        ({"response_format": "no.json"}, "The schema 'no.json' cannot be read (No such file or directory)."),
        ({"response_format": "bad.json"}, "The schema 'bad.json' is not JSON (Expecting"),
        ({"response_format": "list.json"}, "response_format is []. Write a JSON Schema, its file, or "),
        ({"response_format": {"type": "objekt"}}, "response_format is not a JSON Schema: 'objekt' is not"),
        ({"prompt": "p@v1"}, "The prompt 'p@v1' needs a project file to be found."),
    ],
)
def test_a_bad_option_is_a_usage_error(tmp_path, options, text):
    """What can be wrong without asking is said when the backend is made."""
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(UsageError) as raised:
        openai("m", setting=Setting(base=tmp_path), **options)
    assert str(raised.value).startswith(text)


def test_a_missing_sdk_is_named(monkeypatch):
    """Without the SDK the text has feature, package and pip line."""
    monkeypatch.setitem(__import__("sys").modules, "openai", None)
    backend = openai("m", setting=Setting(name="api:v1"))
    with pytest.raises(
        MissingExtra, match=r"The backend api:v1 needs the package 'openai'.*lockgate\[openai\]"
    ):
        list(backend.complete(requests_for("hi")))
    backend.close()
