"""Measure the check `grounded` against human labels, and print the tables of docs/checks.md.

    python benchmarks/checks_groundedness.py DATA --work FOLDER

Each answer is scored by weights of which neither its document nor, outside RAGTruth, its source was part of
the training; sets that may not be trained on are scored by the weights of all others. Sets that every network
has learned from are left out, and so are documents of other sets that they have. FOLDER is that of
benchmarks/train_groundedness.py. The floor is the engine `lexical`. Needs scikit-learn.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from groundedness_joint import FIRST
from groundedness_rows import Row, family, prepared, records
from groundedness_scored import asked_scored
from lockgate import Case, Completion, load_check
from lockgate.checks.claims import windows
from lockgate.checks.grounding.embedded import answer_risk, risk, threshold_of
from lockgate.checks.grounding.odds import logistic
from lockgate.checks.overlap import overlap
from lockgate.model import Passage
from train_groundedness import NOWHERE, fit, fold_of, unseen

PUBLISHED = {
    "RAGTruth": "F1: TinyLettuce 32M 72.2, LettuceDetect-large 79.2, GPT-4 prompted 63.4; floor AUROC 0.79",
    "QA": "balanced accuracy: HHEM-2.1-Open 74.3, GPT-4 74.1; floor AUROC 0.74",
    "Summary": "balanced accuracy: HHEM-2.1-Open 64.4, GPT-4 62.6; floor AUROC 0.69",
    "Data2txt": "floor AUROC 0.68; flagging everything has F1 0.78",
    "WiCE": "floor AUROC 0.69", "AggreFact": "floor AUROC 0.69", "AttributionBench": "floor AUROC 0.74",
    "BEGIN": "floor AUROC 0.92", "HaluEval": "floor AUROC 0.84", "BUMP": "floor AUROC 0.55",
    "SummEdits": "floor AUROC 0.47",
}  # fmt: skip
_Z = 1.96
_CONTEXT_WORDS = 300


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer's row with its held-out risk, its claims', the threshold and line, and the floor's risk."""

    row: Row
    risk: float
    risks: Any
    threshold: float
    line: float
    floor: float

    @property
    def flagged(self) -> bool:
        """Whether the check would fail it."""
        return 1 - self.risk < self.threshold


def fold_models(rows: Sequence[Row]) -> dict[int, dict[str, Any]]:
    """Fold → weights that have not seen it."""
    return {fold: fit([r for r in rows if fold_of(r) != fold], fold) for fold in (0, 1, 2, NOWHERE)}


def measured(rows: Sequence[Row], data: Path) -> list[Row]:
    """The rows that some network has seen neither themselves nor, in another set, their document."""
    contexts = {(r["source"], r["id"]): _plain(r["context"]) for r in records(data)}
    learned = {contexts[r.source, r.id] for r in rows if family(r.source) in FIRST}
    return [r for r in rows if unseen(r) is not None and contexts[r.source, r.id] not in learned]


def _plain(context: str) -> str:
    return re.sub(r"\W+", "", context.lower())[:200]


def held_out(rows: Sequence[Row], models: Mapping[int, Any], data: Path) -> list[Scored]:
    """Every row scored by weights that have not seen its fold."""
    floors = _floors(rows, data)
    scored = []
    for row in rows:
        model, table, together = models[fold_of(row)], prepared(row), unseen(row)
        if together is None:
            continue
        risks = risk(model, table, together)
        whole = answer_risk(model, risks, table)
        floor = floors[row.source, row.id]
        scored.append(Scored(row, whole, risks, threshold_of(model, table), model["line"], floor))
    return scored


def _floors(rows: Sequence[Row], data: Path) -> dict[tuple[str, str], float]:
    """One minus the lexical score of each answer's weakest claim."""
    contexts = {(r["source"], r["id"]): r["context"] for r in records(data)}
    found = {}
    for row in rows:
        evidence = windows([Passage(id="c", text=contexts[row.source, row.id])])
        found[row.source, row.id] = 1 - min(overlap(text, evidence).score for text in row.texts)
    return found


def auroc(labels: np.ndarray, risks: np.ndarray) -> tuple[float, float, float]:
    """The area under the curve with its 95 % interval (DeLong et al. 1988)."""
    bad, good = risks[labels == 1], risks[labels == 0]
    wins = (bad[:, None] > good[None]) + 0.5 * (bad[:, None] == good[None])
    value = float(wins.mean())
    spread = wins.mean(1).var(ddof=1) / len(bad) + wins.mean(0).var(ddof=1) / len(good)
    half = _Z * float(np.sqrt(spread))
    return value, max(0.0, value - half), min(1.0, value + half)


