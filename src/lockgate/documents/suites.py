"""A suite file to a `Suite`: cases, checks and gates, found right before any model is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.documents.bounds import DEFAULTS, GATE, read_confidence, read_gates
from lockgate.documents.datasets import CASE, content, note_duplicates, read_cases, rows_to_cases
from lockgate.documents.declarations import Declaration, build_check, read_short_form
from lockgate.documents.findings import Findings, Source
from lockgate.documents.rows import node_rows
from lockgate.documents.tables import Key, Table, check_mapping, quote
from lockgate.documents.yaml_source import Node, read
from lockgate.errors import DocumentError, UsageError, did_you_mean
from lockgate.fingerprints import digest
from lockgate.model import (
    BUILTIN_MEASURES,
    JSON,
    Case,
    Check,
    Gate,
    Latency,
    Measure,
    Setting,
    Suite,
    Where,
)
from lockgate.prompts import render_value
from lockgate.registry import Registry
from lockgate.templates import is_template

if TYPE_CHECKING:
    from lockgate.documents.project import Project

__all__ = ["LATENCY", "SUITE", "load_check", "load_suite"]

_NAME = re.compile(r"[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*\Z")

LATENCY = Table(
    noun="the latency probe",
    doc="How latency is measured, apart from the run: samples after warm-up, at a stated concurrency.",
    keys=(
        Key(name="samples", annotation=int, default=20, least=1, doc="Requests that are measured."),
        Key(name="concurrency", annotation=int, default=1, least=1, doc="Requests in flight."),
        Key(name="warmup", annotation=int, default=2, least=0, doc="Requests before the first measured one."),
    ),
)
SUITE = Table(
    noun="a suite",
    doc="Cases, the checks that each answer has to pass, and the gates that rule on the whole.",
    keys=(
        Key(name="suite", annotation=str, required=True, doc="The suite's name."),
        Key(
            name="dataset",
            annotation=str | list[str],
            doc="Files of cases (.jsonl, .json, .csv, .yaml), relative to the suite.",
        ),
        Key(name="cases", annotation=list[Any], doc="Cases written in place.", each=CASE),
        Key(name="trials", annotation=int, default=1, least=1, doc="Samples per case."),
        Key(
            name="checks",
            annotation=list[Any],
            required=True,
            doc="What each answer has to pass: name, name: argument, or name: {options}.",
        ),
        Key(name="latency", annotation=dict[str, Any], table=LATENCY, doc=LATENCY.doc),
        Key(name="gates", annotation=dict[str, Any], each=GATE, doc="Metric → bounds."),
        Key(name="defaults", annotation=dict[str, Any], table=DEFAULTS, doc=DEFAULTS.doc),
        Key(name="seed", annotation=int, default=0, least=0, doc="Seed of everything drawn by chance."),
    ),
)


def load_suite(
    path: Path | str, *, project: Project | None = None, registry: Registry | None = None
) -> Suite:
    """Read a suite and all it leads to.

    Args:
        path: the suite's YAML file.
        project: where backends that checks ask are found.
        registry: where checks are found.

    Raises:
        DocumentError: with every mistake in the suite and its datasets, each at its position.
        MissingExtra: a check needs a package that is not installed.
    """
    root, findings = read(Path(path))
    right = check_mapping(root, SUITE, findings)
    reading = _Reading(
        base=Path(path).parent, findings=findings, project=project, registry=registry or Registry()
    )
    cases = reading.cases(right, root)
    checks = reading.checks(right.get("checks"), cases)
    suite = Suite(
        name=_name(right, findings),
        path=findings.source.path,
        cases=tuple(cases),
        checks=tuple(check for check in checks if check is not None),
        gates=reading.gates(right, checks),
        trials=_number(right, "trials", 1),
        latency=_latency(right.get("latency"), findings),
        seed=_number(right, "seed", 0),
        digest=digest([findings.source.text, content(cases)]),
        dataset_digest=content(cases),
    )
    findings.stop()
    return suite


def load_check(
    name: str, argument: JSON = None, /, *, registry: Registry | None = None, **options: JSON
) -> Check:
    """Any check by its YAML name and options; relative paths start from the working folder.

    Args:
        name: the registered name.
        argument: what the short form `name: argument` sets.
        registry: where checks are found.
        options: the YAML options, by keyword.

    Raises:
        UsageError: there is no such check, or an option is not right.
        MissingExtra: it needs a package that is not installed.
    """
    findings = Findings(Source(path="load_check", text=""))
    declared = _declare(name, argument, options)
    check = build_check(declared, Setting(), findings, registry=registry or Registry())
    if check is None:
        raise UsageError(" ".join(problem.message for problem in findings.problems))
    return check


def _declare(name: str, argument: JSON, options: Mapping[str, JSON]) -> Declaration:
    where = Where(path="load_check")
    if argument is not None and not options:
        return Declaration(
            name=name, where=where, argument=Node(value=argument, where=where, written=str(argument))
        )
    entries = {key: Node(value=value, where=where, written=str(value)) for key, value in options.items()}
    keys = dict.fromkeys(entries, where)
    return Declaration(
        name=name, where=where, options=Node(value=dict(options), where=where, entries=entries, keys=keys)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One suite while it is read."""

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
        if not cases and len(self.findings.problems) == before:
            self.findings.add(_where_cases(root), "The suite has no cases. Give it a 'dataset' or 'cases'.")
        return cases

    def checks(self, node: Node | None, cases: Sequence[Case]) -> list[Check | None]:
        """The checks as declared, None for each that is wrong; none at all is a mistake."""
        if node is not None and not node.items:
            self.findings.add(node.where, "The suite has no checks. Name one, such as 'contains: …'.")
        made = [self._check(item, cases) for item in node.items] if node else []
        _check_measures([check for check in made if check], self.findings)
        return made

    def gates(self, right: Mapping[str, Node], checks: Sequence[Check | None]) -> tuple[Gate, ...]:
        """The gates, against the metrics that the checks make."""
        defaults = check_mapping(right["defaults"], DEFAULTS, self.findings) if "defaults" in right else {}
        given = read_confidence(defaults["confidence"], self.findings) if "confidence" in defaults else None
        if "gates" not in right:
            return ()
        _check_probe(right["gates"], "latency" in right, self.findings)
        return read_gates(
            right["gates"],
            _measures(checks) if "checks" in right else None,
            0.95 if given is None else given,
            self.findings,
            known_backend=self.project.select if self.project else None,
        )

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
            backend=self.project.backend,
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


