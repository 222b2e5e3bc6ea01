"""Recordings: exported lines, their order, and imports that take all or nothing."""

import dataclasses
import json
import sqlite3
from pathlib import Path

import pytest

from lockgate.engine import recordings
from lockgate.engine.journal import Journal
from lockgate.engine.recordings import SCHEMA, Imported, export_lines, import_files
from lockgate.errors import DocumentError, UsageError
from lockgate.fingerprints import digest
from lockgate.model import Completion, Passage, Request

HEADER = f'{{"schema": "{SCHEMA}"}}'


def put(file: Path, backend: str, case_id: str, text: str = "x", *, trial: int = 0, **figures) -> Request:
    journal = Journal(file)
    request = Request(case_id=case_id, trial=trial, messages=({"role": "user", "content": "Hi ☂"},))
    completion = Completion(text=text, request=request, **figures)
    key = digest([backend, case_id, trial])
    journal.put(key, backend=backend, fingerprint="f", completion=completion)
    journal.close()
    return request


def exported(path: Path, target: Path, **options) -> Path:
    target.write_text("".join(f"{line}\n" for line in export_lines(path, **options)), "utf-8", newline="\n")
    return target


def rows(path: Path) -> list[tuple]:
    with sqlite3.connect(path) as database:
        columns = "key, fingerprint, backend, case_id, trial, request, completion, round(created, 6)"
        return database.execute(f"SELECT {columns} FROM completions ORDER BY key").fetchall()


def line(**changes) -> dict:
    """A recording that is right, with changes; a None takes a key out."""
    right = {
        "key": "0123456789abcdef",
        "fingerprint": "f",
        "backend": "ft:v3",
        "case_id": "a",
        "trial": 0,
        "request": "user: Hi",
        "completion": {"text": "Ho."},
        "created": "2026-01-31T12:00:00+00:00",
    }
    return {k: v for k, v in (right | changes).items() if v is not None}


