"""ragas's metrics on a Lockgate backend: what all samples ask next is asked together, round by round."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata, util
from typing import Any, TypeAlias

from lockgate.checks.questions import ask, form
from lockgate.checks.ragas_replies import Unusable, align, read
from lockgate.errors import FatalBackendError, MissingExtra
from lockgate.model import JSON, Backend, Completion, Request
from lockgate.retrieval.embedding import Embedder

__all__ = ["Exchange", "Outcome", "Task", "make_metric", "require", "run", "version"]

Model: TypeAlias = Any
"""A pydantic model, or a class of one: what ragas puts in and reads back."""

_WARNERS = r"(ragas|langchain\w*|langsmith|instructor|datasets|pydantic|diskcache)\b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question of a metric: what was filled into its prompt, and what came back in its form.

    `verdicts` are those on the statements that were put in, in their order; None where one has none.
    """

    given: Model
    reply: Model
    verdicts: Sequence[int | None] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a metric came to: its number, or None and why there is none; with all that was asked."""

    value: float | None = None
    reason: str = ""
    exchanges: Sequence[Exchange] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A sample to be scored: the words of the metric's `ascore`."""

    case_id: str
    words: Mapping[str, JSON]


def require(feature: str) -> None:
    """See that ragas is there, without importing it.

    Raises:
        MissingExtra: it is not installed.
    """
    if util.find_spec("ragas") is None:
        raise MissingExtra(feature=feature, package="ragas", extra="ragas")


def version() -> str:
    """The version of ragas that is installed: its prompts and formulas are what it gives."""
    return metadata.version("ragas")


def make_metric(name: str, *, embeddings: bool = False, **options: JSON) -> Model:
    """A metric of `ragas.metrics.collections` by the name of its class, whose model is a Lockgate backend.

    ragas is imported here, with its tracking off.

    Raises:
        FatalBackendError: ragas, or what it is built on, cannot be imported.
    """
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    # Not `catch_warnings`: it is not safe beside other threads.
    warnings.filterwarnings("ignore", module=_WARNERS)
    try:
        from ragas.embeddings.base import BaseRagasEmbedding
        from ragas.llms.base import InstructorBaseRagasLLM
        from ragas.metrics import collections
    except ImportError as error:
        raise FatalBackendError(
            f"ragas cannot be imported: {error}. Run: pip install 'lockgate[ragas]'"
        ) from error
    InstructorBaseRagasLLM.register(_Model)
    BaseRagasEmbedding.register(_Embeddings)
    parts = {"embeddings": _Embeddings()} if embeddings else {}
    metric = getattr(collections, name)(llm=_Model(), **parts, **options)
    for word, value in list(vars(metric).items()):
        if hasattr(value, "to_string"):
            setattr(metric, word, _Prompt(value))
    return metric


