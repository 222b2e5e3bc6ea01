"""Rows to a table of text, aligned for a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["align", "markdown"]


def align(rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side, as wide as their widest cell; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first row is the head."""
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *body])
