"""One metric as a strip: its interval against what the gate accepts, or its difference from a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockgate.model import Delta, Gate, Metric
from lockgate.reports.html.axes import Scale, round_ticks
from lockgate.reports.html.markup import Markup, element
from lockgate.units import show, show_bound

__all__ = ["difference_strip", "domain", "strip"]

_WIDTH, _BARE, _TALL = 340, 22, 34
_LEFT, _RIGHT = 8.0, 332.0
_MIDDLE = 12.0


def domain(metrics: Sequence[Metric], gate: Gate | None) -> tuple[float, float]:
    """What a strip spans so that every one of these metrics and the gate's bounds are within it.

    Shares span 0…1 unless all lie close together; other figures begin at 0.
    """
    values = [v for m in metrics for v in (m.value, m.low, m.high) if v is not None]
    values += [v for v in (_bounds(metrics[0], gate) if metrics else ()) if v is not None]
    if not values:
        return 0.0, 1.0
    share = metrics[0].unit == ""
    least, most = min(values), max(values)
    if share and (most - least > 0.4 or not 0 <= least <= most <= 1):
        return min(0.0, least), max(1.0, most)
    pad = (most - least) * 0.15 or 0.05
    ticks = round_ticks(max(0.0, least - pad), min(1.0, most + pad) if share else most + pad, 4)
    return (max(0.0, ticks[0]), min(1.0, ticks[-1])) if share else (0.0, ticks[-1])


def strip(
    metric: Metric,
    span: tuple[float, float],
    *,
    gate: Gate | None = None,
    status: str = "none",
    ends: bool = True,
) -> Markup | None:
    """The drawing, with its figures as its name for those who do not see it; None without a value.

    Args:
        metric: whose interval it is.
        span: from `domain`.
        gate: the bounds; what they accept is shaded.
        status: the ruling's, for its colour.
        ends: whether the span's ends are written below.
    """
    if metric.value is None:
        return None
    x = Scale(low=span[0], high=span[1], start=_LEFT, end=_RIGHT)
    written = _ends(span, metric.unit) if ends else ()
    return _drawing(
        [*_ground(x, _bounds(metric, gate)), *_interval(metric, x), *written],
        status,
        _told(metric, gate),
        ends=ends,
    )


def difference_strip(delta: Delta, *, ends: bool = True) -> Markup | None:
    """How much better or worse than a baseline, with its limits around 0; None without a value."""
    if delta.value is None:
        return None
    known = [abs(v) for v in (delta.value, delta.low, delta.high) if v is not None]
    most = round_ticks(0.0, max(known) or 1.0, 2)[-1]
    x = Scale(low=-most, high=most, start=_LEFT, end=_RIGHT)
    metric = Metric(name=delta.metric, value=delta.value, low=delta.low, high=delta.high, unit=delta.unit)
    track = element("rect", x=_LEFT, y=5, width=_RIGHT - _LEFT, height=14, class_="track")
    zero = element("line", x1=x(0.0), x2=x(0.0), y1=1, y2=23, class_="bound")
    told = f"{_told(metric, None)}; above 0 is better"
    written = _ends((-most, most), delta.unit) if ends else ()
    return _drawing([track, zero, *_interval(metric, x), *written], _direction(delta), told, ends=ends)


def _drawing(parts: Sequence[Markup], status: str, told: str, *, ends: bool) -> Markup:
    height = _TALL if ends else _BARE
    return element(
        "svg",
        *parts,
        class_=f"strip {status}",
        viewBox=f"0 0 {_WIDTH} {height}",
        width=_WIDTH,
        height=height,
        role="img",
        aria_label=told,
    )


def _direction(delta: Delta) -> str:
    """Coloured as a pass or a fail only where its limits are on one side of no difference."""
    if delta.low is not None and delta.low > 0:
        return "pass"
    return "fail" if delta.high is not None and delta.high < 0 else "none"


def _bounds(metric: Metric, gate: Gate | None) -> tuple[float | None, float | None]:
    """The least and the most that a gate accepts; a hard one takes no failure at all."""
    if gate is None:
        return None, None
    if gate.hard:
        return (1.0, gate.max) if metric.better == "higher" else (gate.min, 0.0)
    return gate.min, gate.max


def _ground(x: Scale, bounds: tuple[float | None, float | None]) -> Iterator[Markup]:
    yield element("rect", x=_LEFT, y=5, width=_RIGHT - _LEFT, height=14, class_="track")
    if bounds == (None, None):
        return
    least = x.start if bounds[0] is None else x(bounds[0])
    most = x.end if bounds[1] is None else x(bounds[1])
    yield element("rect", x=least, y=5, width=max(0.0, most - least), height=14, class_="accepted")
    for bound in bounds:
        if bound is not None:
            yield element("line", x1=x(bound), x2=x(bound), y1=1, y2=23, class_="bound")


def _interval(metric: Metric, x: Scale) -> Iterator[Markup]:
    low = x.start if metric.low is None else x(metric.low)
    high = x.end if metric.high is None else x(metric.high)
    if metric.unscored:
        floor = x.start if metric.floor is None else x(metric.floor)
        ceiling = x.end if metric.ceiling is None else x(metric.ceiling)
        yield element("line", x1=floor, x2=ceiling, y1=_MIDDLE, y2=_MIDDLE, class_="unscored")
    yield element("line", x1=low, x2=high, y1=_MIDDLE, y2=_MIDDLE, class_="interval")
    for end, known in ((low, metric.low), (high, metric.high)):
        if known is not None:
            yield element("line", x1=end, x2=end, y1=_MIDDLE - 4, y2=_MIDDLE + 4, class_="cap")
    yield element("circle", cx=x(metric.value or 0.0), cy=_MIDDLE, r=4, class_="value")


def _ends(span: tuple[float, float], unit: str) -> Iterator[Markup]:
    yield element("text", show(span[0], unit), x=_LEFT, y=_TALL - 2)
    yield element("text", show(span[1], unit), x=_RIGHT, y=_TALL - 2, text_anchor="end")


def _told(metric: Metric, gate: Gate | None) -> str:
    limits = f"{show(metric.low, metric.unit)} to {show(metric.high, metric.unit)}"
    bound = f", wanted {show_bound(gate, metric.unit)}" if gate else ""
    return f"{metric.name} {show(metric.value, metric.unit)}, limits {limits}{bound}"
