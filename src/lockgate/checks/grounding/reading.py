"""Texts to word vectors: the model's bare word vectors for all, its hidden states for those that are read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from lockgate.checks.overlap import is_common
from lockgate.retrieval.loading import load_network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

__all__ = ["Read", "Reader", "Words", "reader"]

_BATCH_TOKENS = 512
_RARE = 3.4
_NUMBER = 2.5
_KEPT = 1_000
_UNUSED = 1000
"""Where words begin in BERT's vocabulary: before are special and unused tokens and single letters."""


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The words of one text.

    Args:
        texts: the words in lower case.
        weights: how much each tells, float32: 0 for marks and common words, more for rarer ones.
        bare: unit vectors of the words by themselves, shape (words, dimensions).
        pieces: the model's tokens, special ones included.
        places: where each of these stands in the text (characters, end excluded; (0, 0) for a special one).
        starts: where each word's pieces start among the tokens.
        end: where the last word's end.
    """

    texts: tuple[str, ...]
    weights: Vectors
    bare: Vectors
    pieces: tuple[int, ...]
    places: tuple[tuple[int, int], ...]
    starts: tuple[int, ...]
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What was read of one text.

    Args:
        words: unit vectors of its words at each layer: float32, shape (layers, words, dimensions).
        states: the hidden states of its tokens: float16, shape (layers, tokens, dimensions).
        pieces, places: its tokens and where they stand, as in `Words`.
    """

    words: Vectors
    states: NDArray[np.float16]
    pieces: tuple[int, ...]
    places: tuple[tuple[int, int], ...]


@dataclass(slots=True, eq=False)
class Reader:
    """A transformers encoder read at some of its layers; what was read of a text is kept for a while."""

    model: str
    layers: tuple[int, ...]
    _words: dict[str, Words] = field(default_factory=dict)
    _read: dict[str, Read] = field(default_factory=dict)

    def words(self, texts: Sequence[str]) -> list[Words]:
        """The words of each text; the network is not run."""
        kept = _there(self._words, texts)
        new = [t for t in dict.fromkeys(texts) if t not in kept]
        found = dict(zip(new, _split(self.model, max(self.layers), new), strict=True)) if new else {}
        _keep(self._words, found)
        return [found[t] if t in found else kept[t] for t in texts]

    def states(self, texts: Sequence[str]) -> list[Vectors]:
        """Unit vectors of each text's words at each layer: float32, shape (layers, words, dimensions)."""
        return [read.words for read in self.read(texts)]

    def read(self, texts: Sequence[str]) -> list[Read]:
        """What the network reads of each text, by itself."""
        kept = _there(self._read, texts)
        new = [t for t in dict.fromkeys(texts) if t not in kept]
        found = dict(zip(new, self._run(self.words(new)), strict=True)) if new else {}
        _keep(self._read, found)
        return [found[t] if t in found else kept[t] for t in texts]

    def _run(self, texts: Sequence[Words]) -> list[Read]:
        import numpy as np

        read = list[Read]()
        for batch in _batches(texts):
            for text, states in zip(batch, self._forward([t.pieces for t in batch]), strict=True):
                pooled = _pooled(states[:, : text.end], text.starts)
                read.append(Read(pooled, states.astype(np.float16), text.pieces, text.places))
        return read

    def _forward(self, batch: Sequence[Sequence[int]]) -> Iterator[Any]:
        """The states of each text's tokens, shape (layers, tokens, dimensions).

        The texts are read as one row in which each attends to itself alone, so that nothing is padded.
        """
        import torch

        network = _network(self.model, max(self.layers))
        ids = torch.tensor([[piece for pieces in batch for piece in pieces]])
        places = torch.tensor([[at for pieces in batch for at in range(len(pieces))]])
        owner = torch.arange(len(batch)).repeat_interleave(torch.tensor([len(pieces) for pieces in batch]))
        own = (owner[:, None] == owner)[None, None]
        with torch.inference_mode():
            hidden = network(
                input_ids=ids.to(network.device),
                position_ids=places.to(network.device),
                attention_mask=own.to(network.device),
                output_hidden_states=True,
            ).hidden_states
        chosen = torch.stack([hidden[layer][0] for layer in self.layers]).float().cpu().numpy()
        ends = list(accumulate(len(pieces) for pieces in batch))
        return (chosen[:, start:end] for start, end in pairwise([0, *ends]))


