"""The metrics that a suite's checks make, as far as one can tell where a check is misspelt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from lockgate.documents.declarations import build_check, read_short_form
from lockgate.documents.findings import Findings, Source
from lockgate.documents.nodes import Node
from lockgate.errors import nearest
from lockgate.model import BUILTIN_MEASURES, VARIANT_MEASURES, Check, Measure, Setting
from lockgate.registry import Registry

__all__ = ["check_measures", "known_measures", "meant_check"]


def known_measures(
    checks: Sequence[Check | None],
    varied: Collection[str],
    *,
    declared: Sequence[Node],
    meant: Callable[[Node], Check | None],
) -> dict[str, Measure] | None:
    """Every metric of the suite by name; None when a check is wrong and what it would make is not known.

    Args:
        checks: as built, None for each that is wrong.
        varied: the metrics that the suite's variants make.
        declared: each check as written.
        meant: which check is most likely meant by one that is wrong, None where nobody can tell.
    """
    likely = [check or meant(node) for check, node in zip(checks, declared, strict=True)]
    if None in likely:
        return None
    made = [measure for check in likely if check for measure in check.measures]
    of_variants = [measure for measure in VARIANT_MEASURES if measure.name in varied]
    return {measure.name: measure for measure in (*BUILTIN_MEASURES, *of_variants, *made)}


def meant_check(node: Node, *, setting: Setting, source: Source, registry: Registry) -> Check | None:
    """The check of the nearest name, where a name that there is not is all that is wrong; else None."""
    findings = Findings(source)
    declared = read_short_form(node, findings)
    names = registry.names("checks")
    near = nearest(declared.name, names) if declared and declared.name not in names else None
    if declared is None or near is None:
        return None
    try:
        made = build_check(replace(declared, name=near), setting, findings, registry=registry)
    except Exception:  # noqa: BLE001 -- a guess that fails must not hide what is known to be wrong
        return None
    return None if findings.problems else made


def check_measures(checks: Sequence[Check], findings: Findings) -> None:
    """Two checks may share a metric only if they mean the same by it."""
    known = {measure.name: measure for measure in (*BUILTIN_MEASURES, *VARIANT_MEASURES)}
    for check in checks:
        for measure in check.measures:
            other = known.setdefault(measure.name, measure)
            where = check.spec.where if check.spec else None
            if (other != measure or measure in VARIANT_MEASURES) and where:
                remedy = "Give this check another name for it: 'metric: …'."
                findings.add(where, f"The metric {measure.name!r} already means something else. {remedy}")
