"""Small trained models as plain JSON: logistic functions of features, and what is made of their odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Table: TypeAlias = NDArray[np.float64]

__all__ = ["chance", "crossed", "joined", "logistic", "pooled", "summary"]

_LEAST = 1e-4


def crossed(rows: Table, structured: int) -> Table:
    """Each row's features, and again those of rows whose evidence is an object, shape (rows, 2 · features).

    So a feature may weigh otherwise where a passage is read value by value.

    Args:
        rows: shape (rows, features).
        structured: the column that is 1 where the evidence is an object, else 0.
    """
    import numpy as np

    return np.concatenate([rows, rows * rows[:, structured : structured + 1]], 1)


def joined(odds: Table, scores: Table, structured: Table) -> Table:
    """What the last model of a claim reads, shape (claims, 2 + 2 · scores).

    The log-odds by its features, whether the evidence is an object, and the scores of the claim read together
    with its evidence, again where it is an object.

    Args:
        odds: shape (claims,).
        scores: shape (claims, scores).
        structured: 1 where the evidence is an object, else 0, shape (claims,).
    """
    import numpy as np

    flags = structured[:, None]
    return np.concatenate([odds[:, None], flags, scores, scores * flags], 1)


def logistic(model: Mapping[str, Any], rows: Table) -> Table:
    """The log-odds of a logistic regression: `mean`, `scale` and `weights` per feature, and `base`."""
    import numpy as np

    scaled = (rows - np.asarray(model["mean"])) / np.asarray(model["scale"])
    return np.asarray(np.clip(scaled, -8, 8) @ np.asarray(model["weights"]) + model["base"])


def chance(odds: Table) -> Table:
    """Log-odds to probabilities, never quite 0 or 1."""
    import numpy as np

    return np.asarray(np.clip(1 / (1 + np.exp(-np.clip(odds, -30, 30))), _LEAST, 1 - _LEAST))


def pooled(risks: Sequence[float] | Table) -> Table:
    """What the answer's model reads of its claims' risks, shape (5,).

    The log-odds of the greatest and of any (noisy or), the mean, the second greatest, the log of how many.
    """
    import numpy as np

    high = np.sort(np.asarray(risks, float))[::-1]
    none = float(np.clip(np.prod(1 - high), _LEAST, 1 - _LEAST))
    top = float(high[0])
    second = float(high[min(1, len(high) - 1)])
    odds = [np.log(top / (1 - top)), np.log((1 - none) / none)]
    return np.array([*odds, high.mean(), second, np.log(len(high))])


def summary(risks: Table, rows: Table, *, structured: float) -> Table:
    """What the answer's model reads, shape (11 + 3 · features,).

    The pooled risks, whether the evidence is an object, the pooled risks where it is, and the claims'
    features at their greatest, least and mean.
    """
    import numpy as np

    risk = pooled(risks)
    return np.concatenate([risk, [structured], risk * structured, rows.max(0), rows.min(0), rows.mean(0)])
