"""A run's metrics corrected for what their checks get wrong, as far as people have said so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from lockgate.calibrated import Estimator, Part, Way, way_of
from lockgate.figures import Key, observe
from lockgate.human import human_labels
from lockgate.model import Metric, Sample, Suite
from lockgate.statistics.clustering import Clusters
from lockgate.statistics.evidence import Evidence, Limits, PValue, p_by_levels
from lockgate.statistics.inference import NO_CLUSTERS
from lockgate.statistics.rates import binomial_limits
from lockgate.units import show

__all__ = ["Corrected", "correct"]

Shares: TypeAlias = Mapping[Key, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What correction leaves.

    Args:
        metrics: all of them, in order.
        notes: how each was corrected, and which labels could not be used.
        evidence: metric → its p-values, of those that were corrected.
    """

    metrics: tuple[Metric, ...]
    notes: tuple[str, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """What each answered sample adds to the share of what is good (None where that is unknown).

    `missing` samples have no answer because of an error: they are misses that no check had to find.
    """

    judged: Shares
    missing: int

    @property
    def known(self) -> dict[Key, float]:
        """Those that the check has scored."""
        return {key: share for key, share in self.judged.items() if share is not None}

    def filled(self, share: float) -> dict[Key, float]:
        """All, those that are unknown at one value."""
        return {key: share if found is None else found for key, found in self.judged.items()}


def correct(
    metrics: Sequence[Metric], samples: Sequence[Sample], suite: Suite, *, clusters: Clusters = NO_CLUSTERS
) -> Corrected:
    """The metrics, those that cover a check's verdicts corrected for its errors where these are known.

    From human labels in the suite (`human:` of a case), of 30 cases or more, by prediction-powered inference;
    else from the check's calibration, by Rogan & Gladen's estimate for a rate and by the mean difference of
    label and score for a mean. A check with neither keeps its metrics as they are. Labels in the suite, and
    those of a mean's calibration, are taken to be of answers drawn by chance from the same population as the
    suite's; for a rate's calibration it is enough that the check errs as often.

    Args:
        metrics: as measured.
        samples: of one run, or of a group of its cases.
        suite: its checks and cases.
        clusters: case id → what it shares with others.
    """
    labels = human_labels(suite, samples)
    shared = Counter(check.measures[0].name for check in suite.checks if check.measures)
    made, notes, evidence = list(metrics), list(labels.notes), dict[str, Evidence]()
    for check in suite.checks:
        name = check.measures[0].name if check.measures else ""
        own = labels.by_metric.get(name, {})
        if check.calibration is None and not own:
            continue
        for place, metric in enumerate(made):
            if metric.name == name and metric.value is not None:
                counted = _count(metric, samples)
                usable = {key: label for key, label in own.items() if key in counted.known}
                alone = shared[name] == 1
                way = way_of(check, metric, usable, clusters) if alone else _ambiguous(name)
                made[place] = _corrected(metric, way, counted)
                notes += [f"{name}: {_told(made[place], way)}"] if way.note else []
                evidence.update(_evidence(metric, way.estimate, counted))
            elif metric.of == name and check.calibration is not None:
                doubt = f"it aggregates {name}, whose check errs. Gate on {name}."
                made[place] = replace(metric, doubt=doubt)
    return Corrected(metrics=tuple(made), notes=tuple(notes), evidence=evidence)


def _told(metric: Metric, way: Way) -> str:
    raw = f"; the raw value is {show(metric.raw, metric.unit)}" if metric.raw is not None else ""
    return f"{way.note}{raw}."


def _ambiguous(name: str) -> Way:
    return Way(
        doubt=f"several checks make {name}, so that it is not known whose errors it has. Name them apart.",
        void=True,
    )


def _count(metric: Metric, samples: Sequence[Sample]) -> _Counted:
    lost = {(s.case_id, s.trial) for s in samples if s.error is not None}
    figures = observe(samples, metric)
    lower = metric.better == "lower"
    judged = {key: _good(figure, lower=lower) for key, figure in figures.items() if key not in lost}
    return _Counted(judged=judged, missing=len(figures) - len(judged))


def _good(figure: object, *, lower: bool) -> float | None:
    if not isinstance(figure, bool | int | float):
        return None
    return 1 - float(figure) if lower else float(figure)


def _corrected(metric: Metric, way: Way, counted: _Counted) -> Metric:
    if way.estimate is None and not way.doubt:
        return metric
    blank = replace(
        metric, raw=metric.value, value=None, low=None, high=None, floor=None, ceiling=None, doubt=way.doubt
    )
    if way.estimate is None:
        return replace(blank, method="not corrected") if way.void else replace(metric, doubt=way.doubt)
    if not counted.known:
        return replace(metric, raw=metric.value, doubt=way.doubt)
    return _measured(blank, way, way.estimate, counted)


def _measured(blank: Metric, way: Way, estimate: Estimator, counted: _Counted) -> Metric:
    confidence, lower = blank.confidence, blank.better == "lower"
    value, (low, high) = _with_missing(estimate, counted.known, counted.missing, confidence)
    if high <= 0 or low >= 1:
        beyond = "what it was calibrated on is not like this suite: no true share explains the raw one"
        return replace(blank, doubt=f"{beyond}. Label answers of this suite.", method="not corrected")
    floor = _with_missing(estimate, counted.filled(0.0), counted.missing, confidence)[1][0]
    ceiling = _with_missing(estimate, counted.filled(1.0), counted.missing, confidence)[1][1]
    if lower:
        value, low, high, floor, ceiling = 1 - value, 1 - high, 1 - low, 1 - ceiling, 1 - floor
    clipped = "" if 0 <= value <= 1 else f", clipped from {value:.3g}"
    return replace(
        blank,
        value=_clip(value),
        low=_clip(low),
        high=_clip(high),
        floor=_clip(floor),
        ceiling=_clip(ceiling),
        method=f"{way.method}{clipped}",
    )


def _with_missing(estimate: Estimator, shares: Mapping[Key, float], missing: int, confidence: float) -> Part:
    """The share over all samples, with those that have no answer."""
    if not missing:
        return estimate(shares, confidence)
    # Two limits at once: each has half of what may go wrong.
    sure, n = (1 + confidence) / 2, len(shares) + missing
    value, (low, high) = estimate(shares, sure)
    least, most = binomial_limits(len(shares), n, confidence=sure)
    return value * len(shares) / n, (max(low, 0.0) * least, high * most)


def _evidence(metric: Metric, estimate: Estimator | None, counted: _Counted) -> dict[str, Evidence]:
    """The p-values that belong to corrected limits, under the metric's name; none where there are no such."""
    if estimate is None or not counted.known:
        return {}
    lower = metric.better == "lower"

    def p_value(share: float) -> PValue:
        shares = counted.filled(1 - share if lower else share)

        def limits(confidence: float) -> Limits:
            low, high = _with_missing(estimate, shares, counted.missing, confidence)[1]
            return (1 - high, 1 - low) if lower else (low, high)

        return lambda bound, *, above: p_by_levels(limits, bound, above=above)

    return {metric.name: Evidence(least=p_value(0.0), most=p_value(1.0))}


def _clip(share: float) -> float:
    return min(max(share, 0.0), 1.0)
