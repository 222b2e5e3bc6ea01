"""The engine without a model: the share of a claim's words, numbers and names that its evidence has."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.checks.claims import Window, windows
from lockgate.checks.grounding.answers import Answer, Engine, Finding, Reading
from lockgate.checks.overlap import Support, overlap
from lockgate.errors import UsageError
from lockgate.model import Setting, Span

__all__ = ["lexical"]

_LINE = 0.5


def lexical(name: str, _: Setting) -> Engine:
    """The engine `lexical`; an answer's score is that of its weakest claim.

    Raises:
        UsageError: something stands after its name.
    """
    if name:
        raise UsageError(f"The engine 'lexical' of 'grounded' takes no name. Drop {':' + name!r}.")
    return Engine(read=_read, identity={"engine": "lexical", "rules": 2, "threshold": _LINE})


def _read(answers: Sequence[Answer], threshold: float | None) -> list[Reading]:
    return [_reading(answer, _LINE if threshold is None else threshold) for answer in answers]


def _reading(answer: Answer, threshold: float) -> Reading:
    evidence = windows(answer.passages)
    supports = [overlap(claim.text, evidence) for claim in answer.claims]
    findings = tuple(_finding(support, evidence) for support in supports)
    return Reading(findings=findings, score=min(s.score for s in supports), threshold=_LINE, line=threshold)


def _finding(support: Support, evidence: Sequence[Window]) -> Finding:
    if support.window is None:
        return Finding(score=support.score, missing=support.missing)
    near = evidence[support.window]
    span = Span(source=near.source, start=near.start, end=near.end, text=near.text)
    return Finding(score=support.score, missing=support.missing, near=span)
