"""The YAML reader: what it reads, where it says things stand, and every text it refuses."""

# ruff: noqa: E501  (lines that a person sees stand unbroken)

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.documents.yaml_source import parse, read
from lockgate.errors import DocumentError
from lockgate.model import Where


def _value(text):
    root, findings = parse(text)
    findings.stop()
    return root.value


def _complaint(text):
    with pytest.raises(DocumentError) as caught:
        _value(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: No", {"on": "No"}),
        ("a: yes\nb: off\nc: y", {"a": "yes", "b": "off", "c": "y"}),
        ("a: true\nb: FALSE", {"a": True, "b": False}),
        ("day: 2024-01-31", {"day": "2024-01-31"}),
        ("at: 12:30", {"at": "12:30"}),
        ("a: 007\nb: 0x10\nc: 1_000", {"a": "007", "b": "0x10", "c": "1_000"}),
        ("a: -3\nb: +.5\nc: 1e3\nd: 2.", {"a": -3, "b": 0.5, "c": 1000.0, "d": 2.0}),
        ("a: ~\nb: null\nc:", {"a": None, "b": None, "c": None}),
        ("a: '3'\nb: !!str 3", {"a": "3", "b": "3"}),
        ("a: !!int 3\nb: !!float 3\nc: !!null ''", {"a": 3, "b": 3, "c": None}),
        ("1: a\ntrue: b\n~: c", {"1": "a", "true": "b", "~": "c"}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: &x {p: 1, q: 1}\nb: {<<: *x, q: 2}", {"a": {"p": 1, "q": 1}, "b": {"p": 1, "q": 2}}),
        (
            "a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}",
            {"a": {"p": 1}, "b": {"p": 2, "q": 2}, "c": {"p": 1, "q": 2}},
        ),
        ("a: |-\n  x\n  y", {"a": "x\ny"}),
        ('a: "\\ud83d\\ude00"', {"a": "😀"}),
        ("\ufeffa: 1", {"a": 1}),
        ("a: =", {"a": "="}),
        ("[]", []),
        ("just a text", "just a text"),
    ],
)
def test_only_what_reads_the_same_to_everyone_is_special(text, value):
    """Booleans are true and false alone, numbers are decimal, dates and times stay texts."""
    got = _value(text)
    assert got == value
    assert json.dumps(got, sort_keys=True) == json.dumps(value, sort_keys=True)


