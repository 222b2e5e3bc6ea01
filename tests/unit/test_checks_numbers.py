"""Answers that are numbers, or end with one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.numbers import last_number, numeric, only_number
from lockgate.errors import UsageError
from lockgate.model import Case, Completion


def judged(text, expected=72, *, options=None):
    return numeric(**options or {})(Case(id="a", input="?", expected=expected), Completion(text=text))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("40", "40"),
        (" $40.50\n", "40.50"),
        ("-3", "-3"),
        ("−3", "-3"),
        ("-$5", "-5"),
        ("1,234.5 kg", "1234.5"),
        ("40 %", "40"),
        ("**72**", "72"),
        ("3.5 km/h.", "3.5"),
        ("9.81 m²", "9.81"),
        ("1e3", "1E+3"),
        (".5", "0.5"),
        ("about 72", None),
        ("7 of 9", None),
        ("3,4", None),
        ("12,34", None),
        ("", None),
        ("9" * 400, None),
        ("1" + " " * 200_000, None),
    ],
    ids=range(19),
)
def test_the_whole_answer_may_be_a_number(text, number):
    """With a currency sign, a unit, thousands and Markdown's marks, but nothing else."""
    found = only_number(text)
    assert found == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("so 3-5=2", "2"),
        ("= -2.", "-2"),
        ("5-7", "7"),
        ("A: 1 apple\n#### 1,200 (of 9)", "1200"),
        ("#### none, 7", "7"),
        ("7 ####", "7"),
        ("- 5 apples", "5"),
        ("2*1/2 = <<2*1/2=1.0>>1 bolt", "1"),
        ("no number", None),
    ],
)
def test_the_last_number_is_the_answers(text, number):
    """The one after `####` comes first, as GSM8K marks it."""
    found = last_number(text)
    assert found == (None if number is None else Decimal(number))


@given(st.text(alphabet="0123456789,.-+eE $#%x/\n") | st.text())
def test_any_text_is_read_or_not(text):
    """Nothing raises, and what is found is finite."""
    for found in (only_number(text), last_number(text)):
        assert found is None or found.is_finite()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_every_decimal_comes_back(number):
    """Written plainly or with thousands, by itself and at an answer's end."""
    for text in (f"{number}", f"{number:,}"):
        assert only_number(text) == last_number(f"It is {text}.") == number


@pytest.mark.parametrize(
    ("text", "expected", "options", "reason"),
    [
        ("72", 72, {}, ""),
        ("72.0 euros", "72", {}, ""),
        ("72", "6 + 66 = #### 72", {}, ""),
        ("72.5", 72, {"absolute": 0.5}, ""),
        ("71.9", 72, {"absolute": 0.1}, ""),
        ("0.3", 0.1, {"absolute": 0.2}, ""),
        ("99", 100, {"relative": 0.01}, ""),
        ("-99", -100, {"relative": 0.01}, ""),
        ("It is 5, so 72.", 72, {"find": "last"}, ""),
        ('{"items": [{"price": 72}]}', 72, {"path": "items[0].price"}, ""),
        ('{"price": "$72"}', 72, {"path": "price"}, ""),
        ("73", 72, {}, "The answer is 73, expected 72."),
        ("73", 72, {"absolute": 0.5}, "The answer is 73, expected 72, more than 0.5 off."),
        ("about 72", 72, {}, '"about 72" is no number.'),
        ("none", 72, {"find": "last"}, "The answer has no number."),
        ('{"price": true}', 1, {"path": "price"}, "true is no number."),
        ("72", 72, {"path": "price"}, "The answer has no price: there is no 'price' in a number."),
        ("no", 72, {"path": "price"}, "The answer has no price: line 1, column 1: Expecting value."),
    ],
    ids=range(18),
)
def test_a_number_is_close_enough_or_not(text, expected, options, reason):
    """The wider tolerance holds, its bound belongs to what passes, and decimals are exact."""
    found = judged(text, expected, options=options)
    assert (found.status, found.reason) == ("fail" if reason else "pass", reason)
    assert found.figures == {"numeric": not reason}


@pytest.mark.parametrize("expected", [None, "none", True, [72], float("nan")])
def test_without_a_number_there_is_nothing_to_compare(expected):
    """A case whose value has no number is unscored."""
    assert judged("72", expected).status == "unscored"


@pytest.mark.parametrize(("name", "value"), [("absolute", -1.0), ("relative", float("inf"))])
def test_tolerances_are_not_negative(name, value):
    """Out of range they are mistakes of the suite."""
    with pytest.raises(UsageError, match=f"{name} cannot be"):
        numeric(**{name: value})
