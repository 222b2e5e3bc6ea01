"""Figures as people read them."""

import math

import pytest

from lockgate.errors import UsageError
from lockgate.units import count, seconds_of, show


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.9, "", "0.9"),
        (0.89964, "", "0.8996"),
        (1.0, "", "1"),
        (0.0, "", "0"),
        (0.58, "s", "580 ms"),
        (1.25, "s", "1.25 s"),
        (0.0123456, "s", "12.35 ms"),
        (0.42, "usd", "$0.42"),
        (-0.42, "usd", "-$0.42"),
        (123456.0, "usd", "$123,456"),
        (123.4, "tokens", "123.4"),
        (None, "", "–"),
        (math.nan, "s", "–"),
        (math.inf, "usd", "–"),
    ],
)
def test_a_figure_is_shown_in_its_unit(value, unit, shown):
    """Four significant digits with the unit; a dash for what is not known."""
    assert show(value, unit) == shown


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 cases"), (1, "1 case"), (2, "2 cases"), (12_000, "12,000 cases")]
)
def test_what_is_counted_is_one_or_many(number, said):
    """Thousands are set apart."""
    assert count(number, "case") == said


@pytest.mark.parametrize(
    ("age", "seconds"), [("90m", 5400), ("12h", 43_200), (" 7d ", 604_800), ("0.5w", 302_400), ("0m", 0)]
)
def test_an_age_is_seconds(age, seconds):
    """Minutes, hours, days and weeks, also parts of them."""
    assert seconds_of(age, option="--x") == seconds


@pytest.mark.parametrize("age", ["", "7", "d", "7 d", "-1d", "7D", "1e9d", "٧d", "7d7h"])
def test_what_is_no_age_is_said(age):
    """With the option that it stood in."""
    with pytest.raises(UsageError, match=r"--x: .* is no age\. Write 12h, 30d or 8w"):
        seconds_of(age, option="--x")
