"""Recordings: a journal's answers as JSON Lines that git can show, and back, all or nothing."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lockgate.documents.findings import Source, missing_file, shown_path
from lockgate.engine.journal_file import open_existing, open_sound
from lockgate.engine.upkeep import chosen_backends
from lockgate.errors import DocumentError, Problem, UsageError
from lockgate.model import Where
from lockgate.plain import LONE_SURROGATE, as_json
from lockgate.strict_json import parse

__all__ = ["SCHEMA", "Imported", "export_lines", "import_files", "read_recordings", "take"]

SCHEMA = "lockgate/recordings/1"
"""The format; a change that readers of the old one would misread gets another number."""

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "key": str,
    "fingerprint": str,
    "backend": str,
    "case_id": str,
    "trial": int,
    "request": str,
    "completion": dict,
    "created": str,
}
_ANSWER_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "text": str,
    "model": str,
    "passages": list,
    "tokens_in": int,
    "tokens_out": int,
    "cost": (int, float),
    "seconds": (int, float),
    "queued_seconds": (int, float),
    "first_token_seconds": (int, float),
    "finish": str,
    "path": list,
    "batch": int,
    "attempts": int,
}
_POSITION = re.compile(r"line 1, column (\d+): (.*)", re.DOTALL)
_KEY = re.compile("[0-9a-f]{16}")
_ORDER = "backend, case_id, trial, created, key"
_COLUMNS = ", ".join(_TYPES)
_MOST_PROBLEMS = 20
_MOST_TRIALS = 1 << 31


@dataclass(slots=True, kw_only=True)
class Imported:
    """What became of the recordings: new ones, ones newer or older than what was there, and the same."""

    new: int = 0
    newer: int = 0
    older: int = 0
    same: int = 0


def export_lines(path: Path, *, backends: Collection[str] = ()) -> Iterator[str]:
    """A journal's recordings, without line ends: a header, then one completion a line.

    They are sorted by backend, case and trial, so that the same recordings always give the same text.

    Args:
        path: the journal.
        backends: only of these backends or families; all when empty.

    Raises:
        UsageError: there is no such journal or backend.
    """
    with closing(open_existing(path)) as database:
        known = {name for (name,) in database.execute("SELECT DISTINCT backend FROM completions")}
        wanted = chosen_backends(backends, known) if backends else known
        yield as_json({"schema": SCHEMA})
        for line in read_recordings(database):
            if line["backend"] in wanted:
                yield as_json({**line, **_readable(line)})


def read_recordings(database: sqlite3.Connection) -> Iterator[Mapping[str, Any]]:
    """A journal's rows, sorted by backend, case and trial."""
    for row in database.execute(f"SELECT {_COLUMNS} FROM completions ORDER BY {_ORDER}"):  # noqa: S608
        yield dict(zip(_TYPES, row, strict=True))


