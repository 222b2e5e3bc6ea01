"""Metrics and gates to rulings: pass, fail or inconclusive, each with its reason in plain words.

A gate passes when the confidence limit clears its bound even if every unscored sample is counted against it,
fails when the other limit is beyond the bound even if they are all counted in its favour, and is inconclusive
otherwise. A gate with several bounds fails with the first that fails and passes only if all do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal, TypeAlias

from lockgate.hard import without_failure
from lockgate.model import Gate, Metric, Ruling, Sample
from lockgate.rivals import BASELINE, Part, Status, advice, against_baselines, undecided
from lockgate.statistics.clustering import Clusters
from lockgate.statistics.evidence import Evidence
from lockgate.statistics.inference import NO_CLUSTERS
from lockgate.statistics.power import needed_n
from lockgate.statistics.sequential import Looks
from lockgate.units import show

__all__ = ["BASELINE", "join", "parts_of", "rule"]

_LABEL = "Ask more cases, and label more answers for its check."

_Side: TypeAlias = Literal["min", "max"]


def rule(
    gate: Gate,
    metric: Metric,
    *,
    expected: int,
    seen: int,
    samples: Sequence[Sample] = (),
    baselines: Mapping[str, Sequence[Sample]] = MappingProxyType({}),
) -> Ruling:
    """Rule on one gate by itself, without regard to others.

    Args:
        gate: the bound or bounds.
        metric: the gate's metric, its limits at the gate's confidence or above.
        expected: samples that a whole run has (cases × trials).
        seen: samples that this run has; where fewer, nothing but inconclusive can come of it.
        samples: this run's, to pair with a baseline's.
        baselines: what `no_worse_than` and `better_than` name → that run's samples. A run that is its own
            baseline has nothing to compare: it passes.

    Raises:
        ValueError: the metric is another than the gate's, or its limits are at a lower confidence.
    """
    parts = parts_of(gate, metric, expected=expected, seen=seen, samples=samples, baselines=baselines)
    return join(gate, metric, parts)


def parts_of(
    gate: Gate,
    metric: Metric,
    *,
    expected: int,
    seen: int,
    samples: Sequence[Sample] = (),
    baselines: Mapping[str, Sequence[Sample]] = MappingProxyType({}),
    evidence: Evidence | None = None,
    clusters: Clusters = NO_CLUSTERS,
    looks: Looks | None = None,
) -> list[Part]:
    """What each bound of a gate says by itself, to be joined, or corrected for other gates' bounds before.

    Args:
        gate: as for `rule`, and so the next five.
        metric: likewise.
        expected: likewise.
        seen: likewise.
        samples: likewise.
        baselines: likewise.
        evidence: the metric's p-values; without them the parts have none but those of differences.
        clusters: case id → what it shares with others, for differences.
        looks: how far a run is that may end early.

    Raises:
        ValueError: as for `rule`.
    """
    if metric.name != gate.metric or metric.confidence < gate.confidence - 1e-9:
        raise ValueError(f"{metric.name} at {metric.confidence} cannot decide on {gate.metric}")
    hard = [without_failure(metric, samples, expected=expected)] if gate.hard and not metric.doubt else []
    if hard and not gate.bounds:
        return hard
    blocked = _blocked(gate, metric, expected, seen)
    if blocked is not None:
        return [*hard, *[blocked] * max(gate.bounds, 1)]
    sides: tuple[tuple[_Side, float | None], ...] = (("min", gate.min), ("max", gate.max))
    parts = [_bound(metric, b, side, samples, evidence) for side, b in sides if b is not None]
    return [
        *hard,
        *parts,
        *against_baselines(gate, metric, samples, baselines, clusters=clusters, looks=looks),
    ]


def join(gate: Gate, metric: Metric, parts: Sequence[Part], *, group: str = "") -> Ruling:
    """A gate's ruling: a fail where a part fails, a pass where all pass.

    Args:
        gate: the gate.
        metric: what it was ruled by.
        parts: what its bounds say, at least one.
        group: the value of the gate's `by`.
    """
    order: tuple[Status, ...] = ("fail", "inconclusive", "pass")
    status = next(s for s in order if any(p.status == s for p in parts))
    deciding = [p for p in parts if p.status == status]
    needed = [p.needed_n for p in deciding if p.needed_n is not None]
    reason = " ".join(dict.fromkeys(p.reason for p in deciding))
    return Ruling(
        gate=gate,
        metric=metric,
        status=status,
        reason=f"{gate.by} {group}: {reason}" if group else reason,
        needed_n=max(needed) if len(needed) == len(deciding) else None,
        regression=any(p.compared for p in deciding),
        group=group,
        p_value=max((p.p_pass for p in parts if p.p_pass is not None), default=None),
        adjusted_p=max((p.adjusted for p in parts if p.adjusted is not None), default=None),
    )


def _blocked(gate: Gate, metric: Metric, expected: int, seen: int) -> Part | None:
    """Why nothing can be said at all, whatever the bounds."""
    if seen < expected:
        return undecided(
            f"{expected - seen} of {expected} samples were not run. Run all of the suite's cases."
        )
    if metric.doubt:
        return undecided(f"{metric.name} cannot be relied on: {metric.doubt}")
    if metric.value is None or not math.isfinite(metric.value):
        return undecided(f"{metric.name} has no value: {_why_no_value(metric)}")
    if not gate.bounds:
        return undecided("The gate has no bound. Give it min, max, no_worse_than, better_than or hard.")
    return None


def _why_no_value(metric: Metric) -> str:
    if metric.unscored:
        return f"none of its {metric.unscored} samples could be scored."
    if metric.kind == "quantile":
        return "nothing was timed. Give the suite `latency:`."
    return "it applies to no sample."


def _bound(
    metric: Metric, bound: float, side: _Side, samples: Sequence[Sample], evidence: Evidence | None
) -> Part:
    """One absolute bound, with its p-values."""
    part = _by_limits(metric, bound, side, samples)
    if evidence is None:
        return part
    above = side == "min"
    settled = part.status == "fail" and _settled(metric, bound, side)
    return replace(
        part,
        n=metric.n,
        p_pass=evidence.p_value(bound, above=above),
        p_fail=0.0 if settled else evidence.p_value(bound, above=not above),
    )


def _by_limits(metric: Metric, bound: float, side: _Side, samples: Sequence[Sample]) -> Part:
    """The limit towards the bad side has to clear the bound."""
    least, most = _least(metric), _most(metric)
    clear = least is not None and least >= bound if side == "min" else most is not None and most <= bound
    beyond = most is not None and most < bound if side == "min" else least is not None and least > bound
    head = f"{_head(metric)}; {side} {show(bound, metric.unit)}"
    if clear:
        return Part(status="pass", reason=f"{head}: the {_towards(side)} limit clears it.")
    settled = _settled(metric, bound, side)
    if beyond or settled:
        return Part(status="fail", reason=f"{head}: {_why_fail(side, settled=settled)}")
    needed = needed_n(metric, bound, above=side == "min", samples=samples)
    return replace(
        undecided(f"{head}: {_why_open(metric, bound, side, needed)}", needed), p_pass=None, p_fail=None
    )


def _least(metric: Metric) -> float | None:
    return metric.low if metric.floor is None and not metric.unscored else metric.floor


def _most(metric: Metric) -> float | None:
    return metric.high if metric.ceiling is None and not metric.unscored else metric.ceiling


def _towards(side: _Side) -> str:
    return "low" if side == "min" else "high"


def _settled(metric: Metric, bound: float, side: _Side) -> bool:
    """A share that must be all or nothing and is not: one miss settles it."""
    if metric.unit or metric.value is None or metric.raw is not None:
        return False
    return metric.value < bound and bound >= 1 if side == "min" else metric.value > bound and bound <= 0


def _why_fail(side: _Side, *, settled: bool) -> str:
    if settled:
        return "no miss is allowed, and there is one."
    other = "high" if side == "min" else "low"
    return f"even the {other} limit is {'below' if side == 'min' else 'above'} it."


def _why_open(metric: Metric, bound: float, side: _Side, needed: int | None) -> str:
    if not metric.unit and (bound >= 1 if side == "min" else bound <= 0):
        return "no number of samples proves that there is never a miss. Gate on a bound that can be reached."
    scored = metric.low if side == "min" else metric.high
    if scored is not None and metric.unscored and (scored >= bound if side == "min" else scored <= bound):
        return f"it would pass but for {metric.unscored} unscored samples, which count against it."
    missing = f"there are too few samples for a {_towards(side)} limit" if scored is None else ""
    why = missing or f"the limits are on both sides of it at {metric.confidence:.4g} confidence"
    return f"{why}. {advice(needed) if metric.raw is None else _LABEL}"


def _head(metric: Metric) -> str:
    limits = f"[{show(metric.low, metric.unit)}, {show(metric.high, metric.unit)}]"
    unscored = f", {metric.unscored} unscored" if metric.unscored else ""
    clusters = "" if metric.clusters is None else f" in {metric.clusters} clusters"
    raw = "" if metric.raw is None else f", raw {show(metric.raw, metric.unit)}"
    return (
        f"{metric.name} is {show(metric.value, metric.unit)} {limits}, n {metric.n}{clusters}{unscored}{raw}"
    )
