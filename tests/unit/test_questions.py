"""What checks ask of a language model, and the replies they get."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lockgate.checks.questions import ask, form, value_in
from lockgate.model import Completion, Request

SCHEMA = {"type": "object", "required": ["a"]}


def request(case_id):
    return Request(case_id=case_id, messages=({"role": "user", "content": "?"},))


def answering(completions):
    """A backend that gives what the function makes of its requests."""
    return SimpleNamespace(complete=lambda requests: iter(completions(requests)))


def test_a_backend_that_takes_a_form_is_sent_the_schema():
    """It goes as `response_format`, as the protocol has it."""
    backend = SimpleNamespace(takes_response_format=True)
    sent = {"name": "verdicts", "schema": SCHEMA, "strict": False}
    assert form(backend, "verdicts", SCHEMA, strict=False) == {
        "response_format": {"type": "json_schema", "json_schema": sent}
    }
    assert form(backend, "verdicts", SCHEMA)["response_format"]["json_schema"]["strict"]


def test_another_backend_is_sent_none():
    """A parameter that a backend does not know would be an error."""
    assert form(SimpleNamespace(), "verdicts", SCHEMA) == {}
    assert form(SimpleNamespace(takes_response_format=False), "verdicts", SCHEMA) == {}


def test_replies_are_in_the_order_of_the_requests():
    """Backends answer in any order, and each completion says whose it is."""
    backend = answering(lambda asked: (Completion(text=r.case_id, request=r) for r in reversed(asked)))
    assert [r.text for r in ask(backend, [request("a"), request("b")])] == ["a", "b"]


def test_a_request_without_a_reply_has_an_error():
    """Strangers' replies are left out, of two to one request the first counts, and silence is an error."""
    first, second = request("a"), request("a")

    def some(asked):
        yield Completion(text="to nobody", request=request("a"))
        yield Completion(text="first", request=asked[1])
        yield Completion(text="again", request=asked[1])

    replies = ask(answering(some), [first, second])
    assert [(r.text, r.error) for r in replies] == [("", "the backend gave no answer"), ("first", None)]


def test_without_requests_nothing_is_asked():
    """An empty list costs no call."""
    assert ask(SimpleNamespace(), []) == []


def test_a_value_may_have_prose_around_it():
    """Models explain themselves."""
    assert value_in(Completion(text='Sure: {"a": 1}')) == {"a": 1}


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "line 1, column 7: Expecting value"),
        ("length", "its max_tokens cut it off (line 1, column 7: Expecting value)"),
    ],
)
def test_a_reply_that_was_cut_off_says_so(finish, reason):
    """What to mend is the limit, not the model."""
    with pytest.raises(ValueError, match="Expecting value") as caught:
        value_in(Completion(text='{"a": ', finish=finish))
    assert str(caught.value) == reason
