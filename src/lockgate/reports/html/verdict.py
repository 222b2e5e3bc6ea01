"""The first screen: may it ship, if not why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from lockgate.model import Ruling, Run
from lockgate.reports.html.markup import Content, Markup, element, join
from lockgate.reports.html.outcome import Answer, answer_of, came_to, missed
from lockgate.units import count

__all__ = ["backends", "badge", "cases_link", "suite_anchor", "verdicts"]

_SAYS: dict[Answer, str] = {
    "pass": "may ship",
    "fail": "may not ship",
    "inconclusive": "is not decided",
    "none": "has no gate that decides",
}
_MARKS = {"pass": "✓", "fail": "✗", "inconclusive": "?", "none": "–"}
_ORDER = {"fail": 0, "inconclusive": 1, "pass": 2}
_COUNTED = {"pass": "passed", "fail": "failed", "inconclusive": "undecided"}
_SHOWN = 4


def verdicts(runs: Sequence[Run]) -> Markup:
    """The page's head line, and a card for each backend."""
    names = backends(runs)
    cards = [_card(name, [run for run in runs if run.backend == name], level=len(names)) for name in names]
    if len(names) == 1:
        return join(cards)
    shippable = [name for name in names if answer_of([r for r in runs if r.backend == name])[0] == "pass"]
    told = ", ".join(shippable) if shippable else "none"
    head = element("h1", f"Of {count(len(names), 'backend')}, {told} may ship")
    return join([head, element("div", *cards, class_="cards")])


def backends(runs: Sequence[Run]) -> list[str]:
    """The backends of the runs, as they come."""
    return list(dict.fromkeys(run.backend for run in runs))


def badge(status: str) -> Markup:
    """A ruling's status as a mark and a word."""
    return element("span", f"{_MARKS.get(status, '–')} {status}", class_=f"badge {status}")


def cases_link(text: Content, run: Run, **wanted: str) -> Markup:
    """A link that shows cases of a run in the table below."""
    asked = {"suite": run.suite, "backend": run.backend, **wanted}
    return element("a", text, href=_address(asked))


def suite_anchor(suite: str) -> str:
    """The id of a suite's part of the page."""
    return f"suite-{_quoted(suite)}"


def _address(asked: Mapping[str, str]) -> str:
    """Where on the page the cases are that are asked for."""
    return "#cases?" + "&".join(f"{key}={_quoted(value)}" for key, value in asked.items())


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _card(name: str, runs: Sequence[Run], *, level: int) -> Markup:
    answer, errors, misses = answer_of(runs)
    head = element("h1" if level == 1 else "h2", f"{_MARKS[answer]} {name} {_SAYS[answer]}")
    reasons = list(_reasons(runs, errors, misses)) or list(_all_the_same(runs))
    shown = element("ul", *reasons[:_SHOWN]) if reasons else None
    rest = reasons[_SHOWN:]
    folded = (
        element("details", element("summary", f"{len(rest)} more"), element("ul", *rest)) if rest else None
    )
    return element("section", head, _tally(runs), shown, folded, class_=f"verdict {answer}")


def _all_the_same(runs: Sequence[Run]) -> Iterator[Markup]:
    """What is still worth reading where nothing is in the way: the cases that fell short."""
    for run in runs:
        short = sum(came_to(sample) not in ("pass", "unasked") for sample in run.samples)
        if short:
            said = f"{count(short, 'case')} of {run.suite} fell short all the same. "
            yield element("li", said, cases_link("Read them", run, show="short"))


def _tally(runs: Sequence[Run]) -> Markup:
    rulings = [ruling for run in runs for ruling in run.rulings]
    counts = ((sum(r.status == s for r in rulings), word) for s, word in _COUNTED.items())
    told = ", ".join(f"{number} {word}" for number, word in counts if number)
    gates = f"{count(len(rulings), 'gate')}: {told}" if rulings else "no gate"
    asked = sum(len(run.samples) for run in runs)
    cases = len({(run.suite, sample.case_id) for run in runs for sample in run.samples})
    sampled = f" ({asked:,} samples)" if asked != cases else ""
    return element("p", f"{count(cases, 'case')}{sampled} · {gates}", class_="tally")


def _reasons(runs: Sequence[Run], errors: int, misses: int) -> Iterator[Markup]:
    """Worst first: weaker bounds, samples without an answer, gates that fail or are open, other misses."""
    weakened = (said for run in runs if run.comparison for said in run.comparison.weakened)
    for said in dict.fromkeys(weakened):
        yield element("li", element("strong", "A bound was made weaker: "), said)
    if errors:
        yield _alone(runs, f"{count(errors, 'sample')} without an answer or a verdict", "error")
    several = len(runs) > 1
    ruled = [(run, ruling) for run in runs for ruling in run.rulings if ruling.status != "pass"]
    for run, ruling in sorted(ruled, key=lambda pair: _ORDER[pair[1].status]):
        yield _reason(run, ruling, several=several)
    yield from _broken(runs)
    if misses:
        yield _alone(runs, f"{count(misses, 'sample')} short in a check that no gate bounds", "miss")


def _broken(runs: Sequence[Run]) -> Iterator[Markup]:
    """What passed in the baseline and does not now, whatever the gates say of it."""
    for run in runs:
        flips = run.comparison.flipped("newly failing") if run.comparison else ()
        if run.comparison and flips:
            said = f"{count(len(flips), 'case')} newly failing against {run.comparison.baseline}: "
            shown = [cases_link(f.case_id, run, case=f.case_id) for f in flips[:_SHOWN]]
            links = [piece for link in shown for piece in (link, " ")]
            more = f"… and {len(flips) - _SHOWN:,} more" if len(flips) > _SHOWN else None
            yield element("li", said, *links, more)


def _alone(runs: Sequence[Run], said: str, outcome: str) -> Markup:
    run = next(r for r in runs if r.samples)
    asked = {"backend": run.backend, "show": outcome}
    return element("li", badge("fail"), f" {said}. ", element("a", "Read them", href=_address(asked)))


def _reason(run: Run, ruling: Ruling, *, several: bool) -> Markup:
    where = element("span", f"{run.suite}: ", class_="muted") if several else None
    kind = element("strong", "regression: ") if ruling.regression else None
    return element("li", badge(ruling.status), " ", where, kind, ruling.reason, " ", _next_step(run, ruling))


def _next_step(run: Run, ruling: Ruling) -> Markup | None:
    if ruling.metric.kind == "quantile":
        return (
            element("a", "See the latency", href=f"#{suite_anchor(run.suite)}-latency")
            if run.timings
            else None
        )
    short = missed(run, ruling)
    if not short:
        return None
    text = "Read the one case" if short == 1 else f"Read the {short:,} cases"
    return cases_link(text, run, metric=ruling.metric.name, show="short")
