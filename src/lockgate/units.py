"""Figures as people read them, with their unit: `0.9124`, `580 ms`, `$0.42`."""

from __future__ import annotations

import math
import re

from lockgate.errors import UsageError
from lockgate.model import Gate

__all__ = ["UNKNOWN", "count", "seconds_of", "show", "show_bound"]

UNKNOWN = "–"
"""What stands where there is no figure."""

_AGE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)([mhdw])", re.ASCII)
_SECONDS = {"m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}


def count(number: int, noun: str) -> str:
    """How many there are of something that `s` makes many of: `1 case`, `1,200 cases`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


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


def show_bound(gate: Gate, unit: str = "") -> str:
    """A gate's bounds in a few words: `≥ 0.9, no worse than baseline by 0.02`."""
    parts = []
    if gate.min is not None:
        parts.append(f"≥ {show(gate.min, unit)}")
    if gate.max is not None:
        parts.append(f"≤ {show(gate.max, unit)}")
    if gate.no_worse_than is not None:
        parts.append(f"no worse than {gate.no_worse_than}{_by(gate, unit)}")
    if gate.better_than is not None:
        parts.append(f"better than {gate.better_than}{_by(gate, unit)}")
    if gate.hard:
        parts.append("no failure")
    return ", ".join(parts)


def seconds_of(age: str, *, option: str) -> float:
    """The seconds that an age means: `90m`, `12h`, `30d` or `8w`.

    Raises:
        UsageError: it is none; `option` says in the text where it stood.
    """
    found = _AGE.fullmatch(age.strip())
    if found is None:
        raise UsageError(f"{option}: {age!r} is no age. Write 12h, 30d or 8w.")
    return float(found[1]) * _SECONDS[found[2]]


def _digits(value: float) -> str:
    whole = f"{value:.4g}"
    return f"{value:,.0f}" if "e+" in whole else whole


def _by(gate: Gate, unit: str) -> str:
    return f" by {show(gate.margin, unit)}" if gate.margin else ""
