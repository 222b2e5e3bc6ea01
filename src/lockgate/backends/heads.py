"""What many prompts begin with: found before they are read, read once, and kept for the batches to come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

from lockgate.backends.keyvalues import Layers, cut, is_plain, layers_of, new_cache, size_of

__all__ = ["Heads", "common_heads"]

_Key: TypeAlias = tuple[str | None, tuple[int, ...]]

# Of fewer tokens, reading them apart costs more than it saves.
_AT_LEAST = 16
# Fewer prompts do not pay for a beginning of their own beside the one that more of them share.
_TOGETHER = 8
_MOST_BYTES = 512 * 1024**2


def common_heads(prompts: Sequence[list[int]]) -> list[int]:
    """For each prompt, how many of its first tokens are to be read once, as others begin with them too.

    The last token of a prompt is never among them. Beginnings that differ by less than 16 tokens are one.
    """
    least = [ids[:-1] for ids in prompts]
    order = sorted(range(len(least)), key=least.__getitem__)
    heads = [0] * len(least)
    for group in _groups(order, least):
        # Of sorted sequences, the first and the last differ earliest.
        same = _alike(least[group[0]], least[group[-1]])
        for index in group:
            heads[index] = same if len(group) > 1 and same >= _AT_LEAST else 0
    return heads


def _groups(order: Sequence[int], prompts: Sequence[list[int]]) -> Iterator[list[int]]:
    """Neighbours whose beginnings, in whole sixteens of tokens, are the same."""
    shared = [n // _AT_LEAST * _AT_LEAST for n in _shared(order, prompts)]
    group: list[int] = []
    before: list[int] | None = None
    for index, length in zip(order, shared, strict=True):
        beginning = prompts[index][:length]
        if beginning != before and group:
            yield group
            group = []
        group.append(index)
        before = beginning
    if group:
        yield group


def _shared(order: Sequence[int], prompts: Sequence[list[int]]) -> list[int]:
    """For each of the sorted prompts, the longest beginning that enough neighbours have, too."""
    several = min(_TOGETHER, len(order))
    alike = [_alike(prompts[a], prompts[b]) for a, b in pairwise(order)]
    windows = [min(alike[i : i + several - 1], default=0) for i in range(len(order) - several + 1)]
    return [max(windows[max(0, i - several + 1) : i + 1]) for i in range(len(order))]


def _alike(a: list[int], b: list[int]) -> int:
    pairs = enumerate(zip(a, b, strict=False))
    return next((index for index, (x, y) in pairs if x != y), min(len(a), len(b)))


@dataclass(slots=True)
class Heads:
    """Keys and values of beginnings of prompts, by adapter and tokens; the oldest go when there are many."""

    _kept: dict[_Key, Layers] = field(default_factory=dict)

    def read(self, model: Any, adapter: str | None, ids: Sequence[int]) -> Layers | None:
        """The keys and values of a beginning, read as far as no kept one has them.

        Args:
            model: computes as `adapter` wants it to.
            adapter: whose they are.
            ids: one token or more.

        Returns:
            For each layer its keys and values, 1 × heads × tokens × width; None where a model's cache is of
            another kind.
        """
        key, kept = (adapter, tuple(ids)), self._kept
        made = kept.pop(key, None) or _extended(model, _nearest(kept, adapter, ids), ids)
        if made is None:
            return None
        kept[key] = made
        while len(kept) > 1 and sum(map(size_of, kept.values())) > _MOST_BYTES:
            del kept[next(iter(kept))]
        return made

    def forget(self) -> None:
        """Keep none; whoever is reading one in another thread gets it all the same."""
        self._kept = {}


def _nearest(
    kept: Mapping[_Key, Layers], adapter: str | None, ids: Sequence[int]
) -> tuple[int, Layers] | None:
    own = [(_alike(list(key[1]), list(ids)), layers) for key, layers in kept.items() if key[0] == adapter]
    length, layers = max(own, key=lambda entry: entry[0], default=(0, None))
    return (length, layers) if layers is not None and length >= _AT_LEAST else None


def _extended(model: Any, nearest: tuple[int, Layers] | None, ids: Sequence[int]) -> Layers | None:
    import torch

    known, cache = 0, new_cache(model)
    if not is_plain(cache):
        return None
    if nearest is not None:
        known = min(nearest[0], len(ids) - 1)
        cut(cache, nearest[1], known)
    model(
        input_ids=torch.tensor([list(ids[known:])], device=model.device),
        position_ids=torch.arange(known, len(ids), device=model.device)[None],
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    return layers_of(cache)
