"""Labels of cases and answers to the mean F1 of the classes, with its limits."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from lockgate.figures import ANY, f1
from lockgate.model import Counts, Labels
from lockgate.statistics.intervals import f1_limits

__all__ = ["Cases", "Limits", "class_counts", "class_f1_limits", "macro_f1", "macro_f1_limits"]

Limits: TypeAlias = tuple[float, float]

Cases: TypeAlias = Sequence[tuple[Labels, ...]]
"""The labels of each case's trials. Cases are independent, trials of one are not."""

_Shares: TypeAlias = tuple[tuple[str, Counts], ...]
"""What one case adds to each class that it touches."""


def class_counts(cases: Cases) -> dict[str, list[Counts]]:
    """Class → what each case that touches it adds to its F1, over the classes that cases have.

    A class that answers name and no case has is left out: it has no recall. A case whose class is not known
    (`figures.ANY`: there was no answer) touches every class.
    """
    found: dict[str, list[Counts]] = {}
    for share in _shares(cases):
        for name, counts in share:
            found.setdefault(name, []).append(counts)
    return found


def macro_f1(cases: Cases, weights: Mapping[str, float] | None = None) -> float | None:
    """The mean of the classes' F1, unweighted unless weights say else; None where there is no case.

    Args:
        cases: labels by case.
        weights: class → its weight; they sum to 1.
    """
    scores = {name: f1(counts) or 0.0 for name, counts in class_counts(cases).items()}
    share = weights or dict.fromkeys(scores, 1 / max(1, len(scores)))
    return math.fsum(share[name] * score for name, score in scores.items()) if scores else None


def macro_f1_limits(
    cases: Cases, *, confidence: float, weights: Mapping[str, float] | None = None
) -> Limits | None:
    """Limits of the mean of the classes' F1, recovered from each class's own; approximate.

    The distance from the mean to its limit, squared, is the sum over pairs of classes of both distances to
    their own limits, both weights and their correlation (MOVER: Zou & Donner 2008, Stat Med 27:1693). The
    classes' limits are those of `f1_limits`, so that one without a miss has a distance too. Correlations are
    those of the cases' influence on the F1 of both (the delta method), at least 0, and 1 where a class has no
    miss to tell from.

    Args:
        cases: labels by case.
        confidence: of each limit, in 0.5..1.
        weights: class → its weight; they sum to 1.

    Returns:
        The limits, or None where there is no case.
    """
    classes = class_counts(cases)
    if not classes:
        return None
    scores = {name: f1(counts) or 0.0 for name, counts in classes.items()}
    limits = class_f1_limits(classes, confidence=confidence)
    share = weights or dict.fromkeys(classes, 1 / len(classes))
    mean = math.fsum(share[name] * scores[name] for name in classes)
    ties = _covariances(Counter(_shares(cases)), scores)
    below = {name: share[name] * (scores[name] - limits[name][0]) for name in classes}
    above = {name: share[name] * (limits[name][1] - scores[name]) for name in classes}
    return max(0.0, mean - _joint(below, ties)), min(1.0, mean + _joint(above, ties))


def class_f1_limits(classes: Mapping[str, Sequence[Counts]], *, confidence: float) -> dict[str, Limits]:
    """Class → the limits of its F1; classes with the same counts are reckoned once."""
    known: dict[frozenset[tuple[Counts, int]], Limits] = {}
    found = {}
    for name, counts in classes.items():
        tally = frozenset(Counter(counts).items())
        if tally not in known:
            known[tally] = f1_limits(counts, confidence=confidence) or (0.0, 1.0)
        found[name] = known[tally]
    return found


def _shares(cases: Cases) -> list[_Shares]:
    known = dict.fromkeys(one.expected for labels in cases for one in labels if one.expected != ANY)
    classes = tuple(known) or (ANY,)
    return [_share(labels, classes, known) for labels in cases]


def _share(labels: Iterable[Labels], classes: Sequence[str], known: Mapping[str, None]) -> _Shares:
    tp, fp, fn = Counter[str](), Counter[str](), Counter[str]()
    for one in labels:
        hit = one.answered == one.expected
        (tp if hit else fn).update(classes if one.expected == ANY else (one.expected,))
        if not hit and one.answered is not None and one.answered in known:
            fp[one.answered] += 1
    touched = sorted({*tp, *fp, *fn})
    return tuple((name, Counts(tp=tp[name], fp=fp[name], fn=fn[name])) for name in touched)


def _covariances(
    shares: Mapping[_Shares, int], scores: Mapping[str, float]
) -> Mapping[tuple[str, str], float]:
    """Pair of classes → how cases influence both F1, up to a factor of each class."""
    found: defaultdict[tuple[str, str], float] = defaultdict(float)
    for share, times in shares.items():
        influence = [(name, 2 * c.tp - scores[name] * (2 * c.tp + c.fp + c.fn)) for name, c in share]
        for one, a in influence:
            for other, b in influence:
                found[one, other] += times * a * b
    return found


def _joint(distances: Mapping[str, float], ties: Mapping[tuple[str, str], float]) -> float:
    """The distance of a sum of correlated parts from its limit."""
    certain = {name for name in distances if ties[name, name] <= 0}
    fixed = math.fsum(distances[name] for name in certain)
    free = math.fsum(distances.values()) - fixed
    squares = math.fsum(
        distances[one] * distances[other] * max(0.0, tie) / math.sqrt(ties[one, one] * ties[other, other])
        for (one, other), tie in ties.items()
        if not certain & {one, other}
    )
    return math.sqrt(max(0.0, squares + fixed * (fixed + 2 * free)))
