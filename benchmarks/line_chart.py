"""Line charts as SVG that can be read on a light page and on a dark one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Line", "Panel", "chart"]

_WIDTH, _HEIGHT = 440, 230
_LEFT, _TOP, _RIGHT, _BOTTOM = 46, 34, 24, 40
_LEGEND = 17
_COLOURS = (
    ("#0060a8", "#5cb3ff"),
    ("#b34700", "#ff9d4d"),
    ("#00734d", "#3ddc97"),
    ("#9b2f7a", "#ff8fd8"),
    ("#6b5d00", "#e0cf4a"),
    ("#4a4ab8", "#a9a9ff"),
    ("#555555", "#c8c8c8"),
)
_DASHES = ("", "6 3", "2 3", "8 3 2 3", "", "6 3", "2 3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Points that belong together, with x ascending."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One chart of an image.

    Args:
        title: what y is, in %.
        lines: at most seven; panels of an image have the same ones, in the same order, some without points.
        top: the largest y.
        across: what x is.
        nominal: the error rate that is not to be passed, None for none.
        goal: what is to be reached, likewise.
    """

    title: str
    lines: Sequence[Line]
    top: float
    across: str = "cases"
    nominal: float | None = None
    goal: float | None = None


def chart(panels: Sequence[Panel], *, title: str) -> str:
    """An SVG image of panels beside each other, with one legend; x is on a logarithmic scale.

    Args:
        panels: at least one, with at least one line of at least one point.
        title: what the image shows, for those who cannot see it.
    """
    names = [line.name for line in panels[0].lines]
    width, height = _WIDTH * len(panels), _HEIGHT + _LEGEND * len(names) + 8
    drawn = "\n".join(
        f'<g transform="translate({_WIDTH * place},0)">{_panel(panel)}</g>'
        for place, panel in enumerate(panels)
    )
    legend = "\n".join(_entry(place, name) for place, name in enumerate(names))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(title)}">\n<title>{escape(title)}</title>\n'
        f"<style>{_style()}</style>\n{drawn}\n{legend}\n</svg>\n"
    )


def _panel(panel: Panel) -> str:
    xs = [x for line in panel.lines for x, _ in line.points]
    least, most = min(xs), max(xs)
    ticks = [_tick_x(x, least, most) for x in _thinned(sorted(set(xs)), least, most)]
    heights = [panel.top * part / 4 for part in range(5)]
    parts = [
        f'<text class="title" x="{_LEFT}" y="20">{escape(panel.title)}</text>',
        *(_tick_y(y, panel.top) for y in heights),
        *ticks,
        _centred((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, panel.across),
        *(_mark(word, at, panel.top) for word, at in _marks(panel)),
        *(_line(place, line, panel.top, least, most) for place, line in enumerate(panel.lines)),
    ]
    return "\n".join(parts)


def _thinned(xs: Sequence[float], least: float, most: float) -> list[float]:
    """The values of x whose labels do not run into one another."""
    kept: list[float] = []
    for x in xs:
        if not kept or _x(x, least, most) - _x(kept[-1], least, most) > 30:
            kept.append(x)
    return kept


def _line(place: int, line: Line, top: float, least: float, most: float) -> str:
    found = [(_x(x, least, most), _y(min(y, top), top)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in found)
    dots = "".join(f'<circle class="f{place}" cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>' for x, y in found)
    return f'<polyline class="l{place}" points="{path}"/>{dots}'


def _entry(place: int, name: str) -> str:
    y = _HEIGHT + _LEGEND * place + 10
    return (
        f'<line class="l{place}" x1="{_LEFT}" x2="{_LEFT + 30}" y1="{y}" y2="{y}"/>'
        f'<text x="{_LEFT + 38}" y="{y + 4}">{escape(name)}</text>'
    )


def _marks(panel: Panel) -> list[tuple[str, float]]:
    marks = (("nominal", panel.nominal), ("goal", panel.goal))
    return [(word, at) for word, at in marks if at is not None]


def _mark(word: str, at: float, top: float) -> str:
    y = _y(at, top)
    return (
        f'<line class="nominal" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="mark" x="{_WIDTH - _RIGHT}" y="20" text-anchor="end">– – {word} {at:g} %</text>'
    )


def _tick_x(x: float, least: float, most: float) -> str:
    shown = f"{x:,.0f}" if x == round(x) else f"{x:g}"
    return _centred(_x(x, least, most), _HEIGHT - _BOTTOM + 16, shown)


def _centred(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{escape(text)}</text>'


def _tick_y(y: float, top: float) -> str:
    at = _y(y, top)
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{y:g}</text>'
    )


def _x(x: float, least: float, most: float) -> float:
    share = math.log(x / least) / math.log(most / least) if most > least else 0.5
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(y: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - y / top * (_HEIGHT - _TOP - _BOTTOM)


def _style() -> str:
    light, dark = (_colours(side) for side in (0, 1))
    return (
        "text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600}line,polyline{fill:none}"
        ".grid{stroke:#8885}.nominal{stroke:#c00;stroke-width:1.5;stroke-dasharray:4 3}.mark{fill:#c00}"
        + light
        + "@media "
        "(prefers-color-scheme:dark){text{fill:#ddd}.nominal{stroke:#ff6b6b}.mark{fill:#ff6b6b}" + dark + "}"
    )


def _colours(side: int) -> str:
    return "".join(
        f".l{place}{{stroke:{pair[side]};stroke-width:1.8;stroke-dasharray:{_DASHES[place] or 'none'}}}"
        f".f{place}{{fill:{pair[side]}}}"
        for place, pair in enumerate(_COLOURS)
    )
