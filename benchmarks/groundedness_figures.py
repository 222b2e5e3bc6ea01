"""How well answers' risks tell unsupported answers from supported ones: figures, tables and goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from groundedness_rows import Row, family
from lockgate.checks.claims import windows
from lockgate.checks.overlap import overlap
from lockgate.model import Passage

__all__ = [
    "Judged",
    "Parts",
    "Scored",
    "auroc",
    "calibration",
    "goals_of",
    "overlap_risks",
    "parts_of",
    "quality_table",
    "spans",
]

PUBLISHED = {
    "RAGTruth": "F1: TinyLettuce 32M 72.2, LettuceDetect-large 79.2, GPT-4 prompted 63.4; floor AUROC 0.79",
    "QA": "balanced accuracy: HHEM-2.1-Open 74.3, GPT-4 74.1; floor AUROC 0.74",
    "Summary": "balanced accuracy: HHEM-2.1-Open 64.4, GPT-4 62.6; floor AUROC 0.69",
    "Data2txt": "floor AUROC 0.68; flagging everything has F1 0.78",
    "WiCE": "floor AUROC 0.69", "AggreFact": "floor AUROC 0.69", "AttributionBench": "floor AUROC 0.74",
    "BEGIN": "floor AUROC 0.92", "HaluEval": "floor AUROC 0.84", "BUMP": "floor AUROC 0.55",
    "SummEdits": "floor AUROC 0.47",
}  # fmt: skip
LEAST = {
    "RAGTruth": 0.85, "QA": 0.80, "Summary": 0.80, "Data2txt": 0.80,
    "WiCE": 0.75, "AttributionBench": 0.80, "AggreFact": 0.75, "SummEdits": 0.65,
}  # fmt: skip
"""The AUROC that each is to have at least."""
_Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An answer with its label, what is said of it, and what the engine `lexical` says.

    Args:
        label: 1 unsupported, 0 supported.
        task: RAGTruth's, "" elsewhere.
        risk: how likely it is unsupported, held out; any number that ranks.
        flagged: whether the check fails it.
        floor: the risk by word overlap.
    """

    label: int
    source: str
    task: str
    risk: float
    flagged: bool
    floor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored(Judged):
    """The same with its row, its claims' risks, and the score from which on a claim is shown as supported."""

    row: Row
    risks: Any
    line: float


Parts: TypeAlias = Mapping[str, Sequence[Judged]]


def overlap_risks(row: Row, context: str) -> np.ndarray:
    """One minus the score of each claim by the engine `lexical`: the floor."""
    evidence = windows([Passage(id="c", text=context)])
    return np.array([1 - overlap(text, evidence).score for text in row.texts])


def auroc(labels: np.ndarray, risks: np.ndarray) -> tuple[float, float, float]:
    """The area under the curve with its 95 % interval (DeLong et al. 1988)."""
    bad, good = risks[labels == 1], risks[labels == 0]
    wins = (bad[:, None] > good[None]) + 0.5 * (bad[:, None] == good[None])
    value = float(wins.mean())
    spread = wins.mean(1).var(ddof=1) / len(bad) + wins.mean(0).var(ddof=1) / len(good)
    half = _Z * float(np.sqrt(spread))
    return value, max(0.0, value - half), min(1.0, value + half)


def parts_of(scored: Sequence[Judged]) -> Parts:
    """The answers of RAGTruth, its tasks, and every other set that has both labels."""
    parts: dict[str, list[Judged]] = {"RAGTruth": [s for s in scored if s.source == "RAGTruth"]}
    for task in ("QA", "Summary", "Data2txt"):
        parts[task] = [s for s in parts["RAGTruth"] if s.task == task]
    for one in sorted(scored, key=lambda s: s.source):
        if one.source != "RAGTruth":
            parts.setdefault(family(one.source), []).append(one)
    return {name: part for name, part in parts.items() if len({s.label for s in part}) == 2}


def quality_table(parts: Parts) -> str:
    """One line for each set: size, AUROC, floor, balanced accuracy and F1 at the shipped threshold."""
    head = [
        "| set | answers | unsupported | AUROC | floor | balanced accuracy | F1 | published |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(_line(name, part) for name, part in parts.items())])


def _line(name: str, part: Sequence[Judged]) -> str:
    labels = _labels(part)
    value, low, high = _area(part)
    floor = auroc(labels, np.array([s.floor for s in part]))[0]
    return (
        f"| {name} | {len(part)} | {labels.mean():.2f} | {value:.3f} [{low:.3f}, {high:.3f}] | {floor:.3f} "
        f"| {_balanced(part):.3f} | {_f1(part):.3f} | {PUBLISHED.get(name, '')} |"
    )


def goals_of(parts: Parts) -> list[tuple[str, float, float]]:
    """What is measured, the least that it should be, and what it is."""
    areas = [
        (f"{name}, AUROC", least, _area(parts[name])[0]) for name, least in LEAST.items() if name in parts
    ]
    others = [
        ("QA", "balanced accuracy", 0.75, _balanced),
        ("Summary", "balanced accuracy", 0.68, _balanced),
        ("RAGTruth", "F1", 0.70, _f1),
    ]
    return areas + [(f"{n}, {what}", least, of(parts[n])) for n, what, least, of in others if n in parts]


def _labels(part: Sequence[Judged]) -> np.ndarray:
    return np.array([s.label for s in part])


def _flagged(part: Sequence[Judged]) -> np.ndarray:
    return np.array([s.flagged for s in part])


def _area(part: Sequence[Judged]) -> tuple[float, float, float]:
    return auroc(_labels(part), np.array([s.risk for s in part]))


def _balanced(part: Sequence[Judged]) -> float:
    labels, flagged = _labels(part), _flagged(part)
    return float((flagged[labels == 1].mean() + (~flagged)[labels == 0].mean()) / 2)


def _f1(part: Sequence[Judged]) -> float:
    labels, flagged = _labels(part), _flagged(part)
    return float(2 * (flagged & (labels == 1)).sum() / (flagged.sum() + labels.sum()))


def calibration(part: Sequence[Judged], bins: int = 10) -> float:
    """Expected calibration error: the mean gap between risk and share of unsupported, over equal bins."""
    risks, labels = np.array([s.risk for s in part]), _labels(part)
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
