"""A dataset's rows: JSON Lines, JSON, CSV and YAML to plain values with their positions."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lockgate.documents.findings import Findings, Source, read_text, shown_path
from lockgate.documents.nodes import Node
from lockgate.documents.yaml_source import read
from lockgate.errors import DocumentError, Problem, did_you_mean
from lockgate.model import JSON, Where
from lockgate.strict_json import MAX_CHARACTERS, parse

__all__ = ["FORMATS", "Row", "node_rows", "read_rows"]

FORMATS = (".jsonl", ".json", ".csv", ".yaml", ".yml")
"""The endings by which a dataset's format is told."""

_NO_LIST = "A dataset is a list of rows, or a mapping with the list under 'cases'. Write one of them."
_SPACE = re.compile(r"[ \t\n\r]*")
_JSON_COLUMNS = {"input": "[", "context": "["}
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a dataset, whatever it is, with its position and those of its keys.

    `line` is the line of JSON Lines that it stands in: its keys are looked for once something is wrong.
    """

    value: JSON
    where: Where
    keys: Mapping[str, Where] = field(default_factory=dict)
    line: str = ""

    def at(self, key: str) -> Where:
        """The position of a key, or of the row where an escape hides the key."""
        if key in self.keys:
            return self.keys[key]
        found = self.line.find(json.dumps(key, ensure_ascii=False)) if self.line else -1
        return self.where if found < 0 else replace(self.where, column=found + 1)

    def node(self) -> Node:
        """The row as a node, for the tables of keys."""
        if not isinstance(self.value, dict):
            return Node(value=self.value, where=self.where, written=_written(self.value))
        entries = {
            key: Node(value=value, where=self.at(key), written=_written(value))
            for key, value in self.value.items()
        }
        keys = {key: self.at(key) for key in entries}
        return Node(value=self.value, where=self.where, entries=entries, keys=keys)


def read_rows(path: Path) -> tuple[list[Row], Findings]:
    """A file's rows; lines that cannot be read are noted and left out.

    Raises:
        DocumentError: the file cannot be read at all, or is of no format that is.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        # Before it is read: most of what is no dataset is no text either.
        remedy = did_you_mean(ending, FORMATS, noun="formats")
        said = f"A dataset cannot be a {ending or 'nameless'} file. {remedy}"
        raise DocumentError([Problem(path=shown_path(path), line=1, column=1, message=said)])
    if ending in (".yaml", ".yml"):
        root, findings = read(path)
        return list(node_rows(_listed(root, findings))), findings
    findings = Findings(read_text(path))
    readers = {".jsonl": _json_lines, ".json": _json, ".csv": _csv}
    return list(readers[ending](findings)), findings


def node_rows(items: tuple[Node, ...]) -> Iterator[Row]:
    """The rows that a YAML list holds."""
    for item in items:
        yield Row(value=item.value, where=item.where, keys=item.keys)


def _written(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _listed(root: Node, findings: Findings) -> tuple[Node, ...]:
    node = root.entries.get("cases", root)
    if not isinstance(node.value, list):
        findings.add(node.where, _NO_LIST)
    return node.items


def _json_lines(findings: Findings) -> Iterator[Row]:
    path = findings.source.path
    for number, line in enumerate(findings.source.text.split("\n"), 1):
        text = line.rstrip("\r")
        if not text.strip():
            continue
        try:
            value = parse(text)
        except ValueError as error:
            findings.add(_json_where(error, path, number), _json_message(error))
            continue
        yield Row(value=value, where=Where(path=path, line=number), line=text)


def _json(findings: Findings) -> Iterator[Row]:
    source = findings.source
    if len(source.text) > MAX_CHARACTERS:
        said = (
            f"{len(source.text):,} characters are too long for one JSON value. Write the cases as JSON Lines."
        )
        findings.add(Where(path=source.path), said)
        return
    try:
        whole = parse(source.text)
    except ValueError as error:
        findings.add(_json_where(error, source.path, 1), _json_message(error))
        return
    start = _list_start(whole, source)
    if start is None:
        findings.add(Where(path=source.path), _NO_LIST)
        return
    yield from _items(source, start)


def _list_start(whole: JSON, source: Source) -> int | None:
    """The index after the bracket that opens the list of rows."""
    text = source.text
    at = _skip(text, 0)
    if isinstance(whole, list):
        return at + 1
    if not isinstance(whole, dict) or not isinstance(whole.get("cases"), list):
        return None
    while True:
        key, at = _DECODER.raw_decode(text, _skip(text, at + 1))
        at = _skip(text, _skip(text, at) + 1)
        if key == "cases":
            return at + 1
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)


