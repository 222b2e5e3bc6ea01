"""The journal's file: its schema by version, brought up to date in one transaction when it is opened."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

from lockgate.errors import UsageError

__all__ = [
    "DEFAULT_JOURNAL",
    "MIGRATIONS",
    "SCHEMA_VERSION",
    "open_existing",
    "open_file",
    "open_sound",
    "put_aside",
]

DEFAULT_JOURNAL = ".lockgate/journal.sqlite"
"""Where the journal is when nobody says otherwise, under the root folder."""

MIGRATIONS: Mapping[int, str] = {
    1: """
    CREATE TABLE IF NOT EXISTS completions (
        key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, backend TEXT NOT NULL, case_id TEXT NOT NULL,
        trial INTEGER NOT NULL, request TEXT NOT NULL, completion TEXT NOT NULL, created REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS completions_by_case ON completions (case_id);
    CREATE TABLE IF NOT EXISTS failures (
        session TEXT NOT NULL, key TEXT NOT NULL, error TEXT NOT NULL, PRIMARY KEY (session, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS runs (
        id TEXT PRIMARY KEY, suite TEXT NOT NULL, backend TEXT NOT NULL, started TEXT NOT NULL,
        run TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    2: """
    ALTER TABLE failures ADD COLUMN created REAL NOT NULL DEFAULT 0;
    CREATE TABLE shards (
        path TEXT NOT NULL, backend TEXT NOT NULL, number INTEGER NOT NULL, count INTEGER NOT NULL,
        shard TEXT NOT NULL, PRIMARY KEY (path, backend, number)
    ) WITHOUT ROWID
    """,
    3: """
    CREATE TABLE verdicts (
        completion TEXT NOT NULL, rule TEXT NOT NULL, backend TEXT NOT NULL, verdict TEXT NOT NULL,
        created REAL NOT NULL, PRIMARY KEY (completion, rule)
    ) WITHOUT ROWID
    """,
}
"""Version → the statements, between semicolons, that lead to it; a released entry never changes."""

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.01

SCHEMA_VERSION = max(MIGRATIONS)
"""What this Lockgate writes."""


def open_file(path: Path) -> sqlite3.Connection:
    """The database, made with its folder when absent, checked, and brought to `SCHEMA_VERSION`.

    Raises:
        UsageError: it cannot be opened, or a newer Lockgate wrote it.
        sqlite3.DatabaseError: it is damaged.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=_PATIENCE_SECONDS, check_same_thread=False)
    except (sqlite3.OperationalError, OSError) as error:
        raise _unusable(path, error) from error
    try:
        _prepare(database, path)
    except sqlite3.OperationalError as error:
        database.close()
        raise _unusable(path, error) from error
    except BaseException:
        database.close()
        raise
    return database


def open_existing(path: Path) -> sqlite3.Connection:
    """The database of a journal that is there and sound.

    Raises:
        UsageError: it is not there, damaged, cannot be opened, or a newer Lockgate wrote it.
    """
    if not path.is_file():
        raise UsageError(f"There is no journal {path}. Run a suite first, or name another file.")
    try:
        return open_file(path)
    except sqlite3.DatabaseError as error:
        said = f"The journal {path} is damaged ({error})."
        raise UsageError(f"{said} The next run sets it aside and starts a new one.") from error


def open_sound(path: Path) -> sqlite3.Connection:
    """The database to put recordings into: a sound one that is there, or a new one.

    Raises:
        UsageError: it is damaged, cannot be opened, or a newer Lockgate wrote it.
    """
    return open_existing(path) if path.is_file() else open_file(path)


def put_aside(path: Path) -> Path:
    """Rename a damaged file; the new path."""
    for companion in ("-wal", "-shm"):
        path.with_name(path.name + companion).unlink(missing_ok=True)
    return path.replace(path.with_name(f"{path.name}.damaged-{time.time_ns()}"))


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    _write_ahead(database)
    # What was reported is kept even when the power fails; answers are written in groups, so it costs little.
    database.execute("PRAGMA synchronous = FULL")
    version = _version(database)
    if version > SCHEMA_VERSION:
        raise UsageError(f"A newer Lockgate wrote the journal {path} (schema {version}). Update Lockgate.")
    if database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("damaged")
    if version < SCHEMA_VERSION:
        _migrate(database)


def _write_ahead(database: sqlite3.Connection) -> None:
    """Switch to WAL; of several that do so at once, SQLite sends all but one away without a wait."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _migrate(database: sqlite3.Connection) -> None:
    with database:
        database.execute("BEGIN IMMEDIATE")
        # Another process may have migrated it while this one waited for the lock.
        for number in range(_version(database) + 1, SCHEMA_VERSION + 1):
            for statement in MIGRATIONS[number].split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {number}")


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _unusable(path: Path, error: Exception) -> UsageError:
    return UsageError(f"The journal {path} cannot be opened ({error}). Give --llm-journal another file.")
