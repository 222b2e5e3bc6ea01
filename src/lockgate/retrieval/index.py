"""A folder's chunks in LanceDB, kept on disk under the fingerprint of all that they are made from."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from lockgate.cachefiles import folder_once
from lockgate.errors import MissingExtra, UsageError, did_you_mean
from lockgate.fingerprints import digest, hash_files
from lockgate.model import JSON, Passage
from lockgate.retrieval.chunks import chunk
from lockgate.retrieval.corpus import corpus_files, read_corpus
from lockgate.retrieval.embedding import Embedder, embedder

__all__ = ["Collection", "facet", "load_passage", "open_collection"]

_OPTIONS = ("chunk_tokens", "overlap", "embed")
# Raised when the same corpus and options come to give another index.
_FORMAT = 1
_TABLE = "chunks"
# Another process may still read an index that this one has outdated.
_KEEP_SECONDS = 86400.0
_BUILDING = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A corpus and how it is cut and embedded; its index is built on first use.

    Args:
        name: the folder as it is declared.
        folder: where the corpus is.
        home: where this collection's indexes are kept, one folder for each fingerprint.
        embedder: what embeds chunks and questions.
        chunk_tokens: most tokens of a chunk; never more than the embedder reads.
        overlap: most tokens that neighbours share.
    """

    name: str
    folder: Path
    home: Path
    embedder: Embedder
    chunk_tokens: int = 256
    overlap: int = 32
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        made_from = {
            "files": hash_files(self.folder, corpus_files(self.folder)),
            "chunk_tokens": self.chunk_tokens,
            "overlap": self.overlap,
            "embedder": dict(self.embedder.identity),
            "format": _FORMAT,
        }
        object.__setattr__(self, "fingerprint", digest(made_from))

    def table(self) -> Any:
        """The LanceDB table: `id`, `text`, `source`, `metadata` (JSON), `facets`, `vector` (unit, float32).

        Raises:
            MissingExtra: LanceDB or what the embedder needs is not installed.
            BackendError: the embedder failed.
        """
        with _BUILDING:
            return _table(self)


def open_collection(name: str, *, base: Path, options: Mapping[str, JSON] | None = None) -> Collection:
    """The collection over a folder, its corpus read and found right, its index not yet built.

    Args:
        name: the folder, relative to `base`.
        base: the project's folder; indexes are kept in its `.lockgate/collections`.
        options: `chunk_tokens`, `overlap`, `embed` (see `embedding.embedder`).

    Raises:
        UsageError: the folder is missing or holds no text, or an option has a value that it may not have.
        DocumentError: a file of the corpus is broken.
    """
    options = options or {}
    for key in options:
        if key not in _OPTIONS:
            remedy = did_you_mean(key, _OPTIONS, noun="options")
            raise UsageError(f"The collection {name!r} has the unknown option {key!r}. {remedy}")
    tokens = _whole(name, "chunk_tokens", options.get("chunk_tokens", 256), least=8)
    overlap = _whole(name, "overlap", options.get("overlap", min(32, tokens // 4)), least=0)
    if overlap >= tokens:
        raise UsageError(
            f"The collection {name!r} has overlap: {overlap}. Write less than chunk_tokens, {tokens}."
        )
    read_corpus(base / name, shown=name)
    return Collection(
        name=name,
        folder=base / name,
        home=base / ".lockgate" / "collections" / (re.sub(r"[^\w-]+", "-", name).strip("-") or "root"),
        embedder=embedder(options.get("embed", "minilm"), base=base),
        chunk_tokens=tokens,
        overlap=overlap,
    )


def facet(name: str, value: JSON) -> str:
    """How a metadata value is written where filters look for it."""
    return json.dumps([name, value], ensure_ascii=False, sort_keys=True)


def load_passage(row: Mapping[str, Any], score: float) -> Passage:
    """A row of the table as a passage."""
    return Passage(
        id=row["id"],
        text=row["text"],
        source=row["source"],
        metadata=json.loads(row["metadata"]),
        score=score,
    )


def _whole(name: str, option: str, value: JSON, *, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(
            f"The collection {name!r} has {option}: {value!r}. Write a whole number, {least} or more."
        )
    return value


@cache
def _table(collection: Collection) -> Any:
    place = collection.home / collection.fingerprint
    folder_once(place, partial(_fill, collection))
    os.utime(place)
    _clean(collection.home, keep=place)
    return _lancedb().connect(str(place)).open_table(_TABLE)


def _fill(collection: Collection, place: Path) -> None:
    db = _lancedb().connect(str(place))
    from lancedb.index import FTS

    embed = collection.embedder
    limit = min(collection.chunk_tokens, embed.max_tokens or collection.chunk_tokens)
    documents = read_corpus(collection.folder, shown=collection.name)
    chunks = chunk(documents, count=embed.count, tokens=limit, overlap=min(collection.overlap, limit // 2))
    table = db.create_table(_TABLE, data=_rows(chunks, embed))
    table.create_index("text", config=FTS())


def _rows(chunks: Sequence[Passage], embed: Embedder) -> Any:
    import pyarrow as pa

    vectors = embed.encode([c.text for c in chunks])
    flat = pa.array(vectors.ravel(), pa.float32())
    return pa.table(
        {
            "id": [c.id for c in chunks],
            "text": [c.text for c in chunks],
            "source": [c.source for c in chunks],
            "metadata": [json.dumps(c.metadata, ensure_ascii=False) for c in chunks],
            "facets": pa.array([list(_facets(c)) for c in chunks], pa.list_(pa.string())),
            "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
        }
    )


def _facets(passage: Passage) -> Iterator[str]:
    yield facet("source", passage.source)
    for name, value in passage.metadata.items():
        for one in value if isinstance(value, list) else [value]:
            yield facet(name, one)


def _clean(home: Path, *, keep: Path) -> None:
    for old in home.iterdir():
        if old.is_dir() and old != keep and time.time() - old.stat().st_mtime > _KEEP_SECONDS:
            shutil.rmtree(old, ignore_errors=True)


def _lancedb() -> Any:
    try:
        import lancedb
    except ImportError as error:
        raise MissingExtra(feature="A collection", package="lancedb", extra="rag") from error
    return lancedb
