"""A suite's `variants`: kinds in the short forms of checks, and the variants that they make of its cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lockgate.documents.declarations import Declaration, build, read_short_form
from lockgate.documents.findings import Findings
from lockgate.documents.nodes import Node
from lockgate.errors import Problem, UsageError, did_you_mean
from lockgate.model import VARIANT_MEASURES, Case, Check, Completion, Setting, Variant
from lockgate.registry import Registry
from lockgate.variants.recipes import NotApplicable, Recipe, vary

__all__ = ["Varied", "read_variants"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """The variants of a suite, notes on cases of which a kind makes none, and the metrics that they make."""

    variants: tuple[Variant, ...] = ()
    notes: tuple[str, ...] = ()
    metrics: frozenset[str] = frozenset()


def read_variants(
    node: Node,
    cases: Sequence[Case],
    checks: Sequence[Check],
    findings: Findings,
    *,
    registry: Registry,
    setting: Setting,
    seed: int,
) -> Varied:
    """The variants of all cases, kind by kind; every mistake is noted.

    Args:
        node: the list of kinds.
        cases: the suite's.
        checks: the suite's, whose verdicts are compared.
        findings: takes the mistakes.
        registry: where kinds are found.
        setting: handed to kinds that ask for one.
        seed: of what is drawn by chance.
    """
    if not node.items:
        findings.add(node.where, "The suite's variants are empty. Name a kind, such as 'typos'.")
    declared = [read_short_form(item, findings, noun="A kind of variant") for item in node.items]
    _note_twice([one for one in declared if one], findings)
    declines = _declines(registry)
    found = []
    for one in declared:
        recipe = None if one is None else build("variants", one, setting, findings, registry=registry)
        if one is None or not isinstance(recipe, Recipe):
            # What it was to make is not known: no gate is called wrong for it.
            found.append(Varied(metrics=frozenset(measure.name for measure in VARIANT_MEASURES)))
            continue
        compared = _compared(recipe, one, checks, findings)
        made = _of_cases(recipe, cases, seed, declines, findings)
        found.append(replace(made, variants=tuple(replace(v, checks=compared) for v in made.variants)))
    joined = _joined(found)
    _note_taken(joined.variants, cases, findings)
    return joined


def _joined(found: Sequence[Varied]) -> Varied:
    return Varied(
        variants=tuple(variant for one in found for variant in one.variants),
        notes=tuple(note for one in found for note in one.notes),
        metrics=frozenset(metric for one in found for metric in one.metrics),
    )


def _of_cases(
    recipe: Recipe,
    cases: Sequence[Case],
    seed: int,
    declines: Callable[[str], bool],
    findings: Findings,
) -> Varied:
    made: list[Variant] = []
    reasons: Counter[str] = Counter()
    for case in cases:
        try:
            made += vary(case, recipe, seed=seed, cases=cases, declines=declines)
        except NotApplicable as none:
            reasons[str(none)] += 1
        except UsageError as error:
            findings.extend([_problem(case, str(error), findings)])
    return Varied(
        variants=tuple(made),
        notes=_notes(recipe, len(cases), reasons),
        metrics=frozenset({recipe.metric}),
    )


def _notes(recipe: Recipe, total: int, reasons: Counter[str]) -> tuple[str, ...]:
    return tuple(
        f"Variants {recipe.kind!r}: {count} of {total} cases have none, as {reason}."
        for reason, count in reasons.items()
    )


def _compared(
    recipe: Recipe, declared: Declaration, checks: Sequence[Check], findings: Findings
) -> tuple[Check, ...]:
    """The checks whose verdicts have to stay: all, or those that `checks` names, by name or by metric."""
    if not recipe.compares:
        return ()
    if recipe.checks is None:
        return tuple(checks)
    names = {name: None for check in checks for name in _names(check)}
    node = declared.options.entries.get("checks") if declared.options else None
    for number, name in enumerate(recipe.checks):
        if name not in names:
            where = node.items[number].where if node and node.items else declared.where
            remedy = did_you_mean(name, list(names), noun="checks and metrics")
            findings.add(where, f"The suite has no check {name!r}. {remedy}")
    return tuple(check for check in checks if set(recipe.checks) & set(_names(check)))


def _names(check: Check) -> tuple[str, ...]:
    return check.name, *(measure.name for measure in check.measures)


def _declines(registry: Registry) -> Callable[[str], bool]:
    """Whether an answer refuses or abstains, as the check `refusal` says of a case that is to be refused."""
    made: list[Check] = []

    def declines(text: str) -> bool:
        if not made:
            made.append(registry.find("checks", "refusal")())
        return made[0](Case(id="", input="", should_refuse=True), Completion(text=text)).passed

    return declines


def _note_twice(declared: Sequence[Declaration], findings: Findings) -> None:
    seen: set[str] = set()
    for one in declared:
        if one.name in seen:
            findings.add(one.where, f"The variants have {one.name!r} twice. Name it once.")
        seen.add(one.name)


def _note_taken(variants: Sequence[Variant], cases: Sequence[Case], findings: Findings) -> None:
    """Note each case whose id is a variant's."""
    by_id = {case.id: case for case in cases}
    for variant in variants:
        if variant.case.id in by_id:
            said = f"The case id {variant.case.id!r} is that of a variant. Give the case another id."
            findings.extend([_problem(by_id[variant.case.id], said, findings)])


def _problem(case: Case, message: str, findings: Findings) -> Problem:
    where = case.where
    if where is None or where.path == findings.source.path:
        return findings.source.problem(where or findings.source.at(0), message)
    return Problem(path=where.path, line=where.line, column=where.column, message=message)
