"""A variant's verdict: what the checks say of it beside what they say of its original."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.model import Completion, Sample, Variant, Variation, Verdict
from lockgate.variants.diffs import diff

__all__ = ["contrast", "sample_of"]

_SCORED = ("pass", "fail")


def sample_of(variant: Variant, made: Sample, verdict: Verdict | None) -> Sample:
    """The variant's sample: its answer with the one verdict that counts, and what was changed."""
    told = Variation(
        of=variant.of.id, kind=variant.kind, metric=variant.metric, diff=diff(variant.of, variant.case)
    )
    return Sample(
        case_id=variant.case.id,
        trial=made.trial,
        input=made.input,
        completion=made.completion,
        verdicts=() if verdict is None else (verdict,),
        error=made.error,
        variant=told,
    )


def contrast(
    variant: Variant, completion: Completion, verdicts: Sequence[Verdict], originals: Sequence[Verdict] | None
) -> Verdict:
    """What a variant's answer comes to: `pass`, `fail`, or `unscored` where that cannot be told.

    Each check that lets the original pass or fail has to say the same of the variant; one that does not apply
    to the original does not count. What the variant's kind asks of the answer itself counts as well. A check
    that breaks, or cannot tell, on either of the two leaves it open, unless something else has failed.

    Args:
        variant: the variant.
        completion: its answer.
        verdicts: of its `checks` on this answer, in their order.
        originals: of the same checks on the original's answer; None where that is not there.
    """
    own = [] if variant.behaves is None else [variant.behaves(completion)]
    found = [*own, *_compared(variant, verdicts, originals)]
    worst = next((v for status in ("fail", "unscored", "pass") for v in found if v.status == status), None)
    if worst is None:
        return _verdict(variant, Verdict(status="unscored", reason="No check could tell of the original."))
    return _verdict(variant, worst)


def _compared(
    variant: Variant, verdicts: Sequence[Verdict], originals: Sequence[Verdict] | None
) -> list[Verdict]:
    if not variant.checks:
        return []
    if originals is None or len(originals) != len(verdicts):
        return [Verdict(status="unscored", reason=f"The original {variant.of.id!r} has no answer.")]
    pairs = zip(originals, verdicts, strict=True)
    return [_same(one, two) for one, two in pairs if one.status in _SCORED or one.figures]


def _same(original: Verdict, varied: Verdict) -> Verdict:
    if original.status not in _SCORED:
        return Verdict(
            status="unscored", reason=f"{original.check} cannot tell of the original: {original.reason}"
        )
    if varied.status not in _SCORED:
        return Verdict(
            status="unscored", reason=f"{varied.check} cannot tell of the variant: {varied.reason}"
        )
    if original.status == varied.status:
        return Verdict(status="pass", score=1.0)
    why = varied.reason or original.reason
    said = f"{varied.check} is {original.status} on the original and {varied.status} here: {why}"
    return Verdict(status="fail", score=0.0, reason=said, evidence=varied.evidence)


def _verdict(variant: Variant, worst: Verdict) -> Verdict:
    figure = {"pass": True, "fail": False}.get(worst.status)
    return Verdict(
        check=variant.kind,
        status=worst.status,
        score=worst.score,
        reason=worst.reason,
        evidence=worst.evidence,
        figures={variant.metric: figure},
    )
