"""Datasets and inline rows to cases, with every mistake at its row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lockgate.documents.findings import Findings
from lockgate.documents.rows import Row, read_rows
from lockgate.documents.tables import Key, Table, check_mapping, checker
from lockgate.fingerprints import digest
from lockgate.model import JSON, Case, Where

__all__ = [
    "CASE",
    "check_messages",
    "content",
    "load_cases",
    "note_duplicates",
    "read_cases",
    "rows_to_cases",
]

CASE = Table(
    noun="a case",
    doc="One input with what is expected of its answer. Other keys are kept and reach templates and checks.",
    unlisted=True,
    keys=(
        Key(
            name="id",
            annotation=str | int,
            doc="Unique within the suite; without one, eight digits of a hash of the input.",
        ),
        Key(
            name="input",
            annotation=str | list[dict[str, Any]],
            required=True,
            doc="A text, or a list of chat messages with role and content.",
        ),
        Key(name="expected", doc="What checks compare with; prompts never see it."),
        Key(
            name="context",
            annotation=str | list[str] | None,
            doc="A text or texts that the answer may rest on when the backend retrieves nothing.",
        ),
        Key(name="should_refuse", annotation=bool | None, doc="Whether a refusal is the right answer."),
        Key(name="tags", annotation=dict[str, Any] | None, doc="Name and value, for grouping."),
    ),
)

_is_right = checker(CASE)
_ROLES = ("system", "user", "assistant")
_FIELDS = ("input", "expected", "context", "should_refuse", "tags")
_MESSAGE = "Write {role: system, user or assistant, content: a text}."
_BAD_ID = re.compile(r"::|[\x00-\x1f\x7f]|^\s|\s$|^$")


def load_cases(path: Path) -> tuple[Case, ...]:
    """A dataset's cases, in order.

    Args:
        path: a `.jsonl`, `.json`, `.csv`, `.yaml` or `.yml` file.

    Raises:
        DocumentError: with every mistake in it; two cases of one id and an empty dataset are mistakes too.
    """
    cases, findings = read_cases(path)
    note_duplicates(cases, {findings.source.path: findings})
    if not cases and not findings.problems:
        findings.add(Where(path=findings.source.path), "The dataset has no cases. Add one.")
    findings.stop()
    return tuple(cases)


def read_cases(path: Path) -> tuple[list[Case], Findings]:
    """A file's cases that are right, and what is wrong with the others.

    Raises:
        DocumentError: the file cannot be read at all.
    """
    rows, findings = read_rows(path)
    return rows_to_cases(rows, findings), findings


def rows_to_cases(rows: Iterable[Row], findings: Findings) -> list[Case]:
    """The cases of the rows that are right; mistakes are noted."""
    made = (_case(row, findings) for row in rows)
    return [case for case in made if case is not None]


def check_messages(messages: Sequence[Any], noun: str, where: Where, findings: Findings) -> bool:
    """Whether a list is of chat messages; what is none is noted. Errors call the list by the noun."""
    before = len(findings.problems)
    if not messages:
        findings.add(where, f"{noun.capitalize()} has no messages. Write a text, or one message at least.")
    for number, message in enumerate(messages, 1):
        fields = message if isinstance(message, dict) else {}
        if fields.get("role") not in _ROLES or not isinstance(fields.get("content"), str):
            findings.add(where, f"Message {number} of {noun} is not a chat message. {_MESSAGE}")
    return len(findings.problems) == before


def note_duplicates(cases: Sequence[Case], findings: Mapping[str, Findings]) -> None:
    """Note each case whose id an earlier one has, in the findings of its own file (path → findings)."""
    first: dict[str, Case] = {}
    for case in cases:
        other = first.setdefault(case.id, case)
        if other is not case and case.where:
            findings[case.where.path].add(case.where, _duplicate(case, other))


def content(cases: Sequence[Case]) -> str:
    """A hash of all that the cases say: 16 hex digits that no reformatting of their files changes."""
    return digest([_said(case) for case in cases])


def _case(row: Row, findings: Findings) -> Case | None:
    """A row's case; None where it is wrong, with every mistake noted."""
    before = len(findings.problems)
    value = row.value
    if not _is_right(value):
        value = {name: node.value for name, node in check_mapping(row.node(), CASE, findings).items()}
    given = {name: entry for name, entry in value.items() if entry is not None}
    if isinstance(given.get("input"), list):
        check_messages(given["input"], "the input", row.at("input"), findings)
    case_id = _id(given.pop("id"), row, findings) if "id" in given else None
    if len(findings.problems) > before:
        return None
    known = {key: given.pop(key) for key in _FIELDS if key in given}
    made = case_id or digest([known["input"]])[:8]
    return Case(id=made, fields=given, where=row.where, **known)


def _id(written: str | int, row: Row, findings: Findings) -> str:
    case_id = str(written)
    if _BAD_ID.search(case_id):
        message = f"The id {case_id!r} cannot name a test. Write one line without '::' and outer spaces."
        findings.add(row.at("id"), message)
    return case_id


def _duplicate(case: Case, other: Case) -> str:
    where = other.where
    place = f"{where.path}:{where.line}" if where else "an earlier row"
    return f"The case id {case.id!r} is already taken by {place}. Give one of them another id."


def _said(case: Case) -> list[JSON]:
    parts = [case.id, case.input, case.expected, list(case.context), case.tags, case.should_refuse]
    return [*parts, case.fields]
