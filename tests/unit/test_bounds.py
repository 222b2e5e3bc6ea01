"""Bounds: numbers, percentages and durations in their metric's unit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.documents.bounds import read_confidence, read_gates
from lockgate.documents.yaml_source import parse
from lockgate.model import Measure

MEASURES = {
    "share": Measure(name="share"),
    "pause": Measure(name="pause", kind="quantile", unit="s"),
    "cost": Measure(name="cost", kind="mean", unit="usd"),
    "size": Measure(name="size", kind="mean", unit="tokens"),
}


def _gates(text, measures=MEASURES):
    root, findings = parse(text, "s.yaml")
    return read_gates(root, measures, 0.95, findings), [problem.message for problem in findings.problems]


@pytest.mark.parametrize(
    ("metric", "written", "bound"),
    [
        ("share", "0.96", 0.96),
        ("share", "96 %", 0.96),
        ("share", "96%", 0.96),
        ("share", "2.5%", 0.025),
        ("share", "1", 1.0),
        ("share", "0", 0.0),
        ("pause", "600ms", 0.6),
        ("pause", "600 MS", 0.6),
        ("pause", "1.2s", 1.2),
        ("pause", ".5 s", 0.5),
        ("pause", "2min", 120.0),
        ("pause", "3", 3.0),
        ("cost", "0.50", 0.5),
        ("cost", "$0.50", 0.5),
        ("cost", "0.5 USD", 0.5),
        ("size", "80", 80.0),
        ("size", "80 tokens", 80.0),
        ("size", "1e3", 1000.0),
    ],
)
def test_a_bound_is_read_in_its_metrics_unit(metric, written, bound):
    """Each unit has its own ways to be written."""
    (gate,), problems = _gates(f"{metric}: {{max: {written}}}")
    assert gate.max == bound
    assert problems == []


@pytest.mark.parametrize(
    ("metric", "written"),
    [
        ("share", "5s"),
        ("share", "$5"),
        ("pause", "5%"),
        ("cost", "5ms"),
        ("size", "5s"),
        ("size", "-5"),
        ("share", "five"),
        ("share", "1 2"),
    ],
)
def test_a_bound_in_another_unit_is_refused(metric, written):
    """A percentage is no duration."""
    gates, problems = _gates(f"{metric}: {{max: {written}}}")
    assert gates == ()
    assert len(problems) == 1


@pytest.mark.parametrize("written", ["true", "[1]", "{a: 1}", "~"])
def test_a_bound_that_is_no_number_or_text_is_refused(written):
    """The type is wrong before any unit is looked at."""
    _, problems = _gates(f"share: {{max: {written}}}")
    assert any("Write a number or a text." in problem for problem in problems)


def test_a_bound_on_an_unknown_metric_is_read_by_its_own_unit():
    """While the metrics are not all known, no bound is called wrong for its size."""
    gates, problems = _gates("a: {max: 5%}\nb: {max: 600ms}\nc: {max: 96}\nd: {max: x}", None)
    assert [gate.max for gate in gates] == [0.05, 0.6, 96.0]
    assert problems == ["'max' cannot be 'x'. Write a number."]


def test_min_and_max_may_be_equal():
    """An exact value is a bound too."""
    (gate,), problems = _gates("share: {min: 0.5, max: 50 %}")
    assert (gate.min, gate.max) == (0.5, 0.5)
    assert problems == []


@settings(deadline=None)
@given(st.integers(0, 10_000).map(lambda n: n / 100))
def test_a_percentage_is_the_share_a_person_means(percent):
    """96 % is 0.96 to the last digit."""
    (gate,), _ = _gates(f"share: {{min: {percent} %}}")
    assert gate.min == float(f"{percent / 100:.10g}")


@pytest.mark.parametrize(
    ("written", "level"),
    [("0.9", 0.9), ("95 %", 0.95), ("0.5", None), ("1", None), ("x", None), ("95", None)],
)
def test_confidence_lies_between_one_half_and_one(written, level):
    """One half would rule by a coin, one would never rule."""
    root, findings = parse(written)
    assert read_confidence(root, findings) == level
    assert bool(findings.problems) == (level is None)
