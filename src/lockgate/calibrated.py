"""Ways to correct a metric for its check's errors, and what speaks against them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import fmean
from typing import TypeAlias

from lockgate.agreement import Agreement, agree
from lockgate.corrected import (
    mean_limits,
    prediction_powered,
    rectifier_limits,
    rogan_gladen,
    rogan_gladen_limits,
    sum_limits,
)
from lockgate.figures import Key, by_case
from lockgate.fingerprints import digest
from lockgate.human import Labelled
from lockgate.model import Calibration, Check, Metric
from lockgate.stats import T_LEAST

__all__ = ["Estimator", "Part", "Way", "doubts_of", "fingerprint_of", "way_of"]

Part: TypeAlias = tuple[float, tuple[float, float]]
"""A value and its limits."""

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


def way_of(check: Check, metric: Metric, own: Mapping[Key, Labelled]) -> Way:
    """The way for a metric of a check, some of whose samples have human labels of their own."""
    void, unmet = "", ""
    if check.calibration is not None:
        void, unmet = doubts_of(check, check.calibration, confidence=metric.confidence)
    cases = {case_id for case_id, _ in own}
    if len(cases) >= T_LEAST:
        note = f"{len(cases)} cases have human labels for the answers of this run"
        return Way(
            method="prediction-powered", estimate=_powered(metric, own), doubt=void or unmet, note=note
        )
    if check.calibration is None:
        few = f"{len(cases)} cases with a human label are too few to correct it; {T_LEAST} would do"
        return Way(note=few)
    if void:
        return Way(doubt=void, void=True)
    way = _by_rate(check.calibration) if metric.kind == "rate" else _by_mean(check.calibration)
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


def _by_rate(calibration: Calibration) -> Way:
    found = agree(calibration.ratings)
    sensitivity, specificity = found.sensitivity, found.specificity
    if sensitivity.value is None or specificity.value is None:
        missing = "good" if sensitivity.value is None else "bad"
        return Way(doubt=f"{calibration.file} has no {missing} answer with a verdict. Label some.", void=True)
    if sensitivity.value + specificity.value <= 1:
        said = f"sensitivity {sensitivity.value:.2f} and specificity {specificity.value:.2f}"
        return Way(doubt=f"its check tells good from bad no better than chance ({said}). Mend it.", void=True)
    return Way(
        method="Rogan–Gladen, melded limits", estimate=_rogan_gladen(found), note=_told(calibration, found)
    )


def _by_mean(calibration: Calibration) -> Way:
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
        values = _values(shares)
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


def _rogan_gladen(found: Agreement) -> Estimator:
    sensitivity, specificity = found.sensitivity, found.specificity

    def estimate(shares: Mapping[Key, float], confidence: float) -> Part:
        values = _values(shares)
        true = rogan_gladen(fmean(values), sensitivity.value or 0.0, specificity.value or 0.0)
        limits = rogan_gladen_limits(
            sum(values),
            len(values),
            sensitivity=sensitivity.worth,
            specificity=specificity.worth,
            confidence=confidence,
        )
        return (true or 0.0), limits

    return estimate


def _powered(metric: Metric, own: Mapping[Key, Labelled]) -> Estimator:
    labelled_cases = {case_id for case_id, _ in own}

    def estimate(shares: Mapping[Key, float], confidence: float) -> Part:
        both: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        for key, labelled in own.items():
            if key in shares:
                label = float(labelled.good) if metric.kind == "rate" else labelled.label
                both[key[0]].append((label, shares[key]))
        means = [(fmean(a for a, _ in group), fmean(b for _, b in group)) for group in both.values()]
        others = _values({key: share for key, share in shares.items() if key[0] not in labelled_cases})
        return prediction_powered(others, means, confidence=confidence)

    return estimate


def _values(shares: Mapping[Key, float]) -> list[float]:
    return [value for value in by_case(shares) if isinstance(value, float)]
