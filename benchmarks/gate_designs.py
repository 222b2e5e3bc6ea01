"""What gates with a design are simulated on: pairs, clusters, trials, several gates, errors of the check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import accumulate, cycle, pairwise

import numpy as np

from gate_points import CLEAR, DEAR, Scene, Tally, between, solved, tallied
from gate_rulings import METRIC, by_limits, by_test, ids, parts_of_rate, ruled
from lockgate.model import Gate, Measure
from lockgate.multiplicity import share_error
from lockgate.statistics.corrected import rogan_gladen_limits
from lockgate.statistics.evidence import Inference
from lockgate.statistics.inference import infer, infer_mean
from lockgate.statistics.intervals import paired_limits, paired_p

__all__ = ["DESIGNS"]

_CLUSTER_SIZES = (1, 1, 2, 3, 5, 8, 20)
_TRIALS = 3
_STEADY = 1.5
_LABELLED = 30
_SENSITIVITY, _SPECIFICITY = 0.95, 0.9


def _pairs(gate: Gate, name: str, *, differ: float) -> Scene:
    least = gate.margin if gate.better_than else -gate.margin

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        better = least + clear
        likely = ((differ + better) / 2, (differ - better) / 2, 1 - differ)

        def rule(times: tuple[int, ...]) -> str:
            return by_test(_tango(times[0], times[1], n), gate)

        return tallied(map(tuple, rng.multinomial(n, likely, runs).tolist()), rule)

    return Scene(kind="paired differences", name=name, play=play)


def _tango(gained: int, lost: int, n: int) -> Inference:
    """What `differences.difference` tests pairs by."""
    return Inference(
        limits=lambda confidence: paired_limits(gained, lost, n, confidence=confidence),
        p_value=lambda bound, *, above: paired_p(gained, lost, n, bound, above=above),
        method="Tango",
    )


def _scores(gate: Gate, name: str) -> Scene:
    """Scores on a scale of five whose differences are mostly none."""
    least = gate.margin if gate.better_than else -gate.margin
    values = (-0.5, -0.25, 0.0, 0.25, 0.5)

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        tilt = (least + clear) / (2 * 0.25 + 2 * 0.5)
        likely = (0.05 - tilt, 0.15 - tilt, 0.6, 0.15 + tilt, 0.05 + tilt)

        def rule(times: tuple[int, ...]) -> str:
            found = dict(zip(ids(n), np.repeat(values, times).tolist(), strict=True))
            return by_test(infer_mean(found, bounded=True, least=-1.0), gate)

        return tallied(map(tuple, rng.multinomial(n, likely, runs).tolist()), rule)

    return Scene(kind="paired differences of scores", name=name, play=play, sizes=DEAR)


def _sizes(n: int) -> list[int]:
    """Sizes of clusters, uneven, of n cases in all."""
    ends = [0]
    for end in accumulate(cycle(_CLUSTER_SIZES)):
        ends.append(min(end, n))
        if end >= n:
            return [b - a for a, b in pairwise(ends)]
    raise AssertionError


def _right(rng: np.random.Generator, rate: float, icc: float, sizes: Sequence[int], runs: int) -> np.ndarray:
    """How many of each cluster's cases are right: beta-binomial, or all or none at an ICC of 1."""
    shape = (runs, len(sizes))
    if icc == 1:
        return np.where(rng.random(shape) < rate, sizes, 0)
    spread = 1 / icc - 1
    return rng.binomial(sizes, rng.beta(rate * spread, (1 - rate) * spread, shape))


def _clusters(bound: float, icc: float, *, mean: bool = False) -> Scene:
    gate, kind = Gate(metric=METRIC, min=bound), Measure(name=METRIC)

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        sizes = _sizes(n)
        member = dict(zip(ids(n), np.repeat(range(len(sizes)), sizes).astype(str).tolist(), strict=True))

        def rule(right: tuple[int, ...]) -> str:
            marks = [place < hits for size, hits in zip(sizes, right, strict=True) for place in range(size)]
            if mean:
                values = dict(zip(ids(n), map(float, marks), strict=True))
                return by_test(infer_mean(values, member, bounded=True), gate)
            figures = {(case_id, 0): mark for case_id, mark in zip(ids(n), marks, strict=True)}
            return by_test(infer(kind, figures, member), gate)

        drawn = _right(rng, bound + clear, icc, sizes, runs)
        return tallied(map(tuple, drawn.tolist()), rule)

    name = f"{'mean' if mean else 'rate'}, ICC {icc}, min {bound}"
    return Scene(
        kind="clusters of 1 to 20 cases", name=name, play=play, sizes=DEAR, runs={400: 10_000, 2000: 2000}
    )


def _passes(mean: float) -> np.ndarray:
    """How likely 0 to 3 of a case's trials pass, where cases differ by a beta distribution."""
    from scipy.stats import betabinom

    found: np.ndarray = betabinom(_TRIALS, mean * _STEADY, (1 - mean) * _STEADY).pmf(range(_TRIALS + 1))
    return found


