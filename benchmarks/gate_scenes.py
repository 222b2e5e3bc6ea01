"""What absolute bounds are simulated on: rates, means, F1, latency, costs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from statistics import NormalDist
from typing import TypeAlias

import numpy as np

from gate_points import CLEAR, DEAR, Scene, Tally, between, solved, tallied
from gate_rulings import METRIC, by_limits, by_test, ids, ruled, timed
from lockgate.model import Counts, Figure, Gate, Labels, Measure
from lockgate.statistics.inference import infer, infer_mean

__all__ = ["ABSOLUTE"]

_Shape: TypeAlias = tuple[Sequence[float], Sequence[float]]
"""Values, and how likely each is."""

_Answers: TypeAlias = tuple[Sequence[Counts], Sequence[float]]
"""The same of what answers add to F1."""

_BOUND = 0.8
_CLASSES = ("a", "b", "c")
_SHARES = (0.5, 0.3, 0.2)
_FIELDS = 3
_ALIKE = 0.5
_SKEW = 0.5
_FASTER = 0.2


def _rate(bound: float, *, least: bool = True) -> Scene:
    gate = Gate(metric=METRIC, min=bound) if least else Gate(metric=METRIC, max=bound)
    sign = 1 if least else -1

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        def rule(right: int) -> str:
            return ruled(gate, [[place < right] for place in range(n)])

        return tallied(rng.binomial(n, bound + sign * clear, runs).tolist(), between(rule, n, better=least))

    name = f"{'min' if least else 'max'} {bound}"
    return Scene(kind="rates", name=name, play=play, clear=0 <= bound + sign * CLEAR <= 1)


def _two_points(mean: float) -> _Shape:
    return (0.0, 1.0), (1 - mean, mean)


def _five_levels(mean: float) -> _Shape:
    return (0, 0.25, 0.5, 0.75, 1), [
        p * mean**k * (1 - mean) ** (4 - k) for k, p in enumerate((1, 4, 6, 4, 1))
    ]


def _even(mean: float) -> _Shape:
    return tuple(np.linspace(2 * mean - 1, 1, 21).tolist()), [1 / 21] * 21


def _rare_zero(mean: float) -> _Shape:
    return (0.0, mean / 0.95), (0.05, 0.95)


def _mean(name: str, shape: Callable[[float], _Shape]) -> Scene:
    gate = Gate(metric=METRIC, min=_BOUND)

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        values, likely = shape(_BOUND + clear)

        def rule(times: tuple[int, ...]) -> str:
            found = np.repeat(values, times).tolist()
            return by_test(infer_mean(dict(zip(ids(n), found, strict=True)), bounded=True), gate)

        return tallied(map(tuple, rng.multinomial(n, likely, runs).tolist()), rule)

    return Scene(kind="means of shares", name=f"{name}, min {_BOUND}", play=play, sizes=DEAR)


def _fields_of(f1: float) -> _Answers:
    """Three fields, in half of all answers alike: a field is right, wrong (fp and fn) or missing (fn)."""
    right = 1.5 * f1 / (2 - 0.5 * f1)
    cells = (Counts(tp=1), Counts(fp=1, fn=1), Counts(fn=1))
    likely = (right, (1 - right) / 2, (1 - right) / 2)
    found: dict[Counts, float] = {}
    for places in product(range(3), repeat=_FIELDS):
        answer = [cells[place] for place in places]
        each = (1 - _ALIKE) * float(np.prod([likely[place] for place in places]))
        same = _ALIKE * likely[places[0]] if len(set(places)) == 1 else 0.0
        total = Counts(**{key: sum(getattr(c, key) for c in answer) for key in ("tp", "fp", "fn")})
        found[total] = found.get(total, 0.0) + each + same
    return list(found), list(found.values())


def _class_of(f1: float) -> _Answers:
    """One class among several, that half of the answers have to do with."""
    right = f1 / (2 - f1)
    wrong = (1 - right) / 4
    return (Counts(tp=1), Counts(fp=1), Counts(fn=1), Counts()), (right / 2, wrong, wrong, 0.5)


def _f1(name: str, shape: Callable[[float], _Answers]) -> Scene:
    gate, kind = Gate(metric=METRIC, min=_BOUND), Measure(name=METRIC, kind="f1")

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        counts, likely = shape(_BOUND + clear)

        def rule(times: tuple[int, ...]) -> str:
            return by_test(infer(kind, _expanded(counts, times)), gate)

        return tallied(map(tuple, rng.multinomial(n, likely, runs).tolist()), rule)

    return Scene(kind="F1", name=f"{name}, min {_BOUND}", play=play, sizes=DEAR, runs={2000: 5000})


def _confused(right: float) -> np.ndarray:
    """How likely each class is answered with each, the last column with none."""
    wrong = (1 - right) / 3
    return np.array([[s * (right if a == b else wrong) for b in range(4)] for a, s in enumerate(_SHARES)])


def _macro_f1(right: float) -> float:
    table = _confused(right)
    return float(np.mean([2 * table[c, c] / (table[c].sum() + table[:, c].sum()) for c in range(3)]))


def _macro() -> Scene:
    gate, kind = Gate(metric=METRIC, min=_BOUND), Measure(name=METRIC, kind="macro_f1")
    cells = [Labels(expected=a, answered=b) for a in _CLASSES for b in (*_CLASSES, None)]

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        likely = _confused(solved(_macro_f1, _BOUND + clear)).ravel()

        def rule(times: tuple[int, ...]) -> str:
            return by_limits(infer(kind, _expanded(cells, times)).limits(gate.confidence), gate)

        return tallied(map(tuple, rng.multinomial(n, likely, runs).tolist()), rule)

    name = f"three classes (50, 30, 20 %), min {_BOUND}"
    runs = {100: 5000, 400: 1500, 2000: 300}
    return Scene(kind="macro F1 (approximate)", name=name, play=play, sizes=DEAR, runs=runs)


def _latency(q: int) -> Scene:
    """The ruling rests on how many times are within the bound, whatever they are."""
    gate, share = Gate(metric=f"latency_p{q}", max=1.0), q / 100

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        within = _within(share, _FASTER if clear else 0.0)

        def rule(fast: int) -> str:
            return timed(gate, [0.5] * fast + [2.0] * (n - fast))

        return tallied(rng.binomial(n, within, runs).tolist(), between(rule, n))

    return Scene(kind="latency quantiles", name=f"p{q}, max 1 s", play=play)


def _within(share: float, below: float) -> float:
    """The share of lognormal times within a bound that their quantile is so far below."""
    return NormalDist().cdf(NormalDist().inv_cdf(share) - math.log(1 - below) / _SKEW)


def _cost(sigma: float) -> Scene:
    gate = Gate(metric="tokens_out", max=100.0)

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        mean = 100 * (1 - clear)
        drawn = _each(rng, n, runs, float(np.log(mean)) - sigma**2 / 2, sigma)

        def rule(values: tuple[float, ...]) -> str:
            test = infer_mean(dict(zip(ids(n), values, strict=True)), bounded=False)
            return by_limits(test.limits(gate.confidence), gate)

        return Counter(map(rule, drawn))

    kind = "costs and tokens (Student t: approximate)"
    name = f"lognormal, σ {sigma}, max 100 tokens"
    return Scene(kind=kind, name=name, play=play, sizes=(20, 30, 100, 400, 2000), runs={2000: 10_000})


def _each(
    rng: np.random.Generator, n: int, runs: int, mean: float, sigma: float
) -> Iterator[tuple[float, ...]]:
    for _ in range(runs):
        yield tuple(rng.lognormal(mean, sigma, n).tolist())


def _expanded(cells: Sequence[Figure], times: Sequence[int]) -> dict[tuple[str, int], Figure]:
    found = [cell for cell, number in zip(cells, times, strict=True) for _ in range(number)]
    return {(case_id, 0): figure for case_id, figure in zip(ids(len(found)), found, strict=True)}


ABSOLUTE: tuple[Scene, ...] = (
    *(_rate(bound) for bound in (0.5, 0.8, 0.9, 0.95, 0.99)),
    *(_rate(bound, least=False) for bound in (0.05, 0.2)),
    _mean("0 or 1", _two_points),
    _mean("five levels", _five_levels),
    _mean("21 levels, evenly", _even),
    _mean("0 in 5 % of cases, else all the same", _rare_zero),
    _f1("one class", _class_of),
    _f1("three fields", _fields_of),
    _macro(),
    _latency(50),
    _latency(95),
    _cost(0.25),
    _cost(0.5),
    _cost(1.0),
)
