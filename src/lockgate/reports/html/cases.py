"""Every sample as the page's script reads it: JSON in which a text that recurs stands once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from lockgate.model import Completion, Passage, Run, Sample, Span, Verdict
from lockgate.plain import as_json, to_plain
from lockgate.reports.html.markup import Markup
from lockgate.reports.html.outcome import came_to

__all__ = ["embedded"]

_Row: TypeAlias = dict[str, Any]


class _Pool:
    """Texts by number, each kept once: questions, reasons and passages recur from run to run."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text, which it gets when it comes first."""
        found = self._numbers.setdefault(text, len(self.texts))
        if found == len(self.texts):
            self.texts.append(text)
        return found


def embedded(runs: Sequence[Run]) -> Markup:
    """The samples as JSON that no parser of HTML takes for markup: `<`, `>` and `&` stand as escapes.

    Spans that lie in an answer, a question or a passage that is here carry no text of their own.

    Raises:
        ValueError: a score or a time is NaN or infinite.
    """
    pool = _Pool()
    packed = [_run(run, pool) for run in runs]
    text = as_json({"runs": packed, "texts": pool.texts})
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _run(run: Run, pool: _Pool) -> _Row:
    places = {name: f"{where.path}:{where.line}" for name, where in run.places.items()}
    samples = [_sample(sample, pool) for sample in (*run.samples, *run.variants)]
    return {"suite": run.suite, "backend": run.backend, "places": places, "samples": samples}


def _sample(sample: Sample, pool: _Pool) -> _Row:
    completion = sample.completion
    row: _Row = {"id": sample.case_id, "outcome": came_to(sample), "input": pool.number(sample.input)}
    if sample.trial:
        row["trial"] = sample.trial
    if sample.variant is not None:
        row["variant"] = to_plain(sample.variant)
    if sample.error is not None:
        row["error"] = sample.error
    if completion is not None:
        row |= _completion(completion, pool)
    row["verdicts"] = [_verdict(verdict, sample, pool) for verdict in sample.verdicts]
    return row


def _completion(completion: Completion, pool: _Pool) -> _Row:
    row: _Row = {"answer": completion.text}
    if completion.passages:
        row["passages"] = [_passage(passage, pool) for passage in completion.passages]
    facts = {
        "seconds": _rounded(completion.seconds),
        "in": completion.tokens_in,
        "out": completion.tokens_out,
        "cost": completion.cost,
        "finish": completion.finish,
        "model": completion.model,
        "attempts": completion.attempts if completion.attempts > 1 else None,
        "path": list(completion.path),
        "replayed": completion.replayed,
    }
    return row | {name: fact for name, fact in facts.items() if fact not in (None, "", [], False)}


def _passage(passage: Passage, pool: _Pool) -> _Row:
    row: _Row = {"id": passage.id, "text": pool.number(passage.text), "source": passage.source}
    return row | ({} if passage.score is None else {"score": _rounded(passage.score)})


def _verdict(verdict: Verdict, sample: Sample, pool: _Pool) -> _Row:
    row: _Row = {"check": verdict.check, "status": verdict.status, "metrics": list(verdict.figures)}
    if verdict.falls_short:
        row["short"] = True
    if verdict.score is not None:
        row["score"] = _rounded(verdict.score)
    if verdict.reason:
        row["reason"] = pool.number(verdict.reason)
    if verdict.evidence:
        texts = _texts(sample)
        row["evidence"] = [dict(_span(span, texts, pool)) for span in verdict.evidence]
    return row


def _texts(sample: Sample) -> Mapping[str, str]:
    """What spans may lie in: source → its text."""
    completion = sample.completion or Completion()
    passages = {passage.id: passage.text for passage in completion.passages}
    return passages | {"answer": completion.text, "input": sample.input}


def _span(span: Span, texts: Mapping[str, str], pool: _Pool) -> Iterator[tuple[str, Any]]:
    yield "source", span.source
    if texts.get(span.source, "")[span.start : span.end] == span.text:
        yield from (("start", span.start), ("end", span.end))
    else:
        yield "text", pool.number(span.text)
    if span.note:
        yield "note", span.note


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
