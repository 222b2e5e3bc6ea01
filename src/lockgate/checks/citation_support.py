"""Whether the passages that an answer cites support what it cites them for, claim by claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from lockgate.checks.citation_marks import CITATION
from lockgate.checks.claims import Claim, claims, has_word
from lockgate.checks.grounding.answers import Answer, Engine, Reading
from lockgate.checks.overlap import has_content
from lockgate.model import Passage, Span

__all__ = ["Citing", "Support", "supported"]

_Key: TypeAlias = tuple[int, tuple[Span, ...]]
"""Where a claim starts, and some of its citations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citing:
    """An answer, its citations (a passage's number as note) and the passages that it could cite."""

    question: str
    text: str
    spans: Sequence[Span]
    passages: Sequence[Passage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What came of it.

    Args:
        shares: `citation_recall` where something is claimed, `citation_precision` where a claim is cited for.
        lacking: the claims without support, and the citations that do not do their part.
    """

    shares: Mapping[str, float]
    lacking: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cited:
    """A claim and the citations that it carries, each passage once."""

    claim: Claim
    spans: tuple[Span, ...]


def supported(answers: Sequence[Citing], engine: Engine) -> list[Support]:
    """Recall and precision of each answer's citations, in order; the engine reads all that is cited at once.

    A claim without a verdict by the engine counts as one without support.
    """
    carried = [_carried(answer) for answer in answers]
    asked = [_asked(*of) for of in zip(answers, carried, strict=True)]
    readings = iter(engine.read([told for part in asked for told in part.values() if told.passages], None))
    held = [{key: bool(t.passages) and _holds(next(readings)) for key, t in part.items()} for part in asked]
    return [_support(answer.text, c, h) for answer, c, h in zip(answers, carried, held, strict=True)]


def _support(text: str, carried: Sequence[_Cited], held: Mapping[_Key, bool]) -> Support:
    if not carried:
        return Support(shares={}, lacking=())
    whole = [held[c.claim.start, c.spans] for c in carried]
    marks = [(span, _does_its_part(c, span, held)) for c in carried for span in c.spans]
    shares = {"citation_recall": sum(whole) / len(whole)}
    if marks:
        shares["citation_precision"] = sum(right for _, right in marks) / len(marks)
    claimed = [_lacking(text, c) for c, holds in zip(carried, whole, strict=True) if not holds]
    idle = [replace(span, note=f"[{span.note}] does not say so") for span, right in marks if not right]
    return Support(shares=shares, lacking=(*claimed, *idle))


def _carried(answer: Citing) -> list[_Cited]:
    said = [claim for claim in claims(answer.text) if has_content(claim.text)]
    there = [span for span in answer.spans if 1 <= int(span.note) <= len(answer.passages)]
    owned: list[dict[str, Span]] = [{} for _ in said]
    for span in there if said else ():
        owned[_owner(answer.text, said, span)].setdefault(str(int(span.note)), span)
    return [_Cited(claim=claim, spans=tuple(own.values())) for claim, own in zip(said, owned, strict=True)]


def _owner(text: str, said: Sequence[Claim], span: Span) -> int:
    """The claim that a citation stands in; the one before it where it opens a claim on the same line."""
    place = max((n for n, claim in enumerate(said) if claim.start <= span.start), default=0)
    before = CITATION.sub("", text[said[place].start : span.start]).strip()
    if place and not before and "\n" not in text[said[place - 1].end : said[place].start]:
        return place - 1
    return place


def _sets(cited: _Cited) -> list[tuple[Span, ...]]:
    """All the passages of a claim together, and each alone where there are several."""
    return [cited.spans, *((span,) for span in cited.spans if len(cited.spans) > 1)]


def _asked(answer: Citing, carried: Sequence[_Cited]) -> dict[_Key, Answer]:
    """What the engine is to read: each claim with each set of its citations."""
    return {(c.claim.start, some): _answer(answer, c.claim, some) for c in carried for some in _sets(c)}


def _answer(answer: Citing, claim: Claim, cited: Sequence[Span]) -> Answer:
    """The claim as an answer of its own, to the passages that are cited."""
    said = replace(claim, start=0, end=len(claim.text))
    passages = (answer.passages[int(span.note) - 1] for span in cited)
    some = tuple(passage for passage in passages if has_word(passage))
    return Answer(question=answer.question, text=claim.text, claims=(said,), passages=some)


def _holds(reading: Reading) -> bool:
    return reading.score is not None and reading.score >= reading.threshold


def _does_its_part(cited: _Cited, span: Span, held: Mapping[_Key, bool]) -> bool:
    start = cited.claim.start
    if len(cited.spans) == 1:
        return held[start, cited.spans]
    alone = any(held[start, (other,)] for other in cited.spans)
    return held[start, (span,)] or (held[start, cited.spans] and not alone)


def _lacking(text: str, cited: _Cited) -> Span:
    start, end = cited.claim.start, cited.claim.end
    note = "not in the passages cited for it" if cited.spans else "carries no citation"
    return Span(source="answer", start=start, end=end, text=text[start:end], note=note)
