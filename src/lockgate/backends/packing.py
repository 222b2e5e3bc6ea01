"""Linear layers laid out for oneDNN: on a processor, small batches in float32 go twice as fast.

A second copy of the weights buys it. An adapter is folded into that copy while it is worn, so it costs
nothing at each token and the base's own weights stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lockgate.backends.mixing import can_mix, wears

__all__ = ["Packing", "pack"]

_MOST_BYTES = 2 * 1024**3


@dataclass(slots=True)
class _Linear:
    """A linear layer's forward; `worn` is the packed weight that it computes with, `bare` its own."""

    bare: Any
    bias: Any
    worn: Any

    def __call__(self, x: Any) -> Any:
        import torch

        return torch.ops.mkldnn._linear_pointwise(x, self.worn, self.bias, "none", [], "")  # noqa: SLF001 - what torch.compile calls, too


@dataclass(slots=True)
class Packing:
    """The packed layers of one model.

    Args:
        layers: their forwards.
        adapter: the name of the adapter that is folded in, None for the bare base.
    """

    layers: Sequence[_Linear] = field(repr=False)
    adapter: str | None = None

    def strip(self) -> None:
        """Compute with the base's own weights again."""
        if self.adapter is not None:
            self.adapter = None
            for layer in self.layers:
                layer.worn = layer.bare

    def fold(self, model: Any, adapter: str) -> bool:
        """Fold an adapter that peft has put on the model into the packed weights.

        Returns:
            Whether it could be: only plain LoRA on linear layers is a sum of weights.
        """
        if self.adapter == adapter:
            return True
        self.strip()
        layers = [module for module in model.modules() if wears(module, adapter)]
        if not can_mix(model, [adapter]) or not all(map(_is_packed, layers)):
            return False
        self.adapter = adapter
        for layer in layers:
            base = layer.base_layer
            base.forward.worn = _packed(base.weight.detach() + layer.get_delta_weight(adapter).detach())
        return True


def pack(model: Any) -> Packing | None:
    """Pack a model's linear layers and let it compute with them.

    Returns:
        None where that is impossible or not worth its memory: on other devices, in other types, in a build
        of torch without oneDNN, and for models of more than 2 GiB.
    """
    import torch

    linears = [module for module in model.modules() if type(module) is torch.nn.Linear]
    if not _pays(model, linears):
        return None
    for linear in linears:
        weight = _packed(linear.weight.detach())
        linear.forward = _Linear(bare=weight, bias=linear.bias, worn=weight)
    return Packing([linear.forward for linear in linears])


def _pays(model: Any, linears: Sequence[Any]) -> bool:
    import torch

    weights = [linear.weight for linear in linears]
    known = hasattr(torch.ops.mkldnn, "_linear_pointwise") and torch.backends.mkldnn.is_available()
    fits = all(w.device.type == "cpu" and w.dtype == torch.float32 for w in weights)
    return known and fits and sum(p.nbytes for p in model.parameters()) <= _MOST_BYTES


def _packed(weight: Any) -> Any:
    import torch

    return torch.ops.mkldnn._reorder_linear_weight(weight)  # noqa: SLF001 - as above


def _is_packed(layer: Any) -> bool:
    return isinstance(layer.base_layer.forward, _Linear)
