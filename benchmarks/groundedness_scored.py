"""The rows of groundedness with the scores of networks that have not seen them, and the shipped network.

Training the networks takes about an hour on two cores: each is kept when it is done, beside the rows.
"""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fitting import commit_of
from groundedness_examples import examples, from_answers
from groundedness_joint import scored_rows, trained_heads
from groundedness_rows import Row, asked_rows, encoder_reader, version
from labelled import digest
from lockgate.checks.grounding import joint
from lockgate.checks.grounding.joint import JOINT

__all__ = ["Versions", "asked_scored", "kept_scored", "shipped_head", "versions"]

_FILES = ("words", "pairs", "examples", "joint")
_ROWS = "rows.pickle"


def asked_scored(about: str) -> tuple[Path, Path, list[Row]]:
    """The data folder, that of what is kept, and the scored rows of a script's command line.

    Raises:
        SystemExit: the seconds did not do, or the folder is of another version.
    """
    data, folder, rows = asked_rows(about)
    if not (_place(data, folder) / _ROWS).exists():
        _keep(_place(data, folder), data, rows)
    return data, folder, kept_scored(data, folder)


def kept_scored(data: Path, folder: Path) -> list[Row]:
    """The scored rows that `asked_scored` keeps.

    Raises:
        SystemExit: there are none of this version.
    """
    path = _place(data, folder) / _ROWS
    if not path.exists():
        raise SystemExit(f"{path} is missing: run benchmarks/train_groundedness.py first.")
    rows: list[Row] = pickle.loads(path.read_bytes())
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What weights are made of: the commit, and in twelve digits the data, what reads and what trains."""

    commit: str
    data: str
    rows: str
    networks: str


def versions(data: Path) -> Versions:
    """The versions of these data and of the code as it is."""
    file = data / "groundedness.jsonl.gz"
    commit = commit_of(str(Path(__file__).parent))
    return Versions(commit=commit, data=digest(file), rows=version(data), networks=_version_of_networks(data))


def shipped_head(data: Path, folder: Path) -> bytes:
    """The network that has learned from all folds, as safetensors in half precision."""
    return (_place(data, folder) / JOINT).read_bytes()


def _version_of_networks(data: Path) -> str:
    """What the networks depend on, in twelve digits: what rows do, the passages, the files that train."""
    beside = Path(__file__).parent
    files = [data / "rag_qa.jsonl.gz", Path(joint.__file__)]
    files += [beside / f"groundedness_{name}.py" for name in _FILES]
    parts = [version(data).encode(), *(hashlib.sha256(file.read_bytes()).digest() for file in files)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def _place(data: Path, folder: Path) -> Path:
    return folder / "scored" / _version_of_networks(data)


def _keep(place: Path, data: Path, rows: list[Row]) -> None:
    from safetensors.torch import save

    place.mkdir(parents=True, exist_ok=True)
    reader = encoder_reader()
    learned = examples([r for r in rows if r.shippable], data, reader)
    heads = trained_heads(learned, place)
    others = from_answers([r for r in rows if not r.shippable], data, reader)
    scored = scored_rows(rows, heads, [*learned, *others])
    whole: dict[str, Any] = {name: w.half().contiguous() for name, w in heads[""].items()}
    (place / JOINT).write_bytes(save(whole))
    part = place / f"{_ROWS}.part"
    part.write_bytes(pickle.dumps(scored))
    part.replace(place / _ROWS)
