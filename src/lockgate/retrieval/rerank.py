"""Candidates put in a better order by a model that reads question and passage together or token by token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from lockgate.cachefiles import hash_once
from lockgate.errors import FatalBackendError, UsageError
from lockgate.fingerprints import hash_files
from lockgate.model import JSON, Passage
from lockgate.retrieval.embedding import embedder
from lockgate.retrieval.encoder import LocalEmbedder
from lockgate.retrieval.loading import load_network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

__all__ = ["CrossEncoder", "LateInteraction", "Reranker", "best_first", "reranker"]

_KEPT = 512
_BATCH = 16


class Reranker(Protocol):
    """What puts candidates in a better order. `identity` names everything that can change it."""

    @property
    def identity(self) -> Mapping[str, JSON]:
        """What names the weights and the method."""
        ...

    def rank(self, questions: Sequence[str], found: Sequence[Sequence[Passage]]) -> list[list[Passage]]:
        """Each question's passages with scores of its own, best first."""
        ...


def reranker(spec: str, *, base: Path = Path()) -> Reranker:
    """The reranker that a spec names; its weights are loaded on first use.

    Args:
        spec: `minilm` (late interaction, no weights beyond the embedder's), or a cross-encoder: a folder
            (relative to `base`) or a hub id.
        base: the folder that relative paths start from.

    Raises:
        UsageError: the spec is none of these, or the package that carries MiniLM is not installed.
    """
    if spec == "minilm":
        encoder = embedder("minilm")
        assert isinstance(encoder, LocalEmbedder)  # noqa: S101 -- what `minilm` always is
        return LateInteraction(encoder=encoder)
    folder = base / spec
    if folder.is_dir():
        return CrossEncoder(
            model=str(folder.resolve()), weights=hash_files(folder, _files(folder), read=hash_once)
        )
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", spec):
        raise UsageError(
            f"There is no reranker {spec!r}. Write minilm, or a cross-encoder's folder or hub id."
        )
    return CrossEncoder(model=spec, weights=spec)


def best_first(passages: Iterable[Passage]) -> list[Passage]:
    """Passages by their scores, the highest first; equal ones in the order of their ids."""
    return sorted(passages, key=lambda p: (-(p.score or 0.0), p.id))


def _files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file()]


@dataclass(frozen=True, slots=True, kw_only=True)
class LateInteraction:
    """Scores a passage by the mean, over the question's tokens, of the best cosine to any of its tokens.

    MaxSim of Khattab and Zaharia, "ColBERT", SIGIR 2020, here on an encoder that was not trained for it.
    The token vectors of the last 512 passages are kept.
    """

    encoder: LocalEmbedder
    _kept: dict[str, Vectors] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def identity(self) -> Mapping[str, JSON]:
        """The encoder's, and the method."""
        return {"rerank": "late-interaction", **self.encoder.identity}

    def rank(self, questions: Sequence[str], found: Sequence[Sequence[Passage]]) -> list[list[Passage]]:
        """Each question's passages with the score above (-1 to 1), best first."""
        texts = {passage.text for passages in found for passage in passages}
        vectors = self._vectors(sorted(texts))
        asked = self.encoder.encode_tokens(questions)
        return [
            _scored(passages, [_max_sim(question, vectors[p.text]) for p in passages])
            for question, passages in zip(asked, found, strict=True)
        ]

    def _vectors(self, texts: Sequence[str]) -> dict[str, Vectors]:
        missing = [text for text in texts if text not in self._kept]
        known = {text: self._kept[text] for text in texts if text in self._kept}
        known.update(zip(missing, self.encoder.encode_tokens(missing), strict=True))
        self._kept.update(known)
        for text in list(self._kept)[: max(0, len(self._kept) - _KEPT)]:
            self._kept.pop(text, None)
        return known


def _max_sim(question: Vectors, passage: Vectors) -> float:
    if not len(question) or not len(passage):
        return -1.0
    return float((question @ passage.T).max(axis=1).mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossEncoder:
    """Scores question and passage read together, by a sequence classifier.

    The score is the logit of its only label, or the second label's over the first's where it has two. What
    does not fit is cut from the longer of the two.

    Args:
        model: a folder or a hub id.
        weights: what names the weights' content.
    """

    model: str
    weights: str

    @property
    def identity(self) -> Mapping[str, JSON]:
        """What names the weights."""
        return {"rerank": self.weights}

    def rank(self, questions: Sequence[str], found: Sequence[Sequence[Passage]]) -> list[list[Passage]]:
        """Each question's passages with their logits, best first.

        Raises:
            FatalBackendError: the model cannot be loaded, or is no cross-encoder.
        """
        pairs = [(q, p.text) for q, passages in zip(questions, found, strict=True) for p in passages]
        scores = iter(_logits(self.model, pairs))
        return [_scored(passages, [next(scores) for _ in passages]) for passages in found]


def _scored(passages: Sequence[Passage], scores: Sequence[float]) -> list[Passage]:
    return best_first(replace(p, score=score) for p, score in zip(passages, scores, strict=True))


def _logits(model: str, pairs: Sequence[tuple[str, str]]) -> list[float]:
    tokenizer, network = load_network(model, "cross-encoder")
    import torch

    labels = network.config.num_labels
    if labels > 2:
        raise FatalBackendError(
            f"The reranker {model!r} has {labels} labels. Name a cross-encoder, which has one or two."
        )
    scores: dict[int, float] = {}
    order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][1]))
    for start in range(0, len(order), _BATCH):
        chosen = order[start : start + _BATCH]
        batch = tokenizer(
            [pairs[i][0] for i in chosen],
            [pairs[i][1] for i in chosen],
            padding=True,
            truncation="longest_first",
            max_length=min(tokenizer.model_max_length, 512),
            return_tensors="pt",
        ).to(network.device)
        with torch.inference_mode():
            logits = network(**batch).logits.float()
        best = logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
        scores.update(zip(chosen, best.tolist(), strict=True))
    return [scores[i] for i in range(len(pairs))]
