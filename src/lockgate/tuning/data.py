"""Training rows: read from JSON Lines, rendered by the prompt, split so that no group is on both sides."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockgate.documents.findings import Findings, read_text
from lockgate.errors import DocumentError, Problem, UsageError
from lockgate.model import Case, Message, Where

__all__ = ["Row", "read_rows", "split"]

Render = Callable[[Case], tuple[Message, ...]]
_ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One training example.

    Args:
        messages: what the model is shown, as chat messages.
        answer: what it is to say.
        group: rows of one group stay on one side of the split.
        where: its position in the data.
    """

    messages: tuple[Message, ...]
    answer: str
    group: str
    where: Where


def read_rows(paths: Sequence[Path], *, render: Render | None = None) -> tuple[Row, ...]:
    """Read training rows from JSON Lines files.

    A row is `{"messages": […]}`, whose last message is the assistant's, or `{"input" or "ticket", "answer"}`
    with any other fields, which reach the prompt's templates; an answer that is no text becomes its JSON
    text. `group` defaults to the row's position, so that a row without one is its own group.

    Args:
        paths: the files, in order.
        render: a case → the chat messages that ask it; without one, the input is the user message.

    Raises:
        DocumentError: every mistake in every file, with its line.
    """
    problems: list[Problem] = []
    rows: list[Row] = []
    for path in paths:
        try:
            rows += _read_file(path, render or _bare)
        except DocumentError as error:
            problems += error.problems
    if problems:
        raise DocumentError(problems)
    return tuple(rows)


def split(rows: Sequence[Row], share: float, *, seed: int) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Divide rows into training and validation by whole groups.

    Args:
        rows: all of them.
        share: how much of them is to be for validation, 0 ≤ share < 1; groups are moved over, in an
            order that the seed draws, as long as they fit into it, and at least one when the share is not 0.
        seed: draws the order of the groups.

    Returns:
        Training rows and validation rows, each in the order given.

    Raises:
        UsageError: a share above 0 with fewer than two groups: one of the sides would be empty.
    """
    if share == 0:
        return tuple(rows), ()
    groups = sorted({row.group for row in rows})
    if len(groups) < 2:
        raise UsageError("All rows are of one group, so none can be held out. Set `validation: 0`.")
    random.Random(seed).shuffle(groups)  # noqa: S311  (a split, not a secret)
    held = _fill(groups, rows, share)
    return (
        tuple(row for row in rows if row.group not in held),
        tuple(row for row in rows if row.group in held),
    )


def _fill(groups: Sequence[str], rows: Sequence[Row], share: float) -> set[str]:
    sizes = dict.fromkeys(groups, 0)
    for row in rows:
        sizes[row.group] += 1
    held: set[str] = set()
    room = share * len(rows)
    for group in groups:
        if sizes[group] <= room and len(held) < len(groups) - 1:
            held.add(group)
            room -= sizes[group]
    return held or {min(groups, key=lambda group: sizes[group])}


def _read_file(path: Path, render: Render) -> list[Row]:
    source = read_text(path)
    findings = Findings(source)
    rows = [
        row
        for number, line in enumerate(source.lines, start=1)
        if line.strip()
        for row in _read_line(line, Where(path=source.path, line=number), render, findings)
    ]
    if not rows and not findings.problems:
        findings.add(Where(path=source.path), "There is no row in this file. Write one JSON object a line.")
    findings.stop()
    return rows


def _read_line(line: str, where: Where, render: Render, findings: Findings) -> Iterator[Row]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        at = Where(path=where.path, line=where.line, column=error.colno)
        findings.add(at, f"This is not JSON: {error.msg}. Write one JSON object a line.")
        return
    try:
        yield _row(value, where, render)
    except UsageError as error:
        findings.add(where, str(error))


def _row(row: Any, where: Where, render: Render) -> Row:
    if not isinstance(row, dict):
        raise UsageError("A row must be an object. Write {…}.")
    group = str(row.get("group", f"{where.path}:{where.line}"))
    if "messages" in row:
        messages, answer = _conversation(row["messages"])
    else:
        messages, answer = render(_case(row, where)), _answer(row)
    return Row(messages=messages, answer=answer, group=group, where=where)


def _conversation(messages: Any) -> tuple[tuple[Message, ...], str]:
    if not isinstance(messages, list) or not all(map(_is_message, messages)) or len(messages) < 2:
        raise UsageError(
            "`messages` must be two or more objects with `role` (system, user, assistant) and `content`."
        )
    if messages[-1]["role"] != "assistant":
        raise UsageError("The last message must be the assistant's: it is what is learnt.")
    return tuple(messages[:-1]), messages[-1]["content"]


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and value.get("role") in _ROLES and isinstance(value.get("content"), str)


def _case(row: Mapping[str, Any], where: Where) -> Case:
    asked = row.get("input", row.get("ticket"))
    if not isinstance(asked, str) or not asked.strip():
        raise UsageError("The row has no `input` (or `ticket`) text. Give it one, or give `messages`.")
    rest = {key: value for key, value in row.items() if key not in ("input", "answer", "group", "id")}
    return Case(id=str(row.get("id", where.line)), input=asked, fields=rest, where=where)


def _answer(row: Mapping[str, Any]) -> str:
    answer = row.get("answer")
    if answer is None or answer == "":
        raise UsageError("The row has no `answer`. Give it a text, or an object that becomes JSON.")
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def _bare(case: Case) -> tuple[Message, ...]:
    return ({"role": "user", "content": case.question},)
