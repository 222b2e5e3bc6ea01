"""`run.json`: the record of runs that every other report and comparison can be drawn from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lockgate.errors import UsageError
from lockgate.model import Run
from lockgate.plain import as_json, from_plain, to_plain

__all__ = ["SCHEMA", "read_record", "read_run_file", "record"]

SCHEMA = "lockgate/run/1"
"""The record's format; a change that readers of the old one would misread gets another number."""


def record(runs: Run | Sequence[Run]) -> str:
    """Runs as JSON, `{"schema": "lockgate/run/1", "runs": […]}`; the same runs always give the same text.

    Every sample, metric and ruling stands on a line of its own, so that a baseline in git shows what
    changed. Fields that are at their default are left out.

    Raises:
        ValueError: a number is NaN or infinite.
        TypeError: a mapping holds what is not JSON.
    """
    runs = [runs] if isinstance(runs, Run) else runs
    texts = ",\n".join(_lines(to_plain(run)) for run in runs)
    return f'{{"schema": {as_json(SCHEMA)}, "runs": [\n{texts}\n]}}\n'


def read_record(text: str) -> tuple[Run, ...]:
    """The runs that `record` wrote.

    Raises:
        ValueError: the text is not such a record, or one of another format.
    """
    content = json.loads(text)
    schema = content.get("schema") if isinstance(content, Mapping) else None
    if schema != SCHEMA:
        raise ValueError(f"its schema is {schema!r}, not {SCHEMA!r}")
    try:
        return tuple(from_plain(Run, plain) for plain in content["runs"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is damaged: {error}") from error


def read_run_file(path: Path) -> tuple[Run, ...]:
    """The runs of a file that holds what `record` wrote.

    Raises:
        UsageError: it cannot be read, or is no such file.
    """
    try:
        return read_record(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is no run file ({error}). Name a run.json.") from error


def _lines(plain: Mapping[str, Any]) -> str:
    return "{" + ",\n".join(f"{as_json(key)}: {_member(value)}" for key, value in plain.items()) + "}"


def _member(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "[\n" + ",\n".join(map(as_json, value)) + "\n]"
    return as_json(value)
