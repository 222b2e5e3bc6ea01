"""A folder to documents: which files, what metadata, and every mistake at its line."""

from __future__ import annotations

import json

import pytest

from lockgate.errors import DocumentError, UsageError
from lockgate.retrieval.corpus import Document, corpus_files, read_corpus


@pytest.fixture
def write(tmp_path):
    """Writes files, named by path, into a folder; gives the folder."""

    def write(**files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def test_files_of_all_kinds_are_read_in_order(write):
    """Markdown, text and JSON Lines are read at any depth, in the order of their paths."""
    folder = write(b_md="B", sub__a_txt="A", c_jsonl='{"id": "c1", "text": "C"}\n', d_pdf="no")
    documents = read_corpus(folder)
    assert [(d.id, d.text, d.markdown) for d in documents] == [
        ("b.md", "B", True),
        ("c1", "C", False),
        ("sub/a.txt", "A", False),
    ]
    assert [d.source for d in documents] == ["b.md", "c.jsonl", "sub/a.txt"]


def test_hidden_files_are_left_alone(write):
    """Files and folders that begin with a dot are no part of a corpus."""
    folder = write(a_md="A")
    (folder / ".git").mkdir()
    (folder / ".git" / "b.md").write_text("B")
    (folder / ".c.md").write_text("C")
    assert [p.name for p in corpus_files(folder)] == ["a.md"]


def test_front_matter_is_metadata(write):
    """The front matter's values are read as YAML, and the text begins after it."""
    folder = write(a_md="---\nstatus: current\ntags: [x, y]\nn: 3\n---\n# Title\nText")
    assert read_corpus(folder) == [
        Document(
            id="a.md",
            text="# Title\nText",
            source="a.md",
            metadata={"status": "current", "tags": ["x", "y"], "n": 3},
            markdown=True,
        )
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("---\n---\nText", "Text"),
        ("---\r\na: 1\r\n---\r\nText", "Text"),
        ("\ufeff---\na: 1\n---\nText", "Text"),
        ("Text\n---\na: 1\n---\n", "Text\n---\na: 1\n---\n"),
        ("---\nnever closed", "---\nnever closed"),
    ],
)
def test_front_matter_stands_between_dashes_at_the_start(write, content, text):
    """Empty ones, Windows line ends and a byte order mark are fine; rules in the text are text."""
    assert read_corpus(write(a_md=content))[0].text == text


def test_text_files_have_no_front_matter(write):
    """Dashes in a plain text file are text."""
    assert read_corpus(write(a_txt="---\na: 1\n---\nText"))[0].metadata == {}


def test_rows_keep_their_other_fields(write):
    """A row's other fields are metadata; a row without an id is named by file and line."""
    rows = [{"id": 7, "text": "A", "lang": "en"}, {"text": "B"}]
    folder = write(rows_jsonl="\n\n".join(map(json.dumps, rows)))
    assert [(d.id, d.metadata) for d in read_corpus(folder)] == [("7", {"lang": "en"}), ("rows.jsonl:3", {})]


def test_a_line_separator_within_a_row_does_not_end_it(write):
    """Only a line feed ends a row, as JSON allows the other separators in texts."""
    folder = write(rows_jsonl='{"id": "a", "text": "one\u2028two"}\n')
    assert read_corpus(folder)[0].text == "one\u2028two"


def test_all_mistakes_are_told_at_once(write):
    """Each mistake has its file and line, whatever the number of files."""
    folder = write(
        a_jsonl='{"id": "x", "text": "A"}\n{\n[1]\n{"text": "B", "id": [1]}\n{"id": "y"}\n',
        b_md="---\na: 1\n  b: 2\n---\n",
        c_md=b"\xff\xfe",
        d_md="---\n- a\n---\n",
        e_jsonl='{"id": "x", "text": "again"}\n',
    )
    with pytest.raises(DocumentError) as raised:
        read_corpus(folder, shown="kb")
    told = [(p.path, p.line, p.message.partition(".")[0]) for p in raised.value.problems]
    assert [(path, line) for path, line, _ in told] == [
        ("kb/a.jsonl", 2),
        ("kb/a.jsonl", 3),
        ("kb/a.jsonl", 4),
        ("kb/a.jsonl", 5),
        ("kb/b.md", 3),
        ("kb/c.md", 1),
        ("kb/d.md", 1),
    ]
    assert told[0][2].startswith("The row is not JSON (Expecting property name")
    assert told[1][2] == "The row has no text"
    assert told[2][2] == "The row's id is [1]"
    assert told[4][2].startswith("This is not YAML")
    assert told[5][2] == "The file is not UTF-8"
    assert told[6][2] == "The front matter is not a mapping"


def test_an_id_may_not_come_twice(write):
    """The second document of an id is a mistake that names the first one's file."""
    folder = write(a_jsonl='{"id": "x", "text": "A"}\n', b_jsonl='{"id": "x", "text": "B"}\n')
    with pytest.raises(DocumentError) as raised:
        read_corpus(folder, shown="kb")
    assert str(raised.value) == (
        "kb/b.jsonl:1:1: The id 'x' is in a.jsonl too. Give each document an id of its own."
    )


def test_a_missing_folder_is_a_usage_error(tmp_path):
    """The folder is named as the project names it."""
    with pytest.raises(UsageError) as raised:
        read_corpus(tmp_path / "nowhere", shown="fixtures/nowhere")
    assert str(raised.value) == (
        "There is no folder 'fixtures/nowhere'. Name one with Markdown, text or JSON Lines files."
    )


@pytest.mark.parametrize("files", [{}, {"a_md": " \n"}, {"a_md": "---\na: 1\n---\n"}, {"a_pdf": "x"}])
def test_a_folder_without_text_is_a_usage_error(write, files):
    """A corpus that nothing could be found in is told before anything is asked."""
    with pytest.raises(UsageError, match="holds no text"):
        read_corpus(write(**files))


def test_empty_documents_are_left_out(write):
    """A file without text beside others is no mistake."""
    assert [d.id for d in read_corpus(write(a_md="A", b_md=" "))] == ["a.md"]