@cache
def reader(model: str, layers: tuple[int, ...]) -> Reader:
    """The reader of a model (a folder or a hub id) at these layers, one for the process."""
    return Reader(model, layers)


def _there(kept: dict[str, Any], texts: Sequence[str]) -> dict[str, Any]:
    """What is kept of the texts; taken at once, as another thread may clear it."""
    found = ((text, kept.get(text)) for text in dict.fromkeys(texts))
    return {text: value for text, value in found if value is not None}


def _keep(kept: dict[str, Any], found: dict[str, Any]) -> None:
    if len(kept) + len(found) > _KEPT:
        kept.clear()
    kept.update(found)


@cache
def _network(model: str, depth: int) -> Any:
    """The encoder without the layers that are not read; in bfloat16 on processors that compute in it.

    That takes half the time, and cosines keep three decimals.
    """
    import torch

    network = load_network(model, "encoder", layers=depth)[1]
    known: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if network.device.type == "cpu" and (known.get("avx512_bf16") or known.get("amx_bf16")):
        return deepcopy(network).to(torch.bfloat16)
    return network


@cache
def _bare(model: str, depth: int) -> Vectors:
    """The word vectors without what is common to all, scaled to length 1."""
    import numpy as np

    network = load_network(model, "encoder", layers=depth)[1]
    table = network.get_input_embeddings().weight.detach().cpu().numpy()
    first = min(_UNUSED, len(table) // 2)
    centred = table - table[first:].mean(0)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6), np.float32)


def _split(model: str, depth: int, texts: Sequence[str]) -> list[Words]:
    tokenizer, network = load_network(model, "encoder", layers=depth)
    limit = min(network.config.max_position_embeddings, 512)
    read = tokenizer(list(texts), truncation=True, max_length=limit, return_offsets_mapping=True)
    return [_words(_bare(model, depth), text, read[i]) for i, text in enumerate(texts)]


def _words(bare: Vectors, text: str, encoding: Any) -> Words:
    import numpy as np

    pieces, offsets = encoding.ids, encoding.offsets  # each makes a list anew
    places = _places(encoding.word_ids, offsets) or [(0, 1, 0, len(text))]
    said = tuple(text[first:last].lower() for _, _, first, last in places)
    weights = [_weight(word, pieces[p[0]], p[1] - p[0]) for word, p in zip(said, places, strict=True)]
    starts = tuple(place[0] for place in places)
    return Words(
        texts=said,
        weights=np.asarray(weights, np.float32),
        bare=_pooled(bare[pieces[: places[-1][1]]][None], starts)[0],
        pieces=tuple(pieces),
        places=tuple(offsets),
        starts=starts,
        end=places[-1][1],
    )


def _places(
    words: Sequence[int | None], offsets: Sequence[tuple[int, int]]
) -> list[tuple[int, int, int, int]]:
    """Each word's first and last piece and character, ends excluded."""
    places = list[tuple[int, int, int, int]]()
    before = None
    for position, (word, (first, last)) in enumerate(zip(words, offsets, strict=True)):
        if word is not None and word == before:
            places[-1] = (places[-1][0], position + 1, places[-1][2], last)
        elif word is not None:
            places.append((position, position + 1, first, last))
        before = word
    return places


def _weight(word: str, first_piece: int, pieces: int) -> float:
    """BERT's vocabulary is in order of frequency: a higher number is a rarer word."""
    if not any(c.isalnum() for c in word) or is_common(word):
        return 0.0
    if word[0].isdigit():
        return _NUMBER
    return _RARE if pieces > 1 else min(_RARE, max(0.3, math.log(max(first_piece, 1) / _UNUSED)))


def _pooled(pieces: Vectors, starts: Sequence[int]) -> Vectors:
    """Means of each word's pieces, scaled to length 1."""
    import numpy as np

    sums = np.add.reduceat(pieces, list(starts), axis=1)
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=-1, keepdims=True), 1e-6), np.float32)


def _batches(texts: Sequence[Words]) -> list[list[Words]]:
    """The texts in order, in batches of at most `_BATCH_TOKENS` tokens."""
    batches, room = list[list[Words]](), 0
    for text in texts:
        if room < len(text.pieces):
            batches.append([])
            room = _BATCH_TOKENS
        batches[-1].append(text)
        room -= len(text.pieces)
    return batches
