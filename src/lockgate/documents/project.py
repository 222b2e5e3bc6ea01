"""`lockgate.yaml` to a project: the backends there are, built on demand and at most once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from lockgate.documents.contents import ProjectFile, read_project_file
from lockgate.documents.declarations import Declaration, build, build_check, read_short_form
from lockgate.documents.environment import substitute
from lockgate.documents.findings import Findings
from lockgate.documents.nodes import Node
from lockgate.documents.prompt_files import find_prompt, load_prompt, prompt_names
from lockgate.documents.tables import is_secret
from lockgate.errors import DocumentError, MissingExtra, UsageError, did_you_mean
from lockgate.model import JSON, Backend, Check, Prompt, Setting, Spec, Where
from lockgate.registry import Registry, options

__all__ = ["Project", "load_project"]

_SHORTEST_SECRET = 8


class Project:
    """What a project file declares; each backend is built when it is first asked for, and kept.

    `path` is the file, `root` its folder (relative paths start there), `names` every `FAMILY:VERSION` in the
    file's order, `models` and `collections` what the file says of them, `prompts` the folder of prompts.
    `through` wraps the backends that checks ask (a judge), so that a session journals what they say; it is
    set before suites are loaded.
    """

    def __init__(
        self,
        path: Path,
        contents: ProjectFile,
        *,
        registry: Registry,
        overrides: Mapping[str, JSON] | None = None,
    ) -> None:
        self.path = path
        self.root = path.absolute().parent
        self.names = tuple(contents.backends)
        self.models = contents.models
        self.collections = contents.collections
        self.prompts = self.root / contents.prompts
        self.through: Callable[[Backend], Backend] = lambda backend: backend
        self._contents = contents
        self._registry = registry
        self._overrides = dict(overrides or {})
        self._built: dict[str, Backend] = {}
        self._building: list[str] = []

    def select(self, text: str) -> str:
        """The `FAMILY:VERSION` that a text means: a family alone is its default, or its only version.

        Raises:
            UsageError: there is no such family or version, or it has several and no default.
        """
        if text in self.names:
            return text
        family, colon, _ = text.partition(":")
        versions = [name for name in self.names if name.startswith(f"{family}:")]
        listed = ", ".join(versions or self.names)
        if not versions:
            families = list(dict.fromkeys(name.partition(":")[0] for name in self.names))
            near = did_you_mean(family, families, noun="families")
            raise UsageError(f"There is no backend {text!r}. {near} The backends there are: {listed}.")
        if colon:
            raise UsageError(f"There is no backend {text!r}. The versions there are: {listed}.")
        if family in self._contents.defaults:
            return f"{family}:{self._contents.defaults[family]}"
        if len(versions) == 1:
            return versions[0]
        raise UsageError(f"{text!r} has no default version. Write one of: {listed}.")

    def asked_by_checks(self, name: str) -> Backend:
        """A backend as checks ask it; raises what `backend` does."""
        return self.through(self.backend(name))

    def backend(self, name: str) -> Backend:
        """The backend that a name means (see `select`), built at most once.

        Raises:
            UsageError: there is none.
            DocumentError: its declaration, or one it leads to, is wrong.
            MissingExtra: it needs a package that is not installed.
        """
        name = self.select(name)
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    def prompt(self, name: str) -> Prompt:
        """The prompt `name@version`; of `name` alone where it has only one version.

        Raises:
            UsageError: there is none.
            DocumentError: its file is wrong.
        """
        return load_prompt(find_prompt(self.prompts, name))

    def declaration(self, name: str) -> Spec:
        """How a backend is declared: its kind, and its options as they are written."""
        declared = self._contents.backends[self.select(name)]
        options = declared.options.value if declared.options else {}
        return Spec(name=declared.name, args=options, where=declared.where)

    def validate(self) -> None:
        """Build every backend and read every prompt.

        A backend that needs a package which is not installed is let pass: its declaration is not wrong.

        Raises:
            DocumentError: with every mistake.
        """
        findings = Findings(self._contents.source)
        for name in self.names:
            _try(partial(self.backend, name), self._contents.backends[name].where, findings)
        for name in prompt_names(self.prompts):
            _try(partial(self.prompt, name), Where(path=findings.source.path), findings)
        findings.stop()

    def close(self) -> None:
        """Let go of what the built backends hold (weights, connections)."""
        for backend in self._built.values():
            release = getattr(backend, "close", None)
            if release is not None:
                release()
        self._built.clear()

    def _build(self, name: str) -> Backend:
        if name in self._building:
            circle = " → ".join([*self._building[self._building.index(name) :], name])
            raise UsageError(f"{name!r} asks itself: {circle}. Break the circle.")
        findings = Findings(self._contents.source)
        declared = self._filled(self._contents.backends[name], findings)
        findings.stop()
        self._building.append(name)
        try:
            backend = build(
                "backends", declared, self._setting(name, declared), findings, registry=self._registry
            )
        finally:
            self._building.pop()
        if backend is not None:
            _check_identity(backend, declared, findings)
        findings.stop()
        return cast("Backend", backend)

    def _filled(self, declared: Declaration, findings: Findings) -> Declaration:
        """The declaration as it is built: its variables filled in, what the session overrides put over it."""
        node = declared.options or Node(value={}, where=declared.where)
        known = {option.name for option in options(self._registry.find("backends", declared.name))}
        over = {
            key: Node(value=value, where=declared.where, written=str(value))
            for key, value in self._overrides.items()
            if key in known
        }
        entries = {**substitute(node, os.environ, findings).entries, **over}
        keys = {**dict.fromkeys(over, declared.where), **node.keys}
        value = {key: entry.value for key, entry in entries.items()}
        return replace(declared, options=replace(node, entries=entries, keys=keys, value=value))

    def _setting(self, name: str, declared: Declaration) -> Setting:
        return Setting(
            name=name,
            base=self.root,
            where=declared.where,
            models=self.models,
            collections=self.collections,
            load_prompt=self.prompt,
            backend=self.backend,
            check=lambda value: self._check(value, declared),
        )

    def _check(self, value: JSON, declared: Declaration) -> Check:
        """The check that a backend's option declares, its mistakes at the option."""
        findings = Findings(self._contents.source)
        node = _find(value, declared.options) or Node(value=value, where=declared.where)
        short = read_short_form(node, findings)
        setting = Setting(base=self.root, backend=self.backend, load_prompt=self.prompt, models=self.models)
        check = short and build_check(short, setting, findings, registry=self._registry)
        findings.stop()
        return cast("Check", check)


