"""A gate's bounds on the difference from a baseline: what each of them says of a metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from lockgate.differences import Difference, difference
from lockgate.model import Gate, Metric, Sample
from lockgate.statistics.clustering import Clusters
from lockgate.statistics.inference import NO_CLUSTERS
from lockgate.statistics.intervals import T_LEAST
from lockgate.statistics.power import paired_n, scaled_n, unmet
from lockgate.statistics.sequential import Looks
from lockgate.units import show

__all__ = ["BASELINE", "Part", "Status", "advice", "against_baselines", "undecided"]

BASELINE = "baseline"
"""The word in a gate for what the command line names."""

Status: TypeAlias = Literal["pass", "fail", "inconclusive"]
"""What a gate, or one bound of it, comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one bound of a gate says.

    Args:
        status: what it comes to.
        reason: why, in a sentence or two.
        needed_n: samples that would decide it; None where that is not known, or none would.
        compared: whether it is a bound on the difference from a baseline.
        p_pass: the p-value of its pass; None where it is no matter of chance.
        p_fail: the p-value of its fail; likewise.
        adjusted: `p_pass` after correction for the other bounds.
        n: samples, or pairs, that it rests on; None where that is not known.
    """

    status: Status
    reason: str
    needed_n: int | None = None
    compared: bool = False
    p_pass: float | None = None
    p_fail: float | None = None
    adjusted: float | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rival:
    """A bound on a difference: the least that it may be, `strict` where it has to be more."""

    word: str
    least: float
    strict: bool

    def __str__(self) -> str:
        return f"{'better_than' if self.strict else 'no_worse_than'} {self.word}"


def _rivals(gate: Gate) -> Iterator[_Rival]:
    if gate.no_worse_than is not None:
        yield _Rival(word=gate.no_worse_than, least=-gate.margin, strict=False)
    if gate.better_than is not None:
        yield _Rival(word=gate.better_than, least=gate.margin, strict=True)


def against_baselines(
    gate: Gate,
    metric: Metric,
    samples: Sequence[Sample],
    baselines: Mapping[str, Sequence[Sample]],
    *,
    clusters: Clusters = NO_CLUSTERS,
    looks: Looks | None = None,
) -> list[Part]:
    """What each bound on a difference says; see `gates.parts_of` for the arguments."""
    return [
        _against(metric, samples, baselines.get(rival.word), rival, (clusters, looks))
        for rival in _rivals(gate)
    ]


def undecided(reason: str, needed_n: int | None = None) -> Part:
    """Nothing can be said yet, and how many samples it takes if that is known."""
    return Part(status="inconclusive", reason=reason, needed_n=needed_n, p_pass=1.0, p_fail=1.0)


def advice(needed: int | None) -> str:
    """What would decide it, as a sentence."""
    if needed is None:
        return "More samples like these would not decide it."
    return f"If this value holds, {needed:,} samples would decide it."


def _against(
    metric: Metric,
    samples: Sequence[Sample],
    theirs: Sequence[Sample] | None,
    rival: _Rival,
    design: tuple[Clusters, Looks | None],
) -> Part:
    """A bound on the difference from a baseline, turned so that more is better."""
    if theirs is None or theirs is samples or metric.kind == "quantile":
        return _without_pairs(metric, theirs, rival)
    if metric.raw is not None and rival.least:
        remedy = "Leave the margin out, or bound the metric with min or max."
        return undecided(f"{rival}: a difference is not corrected for the check's errors. {remedy}")
    found, least = difference(samples, theirs, metric, *design), rival.least
    if found.value is None:
        return undecided(f"{rival}: the runs share no scored sample of {metric.name}.")
    return replace(
        _compared(metric, found, rival),
        n=found.n,
        p_pass=1.0 if found.worst is None else found.worst.p_value(least, above=True),
        p_fail=1.0 if found.best is None else found.best.p_value(least, above=False),
    )


def _compared(metric: Metric, found: Difference, rival: _Rival) -> Part:
    least = rival.least
    head = f"{_difference_head(metric, found)}; {rival}, margin {show(abs(least), metric.unit)}"
    if found.low is not None and (found.low > least or (found.low == least and not rival.strict)):
        return Part(status="pass", reason=f"{head}: the low limit clears it.")
    if found.high is not None and (found.high < least or (found.high == least and rival.strict)):
        return Part(status="fail", reason=f"{head}: even the high limit is below it.", compared=True)
    needed = _needed_pairs(metric, found, least)
    remedy = "Give the gate a margin, or be better." if needed is None and not least else advice(needed)
    return undecided(f"{head}: the limits are on both sides of it. {remedy}", needed)


def _without_pairs(metric: Metric, theirs: Sequence[Sample] | None, rival: _Rival) -> Part:
    if theirs is None and rival.word == BASELINE:
        remedy = "Name a backend, a run or a run file: --llm-baseline."
        return undecided(f"{rival}: there is no baseline. {remedy}")
    if theirs is None:
        return undecided(f"{rival}: there is no such run of this suite. Run it, too.")
    if metric.kind == "quantile":
        return undecided(f"{rival}: latency has no cases to pair. Bound {metric.name} with max.")
    return Part(status="pass", reason=f"{rival}: that is this run itself.")


def _needed_pairs(metric: Metric, found: Difference, least: float) -> int | None:
    if found.gained is not None and found.lost is not None:
        return unmet(
            paired_n(found.gained, found.lost, found.n, bound=least, confidence=metric.confidence), found.n
        )
    value = found.value or 0.0
    limit = found.low if value > least else found.high
    return T_LEAST if limit is None else scaled_n(found.n, value, limit, least)


def _difference_head(metric: Metric, found: Difference) -> str:
    direction = "better" if (found.value or 0) >= 0 else "worse"
    size = show(abs(found.value or 0), metric.unit)
    limits = f"[{show(found.low, metric.unit)}, {show(found.high, metric.unit)}]"
    alone = f", {found.unpaired} samples unpaired" if found.unpaired else ""
    return f"{metric.name} is {size} {direction} than the baseline {limits}, {found.n} pairs{alone}"
