"""Logistic regressions over cues and hashed features, in the form that the package ships and runs."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from lockgate.checks.linear import Linear

__all__ = ["commit_of", "fitted", "stored"]

SCALE = 3.0


def fitted(
    cues: Sequence[Mapping[str, float]],
    hashed: Sequence[AbstractSet[int]],
    labels: Sequence[int],
    weights: Sequence[float],
    *,
    classes: Sequence[str],
    columns: int,
    strength: float,
) -> Linear:
    """A model of rows of features, each with a label (a place in `classes`) and a weight; rounded."""
    import numpy as np
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    names = sorted({name for row in cues for name in row})
    dense = csr_matrix(np.array([[row.get(name, 0.0) for name in names] for row in cues]))
    learner = LogisticRegression(C=strength, max_iter=400)
    learner.fit(hstack([dense, _sparse(hashed, columns) * SCALE]).tocsr(), labels, sample_weight=weights)
    if len(learner.classes_) < len(classes):
        raise SystemExit("A fold lacks one of the classes.")
    found, bias = learner.coef_, learner.intercept_
    if len(found) == 1:  # two classes have one row of weights, of the second
        found, bias = np.vstack([found * 0, found]), np.array([0.0, bias[0]])
    return _linear(tuple(classes), names, found, bias)


def stored(model: Linear) -> str:
    """The model as the text of its file."""
    body = {
        "classes": model.classes,
        "threshold": round(model.threshold, 4),
        "bias": [round(b, 4) for b in model.bias],
        "cues": {name: [round(w, 4) for w in weights] for name, weights in model.cues.items()},
        "buckets": [base64.b64encode(b.tobytes()).decode() for b in model.buckets],
        "step": model.step,
    }
    return json.dumps(body, indent=0, separators=(",", ":")) + "\n"


def commit_of(script: str) -> str:
    """The short name of the commit that last changed a script."""
    asked = ["git", "log", "-1", "--format=%h", "--", script]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip() or "unknown"


def _sparse(rows: Sequence[AbstractSet[int]], columns: int) -> Any:
    import numpy as np
    from scipy.sparse import csr_matrix

    numbers = [sorted(row) for row in rows]
    ends = np.cumsum([0, *map(len, numbers)])
    places = np.array([abs(n) - 1 for row in numbers for n in row])
    values = np.array([(1 if n > 0 else -1) / len(row) ** 0.5 for row in numbers for n in row])
    return csr_matrix((values, places, ends), shape=(len(rows), columns))


def _linear(classes: tuple[str, ...], names: Sequence[str], coefficients: Any, bias: Any) -> Linear:
    import numpy as np

    hashed_part = coefficients[:, len(names) :] * SCALE
    step = float(np.abs(hashed_part).max() / 127) or 1.0
    rounded = np.rint(hashed_part / step).astype(np.int8)
    return Linear(
        classes=classes,
        bias=tuple(map(float, bias)),
        cues={name: tuple(map(float, coefficients[:, k])) for k, name in enumerate(names)},
        buckets=tuple(memoryview(row.tobytes()).cast("b") for row in rounded),
        step=step,
        digest="",
    )