def take(database: sqlite3.Connection, row: Mapping[str, Any], imported: Imported) -> None:
    """Put a row into a journal unless the same or a newer one is there, and count what became of it."""
    query = "SELECT completion, request, created FROM completions WHERE key = ?"
    there = database.execute(query, (row["key"],)).fetchone()
    outcome = _outcome(row, there)
    setattr(imported, outcome, getattr(imported, outcome) + 1)
    if outcome in ("new", "newer"):
        marks = ", ".join("?" * len(_TYPES))
        values = tuple(row[name] for name in _TYPES)
        database.execute(f"INSERT OR REPLACE INTO completions ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608


def import_files(path: Path, files: Sequence[Path]) -> Imported:
    """Put recordings into a journal, which is made when absent: all of them, or none when a line is wrong.

    Of two recordings under one key the newer stays.

    Raises:
        DocumentError: what is wrong in the files, with positions.
        UsageError: the journal cannot be opened or is damaged.
    """
    database = open_sound(path)
    imported, problems = Imported(), list[Problem]()
    try:
        with closing(database), database:
            database.execute("BEGIN IMMEDIATE")
            for line in (line for file in files for line in _lines(file, problems)):
                take(database, line, imported)
            if problems:
                raise DocumentError(problems)
    except sqlite3.OperationalError as error:
        raise UsageError(f"The journal {path} cannot be written ({error}). Try again later.") from error
    return imported


def _readable(line: Mapping[str, Any]) -> dict[str, Any]:
    created = datetime.fromtimestamp(line["created"], UTC).isoformat(timespec="microseconds")
    parsed = {name: json.loads(line[name]) for name in ("request", "completion")}
    return {**parsed, "created": created}


def _lines(file: Path, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    """The rows of a file that are right; what is wrong with the others goes on the list."""
    try:
        with file.open(encoding="utf-8-sig", newline="\n") as stream:
            texts = ((number, text.rstrip("\r\n")) for number, text in enumerate(stream, start=1))
            yield from _read(shown_path(file), texts, problems)
    except OSError as error:
        problems.append(missing_file(file, error))
    except UnicodeDecodeError:
        problems.append(_problem(shown_path(file), 1, "", "The file is not UTF-8. Export it again."))


def _read(path: str, texts: Iterable[tuple[int, str]], problems: list[Problem]) -> Iterator[dict[str, Any]]:
    _, header = next(iter(texts), (1, ""))
    if _schema(header) != SCHEMA:
        begins = f'A file of recordings begins with {{"schema": "{SCHEMA}"}}.'
        problems.append(_problem(path, 1, header, f"{begins} Make it with `lockgate journal export`."))
        return
    for number, text in texts:
        if len(problems) >= _MOST_PROBLEMS:
            return
        if text.strip():
            try:
                yield _row(text)
            except ValueError as error:
                problems.append(_problem(path, number, text, str(error), getattr(error, "column", 1)))


def _schema(header: str) -> object:
    try:
        content = json.loads(header)
    except ValueError:
        return None
    return content.get("schema") if isinstance(content, dict) else None


class _LineError(ValueError):
    """A line that is no recording: what is wrong, and from which column."""

    def __init__(self, message: str, column: int = 1) -> None:
        super().__init__(message)
        self.column = column


def _row(text: str) -> dict[str, Any]:
    """The columns of a line, checked."""
    try:
        line = parse(text, halves=True)
    except ValueError as error:
        found = _POSITION.match(str(error))
        column, what = (int(found[1]), found[2]) if found else (1, str(error))
        raise _LineError(f"The line is not JSON: {what}. Export it again.", column) from error
    if not isinstance(line, dict):
        raise _LineError("A recording is an object. Export it again.")
    _check(line, _TYPES, text, required=_TYPES)
    _check(line["completion"], _ANSWER_TYPES, text, required=())
    if not _KEY.fullmatch(line["key"]) or not 0 <= line["trial"] < _MOST_TRIALS:
        raise _LineError("'key' is 16 hexadecimal digits, 'trial' is 0 or more. Export it again.")
    if any(map(LONE_SURROGATE.search, (line["fingerprint"], line["backend"], line["case_id"]))):
        raise _LineError("A name holds half a character. Export it again.")
    if not all(map(_is_passage, line["completion"].get("passages", ()))):
        raise _LineError("A passage is an object with the texts 'id' and 'text'. Export it again.")
    completion, request = as_json(line["completion"]), as_json(line["request"])
    return line | {"created": _seconds(line["created"]), "completion": completion, "request": request}


def _check(
    given: Mapping[str, Any], types: Mapping[str, Any], text: str, *, required: Collection[str]
) -> None:
    missing = [name for name in required if name not in given]
    if missing:
        raise _LineError(f"The recording lacks {', '.join(map(repr, missing))}. Export it again.")
    for name, value in given.items():
        column = text.find(f'"{name}"') + 1 or 1
        if name not in types:
            raise _LineError(f"A recording has no {name!r}. Take it out, or update Lockgate.", column)
        if not isinstance(value, types[name]) or isinstance(value, bool):
            raise _LineError(f"{name!r} cannot be {type(value).__name__}. Export it again.", column)


def _is_passage(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in ("id", "text"))


def _seconds(created: str) -> float:
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _LineError(f"'created' is a time such as 2026-01-31T12:00:00+00:00, not {created!r}.")
    return moment.timestamp()


def _problem(path: str, number: int, text: str, message: str, column: int = 1) -> Problem:
    shown = Source(path=path, text=text).problem(Where(path=path, column=column), message)
    return replace(shown, line=number)


def _outcome(line: Mapping[str, Any], there: tuple[str, str, float] | None) -> str:
    if there is None:
        return "new"
    if (line["completion"], line["request"]) == there[:2]:
        return "same"
    return "newer" if line["created"] > there[2] else "older"
