"""Gates against the cases that there are: which cannot be decided, and how many cases it takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lockgate.model import Case, Correction, Gate, Measure
from lockgate.statistics.clustering import clustered, effective_n
from lockgate.statistics.power import all_right_n, binomial_power, power_n
from lockgate.units import count, show

__all__ = ["check_decisions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Few:
    """The cases of a group, the independent ones they are worth, and how many bounds share the error rate."""

    cases: int
    worth: int
    family: int


def check_decisions(
    gates: Sequence[Gate],
    measures: Mapping[str, Measure],
    cases: Sequence[Case],
    *,
    fields: Mapping[str, Mapping[str, str]],
    cluster: str = "",
    correction: Correction = "holm",
) -> tuple[str, ...]:
    """A sentence with its position for each gate on a rate that the cases cannot decide, or hardly.

    A bound that would not be reached even if every case were right, and one that at the rate `assumed` would
    be reached less often than `power` says. Cases of a cluster are counted for what they are worth where all
    are right. What a check applies to is not known here: all cases are counted.

    Args:
        gates: the suite's.
        measures: name → measure, of all that the gates are on.
        cases: the suite's.
        fields: field → case id → value, of `cluster` and of what gates go by.
        cluster: the field that dependent cases share; "" for none.
        correction: how the gates share the error rate.
    """
    groups = {gate.metric: list(_groups(gate, cases, fields, fields.get(cluster, {}))) for gate in gates}
    bounds = sum(len(groups[gate.metric]) * gate.bounds for gate in gates)
    family = bounds if correction == "holm" else 1
    notes: list[str] = []
    for gate in gates:
        measure = measures.get(gate.metric)
        if measure is not None and measure.kind == "rate":
            notes += _of_gate(gate, groups[gate.metric], max(family, 1))
    return tuple(notes)


def _groups(
    gate: Gate,
    cases: Sequence[Case],
    fields: Mapping[str, Mapping[str, str]],
    clusters: Mapping[str, str],
) -> Iterator[tuple[str, int, int]]:
    """Each group's words, its cases, and how many independent ones they are worth where all are right."""
    values = fields.get(gate.by, {}) if gate.by else {}
    for value in dict.fromkeys(values.values()) if gate.by else [""]:
        ids = [case.id for case in cases if not gate.by or values.get(case.id) == value]
        right = clustered(dict.fromkeys(ids, 1.0), clusters)
        worth = math.floor(effective_n(right)) if right else 0
        yield (f" with {gate.by} {value!r}" if gate.by else ""), len(ids), worth


def _of_gate(gate: Gate, groups: Sequence[tuple[str, int, int]], family: int) -> Iterator[str]:
    for bound, towards in ((gate.min, 1), (gate.max, -1)):
        if bound is None or not 0 < bound < 1:
            continue
        reach = bound if towards > 0 else 1 - bound
        for words, cases, worth in groups:
            assumed = gate.assumed if towards > 0 or gate.assumed is None else 1 - gate.assumed
            few = _Few(cases=cases, worth=worth, family=family)
            note = _cannot(gate, reach, worth) or (
                "" if assumed is None else _hardly(gate, reach, assumed, few)
            )
            if note:
                dependent = f", worth {worth} independent ones" if worth < cases else ""
                side = f"{'min' if towards > 0 else 'max'} {show(bound)}"
                said = note.replace("{few}", f"{count(cases, 'case')}{words}{dependent}")
                yield f"{gate.where}: The gate {gate.metric!r} ({side}) {said}"


def _cannot(gate: Gate, reach: float, worth: int) -> str:
    least = all_right_n(reach, confidence=gate.confidence)
    if worth >= least:
        return ""
    return (
        "cannot pass with {few}, even if all are right: "
        f"at {gate.confidence:.4g} confidence it takes {least}."
    )


def _hardly(gate: Gate, reach: float, rate: float, few: _Few) -> str:
    confidence = 1 - (1 - gate.confidence) / few.family
    power = binomial_power(rate, reach, few.worth, confidence=confidence)
    if power >= gate.power:
        return ""
    needed = power_n(rate, reach, confidence=confidence, power=gate.power)
    more = (
        "no number would do" if needed is None else f"it takes {math.ceil(needed * few.cases / few.worth):,}"
    )
    among = f" among {few.family} bounds" if few.family > 1 else ""
    return (
        f"passes with {{few}} at a true rate of {show(gate.assumed)} in {power:.0%} of runs{among}. "
        f"For a power of {gate.power:.0%} {more}."
    )
