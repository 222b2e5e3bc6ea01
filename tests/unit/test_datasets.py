"""Datasets: every format to cases with their positions, every mistake at its row."""

# ruff: noqa: E501  (lines that a person sees stand unbroken)

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.documents.datasets import CASE, content, load_cases, read_cases, rows_to_cases
from lockgate.documents.findings import Findings, Source
from lockgate.documents.rows import FORMATS, Row, read_rows
from lockgate.documents.tables import check_mapping, checker
from lockgate.errors import DocumentError
from lockgate.model import Case, Where


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def _load(name, text):
    Path(name).write_text(text, encoding="utf-8")
    return load_cases(Path(name))


def _complaint(name, text):
    with pytest.raises(DocumentError) as caught:
        _load(name, text)
    return str(caught.value)


def test_a_row_becomes_a_case_with_all_it_says():
    """Known keys become fields of the case; the others are kept as they are."""
    row = (
        '{"id": "a", "input": "Hi", "expected": {"n": 1}, "context": ["x", "y"], "should_refuse": true, '
        '"tags": {"k": "v"}, "lang": "de", "n": 3}'
    )
    (case,) = _load("c.jsonl", row)
    assert case == Case(
        id="a",
        input="Hi",
        expected={"n": 1},
        context=("x", "y"),
        should_refuse=True,
        tags={"k": "v"},
        fields={"lang": "de", "n": 3},
    )
    assert str(case.where) == "c.jsonl:1:1"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.jsonl", '{"id": "a", "input": "x", "expected": {"n": 1}}\n\n{"id": "b", "input": "y"}\n'),
        ("c.jsonl", '{"id": "a", "input": "x", "expected": {"n": 1}}\r\n{"id": "b", "input": "y"}'),
        ("c.json", '[{"id": "a", "input": "x", "expected": {"n": 1}}, {"id": "b", "input": "y"}]'),
        (
            "c.json",
            '{"about": [1, {"cases": 2}], "cases": [ {"id": "a", "input": "x", "expected": {"n": 1}},{"id": "b", "input": "y"} ], "z": 1}',
        ),
        ("c.csv", "id,input,expected.n\na,x,1\n\nb,y,\n"),
        ("c.csv", 'id,input,expected\na,x,"{""n"": 1}"\nb,y\n'),
        ("c.yaml", "- {id: a, input: x, expected: {n: 1}}\n- {id: b, input: y}"),
        ("c.yml", "cases:\n- id: a\n  input: x\n  expected: {n: 1}\n- {id: b, input: y}"),
    ],
)
def test_every_format_says_the_same(name, text):
    """JSON Lines, JSON, CSV and YAML give equal cases, and so equal hashes."""
    cases = _load(name, text)
    assert cases == (Case(id="a", input="x", expected={"n": 1}), Case(id="b", input="y"))
    assert content(cases) == content([Case(id="a", input="x", expected={"n": 1}), Case(id="b", input="y")])


@pytest.mark.parametrize(
    ("name", "text", "places"),
    [
        ("c.jsonl", '{"input": "x"}\n\n{"input": "y"}', ["c.jsonl:1:1", "c.jsonl:3:1"]),
        ("c.json", '{"cases": [\n  {"input": "x"},\n  {"input": "y"}]}', ["c.json:2:3", "c.json:3:3"]),
        ("c.json", '[{"input": "x"}, {"input": "y"}]', ["c.json:1:2", "c.json:1:18"]),
        ("c.csv", 'input\n"two\nlines"\ny\n', ["c.csv:2:1", "c.csv:4:1"]),
        ("c.yaml", "- input: x\n\n- input: y", ["c.yaml:1:3", "c.yaml:3:3"]),
    ],
)
def test_every_case_knows_its_row(name, text, places):
    """Line and column are the row's own, blank lines and lines in cells counted."""
    assert [str(case.where) for case in _load(name, text)] == places


def test_csv_cells_are_json_only_where_that_is_meant():
    """Expected values, tags and should_refuse are read as JSON; an id, an input or another field is a text."""
    text = 'id,input,expected,tags.n,zip,should_refuse,context\n7,12,true,3,007,TRUE,"[""a"", ""b""]"\n8,[x,billing,,,,plain\n'
    first, second = _load("c.csv", text)
    assert first == Case(
        id="7",
        input="12",
        expected=True,
        tags={"n": 3},
        fields={"zip": "007"},
        should_refuse=True,
        context=("a", "b"),
    )
    assert second == Case(id="8", input="[x", expected="billing", context="plain")


