"""Checks in order: the cheap one first, a dear one only for answers that the cheap one is unsure of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from lockgate.checks.verdicts import unscored
from lockgate.errors import DocumentError, Problem, UsageError
from lockgate.fingerprints import digest
from lockgate.model import Case, Check, Completion, Figure, Measure, Setting, Verdict

__all__ = ["cascade"]

Pair: TypeAlias = tuple[Case, Completion]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stages:
    checks: tuple[Check, ...]
    least: float
    most: float
    metric: str
    sent_on: str

    def judge(self, pairs: Sequence[Pair]) -> list[Verdict]:
        """One verdict for each answer, in order; each check sees what those before it were unsure of."""
        told: list[list[Verdict]] = [[] for _ in pairs]
        waiting = list(range(len(pairs)))
        for check in self.checks:
            if not waiting:
                break
            verdicts = check.many([pairs[number] for number in waiting])
            for number, verdict in zip(waiting, verdicts, strict=True):
                told[number].append(verdict)
            waiting = [number for number in waiting if self._unsure(told[number][-1])]
        return [self._verdict(one) for one in told]

    def _unsure(self, verdict: Verdict) -> bool:
        if verdict.status not in ("pass", "fail") or verdict.score is None:
            return True
        return self.least <= verdict.score <= self.most

    def _verdict(self, told: Sequence[Verdict]) -> Verdict:
        last, decided = told[-1], self.checks[len(told) - 1].name
        if last.status == "unscored" and not last.figures:
            return unscored(f"{decided} does not apply to this case.")
        passes = {"pass": True, "fail": False}.get(last.status)
        figures: dict[str, Figure] = {self.metric: passes, self.sent_on: len(told) > 1}
        reason = f"{_course(self.checks, told)}{f' {last.reason}' if last.reason else ''}"
        return replace(last, check="", reason=reason, figures=figures)


def cascade(
    checks: list[Any], *, unsure: list[Any] | None = None, metric: str = "cascade", setting: Setting
) -> Check:
    """Checks in order, the cheap ones first: the first that is sure decides, and the last one in any case.

    A check is unsure of an answer when its score lies in the band `unsure`, when it has none, and when it
    cannot tell. Only those answers go on, together, to the next check. The verdict is that of the check that
    decided, and says which it was.

    Args:
        checks: two or more, as a suite has them (`name`, `name: argument`, `name: {options}`).
        unsure: the least and the greatest score, 0..1, that leave a check unsure; `[0.3, 0.7]` where it is
            not said.
        metric: the metric's name, the share of answers that pass.
        setting: where checks come from.

    Raises:
        UsageError: there are fewer than two checks, or the band is none.
    """
    if len(checks) < 2:
        raise UsageError(f"checks has {len(checks)} of them. Name two or more, the cheapest first.")
    least, most = _band([0.3, 0.7] if unsure is None else unsure)
    if setting.check is None:
        raise UsageError("The check 'cascade' is made of others. Load it by its name, or from a suite.")
    made = _made(checks, setting.check)
    stages = _Stages(checks=made, least=least, most=most, metric=metric, sent_on=f"{metric}_sent_on")
    return Check(
        name="cascade",
        measures=(Measure(name=metric), Measure(name=stages.sent_on, better="lower")),
        judge=lambda case, completion: stages.judge([(case, completion)])[0],
        judge_many=stages.judge,
        costly=any(check.costly for check in made),
        identity={
            "check": "cascade",
            "checks": [digest({"check": check.name, **check.identity}) for check in made],
            "unsure": [least, most],
            "metric": metric,
        },
    )


def _made(declared: list[Any], make: Callable[[Any], Check]) -> tuple[Check, ...]:
    """The checks; the mistakes of all of them are told at once."""
    made: list[Check] = []
    problems: list[Problem] = []
    for one in declared:
        try:
            made.append(make(one))
        except DocumentError as error:
            problems += error.problems
    if problems:
        raise DocumentError(problems)
    return tuple(made)


def _band(written: list[Any]) -> tuple[float, float]:
    numbers = [one for one in written if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(written) != 2 or len(numbers) != 2 or not 0 <= numbers[0] <= numbers[1] <= 1:
        raise UsageError(f"unsure cannot be {written!r}. Write two scores from 0 to 1, such as [0.3, 0.7].")
    return float(numbers[0]), float(numbers[1])


def _course(checks: Sequence[Check], told: Sequence[Verdict]) -> str:
    """Which check decided, and what those before it said."""
    before = "; ".join(
        f"{check.name} was unsure ({_said(verdict)})"
        for check, verdict in zip(checks, told[:-1], strict=False)
    )
    return f"Decided by {checks[len(told) - 1].name}{f', as {before}' if before else ''}."


def _said(verdict: Verdict) -> str:
    if verdict.status in ("pass", "fail") and verdict.score is not None:
        return f"{verdict.score:.3g}"
    return f"{verdict.status}: {verdict.reason.rstrip('.')}"
