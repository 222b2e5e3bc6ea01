"""A run's metrics corrected for what their checks get wrong, as far as people have said so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from lockgate.calibrated import Estimator, Part, Way, way_of
from lockgate.figures import Key, observe
from lockgate.human import human_labels
from lockgate.model import Metric, Sample, Suite
from lockgate.stats import binomial_limits
from lockgate.units import show

__all__ = ["Corrected", "correct"]

Shares: TypeAlias = Mapping[Key, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """Metrics after correction, and notes on how each was corrected and on labels that could not be used."""

    metrics: tuple[Metric, ...]
    notes: tuple[str, ...] = ()


def correct(metrics: Sequence[Metric], samples: Sequence[Sample], suite: Suite) -> Corrected:
    """The metrics, those that cover a check's verdicts corrected for its errors where these are known.

    From human labels in the suite (`human:` of a case), 30 or more, by prediction-powered inference; else
    from the check's calibration, by Rogan & Gladen's estimate for a rate and by the mean difference of label
    and score for a mean. A check with neither keeps its metrics as they are. What a correction rests on is
    taken to have been drawn from the same population as the suite's cases; for a rate's calibration it is
    enough that the check errs as often.

    Args:
        metrics: as measured.
        samples: of one run.
        suite: its checks and cases.
    """
    labels = human_labels(suite, samples)
    shared = Counter(check.measures[0].name for check in suite.checks if check.measures)
    made, notes = list(metrics), list(labels.notes)
    for check in suite.checks:
        name = check.measures[0].name if check.measures else ""
        own = labels.by_metric.get(name, {})
        if check.calibration is None and not own:
            continue
        for place, metric in enumerate(made):
            if metric.name == name:
                way = way_of(check, metric, own) if shared[name] == 1 else _ambiguous(name)
                made[place] = _corrected(metric, samples, way)
                notes += [f"{name}: {_told(made[place], way)}"] if way.note else []
            elif metric.of == name and check.calibration is not None:
                made[place] = replace(
                    metric, doubt=f"it aggregates {name}, whose check errs. Gate on {name}."
                )
    return Corrected(metrics=tuple(made), notes=tuple(notes))


def _told(metric: Metric, way: Way) -> str:
    raw = f"; the raw value is {show(metric.raw, metric.unit)}" if metric.raw is not None else ""
    return f"{way.note}{raw}."


def _ambiguous(name: str) -> Way:
    return Way(
        doubt=f"several checks make {name}, so that it is not known whose errors it has. Name them apart.",
        void=True,
    )


def _corrected(metric: Metric, samples: Sequence[Sample], way: Way) -> Metric:
    if metric.value is None or (way.estimate is None and not way.doubt):
        return metric
    blank = replace(metric, raw=metric.value, value=None, low=None, high=None, floor=None, ceiling=None)
    if way.void or way.estimate is None:
        return replace(blank, doubt=way.doubt, method="not corrected")
    shares = _good_shares(metric, samples)
    lost = {(s.case_id, s.trial) for s in samples if s.error is not None}
    judged = {key: share for key, share in shares.items() if key not in lost}
    known = {key: share for key, share in judged.items() if share is not None}
    if not known:
        return replace(metric, raw=metric.value, doubt=way.doubt)
    return _measured(blank, way, judged, known, missing=len(shares) - len(judged))


def _measured(blank: Metric, way: Way, judged: Shares, known: Mapping[Key, float], *, missing: int) -> Metric:
    """The metric with the corrected value and limits; `missing` samples had an error and are known misses."""
    assert way.estimate is not None  # noqa: S101 - for the type checker: `_corrected` looked
    value, limits = _with_missing(way.estimate, known, missing, blank.confidence)
    worst = {key: 0.0 if share is None else share for key, share in judged.items()}
    best = {key: 1.0 if share is None else share for key, share in judged.items()}
    floor = _with_missing(way.estimate, worst, missing, blank.confidence)[1][0]
    ceiling = _with_missing(way.estimate, best, missing, blank.confidence)[1][1]
    if limits[1] <= 0 or limits[0] >= 1:
        beyond = "what it was calibrated on is not like this suite: no true share explains the raw one"
        return replace(blank, doubt=f"{beyond}. Label answers of this suite.", method="not corrected")
    if blank.better == "lower":
        value, limits, floor, ceiling = 1 - value, (1 - limits[1], 1 - limits[0]), 1 - ceiling, 1 - floor
    clipped = "" if 0 <= value <= 1 else f", clipped from {value:.3g}"
    return replace(
        blank,
        value=_clip(value),
        low=_clip(limits[0]),
        high=_clip(limits[1]),
        floor=_clip(floor),
        ceiling=_clip(ceiling),
        method=f"{way.method}{clipped}",
        doubt=way.doubt,
    )


def _with_missing(estimate: Estimator, shares: Mapping[Key, float], missing: int, confidence: float) -> Part:
    """The share over all samples, those without an answer being misses that no check had to find."""
    if not missing:
        return estimate(shares, confidence)
    # Two limits at once: each has half of what may go wrong.
    sure, n = (1 + confidence) / 2, len(shares) + missing
    value, (low, high) = estimate(shares, sure)
    least, most = binomial_limits(len(shares), n, confidence=sure)
    return value * len(shares) / n, (max(low, 0.0) * least, high * most)


def _good_shares(metric: Metric, samples: Sequence[Sample]) -> Shares:
    """What each sample adds to the share of what is good; None where that is unknown."""
    figures = observe(samples, metric)
    return {key: _good(figure, lower=metric.better == "lower") for key, figure in figures.items()}


def _good(figure: object, *, lower: bool) -> float | None:
    if not isinstance(figure, bool | int | float):
        return None
    return 1 - float(figure) if lower else float(figure)


def _clip(share: float) -> float:
    return min(max(share, 0.0), 1.0)
