"""The journal's file: made, brought up to date, refused, and told damaged."""

import json
import sqlite3
import threading
from pathlib import Path

import pytest

from lockgate.engine import journal_file
from lockgate.engine.journal import Journal
from lockgate.engine.journal_file import SCHEMA_VERSION, open_existing, open_file, put_aside
from lockgate.errors import UsageError
from lockgate.model import Completion, Request

VERSION_1 = """
CREATE TABLE completions (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, backend TEXT NOT NULL, case_id TEXT NOT NULL,
    trial INTEGER NOT NULL, request TEXT NOT NULL, completion TEXT NOT NULL, created REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX completions_by_case ON completions (case_id);
CREATE TABLE failures (
    session TEXT NOT NULL, key TEXT NOT NULL, error TEXT NOT NULL, PRIMARY KEY (session, key)
) WITHOUT ROWID;
CREATE TABLE runs (
    id TEXT PRIMARY KEY, suite TEXT NOT NULL, backend TEXT NOT NULL, started TEXT NOT NULL, run TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO completions VALUES ('k', 'f', 'ft:v3', 'a', 0, '"user: Hi"', '{"text": "Ho."}', 1700000000.5);
INSERT INTO failures VALUES ('s', 'k', 'HTTP 500');
INSERT INTO runs VALUES ('r', 's', 'b', '2026-01-01', '{}');
PRAGMA user_version = 1;
"""


def version_of(path: Path) -> int:
    with sqlite3.connect(path) as database:
        return database.execute("PRAGMA user_version").fetchone()[0]


def schema_of(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Table → its columns and their types."""
    with sqlite3.connect(path) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {t: [row[1:3] for row in database.execute(f"PRAGMA table_info({t})")] for t in tables}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A journal as the first version wrote it."""
    path = tmp_path / "old.sqlite"
    database = sqlite3.connect(path)
    database.executescript(VERSION_1)
    database.close()
    return path


def test_a_new_file_has_the_newest_schema(tmp_path):
    """It is made with its folder, and says its version."""
    path = tmp_path / "deep/er/journal.sqlite"
    open_file(path).close()
    assert version_of(path) == SCHEMA_VERSION
    assert set(schema_of(path)) == {"completions", "failures", "runs", "shards", "verdicts"}


def test_commits_reach_the_disk(tmp_path):
    """Each is flushed (synchronous FULL): what was reported outlives a failure of the power."""
    database = open_file(tmp_path / "j")
    assert database.execute("PRAGMA synchronous").fetchone()[0] == 2
    database.close()


def test_an_old_file_is_brought_up_to_date_with_all_it_holds(old):
    """Answers, failures and runs of version 1 are there afterwards."""
    journal = Journal(old)
    request = Request(case_id="a", messages=({"role": "user", "content": "Hi"},))
    assert journal.set_aside is None
    assert journal.get("k", request).text == "Ho."
    assert journal.failure("s", "k") == "HTTP 500"
    assert journal.run_ids() == ["r"]
    journal.put_failure("s", "l", "HTTP 503")
    assert journal.failure("s", "l") == "HTTP 503"
    journal.close()
    assert version_of(old) == SCHEMA_VERSION


def test_an_old_file_becomes_as_a_new_one_is(old, tmp_path):
    """Migrated and fresh schemas do not differ."""
    open_file(old).close()
    open_file(tmp_path / "new.sqlite").close()
    assert schema_of(old) == schema_of(tmp_path / "new.sqlite")


def test_a_file_of_today_is_opened_without_writing(tmp_path, monkeypatch):
    """A second opening migrates nothing."""
    open_file(tmp_path / "j").close()
    monkeypatch.setattr(journal_file, "_migrate", lambda database: pytest.fail("migrated again"))
    open_file(tmp_path / "j").close()


def test_a_migration_that_breaks_leaves_the_old_file(old, monkeypatch):
    """All statements are one transaction."""
    broken = {**journal_file.MIGRATIONS, SCHEMA_VERSION + 1: "CREATE TABLE extra (a); NONSENSE"}
    monkeypatch.setattr(journal_file, "MIGRATIONS", broken)
    monkeypatch.setattr(journal_file, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    before = schema_of(old)
    with pytest.raises(UsageError, match="cannot be opened"):
        open_file(old)
    assert (version_of(old), schema_of(old)) == (1, before)


def test_many_open_an_old_file_at_once(old):
    """One migrates, the others wait and find it done."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            open_file(old).close()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert version_of(old) == SCHEMA_VERSION


def test_a_new_file_that_another_process_is_making_is_waited_for(tmp_path):
    """The switch to WAL is refused at once while another holds the file; it is tried again."""
    path = tmp_path / "j"
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    other.execute("CREATE TABLE extra (a)")
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    release.start()
    open_file(path).close()
    release.join()
    other.close()
    assert version_of(path) == SCHEMA_VERSION


def test_an_existing_journal_is_wanted(tmp_path):
    """Who only reads makes no file."""
    with pytest.raises(UsageError, match=r"There is no journal .*none\.sqlite\. Run a suite first"):
        open_existing(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()


def test_a_damaged_journal_is_no_recording(tmp_path):
    """Who only reads does not set it aside."""
    path = tmp_path / "j"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(UsageError, match=r"is damaged .* The next run sets it aside"):
        open_existing(path)
    assert path.read_bytes().startswith(b"not a database")


def test_what_is_put_aside_takes_its_companions_along(tmp_path):
    """The write-ahead log of a damaged file must not be taken for the new one's."""
    path = tmp_path / "j"
    for name in ("j", "j-wal", "j-shm"):
        (tmp_path / name).write_text("x")
    moved = put_aside(path)
    assert [p.name for p in tmp_path.iterdir()] == [moved.name]
    assert moved.name.startswith("j.damaged-")


def test_half_a_character_can_be_kept(tmp_path):
    """A lone surrogate, which a model can emit, is kept and given back."""
    journal = Journal(tmp_path / "j")
    request = Request(case_id="a", messages=({"role": "user", "content": "Hi \udc00"},))
    journal.put("k", backend="b", fingerprint="f", completion=Completion(text="x\ud83dy ☂", request=request))
    assert journal.get("k", request).text == "x\ud83dy ☂"
    with sqlite3.connect(journal.path) as database:
        [(asked, kept)] = database.execute("SELECT request, completion FROM completions")
    assert (json.loads(asked), kept) == ("user: Hi \udc00", '{"text": "x\\ud83dy ☂"}')
    journal.close()
