"""YAML text to nodes that know their line and column; keys are texts, and none may come twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from lockgate.documents.findings import Findings, Source, check_text, read_text
from lockgate.documents.nodes import Node
from lockgate.documents.scalars import joined, plain_scalar
from lockgate.errors import DocumentError
from lockgate.model import JSON, Where

__all__ = ["Node", "parse", "read"]

_DEEPEST = 60
_MOST_NODES = 1_000_000
_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_PLAIN = "plain"

_REMEDIES = (
    ("levels of nesting", "Write it flatter."),
    (r"'\t'", "Indent with spaces instead of tabs."),
    ("mapping values are not allowed", "Quote a text that holds ': ', or check the indentation."),
    ("expected a single document", "Keep one document a file: delete '---' and what follows."),
    ("undefined alias", "Define the anchor above its use, or quote a text that starts with '*'."),
    ("duplicate anchor", "Give each anchor a name of its own."),
    ("escape", "Double the backslash, or use single quotes."),
    ("quoted scalar", "Close the quotes."),
    ("cannot start any token", "Quote a text that starts with this character."),
    ("got '?'", "Quote a text with a question mark that stands in braces or brackets."),
    ("flow", 'Close the bracket, and put commas between items; quote a text such as "${NAME}".'),
    ("block", "Align this line with its siblings."),
)


def read(path: Path) -> tuple[Node, Findings]:
    """A YAML file's root node, and its findings so far (duplicate keys and the like).

    Raises:
        DocumentError: it cannot be read, or is not YAML; the position is where that shows.
    """
    return _parse(read_text(path))


def parse(text: str, path: str = "<text>") -> tuple[Node, Findings]:
    """As `read`, of a text."""
    return _parse(check_text(text, path))


def _parse(source: Source) -> tuple[Node, Findings]:
    findings = Findings(source)
    root = _compose(source)
    if root is None:
        message = "The file is empty. `lockgate schema` shows what it may hold."
        raise DocumentError([source.problem(Where(path=source.path), message)])
    return _Reader(findings).node(root), findings


def _compose(source: Source) -> yaml.Node | None:
    loader = _Loader(source.text)
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark or loader.get_mark()
        raise _broken(source, mark, _said(error)) from error
    except (ValueError, OverflowError) as error:
        # An escape beyond Unicode, or a version number of thousands of digits.
        raise _broken(source, loader.get_mark(), "a number or an escape is out of range") from error
    finally:
        loader.dispose()


def _said(error: yaml.MarkedYAMLError) -> str:
    return ", ".join(part for part in (error.context, error.problem) if part)


def _broken(source: Source, mark: yaml.Mark, said: str) -> DocumentError:
    remedy = next((r for word, r in _REMEDIES if word in said), "Check quotes, brackets and indentation.")
    where = Where(path=source.path, line=mark.line + 1, column=mark.column + 1)
    return DocumentError([source.problem(where, f"This is not YAML: {said}. {remedy}")])


class _Loader(yaml.SafeLoader):
    """PyYAML's reader and composer, with every plain scalar left to `plain_scalar` and a bound on depth."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (declared by PyYAML)
        "<": [(_MERGE, re.compile(r"<<\Z"))],
        None: [(_PLAIN, re.compile(""))],
    }
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.depth > _DEEPEST:
            raise yaml.composer.ComposerError(
                None,
                None,
                f"more than {_DEEPEST} levels of nesting",
                self.peek_event().start_mark,  # type: ignore[no-untyped-call]
            )
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Reader:
    """Turns PyYAML's nodes into ours; a node that aliases share is turned once."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.path = findings.source.path
        self.done: dict[int, Node] = {}
        self.sizes: dict[int, int] = {}
        self.open: set[int] = set()

    def node(self, raw: yaml.Node) -> Node:
        if id(raw) in self.done:
            return self.done[id(raw)]
        if id(raw) in self.open:
            return self.wrong(raw, "This anchor contains itself. Write the value out.")
        self.open.add(id(raw))
        made = self.kinds[type(raw)](self, raw)
        self.open.discard(id(raw))
        self.done[id(raw)] = made
        self.measure(raw)
        return made

    def wrong(self, raw: yaml.Node, message: str) -> Node:
        self.findings.add(self.where(raw), message)
        return Node(value=None, where=self.where(raw))

    def where(self, raw: yaml.Node) -> Where:
        return Where(path=self.path, line=raw.start_mark.line + 1, column=raw.start_mark.column + 1)

    def measure(self, raw: yaml.Node) -> None:
        """Stop when aliases of aliases would unfold to more than anyone wrote."""
        size = 1 + sum(self.sizes.get(id(child), 0) for child in _children(raw))
        self.sizes[id(raw)] = size
        if size > _MOST_NODES:
            message = f"Aliases unfold to more than {_MOST_NODES:,} values. Write the values out."
            self.findings.add(self.where(raw), message)
            self.findings.stop()

    def scalar(self, raw: yaml.ScalarNode) -> Node:
        where = self.where(raw)
        try:
            value = _scalar_value(raw)
        except ValueError as error:
            return self.wrong(raw, str(error))
        return Node(value=value, where=where, written=raw.value, style=raw.style or "")

    def sequence(self, raw: yaml.SequenceNode) -> Node:
        self.expect(raw, "seq")
        items = tuple(self.node(item) for item in raw.value)
        return Node(value=[item.value for item in items], where=self.where(raw), items=items)

    def mapping(self, raw: yaml.MappingNode) -> Node:
        self.expect(raw, "map")
        entries: dict[str, Node] = {}
        keys: dict[str, Where] = {}
        for key, value in raw.value:
            if key.tag == _MERGE:
                continue
            text = self.key(key)
            if text in keys:
                self.duplicate(key, keys[text])
            elif text is not None:
                entries[text], keys[text] = self.node(value), self.where(key)
        self.merge(raw, entries, keys)
        plain = {key: entry.value for key, entry in entries.items()}
        return Node(value=plain, where=self.where(raw), entries=entries, keys=keys)

    def expect(self, raw: yaml.Node, tag: str) -> None:
        if raw.tag != _TAG + tag:
            self.wrong(raw, _unknown_tag(raw))

    def key(self, raw: yaml.Node) -> str | None:
        if isinstance(raw, yaml.ScalarNode):
            return str(raw.value)
        self.wrong(raw, 'A key cannot be a list or a mapping. Quote a template: "{{ … }}".')
        return None

    def duplicate(self, raw: yaml.Node, first: Where) -> None:
        self.wrong(raw, f"The key {raw.value!r} is already set in line {first.line}. Keep one of the two.")

    def merge(self, raw: yaml.MappingNode, entries: dict[str, Node], keys: dict[str, Where]) -> None:
        """Take in the mappings under `<<`: the mapping's own keys win, then the first merged."""
        for key, value in raw.value:
            if key.tag != _MERGE:
                continue
            merged = self.node(value)
            for part in merged.items or (merged,):
                if not isinstance(part.value, dict):
                    self.wrong(
                        value, "Only a mapping can be merged. Name the anchor of a mapping after '<<:'."
                    )
                for name, entry in part.entries.items():
                    keys.setdefault(name, part.keys[name])
                    entries.setdefault(name, entry)

    kinds: Mapping[type, Callable[[_Reader, Any], Node]] = {
        yaml.ScalarNode: scalar,
        yaml.SequenceNode: sequence,
        yaml.MappingNode: mapping,
    }


def _children(raw: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(raw, yaml.SequenceNode):
        yield from raw.value
    elif isinstance(raw, yaml.MappingNode):
        yield from (value for _, value in raw.value)


def _unknown_tag(raw: yaml.Node) -> str:
    return f"The tag {raw.tag.replace(_TAG, '!!')!r} is not known here. Delete it."


_TAGGED: Mapping[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "bool": bool,
    "null": type(None),
}


def _scalar_value(raw: yaml.ScalarNode) -> JSON:
    kind = raw.tag.removeprefix(_TAG)
    if kind in ("str", "merge"):
        return joined(raw.value)
    value = plain_scalar(raw.value)
    if kind == _PLAIN:
        return joined(value) if isinstance(value, str) else value
    if kind not in _TAGGED:
        raise ValueError(_unknown_tag(raw))
    if isinstance(value, _TAGGED[kind]):
        return value
    raise ValueError(f"{raw.value!r} is no {kind}. Delete the tag or correct the value.")