def load_project(
    path: Path, *, registry: Registry | None = None, overrides: Mapping[str, JSON] | None = None
) -> Project:
    """Read a project file; backends are built later, and only then is their `${NAME}` needed.

    Args:
        path: the file, `lockgate.yaml` by convention.
        registry: where kinds of backends and checks are found.
        overrides: option → value, for every backend that has such an option (`--llm-concurrency`).

    Raises:
        DocumentError: with every mistake in the file.
    """
    registry = registry or Registry()
    return Project(path, read_project_file(path, registry), registry=registry, overrides=overrides)


def _try(step: Callable[[], object], where: Where, findings: Findings) -> None:
    """Note what a step says is wrong, at a position of the project file where it names none."""
    try:
        step()
    except DocumentError as error:
        findings.extend(error.problems)
    except UsageError as error:
        findings.add(where, str(error))
    except MissingExtra:
        return


def _find(value: JSON, node: Node | None) -> Node | None:
    """The node that holds this very value."""
    if node is None or node.value is value:
        return node
    children = (*node.entries.values(), *node.items)
    return next((found for child in children if (found := _find(value, child))), None)


def _check_identity(backend: Backend, declared: Declaration, findings: Findings) -> None:
    """A key in an identity would be written to journals and reports."""
    entries = declared.options.entries if declared.options else {}
    secrets = {name: node for name, node in entries.items() if is_secret(name) and node.taken}
    identity = json.dumps(backend.identity, default=str) if secrets else ""
    for name, node in secrets.items():
        if any(len(value) >= _SHORTEST_SECRET and value in identity for value in node.taken.values()):
            message = f"The backend puts {name!r} into its identity, which reports show. Leave it out there."
            findings.add(node.where, message)
