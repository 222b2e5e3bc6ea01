"""Measure the check `grounded` as it is shipped, on answers that its weights have not learned from.

    python benchmarks/groundedness_shipped.py DATA [--each N]

Reads N answers of each set and of each task of RAGTruth, drawn by the hash of their ids. Where DATA is what
the weights were trained on, the sets that they have learned from are left out; of other data (its reserved
half) every set is measured. The floor is the engine `lexical`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from groundedness_figures import Judged, goals_of, parts_of, quality_table
from groundedness_rows import family
from labelled import Record, digest, goals, records
from lockgate import Case, Completion, load_check
from lockgate.checks.grounding import embedded
from lockgate.model import Verdict

EACH = 300
FILE = "groundedness.jsonl.gz"
ABOUT = """The weights as shipped, through the check itself, on {count:,} answers that they have not learned
from (at most {each} of a set); {unscored:,} of them abstain or cannot be scored, and are left out. Sets that
they have learned from are measured by folds: `make bench-checks WORK=FOLDER`, which trains first."""
TRIED = "docs/checks.md says what was tried."


def chosen(data: Path, each: int) -> list[Record]:
    """So many answers of each set and task, none of a set that these data have taught the weights."""
    lineage = json.loads((Path(embedded.__file__).parent / "lineage.json").read_text("utf-8"))
    taught = set(lineage["trained_on"]) if lineage["data"] == digest(data / FILE) else set[str]()
    parts: dict[str, list[Record]] = {}
    for record in records(data, "groundedness"):
        if record["source"] not in taught:
            parts.setdefault(_task(record) or family(record["source"]), []).append(record)
    return [r for part in parts.values() for r in sorted(part, key=_drawn)[:each]]


def _task(record: Record) -> str:
    return str(record["meta"].get("task_type", "")) if record["source"] == "RAGTruth" else ""


def _drawn(record: Record) -> str:
    return hashlib.md5(record["id"].encode()).hexdigest()


def judged(told: Sequence[Record]) -> list[Judged]:
    """The answers that both engines give a score."""
    pairs = [
        (Case(id=r["id"], input=r["question"], context=r["context"]), Completion(text=r["response"]))
        for r in told
    ]
    ours, floor = (load_check("grounded", engine=engine).many(pairs) for engine in ("embedded", "lexical"))
    every = [_judged(*of) for of in zip(told, ours, floor, strict=True)]
    return [one for one in every if one is not None]


def _judged(record: Record, said: Verdict, floor: Verdict) -> Judged | None:
    if said.score is None or floor.score is None:
        return None
    return Judged(
        label=int(record["label"]),
        source=record["source"],
        task=_task(record),
        risk=1 - said.score,
        flagged=said.status == "fail",
        floor=1 - floor.score,
    )


def main() -> None:
    """Print the table and the goals."""
    parser = argparse.ArgumentParser(description="The shipped check `grounded` against human labels.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--each", type=int, default=EACH)
    given = parser.parse_args()
    told = chosen(given.data, given.each)
    found = judged(told)
    parts = parts_of(found)
    unscored = len(told) - len(found)
    print(ABOUT.format(count=len(told), each=given.each, unscored=unscored))
    print(f"\n{quality_table(parts)}")
    goals(goals_of(parts), tried=TRIED)


if __name__ == "__main__":
    main()
