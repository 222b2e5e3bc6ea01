"""What a run is beside its baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Comparison",
    "Delta",
    "Flip",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A case that this run and its baseline do not say the same of.

    Args:
        case_id: the case.
        status: `newly failing` (fewer of its trials pass), `fixed` (more do), or `flaky` (in both runs some
            trials pass and some do not).
        ours: the share of this run's trials that pass, 0..1.
        theirs: the share of the baseline's.
        metrics: those that the trials which fail fall short of, of the run that fails more.
    """

    case_id: str
    status: Literal["newly failing", "fixed", "flaky"]
    ours: float
    theirs: float
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One metric on a run and on its baseline, paired by case and trial.

    Args:
        metric: its name.
        value: how much better this run is, in the metric's unit; None without pairs.
        low, high: one-sided limits at `confidence`, every unscored sample counted against, and for, this run.
        n: pairs of samples.
        gained, lost: for a rate with one trial a case, pairs that only this run, or only the baseline, hits.
        p_value: two-sided, of no difference: exact McNemar for such rates, else a paired permutation test;
            None where neither can be made.
        test: which of the two.
        method: how the limits were made.
    """

    metric: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    gained: int | None = None
    lost: int | None = None
    p_value: float | None = None
    test: str = ""
    method: str = ""
    confidence: float = 0.95
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run beside its baseline.

    Args:
        baseline: what it is called: a backend, with where it came from.
        backend, fingerprint, started: the baseline's.
        deltas: one for each metric that both have.
        flips: the cases that changed, those newly failing first.
        unchanged: how many cases did not.
        only_ours, only_theirs: ids of cases that only one of the two has; they are in no figure here.
        changes: what is not the same: dataset, checks, gates; a sentence each.
        weakened: bounds that ask for less than the baseline's did; a sentence each.
    """

    baseline: str
    backend: str = ""
    fingerprint: str = ""
    started: str = ""
    deltas: tuple[Delta, ...] = ()
    flips: tuple[Flip, ...] = ()
    unchanged: int = 0
    only_ours: tuple[str, ...] = ()
    only_theirs: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    weakened: tuple[str, ...] = ()

    def flipped(self, status: str) -> tuple[Flip, ...]:
        """The flips of one status."""
        return tuple(flip for flip in self.flips if flip.status == status)
