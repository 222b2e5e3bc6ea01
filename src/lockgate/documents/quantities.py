"""Numbers with their unit as a suite writes them: `96 %`, `600ms`, `$0.50`, `400 tokens`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lockgate.documents.nodes import Node

__all__ = ["quantity"]

_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)"
_QUANTITY = re.compile(rf"\s*(\$?){_NUMBER}\s*([a-z%]*)\s*\Z", re.IGNORECASE)
_SCALES: Mapping[str, Mapping[str, float]] = {
    "": {"": 1, "%": 0.01},
    "s": {"": 1, "s": 1, "ms": 1e-3, "min": 60},
    "usd": {"": 1, "usd": 1, "$": 1},
    "tokens": {"": 1, "tokens": 1},
}


def quantity(node: Node, unit: str | None) -> float | None:
    """A bound in its metric's unit; by its own unit alone where the metric is not known."""
    if isinstance(node.value, int | float):
        return float(node.value)
    found = _QUANTITY.match(node.value)
    if not found:
        return None
    scales = (
        _SCALES.get(unit, {"": 1})
        if unit is not None
        else {k: v for s in _SCALES.values() for k, v in s.items()}
    )
    scale = scales.get(found[1] or found[3].lower())
    # Rounded, so that 96 % is 0.96 and 600ms is 0.6.
    return None if scale is None else round(float(found[2]) * scale, 12)
