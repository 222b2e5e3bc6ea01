"""Figures as people read them, with their unit: `0.9124`, `580 ms`, `$0.42`."""

from __future__ import annotations

import math

__all__ = ["UNKNOWN", "show"]

UNKNOWN = "–"
"""What stands where there is no figure."""


def show(value: float | None, unit: str = "") -> str:
    """A figure in its unit, to four significant digits; `UNKNOWN` for None and for what is not finite.

    Args:
        value: in the metric's unit.
        unit: "" (a share), `s`, `usd` or `tokens`.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if unit == "s":
        return f"{_digits(value * 1000)} ms" if abs(value) < 1 else f"{_digits(value)} s"
    if unit == "usd":
        return f"${_digits(value)}" if value >= 0 else f"-${_digits(-value)}"
    return _digits(value)


def _digits(value: float) -> str:
    whole = f"{value:.4g}"
    return f"{value:,.0f}" if "e+" in whole else whole
