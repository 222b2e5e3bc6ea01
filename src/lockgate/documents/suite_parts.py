"""The parts of a suite (cases, checks, gates), read side by side so that the mistakes of all are told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.documents.bounds import DEFAULTS, read_confidence, read_gates, read_power
from lockgate.documents.case_fields import field_values
from lockgate.documents.datasets import note_duplicates, read_cases, rows_to_cases
from lockgate.documents.declarations import build_check, read_short_form
from lockgate.documents.findings import Findings
from lockgate.documents.metric_names import check_measures, known_measures, meant_check
from lockgate.documents.nodes import Node
from lockgate.documents.quantiles import samples_for
from lockgate.documents.rows import node_rows
from lockgate.documents.tables import check_mapping, quote
from lockgate.documents.variants import Varied, read_variants
from lockgate.errors import DocumentError, UsageError, did_you_mean
from lockgate.model import (
    Case,
    Check,
    Gate,
    Latency,
    Measure,
    Setting,
    Where,
)
from lockgate.prompts import render_value
from lockgate.registry import Registry
from lockgate.templates import is_template

if TYPE_CHECKING:
    from lockgate.documents.project import Project

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the parts of one suite are read with.

    Args:
        base: the suite's folder, where relative paths start.
        findings: takes the mistakes.
        project: where backends that checks ask are found, if there is one.
        registry: where checks are found.
    """

    base: Path
    findings: Findings
    project: Project | None
    registry: Registry

    def cases(self, right: Mapping[str, Node], root: Node) -> list[Case]:
        """The cases of the datasets and those written in place; none at all is a mistake."""
        found = {self.findings.source.path: self.findings}
        cases: list[Case] = []
        before = len(self.findings.problems)
        for node in _texts(right.get("dataset")):
            cases += self._dataset(node, found)
        if "cases" in right:
            cases += rows_to_cases(node_rows(right["cases"].items), self.findings)
        note_duplicates(cases, found)
        for findings in list(found.values())[1:]:
            self.findings.extend(findings.problems)
        unread = {"dataset", "cases"} & root.entries.keys() - right.keys()
        if root.entries and not cases and not unread and len(self.findings.problems) == before:
            self.findings.add(_where_cases(root), "The suite has no cases. Give it a 'dataset' or 'cases'.")
        return cases

    def checks(self, node: Node | None, cases: Sequence[Case]) -> list[Check | None]:
        """The checks as declared, None for each that is wrong; none at all is a mistake."""
        if node is not None and not node.items:
            self.findings.add(node.where, "The suite has no checks. Name one, such as 'contains: …'.")
        made = [self._check(item, cases) for item in node.items] if node else []
        check_measures([check for check in made if check], self.findings)
        return made

    def variants(
        self, node: Node | None, cases: Sequence[Case], checks: Sequence[Check | None], *, seed: int
    ) -> Varied:
        """The variants of the cases, and notes on those that have none."""
        if node is None:
            return Varied()
        return read_variants(
            node,
            cases,
            [check for check in checks if check],
            self.findings,
            registry=self.registry,
            setting=self._setting(),
            seed=seed,
        )

    def gates(
        self,
        right: Mapping[str, Node],
        checks: Sequence[Check | None],
        defaults: Mapping[str, Any],
        varied: Collection[str] = (),
    ) -> tuple[Gate, ...]:
        """The gates, against the metrics that the checks make, and those named that the variants do."""
        if "gates" not in right:
            return ()
        confidence = defaults["confidence"]
        gates = read_gates(
            right["gates"],
            self._measures(right["checks"].items, checks, varied) if "checks" in right else None,
            confidence,
            self.findings,
            known_backend=self.project.select if self.project else None,
            power=defaults["power"],
            trials=right["trials"].value if "trials" in right else 1,
        )
        if "latency" not in right:
            sure = {gate.metric: gate.confidence for gate in gates}
            for name, where in right["gates"].keys.items():
                self._needs_probe(name, sure.get(name, confidence), where)
        return gates

    def defaults(self, right: Mapping[str, Node]) -> dict[str, Any]:
        """What holds for gates that do not say: confidence, power and correction."""
        given = check_mapping(right["defaults"], DEFAULTS, self.findings) if "defaults" in right else {}
        read = {"confidence": read_confidence, "power": read_power}
        numbers = {name: read[name](given[name], self.findings) for name in read if name in given}
        return DEFAULTS.filled(given) | {name: n for name, n in numbers.items() if n is not None}

    def fields(
        self, right: Mapping[str, Node], gates: Sequence[Gate], cases: Sequence[Case]
    ) -> dict[str, dict[str, str]]:
        """What every case says of the suite's `cluster` and of what its gates go `by`."""
        asked = {right["cluster"].value: right["cluster"].where} if "cluster" in right else {}
        for gate in gates:
            if gate.by:
                entry = right["gates"].entries[gate.metric].entries["by"]
                asked.setdefault(gate.by, entry.where)
        return field_values(asked, cases, self.findings) if cases else {}

    def _measures(
        self, declared: Sequence[Node], checks: Sequence[Check | None], varied: Collection[str]
    ) -> dict[str, Measure] | None:
        meant = partial(
            meant_check, setting=self._setting(), source=self.findings.source, registry=self.registry
        )
        return known_measures(checks, varied, declared=declared, meant=meant)

    def _needs_probe(self, metric: str, confidence: float, where: Where) -> None:
        if metric.startswith("latency_"):
            least = max(Latency().samples, samples_for(metric, confidence))
            remedy = f"Add 'latency: {{samples: {least}}}' to the suite."
            self.findings.add(where, f"The gate {metric!r} needs the latency probe. {remedy}")

    def _dataset(self, node: Node, found: dict[str, Findings]) -> list[Case]:
        path = self.base / node.value
        if not path.is_file():
            self.findings.add(node.where, f"There is no file {quote(node)}. {_nearest_file(path)}")
            return []
        try:
            cases, findings = read_cases(path)
        except DocumentError as error:
            self.findings.extend(error.problems)
            return []
        if findings.source.path in found:
            self.findings.add(node.where, f"The dataset {quote(node)} is already named. Name it once.")
            return []
        found[findings.source.path] = findings
        return cases

    def _check(self, node: Node, cases: Sequence[Case]) -> Check | None:
        declared = read_short_form(node, self.findings)
        if declared is None:
            return None
        check = build_check(declared, self._setting(), self.findings, registry=self.registry)
        if check is not None:
            self._check_templates(declared.argument or declared.options, cases)
        return check

    def _setting(self) -> Setting:
        if self.project is None:
            return Setting(base=self.base)
        return Setting(
            base=self.base,
            models=self.project.models,
            collections=self.project.collections,
            load_prompt=self.project.prompt,
            backend=self.project.asked_by_checks,
        )

    def _check_templates(self, node: Node | None, cases: Sequence[Case]) -> None:
        """Note each template that no case can fill in."""
        for leaf in _leaves(node) if cases else ():
            if isinstance(leaf.value, str) and is_template(leaf.value):
                wrong = _unfillable(leaf.value, cases)
                if wrong:
                    self.findings.add(leaf.where, f"No case fills this in. {wrong}")


def _unfillable(template: str, cases: Sequence[Case]) -> str:
    """Why a template cannot be filled in for the first case, if it cannot be for any; else ""."""
    first = ""
    for case in cases:
        try:
            render_value(template, case)
        except UsageError as error:
            first = first or str(error)
        else:
            return ""
    return first


def _leaves(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    children = (*node.entries.values(), *node.items)
    if not children:
        yield node
    for child in children:
        yield from _leaves(child)


def _texts(node: Node | None) -> tuple[Node, ...]:
    return () if node is None else node.items or ((node,) if isinstance(node.value, str) else ())


def _where_cases(root: Node) -> Where:
    return next((root.keys[key] for key in ("dataset", "cases") if key in root.keys), root.where)


def _nearest_file(path: Path) -> str:
    siblings = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
    near = did_you_mean(path.name, siblings)
    return near if near.startswith("Did") else "Correct the path; it starts at the suite's folder."
