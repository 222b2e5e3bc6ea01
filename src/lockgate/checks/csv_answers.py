"""The check on answers that are CSV: one header, rows that fit it, values of the types that are asked for."""

from __future__ import annotations

import csv as reader
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from lockgate.checks.fences import only_block
from lockgate.checks.values import is_day
from lockgate.checks.verdicts import failed, passed, rate_check
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import Case, Check, Completion, Verdict
from lockgate.units import count

__all__ = ["csv"]

_READ = 1_000_000
_SHOWN = 5
_PATTERNS: Mapping[str, str] = {
    "text": r".*\S.*",
    "integer": r"[-+]?\d+",
    "number": r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?",
    "boolean": r"true|false",
}
_TYPES: Mapping[str, Callable[[str], object]] = {
    **{name: re.compile(p, re.ASCII | re.DOTALL).fullmatch for name, p in _PATTERNS.items()},
    "date": is_day,
}


def csv(
    columns: list[str] | None = None,
    *,
    delimiter: str = ",",
    types: dict[str, Any] | None = None,
    min_rows: int = 1,
    max_rows: int | None = None,
    extract: bool = False,
    metric: str = "csv",
) -> Check:
    """The answer is CSV (RFC 4180) with a header, and every row has as many fields as the header.

    Args:
        columns: the names in the header, in order; without it, any that differ from each other.
        delimiter: the one character between fields.
        types: column → `text` (not empty), `integer`, `number`, `boolean` (`true`, `false`), `date`
            (`2024-02-29`), or the list of the values that it may have.
        min_rows: the least rows under the header.
        max_rows: the most rows.
        extract: take the one code fence in the answer.
        metric: the metric's name, a rate.

    Raises:
        UsageError: an option is out of range, or names a type or a column that there is not.
    """
    _check(columns, delimiter, types or {}, min_rows, max_rows)

    def judge(case: Case, completion: Completion) -> Verdict:  # noqa: ARG001 - a check's shape
        try:
            text = only_block(completion.text, ("csv", "tsv")) if extract else completion.text
            rows = _read(text.strip("\r\n"), delimiter)
        except ValueError as error:
            return failed(f"The answer is not CSV: {error}.")
        problems = list(islice(_problems(rows, columns, types or {}, (min_rows, max_rows)), _SHOWN))
        return failed(" ".join(problems)) if problems else passed()

    identity = {"columns": columns, "delimiter": delimiter, "types": types, "rows": [min_rows, max_rows]}
    return rate_check("csv", metric, judge, {**identity, "extract": extract, "metric": metric})


def _check(
    columns: list[str] | None, delimiter: str, types: Mapping[str, Any], least: int, most: int | None
) -> None:
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise UsageError(f"The delimiter cannot be {delimiter!r}. Use one character, such as ';'.")
    if least < 0 or (most is not None and most < least):
        raise UsageError(f"min_rows {least} and max_rows {most} leave nothing. Use 0 ≤ min_rows ≤ max_rows.")
    if columns is not None and (not columns or len(set(columns)) < len(columns)):
        raise UsageError(f"The columns {columns!r} are not names that differ. Write each once.")
    for column, kind in types.items():
        if columns is not None and column not in columns:
            raise UsageError(f"types names the column {column!r}. {did_you_mean(column, columns)}")
        if not isinstance(kind, list) and kind not in _TYPES:
            remedy = did_you_mean(str(kind), list(_TYPES), noun="types")
            raise UsageError(f"A column's type cannot be {kind!r}. {remedy}")


def _read(text: str, delimiter: str) -> list[list[str]]:
    if len(text) > _READ:
        raise ValueError(f"{len(text):,} characters are more than the {_READ:,} that are read")
    if not text.strip():
        raise ValueError("it is empty")
    if "\0" in text:
        raise ValueError("it has a NUL character")
    lines = reader.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return list(lines)
    except reader.Error as error:
        raise ValueError(f"line {lines.line_num}: {error}") from None


def _problems(
    rows: Sequence[Sequence[str]],
    columns: Sequence[str] | None,
    types: Mapping[str, Any],
    bounds: tuple[int, int | None],
) -> Iterator[str]:
    header, *body = rows
    yield from _header_problems(header, columns, types)
    least, most = bounds
    if len(body) < least or (most is not None and len(body) > most):
        wanted = f"at least {least:,}" if len(body) < least else f"at most {most:,}"
        yield f"The answer has {len(body):,} rows under the header, expected {wanted}."
    for number, row in enumerate(body, 1):
        if len(row) != len(header):
            yield f"Row {number} has {count(len(row), 'field')}, the header {len(header)}."
            continue
        for column, value in zip(header, row, strict=True):
            if column in types and not _fits(value.strip(), types[column]):
                yield f"Row {number}, {column}: {value[:60]!r} is no {_named(types[column])}."


def _header_problems(
    header: Sequence[str], columns: Sequence[str] | None, types: Mapping[str, Any]
) -> Iterator[str]:
    names = [name.strip() for name in header]
    if columns is not None and list(header) != list(columns):
        yield f"The header is {_listed(header)}, expected {_listed(columns)}."
    elif len(set(names)) < len(names) or not all(names):
        yield f"The header {_listed(header)} has a name twice, or an empty one."
    absent = [column for column in types if column not in header]
    if columns is None and absent:
        yield f"The header has no {_listed(absent)}."


def _fits(value: str, kind: Any) -> bool:
    if isinstance(kind, list):
        return value in map(str, kind)
    return bool(_TYPES[kind](value))


def _named(kind: Any) -> str:
    return kind if isinstance(kind, str) else f"one of {_listed(kind)}"


def _listed(names: Sequence[Any]) -> str:
    text = ", ".join(str(name).encode(errors="replace").decode() for name in names)
    return text if len(text) <= 120 else f"{text[:120]}…"