def test_a_csv_input_may_be_chat_messages():
    """A cell that holds a JSON list is one."""
    (case,) = _load("c.csv", 'input\n"[{""role"": ""user"", ""content"": ""Hi""}]"\n')
    assert case.input == [{"role": "user", "content": "Hi"}]
    assert case.question == "Hi"


def test_an_absent_id_is_made_of_the_input_alone():
    """Inserting a row changes no other row's id."""
    before = [case.id for case in _load("a.jsonl", '{"input": "x"}\n{"input": "y"}')]
    after = [case.id for case in _load("b.jsonl", '{"input": "new"}\n{"input": "x", "n": 1}\n{"input": "y"}')]
    assert after[1:] == before
    assert all(len(i) == 8 and int(i, 16) >= 0 for i in after)


def test_null_is_as_good_as_absent():
    """Rows that other tools wrote often carry nulls."""
    (case,) = _load(
        "c.jsonl",
        '{"id": "a", "input": "x", "expected": null, "context": null, "tags": null, "should_refuse": null}',
    )
    assert case == Case(id="a", input="x")


def test_a_change_of_content_changes_the_hash_and_a_reformatting_does_not():
    """The dataset's digest speaks of what the cases say."""
    plain = content(_load("a.jsonl", '{"id": "a", "input": "x"}'))
    assert content(_load("b.json", '[ {"input":"x",\n"id":"a"} ]')) == plain
    assert content(_load("c.jsonl", '{"id": "a", "input": "x", "tags": {"n": 1}}')) != plain


