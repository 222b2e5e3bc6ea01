"""What one test says of a metric's true value: its limits at any confidence, and the p-value of any bound.

Every test is one-sided and gives both: the p-value of a bound is at most alpha exactly where the limit at
1 - alpha reaches the bound. A ruling can so be made by either.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

__all__ = ["Evidence", "Inference", "Limits", "PValue", "nothing", "p_by_levels"]

Limits: TypeAlias = tuple[float | None, float | None]
"""A low limit and a high one; None where there is none."""

_SMALLEST_P = 1e-6
_LARGEST_P = 0.4999
_HALVINGS = 24


class PValue(Protocol):
    """A bound → how likely figures as good would be if the value were only just beyond it."""

    def __call__(self, bound: float, *, above: bool) -> float:
        """The p-value of "the value is below the bound", or with `above` false of "it is above it"."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """What can be said of a metric's true value.

    Args:
        limits: confidence of each in 0.5..1 → both limits.
        p_value: of a bound, by the same test.
        method: what it is called.
        clusters: how many independent groups of cases there are; None where each case is one.
        effective_n: how many independent cases they are worth, for a rate; None likewise.
    """

    limits: Callable[[float], Limits]
    p_value: PValue
    method: str
    clusters: int | None = None
    effective_n: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a gate is ruled by: p-values with unscored samples counted against whatever is to be shown.

    Args:
        least: with every unscored sample at the least that it could be; shows that a value is above a bound.
        most: with every one at the most; shows that it is below. Either says 1 of every bound where an
            unscored sample could be anything.
    """

    least: PValue
    most: PValue

    def p_value(self, bound: float, *, above: bool) -> float:
        """The p-value of "the value is below the bound", or with `above` false of "it is above it"."""
        return (self.least if above else self.most)(bound, above=above)


def nothing(bound: float, *, above: bool) -> float:  # noqa: ARG001 - as any p-value is called
    """The p-value of every bound where nothing is known: 1."""
    return 1.0


def p_by_levels(limits: Callable[[float], Limits], bound: float, *, above: bool) -> float:
    """The p-value of a test that is known by its limits alone: the least error rate that clears a bound.

    Args:
        limits: confidence → both limits.
        bound: what is to be cleared.
        above: whether by the low limit, else by the high one.

    Returns:
        The p-value to six digits, rounded up; at least 1e-6, and 1 above one half.
    """

    def clears(alpha: float) -> bool:
        low, high = limits(1 - alpha)
        return low is not None and low >= bound if above else high is not None and high <= bound

    if not clears(_LARGEST_P):
        return 1.0
    least, most = math.log(_SMALLEST_P), math.log(_LARGEST_P)
    if clears(_SMALLEST_P):
        return _SMALLEST_P
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        least, most = (least, middle) if clears(math.exp(middle)) else (middle, most)
    return math.exp(most)
