"""Points of a simulation: what is ruled on, how many cases, and how often each ruling came of it."""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias, TypeVar

import numpy as np

from lockgate.statistics.rates import binomial_limits

__all__ = [
    "CLEAR",
    "DEAR",
    "NOMINAL",
    "RUNS",
    "SIZES",
    "Point",
    "Scene",
    "Tally",
    "between",
    "simulate",
    "solved",
    "table",
    "tallied",
    "turns",
]

NOMINAL = 0.05
"""What a gate at 0.95 confidence may err by, on either side."""

CLEAR = 0.05
"""What a truth is clear of its bound by, in the second half of each table."""

RUNS = 20_000
SIZES = (20, 50, 100, 200, 500, 1000, 2000)
DEAR = (20, 100, 400, 2000)
"""The numbers of cases where a ruling takes milliseconds."""

_SURE = 0.999
_RISING = ("fail", "inconclusive", "pass")
_FALLING = ("pass", "inconclusive", "fail")

Tally: TypeAlias = Mapping[str, int]
"""Ruling → runs that it came of."""

Statistic = TypeVar("Statistic", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What runs of one truth came to."""

    passed: int
    failed: int
    runs: int

    @property
    def beyond(self) -> bool:
        """Whether passes are more than nominal, by more than chance in the simulation explains."""
        return _beyond(self.passed, self.runs)

    @property
    def fails_beyond(self) -> bool:
        """Whether fails are."""
        return _beyond(self.failed, self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Something that a gate rules on, with a true value at its bound or clear of it.

    Args:
        kind: the kind of ruling, which a table is of.
        name: what a row of it says.
        play: random numbers, cases, runs, by how much the truth is clear of the bound → rulings.
        sizes: numbers of cases.
        runs: cases → runs, where there are fewer than `RUNS`.
        clear: whether there is a truth clear of the bound.
    """

    kind: str
    name: str
    play: Callable[[np.random.Generator, int, int, float], Tally]
    sizes: Sequence[int] = SIZES
    runs: Mapping[int, int] = field(default_factory=dict)
    clear: bool = True


def simulate(scene: Scene, n: int) -> tuple[Point, Point | None]:
    """One scene at one number of cases: at the bound, and clear of it."""
    return _point(scene, n, 0.0), _point(scene, n, CLEAR) if scene.clear else None


def tallied(drawn: Iterable[Statistic], rule: Callable[[Statistic], str]) -> Counter[str]:
    """The rulings of what was drawn, each different draw ruled on once."""
    found = Counter[str]()
    for statistic, times in Counter(drawn).items():
        found[rule(statistic)] += times
    return found


def between(rule: Callable[[int], str], most: int, *, better: bool = True) -> Callable[[int], str]:
    """The rulings of all counts 0..most, of which only those next to where it turns are ruled on.

    Args:
        rule: count → ruling, one that never turns back as the count grows.
        most: the largest count.
        better: whether more is better.
    """
    places = turns(rule, most, better=better)
    return lambda count: (_RISING if better else _FALLING)[bisect_right(places, count)]


def turns(rule: Callable[[int], str], most: int, *, better: bool = True) -> tuple[int, int]:
    """The least counts that are ruled inconclusive or better, and pass (or the other way); see `between`."""
    order = _RISING if better else _FALLING
    known = cache(lambda count: order.index(rule(count)))
    counts = range(most + 1)
    return bisect_left(counts, 1, key=known), bisect_left(counts, 2, key=known)


def solved(function: Callable[[float], float], target: float, low: float = 0.0, high: float = 1.0) -> float:
    """Where a growing function has a value, by halving."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < target else (low, middle)
    return (low + high) / 2


def table(scenes: Sequence[Scene], points: Mapping[tuple[str, int], tuple[Point, Point | None]]) -> str:
    """All scenes of a kind: a row for each with what it should be, a column for each number of cases.

    Args:
        scenes: of one kind, with the same numbers of cases.
        points: scene's name and cases → the points.
    """
    sizes = scenes[0].sizes
    head = ["true value", "share of runs, %", *(f"{n:,}" for n in sizes)]
    lines = [_row(head), "|" + "---|" * len(head)]
    for scene in scenes:
        found = [points[scene.name, n] for n in sizes]
        at, clear = [one for one, _ in found], [other for _, other in found if other is not None]
        ships = [_percent(p.passed, p.runs, missed=p.beyond) for p in at]
        fails = [_percent(p.failed, p.runs, over=p.fails_beyond) for p in at]
        lines += [_row([scene.name, "ships at the bound", *ships]), _row(["", "fails at the bound", *fails])]
        if clear:
            lines.append(_row(["", "clear: blocked (inconclusive)", *map(_blocked, clear)]))
    return "\n".join(lines)


def _point(scene: Scene, n: int, clear: float) -> Point:
    runs = scene.runs.get(n, RUNS)
    seed = zlib.crc32(f"{scene.kind} {scene.name}".encode())
    found = scene.play(np.random.default_rng([seed, n, round(100 * clear)]), n, runs, clear)
    return Point(passed=found.get("pass", 0), failed=found.get("fail", 0), runs=runs)


def _beyond(errors: int, runs: int) -> bool:
    return binomial_limits(errors, runs, confidence=_SURE)[0] > NOMINAL


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(times: int, runs: int, *, missed: bool = False, over: bool = False) -> str:
    share = f"{100 * times / runs:.1f}"
    return f"{share} **missed**" if missed else f"{share} (above)" if over else share


def _blocked(point: Point) -> str:
    blocked = point.runs - point.passed
    return f"{_percent(blocked, point.runs)} ({_percent(blocked - point.failed, point.runs)})"
