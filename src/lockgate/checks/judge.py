"""A language model as judge: a rubric, an answer, a verdict by one vote or the majority of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from lockgate.checks.ballots import Ballot, ask
from lockgate.checks.comparing import Comparison
from lockgate.checks.grading import Grading
from lockgate.errors import UsageError
from lockgate.fingerprints import digest
from lockgate.model import JSON, Backend, Case, Check, Completion, Measure, Setting, Verdict
from lockgate.scales import read_scale

__all__ = ["judge"]

_MOST_VOTES = 25


def judge(
    rubric: str,
    *,
    backend: str,
    reference: str | None = None,
    compare: str | None = None,
    scale: str | list[Any] = "0..1",
    threshold: float = 0.5,
    votes: int = 1,
    kind: Literal["mean", "rate"] = "mean",
    structured: bool | None = None,
    metric: str | None = None,
    setting: Setting,
) -> Check:
    """A backend scores the answer by a rubric, or says whether it is better than another text.

    All answers that wait are sent in one call. A judge that gives no answer, or none on its scale, leaves the
    sample unscored, and so do votes without a majority: it counts against the gate and is never taken for a
    pass.

    Args:
        rubric: what a good answer does; a template over the case.
        backend: `FAMILY:VERSION` of the judge. It gets the messages as they are, without its own prompt.
        reference: an answer that is known to be right; a template over the case.
        compare: another answer, a template over the case: each vote shows both in both orders, and only a win
            in both is a win.
        scale: what the judge may say: `0..1`, whole numbers such as `1..5`, or a list of labels from worst to
            best, each a text or `label: what it means`. The score is where it lies, 0..1.
        threshold: the least score that passes, 0..1.
        votes: how often the judge is asked; most votes decide, and the score is their mean.
        kind: `mean` makes the metric the mean score, `rate` the share of answers that pass.
        structured: send the form of the reply as `response_format`; where it is not said, to backends that
            take it.
        metric: the metric's name; `judge_score` for a mean, `judge_pass_rate` for a rate, `win_rate` with
            `compare`.
        setting: where backends come from.

    Raises:
        UsageError: there is no such backend, or an argument is out of range.
    """
    _check_options(rubric, threshold, votes)
    if setting.backend is None:
        raise UsageError("The check 'judge' needs a project. Declare its backend in lockgate.yaml.")
    ballot: Ballot
    if compare is None:
        own = Grading(rubric=rubric, reference=reference, scale=read_scale(scale), threshold=threshold)
        usual = {"mean": "judge_score", "rate": "judge_pass_rate"}[kind]
        ballot, rated = own, kind == "rate"
    else:
        _check_comparison(scale, threshold, kind)
        ballot, usual, rated = Comparison(rubric=rubric, reference=reference, other=compare), "win_rate", True
    asked = setting.backend(backend)
    structured = bool(getattr(asked, "takes_response_format", False)) if structured is None else structured
    identity = {"scale": scale, "threshold": threshold, "votes": votes, "structured": structured}
    measure = Measure(name=metric or usual, kind="rate" if rated else "mean")
    return _check(ballot, asked, measure, votes=votes, structured=structured, identity=identity)


def _check(
    ballot: Ballot,
    backend: Backend,
    measure: Measure,
    *,
    votes: int,
    structured: bool,
    identity: dict[str, JSON],
) -> Check:
    def judge_many(pairs: Sequence[tuple[Case, Completion]]) -> list[Verdict]:
        return ask(backend, ballot, pairs, measure=measure, votes=votes, structured=structured)

    return Check(
        name="judge",
        measures=(measure,),
        judge=lambda case, completion: judge_many([(case, completion)])[0],
        judge_many=judge_many,
        costly=True,
        identity={
            "check": "judge",
            **identity,
            **ballot.identity,
            "metric": measure.name,
            "kind": measure.kind,
            "backend": digest(dict(backend.identity)),
        },
    )


def _check_options(rubric: str, threshold: float, votes: int) -> None:
    if not rubric.strip():
        raise UsageError("The check 'judge' has an empty rubric. Say what a good answer does.")
    if not 0 <= threshold <= 1:
        raise UsageError(f"The threshold of 'judge' cannot be {threshold!r}. Use a number from 0 to 1.")
    if not 1 <= votes <= _MOST_VOTES:
        raise UsageError(
            f"The votes of 'judge' cannot be {votes}. Use 1 to {_MOST_VOTES}, best an odd number."
        )


def _check_comparison(scale: str | list[Any], threshold: float, kind: str) -> None:
    given = [
        name
        for name, usual in (
            ("scale", scale == "0..1"),
            ("threshold", threshold == 0.5),
            ("kind", kind == "mean"),
        )
        if not usual
    ]
    if given:
        raise UsageError(
            f"{given[0]!r} has no meaning with 'compare': the judge says which is better. Delete it."
        )
