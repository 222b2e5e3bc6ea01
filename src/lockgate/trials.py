"""Several trials of a case as one figure (pass@k, pass^k, majority), and the cases whose trials disagree."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from lockgate.model import Figure, FlakyCase, Measure, Sample

__all__ = [
    "MAJORITY",
    "aggregated",
    "flaky_cases",
    "over_trials",
    "pass_at_k",
    "pass_hat_k",
    "passes",
    "split_aggregate",
]

MAJORITY = "majority"
"""The aggregate that counts a case as passed when more than half of its trials pass."""

_Key: TypeAlias = tuple[str, int]
_AGGREGATE = re.compile(r"(.+)\.(pass@[1-9]\d*|pass\^[1-9]\d*|majority)\Z")


def split_aggregate(name: str) -> tuple[str, str, int] | None:
    """A metric's name such as `accuracy.pass@3` as the rate, the aggregate, and the trials that it takes.

    Returns:
        `("accuracy", "pass@3", 3)`; a majority takes 1. None for a metric that aggregates no trials.
    """
    found = _AGGREGATE.match(name)
    return None if found is None else (found[1], found[2], _k(found[2]))


def aggregated(rate: Measure, aggregate: str, *, trials: int) -> Measure:
    """The measure of a rate's trials taken together: the share of cases that pass, so that more is better.

    Args:
        rate: whose figures are true or false.
        aggregate: `pass@k`, `pass^k` or `majority`.
        trials: of each case; where a case has no other number of them than k, it passes or it does not.
    """
    whole = aggregate == MAJORITY or _k(aggregate) == trials
    return replace(
        rate,
        name=f"{rate.name}.{aggregate}",
        kind="rate" if whole else "mean",
        better="higher",
        of=rate.name,
        aggregate=aggregate,
        good=rate.better == "higher",
    )


def over_trials(figures: Mapping[_Key, Figure], aggregate: str, *, good: bool) -> dict[_Key, Figure]:
    """One figure for each case, under its first trial's key: an estimate in 0..1, or a bool where it is sure.

    A case with an unknown trial, or with fewer trials than the aggregate takes, is unknown.

    Args:
        figures: of a rate.
        aggregate: `pass@k`, `pass^k` or `majority`.
        good: the figure that is a pass.
    """
    cases: defaultdict[str, list[Figure]] = defaultdict(list)
    for (case_id, _), figure in figures.items():
        cases[case_id].append(figure)
    return {(case_id, 0): _figure(trials, aggregate, good=good) for case_id, trials in cases.items()}


def pass_at_k(passed: int, n: int, k: int) -> float:
    """How likely at least one of k trials passes, unbiased: 1 - C(n-c, k) / C(n, k).

    Chen et al. 2021 (arXiv:2107.03374, section 2.1).

    Args:
        passed: c, 0..n.
        n: trials that were made, at least k.
        k: trials that are asked about, at least 1.

    Raises:
        ValueError: an argument is out of range.
    """
    _require(passed, n, k)
    return 1 - math.comb(n - passed, k) / math.comb(n, k)


def pass_hat_k(passed: int, n: int, k: int) -> float:
    """How likely all of k trials pass, unbiased: C(c, k) / C(n, k).

    Yao et al. 2024, τ-bench (arXiv:2406.12045, section 4.2). Arguments and errors as for `pass_at_k`.
    """
    _require(passed, n, k)
    return math.comb(passed, k) / math.comb(n, k)


def flaky_cases(samples: Iterable[Sample]) -> tuple[FlakyCase, ...]:
    """The cases that some trials pass and others do not, the least reliable first.

    See `passes` for what a pass is.
    """
    found = [
        FlakyCase(case_id=case_id, passed=sum(trials), trials=len(trials))
        for case_id, trials in passes(samples).items()
        if 0 < sum(trials) < len(trials)
    ]
    return tuple(sorted(found, key=lambda case: case.rate))


def passes(samples: Iterable[Sample]) -> dict[str, list[bool]]:
    """Case id → whether each of its trials passes.

    A trial passes when it has an answer that no check finds short; how often it was asked for that answer
    makes no difference. A trial that was not asked is left out, and a case of which none was.
    """
    trials: defaultdict[str, list[bool]] = defaultdict(list)
    for sample in samples:
        if sample.completion is not None or sample.error is not None:
            trials[sample.case_id].append(sample.error is None and not sample.shortfalls)
    return dict(trials)


def _k(aggregate: str) -> int:
    return 1 if aggregate == MAJORITY else int(aggregate[len("pass@") :])


def _figure(trials: list[Figure], aggregate: str, *, good: bool) -> Figure:
    n, k = len(trials), _k(aggregate)
    if n < k or None in trials:
        return None
    passed = sum(figure is good for figure in trials)
    if aggregate == MAJORITY:
        return passed > n / 2
    share = (pass_at_k if aggregate.startswith("pass@") else pass_hat_k)(passed, n, k)
    return bool(share) if n == k else share


def _require(passed: int, n: int, k: int) -> None:
    if not (0 <= passed <= n and 1 <= k <= n):
        raise ValueError(f"out of range: {passed} of {n} trials, k {k}")
