"""The check on answers in Markdown: headings, tables whose rows fit, code fences that close and parse."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Mapping

from lockgate.checks.fences import Fence, fences, prose_lines
from lockgate.checks.values import joined
from lockgate.checks.verdicts import failed, passed, rate_check
from lockgate.checks.xml_answers import parse_xml
from lockgate.checks.yaml_answers import parse_yaml
from lockgate.errors import UsageError
from lockgate.model import Case, Check, Completion, Verdict
from lockgate.strict_json import parse_answer

__all__ = ["headings", "markdown"]

_READ = 250_000
_PYTHON_READ = 50_000
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_DELIMITERS = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_ESCAPE = re.compile(r"\\.")


def markdown(
    headings: list[str] | None = None,
    *,
    tables: bool = True,
    code: bool = True,
    metric: str = "markdown",
) -> Check:
    """The answer's Markdown is sound: required headings, tables and code fences.

    Args:
        headings: the headings that it has, in this order, without regard to case; `## Summary` asks for that
            level, `Summary` for any.
        tables: every row of a table has as many cells as its header.
        code: every code fence is closed, and one in json, python, yaml or xml parses.
        metric: the metric's name, a rate.

    Raises:
        UsageError: a heading is empty.
    """
    wanted = list(headings or ())
    for heading in wanted:
        if not heading.strip("# \t"):
            raise UsageError(f"The heading {heading!r} is empty. Write its text.")

    def judge(case: Case, completion: Completion) -> Verdict:  # noqa: ARG001 - a check's shape
        text = completion.text
        if len(text) > _READ:
            return failed(f"The answer has {len(text):,} characters, more than the {_READ:,} that are read.")
        problems = [*_missing(text, wanted)] if wanted else []
        problems += _table_problems(text) if tables else []
        problems += _code_problems(text) if code else []
        return failed(joined(problems).encode(errors="replace").decode()) if problems else passed()

    identity = {"headings": wanted, "tables": tables, "code": code, "metric": metric}
    return rate_check("markdown", metric, judge, identity)


def headings(text: str) -> Iterator[tuple[int, str]]:
    """Level (1 to 6) and text of each heading outside code, in order."""
    before = ""
    for _, line in prose_lines(text):
        match, underline = _HEADING.match(line), _UNDERLINE.match(line)
        if match:
            yield len(match[1]), (match[2] or "").strip()
        elif underline and before.strip() and not _HEADING.match(before) and "|" not in before:
            yield 1 if underline[1][0] == "=" else 2, before.strip()
        before = line


def _missing(text: str, wanted: list[str]) -> Iterator[str]:
    given = list(headings(text))
    position = 0
    for heading in wanted:
        rest = range(position, len(given))
        found = next((n for n in rest if _is_heading(*given[n], heading)), None)
        if found is not None:
            position = found + 1
        elif any(_is_heading(*one, heading) for one in given):
            yield f"The heading {heading!r} is not in its place."
        else:
            yield f"The heading {heading!r} is missing."


def _is_heading(level: int, text: str, wanted: str) -> bool:
    hashes = len(wanted) - len(wanted.lstrip("#"))
    plain = re.sub(r"[*_`]", "", text).rstrip(":").strip().casefold()
    same = wanted.lstrip("# \t").strip().rstrip(":").casefold() in (plain, text.casefold())
    return same and hashes in (0, level)


def _table_problems(text: str) -> Iterator[str]:
    lines = list(prose_lines(text))
    width, before = 0, ""
    for number, line in lines:
        if not width and "|" in before and "|" in line and _DELIMITERS.match(line):
            width = _cells(before)
            if _cells(line) != width:
                yield f"Line {number}: the table's rule has {_cells(line)} cells, its header {width}."
        elif width and "|" in line:
            if _cells(line) != width:
                yield f"Line {number}: the table's row has {_cells(line)} cells, its header {width}."
        else:
            width = 0
        before = line


def _cells(line: str) -> int:
    bare = _ESCAPE.sub("", line).strip()
    return bare.removeprefix("|").removesuffix("|").count("|") + 1


def _code_problems(text: str) -> Iterator[str]:
    for fence in fences(text):
        if not fence.closed:
            yield f"Line {fence.line}: the code fence is not closed."
            continue
        said = _broken(fence)
        if said:
            what = f"the {fence.language} in the code fence does not parse"
            yield f"Line {fence.line}: {what}: {said.rstrip('.')}."


def _broken(fence: Fence) -> str | None:
    read = _READERS.get(fence.language)
    try:
        if read is not None:
            read(fence.text)
    except ValueError as error:
        return str(error)
    return None


def _read_python(text: str) -> None:
    if len(text) > _PYTHON_READ:
        raise ValueError(f"{len(text):,} characters are more than the {_PYTHON_READ:,} that are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # '\d' in a text is a warning, not an error
            ast.parse(text)
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise ValueError("it is nested too deep") from None


_READERS: Mapping[str, Callable[[str], object]] = {
    "json": parse_answer,
    "py": _read_python,
    "python": _read_python,
    "python3": _read_python,
    "xml": parse_xml,
    "yaml": parse_yaml,
    "yml": parse_yaml,
}
"""Language of a fence → what raises a ValueError where it does not parse."""
