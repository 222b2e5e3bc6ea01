"""Findings: positions inside the text, keys blotted out, long lines cut, paths as a person typed them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.documents.findings import Findings, Source, check_text, missing_file, shown_path
from lockgate.errors import DocumentError, Problem
from lockgate.model import Where


def _at(line, column, text="one\ntwo"):
    return Source(path="f", text=text).problem(Where(path="f", line=line, column=column), "Wrong. Mend it.")


def test_a_problem_shows_its_line():
    """The line stands in the problem, and a caret below it in the text."""
    assert str(_at(2, 3)) == "f:2:3: Wrong. Mend it.\n    two\n      ^"


@pytest.mark.parametrize(("line", "column", "place"), [(9, 1, (2, 1)), (0, 0, (1, 1)), (1, 99, (1, 4))])
def test_a_place_outside_the_text_is_moved_into_it(line, column, place):
    """The end of a file is reported at its last line."""
    problem = _at(line, column)
    assert (problem.line, problem.column) == place


@settings(deadline=None)
@given(st.text(max_size=40), st.integers(0, 40))
def test_every_index_has_a_place_inside_the_text(text, index):
    """A character's line and column lie in the text whatever its line ends are."""
    source = Source(path="f", text=text)
    where = source.at(min(index, len(text)))
    assert 1 <= where.line <= len(source.lines)
    assert 1 <= where.column <= len(source.lines[where.line - 1]) + 1


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("api_key: sk-123", "api_key: ••••••"),
        ("{api_key: 'sk-123', n: 1}", "{api_key: '••••••', n: 1}"),
        ('{"api_key": "sk-123"}', '{"api_key": "••••••"}'),
        ("Password: hunter2 # mine", "Password: ••••••• # mine"),
        ('api_key: "${API_KEY}"', 'api_key: "${API_KEY}"'),
        ("max_tokens: 64", "max_tokens: 64"),
        ("api_key_env: API_KEY", "api_key_env: API_KEY"),
    ],
)
def test_keys_in_the_clear_are_blotted_out_in_the_line(line, shown):
    """A caret still stands under the right column, and names of variables stay readable."""
    assert _at(1, 1, line).source == shown
    assert len(shown) == len(line)


def test_a_long_line_is_cut_behind_the_caret():
    """A dataset's row of thousands of characters does not fill the screen."""
    line = "x" * 5000
    assert _at(1, 1, line).source == "x" * 159 + "…"
    assert len(_at(1, 300, line).source) == 340


def test_findings_stop_with_all_that_was_found():
    """In order of position, whatever the order in which they were found; nothing found is no error."""
    findings = Findings(Source(path="f", text="one\ntwo"))
    findings.stop()
    findings.add(Where(path="f", line=2), "Second. Mend it.")
    findings.add(Where(path="f", line=1), "First. Mend it.")
    findings.extend([Problem(path="e", line=1, column=1, message="Other. Mend it.")])
    with pytest.raises(DocumentError) as caught:
        findings.stop()
    assert [str(p).splitlines()[0] for p in caught.value.problems] == [
        "e:1:1: Other. Mend it.",
        "f:1:1: First. Mend it.",
        "f:2:1: Second. Mend it.",
    ]


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\ud800"])
def test_what_no_text_file_holds_is_refused(character):
    """Control characters and halves of characters are named by their number."""
    with pytest.raises(DocumentError) as caught:
        check_text(f"a\nb{character}", "f")
    [problem] = caught.value.problems
    assert (problem.line, problem.column) == (2, 2)
    assert problem.message == f"The character U+{ord(character):04X} cannot stand in a text file. Delete it."


def test_paths_are_shown_from_the_working_folder(tmp_path, monkeypatch):
    """Inside of it relative to it, outside as given."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert shown_path(tmp_path / "here" / "a" / "b.yaml") == "a/b.yaml"
    assert shown_path(Path("a/../b.yaml")) == "b.yaml"
    assert shown_path(tmp_path / "c.yaml") == (tmp_path / "c.yaml").as_posix()


def test_a_file_that_cannot_be_read_says_why():
    """Whether it is missing or forbidden."""
    assert missing_file(Path("a"), FileNotFoundError(2, "No such file")).message.startswith(
        "There is no such file."
    )
    assert missing_file(Path("a"), PermissionError(13, "Permission denied")).message == (
        "Permission denied. Check the path and its permissions."
    )
