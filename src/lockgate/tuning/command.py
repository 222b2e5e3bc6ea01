"""`lockgate tune SPEC.yaml`: rows to an adapter with its lineage, registered as the family's next version."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lockgate import __version__
from lockgate.backends.loading import Loaded, load_weights, pick_device
from lockgate.backends.weights import hash_weights
from lockgate.cachefiles import write_whole
from lockgate.documents.project import Project, load_project
from lockgate.errors import MissingExtra, UsageError
from lockgate.fingerprints import digest, hash_file
from lockgate.model import JSON
from lockgate.quiet import hush
from lockgate.tuning.checkpoints import Progress, forget
from lockgate.tuning.data import Row, read_rows, split
from lockgate.tuning.lora import Course, train
from lockgate.tuning.spec import TuneSpec, read_spec
from lockgate.tuning.tokens import Example, encode
from lockgate.tuning.versions import Version, plan_version, register

__all__ = ["Tuned", "tune"]

_TRAINER = "2"  # what reads rows and keeps checkpoints; another one resumes nothing
_PACKAGES = ("torch", "transformers", "peft", "safetensors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What a training gave.

    Args:
        backend: `FAMILY:VERSION` that declares the adapter.
        adapter: its folder.
        lineage: what stands in its `lineage.json`.
    """

    backend: str
    adapter: Path
    lineage: dict[str, JSON]


def tune(spec: Path, *, project: Path | None = None, say: Callable[[str], None] = lambda _: None) -> Tuned:
    """Train the adapter that a spec describes and register it in the project file.

    An interrupted training goes on by itself when spec, data, prompt and weights are the same.

    Args:
        spec: the YAML file.
        project: the project file; the nearest `lockgate.yaml` above the spec by default.
        say: told one line for the sizes and one an epoch.

    Raises:
        DocumentError: every mistake in spec and data, with positions.
        UsageError: no project file, or one that cannot take the version; rows that do not fit the model.
        FatalBackendError: the base cannot be loaded.
        MissingExtra: torch, transformers or peft is not installed.
    """
    home = load_project(project or _find_project(spec))
    order = read_spec(spec, home)
    # Now, so that nobody trains for hours what then cannot be declared.
    _plan(order, home)
    rows = read_rows(order.data, prompt=order.prompt)
    training, held = split(rows, order.settings["validation"], seed=order.settings["seed"])
    origin = _origin(order, home)
    course = _course(order, home.root / ".lockgate" / "tuning" / digest(origin))
    loaded = _load(order, course)
    encoded = dict(zip(map(id, rows), _encode(loaded, rows), strict=True))
    examples, checks = ([encoded[id(row)] for row in side] for side in (training, held))
    say(f"{len(training)} rows to learn from, {len(held)} held out, {_tokens(examples)} tokens an epoch")
    model, progress = train(loaded, examples, checks, course, say=say)
    lineage = {**origin, **_outcome(progress, training, held, examples)}
    _write(order.output, model, lineage)
    made = _plan(order, home)
    register(home.path, made)
    forget(course.keep)
    return Tuned(backend=f"{made.family}:{made.name}", adapter=order.output, lineage=lineage)


def _find_project(spec: Path) -> Path:
    folders = spec.resolve().parents
    for folder in folders:
        if (folder / "lockgate.yaml").is_file():
            return folder / "lockgate.yaml"
    raise UsageError(f"There is no lockgate.yaml above {spec.as_posix()!r}. Name the project file.")


def _origin(order: TuneSpec, home: Project) -> dict[str, JSON]:
    packages = _packages()
    return {
        "base": order.model,
        "base_hash": hash_weights(order.weights),
        "data": {_from_home(path, home): hash_file(path) for path in order.data},
        "prompt": order.prompt_name,
        "prompt_digest": order.prompt.digest if order.prompt else "",
        "settings": dict(order.settings),
        "lockgate": __version__,
        "trainer": _TRAINER,
        "packages": packages,
    }


def _packages() -> dict[str, JSON]:
    """The versions of what trains, each imported now, so that a missing one is told before all else."""
    hush()
    try:
        for name in (*_PACKAGES, "tqdm"):
            import_module(name)
        return {name: version(name) for name in _PACKAGES}
    except ModuleNotFoundError as error:
        raise MissingExtra(feature="`lockgate tune`", package=error.name or "peft", extra="local") from error


def _from_home(path: Path, home: Project) -> str:
    """A file as the lineage names it: from the project's folder, so that no two are called the same."""
    return Path(os.path.relpath(path.resolve(), home.root.resolve())).as_posix()


def _course(order: TuneSpec, keep: Path) -> Course:
    chosen = {k: v for k, v in order.settings.items() if k not in ("validation", "device")}
    return Course(**chosen, device=pick_device(order.settings["device"]), keep=keep)


def _load(order: TuneSpec, course: Course) -> Loaded:
    on_cpu = course.device == "cpu"
    dtype = "float32" if on_cpu or course.dtype == "float32" else "bfloat16"
    # On a CPU, the backward pass of torch's fused attention is the slowest part of a step in bfloat16.
    attention = "eager" if on_cpu and course.dtype == "bfloat16" else None
    return load_weights(order.weights, dtype=dtype, device=course.device, attention=attention)


def _encode(loaded: Loaded, rows: Sequence[Row]) -> list[Example]:
    wrong: list[str] = []
    examples: list[Example] = []
    for row in rows:
        try:
            examples.append(encode(loaded.tokenizer, row, longest=loaded.context))
        except UsageError as error:
            wrong.append(str(error))
    if wrong:
        raise UsageError("\n".join(wrong))
    return examples


def _tokens(examples: Sequence[Example]) -> int:
    return sum(len(example.ids) for example in examples)


def _outcome(
    progress: Progress, training: Sequence[Row], held: Sequence[Row], examples: Sequence[Example]
) -> dict[str, JSON]:
    rounded = [{key: round(value, 5) for key, value in line.items()} for line in progress.history]
    return {
        "rows": {"training": len(training), "validation": len(held)},
        "groups": {"training": _groups(training), "validation": _groups(held)},
        "tokens_per_epoch": _tokens(examples),
        "epochs": rounded,
        "best_loss": round(progress.best_loss, 5),
        "seconds": round(progress.seconds, 1),
    }


def _groups(rows: Sequence[Row]) -> int:
    return len({row.group for row in rows})


def _write(output: Path, model: Any, lineage: dict[str, JSON]) -> None:
    """Write the adapter beside its place, then move it there whole."""
    import torch

    part = output.with_name(f".{output.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for parameter in model.parameters():
        if parameter.requires_grad:
            # Half the size; of the 16-bit types the one with the finer steps, as the values are small.
            parameter.data = parameter.data.to(torch.float16)
    # Else the path of this machine's copy of the base would stand in the adapter's configuration.
    model.peft_config["default"].base_model_name_or_path = str(lineage["base"])
    model.save_pretrained(part, save_embedding_layers=False)
    (part / "README.md").unlink(missing_ok=True)
    write_whole(part / "lineage.json", json.dumps(lineage, indent=2, ensure_ascii=False).encode("utf-8"))
    shutil.rmtree(output, ignore_errors=True)
    part.rename(output)


def _plan(order: TuneSpec, home: Project) -> Version:
    return plan_version(
        home.path,
        family=order.family,
        model=order.model,
        adapter=order.output,
        prompt=order.prompt_name,
    )
