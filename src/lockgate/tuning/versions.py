"""A family's next version, written into the project file as text, so that comments and layout stay."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lockgate.cachefiles import write_whole
from lockgate.documents.findings import read_text
from lockgate.documents.yaml_source import Node, parse, read
from lockgate.errors import DocumentError, UsageError
from lockgate.model import JSON

__all__ = ["Version", "plan_version", "register"]

_VERSION = re.compile(r"v([0-9]+)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version as it stands, or is to stand, in the project file.

    Args:
        family, name: `ft`, `v4`.
        options: the declaration: `kind`, `model`, `adapter` …
        declared: True when the project file has it already.
    """

    family: str
    name: str
    options: Mapping[str, JSON]
    declared: bool = False

    @property
    def line(self) -> str:
        """The declaration as one line of YAML, without indentation."""
        inside = ", ".join(f"{key}: {_scalar(value)}" for key, value in self.options.items())
        return f"{self.name}: {{{inside}}}"


def plan_version(file: Path, *, family: str, model: str, adapter: Path, prompt: str) -> Version:
    """The version that declares this adapter: the one that already does, else the family's next.

    The next one takes over the options of the family's last `transformers` version (`max_tokens` and the
    like) and sets its own model, adapter and prompt. Nothing is written.

    Args:
        file: the project file.
        family: as in `backends`.
        model: a name of `models`.
        adapter: the adapter's folder.
        prompt: `name@version`, or "" for none.

    Raises:
        DocumentError: the project file is not YAML.
        UsageError: the adapter is declared with another kind, model or prompt; or the file's layout is not
            understood for certain, and the text has the line to add by hand.
    """
    root, findings = read(file)
    findings.stop()
    versions = _versions(root, family)
    place = Path(os.path.relpath(adapter.resolve(), file.resolve().parent)).as_posix()
    own = {"kind": "transformers", "model": model, "adapter": place, **({"prompt": prompt} if prompt else {})}
    for name, node in versions.items():
        if isinstance(node.value, dict) and _same_place(node.value.get("adapter"), place):
            _check_same(f"{family}:{name}", node, own)
            return Version(family=family, name=name, options=node.value, declared=True)
    version = Version(family=family, name=_next(versions), options={**own, **_inherited(versions, own)})
    _inserted(file, version)
    return version


def register(file: Path, version: Version) -> None:
    """Write a version into the project file, behind its family's last one; all else stays as it is.

    Raises:
        UsageError: the file's layout is not understood for certain; the text has the line to add by hand.
    """
    if not version.declared:
        write_whole(file, _inserted(file, version).encode("utf-8"))


def _versions(root: Node, family: str) -> dict[str, Node]:
    backends = root.entries.get("backends")
    found = backends.entries.get(family) if backends else None
    return {name: node for name, node in found.entries.items() if name != "default"} if found else {}


def _same_place(declared: JSON, place: str) -> bool:
    return isinstance(declared, str) and os.path.normpath(declared) == os.path.normpath(place)


def _check_same(backend: str, node: Node, own: Mapping[str, str]) -> None:
    for key in ("kind", "model", "prompt"):
        declared, wanted = str(node.value.get(key) or ""), own.get(key, "")
        # A prompt with one version may be named without it.
        if declared not in (wanted, wanted.partition("@")[0]):
            raise UsageError(
                f"{node.where}: {backend} declares {own['adapter']!r} with the {key} {declared!r}, and the "
                f"spec says {wanted!r}. Give the spec another `output`, or make the two agree."
            )


def _next(versions: Iterable[str]) -> str:
    numbers = [int(found[1]) for name in versions if (found := _VERSION.match(name))]
    return f"v{max(numbers, default=0) + 1}"


def _inherited(versions: Mapping[str, Node], own: Mapping[str, str]) -> dict[str, JSON]:
    """What the family's last version of the kind has beyond what every version sets itself."""
    options = [node.value for node in versions.values() if isinstance(node.value, dict)]
    like = [each for each in options if each.get("kind") == own["kind"]]
    return {key: value for key, value in (like[-1] if like else {}).items() if key not in (*own, "prompt")}


def _inserted(file: Path, version: Version) -> str:
    """The file's text with the version in it."""
    before = read_text(file).text
    after = _insert(before, version)
    if after is None or not _as_meant(before, after, version):
        raise UsageError(
            f"{file.as_posix()}: the place for {version.family}:{version.name} is not clear. "
            f"Add under `backends:`, `{version.family}:` by hand: {version.line}"
        )
    return after


def _insert(text: str, version: Version) -> str | None:
    root, _ = parse(text)
    backends = root.entries.get("backends")
    if backends is None or not backends.entries:
        return None
    lines = text.splitlines(keepends=True)
    family = backends.entries.get(version.family)
    if family is not None and family.entries:
        column, start = _last_key(family)
        new = [f"{' ' * (column - 1)}{version.line}\n"]
    else:
        column, start = _last_key(backends)
        indent = " " * (column - 1)
        new = [f"{indent}{version.family}:\n", f"{indent}  {version.line}\n"]
    end = _end(lines, start, column)
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    return "".join([*lines[:end], *new, *lines[end:]])


def _last_key(mapping: Node) -> tuple[int, int]:
    """Column and line of the mapping's last key."""
    last = max(mapping.keys.values(), key=lambda where: (where.line, where.column))
    return last.column, last.line


def _end(lines: list[str], start: int, column: int) -> int:
    """How many lines there are up to the end of the entry that starts in line `start` at `column`."""
    end = start
    for number, line in enumerate(lines[start:], start=start + 1):
        text = line.strip()
        if text and not text.startswith("#"):
            if len(line) - len(line.lstrip()) < column:
                break
            end = number
    return end


def _as_meant(before: str, after: str, version: Version) -> bool:
    """Whether the new text says what the old one said, and the new version, and nothing else."""
    try:
        old, new = parse(before)[0].value, parse(after)[0].value
    except DocumentError:
        return False
    wanted = json.loads(json.dumps(old))
    family = wanted["backends"].setdefault(version.family, {})
    if not isinstance(family, dict):
        return False
    family[version.name] = dict(version.options)
    return bool(new == wanted)


def _scalar(value: JSON) -> str:
    """A value in YAML's flow style; a text is left bare where it reads the same."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_./@-]*", value):
        return value if value.lower() not in ("true", "false", "null") else json.dumps(value)
    return json.dumps(value, ensure_ascii=False)
