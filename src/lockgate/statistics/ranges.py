"""Arguments that are out of range, told in one way."""

from __future__ import annotations

__all__ = ["alpha_of", "require"]


def alpha_of(confidence: float) -> float:
    """The error rate of one limit.

    Raises:
        ValueError: the confidence is not in 0.5..1.
    """
    require(0.5 < confidence < 1, f"confidence {confidence}")
    return 1 - confidence


def require(condition: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise where a condition does not hold.

    Raises:
        ValueError: it does not; `what` is out of range.
    """
    if not condition:
        raise ValueError(f"out of range: {what}")
