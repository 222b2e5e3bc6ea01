"""What an engine of groundedness is given and what it says, claim by claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from lockgate.checks.claims import Claim
from lockgate.model import JSON, Case, Completion, Passage, Span

__all__ = ["Answer", "Engine", "Finding", "Reading", "passages_of", "weakest"]

Kind: TypeAlias = Literal["contradiction", "not in the source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer with at least one claim and one passage that has a word; `case_id` says whose it is."""

    question: str
    text: str
    claims: tuple[Claim, ...]
    passages: tuple[Passage, ...]
    case_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is said of one claim.

    Args:
        score: 0..1, higher where it is better supported; None where there is no verdict on it.
        kind: how it fails, should it fail; "" where the engine cannot tell.
        missing: its numbers and names that stand in no passage.
        near: the nearest evidence.
    """

    score: float | None
    kind: Kind | Literal[""] = ""
    missing: tuple[str, ...] = ()
    near: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is said of one answer: a finding for each claim, in order, and the score of the whole.

    Args:
        score: 0..1; the answer fails below the threshold. None where it is not known.
        threshold: the engine's own for this answer, where none is given.
        line: a claim below it is unsupported in an answer that fails; the weakest always is.
        note: why claims have no verdict.
        claims: what the findings are of, where the engine makes claims of its own; else the answer's.
    """

    findings: tuple[Finding, ...]
    score: float | None
    threshold: float
    line: float
    note: str = ""
    claims: tuple[Claim, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A way to tell what an answer rests on.

    Args:
        read: answers, and the threshold that is given → one reading for each, in order.
        identity: everything that can change a reading.
        costly: whether a model is asked.
    """

    read: Callable[[Sequence[Answer], float | None], Sequence[Reading]]
    identity: Mapping[str, JSON] = field(default_factory=dict)
    costly: bool = False


def passages_of(case: Case, completion: Completion) -> Sequence[Passage]:
    """What an answer may rest on: the passages that were retrieved, or the case's context without any."""
    if completion.passages:
        return completion.passages
    return [Passage(id=f"context {n}", text=text) for n, text in enumerate(case.context, 1)]


def weakest(findings: Sequence[Finding], line: float) -> float | None:
    """The score of an answer that is as good as its weakest claim.

    None where no claim has a score, and where those that have none could be weaker: an answer is known to
    fall short by one claim below the line, and to be supported only by all.
    """
    scores = [finding.score for finding in findings if finding.score is not None]
    least = min(scores, default=None)
    return None if least is None or (least >= line and len(scores) < len(findings)) else least