def _items(source: Source, at: int) -> Iterator[Row]:
    at = _skip(source.text, at)
    line, seen = 1, 0
    while source.text[at] != "]":
        line, seen = line + source.text.count("\n", seen, at), at
        column = at - source.text.rfind("\n", 0, at)
        value, at = _DECODER.raw_decode(source.text, at)
        yield Row(value=value, where=Where(path=source.path, line=line, column=column))
        at = _skip(source.text, at)
        at = _skip(source.text, at + 1) if source.text[at] == "," else at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _json_where(error: ValueError, path: str, line: int) -> Where:
    cause = error.__cause__
    if isinstance(cause, json.JSONDecodeError):
        return Where(path=path, line=line + cause.lineno - 1, column=cause.colno)
    return Where(path=path, line=line)


def _json_message(error: ValueError) -> str:
    said = re.sub(r"^line \d+, column \d+: ", "", str(error))
    return f"This is not JSON: {said}. Correct it, or delete the row."


def _csv(findings: Findings) -> Iterator[Row]:
    source = findings.source
    reader = csv.reader(io.StringIO(source.text, newline=""), strict=True)
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            where, line = Where(path=source.path, line=line), reader.line_num + 1
            if not header:
                header = _header(cells, where, findings)
                if findings.problems:
                    return
            elif any(cells):
                yield from _csv_row(header, cells, where, findings)
    except csv.Error as error:
        findings.add(
            Where(path=source.path, line=line), f"This is not CSV: {error}. Check the quotes of this row."
        )


def _header(cells: list[str], where: Where, findings: Findings) -> list[str]:
    names = [cell.strip() for cell in cells]
    for name in sorted({name for name in names if names.count(name) > 1 or not name}):
        findings.add(where, f"The column {name!r} must have a name of its own. Rename it.")
    return names


def _csv_row(header: list[str], cells: list[str], where: Where, findings: Findings) -> Iterator[Row]:
    if len(cells) > len(header):
        message = (
            f"This row has {len(cells)} cells and the header {len(header)}. Quote a text that holds a comma."
        )
        findings.add(where, message)
        return
    value: dict[str, JSON] = {}
    for name, cell in zip(header, cells, strict=False):
        if cell and not _nest(value, name.split("."), _cell(name, cell)):
            findings.add(where, f"The column {name!r} is both a value and a group of columns. Rename one.")
    yield Row(value=value, where=where)


def _nest(value: dict[str, JSON], path: list[str], cell: JSON) -> bool:
    *groups, last = path
    for group in groups:
        inner = value.setdefault(group, {})
        if not isinstance(inner, dict):
            return False
        value = inner
    if last in value:
        return False
    value[last] = cell
    return True


def _cell(column: str, cell: str) -> JSON:
    """A cell's text, or its JSON value in the columns that may hold one (`true`, `3`, `["a"]`)."""
    name = column.split(".", maxsplit=1)[0]
    if name == "should_refuse":
        cell = cell.lower()
    if name not in ("expected", "tags", "should_refuse") and not cell.startswith(
        _JSON_COLUMNS.get(name, "\0")
    ):
        return cell
    try:
        return parse(cell)
    except ValueError:
        return cell
