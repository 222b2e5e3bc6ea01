"""JSON Schema for editors, made from the very tables that the loader checks by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from lockgate.documents.calibrations import CALIBRATION
from lockgate.documents.contents import KIND, PROJECT
from lockgate.documents.declarations import options_table
from lockgate.documents.prompt_files import PROMPT
from lockgate.documents.suites import SUITE
from lockgate.documents.tables import Key, Table
from lockgate.documents.words import accepts, json_schema
from lockgate.model import JSON
from lockgate.registry import Kind, Registry

__all__ = ["SCHEMAS", "project_schema", "prompt_schema", "suite_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def suite_schema(registry: Registry) -> dict[str, JSON]:
    """The schema of a suite, with the options of every registered check and kind of variant."""
    schema = _document("A Lockgate suite", SUITE)
    kinds: tuple[Kind, ...] = ("checks", "variants")
    for kind in kinds:
        schema["properties"][kind]["items"] = _forms_schema(kind, registry)
        schema["properties"][kind]["minItems"] = 1
    return schema


def project_schema(registry: Registry) -> dict[str, JSON]:
    """The schema of `lockgate.yaml`, with the options of every registered backend."""
    schema = _document("A Lockgate project", PROJECT)
    kinds = [_backend_schema(name, registry) for name in registry.names("backends")]
    family = {
        "type": "object",
        "properties": {
            "default": {"type": "string", "description": "The version meant by the family alone."}
        },
        "additionalProperties": {"anyOf": kinds},
    }
    schema["properties"]["backends"]["additionalProperties"] = family
    return schema


def prompt_schema(registry: Registry) -> dict[str, JSON]:  # noqa: ARG001  (one signature for all three)
    """The schema of a prompt file."""
    return _document("A Lockgate prompt", PROMPT)


SCHEMAS: dict[str, Callable[[Registry], dict[str, JSON]]] = {
    "suite": suite_schema,
    "project": project_schema,
    "prompt": prompt_schema,
}
"""What `lockgate schema` can print."""


def _document(title: str, table: Table) -> dict[str, JSON]:
    return {"$schema": _DIALECT, "title": title, **_table_schema(table)}


def _table_schema(table: Table) -> dict[str, JSON]:
    schema: dict[str, JSON] = (
        {"type": "object", "description": table.doc} if table.doc else {"type": "object"}
    )
    schema["properties"] = {key.name: _key_schema(key) for key in table.keys}
    required = [key.name for key in table.keys if key.required]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = table.unlisted
    return schema


def _key_schema(key: Key) -> dict[str, JSON]:
    shapes = [_table_schema(key.table)] if key.table else []
    if key.each:
        shapes.append(_each_schema(key))
    schema = dict(_one_of(shapes) if shapes else json_schema(key.annotation))
    if key.doc:
        schema["description"] = key.doc
    if key.default is not None:
        schema["default"] = key.default
    if key.least is not None:
        schema["minimum"] = key.least
    return schema


def _one_of(shapes: list[dict[str, JSON]]) -> dict[str, JSON]:
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}


def _each_schema(key: Key) -> dict[str, JSON]:
    each = _table_schema(key.each) if key.each else {}
    if accepts(key.annotation, []):
        return {"type": "array", "items": each}
    return {"type": "object", "additionalProperties": each}


def _forms_schema(kind: Kind, registry: Registry) -> dict[str, JSON]:
    names = registry.names(kind)
    shared = {"calibration": _CALIBRATION} if kind == "checks" else {}
    forms = {name: _one_forms(registry.find(kind, name), shared) for name in names}
    one = {
        "type": "object",
        "properties": forms,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"anyOf": [{"type": "string", "enum": names}, one]}


def _one_forms(factory: Callable[..., object], shared: Mapping[str, JSON]) -> dict[str, JSON]:
    """`name:`, `name: argument` and `name: {options}`, with the options that all of the kind have."""
    table = options_table(factory, "a check")
    own = _table_schema(replace(table, doc=""))
    own["properties"] = {**shared, **own["properties"]}
    forms: list[JSON] = [{"type": "null"}, own]
    if table.keys:
        forms.append(_key_schema(replace(table.keys[0], required=False)))
    return {"description": table.doc, "anyOf": forms}


def _backend_schema(name: str, registry: Registry) -> dict[str, JSON]:
    table = options_table(registry.find("backends", name), name)
    schema = _table_schema(table)
    options = {key: _or_variable(inner) for key, inner in schema["properties"].items()}
    schema["properties"] = {"kind": {"const": name, "description": KIND.doc}, **options}
    schema["required"] = ["kind", *schema.get("required", [])]
    return schema


def _or_variable(schema: dict[str, JSON]) -> dict[str, JSON]:
    """A value, or the `${NAME}` that stands for it."""
    said: dict[str, JSON] = {key: schema.pop(key) for key in ("description", "default") if key in schema}
    return {**said, "anyOf": [schema, {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}]}


_CALIBRATION: JSON = {"anyOf": [{"type": "string"}, _table_schema(CALIBRATION)]}
