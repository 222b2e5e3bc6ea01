"""The chat completions protocol apart from any connection: formats, answers, errors."""

from __future__ import annotations

from types import SimpleNamespace as Record

import pytest

from lockgate.chat_protocol import answer_format, explain, is_fatal, read_answer


def answer(content="Hello", *, refusal=None, finish="stop", usage=(10, 4), model="m"):
    """An answer as it comes."""
    return {
        "model": model,
        "choices": [{"finish_reason": finish, "message": {"content": content, "refusal": refusal}}],
        "usage": usage and {"prompt_tokens": usage[0], "completion_tokens": usage[1]},
    }


def failure(status=None, *, code=None, message="no", headers=None, body=None, cause=None):
    """An error as the SDK raises it; without a status one of the connection."""
    error = Record(code=code, message=message, body=body, __cause__=cause)
    if status is not None:
        error.status_code, error.response = status, Record(headers=headers or {})
    return error


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        ("stop", "stop"), ("length", "length"), ("tool_calls", "tool"), ("content_filter", "filter"),
        ("something new", "something new"), (None, ""),
    ],
)  # fmt: skip
def test_finish_is_in_our_words(finish, word):
    """The protocol's reasons become ours; an unknown one is kept as it is."""
    assert read_answer(answer(finish=finish))["finish"] == word


def test_content_goes_before_refusal():
    """The refusal is the text only where there is no content, and neither is an empty text."""
    assert read_answer(answer("yes", refusal="no"))["text"] == "yes"
    assert read_answer(answer(None, refusal="no"))["text"] == "no"
    assert read_answer(answer(None))["text"] == ""


def test_cost_needs_price_and_usage():
    """Cost is known only where both are."""
    price = {"input_per_1m": 1.0, "output_per_1m": 10.0}
    assert read_answer(answer(), price)["cost"] == pytest.approx(50e-6)
    assert read_answer(answer())["cost"] is None
    assert read_answer(answer(usage=None), price)["cost"] is None


@pytest.mark.parametrize("tokens", ["12", 1.5, -1, True, [3], None])
def test_usage_that_is_no_count_is_unknown(tokens):
    """Tokens that are no whole number from 0 on are not known, and neither is the cost."""
    fields = read_answer(answer(usage=(tokens, 4)), {"input_per_1m": 1.0, "output_per_1m": 1.0})
    assert (fields["tokens_in"], fields["tokens_out"], fields["cost"]) == (None, 4, None)


@pytest.mark.parametrize(
    "broken",
    [
        "text",
        None,
        {},
        {"choices": [], "usage": None},
        {"choices": None},
        answer()["choices"],
        answer(7),
        answer(finish=["stop"]),
        answer(finish=7),
        answer(model={"name": "m"}),
        {**answer(), "usage": [10, 4]},
    ],
)
def test_what_is_no_answer_is_a_value_error(broken):
    """Whatever else comes back is said to be so, shortened."""
    with pytest.raises(ValueError, match=r"^it said "):
        read_answer(broken)


@pytest.mark.parametrize(
    ("error", "fatal"),
    [
        (failure(400), True),
        (failure(401), True),
        (failure(404), True),
        (failure(429, code="insufficient_quota"), True),
        (failure(400, code="context_length_exceeded"), False),
        (failure(400, message="the maximum context length is 8"), False),
        (failure(408), False),
        (failure(422), False),
        (failure(429, code="rate_limit_exceeded"), False),
        (failure(500), False),
        (failure(), False),
    ],
)
def test_fatal_is_what_no_other_request_survives(error, fatal):
    """Keys, models, forms and quotas are; lengths, rates, servers and connections are not."""
    assert is_fatal(error) is fatal


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (failure(429, headers={"retry-after": "2"}, message="a\nb"), "HTTP 429, retry after 2 s: a b"),
        (failure(500, body={"message": "their words"}), "HTTP 500: their words"),
        (failure(500, message="boom"), "HTTP 500: boom"),
        (failure(500, body="<html>"), "HTTP 500: no"),
        (failure(401, body={"message": "bad key my-key"}), "HTTP 401: bad key ***"),
        (failure(401, message="bad key sk-proj-12*34"), "HTTP 401: bad key ***"),
        (failure(message="Connection error.", cause=OSError("refused")), "The connection failed: refused"),
        (failure(message="Connection error."), "The connection failed: Connection error."),
    ],
)  # fmt: skip
def test_an_error_is_one_line_without_the_key(error, line):
    """The line has status, when to come back, and what the endpoint or the connection says."""
    assert explain(error, "my-key") == line


def test_long_messages_are_cut_visibly():
    """A page of HTML does not fill the terminal."""
    line = explain(failure(500, message="x" * 1000), "my-key")
    assert len(line) < 320
    assert line.endswith("x…")


def test_no_format_is_no_format(tmp_path):
    """None stays None, and what the protocol has goes out as it is."""
    assert answer_format(None, tmp_path) is None
    whole = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}
    assert answer_format(whole, tmp_path) == whole
