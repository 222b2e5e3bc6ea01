"""What is asked and what comes back: cases, prompts, requests, completions, and the seam to a backend."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

__all__ = [
    "JSON",
    "Backend",
    "Case",
    "Completion",
    "Example",
    "Message",
    "Passage",
    "Prompt",
    "Request",
    "Spec",
    "Where",
]

JSON: TypeAlias = Any
Message: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A position in a file; lines and columns count from 1."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A check or a backend as declared: a registry name and its options."""

    name: str
    args: Mapping[str, JSON] = field(default_factory=dict)
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input with what is expected of its answer.

    Args:
        id: unique within its suite.
        input: a text, or chat messages (`{"role": …, "content": …}`).
        expected: anything; only checks see it, never a prompt.
        context: what the answer may rest on when the backend retrieves nothing; a text becomes a 1-tuple.
        tags: name → value, for grouping.
        should_refuse: whether a refusal is the right answer; None where that is not asked.
        fields: the row's other fields, as they are; prompts and checks see them.
        where: the row's position in its file.
    """

    id: str
    input: str | Sequence[Message]
    expected: JSON = None
    context: Sequence[str] = ()
    tags: Mapping[str, JSON] = field(default_factory=dict)
    should_refuse: bool | None = None
    fields: Mapping[str, JSON] = field(default_factory=dict)
    where: Where | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        context = (self.context,) if isinstance(self.context, str) else tuple(self.context)
        object.__setattr__(self, "context", context)

    @property
    def question(self) -> str:
        """The input as one text: itself, or the content of its last user message."""
        if isinstance(self.input, str):
            return self.input
        users = [m["content"] for m in self.input if m.get("role") == "user"]
        return users[-1] if users else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One few-shot pair: what a user says and how the assistant answers."""

    input: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One version of a prompt.

    Args:
        name: `triage`; with the version it is written `triage@v2`.
        version: `v2`.
        system: Jinja2 template of the system message, or "" for none.
        user: Jinja2 template of the user message.
        examples: few-shot examples, fixed.
        pool: examples to choose from per input by embedding similarity; empty for none.
        top_k: how many of the pool are chosen.
        digest: content hash of the prompt file and of its pool.
        where: the prompt file.
    """

    name: str
    version: str
    system: str = ""
    user: str = "{{ input }}"
    examples: tuple[Example, ...] = ()
    pool: tuple[Example, ...] = ()
    top_k: int = 3
    digest: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What goes to a model: one case, one trial, rendered.

    Args:
        case_id: the case's id.
        trial: 0 for the first sample of the case.
        messages: the rendered chat messages. A backend that wraps others (rag, cascade) gets the bare
            input here and renders its parts' prompts from `case`.
        params: sampling that overrides the backend's own (temperature, max_tokens, seed, stop,
            response_format).
        case: the case itself; never sent.
    """

    case_id: str
    trial: int = 0
    messages: tuple[Message, ...]
    params: Mapping[str, JSON] = field(default_factory=dict)
    case: Case | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A retrieved text, with where it is from and how well it matched (higher is better)."""

    id: str
    text: str
    score: float | None = None
    source: str = ""
    metadata: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What comes back from a backend for one request.

    Args:
        text: the answer; "" where there is none.
        model: what answered, as the endpoint or loader names it.
        passages: what was retrieved for it, best first.
        tokens_in, tokens_out: counted by the model's own tokeniser, None where unknown.
        cost: US dollars, None where no price is known.
        seconds: model time of this request (its batch's share where it was batched), without queueing.
        queued_seconds: time between being asked and being worked on.
        first_token_seconds: from start of work to the first token, None where it was not streamed.
        finish: why the model stopped: `stop`, `length`, `tool`, `filter`, or "" where unknown.
        replayed: True when it comes from the journal.
        path: for a cascade, the backends asked in order; the last one answered.
        batch: how many requests were answered together.
        attempts: how often the request was asked until it was answered.
        error: why there is no answer; None when there is one.
        request: the request that this answers. Completions come in any order; this is how they are matched.
    """

    text: str = ""
    model: str = ""
    passages: tuple[Passage, ...] = ()
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    seconds: float | None = None
    queued_seconds: float | None = None
    first_token_seconds: float | None = None
    finish: str = ""
    replayed: bool = False
    path: tuple[str, ...] = ()
    batch: int = 1
    attempts: int = 1
    error: str | None = None
    request: Request | None = field(default=None, compare=False, repr=False)

    def json(self) -> JSON:
        """The answer read as one JSON value.

        Raises:
            ValueError: the text is not JSON, from first to last character.
        """
        return json.loads(self.text)


class Backend(Protocol):
    """What answers. Build one with a registry factory, or write any object with these four.

    `identity` names everything that can change an answer; `fingerprint` is its hash. `prompt` renders a
    case into messages, or is None when the case's input is sent as it is.
    """

    @property
    def name(self) -> str:
        """`FAMILY:VERSION`."""
        ...

    @property
    def identity(self) -> Mapping[str, JSON]:
        """Everything that can change an answer."""
        ...

    @property
    def prompt(self) -> Prompt | None:
        """What it renders cases with; None where it takes messages as they are."""
        ...

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Answer requests, in any order, each completion carrying its `request`.

        A request that fails alone yields a completion with `error`; only what stops every request is raised.
        Backends may also have `close()`, `shares` (str: backends with the same one share weights or an
        endpoint), `queues` (bool: those with the same `shares` may be asked at once, as they put what they
        share in order themselves), `concurrency` (int: most requests in flight), `concurrent_calls` (int: how
        many threads may call `complete` at once, each call answered on its own; 0 where requests are answered
        in batches), `takes_response_format` (bool: whether a request's params may hold `response_format`) and
        `load_seconds` (float | None: how long loading took, None before it).
        """
        ...
