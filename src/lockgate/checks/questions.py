"""What a check asks of a language model: requests in a stated form, and one reply to each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from lockgate.model import JSON, Backend, Completion, Message, Request
from lockgate.strict_json import extract

__all__ = ["ask", "form", "messages", "object_schema", "response_format", "value_in"]

_SILENT = "the backend gave no answer"


def form(backend: Backend, name: str, schema: Mapping[str, JSON], *, strict: bool = True) -> dict[str, JSON]:
    """The params of a request whose reply has the form of a JSON Schema; none where the backend takes none.

    Args:
        backend: sent the schema as `response_format` where it `takes_response_format`.
        name: of the schema, letters, digits, `_` and `-`.
        schema: what the reply has to follow.
        strict: whether the schema keeps OpenAI's rules for it: every property required, no others.
    """
    if not getattr(backend, "takes_response_format", False):
        return {}
    return {"response_format": response_format(name, schema, strict=strict)}


def messages(system: str, told: Mapping[str, JSON]) -> tuple[Message, ...]:
    """The two messages of a request: what is to be done, and as JSON what it is to be done with."""
    return (
        {"role": "system", "content": system},
        {"role": "user", "content": json.dumps(told, ensure_ascii=False)},
    )


def object_schema(properties: Mapping[str, JSON]) -> dict[str, JSON]:
    """The JSON Schema of an object that has all of these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def response_format(name: str, schema: Mapping[str, JSON], *, strict: bool = True) -> dict[str, JSON]:
    """A JSON Schema as the chat protocol's `response_format`; the words are those of `form`."""
    told = {"name": name, "schema": dict(schema), "strict": strict}
    return {"type": "json_schema", "json_schema": told}


def ask(backend: Backend, requests: Sequence[Request]) -> list[Completion]:
    """One reply to each request, in order, asked in one call; a request without an answer has an error."""
    replies: dict[int, Completion] = {}
    for reply in backend.complete(requests) if requests else ():
        replies.setdefault(id(reply.request), reply)
    return [replies.get(id(request), Completion(error=_SILENT, request=request)) for request in requests]


def value_in(reply: Completion) -> JSON:
    """The one JSON value of a reply, with prose or a code fence around it or without.

    Raises:
        ValueError: there is none, or more than one; the text says so where the token limit cut the reply off.
    """
    try:
        return extract(reply.text)
    except ValueError as error:
        if reply.finish != "length":
            raise
        raise ValueError(f"its max_tokens cut it off ({error})") from error
