"""A page of the reference as its sections, tables and blocks, for the tests that hold it to the code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "reference"


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading of the second level."""

    text: str

    def blocks(self, language: str) -> list[str]:
        """The code blocks in one language."""
        return re.findall(rf"^```{language}\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)

    @property
    def tables(self) -> list[list[dict[str, str]]]:
        """Its tables that have rows, each row as column → text without backticks."""
        found = re.findall(r"(?:^\|.*\|\n?)+", self.text, re.MULTILINE)
        return [rows for rows in map(_rows, found) if rows]

    def table(self, first: str) -> list[dict[str, str]]:
        """The one table whose first column is called so."""
        (found,) = [table for table in self.tables if next(iter(table[0])) == first]
        return found


def sections(page: str) -> dict[str, Section]:
    """Heading → section; the text before the first heading is under the empty one."""
    parts = re.split(r"^## (.+)\n", (DOCS / page).read_text("utf-8"), flags=re.MULTILINE)
    return {"": Section(parts[0])} | {
        name: Section(text.strip("\n") + "\n") for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def _rows(table: str) -> list[dict[str, str]]:
    head, _, *rows = [[_plain(cell) for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [dict(zip(head, row, strict=True)) for row in rows]


def _plain(cell: str) -> str:
    """A cell's text; a code span that is the whole cell loses its backticks."""
    cell = cell.strip()
    whole = re.fullmatch(r"`([^`]*)`", cell)
    return whole[1] if whole else re.sub(r"`@check`", "@check", cell)
