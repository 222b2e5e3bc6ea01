"""A suite's `gates`: bounds as numbers, percentages and durations, each in its metric's unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from lockgate.documents.findings import Findings
from lockgate.documents.nodes import Node
from lockgate.documents.quantities import quantity
from lockgate.documents.tables import Key, Table, check_mapping, quote
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import BUILTIN_MEASURES, Gate, Measure, Where
from lockgate.trials import aggregated, split_aggregate

__all__ = ["BOUND", "DEFAULTS", "GATE", "read_confidence", "read_gates", "read_power"]

BOUND = float | str
CONFIDENCE = Key(
    name="confidence",
    annotation=BOUND,
    default=0.95,
    doc="How sure a ruling has to be, above 0.5 and below 1; the suite's default where a gate has none.",
)
POWER = Key(
    name="power",
    annotation=BOUND,
    default=0.8,
    doc="How likely a pass is to be at the rate `assumed`; the suite's default where a gate has none.",
)
CORRECTION = Key(
    name="correction",
    annotation=Literal["holm", "none"],
    default="holm",
    doc="How the suite's bounds share the error rate: by Holm's correction, or each has it whole.",
)
DEFAULTS = Table(noun="the defaults", doc="What holds for every gate.", keys=(CONFIDENCE, POWER, CORRECTION))
GATE = Table(
    noun="a gate",
    doc="A bound on a metric, in its unit: a share (0.96, 96 %), seconds (600ms, 1.2s), US dollars, tokens.",
    keys=(
        Key(name="min", annotation=BOUND, doc="The least that passes."),
        Key(name="max", annotation=BOUND, doc="The most that passes."),
        Key(name="no_worse_than", annotation=str, doc="`baseline`, a backend, a run id or a run file."),
        Key(name="better_than", annotation=str, doc="The same, where no worse is not enough."),
        Key(name="margin", annotation=BOUND, default=0.0, doc="How much worse is still no worse."),
        Key(
            name="hard",
            annotation=bool,
            default=False,
            doc="Whether no failure is allowed at all; what is unscored counts as one.",
        ),
        Key(name="by", annotation=str, default="", doc="A field or tag; each of its values is ruled on."),
        CONFIDENCE,
        POWER,
        Key(
            name="assumed",
            annotation=BOUND,
            doc="The true rate at which `lockgate validate` computes how likely a pass is.",
        ),
    ),
)

_LIMITS = ("min", "max", "no_worse_than", "better_than")
_SAMPLES = {
    "": "a share such as 0.96 or 96 %",
    "s": "a duration such as 600ms or 1.2s",
    "usd": "US dollars such as 0.50",
    "tokens": "a number of tokens such as 400",
}


def read_gates(
    node: Node,
    measures: Mapping[str, Measure] | None,
    confidence: float,
    findings: Findings,
    *,
    known_backend: Callable[[str], str] | None = None,
    power: float = 0.8,
    trials: int = 1,
) -> tuple[Gate, ...]:
    """The gates that are right; every mistake is noted.

    Args:
        node: the mapping of metric → bounds.
        measures: name → measure, of all the metrics that the suite makes; None when a check could not be
            made, so that they are not all known.
        confidence: what holds for a gate that names none.
        findings: takes the mistakes.
        known_backend: raises UsageError for a `FAMILY:VERSION` that is not declared.
        power: what holds for a gate that names none.
        trials: of each case.
    """
    gates = []
    for metric, entry in node.entries.items():
        measure = _measure(metric, node.keys[metric], measures, trials, findings)
        usual = {"confidence": confidence, "power": power}
        gate = _gate(metric, node, measure, usual, findings)
        if gate is not None and known_backend is not None:
            _check_references(entry, known_backend, findings)
        gates += [gate] if gate is not None else []
    return tuple(gates)


def read_confidence(node: Node, findings: Findings) -> float | None:
    """A confidence level as a number between 0.5 and 1; None where it is none, which is noted."""
    return _between("confidence", node, 0.5, "0.95", findings)


def read_power(node: Node, findings: Findings) -> float | None:
    """A power as a number between 0 and 1; None where it is none, which is noted."""
    return _between("power", node, 0, "0.8", findings)


def _between(name: str, node: Node, least: float, example: str, findings: Findings) -> float | None:
    value = quantity(node, "")
    if value is None or not least < value < 1:
        remedy = f"Write a number above {least:g} and below 1, such as {example}."
        findings.add(node.where, f"{name!r} cannot be {quote(node)}. {remedy}")
        return None
    return value


def _measure(
    metric: str, where: Where, measures: Mapping[str, Measure] | None, trials: int, findings: Findings
) -> Measure | None:
    if measures is None or metric in measures:
        return (measures or {}).get(metric)
    split = split_aggregate(metric)
    if split is not None and split[0] in measures:
        return _aggregate(split, where, measures[split[0]], trials, findings)
    remedy = did_you_mean(metric, sorted(measures), noun="metrics")
    findings.add(where, f"No check of this suite makes the metric {metric!r}. {remedy}")
    return None


def _aggregate(
    split: tuple[str, str, int], where: Where, rate: Measure, trials: int, findings: Findings
) -> Measure | None:
    name, aggregate, k = split
    if rate.kind != "rate" or rate in BUILTIN_MEASURES:
        findings.add(where, f"{aggregate!r} takes trials that pass or fail. {name!r} is no rate of a check.")
        return None
    if k > trials:
        findings.add(where, f"{aggregate!r} takes {k} trials. Write 'trials: {k}'; there are {trials}.")
        return None
    return aggregated(rate, aggregate, trials=trials)


def _gate(
    metric: str, gates: Node, measure: Measure | None, usual: Mapping[str, float], findings: Findings
) -> Gate | None:
    node = gates.entries[metric]
    before = len(findings.problems)
    right = check_mapping(node, _named(metric), findings)
    numbers: dict[str, float | None] = {
        name: _bound(name, right[name], measure, findings)
        for name in ("min", "max", "margin", "assumed")
        if name in right
    }
    read = {"confidence": read_confidence, "power": read_power}
    sure = {n: read[n](right[n], findings) if n in right else usual[n] for n in read}
    if isinstance(node.value, dict):
        _check_limits(metric, node, numbers, findings)
        _check_kind(metric, right, measure, findings)
    if len(findings.problems) > before:
        return None
    said = {**GATE.filled(right), **numbers, **sure}
    return Gate(metric=metric, where=gates.keys[metric], **said)


def _named(metric: str) -> Table:
    return Table(noun=f"the gate {metric!r}", keys=GATE.keys)


def _check_limits(metric: str, node: Node, numbers: Mapping[str, float | None], findings: Findings) -> None:
    hard = "hard" in node.entries and node.entries["hard"].value is not False
    if not hard and not any(name in node.entries for name in _LIMITS):
        remedy = "Write 'min', 'max', 'no_worse_than', 'better_than' or 'hard: true'."
        findings.add(node.where, f"The gate {metric!r} has no bound. {remedy}")
    least, most = numbers.get("min"), numbers.get("max")
    if least is not None and most is not None and least > most:
        message = f"No value of {metric!r} is at least {least:g} and at most {most:g}. Swap 'min' and 'max'."
        findings.add(node.keys["min"], message)
    if "margin" in node.entries and not {"no_worse_than", "better_than"} & node.entries.keys():
        remedy = "Add 'no_worse_than' or 'better_than', or delete it."
        findings.add(node.keys["margin"], f"'margin' belongs to a comparison. {remedy}")


def _check_kind(metric: str, right: Mapping[str, Node], measure: Measure | None, findings: Findings) -> None:
    """Options that only some kinds of metrics have."""
    if measure is None:
        return
    if "hard" in right and right["hard"].value and (measure.unit or measure.kind == "quantile"):
        remedy = f"{metric!r} has no failures. Bound it with 'max'."
        findings.add(right["hard"].where, f"'hard' is for metrics of right and wrong answers. {remedy}")
    if "by" in right and measure.kind == "quantile":
        findings.add(right["by"].where, f"{metric!r} is of the probe, not of cases. Delete 'by'.")
    if "assumed" in right and measure.kind != "rate":
        findings.add(right["assumed"].where, f"'assumed' is for rates, and {metric!r} is none. Delete it.")


def _bound(name: str, node: Node, measure: Measure | None, findings: Findings) -> float | None:
    unit = measure.unit if measure else None
    value = quantity(node, unit)
    if value is None:
        sample = _SAMPLES.get(unit or "", "a number") if unit is not None else "a number"
        findings.add(node.where, f"{name!r} cannot be {quote(node)}. Write {sample}.")
        return None
    if value < 0:
        findings.add(node.where, f"{name!r} cannot be {quote(node)}. Write a number from 0 on.")
        return None
    if unit == "" and value > 1:
        findings.add(
            node.where, f"{name!r} is a share between 0 and 1 and cannot be {quote(node)}. {_share(value)}"
        )
        return None
    return value


def _share(value: float) -> str:
    return f"Did you mean {value / 100:g}?" if value <= 100 else "Write a number such as 0.96, or 96 %."


def _check_references(node: Node, known_backend: Callable[[str], str], findings: Findings) -> None:
    for name in ("no_worse_than", "better_than"):
        entry = node.entries.get(name)
        if entry is None or not re.fullmatch(r"[\w.-]+:[\w.-]+", str(entry.value)):
            continue
        try:
            known_backend(entry.value)
        except UsageError as error:
            findings.add(entry.where, str(error))