def _over(aggregate: str, weights: Sequence[float], bound: float) -> Scene:
    """Gates on what a case's trials come to; `weights` is what a case with so many passes adds."""
    name = f"{METRIC}.{aggregate}" if aggregate else METRIC
    gate = Gate(metric=name, min=bound)
    whole = aggregate != ""

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        mean = solved(lambda m: float(_passes(m) @ weights), bound + clear, 1e-6, 1 - 1e-6)
        drawn = rng.multinomial(n, _passes(mean), runs) @ (
            np.rint(np.array(weights) * (1 if whole else _TRIALS))
        )
        most = n if whole else n * _TRIALS

        def rule(right: int) -> str:
            each = _TRIALS if whole else 1
            marks = [place < right * each for place in range(n * _TRIALS)]
            return ruled(gate, [marks[i : i + _TRIALS] for i in range(0, n * _TRIALS, _TRIALS)])

        return tallied(drawn.astype(int).tolist(), between(rule, most))

    title = f"{aggregate or 'mean of trials'}, min {bound}"
    return Scene(kind="three trials a case", name=title, play=play)


def _holm(name: str, bounds: Sequence[float], *, alike: bool = False, off: Sequence[int] = ()) -> Scene:
    """Several gates at once: at their bounds the share of runs in which any of those errs.

    Args:
        name: of the row.
        bounds: the gates', each a least rate.
        alike: whether all rule on the same answers.
        off: which gates are 5 points clear anyway, and so cannot ship in error.
    """
    gates = [Gate(metric=METRIC, min=bound) for bound in bounds]

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        rates = [bound + CLEAR * (clear > 0 or place in off) for place, bound in enumerate(bounds)]
        drawn = rng.random((runs, 1)) if alike else rng.random((runs, len(bounds)))
        counts = _binomials(drawn, n, rates)
        watched = range(len(bounds)) if clear else [p for p in range(len(bounds)) if p not in off]

        def rule(right: tuple[int, ...]) -> str:
            parts = [(parts_of_rate(gate, k, n), 0.95) for gate, k in zip(gates, right, strict=True)]
            found = [part.status for place, (part,) in enumerate(share_error(parts)) if place in watched]
            return _together(found, all if clear else any)

        return tallied(map(tuple, counts.tolist()), rule)

    return Scene(kind="three gates with Holm's correction", name=name, play=play, sizes=DEAR)


def _binomials(drawn: np.ndarray, n: int, rates: Sequence[float]) -> np.ndarray:
    from scipy.stats import binom

    found: np.ndarray = binom(n, np.array(rates)).ppf(drawn).astype(int)
    return found


def _together(found: Sequence[str], enough: Callable[[Iterable[object]], bool]) -> str:
    if enough(status == "pass" for status in found):
        return "pass"
    return "fail" if "fail" in found else "inconclusive"


def _corrected(bound: float) -> Scene:
    """A check's rate corrected by labels of its own: the true share of good answers is what is bounded."""
    gate = Gate(metric=METRIC, min=bound)

    def play(rng: np.random.Generator, n: int, runs: int, clear: float) -> Tally:
        true = bound + clear
        passed = rng.binomial(n, true * _SENSITIVITY + (1 - true) * (1 - _SPECIFICITY), runs)
        found, missed = (rng.binomial(_LABELLED, share, runs) for share in (_SENSITIVITY, _SPECIFICITY))
        rules = {
            pair: _corrected_rule(gate, n, pair)
            for pair in set(zip(found.tolist(), missed.tolist(), strict=True))
        }
        drawn = zip(passed.tolist(), found.tolist(), missed.tolist(), strict=True)
        return tallied(drawn, lambda one: rules[one[1], one[2]](one[0]))

    kind = "rates corrected for the check's errors (Rogan–Gladen)"
    return Scene(kind=kind, name=f"min {bound}", play=play, sizes=(20, 100, 400))


@cache
def _corrected_rule(gate: Gate, n: int, pair: tuple[int, int]) -> Callable[[int], str]:
    (found, missed), confidence = pair, gate.confidence

    def rule(passed: int) -> str:
        errors = {"sensitivity": (found, _LABELLED), "specificity": (missed, _LABELLED)}
        return by_limits(rogan_gladen_limits(passed, n, confidence=confidence, **errors), gate)

    return between(rule, n)


_WORSE = Gate(metric=METRIC, no_worse_than="baseline", margin=CLEAR)
_BETTER = Gate(metric=METRIC, better_than="baseline")

DESIGNS: tuple[Scene, ...] = (
    _pairs(_WORSE, "no worse, margin 5 points; 10 % differ", differ=0.1),
    _pairs(_WORSE, "no worse, margin 5 points; 30 % differ", differ=0.3),
    _pairs(_BETTER, "better; 10 % differ", differ=0.1),
    _pairs(_BETTER, "better; 30 % differ", differ=0.3),
    _scores(_WORSE, "no worse, margin 0.05; 40 % differ"),
    _scores(_BETTER, "better; 40 % differ"),
    _clusters(0.8, 0.2),
    _clusters(0.8, 1),
    _clusters(0.9, 0.2),
    _clusters(0.9, 1),
    _clusters(0.8, 0.2, mean=True),
    _clusters(0.8, 1, mean=True),
    _over("", (0, 1 / 3, 2 / 3, 1), 0.8),
    _over("pass^3", (0, 0, 0, 1), 0.8),
    _over("majority", (0, 0, 1, 1), 0.8),
    _over("pass@3", (0, 1, 1, 1), 0.8),
    _holm("all at bounds of 0.5, 0.8, 0.9", (0.5, 0.8, 0.9)),
    _holm("all at 0.8, the same answers", (0.8, 0.8, 0.8), alike=True),
    _holm("one at 0.8, two of them clear", (0.8, 0.8, 0.8), off=(1, 2)),
    _corrected(0.8),
)
