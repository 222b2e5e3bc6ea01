"""The chat completions protocol: the format that is asked for, an answer's fields, an error's one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lockgate.errors import UsageError
from lockgate.model import JSON

__all__ = ["answer_format", "cost_of", "explain", "is_fatal", "read_answer"]

_FORMATS = ("text", "json_object", "json_schema")
_FINISH = {"stop": "stop", "length": "length", "tool_calls": "tool", "content_filter": "filter"}
# After these no other request can succeed either …
_FATAL = frozenset({400, 401, 402, 403, 404, 405, "insufficient_quota"})
# … unless it is the one request's own content that is refused.
_OWN_FAULT = frozenset(
    {"content_filter", "content_policy_violation", "context_length_exceeded", "string_above_max_length"}
)
_LONGEST_LINE = 300


def answer_format(given: str | Mapping[str, JSON] | None, base: Path) -> Mapping[str, JSON] | None:
    """What is sent as `response_format`.

    Args:
        given: as the protocol has it (`{type: json_object}`), a JSON Schema, or the file of one.
        base: the folder that a relative path starts from.

    Raises:
        UsageError: the file is missing or not JSON, or what it holds is no JSON Schema.
    """
    if given is None:
        return None
    if isinstance(given, Mapping) and given.get("type") in _FORMATS:
        return given
    name = Path(given).stem if isinstance(given, str) else "answer"
    schema = _read_schema(base / given, given) if isinstance(given, str) else dict(given)
    _check_schema(schema)
    label = re.sub(r"[^\w-]", "_", name)[:64]
    return {"type": "json_schema", "json_schema": {"name": label, "schema": schema, "strict": True}}


def read_answer(answer: Mapping[str, Any], price: Mapping[str, float] | None = None) -> dict[str, Any]:
    """The Completion fields of an answer, a `chat.completion` object; the cost is in US dollars.

    A refusal in the protocol's own field is the text where there is no other. Usage that is no count of
    tokens is unknown.

    Raises:
        ValueError: the answer has not the protocol's form.
    """
    try:
        choice, usage = answer["choices"][0], answer.get("usage") or {}
        message = choice["message"]
        text = message.get("content") or message.get("refusal") or ""
        finish, model = choice.get("finish_reason") or "", answer.get("model") or ""
        tokens_in, tokens_out = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    except (AttributeError, LookupError, TypeError) as error:
        raise ValueError(_one_line(f"it said {json.dumps(answer)!r}")) from error
    if not all(isinstance(value, str) for value in (text, finish, model)):
        raise ValueError(_one_line(f"it said {json.dumps(answer)!r}"))
    return {
        "text": text,
        "model": model,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "cost": cost_of(price, tokens_in, tokens_out),
        "finish": _FINISH.get(finish, finish),
    }


def cost_of(price: Mapping[str, float] | None, tokens_in: int | None, tokens_out: int | None) -> float | None:
    """What an answer's tokens cost in US dollars; None where the price or a count of them is not known."""
    if price is None or tokens_in is None or tokens_out is None:
        return None
    return (price["input_per_1m"] * tokens_in + price["output_per_1m"] * tokens_out) / 1e6


def is_fatal(error: Any) -> bool:
    """Whether an SDK `APIError` says that no other request would fare better.

    That is so for a refused key, model or form (400 to 405) and a used-up quota, unless a 400 is about the
    one request's own content (its length, a content filter).
    """
    status, code = getattr(error, "status_code", None), error.code
    if status == 400 and (code in _OWN_FAULT or "context length" in error.message):
        return False
    return not _FATAL.isdisjoint({status, code})


def explain(error: Any, key: str) -> str:
    """One line for an SDK `APIError`, such as `HTTP 429, retry after 2 s: …`, without the key or its like."""
    body = error.body if isinstance(error.body, Mapping) else {}
    said = str(body.get("message") or error.__cause__ or error.message)
    line = _one_line(re.sub(r"\bsk-[\w*-]+", "***", said.replace(key, "***")))
    if not hasattr(error, "status_code"):
        return f"The connection failed: {line}"
    wait = error.response.headers.get("retry-after")
    return f"HTTP {error.status_code}{f', retry after {wait} s' if wait else ''}: {line}"


def _count(tokens: Any) -> int | None:
    return tokens if type(tokens) is int and tokens >= 0 else None


def _read_schema(path: Path, written: str) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(
            f"The schema {written!r} cannot be read ({error.strerror}). Name a JSON file there is."
        ) from error
    except ValueError as error:
        raise UsageError(f"The schema {written!r} is not JSON ({error}). Correct the file.") from error


def _check_schema(schema: Any) -> None:
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    if not isinstance(schema, dict):
        raise UsageError(
            f"response_format is {schema!r}. Write a JSON Schema, its file, or {{type: json_object}}."
        )
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        raise UsageError(
            f"response_format is not a JSON Schema: {error.message} at {error.json_path}. Correct it."
        ) from error


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"
