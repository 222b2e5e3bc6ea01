"""Completions to samples: every check of the suite on every answer, errors kept apart from misses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from lockgate.engine.jobs import Job
from lockgate.model import Case, Check, Completion, Sample, Verdict

__all__ = ["Judge", "judge_pairs", "sample_all"]

Pair: TypeAlias = tuple[Case, Completion]
Judge: TypeAlias = Callable[[Check, Sequence[tuple[Job, Completion]]], list[Verdict]]
"""How a check is asked about answers: one verdict for each, in order."""


def sample_all(answered: Sequence[tuple[Job, Completion]], *, judge: Judge | None = None) -> list[Sample]:
    """One sample for each job and its completion, in order; checks see only what was answered.

    Args:
        answered: jobs and what came of them.
        judge: how a check is asked, `judge_pairs` where it is not said.
    """
    ask = judge or _judge_answered
    good = [(job, c) for job, c in answered if _is_answer(c)]
    verdicts = {id(job): dict[int, Verdict]() for job, _ in good}
    for check in _checks(good):
        concerned = [(job, c) for job, c in good if job.suite is not None and check in job.suite.checks]
        for (job, _), verdict in zip(concerned, ask(check, concerned), strict=True):
            verdicts[id(job)][id(check)] = verdict
    return [_sample(job, c, _in_order(job, verdicts.get(id(job), {}))) for job, c in answered]


def judge_pairs(check: Check, pairs: Sequence[Pair]) -> list[Verdict]:
    """One verdict for each case and completion, in order; a check that breaks gives verdicts that say so."""
    if check.judge_many is None or len(pairs) == 1:
        return [_judge_one(check, *pair) for pair in pairs]
    try:
        verdicts = check.many(pairs)
    except Exception:  # noqa: BLE001 -- one pair broke the batch: judged alone, only that one is an error
        return [_judge_one(check, *pair) for pair in pairs]
    if len(verdicts) != len(pairs):
        return [_broken(check, f"gave {len(verdicts)} verdicts for {len(pairs)} answers") for _ in pairs]
    return verdicts


def _is_answer(completion: Completion) -> bool:
    return completion.error is None and completion.finish != "unasked"


def _checks(answered: Sequence[tuple[Job, Completion]]) -> list[Check]:
    suites = {id(job.suite): job.suite for job, _ in answered if job.suite is not None}
    unique = {id(c): c for suite in suites.values() for c in suite.checks}
    return list(unique.values())


def _in_order(job: Job, verdicts: Mapping[int, Verdict]) -> tuple[Verdict, ...]:
    """As the suite has its checks: those of a variant's are fewer, and may have been asked before."""
    checks = () if job.suite is None else job.suite.checks
    return tuple(verdicts[id(check)] for check in checks if id(check) in verdicts)


def _sample(job: Job, completion: Completion, verdicts: tuple[Verdict, ...]) -> Sample:
    kept = completion if _is_answer(completion) else None
    return Sample(
        case_id=job.case.id,
        trial=job.request.trial,
        input=job.case.question,
        completion=kept,
        verdicts=verdicts,
        error=completion.error,
    )


def _judge_answered(check: Check, answered: Sequence[tuple[Job, Completion]]) -> list[Verdict]:
    return judge_pairs(check, [(job.case, completion) for job, completion in answered])


def _judge_one(check: Check, case: Case, completion: Completion) -> Verdict:
    try:
        return check(case, completion)
    except Exception as error:  # noqa: BLE001 -- a broken check is an error verdict, and fails its item
        return _broken(check, f"raised {type(error).__name__}: {error}")


def _broken(check: Check, what: str) -> Verdict:
    figures = dict.fromkeys((m.name for m in check.measures), None)
    return Verdict(check=check.name, status="error", reason=f"the check {what}", figures=figures)
