"""JSON read strictly, and the one value found in prose."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.strict_json import MAX_ANSWER, MAX_CHARACTERS, MAX_DEPTH, extract, parse, parse_answer

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**300), 10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "line 1, column 1: Expecting value"),
        ("[1,\n x]", "line 2, column 2: Expecting value"),
        ("1 2", "line 1, column 3: text after the JSON value"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' comes twice in one object"),
        ("NaN", "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ("1e999", "the number 1e999 is beyond a double's range"),
        ("9" * 310, f"the number {'9' * 20} is beyond a double's range"),
        ("-" + "9" * 9999, f"the number -{'9' * 19} is beyond a double's range"),
        ("01", "line 1, column 2: text after the JSON value"),
        ("'a'", "line 1, column 1: Expecting value"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "it is nested deeper than 128 levels"),
        (" " * MAX_CHARACTERS + "1", "4,000,001 characters are more than the 4,000,000 that are read"),
    ],
    ids=range(13),
)
def test_what_is_not_strict_is_refused(text, what):
    """Each way of not being JSON has its own text, with a position where there is one."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared whole
        parse(text)
    assert str(caught.value) == what


@pytest.mark.parametrize(
    "text", [" [1, 2]\n", "[" * MAX_DEPTH + "]" * MAX_DEPTH, json.dumps(["[" * 500]), "9" * 308, "-0", '"é"']
)
def test_what_is_strict_is_read(text):
    """White space, nesting up to the limit, brackets in texts and large whole numbers are JSON."""
    assert parse(text) == json.loads(text)


def test_a_whole_number_keeps_its_digits():
    """A whole number within a double's range is not rounded to one."""
    assert parse("9007199254740993") == 9007199254740993
    assert isinstance(parse("1"), int)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (' {"a": 1} ', {"a": 1}),
        ('Sure: {"a": [1]}. Done.', {"a": [1]}),
        ("```json\n[1]\n```", [1]),
        ('As {"b": 2} said:\n```\n{"a": 1}\n```', {"a": 1}),
        ("A {brace} and [1, 2]", [1, 2]),
        ("3", 3),
    ],
)
def test_the_one_value_in_prose_is_found(text, value):
    """The whole text comes first, then a fenced block, then an object or list that stands in the text."""
    assert extract(text) == value


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("no JSON", "line 1, column 1: Expecting value"),
        ("the answer is 3", "line 1, column 1: Expecting value"),
        ("[1] or [2]", "2 JSON values in the text"),
        ("```\n1\n```\n```\n2\n```", "2 JSON values in the text"),
        ('x {"a": 1, "a": 2}', "line 1, column 1: Expecting value"),
        ("x " + "[" * 100_000, "it is nested deeper than 128 levels"),
    ],
    ids=range(6),
)
def test_none_or_more_than_one_is_refused(text, what):
    """Where it is not clear which value is meant, none is taken."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared whole
        extract(text)
    assert str(caught.value) == what


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('["a\ud800"]', "line 1, column 4: half a surrogate pair, or a byte that is no UTF-8"),
        ('[1,\n"\udcff"]', "line 2, column 2: half a surrogate pair, or a byte that is no UTF-8"),
        ('"\\ud800"', "an escape is half a surrogate pair (RFC 8259, section 8.2)"),
        ('{"\\uDC00": 1}', "an escape is half a surrogate pair (RFC 8259, section 8.2)"),
    ],
    ids=range(4),
)
def test_what_no_utf_8_can_carry_is_refused(text, what):
    """Half a surrogate pair, and a byte that was no UTF-8, is refused in a text and in an escape."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared whole
        parse(text)
    assert str(caught.value) == what


def test_whole_pairs_and_escaped_backslashes_are_read():
    """Both halves make one character, and a backslash before `ud800` may be one that stands for itself."""
    assert parse('["\\ud83d\\ude00", "\\\\ud800"]') == ["😀", "\\ud800"]


def test_an_answer_is_read_up_to_its_own_limit():
    """A model's answer may be shorter than a dataset."""
    text = " " * MAX_ANSWER + "1"
    assert parse(text) == 1
    with pytest.raises(ValueError, match="1,000,001 characters are more than the 1,000,000 that are read"):
        parse_answer(text)


HOSTILE = {
    "unclosed": """'x ' + '[' * 100 + '1,' * 499_000""",
    "escaped-quotes": """'[]' * 199 + '"' + '\\\\"' * 1_000_000""",
    "open-texts": """'[]' * 199 + '\\\\"' * 1_000_000""",
    "backslashes": """'[]' * 199 + '"' + '\\\\' * 2_000_001""",
    "quotes": """'[]' * 199 + '"' * 2_000_001""",
    "brackets": """'[]' * 199 + '"' + '[]{}' * 500_000""",
    "keys": """'{' + ''.join(f'"{n}":0,' for n in range(250_000)) + '"249999":1}'""",
    "fences": """'```\\n' * 200_001""",
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_takes_no_longer_than_another(hostile):
    """Megabytes that once took hours, as each quote was looked for from each quote, are refused at once."""
    code = f"from lockgate.strict_json import extract\nextract({hostile})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr.splitlines()[-1].startswith("ValueError: ")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[" * 128 + '"' + "[" * 500, "line 1, column 129: Unterminated string starting at"),
        ("[" * 128 + '"' + "[" * 500 + '\\"', "line 1, column 129: Unterminated string starting at"),
        ("[" * 129 + '"', "it is nested deeper than 128 levels"),
        ('["]"' + "," + "[" * 128, "it is nested deeper than 128 levels"),
        ('["\\\\",' + "[" * 128, "it is nested deeper than 128 levels"),
    ],
)
def test_brackets_in_a_text_are_no_nesting(text, what):
    """Not in one that does not end, either; those before and after it are."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared whole
        parse(text)
    assert str(caught.value) == what


@settings(deadline=None)
@given(VALUES)
def test_every_value_comes_back(value):
    """Whatever is written as JSON is read as the same value, strictly and by itself in prose."""
    assert parse(json.dumps(value)) == value
    assert extract(f"Here you are:\n```json\n{json.dumps([value])}\n```\n") == [value]


@settings(deadline=None)
@given(st.text() | st.text(alphabet='{}[]",:1 \\`\n', max_size=60))
def test_a_text_is_read_or_refused(text):
    """Nothing but a ValueError comes of any text, and what is read can be written again."""
    for read in (parse, extract):
        with suppress(ValueError):
            json.dumps(read(text), allow_nan=False)
