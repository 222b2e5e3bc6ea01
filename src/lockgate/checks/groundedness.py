"""Whether an answer rests on its passages: claim by claim, with the nearest evidence of what does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from lockgate.checks.authoring import failed, passed, unscored
from lockgate.checks.claims import Claim, Window, claims, windows
from lockgate.checks.overlap import Support, has_content, overlap
from lockgate.checks.refusal import stance
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import Case, Check, Completion, Figure, Measure, Passage, Span, Verdict

__all__ = ["ENGINES", "Engine", "grounded"]

Engine = Callable[[str, Sequence[Window]], Support]
"""A claim's text and the windows that it could rest on → how well it is supported."""

ENGINES: Mapping[str, Engine] = MappingProxyType({"lexical": overlap})
"""Engine name → engine."""

_MEASURES = (
    Measure(name="hallucination_rate", better="lower"),
    Measure(name="groundedness", kind="mean"),
    Measure(name="abstention_rate", better="lower"),
)
_SHOWN = 5
_NOTHING_TO_FIND = "The answer has no name, number or other word that a passage could have."


def grounded(threshold: float = 0.5, *, engine: str = "lexical") -> Check:
    """Every claim of the answer rests on the retrieved passages, or on the case's context without any.

    Claims are sentences, list items, or the values of a JSON answer. An answer with a claim below the
    threshold counts in `hallucination_rate`; its share of claims at or above it goes into `groundedness`.
    An answer that abstains or refuses is neither: it counts in `abstention_rate` alone. Claims without a
    word that a passage could have ("Yes.") are left out. Without passages, or without a claim that is left,
    the verdict is unscored.

    The evidence is each unsupported claim's span in the answer, with its score and the numbers and names
    that no passage has, and after it the nearest passage.

    Args:
        threshold: the least score of a supported claim, 0..1.
        engine: `lexical`, the share of a claim's words, numbers and names that its evidence has
            (`checks.overlap`): no model, a millisecond, blind to negation and to reworded facts.

    Raises:
        UsageError: there is no such engine, or the threshold is out of range.
    """
    if engine not in ENGINES:
        hint = did_you_mean(engine, sorted(ENGINES), noun="engines")
        raise UsageError(f"The check 'grounded' has no engine {engine!r}. {hint}")
    if not 0 <= threshold <= 1:
        raise UsageError(f"The threshold of 'grounded' cannot be {threshold!r}. Use a number from 0 to 1.")

    def judge(case: Case, completion: Completion) -> Verdict:
        if completion.text.strip() and stance(completion.text) in ("abstention", "refusal"):
            return passed({"abstention_rate": True}, score=None, reason="The answer abstains.")
        return _judge(completion.text, _passages(case, completion), ENGINES[engine], threshold)

    identity = {"check": "grounded", "engine": engine, "rules": 2, "threshold": threshold}
    return Check(name="grounded", measures=_MEASURES, judge=judge, identity=identity)


def _passages(case: Case, completion: Completion) -> Sequence[Passage]:
    if completion.passages:
        return completion.passages
    return [Passage(id=f"context {n}", text=text) for n, text in enumerate(case.context, 1)]


def _judge(answer: str, passages: Sequence[Passage], engine: Engine, threshold: float) -> Verdict:
    stated = claims(answer)
    said = [claim for claim in stated if has_content(claim.text)]
    evidence = windows(passages)
    if not said:
        return unscored(_NOTHING_TO_FIND if stated else "The answer makes no claim.", _unknown())
    if not evidence:
        return unscored("There is no passage and no context that the answer could rest on.", _unknown())
    supports = [engine(claim.text, evidence) for claim in said]
    bad = [(c, s) for c, s in zip(said, supports, strict=True) if s.score < threshold]
    score = min(s.score for s in supports)
    figures: dict[str, Figure] = {
        "hallucination_rate": bool(bad),
        "groundedness": 1 - len(bad) / len(said),
        "abstention_rate": False,
    }
    if not bad:
        return passed(figures, score=score)
    spans = [span for claim, support in bad for span in _spans(answer, claim, support, evidence)]
    return failed(_reason(bad, len(said)), figures, score=score, evidence=spans)


def _unknown() -> dict[str, Figure]:
    return {measure.name: None for measure in _MEASURES}


def _reason(bad: Sequence[tuple[Claim, Support]], total: int) -> str:
    missing = list(dict.fromkeys(term for _, support in bad for term in support.missing))
    shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
    what = f"; no passage has {shown}" if missing else ""
    verb = "rests" if len(bad) == 1 else "rest"
    return f"{len(bad)} of {total} claims {verb} on no passage{what}."


def _spans(answer: str, claim: Claim, support: Support, evidence: Sequence[Window]) -> list[Span]:
    note = f"not in the passages: {', '.join(support.missing)}" if support.missing else "not in the passages"
    spans = [
        Span(
            source="answer",
            start=claim.start,
            end=claim.end,
            text=answer[claim.start : claim.end],
            note=note,
            score=round(support.score, 4),
        )
    ]
    if support.window is not None:
        near = evidence[support.window]
        spans.append(
            Span(source=near.source, start=near.start, end=near.end, text=near.text, note="nearest evidence")
        )
    return spans
