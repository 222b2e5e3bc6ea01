"""Drawings over samples: how long answers took, how that grows with the prompt, and how scores lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from lockgate.engine.latency import growth
from lockgate.model import Gate, Run, Timing
from lockgate.reports.html.axes import Frame, frame, round_ticks
from lockgate.reports.html.markup import Markup, element, join
from lockgate.units import count, show

__all__ = ["latency_charts", "score_charts"]

_WIDTH, _HEIGHT = 380, 220
_BINS = 20
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def latency_charts(runs: Sequence[Run]) -> list[Markup]:
    """What the probe measured on each backend: the distribution, and time against prompt tokens."""
    measured = {run.backend: run.timings for run in runs if run.timings}
    if not measured:
        return []
    bounds = [r.gate for run in runs for r in run.rulings if r.metric.kind == "quantile"]
    charts = [_distribution(measured, bounds)]
    sized = {name: [t for t in ts if t.tokens_in is not None] for name, ts in measured.items()}
    if any(len({t.tokens_in for t in ts}) > 1 for ts in sized.values()):
        charts.append(_by_tokens(sized))
    return charts


def score_charts(runs: Sequence[Run]) -> list[Markup]:
    """A histogram for each check and backend whose scores are more than hit or miss."""
    names = dict.fromkeys(v.check for run in runs for s in run.samples for v in s.verdicts)
    charts = []
    for name in names:
        scores = {run.backend: list(_scores(run, name)) for run in runs}
        if {score for pairs in scores.values() for score, _ in pairs} - {0.0, 1.0}:
            charts += [_histogram(name, backend, pairs) for backend, pairs in scores.items() if pairs]
    return charts


def _distribution(measured: Mapping[str, Sequence[Timing]], gates: Sequence[Gate]) -> Markup:
    """Empirical distribution functions: with twenty requests, bins would show mostly their own edges."""
    longest = max(t.seconds for ts in measured.values() for t in ts)
    most = max([longest, *(g.max for g in gates if g.max is not None)])
    axes = frame(
        _WIDTH,
        _HEIGHT,
        x=round_ticks(0.0, most),
        y=_SHARES,
        units=("s", ""),
        titles=("time to the whole answer", "share of requests answered by then"),
    )
    lines = [_steps(ts, axes, number) for number, ts in enumerate(measured.values())]
    bounds = {(g.metric, g.max) for g in gates if g.max is not None}
    marks = [_bound(name, value, axes, row) for row, (name, value) in enumerate(sorted(bounds))]
    told = "; ".join(
        f"{name}: {count(len(ts), 'request')}, {show(min(t.seconds for t in ts), 's')} to "
        f"{show(max(t.seconds for t in ts), 's')}"
        for name, ts in measured.items()
    )
    return _figure("Latency", f"Latency distribution. {told}.", [axes.axes, *marks, *lines], list(measured))


def _steps(timings: Sequence[Timing], axes: Frame, number: int) -> Markup:
    seconds = sorted(t.seconds for t in timings)
    path = [f"M{axes.x(0):.1f} {axes.y(0):.1f}"]
    for rank, value in enumerate(seconds, start=1):
        path.append(f"H{axes.x(value):.1f}V{axes.y(rank / len(seconds)):.1f}")
    path.append(f"H{axes.x.end:.1f}")
    dots = [
        element("circle", cx=axes.x(v), cy=axes.y(rank / len(seconds)), r=2.5)
        for rank, v in enumerate(seconds, start=1)
    ]
    return element("g", element("path", d="".join(path)), *dots, class_=f"series s{number % 6}")


def _bound(name: str, value: float, axes: Frame, row: int) -> Markup:
    x, right = axes.x(value), axes.x(value) > axes.x.end - 130
    line = element("line", x1=x, x2=x, y1=axes.y.end, y2=axes.y.start, class_="bound")
    label = element(
        "text",
        f"{name} ≤ {show(value, 's')}",
        x=x - 5 if right else x + 5,
        y=axes.y.start - 8 - 14 * row,
        text_anchor="end" if right else "start",
        class_="label",
    )
    return join([line, label])


def _by_tokens(sized: Mapping[str, Sequence[Timing]]) -> Markup:
    points = [t for ts in sized.values() for t in ts]
    axes = frame(
        _WIDTH,
        _HEIGHT,
        x=round_ticks(0.0, max(float(t.tokens_in or 0) for t in points)),
        y=round_ticks(0.0, max(t.seconds for t in points)),
        units=("tokens", "s"),
        titles=("prompt tokens", "time to the whole answer"),
    )
    drawn = [_cloud(ts, axes, number) for number, ts in enumerate(sized.values())]
    told = " ".join(_slope(name, ts) for name, ts in sized.items())
    title = "Latency by prompt length"
    return _figure(title, f"{title}. {told}", [axes.axes, *drawn], list(sized), note=told)


def _cloud(timings: Sequence[Timing], axes: Frame, number: int) -> Markup:
    dots = [
        element("circle", cx=axes.x(t.tokens_in or 0), cy=axes.y(t.seconds), r=3.5, class_="dot")
        for t in timings
    ]
    return element("g", *dots, _fit(timings, axes), class_=f"series s{number % 6}")


def _fit(timings: Sequence[Timing], axes: Frame) -> Markup | None:
    found = growth(timings)
    if found is None:
        return None
    middle, mean = fmean(t.tokens_in or 0 for t in timings), fmean(t.seconds for t in timings)
    ends = [(x, mean + found.value / 1000 * (x - middle)) for x in (found.shortest, found.longest)]
    (x1, y1), (x2, y2) = ((axes.x(x), axes.y(y)) for x, y in ends)
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="fit")


def _slope(name: str, timings: Sequence[Timing]) -> str:
    found = growth(timings)
    if found is None:
        return f"{name}: prompts vary too little for a fit."
    limits = f"[{show(found.low, 's')}, {show(found.high, 's')}]"
    return f"{name}: {show(found.value, 's')} {limits} more for each 1,000 prompt tokens."


def _scores(run: Run, check: str) -> Iterator[tuple[float, bool]]:
    for sample in run.samples:
        for verdict in sample.verdicts:
            if verdict.check == check and verdict.score is not None and 0 <= verdict.score <= 1:
                yield verdict.score, verdict.falls_short


def _histogram(check: str, backend: str, pairs: Sequence[tuple[float, bool]]) -> Markup:
    hits, misses = [0] * _BINS, [0] * _BINS
    for score, short in pairs:
        (misses if short else hits)[min(_BINS - 1, int(score * _BINS))] += 1
    tallest = max(a + b for a, b in zip(hits, misses, strict=True))
    axes = frame(
        _WIDTH,
        _HEIGHT,
        x=_SHARES,
        y=[t for t in round_ticks(0, tallest, 4) if t == int(t)],
        titles=("score", "samples"),
    )
    bars = [_bar(number, hits[number], misses[number], axes) for number in range(_BINS)]
    told = f"{count(sum(hits), 'hit')}, {count(sum(misses), 'miss').replace('misss', 'misses')}"
    title = f"Scores of {check}, {backend}"
    key = element("p", _swatch("hit"), " hit  ", _swatch("miss"), " miss", class_="legend")
    return _figure(title, f"{title}: {told}.", [axes.axes, *bars], [], legend=key)


def _bar(number: int, hits: int, misses: int, axes: Frame) -> Markup:
    left, right = axes.x(number / _BINS), axes.x((number + 1) / _BINS)
    base, top, over = axes.y(0), axes.y(misses), axes.y(misses + hits)
    parts = [("miss", top, base - top), ("hit", over, top - over)]
    return join(
        element("rect", x=left + 1, width=right - left - 2, y=y, height=height, class_=kind)
        for kind, y, height in parts
        if height > 0
    )


def _figure(
    title: str,
    told: str,
    drawn: Sequence[Markup],
    series: Sequence[str],
    *,
    note: str = "",
    legend: Markup | None = None,
) -> Markup:
    picture = element(
        "svg", *drawn, class_="chart", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=told
    )
    names = [join([_swatch(f"s{number % 6}"), f" {name}  "]) for number, name in enumerate(series)]
    key = legend or (element("p", *names, class_="legend") if len(series) > 1 else None)
    caption = element("figcaption", element("h4", title), key)
    return element("figure", caption, picture, element("p", note, class_="note") if note else None)


def _swatch(kind: str) -> Markup:
    square = element("rect", width=10, height=10, rx=2)
    return element("svg", square, class_=f"swatch {kind}", width=10, height=10, aria_hidden="true")
