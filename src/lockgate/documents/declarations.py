"""A declared check or backend to the real one: name and options by the registry, mistakes at their option."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar, cast

from lockgate.documents.calibrations import read_calibration, take_calibration
from lockgate.documents.environment import redact
from lockgate.documents.findings import Findings, Source
from lockgate.documents.nodes import Node
from lockgate.documents.tables import Key, Table, check_mapping, check_value, quote
from lockgate.documents.words import capital
from lockgate.errors import DocumentError, UsageError
from lockgate.model import JSON, Check, Setting, Spec, Where
from lockgate.registry import Kind, Option, Registry, options

__all__ = ["Declaration", "build", "build_check", "check_options", "options_table", "read_short_form"]

T = TypeVar("T")

_FORMS = "Write 'name', 'name: argument' or 'name: {option: …}', with options indented under the name."


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A check or a backend as written.

    Args:
        name: its registry name.
        where: the position of the name.
        options: the mapping of its options, or None where there is none.
        argument: the value of the short form `name: argument`, or None.
    """

    name: str
    where: Where
    options: Node | None = None
    argument: Node | None = None


def read_short_form(node: Node, findings: Findings, *, noun: str = "A check") -> Declaration | None:
    """`name`, `name: argument` or `name: {options}`; None where it is none of them, which is noted."""
    if isinstance(node.value, str):
        return Declaration(name=node.value, where=node.where)
    if len(node.entries) != 1:
        findings.add(node.where, f"{noun} cannot be {_several(node)}. {_FORMS}")
        return None
    ((name, value),) = node.entries.items()
    where = node.keys[name]
    if isinstance(value.value, dict):
        return Declaration(name=name, where=where, options=value)
    return Declaration(name=name, where=where, argument=None if value.value is None else value)


def options_table(factory: Callable[..., object], noun: str) -> Table:
    """The options of a factory as a table of keys, with the docs of its docstring's `Args`."""
    docs = _docs(factory)
    others = {p.name for p in inspect.signature(factory).parameters.values() if p.kind is p.VAR_KEYWORD}
    named = [option for option in options(factory) if option.name not in others]
    keys = tuple(_key(option, docs.get(option.name, "")) for option in named)
    return Table(noun=noun, doc=_summary(factory), keys=keys, unlisted=bool(others))


def check_options(
    declared: Declaration, table: Table, findings: Findings, *, pending: bool = False
) -> dict[str, Node] | None:
    """The options as written if all are right; None if not, with every mistake noted."""
    before = len(findings.problems)
    if declared.argument is not None:
        given = _argument(declared, table, findings)
    else:
        node = declared.options or Node(value={}, where=declared.where)
        given = check_mapping(node, table, findings, pending=pending)
    return given if len(findings.problems) == before else None


def build(
    kind: Kind, declared: Declaration, setting: Setting, findings: Findings, *, registry: Registry
) -> Any | None:
    """The check or backend that a declaration makes; None where it is wrong, with every mistake noted.

    Raises:
        MissingExtra: what it needs is not installed.
    """
    try:
        factory = registry.find(kind, declared.name)
    except UsageError as error:
        findings.add(declared.where, str(error))
        return None
    noun = f"the {kind.removesuffix('s')} {declared.name!r}"
    given = check_options(declared, options_table(factory, noun), findings)
    return None if given is None else _call(factory, declared, given, setting, findings)


def build_check(
    declared: Declaration, setting: Setting, findings: Findings, *, registry: Registry
) -> Check | None:
    """As `build`, for a check: it carries its declaration and knows its own position.

    Raises:
        MissingExtra: what it needs is not installed.
    """
    calibration, rest = take_calibration(declared.options)
    declared = replace(declared, options=rest)
    inner = setting.check or partial(_inner_check, declared, setting, findings.source, registry)
    setting = replace(setting, name=declared.name, where=declared.where, check=inner)
    made = build("checks", declared, setting, findings, registry=registry)
    if made is None:
        return None
    if calibration is not None:
        made = replace(made, calibration=read_calibration(calibration, setting.base, findings))
    args = declared.options.value if declared.options else {}
    if declared.argument is not None:
        first = options(registry.find("checks", declared.name))[0].name
        args = {first: declared.argument.value}
    check: Check = replace(made, spec=Spec(name=declared.name, args=args, where=declared.where))
    return check


