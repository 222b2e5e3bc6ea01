"""Which keys a mapping may have: one table that the loader checks by and the editors' schema is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lockgate.documents.environment import unset
from lockgate.documents.findings import Findings
from lockgate.documents.nodes import Node
from lockgate.documents.scalars import plain_scalar
from lockgate.documents.words import accepts, capital, choices, describe, test_of
from lockgate.errors import did_you_mean
from lockgate.model import JSON

__all__ = ["Key", "Table", "check_mapping", "check_value", "checker", "is_secret", "quote"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a mapping.

    Args:
        name: the YAML word.
        doc: one sentence for errors, editors and the reference.
        annotation: the type of its value (see `words`).
        required: whether it must be there.
        default: what holds when it is absent.
        least: the smallest number that it may be.
        table: the keys of its value, where that is a mapping.
        each: the keys of each value in it, where names are free (a mapping) or it is a list.
    """

    name: str
    doc: str = ""
    annotation: Any = Any
    required: bool = False
    default: JSON = None
    least: float | None = None
    table: Table | None = None
    each: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The keys of one kind of mapping; `noun` is what errors call it (`a suite`).

    `unlisted` tells whether other keys are let through as they are.
    """

    noun: str
    keys: tuple[Key, ...]
    doc: str = ""
    unlisted: bool = False

    def filled(self, right: Mapping[str, Node]) -> dict[str, Any]:
        """The value of every key: as written where it is right, else its default."""
        return {key.name: right[key.name].value if key.name in right else key.default for key in self.keys}


def check_mapping(node: Node, table: Table, findings: Findings, *, pending: bool = False) -> dict[str, Node]:
    """The entries of a mapping that are right; every mistake in it is noted.

    Args:
        node: the mapping.
        table: what it may hold.
        findings: takes the mistakes.
        pending: whether a text with an unset `${NAME}` stands for a value that is not known yet.
    """
    if not isinstance(node.value, dict):
        findings.add(node.where, f"{capital(table.noun)} is a mapping, not {quote(node)}. {_example(table)}")
        return {}
    keys = {key.name: key for key in table.keys}
    _check_names(node, table, keys, findings)
    right: dict[str, Node] = {}
    for name, entry in node.entries.items():
        if name in keys:
            checked = check_value(entry, keys[name], findings, pending=pending)
            right.update({name: checked} if checked else {})
        elif table.unlisted:
            right[name] = entry
    return right


def checker(table: Table) -> Callable[[JSON], bool]:
    """Whether a plain value is right by a table, for datasets' many rows; `check_mapping` says why not."""
    tests = [(key.name, _test(key), key.required) for key in table.keys]
    names = {key.name for key in table.keys}

    def is_right(value: JSON) -> bool:
        if not isinstance(value, dict) or not (table.unlisted or value.keys() <= names):
            return False
        for name, fits, required in tests:
            if not fits(value[name]) if name in value else required:
                return False
        return True

    return is_right


def check_value(node: Node, key: Key, findings: Findings, *, pending: bool = False) -> Node | None:
    """The value of a key if it is right, turned into the key's type if it came from the environment.

    Args:
        node: the value.
        key: what it may be.
        findings: takes the mistake.
        pending: as for `check_mapping`.
    """
    if pending and unset(node):
        return node
    node = _typed(node, key)
    if not accepts(key.annotation, node.value):
        findings.add(node.where, _wrong_type(node, key))
        return None
    if _too_small(node.value, key):
        remedy = f"Write {describe(key.annotation)} from {key.least:g} on."
        findings.add(node.where, f"{key.name!r} cannot be {quote(node)}. {remedy}")
        return None
    return node


def quote(node: Node, *, secret: bool = False) -> str:
    """A value as an error shows it: short, and what came from the environment as it is written."""
    if secret:
        return "this value"
    if node.taken:
        return repr(node.written)
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    if node.value is None:
        return "null"
    text = repr(node.value) if isinstance(node.value, str) else node.written
    return text if len(text) <= 60 else f"{text[:59]}…"


def _check_names(node: Node, table: Table, keys: Mapping[str, Key], findings: Findings) -> None:
    for name, where in node.keys.items():
        if name not in keys and not table.unlisted:
            remedy = did_you_mean(name, list(keys), noun="keys")
            findings.add(where, f"There is no key {name!r} in {table.noun}. {remedy}")
    for key in table.keys:
        if key.required and key.name not in node.entries:
            note = f" ({key.doc.rstrip('.')})" if key.doc else ""
            findings.add(node.where, f"The key {key.name!r} is missing in {table.noun}{note}. Add it.")


def _test(key: Key) -> Callable[[JSON], bool]:
    typed = test_of(key.annotation)
    return typed if key.least is None else lambda value: typed(value) and not _too_small(value, key)


def _too_small(value: JSON, key: Key) -> bool:
    return key.least is not None and isinstance(value, int | float) and value < key.least


def _typed(node: Node, key: Key) -> Node:
    if not node.taken or accepts(key.annotation, node.value):
        return node
    try:
        return replace(node, value=plain_scalar(str(node.value)))
    except ValueError:
        return node


def _wrong_type(node: Node, key: Key) -> str:
    words = choices(key.annotation)
    remedy = f"Write {describe(key.annotation)}."
    if words and isinstance(node.value, str) and not node.taken:
        remedy = did_you_mean(node.value, words, noun="words")
    if node.value is None:
        return f"{key.name!r} is empty. {remedy}"
    return f"{key.name!r} cannot be {quote(node, secret=is_secret(key.name))}. {remedy}"


def is_secret(name: str) -> bool:
    """Whether a key of that name holds what nobody may see."""
    return name.lower().endswith(("key", "token", "secret", "password"))


def _example(table: Table) -> str:
    names = [key.name for key in table.keys if key.required] or [key.name for key in table.keys]
    listed = ", ".join(f"'{name}: …'" for name in names[:3])
    return f"Write keys such as {listed}." if listed else "Write nothing here."
