"""Weights to a model and its tokeniser in memory, silently; a GGUF is dequantised once per machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lockgate import cachefiles
from lockgate.backends.batching import Queue
from lockgate.backends.heads import Heads
from lockgate.backends.packing import Packing
from lockgate.backends.weights import Weights, hash_weights, hub_commit
from lockgate.errors import FatalBackendError
from lockgate.quiet import LOADING, hush, missing

__all__ = ["Loaded", "load_weights", "pick_device", "pick_dtype"]


@dataclass(slots=True, kw_only=True)
class Loaded:
    """One model in memory, with its adapters; `lock` is held by whoever computes with it.

    Args:
        model: a causal LM of transformers; peft puts adapters into it in place.
        tokenizer: its tokeniser, padding on the left.
        context: its window in tokens; None where it names none.
        packing: its linear layers in a faster layout, or None where it has none.
        wrapper: peft's handle on the model once it has an adapter, else None.
        adapters: the names of those that it has.
        queue: what it is to answer, of all backends that share it; None while it is only trained.
        heads: what it read of prompts that begin alike.
    """

    model: Any
    tokenizer: Any
    context: int | None = None
    packing: Packing | None = None
    wrapper: Any = None
    adapters: set[str] = field(default_factory=set)
    queue: Queue[Any] | None = None
    heads: Heads = field(default_factory=Heads)
    lock: threading.RLock = field(default_factory=threading.RLock)


def load_weights(weights: Weights, *, dtype: str, device: str, attention: str | None = None) -> Loaded:
    """Load a model and its tokeniser.

    Args:
        weights: where they are.
        dtype: `float32`, `bfloat16` or `float16`.
        device: `cpu`, `cuda`, `cuda:1` …
        attention: an attention implementation of transformers; None for its own choice.

    Raises:
        MissingExtra: torch, transformers or what they need is not installed.
        FatalBackendError: the weights are broken, or of a kind that transformers cannot load.
    """
    torch, transformers = hush()
    from safetensors import SafetensorError

    with LOADING:
        try:
            where, options = _from(weights)
            tokenizer = transformers.AutoTokenizer.from_pretrained(where, **options, padding_side="left")
            model = transformers.AutoModelForCausalLM.from_pretrained(
                where, **options, dtype=getattr(torch, dtype), attn_implementation=attention
            )
        except (OSError, ValueError, ImportError, RuntimeError, SafetensorError) as error:
            raise FatalBackendError(f"The weights of {weights.name!r} cannot be loaded: {error}") from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return Loaded(model=model.to(device).eval(), tokenizer=tokenizer, context=context)


def pick_device(device: str) -> str:
    """`auto` becomes `cuda` where there is one, else `cpu`; anything else stays.

    Raises:
        MissingExtra: torch is not installed.
    """
    if device != "auto":
        return device
    from importlib.metadata import PackageNotFoundError, version

    try:
        # Spares a replay of journalled answers the two seconds that importing torch takes.
        if version("torch").endswith("+cpu"):
            return "cpu"
    except PackageNotFoundError as error:
        raise missing("torch") from error
    torch, _ = hush()
    return "cuda" if torch.cuda.is_available() else "cpu"


def pick_dtype(dtype: str, device: str) -> str:
    """`auto` becomes `bfloat16` on CUDA and `float32` elsewhere; anything else stays."""
    if dtype != "auto":
        return dtype
    return "bfloat16" if device.startswith("cuda") else "float32"


def _from(weights: Weights) -> tuple[str, dict[str, Any]]:
    if weights.folder is None:
        # The commit that the fingerprint names, even if the branch has moved since.
        return weights.hub, {"revision": hub_commit(weights)}
    if not weights.file:
        return str(weights.folder), {"local_files_only": True}
    try:
        copy = cachefiles.cache_folder() / "weights" / hash_weights(weights)
        return str(cachefiles.folder_once(copy, lambda to: _dequantise(weights, to))), {
            "local_files_only": True
        }
    except OSError:
        # No cache folder to write to: slower, not wrong.
        return str(weights.folder), {"gguf_file": weights.file, "local_files_only": True}


def _dequantise(weights: Weights, to: Path) -> None:
    _, transformers = hush()
    options = {"gguf_file": weights.file, "local_files_only": True}
    with _no_bar():
        tokenizer = transformers.AutoTokenizer.from_pretrained(weights.folder, **options)
        model = transformers.AutoModelForCausalLM.from_pretrained(weights.folder, **options)
    # Else the copy would be taken for a quantised model.
    del model.config.quantization_config
    model.hf_quantizer = None
    model.save_pretrained(to)
    tokenizer.save_pretrained(to)


@contextmanager
def _no_bar() -> Iterator[None]:
    """Silence the GGUF reader's own progress bar, which no setting of transformers reaches."""
    from transformers import modeling_gguf_pytorch_utils as reader

    bar = reader.tqdm
    reader.tqdm = lambda items, **_: items
    try:
        yield
    finally:
        reader.tqdm = bar
