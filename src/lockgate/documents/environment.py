"""`${NAME}` in a project file: values from the environment, which no error and no report may show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from lockgate.documents.findings import Findings
from lockgate.documents.nodes import Node
from lockgate.model import Where

__all__ = ["redact", "substitute", "unset"]

# Shorter values stand in messages by chance (a port, a count), and guard nothing.
_SHORTEST_SECRET = 4
_VARIABLE = re.compile(r"\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def substitute(node: Node, environ: Mapping[str, str], findings: Findings) -> Node:
    """A node with every `${NAME}` in its texts filled in; `$${` stands for `${`.

    A variable that is not set is noted at its position and left as it is written.
    """
    if node.entries:
        entries = {key: substitute(entry, environ, findings) for key, entry in node.entries.items()}
        return replace(node, entries=entries, value={key: entry.value for key, entry in entries.items()})
    if node.items:
        items = tuple(substitute(item, environ, findings) for item in node.items)
        return replace(node, items=items, value=[item.value for item in items])
    if not isinstance(node.value, str) or "${" not in node.value:
        return node
    return _fill(node, environ, findings)


def unset(node: Node) -> bool:
    """Whether a text still holds a `${NAME}`."""
    return isinstance(node.value, str) and any(found[2] for found in _VARIABLE.finditer(node.value))


def redact(text: str, node: Node) -> str:
    """A text in which every value that a node took from the environment is its `${NAME}` again."""
    for name, value in sorted(_taken(node), key=lambda pair: -len(pair[1])):
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, f"${{{name}}}")
    return text


def _fill(node: Node, environ: Mapping[str, str], findings: Findings) -> Node:
    taken: dict[str, str] = {}

    def value(found: re.Match[str]) -> str:
        if found[1]:
            return "${"
        if found[2] in environ:
            taken[found[2]] = environ[found[2]]
            return environ[found[2]]
        message = f"The environment variable {found[2]!r} is not set. Set it, or write the value here."
        findings.add(_position(node, found.start()), message)
        return found[0]

    text = _VARIABLE.sub(value, node.value)
    return replace(node, value=text, taken=taken)


def _position(node: Node, index: int) -> Where:
    """Where a character of a one-line scalar stands; the start of any other."""
    if node.style in ("|", ">") or "\n" in node.value:
        return node.where
    return replace(node.where, column=node.where.column + index + len(node.style))


def _taken(node: Node) -> Iterator[tuple[str, str]]:
    yield from node.taken.items()
    for child in (*node.entries.values(), *node.items):
        yield from _taken(child)
