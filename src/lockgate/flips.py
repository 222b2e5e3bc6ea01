"""Cases that pass on one run and fail on another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from lockgate.model import Flip, Sample
from lockgate.trials import passes

__all__ = ["flips"]

_Status: TypeAlias = Literal["newly failing", "fixed", "flaky"]
_ORDER: Mapping[str, int] = {"newly failing": 0, "fixed": 1, "flaky": 2}


def flips(ours: Sequence[Sample], theirs: Sequence[Sample]) -> tuple[tuple[Flip, ...], int]:
    """The cases of both runs that changed, and how many did not.

    A case is flaky where in both runs some of its trials pass and some do not; else newly failing where fewer
    of them pass than in the baseline, fixed where more do, and unchanged where as many do.

    Args:
        ours: samples of the run.
        theirs: the baseline's.

    Returns:
        The flips, newly failing ones first, those that changed most before others; and the unchanged cases.
    """
    first, second = passes(ours), passes(theirs)
    both = [case_id for case_id in first if case_id in second]
    grouped, found = (_by_case(ours), _by_case(theirs)), []
    for case_id in both:
        mine, other = _share(first[case_id]), _share(second[case_id])
        status = _status(mine, other)
        if status is not None:
            short = _short(grouped[mine > other][case_id])
            found.append(Flip(case_id=case_id, status=status, ours=mine, theirs=other, metrics=short))
    ranked = sorted(found, key=lambda flip: (_ORDER[flip.status], -abs(flip.ours - flip.theirs)))
    return tuple(ranked), len(both) - len(found)


def _status(ours: float, theirs: float) -> _Status | None:
    if 0 < ours < 1 and 0 < theirs < 1:
        return "flaky"
    if ours == theirs:
        return None
    return "newly failing" if ours < theirs else "fixed"


def _by_case(samples: Iterable[Sample]) -> Mapping[str, list[Sample]]:
    found: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        found[sample.case_id].append(sample)
    return found


def _short(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The metrics, or checks without one, that a case's trials fall short of."""
    short = [verdict.metric or verdict.check for sample in samples for verdict in sample.shortfalls]
    lost = ["error_rate"] if any(sample.error is not None for sample in samples) else []
    return tuple(dict.fromkeys([*short, *lost]))


def _share(trials: Sequence[bool]) -> float:
    return sum(trials) / len(trials)
