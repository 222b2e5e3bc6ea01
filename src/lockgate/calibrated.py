"""Ways to correct a metric for its check's errors, and what speaks against them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import fmean
from typing import TypeAlias

from lockgate.figures import Key
from lockgate.fingerprints import digest
from lockgate.human import Labelled
from lockgate.model import Calibration, Check, Metric
from lockgate.statistics.agreement import Agreement, agree
from lockgate.statistics.clustering import Clusters, clustered, effective_n
from lockgate.statistics.corrected import (
    Part,
    mean_limits,
    prediction_powered,
    rectifier_limits,
    rogan_gladen,
    rogan_gladen_limits,
    sum_limits,
)
from lockgate.statistics.intervals import T_LEAST

__all__ = ["Estimator", "Part", "Way", "doubts_of", "fingerprint_of", "way_of"]

Estimator: TypeAlias = Callable[[Mapping[Key, float], float], Part]
"""Shares of what is good, and a confidence → the true share with its limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a metric is corrected.

    Args:
        method: how its interval is made.
        estimate: shares of what is good → the true share; None where it is not corrected.
        doubt: why no gate may rest on it; "" for no reason.
        void: whether it has no value because of that.
        note: what it is based on, for a reader of the run.
    """

    method: str = ""
    estimate: Estimator | None = None
    doubt: str = ""
    void: bool = False
    note: str = ""


def fingerprint_of(check: Check) -> str:
    """The hash of everything that can change a check's verdicts: its options, and the model that it asks."""
    return digest({"check": check.name, **check.identity})


def way_of(check: Check, metric: Metric, own: Mapping[Key, Labelled], clusters: Clusters) -> Way:
    """The way for the metric that covers a check's verdicts.

    Args:
        check: the check.
        metric: its metric.
        own: human labels of the run's own samples that the check has scored.
        clusters: case id → what it shares with others.
    """
    if metric.kind not in ("rate", "mean") or metric.unit:
        return Way(doubt=f"a metric of the kind {metric.kind} is not corrected. Calibrate a rate or a mean.")
    void, unmet = "", ""
    if check.calibration is not None:
        void, unmet = doubts_of(check, check.calibration, confidence=metric.confidence)
    cases = {case_id for case_id, _ in own}
    if len(cases) >= T_LEAST:
        note = f"{len(cases)} cases have human labels for the answers of this run"
        estimate = _powered(metric, own, clusters)
        return Way(method="prediction-powered", estimate=estimate, doubt=void or unmet, note=note)
    if check.calibration is None:
        few = f"{len(cases)} cases with a human label are too few to correct it; {T_LEAST} would do"
        return Way(note=few)
    if void:
        return Way(doubt=void, void=True)
    by_kind = _by_rate if metric.kind == "rate" else _by_mean
    way = by_kind(check.calibration, clusters)
    return replace(way, doubt=way.doubt or unmet)


def doubts_of(
    check: Check, calibration: Calibration, *, confidence: float, now: datetime | None = None
) -> tuple[str, str]:
    """What is against a calibration: first what makes it say nothing of the check, then what is asked of it.

    Args:
        check: as it is now.
        calibration: what is known of it.
        confidence: of kappa's low limit.
        now: the time, for `max_age`.

    Returns:
        Two sentences with a remedy, "" where there is nothing.
    """
    again = "Run `lockgate calibrate` again."
    if calibration.doubt:
        return calibration.doubt, ""
    if calibration.fingerprint != fingerprint_of(check):
        return (
            f"{calibration.file} is of another {check.name} than this one: it or its model changed. {again}",
            "",
        )
    return "", _unmet(calibration, confidence, now or datetime.now(UTC))


def _unmet(calibration: Calibration, confidence: float, now: datetime) -> str:
    if calibration.max_age_seconds is not None:
        age = (now - datetime.fromisoformat(calibration.made)).total_seconds()
        if age > calibration.max_age_seconds:
            most = calibration.max_age_seconds / 86_400
            return f"{calibration.file} is {age / 86_400:.0f} days old, and may be {most:g}. Calibrate again."
    if calibration.min_kappa is None:
        return ""
    found = agree(calibration.ratings)
    low = found.kappa_limits(confidence=confidence)[0]
    if found.kappa is not None and low >= calibration.min_kappa:
        return ""
    shown = "unknown" if found.kappa is None else f"{found.kappa:.2f} with the low limit {low:.2f}"
    remedy = "Mend the check, take another model, or label more answers."
    return f"kappa in {calibration.file} is {shown}, and has to be {calibration.min_kappa:g}. {remedy}"


