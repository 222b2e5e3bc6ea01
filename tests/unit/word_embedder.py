"""An embedder without weights: a text's vector counts its words, hashed into a few places."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np


class WordEmbedder:
    """Texts that share words are near; `encoded` holds every list of texts it was given."""

    def __init__(self, *, name: str = "words", max_tokens: int | None = None) -> None:
        self.identity = {"embed": name}
        self.max_tokens = max_tokens
        self.encoded: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of 512 places; a text without words has the first."""
        self.encoded.append(list(texts))
        vectors = np.zeros((len(texts), 512), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                vectors[row, zlib.crc32(word.encode()) % 512] += 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Words of each text."""
        return [len(text.split()) for text in texts]
