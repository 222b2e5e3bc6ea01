"""From which score on an answer, and a claim, is called supported: chosen on training folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from groundedness_rows import Row, family, prepared
from lockgate.checks.grounding.embedded import answer_risk

__all__ = ["claim_line", "thresholds"]


def thresholds(model: dict[str, Any], train: Sequence[Row], risks: Sequence[np.ndarray]) -> dict[str, float]:
    """The answers' scores with the best balanced accuracy.

    Of prose the mean of RAGTruth's QA and Summary, of objects Data2txt, of single claims that of all sets.
    """
    scored: dict[str, list[tuple[int, float]]] = {}
    for row, one in zip(train, risks, strict=True):
        single = len(row.texts) == 1
        if row.source == "RAGTruth" or single:
            name = f"single {family(row.source)}" if single else row.task
            scored.setdefault(name, []).append((row.label, 1 - answer_risk(model, one, prepared(row))))
    of_single = [
        name for name in scored if name.startswith("single") and len({s[0] for s in scored[name]}) > 1
    ]
    tasks = {"prose": ["QA", "Summary"], "object": ["Data2txt"], "single": of_single or ["QA", "Summary"]}
    tries = np.round(np.arange(0.2, 0.9, 0.01), 2)
    return {
        kind: float(max(tries, key=lambda at: sum(_balanced(scored[name], at) for name in named)))
        for kind, named in tasks.items()
    }


def _balanced(scored: Sequence[tuple[int, float]], at: float) -> float:
    bad, said = np.array([s[0] for s in scored]) == 1, np.array([s[1] for s in scored]) < at
    return float((said[bad].mean() + (~said)[~bad].mean()) / 2)


def claim_line(train: Sequence[Row], risks: Sequence[np.ndarray]) -> float:
    """The claim's score with the best F1 on RAGTruth's claims."""
    mine = [(r.labels, one) for r, one in zip(train, risks, strict=True) if r.source == "RAGTruth"]
    labels, scores = np.concatenate([m[0] for m in mine]) == 1, 1 - np.concatenate([m[1] for m in mine])
    tries = np.round(np.arange(0.3, 0.95, 0.01), 2)
    return float(
        max(tries, key=lambda at: 2 * (labels & (scores < at)).sum() / (labels.sum() + (scores < at).sum()))
    )