_REFUSED = {
    "duplicate keys": (
        "a: 1\nb: {c: 1, c: 2}\na: 3",
        """\
<text>:2:11: The key 'c' is already set in line 2. Keep one of the two.
    b: {c: 1, c: 2}
              ^
<text>:3:1: The key 'a' is already set in line 1. Keep one of the two.
    a: 3
    ^""",
    ),
    "an unquoted template": (
        "value: {{ expected.category }}",
        """\
<text>:1:9: A key cannot be a list or a mapping. Quote a template: "{{ … }}".
    value: {{ expected.category }}
            ^""",
    ),
    "an unquoted variable in braces": (
        "a: {b: ${X}}",
        """\
<text>:1:9: This is not YAML: while parsing a flow mapping, expected ',' or '}', but got '{'. \
Close the bracket, and put commas between items; quote a text such as "${NAME}".
    a: {b: ${X}}
            ^""",
    ),
    "tabs": (
        "a:\n\tb: 1",
        """\
<text>:2:1: This is not YAML: while scanning for the next token, found character '\\t' that cannot start any token. \
Indent with spaces instead of tabs.
     b: 1
    ^""",
    ),
    "a colon in a text": (
        "a: b: c",
        """\
<text>:1:5: This is not YAML: mapping values are not allowed here. \
Quote a text that holds ': ', or check the indentation.
    a: b: c
        ^""",
    ),
    "a question in braces": (
        "{id: a, input: Well?}",
        """\
<text>:1:20: This is not YAML: while parsing a flow mapping, expected ',' or '}', but got '?'. \
Quote a text with a question mark that stands in braces or brackets.
    {id: a, input: Well?}
                       ^""",
    ),
    "an open bracket": (
        "a: [1",
        """\
<text>:1:6: This is not YAML: while parsing a flow sequence, expected ',' or ']', but got '<stream end>'. \
Close the bracket, and put commas between items; quote a text such as "${NAME}".
    a: [1
         ^""",
    ),
    "open quotes": (
        "a: 'x",
        """\
<text>:1:6: This is not YAML: while scanning a quoted scalar, found unexpected end of stream. Close the quotes.
    a: 'x
         ^""",
    ),
    "bad indentation": (
        "a: 1\n b: 2\nc: 3",
        """\
<text>:2:3: This is not YAML: mapping values are not allowed here. \
Quote a text that holds ': ', or check the indentation.
     b: 2
      ^""",
    ),
    "a sibling out of line": (
        "a:\n  - 1\n c: 2",
        """\
<text>:3:2: This is not YAML: while parsing a block mapping, expected <block end>, but found '<block mapping start>'. \
Align this line with its siblings.
     c: 2
     ^""",
    ),
    "several documents": (
        "a: 1\n---\nb: 2",
        """\
<text>:2:1: This is not YAML: expected a single document in the stream, but found another document. \
Keep one document a file: delete '---' and what follows.
    ---
    ^""",
    ),
    "an alias of nothing": (
        "- *x",
        """\
<text>:1:3: This is not YAML: found undefined alias 'x'. \
Define the anchor above its use, or quote a text that starts with '*'.
    - *x
      ^""",
    ),
    "an anchor twice": (
        "- &x 1\n- &x 2",
        """\
<text>:2:3: This is not YAML: found duplicate anchor 'x'; first occurrence, second occurrence. \
Give each anchor a name of its own.
    - &x 2
      ^""",
    ),
    "an anchor in itself": (
        "a: &x [*x]",
        """\
<text>:1:4: This anchor contains itself. Write the value out.
    a: &x [*x]
       ^""",
    ),
    "a reserved character": (
        "a: @b",
        """\
<text>:1:4: This is not YAML: while scanning for the next token, found character '@' that cannot start any token. \
Quote a text that starts with this character.
    a: @b
       ^""",
    ),
    "an unknown escape": (
        'a: "\\d"',
        """\
<text>:1:6: This is not YAML: while scanning a double-quoted scalar, found unknown escape character 'd'. \
Double the backslash, or use single quotes.
    a: "\\d"
         ^""",
    ),
    "an escape beyond Unicode": (
        'a: "\\UFFFFFFFF"',
        """\
<text>:1:7: This is not YAML: a number or an escape is out of range. Double the backslash, or use single quotes.
    a: "\\UFFFFFFFF"
          ^""",
    ),
    "half a surrogate pair": (
        'a: "\\ud800"',
        """\
<text>:1:4: Half a surrogate pair is no character. Write both halves.
    a: "\\ud800"
       ^""",
    ),
    "a control character": (
        "a: x\x07",
        """\
<text>:1:5: The character U+0007 cannot stand in a text file. Delete it.
    a: x\x07
        ^""",
    ),
    "not a number": (
        "a: .nan",
        """\
<text>:1:4: .nan is not a finite number. Quote it if it is a text.
    a: .nan
       ^""",
    ),
    "an infinite number": (
        "a: 1e999",
        """\
<text>:1:4: 1e999 is not a finite number. Quote it if it is a text.
    a: 1e999
       ^""",
    ),
    "a foreign tag": (
        "a: !!python/object:os.system 1",
        """\
<text>:1:4: The tag '!!python/object:os.system' is not known here. Delete it.
    a: !!python/object:os.system 1
       ^""",
    ),
    "a tag that does not fit": (
        "a: !!int x\nb: !!map [1]",
        """\
<text>:1:4: 'x' is no int. Delete the tag or correct the value.
    a: !!int x
       ^
<text>:2:4: The tag '!!map' is not known here. Delete it.
    b: !!map [1]
       ^""",
    ),
    "merging a text": (
        "a:\n  <<: b",
        """\
<text>:2:7: Only a mapping can be merged. Name the anchor of a mapping after '<<:'.
      <<: b
          ^""",
    ),
    "nothing": ("", "<text>:1:1: The file is empty. `lockgate schema` shows what it may hold."),
    "a comment alone": (
        "# later",
        """\
<text>:1:1: The file is empty. `lockgate schema` shows what it may hold.
    # later
    ^""",
    ),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_every_refusal_has_its_place_and_remedy(name):
    """What is wrong, where, with the line and a caret, and what to do."""
    text, message = _REFUSED[name]
    assert _complaint(text) == message


def test_deep_nesting_is_refused_before_the_stack_ends():
    """Sixty levels are enough for anyone; five thousand brackets are a mistake with a position."""
    said = _complaint("[" * 5000)
    assert said.startswith(
        "<text>:1:62: This is not YAML: more than 60 levels of nesting. Write it flatter.\n"
    )


def test_a_long_number_is_refused():
    """Python would not convert thousands of digits."""
    said = _complaint(f"a: {'9' * 5000}")
    assert said.startswith("<text>:1:4: A number of 5000 digits is too long. Quote it if it is a text.\n")
    assert said.splitlines()[1].endswith("9…")


def test_aliases_that_unfold_without_end_are_refused():
    """Ten lines that mean a billion values are stopped where they pass a million."""
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    said = _complaint("\n".join(lines))
    assert said.startswith(
        "<text>:7:4: Aliases unfold to more than 1,000,000 values. Write the values out.\n"
    )


def test_every_node_knows_its_place():
    """Keys and values have line and column from 1; items of lists too."""
    root, _ = parse("a:\n  - x\n  - {b: 1}\n", "s.yaml")
    assert root.where == Where(path="s.yaml", line=1, column=1)
    assert root.keys["a"] == Where(path="s.yaml", line=1, column=1)
    items = root.entries["a"].items
    assert [str(item.where) for item in items] == ["s.yaml:2:5", "s.yaml:3:5"]
    assert str(items[1].keys["b"]) == "s.yaml:3:6"
    assert str(items[1].entries["b"].where) == "s.yaml:3:9"


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: |\n  one\n  two", 3), ("a: >\n  one\n  two", 3), ("a: 'one\n\n  two'", 2), ("a: one", 2)],
)
def test_the_second_line_of_a_text_is_found_in_the_file(text, line):
    """A block starts below its key; a quoted text starts beside it."""
    root, _ = parse(text)
    assert root.entries["a"].line_of(2).line == line


