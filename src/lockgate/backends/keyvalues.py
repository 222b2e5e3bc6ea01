"""The keys and values of a batch so far, in memory that is taken in steps instead of anew for each token."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from transformers.cache_utils import DynamicLayer as _Layer
else:
    _Layer = object

__all__ = ["Layers", "cut", "is_plain", "layers_of", "line_up", "new_cache", "size_of"]

Layers: TypeAlias = Sequence[tuple[Any, Any]]
"""Keys and values of one row, layer by layer: each 1 × heads × tokens × width."""

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


def layers_of(made: Any) -> Layers:
    """What a cache of one row holds."""
    return [(layer.keys, layer.values) for layer in made.layers]


def size_of(layers: Layers) -> int:
    """How many bytes they take."""
    return sum(keys.nbytes + values.nbytes for keys, values in layers)


def cut(made: Any, layers: Layers, tokens: int) -> None:
    """Give an empty cache the first tokens of one row."""
    for layer, (keys, values) in zip(made.layers, layers, strict=True):
        layer.update(keys[..., :tokens, :], values[..., :tokens, :])


def line_up(made: Any, rows: Sequence[Layers | None], tokens: int, *, room: int = 0) -> None:
    """Give an empty cache one row for each of these, to end together after `tokens` tokens.

    What a row has fewer, or all where it is None, is zeros at its beginning: its mask has to leave them out.

    Args:
        made: of the plain kind.
        rows: at least one that is not None.
        tokens: how many the longest has.
        room: for how many more there is to be room at once, and some of an answer.
    """
    for index, layer in enumerate(made.layers):
        known = [row and row[index] for row in rows]
        whole = [_lined_up([pair and pair[side] for pair in known], tokens, room + _STEP) for side in (0, 1)]
        layer.begin(whole[0], whole[1], tokens)


def _lined_up(rows: Sequence[Any], tokens: int, room: int) -> Any:
    like = next(row for row in rows if row is not None)
    whole = like.new_empty(len(rows), like.shape[1], tokens + room, like.shape[3])
    for place, row in enumerate(rows):
        missing = tokens if row is None else tokens - row.shape[2]
        whole[place, :, :missing] = 0.0
        if row is not None:
            whole[place, :, missing:tokens] = row[0]
    return whole


class _Room(_Layer):  # type: ignore[misc]
    """`keys` and `values` are views of the first tokens of larger tensors."""

    keys: Any
    values: Any

    def __init__(self) -> None:
        super().__init__()
        self.whole: tuple[Any, Any] | None = None

    def begin(self, keys: Any, values: Any, tokens: int) -> None:
        self.lazy_initialization(keys, values)
        self.whole = (keys, values)
        self.keys, self.values = keys[..., :tokens, :], values[..., :tokens, :]

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

    def batch_select_indices(self, indices: Any) -> None:
        super().batch_select_indices(indices)
        self.whole = None


@cache
def _roomy() -> Any:
    """The layer's class; made when first needed, as its base is in transformers."""
    from transformers.cache_utils import DynamicLayer

    class Roomy(_Room, DynamicLayer):  # type: ignore[misc]
        """A `DynamicLayer` with room."""

    return Roomy
