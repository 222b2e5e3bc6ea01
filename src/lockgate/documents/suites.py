"""A suite file to a `Suite`: cases, checks and gates, found right before any model is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lockgate.documents.bounds import DEFAULTS, GATE
from lockgate.documents.calibrations import calibration_notes
from lockgate.documents.datasets import CASE, content
from lockgate.documents.deciding import check_decisions
from lockgate.documents.declarations import Declaration, build_check
from lockgate.documents.findings import Findings, Source
from lockgate.documents.nodes import Node
from lockgate.documents.quantiles import check_quantiles
from lockgate.documents.suite_parts import Reading
from lockgate.documents.tables import Key, Table, check_mapping, quote
from lockgate.documents.yaml_source import read
from lockgate.errors import UsageError
from lockgate.fingerprints import digest
from lockgate.model import (
    JSON,
    Check,
    Latency,
    Setting,
    Suite,
    Where,
)
from lockgate.registry import Registry
from lockgate.registry import options as parameters

if TYPE_CHECKING:
    from lockgate.documents.project import Project

__all__ = ["LATENCY", "SUITE", "load_check", "load_suite"]

_USUAL = Latency()
_NAME = re.compile(r"[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*\Z")

LATENCY = Table(
    noun="the latency probe",
    doc="How latency is measured, apart from the run: samples after warm-up, at a stated concurrency.",
    keys=(
        Key(
            name="samples",
            annotation=int,
            default=_USUAL.samples,
            least=1,
            doc="Requests that are measured.",
        ),
        Key(
            name="concurrency", annotation=int, default=_USUAL.concurrency, least=1, doc="Requests in flight."
        ),
        Key(
            name="warmup",
            annotation=int,
            default=_USUAL.warmup,
            least=0,
            doc="Requests before the first measured one.",
        ),
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
            name="stop",
            annotation=Literal["early"],
            default="",
            doc="Ask in random order, and stop when every gate is decided, at an error rate that holds.",
        ),
        Key(
            name="cluster",
            annotation=str,
            default="",
            doc="A field or tag that cases share which are not independent: a document, a conversation.",
        ),
        Key(
            name="checks",
            annotation=list[Any],
            required=True,
            doc="What each answer has to pass: name, name: argument, or name: {options}.",
        ),
        Key(
            name="variants",
            annotation=list[Any],
            doc="Kinds of variants of every case: name, name: argument, or name: {options}.",
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
    reading = Reading(
        base=Path(path).parent, findings=findings, project=project, registry=registry or Registry()
    )
    cases = reading.cases(right, root)
    checks = reading.checks(right.get("checks"), cases)
    varied = reading.variants(right.get("variants"), cases, checks, seed=SUITE.filled(right)["seed"])
    defaults = reading.defaults(right)
    gates = reading.gates(right, checks, defaults, varied.metrics)
    latency = _latency(right.get("latency"), findings)
    fields, filled = reading.fields(right, gates, cases), SUITE.filled(right)
    _check_stop(right, findings)
    measures = {m.name: m for check in checks if check for m in check.measures}
    warnings = check_decisions(
        gates, measures, cases, fields=fields, cluster=filled["cluster"], correction=defaults["correction"]
    )
    said = content(cases)
    suite = Suite(
        name=_name(right, findings),
        path=findings.source.path,
        cases=tuple(cases),
        checks=tuple(check for check in checks if check is not None),
        variants=varied.variants,
        gates=gates,
        trials=filled["trials"],
        latency=latency,
        seed=filled["seed"],
        digest=digest([findings.source.text, said]),
        dataset_digest=said,
        notes=(
            *check_quantiles(gates, latency, findings),
            *calibration_notes([check for check in checks if check is not None]),
            *varied.notes,
        ),
        stop=filled["stop"],
        cluster=filled["cluster"],
        fields=fields,
        correction=defaults["correction"],
        warnings=warnings,
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
    registry = registry or Registry()
    declared = _declare(name, argument, options, registry)
    check = build_check(declared, Setting(), findings, registry=registry)
    if check is None:
        raise UsageError(" ".join(problem.message for problem in findings.problems))
    return check


def _declare(name: str, argument: JSON, options: Mapping[str, JSON], registry: Registry) -> Declaration:
    where = Where(path="load_check")
    if argument is not None and not options:
        return Declaration(
            name=name, where=where, argument=Node(value=argument, where=where, written=str(argument))
        )
    given = dict(options)
    if argument is not None:
        first = next(iter(parameters(registry.find("checks", name))))
        given = {first.name: argument, **given}
    entries = {key: Node(value=value, where=where, written=str(value)) for key, value in given.items()}
    keys = dict.fromkeys(entries, where)
    return Declaration(
        name=name, where=where, options=Node(value=given, where=where, entries=entries, keys=keys)
    )


def _check_stop(right: Mapping[str, Node], findings: Findings) -> None:
    """Early stopping needs cases that are independent and asked alone."""
    if "stop" not in right:
        return
    for key, why in (("cluster", "cases that depend on each other"), ("variants", "variants")):
        if key in right:
            told = f"'stop: early' cannot rule on {why}. Leave out 'stop' or {key!r}."
            findings.add(right["stop"].where, told)


def _name(right: Mapping[str, Node], findings: Findings) -> str:
    node = right.get("suite")
    if node is not None and not _NAME.match(node.value):
        findings.add(node.where, f"A suite cannot be called {quote(node)}. Write one line of text.")
    return node.value if node else ""


def _latency(node: Node | None, findings: Findings) -> Latency | None:
    if node is None:
        return None
    given = check_mapping(node, LATENCY, findings)
    if "samples" in node.entries and "samples" not in given:
        return None
    return Latency(**LATENCY.filled(given))
