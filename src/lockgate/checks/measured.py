"""A check with several metrics, whose verdicts hold its samples' share of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lockgate.checks.verdicts import broken, unscored
from lockgate.errors import LockgateError
from lockgate.model import JSON, Case, Check, Completion, Measure, Verdict

__all__ = ["measured_check"]


def measured_check(
    name: str,
    measures: Sequence[Measure],
    judge: Callable[[Case, Completion], Verdict | None],
    identity: Mapping[str, JSON],
) -> Check:
    """A check whose `judge` fills in the figures itself; the first measure covers the verdict.

    None from `judge` says that the check does not apply to the case. An error meant for a user that `judge`
    raises (a template names what a case lacks) is a verdict of status `error` that leaves the first metric
    unknown.
    """

    def judged(case: Case, completion: Completion) -> Verdict:
        try:
            verdict = judge(case, completion)
        except LockgateError as error:
            return broken(str(error), {measures[0].name: None})
        return unscored("The check does not apply to this case.") if verdict is None else verdict

    return Check(name=name, measures=tuple(measures), judge=judged, identity={"check": name, **identity})
