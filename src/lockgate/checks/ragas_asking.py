"""A metric of ragas on many samples: what they ask next is asked together, round by round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field

from lockgate.checks.questions import ask, form
from lockgate.checks.ragas_parts import Asked, Embedded, Model, version
from lockgate.checks.ragas_replies import Unusable, align, read
from lockgate.errors import FatalBackendError
from lockgate.model import JSON, Backend, Completion, Request
from lockgate.retrieval.embedding import Embedder

__all__ = ["Exchange", "Outcome", "Task", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question of a metric, and what came back in its form.

    `verdicts` are those on the statements that were put in, in their order; None where one has none.
    """

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


def run(
    metric: Model, tasks: Sequence[Task], backend: Backend, embedder: Embedder | None = None
) -> list[Outcome]:
    """What a metric comes to on each sample, in order.

    All samples go forward together: in each round the backend is asked once for all that they wait for, and
    the embedder likewise. A reply that has not the form that the metric asked for, verdicts that do not cover
    the statements, a backend's error and whatever ragas raises end their own sample, with the reason.

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
    while any(one.waits_for is not None for one in runs):
        _answer(runs, backend)
        _embed(runs, embedder)
    return [Outcome(value=one.value, reason=one.reason, exchanges=one.exchanges) for one in runs]


@dataclass(slots=True, eq=False, kw_only=True)
class _Run:
    """One sample on its way through a metric."""

    task: Task
    road: Coroutine[object, Model, Model]
    waits_for: Asked | Embedded | None = None
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
            self._end(done.value)
        except FatalBackendError:
            raise
        except Exception as error:  # noqa: BLE001 - somebody else's code; its failure is no verdict
            self.stop(f"ragas raised {type(error).__name__}: {_line(error)}")
        else:
            if isinstance(found, Asked | Embedded):
                self.waits_for = found
            else:
                self.stop(f"ragas {version()} waits for what no backend can answer")

    def stop(self, reason: str) -> None:
        """End here, without a number."""
        self.road.close()
        self.waits_for, self.reason = None, reason

    def request(self, backend: Backend, asked: Asked) -> Request:
        """The question as a request; the same one again is the next trial, to be another draw."""
        trial = self.times[asked.prompt]
        self.times[asked.prompt] += 1
        return Request(
            case_id=self.task.case_id,
            trial=trial,
            messages=({"role": "user", "content": asked.prompt},),
            params=form(backend, asked.form.__name__[:64], asked.form.model_json_schema(), strict=False),
        )

    def hear(self, asked: Asked, reply: Completion) -> None:
        """Take the reply and go on; a reply that cannot be used ends it."""
        try:
            told, verdicts = align(asked.given, read(reply, asked.form))
        except Unusable as error:
            self.stop(str(error))
            return
        self.exchanges.append(Exchange(reply=told, verdicts=verdicts))
        silent = sum(verdict is None for verdict in verdicts)
        if silent:
            self.stop(f"{silent} of {len(verdicts)} statements have no verdict that can be used")
        else:
            self.go(told)

    def _end(self, result: Model) -> None:
        try:
            self.value = float(result.value)
        except (TypeError, ValueError):
            self.reason = f"ragas gives {result.value!r}, which is no number"


def _answer(runs: Sequence[_Run], backend: Backend) -> None:
    asked = [(one, one.waits_for) for one in runs if isinstance(one.waits_for, Asked)]
    replies = ask(backend, [one.request(backend, question) for one, question in asked])
    for (one, question), reply in zip(asked, replies, strict=True):
        one.hear(question, reply)


def _embed(runs: Sequence[_Run], embedder: Embedder | None) -> None:
    """Every text of all samples is read once; a sample with one that is too long to be read whole ends."""
    asked = [(one, one.waits_for.texts) for one in runs if isinstance(one.waits_for, Embedded)]
    order = sorted({text for _, texts in asked for text in texts})
    if embedder is None or not order:
        for one, _ in asked:
            one.stop("there is no text to embed")
        return
    most = embedder.max_tokens
    lengths = dict(zip(order, embedder.count(order), strict=True))
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
