"""What a check says of an answer: a pass, a fail, nothing that can be told, or that it broke."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from lockgate.errors import LockgateError
from lockgate.model import JSON, Case, Check, Completion, Figure, Measure, Span, Verdict

__all__ = ["broken", "failed", "macro_name", "passed", "rate_check", "unscored", "with_figures"]

_PASSED = Verdict(status="pass", score=1.0)


def macro_name(metric: str) -> str:
    """The macro F1 beside a metric: `macro_f1` for `accuracy`, `NAME_macro_f1` for another."""
    return "macro_f1" if metric == "accuracy" else f"{metric}_macro_f1"


def passed(
    figures: Mapping[str, Figure] | None = None,
    *,
    score: float | None = 1.0,
    reason: str = "",
    evidence: Iterable[Span] = (),
) -> Verdict:
    """The verdict `pass`; `figures` is metric name → this sample's share, left out for a plain rate."""
    if not figures and score == 1.0 and not reason and not evidence:
        return _PASSED
    return Verdict(
        status="pass", score=score, reason=reason, evidence=tuple(evidence), figures=dict(figures or {})
    )


def failed(
    reason: str,
    figures: Mapping[str, Figure] | None = None,
    *,
    score: float | None = 0.0,
    evidence: Iterable[Span] = (),
) -> Verdict:
    """The verdict `fail`, with the reason that a person reads."""
    return Verdict(
        status="fail", score=score, reason=reason, evidence=tuple(evidence), figures=dict(figures or {})
    )


def unscored(reason: str, figures: Mapping[str, Figure] | None = None) -> Verdict:
    """The verdict `unscored`: the check applies and cannot tell, for the reason given."""
    return Verdict(status="unscored", reason=reason, figures=dict(figures or {}))


def broken(reason: str, figures: Mapping[str, Figure] | None = None) -> Verdict:
    """The verdict `error`: the check itself did not work."""
    return Verdict(status="error", reason=reason, figures=dict(figures or {}))


def rate_check(
    name: str,
    metric: str,
    judge: Callable[[Case, Completion], Verdict | None],
    identity: Mapping[str, JSON],
) -> Check:
    """A check with one metric, the share of the samples that pass; `judge` need not fill in figures.

    None from `judge` says that the check does not apply to the case: the metric does not count it.

    An error meant for a user that `judge` raises (a template names what a case lacks) is a verdict of
    status `error`, so that one odd case does not end a run.
    """
    measure = Measure(name=metric)
    # Most answers pass most checks, and say no more than that: one verdict does for all of them.
    plain_pass = replace(with_figures(_PASSED, measure), check=name)

    def judged(case: Case, completion: Completion) -> Verdict:
        try:
            verdict = judge(case, completion)
        except LockgateError as error:
            verdict = broken(str(error))
        if verdict is _PASSED:
            return plain_pass
        if verdict is None:
            return unscored("The check does not apply to this case.")
        return with_figures(verdict, measure)

    return Check(name=name, measures=(measure,), judge=judged, identity={"check": name, **identity})


def with_figures(verdict: Verdict, measure: Measure) -> Verdict:
    """The verdict with its share of the one metric, read off its status where it is not given."""
    if verdict.figures:
        return verdict
    figure: Figure = None
    if verdict.status in ("pass", "fail"):
        good = verdict.status == "pass"
        figure = verdict.score if measure.kind == "mean" else good == (measure.better == "higher")
    return replace(verdict, figures={measure.name: figure})
