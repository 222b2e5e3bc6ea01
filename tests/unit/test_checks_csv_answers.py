"""Answers that are CSV."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.checks.csv_answers import csv
from lockgate.errors import UsageError
from lockgate.model import Case, Completion

TYPED = {
    "id": "integer",
    "price": "number",
    "paid": "boolean",
    "day": "date",
    "kind": ["a", 2],
    "note": "text",
}


def judged(text, *args, **options):
    return csv(*args, **options)(Case(id="a", input="?"), Completion(text=text))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "a,b\n1,2\n"),
        ({}, '\r\na,b\r\n"1,5","x\ny"\r\n'),
        ({"columns": ["a", "b"]}, "a,b\n,\n"),
        ({"delimiter": ";"}, "a;b\n1;2,5"),
        (
            {"types": TYPED},
            "id,price,paid,day,kind,note\n-1,1.5e3,true,2024-02-29,2,x\n7,.5,false,2023-12-31,a,y",
        ),
        ({"min_rows": 0}, "a,b"),
        ({"min_rows": 2, "max_rows": 2}, "a\n1\n2"),
        ({"extract": True}, "Here:\n```csv\na,b\n1,2\n```"),
    ],
    ids=range(8),
)
def test_what_fits_passes(options, text):
    """Quoted fields, other delimiters, types and bounds on the rows."""
    assert judged(text, **options).status == "pass"


@pytest.mark.parametrize(
    ("options", "text", "reason"),
    [
        ({}, "", "The answer is not CSV: it is empty."),
        ({}, 'a\n"x', "The answer is not CSV: line 2: unexpected end of data."),
        ({}, 'a\n"x"y', "The answer is not CSV: line 2: ',' expected after '\"'."),
        ({}, "a\0b", "The answer is not CSV: it has a NUL character."),
        ({}, "a" * 1_000_001, "The answer is not CSV: 1,000,001 characters are more than the 1,000,000"),
        (
            {"extract": True},
            "```\na\n```\n```\nb\n```",
            "The answer is not CSV: 2 fenced blocks in the text.",
        ),
        ({}, "I cannot say.", "The answer has 0 rows under the header, expected at least 1."),
        ({"max_rows": 1}, "a\n1\n2", "The answer has 2 rows under the header, expected at most 1."),
        ({}, "a,b\n1\n1,2,3", "Row 1 has 1 field, the header 2. Row 2 has 3 fields, the header 2."),
        ({}, "a,a\n1,2", "The header a, a has a name twice, or an empty one."),
        ({}, "a,\n1,2", "The header a,  has a name twice, or an empty one."),
        ({"columns": ["a", "b"]}, "b,a\n1,2", "The header is b, a, expected a, b."),
        ({"types": {"c": "text"}}, "a,b\n1,2", "The header has no c."),
        ({"types": {"a": "integer"}}, "a\n1.0", "Row 1, a: '1.0' is no integer."),
        ({"types": {"a": "integer"}}, "a\n١", "Row 1, a: '١' is no integer."),
        ({"types": {"a": "number"}}, "a\n1,5", "Row 1 has 2 fields, the header 1."),
        ({"types": {"a": "boolean"}}, "a\nTrue", "Row 1, a: 'True' is no boolean."),
        ({"types": {"a": "date"}}, "a\n2023-02-29", "Row 1, a: '2023-02-29' is no date."),
        ({"types": {"a": "text"}}, 'a\n" "', "Row 1, a: ' ' is no text."),
        ({"types": {"a": ["x", "y"]}}, "a\nz", "Row 1, a: 'z' is no one of x, y."),
    ],
    ids=range(20),
)
def test_what_does_not_fit_says_where(options, text, reason):
    """The row, the column and the value, or what is wrong with the header."""
    found = judged(text, **options)
    assert (found.status, found.reason[: len(reason)]) == ("fail", reason)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"delimiter": ""}, "The delimiter cannot be ''. Use one character, such as ';'."),
        ({"delimiter": '"'}, "The delimiter cannot be '\"'. Use one character, such as ';'."),
        ({"min_rows": -1}, "min_rows -1 and max_rows None leave nothing. Use 0 ≤ min_rows ≤ max_rows."),
        ({"min_rows": 2, "max_rows": 1}, "min_rows 2 and max_rows 1 leave nothing."),
        ({"columns": []}, "The columns [] are not names that differ. Write each once."),
        ({"columns": ["a", "a"]}, "The columns ['a', 'a'] are not names that differ. Write each once."),
        ({"columns": ["a"], "types": {"b": "text"}}, "types names the column 'b'. The names there are: 'a'."),
        ({"types": {"b": "intger"}}, "A column's type cannot be 'intger'. Did you mean 'integer'?"),
    ],
    ids=range(8),
)
def test_options_that_make_no_sense_are_refused(options, text):
    """A mistake of the suite says what to do."""
    with pytest.raises(UsageError) as caught:
        csv(**options)
    assert str(caught.value).startswith(text)


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet='a,"\n\r; 1') | st.text())
def test_any_text_has_a_verdict(text):
    """Nothing raises, and the reason can be written."""
    found = judged(text, extract=True, types={"a": "number"})
    assert found.status in ("pass", "fail")
    found.reason.encode()
