"""LoRA adapters on one base in memory: each loaded once, and switched or mixed for each batch."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from lockgate.backends.loading import Loaded
from lockgate.backends.mixing import Turn, can_mix, mixed
from lockgate.backends.weights import hash_adapter
from lockgate.errors import FatalBackendError, UsageError
from lockgate.quiet import LOADING

__all__ = ["check_adapter", "mixes", "put_on", "wearing", "wearing_each"]


def check_adapter(folder: Path) -> None:
    """Check what an adapter's configuration says, without loading anything.

    Raises:
        UsageError: it is not JSON, or not the configuration of a LoRA adapter for a causal LM.
    """
    file = folder / "adapter_config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        kind, task = config["peft_type"], config.get("task_type")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(
            f"{file.as_posix()!r} is no adapter's configuration: {error!r}. Train anew."
        ) from error
    if kind != "LORA" or task not in ("CAUSAL_LM", None):
        raise UsageError(
            f"The adapter {folder.as_posix()!r} is of the kind {kind} for {task}. "
            "Give a LoRA adapter for CAUSAL_LM."
        )


def put_on(loaded: Loaded, folder: Path) -> str:
    """Load an adapter beside its base, unless it is there; its name is its content's.

    Args:
        loaded: the base and the adapters that it has so far.
        folder: the adapter's.

    Raises:
        FatalBackendError: the adapter does not fit the base, or cannot be read.
    """
    from safetensors import SafetensorError

    try:
        name = f"adapter-{hash_adapter(folder)}"
        if name not in loaded.adapters:
            # Ahead of the batches that wait, or it would come after all of another backend's.
            with loaded.queue.between() if loaded.queue else nullcontext(), loaded.lock, LOADING:
                if name not in loaded.adapters:
                    _load(loaded, folder, name)
                    loaded.adapters.add(name)
    except (RuntimeError, ValueError, OSError, KeyError, SafetensorError) as error:
        raise FatalBackendError(_misfit(loaded, folder, error)) from error
    return name


@contextmanager
def wearing(loaded: Loaded, adapter: str | None) -> Iterator[Any]:
    """The model with that adapter on, or with none; hold its lock while inside.

    Args:
        loaded: the base.
        adapter: the name that `put_on` gave, or None for the bare base.
    """
    folded = _fold(loaded, adapter)
    if adapter is not None and not folded:
        loaded.wrapper.set_adapter(adapter, inference_mode=True)
        yield loaded.model
        return
    with _bare(loaded):
        yield loaded.model


def mixes(loaded: Loaded, adapters: Collection[str | None]) -> bool:
    """Whether rows with these adapters may share a batch."""
    return can_mix(loaded.model, adapters)


@contextmanager
def wearing_each(loaded: Loaded, adapters: Collection[str | None]) -> Iterator[Turn]:
    """The model with an adapter for each row; hold its lock while inside.

    Args:
        loaded: the base.
        adapters: those that rows may want, of which `mixes` holds.
    """
    if loaded.packing is not None:
        loaded.packing.strip()
    with _bare(loaded), mixed(loaded.model, adapters) as turn:
        yield turn


def _fold(loaded: Loaded, name: str | None) -> bool:
    """Whether the packed layers now compute as the adapter wants them to."""
    if loaded.packing is None:
        return False
    if name is not None:
        return loaded.packing.fold(loaded.model, name)
    loaded.packing.strip()
    return True


@contextmanager
def _bare(loaded: Loaded) -> Iterator[None]:
    if loaded.wrapper is None:
        yield
        return
    with loaded.wrapper.disable_adapter():
        yield


def _load(loaded: Loaded, folder: Path, name: str) -> None:
    from peft import LoraConfig, PeftModelForCausalLM
    from safetensors import safe_open

    config = LoraConfig.from_pretrained(str(folder))
    config.inference_mode = True
    with safe_open(folder / "adapter_model.safetensors", framework="pt") as tensors:
        saved = set(tensors.keys())
    if loaded.wrapper is None:
        loaded.wrapper = PeftModelForCausalLM(
            loaded.model, config, adapter_name=name, autocast_adapter_dtype=False
        )
    else:
        loaded.wrapper.add_adapter(name, config, autocast_adapter_dtype=False)
    # Half-precision storage is for the disk: the adapter computes in the base's own type.
    result = loaded.wrapper.load_adapter(
        str(folder), name, torch_device=str(loaded.model.device), autocast_adapter_dtype=False
    )
    loaded.wrapper.eval()
    wanted = {key for key in result.missing_keys if name in key}
    if wanted or result.unexpected_keys or not saved:
        raise ValueError(f"{len(wanted)} layers of the base have no weights in it")


def _misfit(loaded: Loaded, folder: Path, error: Exception) -> str:
    kind = type(loaded.model).__name__
    said = str(error).strip().splitlines()[-1].strip() if str(error).strip() else repr(error)
    return (
        f"The adapter {folder.as_posix()!r} does not fit its base ({kind}): {said}. "
        "Give it the model that it was trained on."
    )
