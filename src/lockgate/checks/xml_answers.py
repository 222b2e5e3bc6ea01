"""The check on answers that are XML: well-formed without a DTD, and by an XML Schema where one is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lockgate.checks.fences import only_block
from lockgate.checks.values import joined
from lockgate.checks.verdicts import failed, passed, rate_check
from lockgate.errors import MissingExtra, UsageError, did_you_mean
from lockgate.model import Case, Check, Completion, Setting, Verdict

__all__ = ["parse_xml", "xml"]

_READ = 1_000_000
_DEEPEST = 200


def xml(
    schema: str | None = None,
    *,
    root: str | None = None,
    extract: bool = False,
    metric: str = "xml",
    setting: Setting,
) -> Check:
    """The answer is one well-formed XML document, and fits an XML Schema where one is given.

    A document type is refused, so that no entity is ever expanded and nothing is fetched.

    Args:
        schema: an XSD file beside the suite (needs the extra `xml`).
        root: the name of the document's element, without its namespace.
        extract: take the one code fence in the answer.
        metric: the metric's name, a rate.
        setting: where relative paths start.

    Raises:
        UsageError: the schema's file is missing, or is no XML Schema.
        MissingExtra: a schema needs lxml, which is not installed.
    """
    validate = None if schema is None else _validator(setting.base, schema)

    def judge(case: Case, completion: Completion) -> Verdict:  # noqa: ARG001 - a check's shape
        try:
            text = only_block(completion.text, ("xml", "html", "svg")) if extract else completion.text
            name = parse_xml(text)
        except ValueError as error:
            return failed(f"The answer is not XML: {error}.")
        if root is not None and name != root:
            return failed(f"The document's element is {name!r}, expected {root!r}.")
        problems = validate(text) if validate else []
        return failed(joined(problems)) if problems else passed()

    content = None if schema is None else (setting.base / schema).read_text("utf-8", errors="replace")
    identity = {"schema": content, "root": root, "extract": extract, "metric": metric}
    return rate_check("xml", metric, judge, identity)


def parse_xml(text: str) -> str:
    """The name of a well-formed document's element, without its namespace.

    White space around the document is passed over.

    Raises:
        ValueError: it is not well-formed, has a document type, or is too long or too deep to be read.
    """
    from xml.parsers import expat

    if len(text) > _READ:
        raise ValueError(f"{len(text):,} characters are more than the {_READ:,} that are read")
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", "\n")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(text.strip().encode(), True)  # noqa: FBT003 - expat takes it by position
    except expat.ExpatError as error:
        said = expat.errors.messages[error.code]
        raise ValueError(f"line {error.lineno}, column {error.offset + 1}: {said}") from None
    except UnicodeEncodeError:
        raise ValueError("half a surrogate pair, or a byte that is no UTF-8") from None
    return reader.name.rpartition("\n")[2]


class _Reader:
    """What a parser has seen of a document."""

    def __init__(self) -> None:
        self.name = ""
        self.depth = 0

    def start(self, name: str, attributes: object) -> None:  # noqa: ARG002 - a handler's shape
        self.name = self.name or name
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError(f"it is nested deeper than {_DEEPEST} levels")

    def end(self, name: str) -> None:  # noqa: ARG002 - a handler's shape
        self.depth -= 1

    def doctype(self, *declaration: object) -> None:  # noqa: ARG002 - a handler's shape
        raise ValueError("it declares a document type, which is not read: entities could be anything")


def _validator(base: Path, path: str) -> Callable[[str], Sequence[str]]:
    try:
        from lxml import etree
    except ImportError:
        raise MissingExtra(feature="An XML Schema", package="lxml", extra="xml") from None
    file = base / path
    if not file.is_file():
        near = sorted(p.name for p in file.parent.glob("*.xsd")) if file.parent.is_dir() else []
        hint = did_you_mean(file.name, near, noun="XSD files")
        raise UsageError(f"There is no schema file {path!r}. {hint}")
    try:
        schema = etree.XMLSchema(etree.parse(file, _parser()))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
        raise UsageError(f"The schema file {path!r} is no XML Schema: {error}. Correct it.") from None

    def validate(text: str) -> list[str]:
        document = etree.fromstring(text.strip().encode(), _parser())
        if schema.validate(document):
            return []
        return [f"Line {e.line}: {e.message.rstrip('.')}." for e in schema.error_log]

    return validate


@cache
def _parser() -> Any:
    from lxml import etree

    return etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False)
