"""Answers that are YAML."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.checks.yaml_answers import parse_yaml, yaml
from lockgate.errors import UsageError
from lockgate.model import Case, Completion, Setting

BOMB = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


def judged(text, *args, **options):
    return yaml(*args, setting=Setting(), **options)(Case(id="a", input="?"), Completion(text=text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" \n", "it is empty."),
        ("a: 1\na: 2", "line 2, column 1: The key 'a' is already set in line 1. Keep one of the two."),
        ("a: [1", "line 1, column 6: while parsing a flow sequence"),
        ("a:\n\t- b", "line 2, column 1: "),
        ("!!python/object:os.system x", "line 1, column 1: The tag '!!python/object:os.system' is not known"),
        (BOMB, "line 6, column 5: Aliases unfold to more than 1,000,000 values."),
        ("a: &x [*x]", "line 1, column 4: This anchor contains itself."),
        ("[" * 5000, "line 1, column "),
        ("\ud800", "line 1, column 1: The character U+D800 cannot stand in a text file."),
        ("- a\n" * 10_000, "40,000 characters are more than the 30,000 that are read."),
    ],
    ids=range(10),
)
def test_what_is_not_safe_yaml_is_a_miss(text, why):
    """Each mistake has its line and column; tags, bombs and keys that come twice are mistakes."""
    found = judged(text)
    assert found.status == "fail"
    assert found.reason.startswith(f"The answer is not YAML: {why}")


def test_values_are_those_that_everyone_reads():
    """`no` stays a text, and a date one too."""
    assert parse_yaml("a: no\nb: 2024-01-01\nc: [1, 2.5, true, null]") == {
        "a": "no",
        "b": "2024-01-01",
        "c": [1, 2.5, True, None],
    }


def test_prose_is_no_yaml_unless_it_is_asked_for():
    """A text alone is YAML in a sense that hardly anyone means."""
    assert judged("I cannot say.").reason == "The answer is a text or a number alone, no mapping and no list."
    assert judged("I cannot say.", scalar=True).status == "pass"
    assert judged("- a\n- b").status == "pass"


def test_a_code_fence_is_read_where_it_is_asked_for():
    """With `extract` the one fence is the document."""
    text = "Here:\n```yaml\na: 1\n```"
    assert judged(text).status == "fail"
    assert judged(text, extract=True).status == "pass"


def test_the_value_is_held_to_a_schema():
    """The violations are those of `json_schema`."""
    schema = {"required": ["b"], "properties": {"a": {"type": "integer"}}}
    found = judged("a: x", schema)
    assert found.reason == (
        "$: 'b' is a required property (rule 'required'). $.a: 'x' is not of type 'integer' (rule 'type')."
    )
    assert judged("a: 1\nb: 2", schema).status == "pass"
    assert judged("a: 1", {"$ref": "#"}).status == "error"


def test_a_missing_schema_is_refused():
    """A file that is not there is a mistake of the suite."""
    with pytest.raises(UsageError, match=r"There is no schema file 'nowhere\.json'"):
        yaml("nowhere.json", setting=Setting())


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"# \n\t?,%") | st.text())
def test_any_text_has_a_verdict(text):
    """Nothing raises, whatever the text."""
    assert judged(text, extract=True).status in ("pass", "fail")
