"""Rows of one batch with an adapter each: the base computes for all, each adapter adds to its own rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeAlias

__all__ = ["Turn", "can_mix", "mixed", "wears"]

Turn: TypeAlias = Callable[[Sequence[str | None]], None]
"""Tells the model which adapter each row of the next computation wants; equal ones must be neighbours."""


def can_mix(model: Any, adapters: Iterable[str | None]) -> bool:
    """Whether these adapters are plain LoRA on linear layers, which is all that can share a batch."""
    names = [name for name in adapters if name is not None]
    return all(_is_plain(m, name) for m in model.modules() for name in names if wears(m, name))


@contextmanager
def mixed(model: Any, adapters: Iterable[str | None]) -> Iterator[Turn]:
    """While inside, each row is computed with an adapter of its own.

    peft does this as well (`adapter_names`), but gathers and scatters rows in each layer: a third slower than
    one adapter for all, measured on a processor, where neighbours cost next to nothing.

    Args:
        model: its adapters switched off.
        adapters: those that rows may want; `can_mix` holds for them.
    """
    names = {name for name in adapters if name is not None}
    layers = [m for m in model.modules() if any(wears(m, name) for name in names)]
    made = [_Mixed(layer, {n: _sides(layer, n) for n in names if wears(layer, n)}) for layer in layers]

    def turn(wanted: Sequence[str | None]) -> None:
        runs = _runs(wanted)
        for forward in made:
            forward.parts = [(a, b, *forward.sides[name]) for a, b, name in runs if name in forward.sides]

    try:
        for layer, forward in zip(layers, made, strict=True):
            layer.forward = forward
        yield turn
    finally:
        for layer in layers:
            vars(layer).pop("forward", None)


@dataclass(slots=True)
class _Mixed:
    """A layer's forward: `sides` are each adapter's two matrices, `parts` who adds to which rows."""

    layer: Any
    sides: dict[str, tuple[Any, Any]]
    parts: list[tuple[int, int, Any, Any]] = field(default_factory=list)

    def __call__(self, x: Any) -> Any:
        result = self.layer.base_layer(x)
        for first, last, down, up in self.parts:
            result[first:last] += (x[first:last] @ down) @ up
        return result


def _runs(wanted: Sequence[str | None]) -> list[tuple[int, int, str]]:
    runs, first = [], 0
    for name, group in groupby(wanted):
        last = first + len(list(group))
        if name is not None:
            runs.append((first, last, name))
        first = last
    return runs


def _sides(layer: Any, name: str) -> tuple[Any, Any]:
    down, up = layer.lora_A[name].weight.detach(), layer.lora_B[name].weight.detach()
    return down.T.contiguous(), (up * layer.scaling[name]).T.contiguous()


def wears(module: Any, adapter: str) -> bool:
    """Whether a layer is changed by an adapter of that name."""
    kinds = ("lora_A", "lora_embedding_A", "modules_to_save")
    return any(adapter in getattr(module, kind, ()) for kind in kinds)


def _is_plain(layer: Any, adapter: str) -> bool:
    import torch

    biased = getattr(layer, "lora_bias", {}).get(adapter, False)
    special = adapter in getattr(layer, "lora_variant", {})
    return type(getattr(layer, "base_layer", None)) is torch.nn.Linear and not biased and not special