def _inner_check(
    outer: Declaration, setting: Setting, source: Source, registry: Registry, value: JSON
) -> Check:
    """A check that another check's option declares, its mistakes at the option."""
    findings = Findings(source)
    node = _find(value, outer.options)
    if node is None or (isinstance(value, dict) and not node.entries):
        # From Python, where a value has no places of its own.
        node = _node(value, outer.where)
    short = read_short_form(node, findings)
    made = short and build_check(short, setting, findings, registry=registry)
    findings.stop()
    return cast("Check", made)


def _node(value: JSON, where: Where) -> Node:
    entries = {key: _node(one, where) for key, one in value.items()} if isinstance(value, dict) else {}
    items = tuple(_node(one, where) for one in value) if isinstance(value, list) else ()
    keys = dict.fromkeys(entries, where)
    return Node(value=value, where=where, entries=entries, keys=keys, items=items, written=str(value))


def _find(value: JSON, node: Node | None) -> Node | None:
    """The node that holds this very value."""
    if node is None or node.value is value:
        return node
    children = (*node.entries.values(), *node.items)
    return next((found for child in children if (found := _find(value, child))), None)


def _call(
    factory: Callable[..., T],
    declared: Declaration,
    given: Mapping[str, Node],
    setting: Setting,
    findings: Findings,
) -> T | None:
    arguments: dict[str, Any] = {name: node.value for name, node in given.items()}
    if "setting" in inspect.signature(factory).parameters:
        arguments["setting"] = setting
    try:
        return factory(**arguments)
    except DocumentError as error:
        findings.extend(error.problems)
    except UsageError as error:
        message = _without_secrets(str(error), given)
        findings.add(_blamed(message, declared.where, given), message)
    return None


def _blamed(message: str, where: Where, given: Mapping[str, Node]) -> Where:
    """The position of the option whose value, else whose name, a factory's message quotes."""
    for node in given.values():
        if isinstance(node.value, str) and node.value and repr(node.written or node.value) in message:
            return node.where
    for name, node in given.items():
        if re.search(rf"\b{re.escape(name)}\b", message):
            return node.where
    only = list(given.values())
    return only[0].where if len(only) == 1 else where


def _without_secrets(message: str, given: Mapping[str, Node]) -> str:
    for node in given.values():
        message = redact(message, node)
    return message


def _argument(declared: Declaration, table: Table, findings: Findings) -> dict[str, Node]:
    value = declared.argument
    if value is None:
        return {}
    if not table.keys:
        findings.add(value.where, f"{capital(table.noun)} takes no argument. Write '{declared.name}' alone.")
        return {}
    first, *others = table.keys
    for key in others:
        if key.required:
            remedy = f"Write '{{{first.name}: …, {key.name}: …}}'."
            findings.add(declared.where, f"The key {key.name!r} is missing in {table.noun}. {remedy}")
    checked = check_value(value, first, findings)
    return {first.name: checked} if checked else {}


def _key(option: Option, doc: str) -> Key:
    return Key(
        name=option.name,
        doc=doc,
        annotation=option.annotation,
        required=option.required,
        default=_plain(option.default),
    )


def _plain(value: Any) -> JSON:
    return list(value) if isinstance(value, tuple) else value


def _summary(factory: Callable[..., object]) -> str:
    doc = inspect.getdoc(factory) or ""
    return " ".join(doc.split("\n\n", maxsplit=1)[0].split())


def _docs(factory: Callable[..., object]) -> dict[str, str]:
    """What a Google-style docstring says of each argument."""
    doc = inspect.getdoc(factory) or ""
    section = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)+)", doc, re.MULTILINE)
    if not section:
        return {}
    said: dict[str, str] = {}
    for entry in re.split(r"\n(?= {4}\S)", section[1].rstrip()):
        names, _, text = entry.strip().partition(":")
        said.update({name.strip(): " ".join(text.split()) for name in names.split(",")})
    return said


def _several(node: Node) -> str:
    return f"{len(node.entries)} names at once" if len(node.entries) > 1 else quote(node)