_REFUSED = {
    "rows that are not objects": (
        "c.jsonl",
        '{"id": "a", "input": "x"}\n3\n["b"]\n"c"\nnull',
        """\
c.jsonl:2:1: A case is a mapping, not 3. Write keys such as 'input: …'.
    3
    ^
c.jsonl:3:1: A case is a mapping, not a list. Write keys such as 'input: …'.
    ["b"]
    ^
c.jsonl:4:1: A case is a mapping, not 'c'. Write keys such as 'input: …'.
    "c"
    ^
c.jsonl:5:1: A case is a mapping, not null. Write keys such as 'input: …'.
    null
    ^""",
    ),
    "broken JSON in one line": (
        "c.jsonl",
        '{"id": "a", "input": "x"}\n{"id": "b",\n{"id": "c", "input": NaN}\n{"id": "d", "input": "x", "id": "e"}',
        """\
c.jsonl:2:12: This is not JSON: Expecting property name enclosed in double quotes. Correct it, or delete the row.
    {"id": "b",
               ^
c.jsonl:3:1: This is not JSON: NaN is not JSON. Correct it, or delete the row.
    {"id": "c", "input": NaN}
    ^
c.jsonl:4:1: This is not JSON: the key 'id' comes twice in one object. Correct it, or delete the row.
    {"id": "d", "input": "x", "id": "e"}
    ^""",
    ),
    "wrong types": (
        "c.jsonl",
        '{"id": "a", "input": "x", "should_refuse": "yes", "tags": ["t"], "context": 3}\n{"id": "b", "input": true}\n{"id": "c"}',
        """\
c.jsonl:1:27: 'should_refuse' cannot be 'yes'. Write true or false.
    {"id": "a", "input": "x", "should_refuse": "yes", "tags": ["t"], "context": 3}
                              ^
c.jsonl:1:51: 'tags' cannot be a list. Write a mapping.
    {"id": "a", "input": "x", "should_refuse": "yes", "tags": ["t"], "context": 3}
                                                      ^
c.jsonl:1:66: 'context' cannot be 3. Write a text or a list of texts.
    {"id": "a", "input": "x", "should_refuse": "yes", "tags": ["t"], "context": 3}
                                                                     ^
c.jsonl:2:13: 'input' cannot be true. Write a text or a list of mappings.
    {"id": "b", "input": true}
                ^
c.jsonl:3:1: The key 'input' is missing in a case (A text, or a list of chat messages with role and content). Add it.
    {"id": "c"}
    ^""",
    ),
    "messages that are none": (
        "c.yaml",
        "- {id: a, input: []}\n- id: b\n  input: [{role: bot, content: x}, {role: user, content: 3}]",
        """\
c.yaml:1:11: The input has no messages. Write a text, or one message at least.
    - {id: a, input: []}
              ^
c.yaml:3:3: Message 1 of the input is not a chat message. Write {role: system, user or assistant, content: a text}.
      input: [{role: bot, content: x}, {role: user, content: 3}]
      ^
c.yaml:3:3: Message 2 of the input is not a chat message. Write {role: system, user or assistant, content: a text}.
      input: [{role: bot, content: x}, {role: user, content: 3}]
      ^""",
    ),
    "ids that cannot name a test": (
        "c.yaml",
        "- {id: 'a::b', input: x}\n- {id: '', input: x}\n- {id: ' a', input: x}\n- {id: \"a\\nb\", input: x}",
        """\
c.yaml:1:4: The id 'a::b' cannot name a test. Write one line without '::' and outer spaces.
    - {id: 'a::b', input: x}
       ^
c.yaml:2:4: The id '' cannot name a test. Write one line without '::' and outer spaces.
    - {id: '', input: x}
       ^
c.yaml:3:4: The id ' a' cannot name a test. Write one line without '::' and outer spaces.
    - {id: ' a', input: x}
       ^
c.yaml:4:4: The id 'a\\nb' cannot name a test. Write one line without '::' and outer spaces.
    - {id: "a\\nb", input: x}
       ^""",
    ),
    "the same id twice": (
        "c.jsonl",
        '{"id": "a", "input": "x"}\n{"id": 1, "input": "y"}\n{"id": "a", "input": "z"}\n{"id": "1", "input": "w"}',
        """\
c.jsonl:3:1: The case id 'a' is already taken by c.jsonl:1. Give one of them another id.
    {"id": "a", "input": "z"}
    ^
c.jsonl:4:1: The case id '1' is already taken by c.jsonl:2. Give one of them another id.
    {"id": "1", "input": "w"}
    ^""",
    ),
    "no cases": ("c.jsonl", "\n\n", "c.jsonl:1:1: The dataset has no cases. Add one."),
    "no list": (
        "c.json",
        '{"rows": []}',
        """\
c.json:1:1: A dataset is a list of rows, or a mapping with the list under 'cases'. Write one of them.
    {"rows": []}
    ^""",
    ),
    "cases that are no list": (
        "c.json",
        '{"cases": {}}',
        """\
c.json:1:1: A dataset is a list of rows, or a mapping with the list under 'cases'. Write one of them.
    {"cases": {}}
    ^""",
    ),
    "YAML cases that are no list": (
        "c.yaml",
        "cases: x",
        """\
c.yaml:1:8: A dataset is a list of rows, or a mapping with the list under 'cases'. Write one of them.
    cases: x
           ^""",
    ),
    "broken JSON": (
        "c.json",
        '[{"id": "a"},\n 3,',
        """\
c.json:2:4: This is not JSON: Expecting value. Correct it, or delete the row.
     3,
       ^""",
    ),
    "a CSV row too long": (
        "c.csv",
        "id,input\na,Hello, you\n",
        """\
c.csv:2:1: This row has 3 cells and the header 2. Quote a text that holds a comma.
    a,Hello, you
    ^""",
    ),
    "CSV columns without a name of their own": (
        "c.csv",
        "id,input,,id\na,x,y,z\n",
        """\
c.csv:1:1: The column '' must have a name of its own. Rename it.
    id,input,,id
    ^
c.csv:1:1: The column 'id' must have a name of its own. Rename it.
    id,input,,id
    ^""",
    ),
    "CSV columns that are value and group": (
        "c.csv",
        "input,expected,expected.n\na,b,c\n",
        """\
c.csv:2:1: The column 'expected.n' is both a value and a group of columns. Rename one.
    a,b,c
    ^""",
    ),
    "open CSV quotes": (
        "c.csv",
        'input\nx\n"y\n',
        """\
c.csv:3:1: This is not CSV: unexpected end of data. Check the quotes of this row.
    "y
    ^""",
    ),
    "a format that is none": (
        "c.txt",
        "x",
        """\
c.txt:1:1: A dataset cannot be a .txt file. The formats there are: '.jsonl', '.json', '.csv', '.yaml', '.yml'.""",
    ),
    "a format misspelt": (
        "c.jsonln",
        "x",
        """\
c.jsonln:1:1: A dataset cannot be a .jsonln file. Did you mean '.jsonl'?""",
    ),
    "a file without ending": (
        "cases",
        "x",
        """\
cases:1:1: A dataset cannot be a nameless file. The formats there are: '.jsonl', '.json', '.csv', '.yaml', '.yml'.""",
    ),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_every_mistake_has_its_row_and_remedy(name):
    """All mistakes of a file are told at once, each with its line."""
    path, text, message = _REFUSED[name]
    assert _complaint(path, text) == message


@pytest.mark.parametrize("name", ["c.parquet", "c.xlsx"])
def test_a_format_that_is_no_text_is_refused_as_a_format(name):
    """Nobody is told of a byte that is not UTF-8 in a file that never was text."""
    Path(name).write_bytes(b"PAR1\x00\xff\xfe")
    with pytest.raises(DocumentError) as error:
        load_cases(Path(name))
    assert str(error.value).startswith(
        f"{name}:1:1: A dataset cannot be a .{name[2:]} file. The formats there are: "
    )


def test_a_right_dataset_is_not_dumped_nor_split_for_errors_that_nobody_makes(monkeypatch):
    """Positions are looked for when something is wrong, which ten thousand rows would feel."""
    Path("c.jsonl").write_text('{"id": "a", "input": "x", "tags": {"n": 1}}\n' * 2, encoding="utf-8")
    rows, findings = read_rows(Path("c.jsonl"))
    monkeypatch.setattr("lockgate.documents.rows.json", None)
    assert len(rows_to_cases(rows, findings)) == 2
    assert "lines" not in vars(findings.source)


@given(
    st.dictionaries(
        st.sampled_from(["id", "input", "context", "should_refuse", "tags", "other"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.just("x")
        | st.lists(st.just("x") | st.just({}), max_size=2),
    )
    | st.just("x")
)
def test_the_quick_look_at_a_row_finds_what_the_slow_one_does(value):
    """A row is let through without positions only if the tables have nothing to say of it."""
    row = Row(value=value, where=Where(path="c.jsonl"))
    findings = Findings(Source(path="c.jsonl", text="x"))
    check_mapping(row.node(), CASE, findings)
    assert checker(CASE)(value) == (not findings.problems)


def test_a_dataset_that_is_not_there_is_refused():
    """The path is quoted as it is shown everywhere."""
    with pytest.raises(DocumentError, match=r"^none\.jsonl:1:1: There is no such file\."):
        load_cases(Path("none.jsonl"))


def test_a_json_file_too_long_to_read_at_once_is_refused(monkeypatch):
    """JSON Lines are read row by row, whatever their number."""
    monkeypatch.setattr("lockgate.documents.rows.MAX_CHARACTERS", 20)
    rows = '[{"id": "a", "input": "x"}]'
    assert _complaint("c.json", rows).startswith(
        "c.json:1:1: 27 characters are too long for one JSON value. Write the cases as JSON Lines.\n"
    )
    assert len(_load("c.jsonl", rows[1:-1])) == 1


def test_right_rows_are_kept_beside_wrong_ones():
    """What can be read is read, so that later checks see it."""
    Path("c.jsonl").write_text('{"id": "a", "input": "x"}\n3\n')
    cases, findings = read_cases(Path("c.jsonl"))
    assert [case.id for case in cases] == ["a"]
    assert len(findings.problems) == 1


@settings(deadline=None)
@given(
    ending=st.sampled_from(FORMATS), text=st.text(st.sampled_from('{}[]",:\n\r ain012.-dput\\'), max_size=60)
)
def test_any_text_gives_cases_or_a_document_error(tmp_path_factory, ending, text):
    """Whatever a dataset holds, it is read or refused with positions."""
    path = tmp_path_factory.getbasetemp() / f"any{ending}"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        cases = load_cases(path)
    except DocumentError as error:
        assert error.problems  # noqa: PT017  (the property is about both outcomes)
    else:
        assert cases
