"""A suite's `gates`: bounds as numbers, percentages and durations, each in its metric's unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lockgate.documents.findings import Findings
from lockgate.documents.nodes import Node
from lockgate.documents.tables import Key, Table, check_mapping, quote
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import Gate, Measure, Where

__all__ = ["BOUND", "DEFAULTS", "GATE", "read_confidence", "read_gates"]

BOUND = float | str
CONFIDENCE = Key(
    name="confidence",
    annotation=BOUND,
    default=0.95,
    doc="How sure a ruling has to be, above 0.5 and below 1; the suite's default where a gate has none.",
)
DEFAULTS = Table(noun="the defaults", doc="What holds for every gate.", keys=(CONFIDENCE,))
GATE = Table(
    noun="a gate",
    doc="A bound on a metric, in its unit: a share (0.96, 96 %), seconds (600ms, 1.2s), US dollars, tokens.",
    keys=(
        Key(name="min", annotation=BOUND, doc="The least that passes."),
        Key(name="max", annotation=BOUND, doc="The most that passes."),
        Key(name="no_worse_than", annotation=str, doc="`baseline`, a backend, a run id or a run file."),
        Key(name="better_than", annotation=str, doc="The same, where no worse is not enough."),
        Key(name="margin", annotation=BOUND, default=0.0, doc="How much worse is still no worse."),
        CONFIDENCE,
    ),
)

_LIMITS = ("min", "max", "no_worse_than", "better_than")
_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)"
_QUANTITY = re.compile(rf"\s*(\$?){_NUMBER}\s*([a-z%]*)\s*\Z", re.IGNORECASE)
_SCALES: Mapping[str, Mapping[str, float]] = {
    "": {"": 1, "%": 0.01},
    "s": {"": 1, "s": 1, "ms": 1e-3, "min": 60},
    "usd": {"": 1, "usd": 1, "$": 1},
    "tokens": {"": 1, "tokens": 1},
}
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
) -> tuple[Gate, ...]:
    """The gates that are right; every mistake is noted.

    Args:
        node: the mapping of metric → bounds.
        measures: name → measure, of all the metrics that the suite makes; None when a check could not be
            made, so that they are not all known.
        confidence: what holds for a gate that names none.
        findings: takes the mistakes.
        known_backend: raises UsageError for a `FAMILY:VERSION` that is not declared.
    """
    gates = []
    for metric, entry in node.entries.items():
        measure = _measure(metric, node.keys[metric], measures, findings)
        gate = _gate(metric, node, measure, confidence, findings)
        if gate is not None and known_backend is not None:
            _check_references(entry, known_backend, findings)
        gates += [gate] if gate is not None else []
    return tuple(gates)


def read_confidence(node: Node, findings: Findings) -> float | None:
    """A confidence level as a number between 0.5 and 1; None where it is none, which is noted."""
    value = _quantity(node, "")
    if value is None or not 0.5 < value < 1:
        remedy = "Write a number above 0.5 and below 1, such as 0.95."
        findings.add(node.where, f"'confidence' cannot be {quote(node)}. {remedy}")
        return None
    return value


def _measure(
    metric: str, where: Where, measures: Mapping[str, Measure] | None, findings: Findings
) -> Measure | None:
    if measures is None or metric in measures:
        return (measures or {}).get(metric)
    remedy = did_you_mean(metric, sorted(measures), noun="metrics")
    findings.add(where, f"No check of this suite makes the metric {metric!r}. {remedy}")
    return None


def _gate(
    metric: str, gates: Node, measure: Measure | None, confidence: float, findings: Findings
) -> Gate | None:
    node = gates.entries[metric]
    before = len(findings.problems)
    right = check_mapping(node, _named(metric), findings)
    numbers: dict[str, float | None] = {
        name: _bound(name, right[name], measure, findings)
        for name in ("min", "max", "margin")
        if name in right
    }
    sure = read_confidence(right["confidence"], findings) if "confidence" in right else confidence
    if isinstance(node.value, dict):
        _check_limits(metric, node, numbers, findings)
    if len(findings.problems) > before or sure is None:
        return None
    said = {**GATE.filled(right), **numbers, "confidence": sure}
    return Gate(metric=metric, where=gates.keys[metric], **said)


def _named(metric: str) -> Table:
    return Table(noun=f"the gate {metric!r}", keys=GATE.keys)


def _check_limits(metric: str, node: Node, numbers: Mapping[str, float | None], findings: Findings) -> None:
    if not any(name in node.entries for name in _LIMITS):
        remedy = "Write 'min', 'max', 'no_worse_than' or 'better_than'."
        findings.add(node.where, f"The gate {metric!r} has no bound. {remedy}")
    least, most = numbers.get("min"), numbers.get("max")
    if least is not None and most is not None and least > most:
        message = f"No value of {metric!r} is at least {least:g} and at most {most:g}. Swap 'min' and 'max'."
        findings.add(node.keys["min"], message)
    if "margin" in node.entries and not {"no_worse_than", "better_than"} & node.entries.keys():
        remedy = "Add 'no_worse_than' or 'better_than', or delete it."
        findings.add(node.keys["margin"], f"'margin' belongs to a comparison. {remedy}")


def _bound(name: str, node: Node, measure: Measure | None, findings: Findings) -> float | None:
    unit = measure.unit if measure else None
    value = _quantity(node, unit)
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


def _quantity(node: Node, unit: str | None) -> float | None:
    """A bound in its metric's unit; by its own unit alone where the metric is not known."""
    if isinstance(node.value, int | float):
        return float(node.value)
    found = _QUANTITY.match(node.value)
    if not found:
        return None
    scales = (
        _SCALES.get(unit, {"": 1})
        if unit is not None
        else {k: v for s in _SCALES.values() for k, v in s.items()}
    )
    scale = scales.get(found[1] or found[3].lower())
    # Rounded, so that 96 % is 0.96 and 600ms is 0.6.
    return None if scale is None else round(float(found[2]) * scale, 12)


def _check_references(node: Node, known_backend: Callable[[str], str], findings: Findings) -> None:
    for name in ("no_worse_than", "better_than"):
        entry = node.entries.get(name)
        if entry is None or not re.fullmatch(r"[\w.-]+:[\w.-]+", str(entry.value)):
            continue
        try:
            known_backend(entry.value)
        except UsageError as error:
            findings.add(entry.where, str(error))
