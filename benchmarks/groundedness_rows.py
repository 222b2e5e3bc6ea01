"""The answers of the data folder as rows: claims, their features and labels.

Reading them takes long: what is read is kept in a folder, under the version of what reads, and goes on where
it stopped.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import pickle
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lockgate import checks
from lockgate.checks.claims import Claim, claims
from lockgate.checks.grounding.evidence import Evidence
from lockgate.checks.grounding.features import features, names, read_ahead
from lockgate.checks.grounding.odds import crossed
from lockgate.checks.grounding.reading import Reader, reader
from lockgate.checks.grounding.units import units
from lockgate.checks.overlap import has_content
from lockgate.model import Passage
from lockgate.retrieval.embedding import embedder
from lockgate.retrieval.encoder import LocalEmbedder

__all__ = [
    "LAYERS",
    "STRUCTURED",
    "Row",
    "asked_rows",
    "encoder_reader",
    "family",
    "prepared",
    "read_rows",
    "records",
    "version",
]

LAYERS = (2, 4)
STRUCTURED = names(LAYERS).index("structured")
SHARES = {
    "SummEdits": 0.4, "BEGIN": 0.25, "Factcheck": 0.35, "HaluEval": 0.35, "XSumFaith": 0.25, "FactCC": 0.3,
}  # fmt: skip
"""What share of a large set's documents is read, by the hash of their text."""

Floats: TypeAlias = NDArray[np.float32]
_CHUNK = 100
_READS = (
    "citation_marks", "claims", "overlap",
    *(f"grounding/{name}" for name in ("evidence", "facts", "features", "keys", "reading", "units")),
)  # fmt: skip
"""The modules of `lockgate.checks` that make the features."""
_STALE = """{path} was not made by this version of what reads the answers, from this data.
Name an empty folder, or delete *.pickle in {folder}; then run
  python {script} DATA --work {folder}
which reads all answers anew."""


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
        near: the units that each claim is read against.
        joint: the claims' scores by the networks that have not seen the row, by the folds they have not seen.
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
    near: tuple[tuple[str, ...], ...] = ()
    joint: dict[str, Floats] = field(default_factory=dict)


def records(data: Path) -> list[dict[str, Any]]:
    """The records that are read, those of one document together."""
    with gzip.open(data / "groundedness.jsonl.gz", "rt", encoding="utf-8") as file:
        every = [json.loads(line) for line in file]
    chosen = [r for r in every if _place(r["context"]) < SHARES.get(family(r["source"]), 1)]
    return sorted(
        chosen, key=lambda r: (r["source"] != "RAGTruth", _place(r["context"]), r["context"], r["id"])
    )


def prepared(row: Row) -> NDArray[np.float64]:
    """The features of a row's claims as the models read them."""
    return crossed(row.table.astype(np.float64), STRUCTURED)


def family(source: str) -> str:
    """The set that a source belongs to: `SummEdits-news` is one of SummEdits."""
    return source.replace("/", "-").split("-")[0]


def read_rows(data: Path, folder: Path, *, seconds: float = 1e9) -> list[Row] | None:
    """Every answer with a claim; None where the time did not do.

    Args:
        data: the data folder.
        folder: where rows are kept, and taken from.
        seconds: how long to go on; what is done by then is kept.

    Raises:
        SystemExit: the folder has rows of another version, or pickles of something else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made_by = version(data)
    rows = _kept(folder, made_by)
    done, until = {(r.source, r.id) for r in rows}, time.monotonic() + seconds
    left = [r for r in records(data) if (r["source"], r["id"]) not in done and _has_claim(r)]
    for at in range(0, len(left), _CHUNK):
        if time.monotonic() > until:
            return None
        chunk = list(_chunk(left[at : at + _CHUNK], encoder_reader()))
        _keep(chunk, folder / f"{made_by}-{time.time_ns()}.pickle")
        rows += chunk
    return rows


def asked_rows(about: str) -> tuple[Path, Path, list[Row]]:
    """The data folder, that of what is kept, and the rows of a script's `DATA --work FOLDER [--seconds N]`.

    Raises:
        SystemExit: the seconds did not do, or the folder is of another version.
    """
    parser = argparse.ArgumentParser(description=about.split("\n\n", maxsplit=1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=1e9)
    given = parser.parse_args()
    rows = read_rows(given.data, given.work, seconds=given.seconds)
    if rows is None:
        print("Not all is read yet: call it again.")
        raise SystemExit(0)
    return given.data, given.work, rows


def version(data: Path) -> str:
    """What rows depend on, in twelve digits: the data, this file and the check's modules that read."""
    room = Path(checks.__file__ or "").parent
    files = [data / "groundedness.jsonl.gz", Path(__file__), *(room / f"{name}.py" for name in _READS)]
    return hashlib.sha256(b"".join(hashlib.sha256(f.read_bytes()).digest() for f in files)).hexdigest()[:12]


def _kept(folder: Path, made_by: str) -> list[Row]:
    rows: list[Row] = []
    for path in sorted(folder.glob("*.pickle")):
        if not path.name.startswith(f"{made_by}-"):
            raise SystemExit(_STALE.format(path=path, folder=folder, script=sys.argv[0]))
        rows += pickle.loads(path.read_bytes())
    return rows


def _keep(chunk: Sequence[Row], path: Path) -> None:
    """Written under another name first: what a kill cuts short is never read."""
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(chunk))
    part.replace(path)


def _place(context: str) -> float:
    return int(hashlib.md5(context.encode()).hexdigest()[:8], 16) / 2**32


def _has_claim(record: dict[str, Any]) -> bool:
    return len(record["context"]) < 40_000 and bool(_claims(record))


def _claims(record: dict[str, Any]) -> list[Claim]:
    return [c for c in claims(record["response"]) if has_content(c.text)]


@cache
def encoder_reader() -> Reader:
    """The reader that the check uses."""
    encoder = embedder("minilm")
    assert isinstance(encoder, LocalEmbedder)
    return reader(encoder.model, LAYERS)


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
    row = labelled(record, said, np.stack([f.values for f in found]))
    row.near = tuple(tuple(evidence.units[i].text for i in one.near) for one in found)
    return row


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