def test_the_first_line_of_a_text_beside_its_key_keeps_its_column():
    """Only block texts start on a line of their own."""
    root, _ = parse("a: one\nb: |\n  two")
    assert str(root.entries["a"].line_of(1)) == "<text>:1:4"
    assert str(root.entries["b"].line_of(1)) == "<text>:3:1"


def test_positions_count_every_line_end_of_yaml():
    """Carriage returns and Unicode's line ends are line ends to YAML, so they are to errors."""
    assert _complaint("a: 1\r\nb: 1\rc: 1\u2028d: 1\nd: 2").startswith(
        "<text>:5:1: The key 'd' is already set in line 4."
    )


def test_files_are_read_without_their_byte_order_mark(tmp_path, monkeypatch):
    """A file as Windows editors save it reads the same."""
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    root, _ = read(Path("s.yaml"))
    assert root.value == {"a": 1}


def test_what_is_not_utf8_is_refused_at_its_byte(tmp_path, monkeypatch):
    """The position is the first byte that is not UTF-8."""
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_bytes(b"a: 1\nb: Gr" + b"\xfc\xdfe\n")
    with pytest.raises(DocumentError) as caught:
        read(Path("s.yaml"))
    assert str(caught.value) == (
        "s.yaml:2:6: The byte 0xFC is not UTF-8. Save the file as UTF-8.\n    b: Gr\n         ^"
    )


def test_utf16_is_refused(tmp_path, monkeypatch):
    """A UTF-16 file is told by its first byte."""
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_bytes("a: 1".encode("utf-16"))
    with pytest.raises(DocumentError, match=r"^s\.yaml:1:1: The byte 0xFF is not UTF-8\."):
        read(Path("s.yaml"))


def test_a_file_that_is_not_there_is_refused(tmp_path, monkeypatch):
    """The path is shown from the working folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DocumentError) as caught:
        read(tmp_path / "none.yaml")
    assert str(caught.value) == "none.yaml:1:1: There is no such file. Check the path and its permissions."


def test_a_folder_is_refused(tmp_path, monkeypatch):
    """What can be opened but not read says why."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DocumentError) as caught:
        read(tmp_path)
    assert str(caught.value) == ".:1:1: Is a directory. Check the path and its permissions."


_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_PIECES = st.one_of(
    st.sampled_from(
        [
            *"[]{},:-?!&*|>%@'\"#\\ \n\t~<=.09axU\r\x85\u2028\ufeff",
            "a: ",
            "- ",
            "---\n",
            "...\n",
            "&a ",
            "*a",
            "<<: ",
            "? ",
        ]
    ),
    st.sampled_from(
        [
            "!!int ",
            "!!set ",
            "!<x> ",
            "%TAG ! x\n",
            "%YAML 1.1\n",
            "\\ud800",
            "|2\n",
            ">-\n",
            "1e999",
            "\n  ",
            "${A}",
        ]
    ),
    st.text(max_size=3),
)


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=30).map("".join)))
def test_any_text_is_read_or_refused_at_a_place_inside_it(text):
    """Never a traceback, always a position: every problem lies within the text; what is read is JSON."""
    lines = _LINE_END.split(text.removeprefix("\ufeff"))
    try:
        value = _value(text)
    except DocumentError as error:
        assert error.problems  # noqa: PT017  (the property is about both outcomes)
        for problem in error.problems:
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
            assert problem.message[-1] in ".?"
    else:
        json.dumps(value, allow_nan=False).encode()


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    """A file of any bytes gives nodes or a DocumentError."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    try:
        read(path)[1].stop()
    except DocumentError as error:
        assert error.problems  # noqa: PT017  (the property is about both outcomes)
