"""Mistakes of one file, collected while it is read, so that all are told at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lockgate.errors import DocumentError, Problem
from lockgate.model import Where

__all__ = ["Findings", "Source", "check_text", "missing_file", "read_text", "shown_path"]

# YAML 1.1 ends a line at each of these; the marks of its reader count them.
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
)
_SECRET = re.compile(
    r"""((?:key|token|secret|password)["']?\s*:\s*["']?)(?!\$\{)([^"'\s,{}\[\]#]+)""", re.IGNORECASE
)
_WIDEST = 160


# Without slots, as the lines are kept: a file without mistakes is never split.
@dataclass(frozen=True, kw_only=True)
class Source:
    """A file's text and its lines, as an error shows them."""

    path: str
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The text's lines, without their ends."""
        return tuple(_LINE_END.split(self.text))

    def at(self, index: int) -> Where:
        """The position of a character of the text."""
        before = _LINE_END.split(self.text[:index])
        return Where(path=self.path, line=len(before), column=len(before[-1]) + 1)

    def problem(self, where: Where, message: str) -> Problem:
        """A mistake at a position, which is moved into the text should it lie outside."""
        line = min(max(where.line, 1), len(self.lines))
        written = self.lines[line - 1]
        column = min(max(where.column, 1), len(written) + 1)
        shown = _cut(_SECRET.sub(_mask, written), column)
        return Problem(path=self.path, line=line, column=column, message=message, source=shown)


class Findings:
    """The mistakes found in one file so far."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []

    def add(self, where: Where, message: str) -> None:
        """Note a mistake: what is wrong, and what to do."""
        self.problems.append(self.source.problem(where, message))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note mistakes of a file that this one leads to."""
        self.problems.extend(problems)

    def stop(self) -> None:
        """End here if anything was found.

        Raises:
            DocumentError: with everything found.
        """
        if self.problems:
            raise DocumentError(self.problems)


def read_text(path: Path) -> Source:
    """A UTF-8 file's text, without its byte order mark.

    Raises:
        DocumentError: it is not there, cannot be read, is not UTF-8, or has control characters.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError([missing_file(path, error)]) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError([_not_utf8(path, data, error.start)]) from error
    return check_text(text, shown_path(path))


def check_text(text: str, path: str) -> Source:
    """A text as a Source.

    Raises:
        DocumentError: it has control characters, or halves of characters.
    """
    source = Source(path=path, text=text.removeprefix("\ufeff"))
    found = _UNPRINTABLE.search(source.text)
    if found:
        message = f"The character U+{ord(found[0]):04X} cannot stand in a text file. Delete it."
        raise DocumentError([source.problem(source.at(found.start()), message)])
    return source


def missing_file(path: Path, error: OSError) -> Problem:
    """The mistake of naming a file that cannot be read."""
    reason = "There is no such file" if isinstance(error, FileNotFoundError) else str(error.strerror)
    return Problem(
        path=shown_path(path), line=1, column=1, message=f"{reason}. Check the path and its permissions."
    )


def shown_path(path: Path) -> str:
    """A path as errors and reports show it: from the working folder where it lies inside, else as given."""
    try:
        relative = os.path.relpath(path)
    except ValueError:
        return path.as_posix()
    return path.as_posix() if relative.startswith("..") else Path(relative).as_posix()


def _not_utf8(path: Path, data: bytes, start: int) -> Problem:
    source = Source(path=shown_path(path), text=data[:start].decode("utf-8-sig", "replace"))
    message = f"The byte 0x{data[start]:02X} is not UTF-8. Save the file as UTF-8."
    return source.problem(source.at(len(source.text)), message)


def _mask(found: re.Match[str]) -> str:
    return found[1] + "•" * len(found[2])


def _cut(line: str, column: int) -> str:
    width = max(_WIDEST, column + 40)
    return line if len(line) <= width else f"{line[: width - 1]}…"
