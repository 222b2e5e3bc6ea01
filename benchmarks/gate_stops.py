"""Gates that are asked while cases come: what they err, what they save, and textbook tests beside them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from gate_points import RUNS, Scene, Tally, turns
from gate_rulings import METRIC, by_test, ids
from lockgate.engine.early import schedule
from lockgate.model import Gate, Measure
from lockgate.statistics.inference import infer
from lockgate.statistics.power import power_n
from lockgate.statistics.rates import binomial_p
from lockgate.statistics.sequential import Looks

__all__ = ["EARLY", "Paths", "Saved", "fixed_n", "least_calls", "naive", "paths_of_rate", "saved", "sprt"]

_POWER = 0.9
_CONFIDENCE = 0.95
_LEVELS = (0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """What many runs came to: each one's ruling, and the cases it asked."""

    rulings: np.ndarray
    asked: np.ndarray

    @property
    def tally(self) -> Tally:
        """How often each ruling came."""
        return Counter(self.rulings.tolist())

    def share(self, ruling: str) -> float:
        """The share of runs that a ruling came of."""
        return float(np.mean(self.rulings == ruling))

    @property
    def calls(self) -> float:
        """Cases asked, on average."""
        return float(np.mean(self.asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What stopping early saves at one true rate, of a suite of so many cases."""

    bound: float
    true: float
    cases: int
    fixed: int
    paths: Paths

    @property
    def of_suite(self) -> float:
        """The share of the suite's cases that were not asked."""
        return 1 - self.paths.calls / self.cases

    @property
    def of_fixed(self) -> float:
        """The share saved of a fixed design that is right as often as its power says."""
        return 1 - self.paths.calls / self.fixed


def least_calls(bound: float, true: float) -> float:
    """The fewest cases, on average, of any test that errs in 5 % of runs and is right in 90 % here.

    Wald 1945 (Ann Math Stat 16:117, section 4.7): even of one that knows the truth that it tests for.
    """
    information = true * math.log(true / bound) + (1 - true) * math.log((1 - true) / (1 - bound))
    error = 1 - _CONFIDENCE
    needed = _POWER * math.log(_POWER / error) + (1 - _POWER) * math.log((1 - _POWER) / _CONFIDENCE)
    return needed / information


def fixed_n(bound: float, true: float) -> int:
    """The cases of the fixed design that decides a bound with 90 % power."""
    turned = (true, bound) if true > bound else (1 - true, 1 - bound)
    found = power_n(*turned, confidence=_CONFIDENCE, power=_POWER)
    assert found is not None
    return found


def saved(bound: float, true: float, cases: int, runs: int = RUNS) -> Saved:
    """Runs of a gate with `stop: early` at a true rate."""
    rng = np.random.default_rng([round(1000 * bound), round(1000 * true), cases])
    paths = paths_of_rate(rng, bound, true, cases, runs)
    return Saved(bound=bound, true=true, cases=cases, fixed=fixed_n(bound, true), paths=paths)


def paths_of_rate(rng: np.random.Generator, bound: float, true: float, cases: int, runs: int) -> Paths:
    """Runs of a `min` gate on a rate, looked at as often as the engine looks."""
    looks, passing, failing = _turns(bound, cases)
    right = np.cumsum(rng.binomial(np.diff(looks, prepend=0), true, (runs, len(looks))), axis=1)
    return _first(np.array(looks), right >= np.array(passing), right <= np.array(failing))


def naive(rng: np.random.Generator, bound: float, true: float, cases: int, runs: int = RUNS) -> Paths:
    """The exact test for one look, asked every ten cases all the same."""
    looks = np.arange(10, cases + 1, 10)
    right = np.cumsum(rng.binomial(10, true, (runs, len(looks))), axis=1)
    least = [_least_right(bound, int(n)) for n in looks]
    return _first(looks, right >= np.array(least), np.zeros_like(right, dtype=bool))


def sprt(rng: np.random.Generator, bad: float, good: float, true: float, runs: int = RUNS) -> Paths:
    """Wald's test of one rate against another (1945, Ann Math Stat 16:117), at 5 % and 90 % power."""
    accept, reject = math.log(_POWER / (1 - _CONFIDENCE)), math.log((1 - _POWER) / _CONFIDENCE)
    hit, miss = math.log(good / bad), math.log((1 - good) / (1 - bad))
    looks = np.arange(1, 2001)
    wealth = np.cumsum(np.where(rng.random((runs, len(looks))) < true, hit, miss), axis=1)
    return _first(looks, wealth >= accept, wealth <= reject)


def _first(looks: np.ndarray, passes: np.ndarray, fails: np.ndarray) -> Paths:
    """The ruling of the first look that decides."""
    decided = passes | fails
    last = np.where(decided.any(axis=1), decided.argmax(axis=1), len(looks) - 1)
    rows = np.arange(len(last))
    rulings = np.where(passes[rows, last], "pass", np.where(fails[rows, last], "fail", "inconclusive"))
    return Paths(rulings=rulings, asked=looks[last])


@cache
def _turns(bound: float, cases: int) -> tuple[list[int], list[int], list[int]]:
    """The looks, from how many right ones each passes, and up to how many it fails."""
    looks = list(schedule(cases))
    passing, failing = [], []
    for seen in looks:
        fails, passes = turns(partial(_at_look, bound, cases, seen), seen)
        failing.append(fails - 1)
        passing.append(passes)
    return looks, passing, failing


def _at_look(bound: float, cases: int, seen: int, right: int) -> str:
    figures = {(case_id, 0): place < right for place, case_id in enumerate(ids(seen))}
    test = infer(Measure(name=METRIC), figures, looks=Looks(horizon=cases, seen=seen))
    return by_test(test, Gate(metric=METRIC, min=bound))


@cache
def _least_right(bound: float, n: int) -> int:
    clears = [binomial_p(right, n, bound) <= 1 - _CONFIDENCE for right in range(n + 1)]
    return clears.index(True) if True in clears else n + 1


def _rate(bound: float) -> Scene:
    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        return paths_of_rate(rng, bound, bound + clear, n, runs).tally

    return Scene(
        kind="early stopping", name=f"rate, min {bound}", play=play, sizes=(20, 50, 100, 200, 400, 1000, 2000)
    )


def _mean(bound: float) -> Scene:
    """Scores of 0, 0.5 and 1."""
    gate = Gate(metric=METRIC, min=bound)

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        mean, looks = bound + clear, list(schedule(n))
        likely = ((1 - mean) ** 2, 2 * mean * (1 - mean), mean**2)
        steps = rng.multinomial(np.diff(looks, prepend=0), likely, (runs, len(looks)))
        rule = cache(lambda times, seen: _mean_at_look(gate, times, Looks(horizon=n, seen=seen)))
        return Counter(_ruled(path, looks, rule) for path in np.cumsum(steps, axis=1).tolist())

    sizes = (20, 100, 400)
    return Scene(kind="early stopping of means", name=f"three levels, min {bound}", play=play, sizes=sizes)


def _mean_at_look(gate: Gate, times: tuple[int, ...], looks: Looks) -> str:
    values = np.repeat(_LEVELS, times).tolist()
    figures = {(case_id, 0): value for case_id, value in zip(ids(len(values)), values, strict=True)}
    return by_test(infer(Measure(name=METRIC, kind="mean"), figures, looks=looks), gate)


def _ruled(path: list[list[int]], looks: list[int], rule: Callable[[tuple[int, ...], int], str]) -> str:
    found = (rule(tuple(times), seen) for times, seen in zip(path, looks, strict=True))
    return next((ruling for ruling in found if ruling != "inconclusive"), "inconclusive")


EARLY: tuple[Scene, ...] = (_rate(0.5), _rate(0.8), _rate(0.9), _rate(0.95), _mean(0.8))