def written(path: Path, *lines: dict | str) -> Path:
    texts = [HEADER, *(text if isinstance(text, str) else json.dumps(text) for text in lines)]
    path.write_text("".join(f"{text}\n" for text in texts), "utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "from.sqlite"
    passages = (Passage(id="p", text="t", score=0.5),)
    put(path, "rag:v1", "b", "x\ud83dy\u2028z\x85", passages=passages, tokens_in=3, cost=0.5, seconds=1.25)
    put(path, "rag:v1", "a", trial=1)
    put(path, "rag:v1", "a", trial=0)
    put(path, "api:v1", "c", path=("x", "y"))
    return path


def test_lines_are_sorted_behind_a_header(path):
    """By backend, case and trial, one a line, readable."""
    head, *lines = map(json.loads, export_lines(path))
    assert head == {"schema": "lockgate/recordings/1"}
    assert [(x["backend"], x["case_id"], x["trial"]) for x in lines] == [
        ("api:v1", "c", 0),
        ("rag:v1", "a", 0),
        ("rag:v1", "a", 1),
        ("rag:v1", "b", 0),
    ]
    assert lines[0]["request"] == "user: Hi ☂"
    assert lines[0]["completion"] == {"text": "x", "path": ["x", "y"]}


def test_the_same_recordings_give_the_same_text(path):
    """Exported twice, nothing differs."""
    assert list(export_lines(path)) == list(export_lines(path))


def test_backends_can_be_chosen(path):
    """By family here; one that is not there is a mistake."""
    assert [json.loads(x)["backend"] for x in list(export_lines(path, backends=["api"]))[1:]] == ["api:v1"]
    with pytest.raises(UsageError, match="holds nothing of a backend 'ft'"):
        list(export_lines(path, backends=["ft"]))


def test_there_and_back(path, tmp_path):
    """An import into an empty journal gives every row again, half characters and odd line ends included."""
    target = tmp_path / "deep/to.sqlite"
    assert import_files(target, [exported(path, tmp_path / "r.jsonl")]) == Imported(new=4)
    assert rows(target) == rows(path)
    assert list(export_lines(target)) == list(export_lines(path))


def test_an_imported_answer_is_found_by_its_key(path, tmp_path):
    """The journal replays it as it was."""
    import_files(tmp_path / "to.sqlite", [exported(path, tmp_path / "r.jsonl")])
    journal = Journal(tmp_path / "to.sqlite")
    request = Request(case_id="c", messages=())
    assert journal.get(digest(["api:v1", "c", 0]), request) == Completion(
        text="x", path=("x", "y"), replayed=True
    )
    journal.close()


def test_a_second_import_changes_nothing(path, tmp_path):
    """All are the same then."""
    file = exported(path, tmp_path / "r.jsonl")
    assert import_files(path, [file]) == Imported(same=4)


def test_the_newer_of_two_stays(tmp_path, monkeypatch):
    """Whichever comes first, in one file or in several."""
    monkeypatch.chdir(tmp_path)
    old = line(completion={"text": "old"})
    new = line(completion={"text": "new"}, created="2026-02-01T12:00:00+00:00")
    target = tmp_path / "to.sqlite"
    assert import_files(target, [written(tmp_path / "1", old), written(tmp_path / "2", new)]) == Imported(
        new=1, newer=1
    )
    assert import_files(target, [written(tmp_path / "3", old)]) == Imported(older=1)
    assert json.loads(rows(target)[0][6]) == {"text": "new"}


def test_every_field_of_a_completion_can_be_recorded():
    """A field that the vocabulary gets must be known to the import."""
    told = {f.name for f in dataclasses.fields(Completion)} - {"replayed", "error", "request"}
    assert set(recordings._ANSWER_TYPES) == told


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ('{"key": ', "3:9: The line is not JSON: Expecting value. Export it again."),
        ('{"key": NaN}', "3:1: The line is not JSON: NaN is not JSON. Export it again."),
        ("[1]", "3:1: A recording is an object. Export it again."),
        (line(backend=None, trial=None), "3:1: The recording lacks 'backend', 'trial'. Export it again."),
        (line(extra=1), "3:191: A recording has no 'extra'. Take it out, or update Lockgate."),
        (line(trial="0"), "3:85: 'trial' cannot be str. Export it again."),
        (line(trial=True), "3:85: 'trial' cannot be bool. Export it again."),
        (line(trial=-1), "3:1: 'key' is 16 hexadecimal digits, 'trial' is 0 or more. Export it again."),
        (line(trial=1 << 70), "3:1: 'key' is 16 hexadecimal digits, 'trial' is 0 or more. Export it again."),
        (line(key="xyz"), "3:1: 'key' is 16 hexadecimal digits, 'trial' is 0 or more. Export it again."),
        (line(completion="Ho."), "3:120: 'completion' cannot be str. Export it again."),
        (line(completion={"text": 5}), "3:135: 'text' cannot be int. Export it again."),
        (
            line(completion={"error": "HTTP 500"}),
            "3:135: A recording has no 'error'. Take it out, or update Lockgate.",
        ),
        (
            line(completion={"passages": [{"id": "p"}]}),
            "3:1: A passage is an object with the texts 'id' and 'text'. Export it again.",
        ),
        (line(case_id="\ud800"), "3:1: A name holds half a character. Export it again."),
        (
            line(created="yesterday"),
            "3:1: 'created' is a time such as 2026-01-31T12:00:00+00:00, not 'yesterday'.",
        ),
        (
            line(created="2026-01-31T12:00:00"),
            "3:1: 'created' is a time such as 2026-01-31T12:00:00+00:00, not '2026-01-31T12:00:00'.",
        ),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_imported(tmp_path, monkeypatch, wrong, message):
    """The right lines before and after it are not imported either."""
    monkeypatch.chdir(tmp_path)
    other = line(key="f" * 16)
    file = written(tmp_path / "r.jsonl", line(), wrong, other)
    with pytest.raises(DocumentError) as caught:
        import_files(tmp_path / "to.sqlite", [file])
    assert str(caught.value).splitlines()[0] == f"r.jsonl:{message}"
    assert rows(tmp_path / "to.sqlite") == []


def test_every_wrong_line_of_every_file_is_told(tmp_path, monkeypatch):
    """All at once, so that nobody mends one by one."""
    monkeypatch.chdir(tmp_path)
    first = written(tmp_path / "1.jsonl", "x", line(), "y")
    second = written(tmp_path / "2.jsonl", "z")
    with pytest.raises(DocumentError) as caught:
        import_files(tmp_path / "to.sqlite", [first, second, tmp_path / "none.jsonl"])
    assert [(p.path, p.line) for p in caught.value.problems] == [
        ("1.jsonl", 2),
        ("1.jsonl", 4),
        ("2.jsonl", 2),
        ("none.jsonl", 1),
    ]


def test_a_foreign_file_is_told_once(tmp_path, monkeypatch):
    """Not each of its thousand lines."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "cases.jsonl"
    file.write_text('{"id": "a"}\n' * 1000)
    with pytest.raises(DocumentError) as caught:
        import_files(tmp_path / "to.sqlite", [file])
    [problem] = caught.value.problems
    assert problem.message == (
        'A file of recordings begins with {"schema": "lockgate/recordings/1"}. '
        "Make it with `lockgate journal export`."
    )


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]\n"])
def test_what_is_no_recording_is_told(tmp_path, monkeypatch, content):
    """An empty file, one that is not UTF-8, other JSON."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.jsonl").write_bytes(content)
    with pytest.raises(DocumentError, match=r"^r\.jsonl:1:1: "):
        import_files(tmp_path / "to.sqlite", [tmp_path / "r.jsonl"])


def test_long_lists_of_mistakes_end(tmp_path, monkeypatch):
    """A thousand broken lines are no thousand messages."""
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path / "r.jsonl", *["x"] * 1000)
    with pytest.raises(DocumentError) as caught:
        import_files(tmp_path / "to.sqlite", [file])
    assert len(caught.value.problems) == 20


def test_a_damaged_journal_takes_no_import(tmp_path, monkeypatch):
    """It is told, and left as it is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "to.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(UsageError, match="is damaged"):
        import_files(tmp_path / "to.sqlite", [written(tmp_path / "r.jsonl", line())])


def test_a_journal_in_use_is_told(tmp_path, monkeypatch):
    """Nothing is imported while another process holds the file."""
    monkeypatch.chdir(tmp_path)
    Journal(tmp_path / "to.sqlite").close()
    other = sqlite3.connect(tmp_path / "to.sqlite")
    other.execute("BEGIN IMMEDIATE")
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **(k | {"timeout": 0.01})))
    with pytest.raises(UsageError, match=r"cannot be written \(database is locked\)"):
        import_files(tmp_path / "to.sqlite", [written(tmp_path / "r.jsonl", line())])
    other.close()