def _measures(checks: Sequence[Check | None]) -> dict[str, Measure] | None:
    """Every metric of the suite by name; None when a check is wrong, so that its metrics are not known."""
    if None in checks:
        return None
    made = [measure for check in checks if check for measure in check.measures]
    return {measure.name: measure for measure in (*BUILTIN_MEASURES, *made)}


def _check_measures(checks: Sequence[Check], findings: Findings) -> None:
    """Two checks may share a metric only if they mean the same by it."""
    known = {measure.name: measure for measure in BUILTIN_MEASURES}
    for check in checks:
        for measure in check.measures:
            other = known.setdefault(measure.name, measure)
            where = check.spec.where if check.spec else None
            if other != measure and where:
                remedy = "Give this check another name for it: 'metric: …'."
                findings.add(where, f"The metric {measure.name!r} already means something else. {remedy}")


def _check_probe(gates: Node, probed: bool, findings: Findings) -> None:  # noqa: FBT001
    for name, where in gates.keys.items():
        if name.startswith("latency_") and not probed:
            message = (
                f"The gate {name!r} needs the latency probe. Add 'latency: {{samples: 20}}' to the suite."
            )
            findings.add(where, message)


def _name(right: Mapping[str, Node], findings: Findings) -> str:
    node = right.get("suite")
    if node is not None and not _NAME.match(node.value):
        findings.add(node.where, f"A suite cannot be called {quote(node)}. Write one line of text.")
    return node.value if node else ""


def _number(right: Mapping[str, Node], name: str, default: int) -> int:
    return int(right[name].value) if name in right else default


def _latency(node: Node | None, findings: Findings) -> Latency | None:
    if node is None:
        return None
    given = check_mapping(node, LATENCY, findings)
    return Latency(**{name: entry.value for name, entry in given.items()})
