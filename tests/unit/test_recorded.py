"""Runs found by file, folder, id and backend."""

import pytest
from runs import run

from lockgate.engine.journal import Journal, run_id
from lockgate.errors import UsageError
from lockgate.recorded import recorded
from lockgate.reports.record import record

OLD, NEW = run(started="2025-03-01T12:30:00+00:00"), run(started="2025-03-02T12:30:00+00:00")


@pytest.fixture
def kept(tmp_path):
    """A journal with two runs of one suite and one of another."""
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    for one in (NEW, OLD, run(suite="other"), run("prompt:v1")):
        journal.put_run(run_id(one), one)
    journal.close()
    return path


def test_a_file_and_its_folder_are_the_same_runs(tmp_path, kept):
    """A report folder is read by its run.json."""
    (tmp_path / "run.json").write_text(record([NEW, run("prompt:v1")]))
    found = recorded(str(tmp_path / "run.json"), journal=kept)
    assert [one.backend for one in found] == ["ft:v3", "prompt:v1"]
    assert recorded(str(tmp_path), journal=kept) == found


def test_a_backend_narrows_a_file(tmp_path, kept):
    """Behind an @ stands the backend; a path may have one of its own."""
    folder = tmp_path / "at@home"
    folder.mkdir()
    (folder / "run.json").write_text(record([NEW, run("prompt:v1")]))
    assert [one.backend for one in recorded(f"{folder}@prompt:v1", journal=kept)] == ["prompt:v1"]
    assert len(recorded(str(folder), journal=kept)) == 2


def test_a_backend_that_a_file_has_not_is_an_error(tmp_path, kept):
    """The error names those that it has."""
    (tmp_path / "run.json").write_text(record(NEW))
    with pytest.raises(UsageError, match=r"has no run on 'ft:v9'. Its backends are: ft:v3\.$"):
        recorded(f"{tmp_path}@ft:v9", journal=kept)


def test_a_run_id_is_looked_up_in_the_journal(kept):
    """It is one run."""
    assert recorded(run_id(OLD), journal=kept) == (OLD,)


def test_a_backend_is_its_newest_run_of_each_suite(kept):
    """Older runs of the same suite are left out."""
    found = recorded("ft:v3", journal=kept)
    assert [(one.suite, one.started[:10]) for one in found] == [
        ("other", "2025-03-01"),
        ("triage", "2025-03-02"),
    ]


def test_what_is_nowhere_is_told_with_what_there_is(kept):
    """The newest runs are named."""
    with pytest.raises(
        UsageError, match=r"There is no run 'ft:v9'.*The newest runs there are: triage-ft:v3-2025-03-02"
    ):
        recorded("ft:v9", journal=kept)


def test_without_a_journal_that_is_said_and_none_is_made(tmp_path):
    """Looking for a run leaves no file behind."""
    path = tmp_path / "none.sqlite"
    with pytest.raises(UsageError, match=r"There is no such journal either; name one with --journal\.$"):
        recorded("ft:v3", journal=path)
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "{}", '{"schema": "lockgate/run/99"}', "<xml/>"])
def test_another_file_is_no_run_file(tmp_path, kept, content):
    """The error says what is wrong with it."""
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"other\.json is no run file \(.+\)\. Name a run\.json\.$"):
        recorded(str(path), journal=kept)


def test_a_folder_without_a_record_is_an_error(tmp_path, kept):
    """It is not taken for a run id."""
    with pytest.raises(UsageError, match=r"There is no run.json in "):
        recorded(str(tmp_path), journal=kept)
