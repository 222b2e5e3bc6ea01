"""Answers in Markdown."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.checks.markdown_answers import headings, markdown
from lockgate.errors import UsageError
from lockgate.model import Case, Completion


def judged(text, *args, **options):
    return markdown(*args, **options)(Case(id="a", input="?"), Completion(text=text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# A\n## B ##\n###### C", [(1, "A"), (2, "B"), (6, "C")]),
        ("A\n===\nB\n---", [(1, "A"), (2, "B")]),
        ("#no\n####### no\n    # no", []),
        ("```\n# no\n```\n# A", [(1, "A")]),
        ("| a |\n---", []),
        ("\n---", []),
        ("#\n# #", [(1, ""), (1, "#")]),
    ],
)
def test_headings_are_those_of_commonmark(text, found):
    """Both ways of writing them, outside code."""
    assert list(headings(text)) == found


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (["Summary", "Next steps"], ""),
        (["# summary", "## Next Steps:"], ""),
        (["Next steps", "Summary"], "The heading 'Summary' is not in its place."),
        (["## Summary"], "The heading '## Summary' is missing."),
        (["Costs"], "The heading 'Costs' is missing."),
    ],
)
def test_required_headings_stand_in_order(wanted, reason):
    """Case, marks and a colon at the end do not matter; the level does where it is given."""
    found = judged("# **Summary**\nText.\n\nNext steps:\n---\n", wanted)
    assert (found.status, found.reason) == ("fail" if reason else "pass", reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 \\| 4 | 5 |\n\ntext | more", ""),
        ("a | b\n-|-\n1 | 2", ""),
        ("| a | b |\n|---|---|\n| 1 |", "Line 3: the table's row has 1 cells, its header 2."),
        ("| a | b |\n|---|\n", "Line 2: the table's rule has 1 cells, its header 2."),
        ("```\n| a | b |\n|---|---|\n| 1 |\n```", ""),
        ("a | b\ntext", ""),
    ],
)
def test_rows_have_as_many_cells_as_their_header(text, reason):
    """An escaped bar is no border, and what stands in code is no table."""
    found = judged(text)
    assert (found.status, found.reason) == ("fail" if reason else "pass", reason)
    assert judged(text, tables=False).status == "pass"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('```json\n{"a": 1}\n```', ""),
        ('```json\n{"a" 1}\n```', "Line 1: the json in the code fence does not parse: line 1, column 6: "),
        (
            "x\n```python\nif x\n```",
            "Line 2: the python in the code fence does not parse: line 1: expected ':'.",
        ),
        ("```py\nre.compile('\\d')\n```", ""),
        (
            "```py\n" + "-" * 40_000 + "1\n```",
            "Line 1: the py in the code fence does not parse: it is nested",
        ),
        (
            "```py\n" + "(" * 5_000 + "\n```",
            "Line 1: the py in the code fence does not parse: line 1: too many",
        ),
        ("```py\n" + "x" * 60_000 + "\n```", "Line 1: the py in the code fence does not parse: 60,000 char"),
        ("```py\nx\0\n```", "Line 1: the py in the code fence does not parse: "),
        ("```yaml\na: 1\na: 2\n```", "Line 1: the yaml in the code fence does not parse: line 2, column 1: "),
        ("```xml\n<a>\n```", "Line 1: the xml in the code fence does not parse: line 1, column 4: "),
        ("```ruby\nend end\n```", ""),
        ("text\n```json\n1", "Line 2: the code fence is not closed."),
    ],
    ids=range(12),
)
def test_code_parses_where_its_language_is_known(text, reason):
    """JSON, Python, YAML and XML are read strictly; other languages only have to close."""
    found = judged(text)
    assert (found.status, found.reason[: len(reason)]) == ("fail" if reason else "pass", reason)
    assert judged(text, code=False).status == "pass"


def test_more_than_five_problems_are_counted():
    """The first five are told."""
    rows = "\n".join(["| 1 |"] * 7)
    assert judged(f"| a | b |\n|-|-|\n{rows}").reason.endswith(
        "Line 7: the table's row has 1 cells, its header 2. And 2 more."
    )


def test_an_empty_heading_is_refused():
    """A heading to look for has a text."""
    with pytest.raises(UsageError, match="The heading '## ' is empty"):
        markdown(["## "])


@pytest.mark.parametrize(
    "text", ["```\n" * 62_000, "|" * 249_000, "#" + " " * 240_000 + "x", "a\n-" * 80_000, "x" * 10**7]
)
def test_a_hostile_text_ends_in_time(text):
    """Fences, bars and marks by the hundred thousand take about a second at most."""
    start = time.thread_time()
    judged(text)
    assert time.thread_time() - start < 2


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="#|-`~ ab\n:=\\") | st.text())
def test_any_text_has_a_verdict(text):
    """Nothing raises, whatever the text."""
    assert judged(text, ["a"]).status in ("pass", "fail")
