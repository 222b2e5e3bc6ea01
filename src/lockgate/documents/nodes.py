"""A document's values, each with its position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lockgate.model import JSON, Where

__all__ = ["Node"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A YAML value with its position.

    Args:
        value: the plain value, of JSON's types.
        where: its first character.
        entries: of a mapping, key → node, in order.
        keys: of a mapping, the position of each key.
        items: of a list, its nodes.
        written: a scalar's text as it stands in the file; errors quote it.
        style: `|` or `>` of a block scalar, the quotes of a quoted one, else "".
        taken: the environment variables that are part of the value, name → value.
    """

    value: JSON
    where: Where
    entries: Mapping[str, Node] = field(default_factory=dict)
    keys: Mapping[str, Where] = field(default_factory=dict)
    items: tuple[Node, ...] = ()
    written: str = ""
    style: str = ""
    taken: Mapping[str, str] = field(default_factory=dict)

    def line_of(self, line: int) -> Where:
        """The position of the n-th line (from 1) of a scalar's text."""
        if line == 1 and self.style not in ("|", ">"):
            return self.where
        below = line if self.style in ("|", ">") else line - 1
        return Where(path=self.where.path, line=self.where.line + below)
