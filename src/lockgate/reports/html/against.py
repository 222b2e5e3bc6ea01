"""A run beside its baseline: what changed, each metric's difference, and the cases that flipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockgate.model import Comparison, Delta, Flip, Run
from lockgate.reports.html.markup import Markup, element, join
from lockgate.reports.html.rulings import scrolling
from lockgate.reports.html.strips import difference_strip
from lockgate.reports.html.verdict import cases_link
from lockgate.units import UNKNOWN, count, show

__all__ = ["against"]

_FLIPPED = ("newly failing", "fixed", "flaky")
_SHOWN = 200


def against(run: Run) -> Markup | None:
    """The part of the page on a run's baseline; None where it has none."""
    compared = run.comparison
    if compared is None:
        return None
    head = element("h3", f"{run.backend} against {compared.baseline}")
    flips = [_flips(run, compared, status) for status in _FLIPPED]
    return join([head, _changes(compared), _deltas(run, compared), *flips, _alone(compared)])


def _changes(compared: Comparison) -> Markup | None:
    weakened = [element("li", element("strong", "Weaker: "), said) for said in compared.weakened]
    items = [*weakened, *(element("li", said) for said in compared.changes)]
    if not items:
        return None
    return element("div", "Not as it was in the baseline:", element("ul", *items), class_="callout")


def _deltas(run: Run, compared: Comparison) -> Markup | None:
    rows = [_delta(delta) for delta in compared.deltas if delta.value is not None]
    if not rows:
        return None
    names = ("Metric", "Difference", "Limits", "Interval", "Pairs")
    head = element("tr", *(element("th", n, scope="col", class_=_aligned(n)) for n in names))
    caption = f"Differences from {compared.baseline}, paired by case"
    parts = (element("caption", caption, class_="unseen"), element("thead", head), element("tbody", *rows))
    return scrolling(f"{caption}, {run.suite} on {run.backend}", element("table", *parts, class_="figures"))


def _aligned(name: str) -> str | None:
    return "number" if name in ("Difference", "Pairs") else None


def _delta(delta: Delta) -> Markup:
    better = (
        "better" if (delta.value or 0.0) > 0 else "worse" if (delta.value or 0.0) < 0 else "no difference"
    )
    size = f"{show(abs(delta.value or 0.0), delta.unit)} {better}" if delta.value else better
    limits = f"{show(delta.low, delta.unit)} … {show(delta.high, delta.unit)}"
    test = UNKNOWN if delta.p_value is None else f"p {delta.p_value:.3g} ({delta.test})"
    return element(
        "tr",
        element("th", delta.metric, scope="row"),
        element("td", size, class_="number strong"),
        element("td", limits, element("span", test, class_="wanted"), class_="limits", title=delta.method),
        element("td", difference_strip(delta)),
        element("td", f"{delta.n:,}", *_discordant(delta), class_="number"),
    )


def _discordant(delta: Delta) -> Iterator[Markup]:
    if delta.gained is not None and delta.lost is not None:
        yield element("span", f"{delta.gained:,} won, {delta.lost:,} lost", class_="wanted")


def _flips(run: Run, compared: Comparison, status: str) -> Markup | None:
    found: Sequence[Flip] = [flip for flip in compared.flips if flip.status == status]
    if not found:
        return None
    items = [_flip(run, flip) for flip in found[:_SHOWN]]
    if len(found) > _SHOWN:
        items.append(element("li", f"… and {len(found) - _SHOWN:,} more"))
    title = f"{count(len(found), 'case')} {status}"
    return element(
        "details",
        element("summary", title),
        element("ul", *items, class_="flips"),
        open=status == "newly failing",
    )


def _flip(run: Run, flip: Flip) -> Markup:
    link = cases_link(flip.case_id, run, case=flip.case_id)
    short = f" {', '.join(flip.metrics)}" if flip.metrics else ""
    trials = (
        "" if {flip.ours, flip.theirs} <= {0.0, 1.0} else f", {flip.theirs:.0%} → {flip.ours:.0%} of trials"
    )
    return element("li", link, element("span", f"{short}{trials}", class_="muted"))


def _alone(compared: Comparison) -> Markup:
    alone = [(len(compared.only_ours), "only here"), (len(compared.only_theirs), "only in the baseline")]
    told = [f"{count(compared.unchanged, 'case')} unchanged"]
    told += [f"{count(number, 'case')} {where}" for number, where in alone if number]
    return element("p", ", ".join(told), ".", class_="note")
