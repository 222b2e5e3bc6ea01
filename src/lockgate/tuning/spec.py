"""A tuning spec: what is trained on what, read with every mistake at its line and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lockgate.backends.weights import Weights, find_weights
from lockgate.documents.findings import Findings, shown_path
from lockgate.documents.project import Project
from lockgate.documents.tables import Key, Table, check_mapping
from lockgate.documents.yaml_source import Node, read
from lockgate.errors import DocumentError, UsageError
from lockgate.model import Prompt

__all__ = ["TABLE", "TuneSpec", "read_spec"]

_ADAPTER = frozenset({"adapter_config.json", "lineage.json"})

TABLE = Table(
    noun="a tuning spec",
    doc="What `lockgate tune` trains.",
    keys=(
        Key(name="family", doc="The family whose next version this is.", annotation=str, required=True),
        Key(name="model", doc="The base, a name of the project's `models`.", annotation=str, required=True),
        Key(
            name="data",
            doc="Files of rows (.jsonl, .json, .csv, .yaml), from the spec's folder.",
            annotation=str | list[str],
            required=True,
        ),
        Key(
            name="output", doc="The adapter's folder, from the spec's folder.", annotation=str, required=True
        ),
        Key(name="prompt", doc="The prompt that renders rows, `name@version`.", annotation=str),
        Key(
            name="validation",
            doc="Share of rows held out, by group.",
            annotation=float,
            default=0.1,
            least=0,
        ),
        Key(name="epochs", doc="Most passes over the data.", annotation=int, default=4, least=1),
        Key(
            name="patience",
            doc="Epochs without a better validation loss before it stops.",
            annotation=int,
            default=1,
            least=1,
        ),
        Key(
            name="learning_rate",
            doc="The highest, after the warm-up.",
            annotation=float,
            default=5e-4,
            least=0,
        ),
        Key(name="rank", doc="Rank of the LoRA matrices.", annotation=int, default=8, least=1),
        Key(
            name="alpha",
            doc="Scale of the adapter, divided by the rank.",
            annotation=float,
            default=16.0,
            least=0,
        ),
        Key(name="dropout", doc="Dropout before the adapter.", annotation=float, default=0.0, least=0),
        Key(
            name="targets",
            doc="Names of the layers that get an adapter; all linear ones by default.",
            annotation=str | list[str],
            default="all-linear",
        ),
        Key(name="batch_tokens", doc="Most tokens in a batch.", annotation=int, default=1024, least=1),
        Key(name="seed", doc="Draws split, order and start.", annotation=int, default=0, least=0),
        Key(
            name="dtype",
            doc="What is computed in; weights stay in float32 on a CPU.",
            annotation=Literal["bfloat16", "float32"],
            default="bfloat16",
        ),
        Key(name="device", doc="`auto`, `cpu`, `cuda` …", annotation=str, default="auto"),
    ),
)
"""The keys of a tuning spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneSpec:
    """A spec, read and found right; `settings` holds what shapes the training, by its YAML words."""

    family: str
    model: str
    weights: Weights
    data: tuple[Path, ...]
    prompt: Prompt | None
    output: Path
    settings: Mapping[str, Any]

    @property
    def prompt_name(self) -> str:
        """`NAME@VERSION` of the prompt, also where the spec leaves the version out; "" for none."""
        return f"{self.prompt.name}@{self.prompt.version}" if self.prompt else ""


def read_spec(path: Path, project: Project) -> TuneSpec:
    """Read a tuning spec.

    Args:
        path: the YAML file; its relative paths start from its folder.
        project: its models and prompts.

    Raises:
        DocumentError: every mistake in it, with its line and column.
    """
    root, findings = read(path)
    entries = check_mapping(root, TABLE, findings)
    _check_ranges(entries, findings)
    weights = _weights(entries.get("model"), project, findings)
    prompt = _prompt(entries.get("prompt"), project, findings)
    data = _data(entries.get("data"), path.parent, findings)
    output = _output(entries.get("output"), path, (project.path, *data), findings)
    findings.stop()
    assert weights is not None  # noqa: S101  (else there was a finding)
    values = TABLE.filled(entries)
    places = ("family", "model", "data", "prompt", "output")
    return TuneSpec(
        family=values["family"],
        model=values["model"],
        weights=weights,
        data=data,
        prompt=prompt,
        output=output,
        settings={name: value for name, value in values.items() if name not in places},
    )


def _output(node: Node | None, spec: Path, inputs: Sequence[Path], findings: Findings) -> Path:
    """The adapter's folder, which training replaces whole: one that holds anything else is a mistake."""
    folder = (spec.parent / (node.value if node else "")).resolve()
    if node is None:
        return folder
    held = next((file for file in (spec, *inputs) if file.resolve().is_relative_to(folder)), None)
    if held is not None:
        said = f"The folder {node.value!r} holds {shown_path(held)!r}, and training replaces it whole."
        findings.add(node.where, f"{said} Give the adapter a folder of its own.")
    elif folder.exists() and not _is_free(folder):
        findings.add(
            node.where, f"{node.value!r} is there and holds no adapter. Name a new or an empty folder."
        )
    return folder


def _is_free(folder: Path) -> bool:
    """Whether nothing but an adapter is lost with the folder."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return not names or not names.isdisjoint(_ADAPTER)


def _check_ranges(entries: Mapping[str, Node], findings: Findings) -> None:
    for name in ("validation", "dropout"):
        node = entries.get(name)
        if node is not None and node.value >= 1:
            findings.add(node.where, f"{name!r} cannot be {node.value}. Write a share from 0 to below 1.")


def _weights(node: Node | None, project: Project, findings: Findings) -> Weights | None:
    if node is None:
        return None
    try:
        return find_weights(node.value, project.models, base=project.root)
    except UsageError as error:
        findings.add(node.where, str(error))
        return None


def _prompt(node: Node | None, project: Project, findings: Findings) -> Prompt | None:
    if node is None:
        return None
    try:
        return project.prompt(node.value)
    except UsageError as error:
        findings.add(node.where, str(error))
    except DocumentError as error:
        findings.extend(error.problems)
    return None


def _data(node: Node | None, base: Path, findings: Findings) -> tuple[Path, ...]:
    nodes: Sequence[Node] = () if node is None else (node,)
    if node is not None and isinstance(node.value, list):
        nodes = node.items
    for item in nodes:
        if not (base / str(item.value)).is_file():
            findings.add(item.where, f"There is no file {item.value!r} here. Give a path from this file.")
    if node is not None and node.value == []:
        findings.add(node.where, "'data' is empty. Name at least one file of rows.")
    return tuple(base / str(item.value) for item in nodes)
