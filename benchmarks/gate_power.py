"""The power of the paired test for a regression beside that of the test of two independent samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np

from gate_points import NOMINAL, RUNS
from lockgate.statistics.intervals import mcnemar_p, paired_p

__all__ = ["Power", "cells", "power"]

BEFORE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """How often each test finds a regression, by so many cases on both sides.

    Args:
        n: cases.
        correlation: of a case's passing before and after (phi).
        differ: the share of cases on which the runs differ.
        paired: `no_worse_than` with no margin fails.
        mcnemar: the exact McNemar test, one-sided, finds it.
        unpaired: the z test of two proportions, one-sided, finds it in independent samples.
    """

    n: int
    correlation: float
    differ: float
    paired: float
    mcnemar: float
    unpaired: float


def cells(before: float, after: float, correlation: float) -> tuple[float, float, float, float]:
    """How likely a case passes both, only before, only after, neither."""
    both = before * after + correlation * math.sqrt(before * (1 - before) * after * (1 - after))
    return both, before - both, after - both, 1 - before - after + both


def power(n: int, correlation: float, *, drop: float = 0.05, runs: int = RUNS) -> Power:
    """Simulate all three at a drop from a baseline of 90 %."""
    rng = np.random.default_rng([n, round(100 * correlation), round(100 * drop)])
    likely = cells(BEFORE, BEFORE - drop, correlation)
    drawn = rng.multinomial(n, likely, runs)
    pairs = list(zip(drawn[:, 2].tolist(), drawn[:, 1].tolist(), strict=True))
    before, after = rng.binomial(n, BEFORE, runs), rng.binomial(n, BEFORE - drop, runs)
    return Power(
        n=n,
        correlation=correlation,
        differ=likely[1] + likely[2],
        paired=float(np.mean([_tango(gained, lost, n) for gained, lost in pairs])),
        mcnemar=float(np.mean([_mcnemar(gained, lost) for gained, lost in pairs])),
        unpaired=float(np.mean(_unpaired(before, after, n))),
    )


@cache
def _tango(gained: int, lost: int, n: int) -> bool:
    return paired_p(gained, lost, n, 0.0, above=False) <= NOMINAL


@cache
def _mcnemar(gained: int, lost: int) -> bool:
    return lost > gained and mcnemar_p(gained, lost) / 2 <= NOMINAL


def _unpaired(before: np.ndarray, after: np.ndarray, n: int) -> np.ndarray:
    pooled = (before + after) / (2 * n)
    spread = np.sqrt(2 * pooled * (1 - pooled) / n)
    found: np.ndarray = (before - after) / n >= NormalDist().inv_cdf(1 - NOMINAL) * np.where(
        spread, spread, np.inf
    )
    return found
