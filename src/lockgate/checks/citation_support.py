"""Whether the passages that an answer cites support what it cites them for, claim by claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lockgate.checks.citation_marks import CITATION
from lockgate.checks.claims import Claim, claims, has_word
from lockgate.checks.grounding.answers import Answer, Engine
from lockgate.checks.overlap import has_content
from lockgate.model import Passage, Span

__all__ = ["Support", "supported"]


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


def supported(
    question: str, text: str, spans: Sequence[Span], passages: Sequence[Passage], engine: Engine
) -> Support:
    """Recall and precision of an answer's citations; `spans` are theirs, with a passage's number as note.

    A claim without a verdict by the engine counts as one without support.
    """
    carried = _carried(text, [span for span in spans if 1 <= int(span.note) <= len(passages)])
    if not carried:
        return Support(shares={}, lacking=())
    asked = [(c, some) for c in carried for some in _sets(c)]
    held = _held(question, asked, passages, engine)
    whole = [held[c.claim.start, c.spans] for c in carried]
    marks = [(span, _does_its_part(c, span, held)) for c in carried for span in c.spans]
    shares = {"citation_recall": sum(whole) / len(whole)}
    if marks:
        shares["citation_precision"] = sum(right for _, right in marks) / len(marks)
    claimed = [_lacking(text, c) for c, holds in zip(carried, whole, strict=True) if not holds]
    idle = [replace(span, note=f"[{span.note}] does not say so") for span, right in marks if not right]
    return Support(shares=shares, lacking=(*claimed, *idle))


def _carried(text: str, spans: Sequence[Span]) -> list[_Cited]:
    said = [claim for claim in claims(text) if has_content(claim.text)]
    owned: list[dict[str, Span]] = [{} for _ in said]
    for span in spans if said else ():
        owned[_owner(text, said, span)].setdefault(str(int(span.note)), span)
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


def _held(
    question: str,
    asked: Sequence[tuple[_Cited, tuple[Span, ...]]],
    passages: Sequence[Passage],
    engine: Engine,
) -> dict[tuple[int, tuple[Span, ...]], bool]:
    """Whether each claim, by its start, is supported by each set of its citations."""
    held = {(c.claim.start, some): False for c, some in asked}
    answers = {
        (c.claim.start, some): _answer(question, c.claim, [passages[int(span.note) - 1] for span in some])
        for c, some in asked
    }
    read = {key: answer for key, answer in answers.items() if answer.passages}
    for key, reading in zip(read, engine.read(list(read.values()), None), strict=True):
        held[key] = reading.score is not None and reading.score >= reading.threshold
    return held


def _answer(question: str, claim: Claim, passages: Sequence[Passage]) -> Answer:
    """The claim as an answer of its own."""
    said = replace(claim, start=0, end=len(claim.text))
    some = tuple(passage for passage in passages if has_word(passage))
    return Answer(question=question, text=claim.text, claims=(said,), passages=some)


def _does_its_part(cited: _Cited, span: Span, held: Mapping[tuple[int, tuple[Span, ...]], bool]) -> bool:
    start = cited.claim.start
    if len(cited.spans) == 1:
        return held[start, cited.spans]
    alone = any(held[start, (other,)] for other in cited.spans)
    return held[start, (span,)] or (held[start, cited.spans] and not alone)


def _lacking(text: str, cited: _Cited) -> Span:
    start, end = cited.claim.start, cited.claim.end
    note = "not in the passages cited for it" if cited.spans else "carries no citation"
    return Span(source="answer", start=start, end=end, text=text[start:end], note=note)
