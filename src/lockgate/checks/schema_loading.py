"""A JSON Schema as it is written becomes a validator: its draft, its patterns and its references."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lockgate.checks.ecma_patterns import compile_pattern
from lockgate.checks.schema_rules import guarded
from lockgate.errors import MissingExtra, UsageError, did_you_mean
from lockgate.model import JSON
from lockgate.strict_json import parse

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

__all__ = ["DRAFTS", "compile_schema", "cut", "load_schema", "resolve"]

_CUT = 200
_NEED_IDNA = {"idn-email", "idn-hostname"}

DRAFTS: Mapping[str, str] = {
    "draft3": "http://json-schema.org/draft-03/schema#",
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}
"""Draft → what its schemas say in `$schema`."""


def compile_schema(
    schema: JSON, *, name: str, draft: str = "draft2020-12", formats: bool = False
) -> Validator:
    """The validator of a schema, by the draft that its `$schema` names.

    Nothing is ever fetched: a reference to another document is an error.

    Args:
        schema: the schema, as JSON.
        name: what to call it in an error.
        draft: one of `DRAFTS`, for a schema without `$schema`.
        formats: enforce the keyword `format`.

    Raises:
        UsageError: the schema is not valid itself, or a reference in it leads nowhere.
        MissingExtra: a format is to be enforced that needs a package which is not installed.
    """
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

    if not isinstance(schema, dict | bool):
        raise UsageError(f"{name} is not a JSON Schema: it is no object. Write an object.")
    kind = _kind(schema, name, draft)
    _check_schema(kind, schema, name)
    _check_references(schema, name)
    checker = kind.FORMAT_CHECKER if formats else None
    if formats:
        _check_formats(schema)
    validator: Validator = guarded(kind)(schema, registry=REGISTRY, format_checker=checker)
    return validator


def load_schema(
    schema: str | dict[str, Any], base: Path, *, draft: str = "draft2020-12", formats: bool = False
) -> tuple[JSON, Validator]:
    """A schema and its validator, from a file beside the suite or as it stands.

    Raises:
        UsageError: the file is missing or no JSON, or as `compile_schema`.
    """
    content = _load(schema, base) if isinstance(schema, str) else schema
    name = schema if isinstance(schema, str) else "The schema"
    return content, compile_schema(content, name=name, draft=draft, formats=formats)


def resolve(reference: str, root: JSON) -> JSON:
    """What a reference within the document points to (RFC 6901), or None."""
    if not reference.startswith("#"):
        return None
    value = root
    for step in reference.removeprefix("#").split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return None
    return value


def cut(text: str) -> str:
    """A message of at most 200 characters, cut visibly."""
    return text if len(text) <= _CUT else f"{text[:_CUT]}… ({len(text)} characters)"


def _load(path: str, base: Path) -> JSON:
    file = base / path
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = sorted(p.name for p in file.parent.glob("*.json")) if file.parent.is_dir() else []
        hint = did_you_mean(file.name, near, noun=f"JSON files in {file.parent.name or '.'}")
        raise UsageError(f"There is no schema file {path!r}. {hint}") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"The schema file {path!r} is not JSON: {error}. Correct it.") from error


def _kind(schema: JSON, name: str, draft: str) -> Any:
    from jsonschema.validators import validator_for

    written = schema.get("$schema") if isinstance(schema, dict) else None
    address = DRAFTS[draft] if written is None else written
    kind: Any = validator_for({"$schema": address}, default=None)  # type: ignore[arg-type]
    if kind is None:
        raise UsageError(
            f"{name} is written in {written!r}, which is not carried here. "
            f"Name a draft in '$schema': {', '.join(DRAFTS.values())}."
        )
    return kind


def _check_schema(kind: Any, schema: JSON, name: str) -> None:
    """By the draft's own schema, with patterns as ECMA-262 has them and not as Python's `re` does."""
    from jsonschema import FormatChecker
    from jsonschema.exceptions import SchemaError

    checker = FormatChecker(formats=())
    checker.checks("regex", raises=ValueError)(_is_pattern)
    try:
        kind.check_schema(schema, format_checker=checker)
    except SchemaError as error:
        where = f"{name} is a broken JSON Schema at {error.json_path}"
        raise UsageError(f"{where}: {cut(error.message)}. Correct it.") from None
    keyed = (part.get("patternProperties") for part in _objects(schema))
    for pattern in (p for patterns in keyed if isinstance(patterns, dict) for p in patterns):
        try:  # draft 4 does not look at them
            compile_pattern(pattern)
        except ValueError as error:
            raise UsageError(f"{name} has the broken pattern {pattern!r}: {error}. Correct it.") from None


def _is_pattern(value: object) -> bool:
    if isinstance(value, str):
        compile_pattern(value)
    return True


def _check_formats(schema: JSON) -> None:
    """A format that nothing installed can read would pass everything."""
    needed = sorted(_NEED_IDNA & set(_values_of("format", schema)))
    if needed and find_spec("idna") is None:
        raise MissingExtra(feature=f"The format {needed[0]!r}", package="idna", extra="formats")


def _check_references(schema: JSON, name: str) -> None:
    if re.search(r'"(\$id|id)": "', json.dumps(schema)):
        return  # references are relative to the nearest id; a wrong one shows when it is followed
    for reference in _values_of("$ref", schema):
        pointer = reference == "#" or reference.startswith("#/")
        if pointer and resolve(reference, schema) is None:
            raise UsageError(f"{name} refers to {reference!r}, which is not in it. Correct the reference.")
        if not reference.startswith(("#", "http://json-schema.org/", "https://json-schema.org/")):
            raise UsageError(
                f"{name} refers to {reference!r}, another document. Copy what is needed under '$defs'."
            )


def _values_of(keyword: str, schema: JSON) -> Iterator[str]:
    values = (part.get(keyword) for part in _objects(schema))
    return (value for value in values if isinstance(value, str))


def _objects(schema: JSON) -> Iterator[dict[str, Any]]:
    """The schema and every object in it, outer ones first."""
    if isinstance(schema, dict):
        yield schema
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for part in parts:
        yield from _objects(part)
