"""One suite's part of the page: gates, baseline, latency, scores, classes, notes."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.model import Run
from lockgate.reports.html.against import against
from lockgate.reports.html.charts import latency_charts, score_charts
from lockgate.reports.html.markup import Markup, element, join
from lockgate.reports.html.matrices import matrices
from lockgate.reports.html.rulings import gate_table, metric_table
from lockgate.reports.html.verdict import cases_link, suite_anchor
from lockgate.reports.terminal import UNCORRECTED
from lockgate.units import count

__all__ = ["suite_part"]


def suite_part(name: str, runs: Sequence[Run]) -> Markup:
    """What a suite gave on each backend.

    Args:
        name: the suite's.
        runs: of this suite alone.
    """
    anchor = suite_anchor(name)
    return element(
        "section",
        element("h2", name, id=f"{anchor}-title"),
        gate_table(runs),
        _uncorrected(runs),
        *map(against, runs),
        _folded("Metrics without a gate", metric_table(runs)),
        _charts(f"{anchor}-latency", "Latency", latency_charts(runs)),
        _charts(f"{anchor}-scores", "Scores", score_charts(runs)),
        _charts(f"{anchor}-classes", "Classes", [m for run in runs for m in matrices(run)], "matrices"),
        _flaky(runs),
        _notes(runs),
        id=anchor,
        aria_labelledby=f"{anchor}-title",
        class_="suite",
    )


def _uncorrected(runs: Sequence[Run]) -> Markup | None:
    """That gates do not share an error rate, and on which backends where that is not so on all."""
    named = [run.backend for run in runs if run.uncorrected]
    on = f"{', '.join(named)}: " if len(named) < len(runs) else ""
    return element("p", f"{on}{UNCORRECTED}") if named else None


def _folded(title: str, content: Markup | None) -> Markup | None:
    return element("details", element("summary", title), content) if content else None


def _charts(anchor: str, title: str, charts: Sequence[Markup], kind: str = "charts") -> Markup | None:
    if not charts:
        return None
    return join([element("h3", title, id=anchor), element("div", *charts, class_=kind)])


def _flaky(runs: Sequence[Run]) -> Markup | None:
    """The cases whose trials disagree, those that pass least first."""
    found = sorted(((flaky, run) for run in runs for flaky in run.flaky), key=lambda pair: pair[0].rate)
    if not found:
        return None
    items = []
    for flaky, run in found:
        link = cases_link(flaky.case_id, run, case=flaky.case_id)
        items.append(element("li", link, f" {flaky.passed} of {flaky.trials}"))
    title = f"Flaky: {count(len(found), 'case')} passed in some trials only"
    return _folded(title, element("ul", *items, class_="flips"))


def _notes(runs: Sequence[Run]) -> Markup | None:
    several = len(runs) > 1
    notes = [f"{run.backend}: {note}" if several else note for run in runs for note in run.notes]
    listed = element("ul", *(element("li", note) for note in notes))
    return _folded(f"Notes ({len(notes)})", listed) if notes else None
