"""Parts of the page on gates that are no table of errors: what stopping early saves, and power in pairs."""

from __future__ import annotations

import numpy as np

from gate_power import Power, power
from gate_stops import Saved, fixed_n, least_calls, naive, paths_of_rate, saved, sprt
from line_chart import Line, Panel, chart

__all__ = ["power_part", "savings_part"]

_BOUNDS = (0.5, 0.8, 0.9)
_FACTORS = (1, 1.3, 2, 3)
_GOAL = 0.4
_ACROSS = "cases of the suite, as a multiple of the fixed design's"
_CORRELATIONS = (0.3, 0.6, 0.75)
_SIZES = (100, 200, 400)
_BAD, _GOOD = 0.9, 0.97

_SAVED = (
    "bound",
    "true",
    "fixed design",
    "least possible",
    "suite",
    "asked, mean",
    "saved of the suite, %",
    "of the fixed design, %",
    "right, %",
    "wrong, %",
    "≥ 40 % of the suite",
    "of the fixed design",
)

_SAVINGS = """A suite of rates with `stop: early`, its truth 5 points clear of a `min`, on the good side or
on the bad one. The *fixed design* has the least cases at which a test at their end is right in 90 % of
runs; *least possible* is what any test of that power asks on average, even one that knows the truth (Wald
1945). The goal is to save 40 % of the calls: of the suite's, which is what a user sees, and of the fixed
design's, which only someone who knew the truth could have chosen. What is neither right nor wrong is
inconclusive."""

_TEXTBOOK = """What one may compare with: Wald's sequential test of {bad} against {good} (5 % errors, 90 %
power), which knows the one alternative that it tests against, asks {sprt:.0f} cases at a true {good} and
{sprt_bad:.0f} at a true {bad}, where it ships {sprt_ships:.1f} %; the fixed design asks {fixed}. A gate
with `stop: early` knows no alternative: of a suite of {fixed} it asks {early:.0f} and passes
{early_ships:.0f} %, of one of {twice} it asks {late:.0f} and passes {late_ships:.0f} %, at a true {good}.
The exact test for one look, asked every 10 cases up to 200, ships a true {bad} {naive:.1f} % of the
time."""

_POWER = """A baseline of 90 % and a run that is 5 points worse, on the same cases: how often each test
finds the regression, one-sided at 5 %. The correlation is that of a case's passing before and after (phi),
and *differ* the share of cases on which the runs differ; 0.6 is taken as realistic for a changed prompt: of
the cases that were right, 92 % stay so. *Paired* is the gate `no_worse_than: baseline` without margin
(Tango's score test with continuity correction), McNemar's test the exact one, *unpaired* the z test of two
proportions, in two samples of so many cases each. In brackets what each finds where nothing has changed."""


def savings_part(runs: int) -> tuple[str, str, str]:
    """The part on what stopping early saves, the slug of its chart, and the chart."""
    found = [
        saved(bound, round(bound + side, 2), round(factor * fixed_n(bound, round(bound + side, 2))), runs)
        for bound in _BOUNDS
        for side in (0.05, -0.05)
        for factor in _FACTORS
    ]
    head = [f"| {' | '.join(_SAVED)} |", "|" + "---|" * len(_SAVED)]
    image = "![What stopping early saves](gates-early-savings.svg)"
    texts = [
        "## What early stopping saves",
        _SAVINGS,
        "\n".join([*head, *map(_saved_row, found)]),
        _textbook(runs),
        image,
    ]
    return "\n\n".join(texts), "early-savings", _savings_chart(found)


def power_part(runs: int) -> tuple[str, str, str]:
    """The part on the power of pairs, the slug of its chart, and the chart."""
    found = [
        (power(n, phi, runs=runs), power(n, phi, drop=0.0, runs=runs))
        for phi in _CORRELATIONS
        for n in _SIZES
    ]
    head = ["| correlation | differ, % | cases | paired, % | McNemar, % | unpaired, % |", "|" + "---|" * 6]
    image = "![Power to find a regression of 5 points](gates-power.svg)"
    texts = [
        "## Power to find a regression",
        _POWER,
        "\n".join([*head, *(_power_row(*pair) for pair in found)]),
        image,
    ]
    return "\n\n".join(texts), "power", _power_chart([one for one, _ in found])


def _saved_row(one: Saved) -> str:
    right, wrong = ("pass", "fail") if one.true > one.bound else ("fail", "pass")
    shares = (one.of_suite, one.of_fixed, one.paths.share(right), one.paths.share(wrong))
    numbers = " | ".join(f"{100 * share:.1f}" for share in shares)
    met = " | ".join("met" if share >= _GOAL else "**missed**" for share in shares[:2])
    asked = (
        f"{one.fixed:,} | {least_calls(one.bound, one.true):,.0f} | {one.cases:,} | {one.paths.calls:,.0f}"
    )
    return f"| {one.bound} | {one.true} | {asked} | {numbers} | {met} |"


def _textbook(runs: int) -> str:
    rng, fixed = np.random.default_rng(5), fixed_n(_BAD, _GOOD)
    good, bad = (sprt(rng, _BAD, _GOOD, true, runs) for true in (_GOOD, _BAD))
    early, late = (paths_of_rate(rng, _BAD, _GOOD, cases, runs) for cases in (fixed, 2 * fixed))
    return _TEXTBOOK.format(
        bad=_BAD,
        good=_GOOD,
        sprt=good.calls,
        sprt_bad=bad.calls,
        sprt_ships=100 * bad.share("pass"),
        fixed=fixed,
        twice=2 * fixed,
        early=early.calls,
        early_ships=100 * early.share("pass"),
        late=late.calls,
        late_ships=100 * late.share("pass"),
        naive=100 * naive(rng, _BAD, _BAD, 200, runs).share("pass"),
    )


def _savings_chart(found: list[Saved]) -> str:
    groups: dict[str, list[Saved]] = {}
    for one in found:
        groups.setdefault(f"min {one.bound}, true {one.true}", []).append(one)
    lines = [
        Line(name=name, points=[(round(one.cases / one.fixed, 1), 100 * one.of_suite) for one in group])
        for name, group in groups.items()
    ]
    panel = Panel(
        title="of the suite's cases saved, %", lines=lines, top=100, across=_ACROSS, goal=100 * _GOAL
    )
    return chart([panel], title="What stopping early saves, by the size of the suite")


def _power_row(one: Power, same: Power) -> str:
    pairs = ((one.paired, same.paired), (one.mcnemar, same.mcnemar), (one.unpaired, same.unpaired))
    shares = " | ".join(f"{100 * found:.1f} ({100 * none:.1f})" for found, none in pairs)
    return f"| {one.correlation} | {100 * one.differ:.1f} | {one.n} | {shares} |"


def _power_chart(found: list[Power]) -> str:
    lines = [
        Line(
            name=f"paired, correlation {phi}",
            points=[(p.n, 100 * p.paired) for p in found if p.correlation == phi],
        )
        for phi in _CORRELATIONS
    ]
    middle = [(p.n, 100 * p.unpaired) for p in found if p.correlation == _CORRELATIONS[0]]
    panel = Panel(
        title="a drop from 90 % to 85 % is found, %",
        lines=[*lines, Line(name="unpaired", points=middle)],
        top=100,
    )
    return chart([panel], title="Power to find a regression of 5 points, in pairs and without")
