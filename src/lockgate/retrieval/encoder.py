"""A transformers encoder in this process: texts, and their tokens, to unit vectors."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lockgate.model import JSON
from lockgate.retrieval.loading import load_network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

__all__ = ["LocalEmbedder"]

# Small batches of like length stay in the processor's cache: measured fastest on two cores.
_BATCH_TOKENS = 2048
_IF_THERE = {
    "_raise_exceptions_for_missing_entries": False,
    "_raise_exceptions_for_connection_errors": False,
    "_raise_exceptions_for_gated_repo": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEmbedder:
    """A transformers encoder in this process, pooled as its `1_Pooling` says (mean where it says nothing).

    Args:
        model: a folder or a hub id.
        weights: what names the weights' content: a hash, a package's version, or the hub id.
    """

    model: str
    weights: str

    @property
    def identity(self) -> Mapping[str, JSON]:
        """What names the weights."""
        return {"embed": self.weights}

    @property
    def max_tokens(self) -> int | None:
        """The longest text that it reads to its end, special tokens not counted; loads the weights."""
        return _load(self.model).max_tokens

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (texts, dimensions); texts over `max_tokens` are cut."""
        encoder = _load(self.model)
        import numpy as np
        import torch

        pooled = np.zeros((len(texts), encoder.dimensions), dtype=np.float32)
        for chosen, states, mask in _states(encoder, texts):
            weights = _pooling_weights(mask, first_only=encoder.first_token)
            vectors = (states * weights.unsqueeze(-1)).sum(1) / weights.sum(1, keepdim=True)
            pooled[chosen] = torch.nn.functional.normalize(vectors, dim=-1).cpu().numpy()
        return pooled

    def encode_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """Unit vectors of each text's tokens, special ones left out: float32, shape (tokens, dimensions)."""
        encoder = _load(self.model)
        import numpy as np
        import torch

        per_text = [np.zeros((0, encoder.dimensions), dtype=np.float32)] * len(texts)
        for chosen, states, mask in _states(encoder, texts):
            unit = torch.nn.functional.normalize(states, dim=-1).cpu().numpy()
            for row, index in enumerate(chosen):
                per_text[index] = unit[row, 1 : int(mask[row].sum()) - 1]
        return per_text

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's tokeniser, special ones not counted."""
        if not texts:
            return []
        encoder = _load(self.model)
        with encoder.lock:
            ids = encoder.tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        return [len(one) for one in ids]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Encoder:
    """A loaded encoder; `lock` is held while the tokeniser works, as it cannot be set in two ways at once."""

    tokenizer: Any
    network: Any
    dimensions: int
    max_tokens: int
    first_token: bool
    lock: threading.Lock = field(default_factory=threading.Lock)


@cache
def _load(model: str) -> _Encoder:
    tokenizer, network = load_network(model, "encoder")
    return _Encoder(
        tokenizer=tokenizer,
        network=network,
        dimensions=network.config.hidden_size,
        max_tokens=_max_tokens(model, tokenizer, network),
        first_token=bool(_side_file(model, "1_Pooling/config.json").get("pooling_mode_cls_token")),
    )


def _max_tokens(model: str, tokenizer: Any, network: Any) -> int:
    said = _side_file(model, "sentence_bert_config.json").get("max_seq_length")
    positions = getattr(network.config, "max_position_embeddings", 512)
    whole = int(said or min(tokenizer.model_max_length, positions))
    return whole - int(tokenizer.num_special_tokens_to_add())


def _side_file(model: str, name: str) -> dict[str, Any]:
    from transformers.utils import cached_file

    path = cached_file(model, name, **_IF_THERE)
    return json.loads(Path(path).read_text("utf-8")) if path else {}


def _states(encoder: _Encoder, texts: Sequence[str]) -> Iterator[tuple[list[int], Any, Any]]:
    """The last hidden states in batches of like length: (indexes, states, attention mask)."""
    import torch

    limit = encoder.max_tokens + encoder.tokenizer.num_special_tokens_to_add()
    with encoder.lock:
        ids = encoder.tokenizer(list(texts), truncation=True, max_length=limit)["input_ids"] if texts else []
    for chosen in _batches([len(i) for i in ids]):
        batch = encoder.tokenizer.pad({"input_ids": [ids[i] for i in chosen]}, return_tensors="pt")
        batch = batch.to(encoder.network.device)
        with torch.inference_mode():
            states = encoder.network(**batch).last_hidden_state
        yield chosen, states, batch["attention_mask"]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indexes in order of length, in batches of at most `_BATCH_TOKENS` padded tokens."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[index] * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _pooling_weights(mask: Any, *, first_only: bool) -> Any:
    if not first_only:
        return mask.float()
    weights = mask.float().clone()
    weights[:, 1:] = 0.0
    return weights
