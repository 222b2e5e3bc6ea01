"""A file of human labels: which answer to which case, and what a person says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lockgate.documents.datasets import rows_to_cases
from lockgate.documents.findings import Findings
from lockgate.documents.rows import Row, read_rows
from lockgate.documents.tables import Key, Table, check_mapping
from lockgate.errors import did_you_mean
from lockgate.fingerprints import digest
from lockgate.human import Labelled, read_label
from lockgate.model import JSON, Case, Check, Where

__all__ = ["LABEL", "LabelledAnswer", "read_labels"]

LABEL = Table(
    noun="a label",
    doc="One answer with what a person says of it. Other keys are a case's, where `case` is not given.",
    unlisted=True,
    keys=(
        Key(
            name="case",
            annotation=str | int,
            doc="The id of a case of the suite; else the row has an `input`.",
        ),
        Key(name="answer", annotation=str, required=True, doc="The text that was labelled."),
        Key(
            name="label",
            annotation=bool | int | float | str,
            required=True,
            doc="True or false, or a value of the check's scale.",
        ),
        Key(name="group", annotation=str | int | None, doc="What it shares with others, such as a document."),
    ),
)

_OWN = frozenset(key.name for key in LABEL.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledAnswer:
    """An answer to a case with a person's label: as written, and in the terms of the check."""

    case: Case
    answer: str
    said: JSON
    label: Labelled
    group: str = ""


def read_labels(path: Path, check: Check, cases: Sequence[Case]) -> list[LabelledAnswer]:
    """The labels of a file (.jsonl, .json, .csv, .yaml).

    Args:
        path: the file.
        check: what is to be compared with them; its scale says which labels there are.
        cases: the suite's, for rows that name one.

    Raises:
        DocumentError: with every mistake in it; no label at all, and two of one answer, are mistakes too.
    """
    rows, findings = read_rows(path)
    known = {case.id: case for case in cases}
    found: list[LabelledAnswer] = []
    seen: dict[str, Where] = {}
    for row in rows:
        made = _read(row, check, known, findings)
        if made is None:
            continue
        found.append(made)
        first = seen.setdefault(digest([made.case.id, made.case.input, made.answer]), row.where)
        if first is not row.where:
            findings.add(
                row.where, f"This answer already has a label in line {first.line}. Delete one of them."
            )
    if not rows and not findings.problems:
        findings.add(Where(path=findings.source.path), "There are no labels. Write one row for each answer.")
    findings.stop()
    return found


def _read(row: Row, check: Check, known: Mapping[str, Case], findings: Findings) -> LabelledAnswer | None:
    before = len(findings.problems)
    right = check_mapping(row.node(), LABEL, findings)
    if len(findings.problems) > before:
        return None
    value = {name: node.value for name, node in right.items()}
    case = _case(row, value, known, findings)
    label = read_label(check, value["label"])
    if label is None:
        what = f"The label {value['label']!r} is not on the scale of {check.name!r}."
        findings.add(row.at("label"), f"{what} Write true or false, or a value of its scale.")
    if case is None or label is None:
        return None
    group = value.get("group")
    return LabelledAnswer(
        case=case,
        answer=value["answer"],
        said=value["label"],
        label=label,
        group="" if group is None else str(group),
    )


def _case(row: Row, value: Mapping[str, Any], known: Mapping[str, Case], findings: Findings) -> Case | None:
    """The suite's case that a row names, or the one that the row itself is."""
    if "case" not in value:
        rest = {name: one for name, one in value.items() if name not in _OWN}
        made = rows_to_cases([replace(row, value=rest)], findings)
        return made[0] if made else None
    case_id = str(value["case"])
    if case_id not in known:
        remedy = did_you_mean(case_id, list(known), noun="cases")
        findings.add(row.at("case"), f"The suite has no case {case_id!r}. {remedy}")
        return None
    context = value.get("context")
    return known[case_id] if context is None else replace(known[case_id], context=context)
