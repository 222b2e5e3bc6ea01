"""Several bounds ruled on at once: how they share one error rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import NormalDist

from lockgate.rivals import Part, advice, undecided

__all__ = ["holm", "share_error"]

_SLACK = 1e-9


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in order: at most alpha for those that hold together at an error rate of alpha.

    The i-th smallest of m is multiplied by m - i + 1, and none is less than a smaller one's: whatever depends
    on whatever, the probability that any of them is wrongly at most alpha is no more than alpha (Holm 1979,
    Scandinavian Journal of Statistics 6:65).

    Args:
        p_values: each 0..1.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        least = max(least, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = least
    return adjusted


def share_error(gates: Iterable[tuple[Sequence[Part], float]]) -> list[list[Part]]:
    """The parts of gates after Holm's correction: what passes or fails only by itself is undecided.

    The family is every bound with a p-value, of all gates together. Passes are corrected among what might
    pass, and fails among what might fail, so that either is wrong anywhere with a probability of at most the
    largest gate's 1 - confidence.

    Args:
        gates: each gate's parts and its confidence.
    """
    gates = list(gates)
    passes = iter(holm([p for parts, _ in gates for part in parts if (p := part.p_pass) is not None]))
    fails = iter(holm([p for parts, _ in gates for part in parts if (p := part.p_fail) is not None]))
    family = sum(part.p_pass is not None for parts, _ in gates for part in parts)
    return [
        [
            _corrected(
                part,
                None if part.p_pass is None else next(passes),
                None if part.p_fail is None else next(fails),
                1 - confidence,
                family,
            )
            for part in parts
        ]
        for parts, confidence in gates
    ]


def _corrected(part: Part, passing: float | None, failing: float | None, alpha: float, family: int) -> Part:
    part = replace(part, adjusted=passing)
    own, adjusted = (part.p_pass, passing) if part.status == "pass" else (part.p_fail, failing)
    if part.status == "inconclusive" or own is None or adjusted is None or adjusted <= alpha * (1 + _SLACK):
        return part
    needed = _needed(part, own, alpha * own / adjusted if adjusted < 1 else alpha / family)
    but = f"but not among {family} bounds at once (p {own:.2g}, by Holm's correction {adjusted:.2g})"
    found = undecided(f"{part.reason.rstrip('.')}, {but}. {advice(needed)}", needed)
    return replace(found, p_pass=part.p_pass, p_fail=part.p_fail, adjusted=passing)


def _needed(part: Part, p_value: float, alpha: float) -> int | None:
    """About how many samples bring a p-value to alpha, as the distance in standard errors grows with √n."""
    if part.n is None or not 0 < p_value < 0.5:
        return None
    z = NormalDist()
    return max(part.n + 1, math.ceil(part.n * (z.inv_cdf(alpha) / z.inv_cdf(p_value)) ** 2))