def run(
    metric: Model, tasks: Sequence[Task], backend: Backend, embedder: Embedder | None = None
) -> list[Outcome]:
    """What a metric comes to on each sample, in order.

    All samples go forward together: in each round the backend is asked once for all that they wait for, and
    the embedder likewise. A reply that has not the form that the metric asked for, a backend's error and
    whatever ragas raises end their own sample, with the reason.

    Args:
        metric: of `make_metric`.
        tasks: the samples.
        backend: what answers ragas's prompts; one that a sample asks again is another trial.
        embedder: where the metric compares vectors.

    Raises:
        FatalBackendError: the backend, or the embedder, can answer nothing.
    """
    runs = [_Run(task=task, road=metric.ascore(**task.words)) for task in tasks]
    for one in runs:
        one.go(None)
    while waiting := [one for one in runs if one.waits_for is not None]:
        _answer([one for one in waiting if isinstance(one.waits_for, _Asked)], backend)
        _embed([one for one in waiting if isinstance(one.waits_for, _Embed)], embedder)
    return [Outcome(value=one.value, reason=one.reason, exchanges=one.exchanges) for one in runs]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a metric awaits: a reply in a form."""

    prompt: str
    form: Model

    def __await__(self) -> Generator[_Asked, Model, Model]:
        return (yield self)


@dataclass(frozen=True, slots=True)
class _Embed:
    """What a metric awaits: the vectors of texts."""

    texts: Sequence[str]

    def __await__(self) -> Generator[_Embed, list[list[float]], list[list[float]]]:
        return (yield self)


class _Model:
    """What ragas takes for its language model (`InstructorBaseRagasLLM`)."""

    async def agenerate(self, prompt: str, response_model: Model) -> Model:
        return await _Asked(prompt, response_model)


class _Embeddings:
    """What ragas takes for its embeddings (`BaseRagasEmbedding`)."""

    async def aembed_text(self, text: str) -> list[float]:
        return (await _Embed([text]))[0]

    async def aembed_texts(self, texts: Sequence[str]) -> list[list[float]]:
        return await _Embed(texts)


class _Told(str):
    """A prompt that knows what was filled into it."""

    __slots__ = ("given",)
    given: Model


class _Prompt:
    """A prompt of ragas, whose texts know what was filled in."""

    def __init__(self, prompt: Model) -> None:
        self._prompt = prompt

    def to_string(self, data: Model) -> str:
        told = _Told(self._prompt.to_string(data))
        told.given = data
        return told


@dataclass(slots=True, eq=False, kw_only=True)
class _Run:
    """One sample on its way through a metric."""

    task: Task
    road: Coroutine[Any, Any, Any]
    waits_for: _Asked | _Embed | None = None
    value: float | None = None
    reason: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    times: Counter[str] = field(default_factory=Counter)

    def go(self, answer: Model) -> None:
        """On to the next question, or to the end."""
        self.waits_for = None
        try:
            found = self.road.send(answer)
        except StopIteration as done:
            self.value = float(done.value.value)
        except FatalBackendError:
            raise
        except Exception as error:  # noqa: BLE001 - somebody else's code; its failure is no verdict
            self.reason = f"ragas raised {type(error).__name__}: {_line(error)}"
        else:
            if isinstance(found, _Asked | _Embed):
                self.waits_for = found
            else:
                self.stop(f"ragas {version()} waits for what is not asked of the backend")

    def stop(self, reason: str) -> None:
        """End here, without a number."""
        self.road.close()
        self.waits_for, self.reason = None, reason

    def request(self, backend: Backend, asked: _Asked) -> Request:
        """The question as a request; the same one again is the next trial, to be another draw."""
        trial = self.times[asked.prompt]
        self.times[asked.prompt] += 1
        name = asked.form.__name__[:64]
        return Request(
            case_id=self.task.case_id,
            trial=trial,
            messages=({"role": "user", "content": str(asked.prompt)},),
            params=form(backend, name, asked.form.model_json_schema(), strict=False),
        )

    def hear(self, asked: _Asked, reply: Completion) -> None:
        """Take the reply and go on; a reply that cannot be used ends it."""
        given = getattr(asked.prompt, "given", None)
        try:
            told = read(reply, asked.form)
            aligned, verdicts = align(given, told)
        except Unusable as error:
            self.stop(str(error))
            return
        self.exchanges.append(Exchange(given=given, reply=aligned, verdicts=verdicts))
        silent = sum(verdict is None for verdict in verdicts)
        if silent:
            self.stop(f"{silent} of {len(verdicts)} statements have no verdict that can be used")
        else:
            self.go(aligned)


def _answer(waiting: Sequence[_Run], backend: Backend) -> None:
    asked = [(one, one.waits_for) for one in waiting if isinstance(one.waits_for, _Asked)]
    replies = ask(backend, [one.request(backend, question) for one, question in asked])
    for (one, question), reply in zip(asked, replies, strict=True):
        one.hear(question, reply)


def _embed(waiting: Sequence[_Run], embedder: Embedder | None) -> None:
    asked = [(one, one.waits_for.texts) for one in waiting if isinstance(one.waits_for, _Embed)]
    order = sorted({text for _, texts in asked for text in texts})
    if not order or embedder is None:
        for one, _ in asked:
            one.stop("there is no text to embed")
        return
    lengths = dict(zip(order, embedder.count(order), strict=True))
    most = embedder.max_tokens
    whole = [text for text in order if most is None or lengths[text] <= most]
    rows = dict(zip(whole, embedder.encode(whole).tolist(), strict=True)) if whole else {}
    for one, texts in asked:
        if all(text in rows for text in texts):
            one.go([rows[text] for text in texts])
        else:
            longest = max(lengths[text] for text in texts)
            one.stop(f"a text has {longest:,} tokens, more than the {most} that the embedder reads")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
