"""Figures to places in a drawing: scales, round ticks and axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lockgate.reports.html.markup import Markup, element, join
from lockgate.units import show

__all__ = ["Frame", "Scale", "frame", "round_ticks"]

_STEPS = (1, 2, 2.5, 5, 10)
# Beyond these a step can be no float.
_LEAST, _MOST = 1e-300, 1e300


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Linear: from figures `low`…`high` to places `start`…`end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a figure, kept within the drawing."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A chart's two scales and the markup of its axes."""

    x: Scale
    y: Scale
    axes: Markup


def round_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """At most so many round numbers and one more that span `low`…`high`.

    Steps are 1, 2, 2.5 or 5 times a power of ten (Heckbert 1990, Graphics Gems: nice
    numbers for graph labels).
    """
    if not high > low:
        return [low, low + (abs(low) or 1.0)]
    if not _LEAST < high - low < _MOST:
        return [low, high]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in _STEPS if s * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def frame(
    width: int,
    height: int,
    *,
    x: Sequence[float],
    y: Sequence[float],
    units: tuple[str, str] = ("", ""),
    titles: tuple[str, str] = ("", ""),
) -> Frame:
    """The axes of a chart of that size in pixels.

    Args:
        width: of the whole drawing.
        height: likewise.
        x: the ticks of the axis across, ascending.
        y: those of the axis upward.
        units: of both, as in `units.show`.
        titles: what both measure; the vertical one stands above its axis.
    """
    across = Scale(low=x[0], high=x[-1], start=50.0, end=width - 22.0)
    up = Scale(low=y[0], high=y[-1], start=height - 38.0, end=22.0)
    parts = [
        *_across(x, across, up, units[0]),
        *_up(y, across, up, units[1]),
        *_titles(width, height, titles),
    ]
    return Frame(x=across, y=up, axes=element("g", join(parts), class_="axes"))


def _across(ticks: Sequence[float], x: Scale, y: Scale, unit: str) -> Iterator[Markup]:
    yield element("line", x1=x.start, x2=x.end, y1=y.start, y2=y.start, class_="axis")
    for tick in ticks:
        yield element("text", _shown(tick, unit), x=x(tick), y=y.start + 16, text_anchor="middle")
        yield element("line", x1=x(tick), x2=x(tick), y1=y.start, y2=y.start + 4, class_="axis")


def _up(ticks: Sequence[float], x: Scale, y: Scale, unit: str) -> Iterator[Markup]:
    for tick in ticks:
        yield element("line", x1=x.start, x2=x.end, y1=y(tick), y2=y(tick), class_="grid")
        yield element("text", _shown(tick, unit), x=x.start - 6, y=y(tick) + 4, text_anchor="end")


def _shown(tick: float, unit: str) -> str:
    return show(tick, unit) if tick else "0"


def _titles(width: int, height: int, titles: tuple[str, str]) -> Iterator[Markup]:
    yield element("text", titles[0], x=width - 4, y=height - 5, text_anchor="end", class_="title")
    yield element("text", titles[1], x=4, y=12, class_="title")
