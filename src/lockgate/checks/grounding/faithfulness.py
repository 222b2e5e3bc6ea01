"""The engine `ragas:faithfulness`: the statements that ragas makes of an answer, each with its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lockgate.checks.claims import Claim
from lockgate.checks.grounding.answers import Answer, Engine, Finding, Reading, weakest
from lockgate.checks.overlap import terms
from lockgate.checks.ragas_asking import Outcome, Task, run
from lockgate.checks.ragas_parts import make_metric, require, version
from lockgate.errors import UsageError
from lockgate.fingerprints import digest
from lockgate.model import Backend, Setting

__all__ = ["faithfulness"]

_LINE = 0.5
_NEAR = 0.5


def faithfulness(metric: str, backend: str | None, setting: Setting) -> Engine:
    """The engine `ragas:faithfulness`; the claims are the statements that ragas has the model make.

    The denominator is the statements made: one without a verdict has no score. An answer falls short with its
    first statement that is not supported; the share of those that are is in `groundedness`.

    Args:
        metric: `faithfulness`, the one metric of ragas that has verdicts on claims of the answer alone; or
            `faithfulness:FAMILY:VERSION`, with the language model.
        backend: `FAMILY:VERSION` of the language model, where the metric does not name it.
        setting: where it comes from.

    Raises:
        MissingExtra: ragas is not installed.
        UsageError: the metric is another, or there is no backend.
    """
    metric, _, named = metric.partition(":")
    backend = named or backend
    if metric != "faithfulness":
        raise UsageError(
            f"The check 'grounded' has no engine 'ragas:{metric}'. Write ragas:faithfulness; "
            "the check 'ragas' has the other metrics."
        )
    if backend is None:
        raise UsageError(
            "The engine 'ragas:faithfulness' needs a language model. Write backend: FAMILY:VERSION."
        )
    if setting.backend is None:
        raise UsageError("The engine 'ragas' needs a project. Declare its backend in lockgate.yaml.")
    require("The engine 'ragas:faithfulness' of the check 'grounded'")
    asked = setting.backend(backend)

    identity = {
        "engine": "ragas:faithfulness",
        "ragas": version(),
        "threshold": _LINE,
        "backend": digest(dict(asked.identity)),
    }
    return Engine(read=lambda answers, _: _read(asked, answers), identity=identity, costly=True)


def _read(backend: Backend, answers: Sequence[Answer]) -> list[Reading]:
    tasks = [
        Task(
            case_id=answer.case_id,
            words={
                "user_input": answer.question,
                "response": answer.text,
                "retrieved_contexts": [p.text for p in answer.passages],
            },
        )
        for answer in answers
    ]
    outcomes = run(make_metric("Faithfulness"), tasks, backend)
    return [_reading(answer, outcome) for answer, outcome in zip(answers, outcomes, strict=True)]


def _reading(answer: Answer, outcome: Outcome) -> Reading:
    claims, verdicts = answer.claims, tuple[int | None, ...]([None] * len(answer.claims))
    note = outcome.reason
    if outcome.exchanges:
        claims = tuple(_placed(answer, text) for text in outcome.exchanges[0].reply.statements)
        verdicts = tuple(v for exchange in outcome.exchanges[1:] for v in exchange.verdicts)
        verdicts += (None,) * (len(claims) - len(verdicts))
        note = note or "ragas made no statement of the answer"
    findings = tuple(Finding(score=None if v is None else float(v)) for v in verdicts)
    return Reading(
        findings=findings,
        score=weakest(findings, _LINE),
        threshold=_LINE,
        line=_LINE,
        note=f"{note}.",
        claims=claims,
    )


def _placed(answer: Answer, statement: str) -> Claim:
    """The statement at the sentence that has most of its words; at the whole answer where none has half."""
    wanted = terms(statement)
    words = wanted.words | wanted.numbers
    shares = [_share(words, claim.text) for claim in answer.claims]
    best = max(range(len(shares)), key=shares.__getitem__)
    if shares[best] < _NEAR:
        return Claim(text=statement, start=0, end=len(answer.text), statement=statement)
    return replace(answer.claims[best], text=statement, statement=statement)


def _share(words: frozenset[str], sentence: str) -> float:
    said = terms(sentence)
    return len(words & (said.words | said.numbers)) / len(words) if words else 0.0
