"""The answers of the data folder as rows: claims, their features and labels.

Reading them takes half an hour on two cores; with a folder the work is kept and goes on where it stopped.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lockgate.checks.claims import Claim, claims
from lockgate.checks.grounding.evidence import Evidence
from lockgate.checks.grounding.features import features, read_ahead
from lockgate.checks.grounding.reading import Reader, reader
from lockgate.checks.grounding.units import units
from lockgate.checks.overlap import has_content
from lockgate.model import Passage
from lockgate.retrieval.embedding import embedder
from lockgate.retrieval.encoder import LocalEmbedder

__all__ = ["LAYERS", "Row", "family", "read_rows", "records"]

LAYERS = (2, 4)
SHARES = {
    "SummEdits": 0.4, "BEGIN": 0.25, "Factcheck": 0.35, "HaluEval": 0.35, "XSumFaith": 0.25, "FactCC": 0.3,
}  # fmt: skip
"""What share of a large set's documents is read, by the hash of their text."""

Floats: TypeAlias = NDArray[np.float32]
_CHUNK = 100


@dataclass(slots=True, kw_only=True)
class Row:
    """One answer.

    Args:
        group: its document, by hash; what no fold divides.
        texts: its claims.
        table: the claims' features.
        labels: the claims' labels: 1 unsupported, 0 supported, -1 unknown (some claim of a long answer).
        conflicts: of RAGTruth's unsupported claims whether they contradict; -1 of all others.
        spans, marked: where the claims stand in the answer, and what people marked in it.
    """

    id: str
    source: str
    group: str
    task: str
    label: int
    shippable: bool
    texts: tuple[str, ...]
    table: Floats
    labels: NDArray[np.int64]
    conflicts: NDArray[np.int64]
    spans: tuple[tuple[int, int], ...]
    marked: tuple[tuple[int, int], ...]


def records(data: Path) -> list[dict[str, Any]]:
    """The records that are read, those of one document together."""
    with gzip.open(data / "groundedness.jsonl.gz", "rt", encoding="utf-8") as file:
        every = [json.loads(line) for line in file]
    chosen = [r for r in every if _place(r["context"]) < SHARES.get(family(r["source"]), 1)]
    return sorted(
        chosen, key=lambda r: (r["source"] != "RAGTruth", _place(r["context"]), r["context"], r["id"])
    )


def family(source: str) -> str:
    """The set that a source belongs to: `SummEdits-news` is one of SummEdits."""
    return source.replace("/", "-").split("-")[0]


def read_rows(data: Path, folder: Path, *, seconds: float = 1e9) -> list[Row] | None:
    """Every answer with a claim; None where the time did not do.

    Args:
        data: the data folder.
        folder: where rows are kept, and taken from.
        seconds: how long to go on; what is done by then is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for path in sorted(folder.glob("*.pickle")) for row in pickle.loads(path.read_bytes())]
    done, until = {(r.source, r.id) for r in rows}, time.monotonic() + seconds
    left = [r for r in records(data) if (r["source"], r["id"]) not in done and _has_claim(r)]
    for at in range(0, len(left), _CHUNK):
        if time.monotonic() > until:
            return None
        chunk = list(_chunk(left[at : at + _CHUNK], _source()))
        (folder / f"{time.time_ns()}.pickle").write_bytes(pickle.dumps(chunk))
        rows += chunk
    return rows


def _place(context: str) -> float:
    return int(hashlib.md5(context.encode()).hexdigest()[:8], 16) / 2**32


def _has_claim(record: dict[str, Any]) -> bool:
    return len(record["context"]) < 40_000 and bool(_claims(record))


def _claims(record: dict[str, Any]) -> list[Claim]:
    return [c for c in claims(record["response"]) if has_content(c.text)]


@cache
def _source() -> Reader:
    """The reader that the check uses, in half precision: half the time, and cosines keep three decimals."""
    import torch

    from lockgate.retrieval.loading import load_network

    encoder = embedder("minilm")
    assert isinstance(encoder, LocalEmbedder)
    made = reader(encoder.model, LAYERS)
    made.words(["first"])
    load_network(encoder.model, "encoder", layers=max(LAYERS))[1].to(torch.bfloat16)
    return made


def _chunk(part: Sequence[dict[str, Any]], source: Reader) -> Iterator[Row]:
    told, before = [], None
    for record in part:
        if (record["context"], record["question"]) != before:
            before = (record["context"], record["question"])
            evidence = Evidence(units([Passage(id="c", text=record["context"])]), source, record["question"])
        if evidence.units:
            told.append((record, evidence, _claims(record)))
    for at in range(0, len(told), 25):
        read_ahead([(c.text, evidence) for _, evidence, said in told[at : at + 25] for c in said])
    for record, evidence, said in told:
        yield _row(record, evidence, said)


def _row(record: dict[str, Any], evidence: Evidence, said: Sequence[Claim]) -> Row:
    last = max(1, len(said) - 1)
    found = [features(c.text, evidence, position=i / last, claims=len(said)) for i, c in enumerate(said)]
    return labelled(record, said, np.stack([f.values for f in found]))


def labelled(record: dict[str, Any], said: Sequence[Claim], table: Floats) -> Row:
    """A row with its labels: RAGTruth's from the spans that people marked, others' from the answer's."""
    meta, label, ours = record["meta"], int(record["label"]), record["source"] == "RAGTruth"
    spans = meta.get("spans") or [] if ours else []
    hits = [[s for s in spans if s["start"] < c.end and c.start < s["end"]] for c in said]
    whole = label if label == 0 or len(said) == 1 else -1
    conflicts = [any("Conflict" in s["label_type"] for s in h) if h else -1 for h in hits]
    return Row(
        id=record["id"],
        source=record["source"],
        group=hashlib.sha256(record["context"].encode()).hexdigest()[:12],
        task=meta.get("task_type", ""),
        label=label,
        shippable=bool(record["shippable"]),
        texts=tuple(c.text for c in said),
        table=table,
        labels=np.array([bool(h) if ours else whole for h in hits], np.int64),
        conflicts=np.array(conflicts, np.int64),
        spans=tuple((c.start, c.end) for c in said),
        marked=tuple((s["start"], s["end"]) for s in spans),
    )