def quality_table(scored: Sequence[Scored]) -> str:
    """One line for each set: size, AUROC, floor, balanced accuracy and F1 at the shipped threshold."""
    parts: dict[str, list[Scored]] = {"RAGTruth": [s for s in scored if s.row.source == "RAGTruth"]}
    for task in ("QA", "Summary", "Data2txt"):
        parts[task] = [s for s in parts["RAGTruth"] if s.row.task == task]
    for one in sorted(scored, key=lambda s: s.row.source):
        if one.row.source != "RAGTruth":
            parts.setdefault(family(one.row.source), []).append(one)
    head = [
        "| set | answers | unsupported | AUROC | floor | balanced accuracy | F1 | published |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(_line(name, part) for name, part in parts.items())])


def _line(name: str, part: Sequence[Scored]) -> str:
    labels, flagged = np.array([s.row.label for s in part]), np.array([s.flagged for s in part])
    value, low, high = auroc(labels, np.array([s.risk for s in part]))
    floor = auroc(labels, np.array([s.floor for s in part]))[0]
    balanced = (flagged[labels == 1].mean() + (~flagged)[labels == 0].mean()) / 2
    f1 = 2 * (flagged & (labels == 1)).sum() / (flagged.sum() + labels.sum())
    return (
        f"| {name} | {len(part)} | {labels.mean():.2f} | {value:.3f} [{low:.3f}, {high:.3f}] | {floor:.3f} "
        f"| {balanced:.3f} | {f1:.3f} | {PUBLISHED.get(name, '')} |"
    )


def calibration(part: Sequence[Scored], bins: int = 10) -> float:
    """Expected calibration error: the mean gap between risk and share of unsupported, over equal bins."""
    risks, labels = np.array([s.risk for s in part]), np.array([s.row.label for s in part])
    place = np.minimum((risks * bins).astype(int), bins - 1)
    gaps = [
        abs(risks[place == b].mean() - labels[place == b].mean()) * (place == b).sum() for b in set(place)
    ]
    return float(sum(gaps) / len(part))


def spans(part: Sequence[Scored]) -> tuple[float, float, float]:
    """Precision, recall and F1 of the characters shown as unsupported, against those that people marked."""
    hit = shown = marked = 0
    for one in part:
        theirs = {at for start, end in one.row.marked for at in range(start, end)}
        ours = set[int]()
        if one.flagged:
            least = 1 - one.risks.max()
            for (start, end), claim_risk in zip(one.row.spans, one.risks, strict=True):
                if 1 - claim_risk < one.line or 1 - claim_risk == least:
                    ours |= set(range(start, end))
        hit, shown, marked = hit + len(ours & theirs), shown + len(ours), marked + len(theirs)
    precision, recall = hit / max(1, shown), hit / max(1, marked)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def kinds(rows: Sequence[Row], models: Mapping[int, Any]) -> tuple[int, float]:
    """How many unsupported claims RAGTruth has, and how often held-out weights tell their kind right."""
    right, total = 0, 0
    for row in rows:
        known = row.conflicts >= 0
        if known.any():
            said = logistic(models[fold_of(row)]["kind"], prepared(row)[known]) >= 0
            right, total = right + int((said == row.conflicts[known]).sum()), total + int(known.sum())
    return total, right / total


def milliseconds(data: Path, answers: int = 30) -> tuple[float, float]:
    """Median ms a claim on one core, over answers with about 400 tokens of context never read before.

    Returns:
        for answers of one claim, and for answers of RAGTruth's usual five to eight.
    """
    import torch

    torch.set_num_threads(1)
    check = load_check("grounded")
    summaries = [r for r in records(data) if r["meta"].get("task_type") == "Summary"]
    told = list({r["context"]: r for r in summaries}.values())
    check(Case(id="warm", input="", context=told[0]["context"][:500]), Completion(text="It is warm."))
    one, many = [], []
    for record in told[1 : answers + 1]:
        context = " ".join(record["context"].split()[:_CONTEXT_WORDS])
        first = record["response"].split(". ")[0] + "."
        one.append(_spent(check, context + " First.", first, 1))
        many.append(_spent(check, context.upper(), record["response"], len(record["response"].split(". "))))
    return float(np.median(one)), float(np.median(many))


def _spent(check: Any, context: str, answer: str, claims: int) -> float:
    started = time.perf_counter()
    check(Case(id="t", input="", context=context), Completion(text=answer))
    return (time.perf_counter() - started) * 1000 / claims


def main() -> None:
    """Print the tables."""
    data, _, rows = asked_scored(__doc__ or "")
    models = fold_models(rows)
    scored = held_out(measured(rows, data), models, data)
    ours = [s for s in scored if s.row.source == "RAGTruth"]
    print(quality_table(scored))
    precision, recall, f1 = spans(ours)
    total, right = kinds(rows, models)
    one, many = milliseconds(data)
    print(f"\nSpans of RAGTruth, by characters: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}.")
    print(f"Kind of {total} unsupported claims told right: {right:.3f}.")
    others = [s for s in scored if s.row.source != "RAGTruth"]
    single = [s for s in others if len(s.row.texts) == 1]
    print(
        f"Expected calibration error: RAGTruth {calibration(ours):.3f}; the other sets "
        f"{calibration(others):.3f}, their answers of one claim {calibration(single):.3f}."
    )
    print(
        f"Milliseconds a claim × 400 tokens on one core: {one:.1f} alone, {many:.1f} in an answer of several."
    )


if __name__ == "__main__":
    main()
