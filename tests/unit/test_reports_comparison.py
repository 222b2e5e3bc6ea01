"""Two runs beside each other, for a terminal and as Markdown."""

import re

import pytest
from runs import ACCURACY, COST, LATENCY, run

from lockgate.model import Comparison, Delta, Flip
from lockgate.reports.comparison import beside_markdown, beside_text

OLD, NEW = run("prompt:v1"), run("ft:v3")
WORSE = Delta(metric="accuracy", value=-0.1, low=-0.2, high=-0.01, n=50, p_value=0.0156, test="McNemar")
COMPARED = Comparison(
    baseline="prompt:v1",
    deltas=(WORSE,),
    flips=(
        Flip(case_id="b", status="newly failing", ours=0.0, theirs=1.0, metrics=("accuracy", "tone")),
        Flip(case_id="c", status="flaky", ours=0.5, theirs=0.25),
    ),
    unchanged=47,
    only_ours=("x",),
    only_theirs=("y", "z"),
    changes=("The dataset has changed.",),
    weakened=("accuracy: min 0.9 was 0.95.",),
)


def test_the_terminal_shows_both_values_and_the_difference():
    """The whole text, from what changed to the cases that only one of them has."""
    assert beside_text(OLD, NEW, COMPARED).splitlines() == [
        "triage: A is prompt:v1, B is ft:v3",
        "! weaker in B: accuracy: min 0.9 was 0.95.",
        "! The dataset has changed.",
        "metric       A       B       change          limits         pairs  p",
        "accuracy     0.5     0.5     ▼ worse by 0.1  [-0.2, -0.01]  50     0.0156 (McNemar)",
        "latency_p95  580 ms  580 ms  –               –              –      –",
        "newly failing: 1 case",
        "  b: accuracy, tone",
        "flaky: 1 case",
        "  c (25% of trials passed, then 50%)",
        "47 cases unchanged, 2 cases only in A, 1 case only in B",
    ]


def test_markdown_says_the_same():
    """As a table and lists."""
    lines = beside_markdown(OLD, NEW, COMPARED).splitlines()
    assert lines[0] == "### triage: A is prompt:v1, B is ft:v3"
    assert "> weaker in B: accuracy: min 0.9 was 0.95." in lines
    assert "| accuracy | 0.5 | 0.5 | ▼ worse by 0.1 | [-0.2, -0.01] | 50 | 0.0156 (McNemar) |" in lines
    assert "- <code>b</code>: accuracy, tone" in lines
    assert lines[-1] == "47 cases unchanged, 2 cases only in A, 1 case only in B"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"value": 0.1, "low": 0.01, "high": 0.2}, "▲ better by 0.1"),
        ({"value": 0.1, "low": -0.01, "high": 0.2}, "≈ better by 0.1"),
        ({"value": 0.0, "low": -0.01, "high": 0.01}, "≈ same"),
        ({"value": 0.1}, "≈ better by 0.1"),
        ({"value": None}, "–"),
    ],
)
def test_an_arrow_stands_only_where_the_limits_are_on_one_side(changes, said):
    """What the cases cannot tell apart has none, nor has what has no limits."""
    compared = Comparison(baseline="a", deltas=(Delta(metric="accuracy", **changes),))
    row = next(line for line in beside_text(OLD, NEW, compared).splitlines() if line.startswith("accuracy"))
    assert re.split(r"\s{2,}", row)[3] == said


def test_runs_on_one_backend_are_told_apart_by_their_time():
    """A backend's name alone would not say which is which."""
    title = beside_text(OLD, run("prompt:v1", started="2026-01-01"), COMPARED).splitlines()[0]
    assert title == "triage: A is prompt:v1 of 2025-03-01T12:30:00+00:00, B is prompt:v1 of 2026-01-01"


def test_a_metric_that_only_one_has_is_left_out():
    """As is one that has a value on neither."""
    rows = beside_text(run(metrics=(ACCURACY, COST)), run(metrics=(LATENCY, COST)), COMPARED)
    assert not any(name in rows for name in ("latency_p95 ", "cost_per_1k"))


def test_hostile_names_are_text():
    """A terminal gets no escape sequence, Markdown no markup and no mention."""
    flip = Flip(case_id="\x1b[31m|@all<b>", status="fixed", ours=1.0, theirs=0.0, metrics=("*a*",))
    compared = Comparison(baseline="a", flips=(flip,))
    assert "\x1b" not in beside_text(OLD, NEW, compared)
    written = beside_markdown(OLD, NEW, compared)
    assert not any(piece in written for piece in ("\x1b", "<b>", "@all", "*a*"))
