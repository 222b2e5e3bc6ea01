"""Training rows: read from datasets, rendered by the prompt, split so that no group is on both sides."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from lockgate import prompts
from lockgate.documents import rows as documents
from lockgate.documents.datasets import check_messages, rows_to_cases
from lockgate.documents.findings import Findings
from lockgate.errors import DocumentError, Problem, UsageError
from lockgate.model import Case, Message, Prompt, Where

__all__ = ["Row", "read_rows", "split"]

Render = Callable[[Case], tuple[Message, ...]]
_HIDDEN = ("id", "answer", "group")


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


def read_rows(paths: Sequence[Path], *, prompt: Prompt | None = None) -> tuple[Row, ...]:
    """Read training rows from files of any format that a dataset may have.

    A row is `{"messages": […]}`, whose last message is the assistant's, or `{"input" or "ticket", "answer"}`
    with any other fields, which the prompt's templates see as they see a case's: `context` as the context,
    `expected`, `tags` and `should_refuse` not at all. An answer that is no text becomes its JSON text.
    `group` defaults to the row's position, so that a row without one is its own group.

    Args:
        paths: the files, in order.
        prompt: what renders the rows; without one, the input is the user message.

    Raises:
        DocumentError: every mistake in every file, with its line.
    """
    problems: list[Problem] = []
    rows: list[Row] = []
    for path in paths:
        try:
            rows += _read_file(path, partial(prompts.render, prompt))
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
    found, findings = documents.read_rows(path)
    made = [_row(row, render, findings) for row in found]
    if not found and not findings.problems:
        where = Where(path=findings.source.path)
        findings.add(where, "There is no row in this file. Write one JSON object a line.")
    findings.stop()
    return [row for row in made if row is not None]


def _row(row: documents.Row, render: Render, findings: Findings) -> Row | None:
    """A row that is right; None for any other, with every mistake noted."""
    if not isinstance(row.value, dict):
        findings.add(row.where, "A row must be an object. Write {…}.")
        return None
    given = {key: value for key, value in row.value.items() if value is not None}
    try:
        parts = _conversation if "messages" in given else partial(_turn, render)
        messages, answer = parts(replace(row, value=given), findings)
    except UsageError as error:
        findings.add(row.where, str(error))
        return None
    place = str(row.where).removesuffix(":1")
    return Row(messages=messages, answer=answer, group=str(given.get("group", place)), where=row.where)


def _conversation(row: documents.Row, findings: Findings) -> tuple[tuple[Message, ...], str]:
    messages = row.value["messages"]
    if not isinstance(messages, list) or len(messages) < 2:
        raise UsageError("`messages` must be a list of two or more. Write {role: …, content: …} for each.")
    if not check_messages(messages, "`messages`", row.at("messages"), findings):
        return (), ""
    if messages[-1]["role"] != "assistant":
        raise UsageError("The last message must be the assistant's: it is what is learnt.")
    return tuple(messages[:-1]), messages[-1]["content"]


def _turn(render: Render, row: documents.Row, findings: Findings) -> tuple[tuple[Message, ...], str]:
    asked = row.value.get("input", row.value.get("ticket", ""))
    if isinstance(asked, str) and not asked.strip():
        raise UsageError("The row has no `input` (or `ticket`) text. Give it one, or give `messages`.")
    answer = _answer(row.value)
    shown = {key: value for key, value in row.value.items() if key not in _HIDDEN}
    # The very case that evaluation makes of such a row: what a prompt sees there, it is to see here.
    cases = rows_to_cases([replace(row, value={**shown, "input": asked})], findings)
    return (render(cases[0]) if cases else ()), answer


def _answer(row: Mapping[str, Any]) -> str:
    answer = row.get("answer", "")
    if answer == "":
        raise UsageError("The row has no `answer`. Give it a text, or an object that becomes JSON.")
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
