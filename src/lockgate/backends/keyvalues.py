"""The keys and values of a batch so far, in memory that is taken in steps instead of anew for each token."""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["is_plain", "new_cache"]

_STEP = 64


def new_cache(model: Any) -> Any:
    """An empty cache for a causal LM; layers that keep everything get room ahead.

    transformers' own layer copies all keys and values for each token, which takes a quarter of a batch's time
    on a CPU.
    """
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    made = DynamicCache(config=model.config)
    made.layers = [_roomy()() if type(layer) is DynamicLayer else layer for layer in made.layers]
    return made


def is_plain(made: Any) -> bool:
    """Whether every layer keeps all keys and values: then rows can leave, and padding may lie anywhere."""
    return bool(made.layers) and all(type(layer) is _roomy() for layer in made.layers)


@cache
def _roomy() -> Any:
    """The layer's class; made when first needed, as its base is in transformers."""
    from transformers.cache_utils import DynamicLayer

    class Roomy(DynamicLayer):  # type: ignore[misc]
        """`keys` and `values` are views of the first tokens of larger tensors."""

        keys: Any
        values: Any

        def __init__(self) -> None:
            super().__init__()
            self.whole: tuple[Any, Any] | None = None

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            before = self.get_seq_length()
            after = before + key_states.shape[-2]
            if self.whole is None or self.whole[0].shape[-2] < after:
                self.whole = (
                    self.widened(key_states, before, after),
                    self.widened(value_states, before, after),
                )
                if before:
                    self.whole[0][..., :before, :] = self.keys
                    self.whole[1][..., :before, :] = self.values
            self.whole[0][..., before:after, :] = key_states
            self.whole[1][..., before:after, :] = value_states
            self.keys = self.whole[0][..., :after, :]
            self.values = self.whole[1][..., :after, :]
            return self.keys, self.values

        def widened(self, states: Any, before: int, after: int) -> Any:
            rows, heads, _, width = states.shape
            # The first tokens are the prompt; room for an answer comes with the first of its tokens.
            return states.new_empty(rows, heads, after + (_STEP if before else 0), width)

        def batch_repeat_interleave(self, repeats: int) -> None:
            super().batch_repeat_interleave(repeats)
            self.whole = None

        def batch_select_indices(self, indices: Any) -> None:
            super().batch_select_indices(indices)
            self.whole = None

    return Roomy