def _by_rate(calibration: Calibration, clusters: Clusters) -> Way:
    found = agree(calibration.ratings)
    sensitivity, specificity = found.sensitivity, found.specificity
    if sensitivity.value is None or specificity.value is None:
        missing = "good" if sensitivity.value is None else "bad"
        return Way(doubt=f"{calibration.file} has no {missing} answer with a verdict. Label some.", void=True)
    if sensitivity.value + specificity.value <= 1:
        said = f"sensitivity {sensitivity.value:.2f} and specificity {specificity.value:.2f}"
        return Way(doubt=f"its check tells good from bad no better than chance ({said}). Mend it.", void=True)
    estimate, note = _rogan_gladen(found, clusters), _told(calibration, found)
    return Way(method="Rogan–Gladen, melded limits", estimate=estimate, note=note)


def _by_mean(calibration: Calibration, clusters: Clusters) -> Way:
    differences: defaultdict[str, list[float]] = defaultdict(list)
    for number, rating in enumerate(calibration.ratings):
        if rating.score is not None:
            differences[f"group {rating.group}" if rating.group else str(number)].append(
                rating.label - rating.score
            )
    if not differences:
        return Way(doubt=f"{calibration.file} has no answer with a score. Label some.", void=True)
    errors = [fmean(group) for group in differences.values()]

    def estimate(shares: Mapping[Key, float], confidence: float) -> Part:
        values = _units(shares, clusters)
        rectifier = (fmean(errors), rectifier_limits(errors, confidence=confidence))
        return sum_limits((fmean(values), mean_limits(values, confidence=confidence)), rectifier)

    note = _told(calibration, agree(calibration.ratings))
    return Way(method="prediction-powered, by calibration", estimate=estimate, note=note)


def _told(calibration: Calibration, found: Agreement) -> str:
    sensitivity, specificity, kappa = found.sensitivity, found.specificity, found.kappa
    shares = ", ".join(
        f"{word} {share.hits} of {share.n}"
        for word, share in (("sensitivity", sensitivity), ("specificity", specificity))
    )
    known = "unknown" if kappa is None else f"{kappa:.2f}"
    return f"corrected by {calibration.file} of {calibration.made[:10]} ({shares}, kappa {known})"


def _rogan_gladen(found: Agreement, clusters: Clusters) -> Estimator:
    sensitivity, specificity = found.sensitivity, found.specificity

    def estimate(shares: Mapping[Key, float], confidence: float) -> Part:
        cases = _by_case(shares)
        rate = fmean(cases.values())
        worth = max(1, math.floor(effective_n(clustered(cases, clusters)) + 1e-9))
        limits = rogan_gladen_limits(
            min(rate * worth, worth),
            worth,
            sensitivity=sensitivity.worth,
            specificity=specificity.worth,
            confidence=confidence,
        )
        true = rogan_gladen(rate, sensitivity.value or 0.0, specificity.value or 0.0)
        return (true or 0.0), limits

    return estimate


def _powered(metric: Metric, own: Mapping[Key, Labelled], clusters: Clusters) -> Estimator:
    labels = {key: float(one.good) if metric.kind == "rate" else one.label for key, one in own.items()}
    seen = {clusters.get(case_id, case_id) for case_id, _ in own}

    def estimate(shares: Mapping[Key, float], confidence: float) -> Part:
        told = _units(labels, clusters)
        scored = _units({key: shares[key] for key in labels}, clusters)
        others = {key: share for key, share in shares.items() if clusters.get(key[0], key[0]) not in seen}
        return prediction_powered(
            _units(others, clusters), list(zip(told, scored, strict=True)), confidence=confidence
        )

    return estimate


def _units(shares: Mapping[Key, float], clusters: Clusters) -> list[float]:
    """One value for each cluster, the mean of its cases; a case that shares nothing is one of its own."""
    return [cluster.mean for cluster in clustered(_by_case(shares), clusters)]


def _by_case(shares: Mapping[Key, float]) -> dict[str, float]:
    """One value for each case, the mean of its trials."""
    groups: defaultdict[str, list[float]] = defaultdict(list)
    for (case_id, _), share in shares.items():
        groups[case_id].append(share)
    return {case_id: fmean(group) for case_id, group in groups.items()}
