"""Whether an answer rests on its passages: claim by claim, with the nearest evidence of what does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lockgate.checks.claims import Claim, claims, has_word
from lockgate.checks.grounding.answers import Answer, Engine, Finding, Reading, passages_of
from lockgate.checks.grounding.engines import engine_of
from lockgate.checks.overlap import has_content
from lockgate.checks.refusal import stance
from lockgate.checks.verdicts import failed, passed, unscored
from lockgate.errors import UsageError
from lockgate.model import Case, Check, Completion, Figure, Layout, Measure, Setting, Span, Verdict

__all__ = ["grounded"]

_MEASURES = (
    Measure(name="hallucination_rate", better="lower"),
    Measure(name="groundedness", kind="mean"),
    Measure(name="abstention_rate", better="lower"),
)
_TABLE = Layout(name="grounded", metrics=tuple(measure.name for measure in _MEASURES))
_SHOWN = 5
_NOTHING_TO_FIND = "The answer has no name, number or other word that a passage could have."
_NO_CLAIM = "The answer makes no claim."
_NO_PASSAGE = "There is no passage and no context that the answer could rest on."


def grounded(
    threshold: float | None = None,
    *,
    engine: str = "embedded",
    backend: str | None = None,
    setting: Setting,
) -> Check:
    """Every claim of the answer rests on the retrieved passages, or on the case's context without any.

    Claims are sentences, list items, or the values of a JSON answer. An answer whose score is below the
    threshold counts in `hallucination_rate`; its share of supported claims goes into `groundedness`. An
    answer that abstains or refuses is neither: it counts in `abstention_rate` alone. Claims without a word
    that a passage could have ("Yes.") are left out. Without passages, or without a claim that is left, the
    verdict is unscored.

    The evidence is each unsupported claim's span in the answer, with its score, its kind, and the numbers and
    names that no passage has, and after it the nearest passage.

    Args:
        threshold: the least score of an answer that rests on its passages, 0..1; the engine's own without it.
        engine: `embedded`, a small trained model over MiniLM's word vectors (extra `local`), also
            `embedded:MODEL` for the same weights in a folder or at a hub id; `lexical`, the share of a
            claim's words, numbers and names that its evidence has: no model, a millisecond, blind to negation
            and to reworded facts; `hf:MODEL`, a published classifier of pairs or of tokens;
            `judge:BACKEND`, a language model; `ragas:faithfulness`, the metric of ragas (extra `ragas`).
        backend: `FAMILY:VERSION` of the language model that `ragas:faithfulness` asks.
        setting: where relative folders start from, and backends come from.

    Raises:
        MissingExtra: the engine needs a package that is not installed.
        UsageError: there is no such engine, model or backend, or the threshold is out of range.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise UsageError(f"The threshold of 'grounded' cannot be {threshold!r}. Use a number from 0 to 1.")
    found = engine_of(engine, setting, backend=backend)
    own = {} if threshold is None else {"threshold": threshold}

    def judge_many(pairs: Sequence[tuple[Case, Completion]]) -> list[Verdict]:
        return _judge_many(found, threshold, pairs)

    return Check(
        name="grounded",
        measures=_MEASURES,
        judge=lambda case, completion: judge_many([(case, completion)])[0],
        judge_many=judge_many,
        identity={"check": "grounded", **found.identity, **own},
        costly=found.costly,
        tables=(_TABLE,),
    )


def _judge_many(
    engine: Engine, threshold: float | None, pairs: Sequence[tuple[Case, Completion]]
) -> list[Verdict]:
    told = [_answer(case, completion) for case, completion in pairs]
    readings = iter(engine.read([a for a in told if isinstance(a, Answer)], threshold))
    return [_verdict(a, next(readings), threshold) if isinstance(a, Answer) else a for a in told]


def _answer(case: Case, completion: Completion) -> Answer | Verdict:
    """What there is to read, or the verdict where there is nothing."""
    text = completion.text
    if text.strip() and stance(text) in ("abstention", "refusal"):
        return passed({"abstention_rate": True}, score=None, reason="The answer abstains.")
    stated = claims(text)
    said = tuple(claim for claim in stated if has_content(claim.text))
    if not said:
        return unscored(_NOTHING_TO_FIND if stated else _NO_CLAIM, _unknown())
    passages = tuple(p for p in passages_of(case, completion) if has_word(p))
    if not passages:
        return unscored(_NO_PASSAGE, _unknown())
    return Answer(question=case.question, text=text, claims=said, passages=passages, case_id=case.id)


def _verdict(answer: Answer, reading: Reading, threshold: float | None) -> Verdict:
    stated = answer.claims if reading.claims is None else reading.claims
    if not stated:
        return unscored(reading.note or _NO_CLAIM, _unknown())
    scored = [(c, f) for c, f in zip(stated, reading.findings, strict=True) if f.score is not None]
    silent = len(stated) - len(scored)
    least = reading.threshold if threshold is None else threshold
    falls = reading.score is not None and reading.score < least
    bad = _unsupported(scored, reading.line) if falls else []
    figures: dict[str, Figure] = {
        "hallucination_rate": bool(bad),
        "groundedness": 1 - (len(bad) + silent) / len(stated),
        "abstention_rate": False,
    }
    note = f" {silent} of {len(stated)} claims have no verdict: {reading.note}" if silent else ""
    if not bad:
        return unscored(note.strip(), _unknown()) if silent else passed(figures, score=reading.score)
    spans = [span for claim, finding in bad for span in _spans(answer.text, claim, finding)]
    reason = _reason(bad, len(stated)) + note
    return failed(reason, figures, score=reading.score, evidence=spans)


def _unsupported(scored: Sequence[tuple[Claim, Finding]], line: float) -> list[tuple[Claim, Finding]]:
    least = min(f.score or 0.0 for _, f in scored)
    return [(c, f) for c, f in scored if (f.score or 0.0) < line or (f.score or 0.0) == least]


def _unknown() -> dict[str, Figure]:
    return {measure.name: None for measure in _MEASURES}


def _reason(bad: Sequence[tuple[Claim, Finding]], total: int) -> str:
    missing = list(dict.fromkeys(term for _, finding in bad for term in finding.missing))
    shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
    what = f"; no passage has {shown}" if missing else ""
    verb = "rests" if len(bad) == 1 else "rest"
    return f"{len(bad)} of {total} claims {verb} on no passage{what}."


def _spans(answer: str, claim: Claim, finding: Finding) -> list[Span]:
    kind = finding.kind or "not in the passages"
    text = answer[claim.start : claim.end]
    missing = ", ".join(finding.missing)
    note = ": ".join(filter(None, [kind, missing, "" if claim.statement == text else claim.statement]))
    spans = [
        Span(
            source="answer",
            start=claim.start,
            end=claim.end,
            text=text,
            note=note,
            score=round(finding.score or 0.0, 4),
        )
    ]
    if finding.near is not None:
        spans.append(replace(finding.near, note="nearest evidence"))
    return spans
