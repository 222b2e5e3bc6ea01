"""The journal: every answer on disk the moment it comes, under the hash of all that produced it."""

from __future__ import annotations

import difflib
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from lockgate.engine.journal_file import open_file, put_aside
from lockgate.fingerprints import digest
from lockgate.human import HUMAN
from lockgate.model import Backend, Completion, Request, Run, Verdict
from lockgate.plain import as_json, from_plain, to_json, to_plain

__all__ = ["Journal", "Recording", "recording", "request_key", "run_id"]

Recording: TypeAlias = tuple[str, str, str, str, int, str, str, float]
"""A row of the table of completions."""

_COMPARED = 400


def request_key(backend: Backend, fingerprint: str, request: Request) -> str:
    """The hash under which an answer is kept: fingerprint, rendered request, sampling and trial.

    A backend without a prompt of its own may render the case later (rag, cascade), so what of the case can
    reach a template counts too.
    """
    parts = [fingerprint, _asked(request), dict(request.params), request.trial]
    if backend.prompt is None and request.case is not None:
        # What people said of answers reaches no template: labelling a case does not ask it again.
        fields = {name: value for name, value in request.case.fields.items() if name != HUMAN}
        parts.append({"context": list(request.case.context), "fields": to_plain(fields)})
    return digest(parts)


def run_id(run: Run) -> str:
    """How a run is called in the journal: suite, backend and when it was."""
    return f"{run.suite}-{run.backend}-{run.started}"


def recording(key: str, *, backend: str, fingerprint: str, completion: Completion) -> Recording:
    """A completion as the journal keeps it.

    Raises:
        ValueError: it does not say which request it answers, or holds a number or a thing that is not JSON.
    """
    request = completion.request
    if request is None:
        raise ValueError("the completion carries no request")
    try:
        kept, asked = as_json(to_plain(completion)), as_json(_asked(request))
    except TypeError as error:
        raise ValueError(str(error)) from error
    return (key, fingerprint, backend, request.case_id, request.trial, asked, kept, time.time())


class Journal:
    """Completions, failures of a session and runs, in one SQLite file (WAL) that many processes may share.

    Args:
        path: the file; made with its folder when absent. A damaged one is set aside, never trusted.

    Raises:
        UsageError: the file cannot be made, or a newer Lockgate wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set_aside: Path | None = None
        self._lock = threading.RLock()
        self._closed = False
        self._database = self._open()

    def get(self, key: str, request: Request, *, since: float = 0.0) -> Completion | None:
        """The recorded answer, marked as replayed, or None; only one as young as `since` (`time.time()`)."""
        row = self._one("SELECT completion FROM completions WHERE key = ? AND created >= ?", key, since)
        if row is None:
            return None
        return replace(from_plain(Completion, json.loads(row[0])), replayed=True, request=request)

    def put(self, key: str, *, backend: str, fingerprint: str, completion: Completion) -> None:
        """Keep an answer; it is on disk when this returns.

        Raises:
            ValueError: as `recording`.
        """
        self.write(recording(key, backend=backend, fingerprint=fingerprint, completion=completion))

    def write(self, row: Recording) -> None:
        """Keep a recording; it is on disk when this returns, or when the `together` around it ends."""
        self._write("INSERT OR REPLACE INTO completions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def put_failure(self, session: str, key: str, error: str) -> None:
        """Tell the other processes of a session that a request failed."""
        row = (session, key, error, time.time())
        self._write("INSERT OR REPLACE INTO failures (session, key, error, created) VALUES (?, ?, ?, ?)", row)

    def failure(self, session: str, key: str) -> str | None:
        """The error that another process of this session met, or None."""
        row = self._one("SELECT error FROM failures WHERE session = ? AND key = ?", session, key)
        return None if row is None else str(row[0])

    def verdict(self, completion: str, rule: str) -> Verdict | None:
        """What a check said of an answer, or None; both by the hashes that `put_verdict` was given."""
        row = self._one("SELECT verdict FROM verdicts WHERE completion = ? AND rule = ?", completion, rule)
        return None if row is None else from_plain(Verdict, json.loads(row[0]))

    def put_verdict(self, completion: str, rule: str, backend: str, verdict: Verdict) -> None:
        """Keep a verdict under the hash of what was judged and that of the check, its options and model."""
        row = (completion, rule, backend, as_json(to_plain(verdict)), time.time())
        self._write("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?)", row)

    def put_run(self, run_id: str, run: Run) -> None:
        """Keep a run, so that a later one can be compared with it."""
        record = to_json(run)
        row = (run_id, run.suite, run.backend, run.started, record)
        self._write("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, CAST(? AS TEXT))", row)

    def run(self, run_id: str) -> Run | None:
        """The run of that id, or None."""
        row = self._one("SELECT run FROM runs WHERE id = ?", run_id)
        return None if row is None else from_plain(Run, json.loads(row[0]))

    def run_ids(self) -> list[str]:
        """The ids of all runs, newest first."""
        with self._lock:
            return [r[0] for r in self._database.execute("SELECT id FROM runs ORDER BY started DESC")]

    def newest_run(self, backend: str, suite: str) -> Run | None:
        """The newest run of a suite on a backend, or None."""
        query = "SELECT run FROM runs WHERE backend = ? AND suite = ? ORDER BY started DESC LIMIT 1"
        row = self._one(query, backend, suite)
        return None if row is None else from_plain(Run, json.loads(row[0]))

    def newest_runs(self, backend: str) -> list[Run]:
        """The newest run of each suite on a backend, by suite."""
        # SQLite takes the other columns of a group from the row that has the maximum.
        query = "SELECT run, MAX(started) FROM runs WHERE backend = ? GROUP BY suite ORDER BY suite"
        with self._lock:
            rows = self._database.execute(query, (backend,)).fetchall()
        return [from_plain(Run, json.loads(row[0])) for row in rows]

    def has_run(self, name: str) -> bool:
        """Whether there is a run of that id, or of that backend."""
        return self._one("SELECT 1 FROM runs WHERE id = ? OR backend = ? LIMIT 1", name, name) is not None

    def nearest(self, backend: str, request: Request) -> str | None:
        """The recorded request that is nearest to one that is not recorded, and where they differ."""
        wanted = _asked(request)
        scored = [
            (_likeness(wanted, asked), line, asked) for line, asked in self._candidates(backend, request)
        ]
        if not scored:
            return None
        _, line, asked = max(scored)
        return f"{line}; {_difference(asked, wanted)}"

    @contextmanager
    def together(self) -> Iterator[None]:
        """What one thread writes inside is on disk at the end, in one go; other threads wait."""
        with self._lock:
            if self._closed:
                yield
                return
            self._database.execute("BEGIN IMMEDIATE")
            with self._database:
                yield

    def close(self) -> None:
        """Close the file; nothing is lost when this is not called.

        What a thread that still runs wants to keep after it is dropped, and nothing is found any more.
        """
        with self._lock:
            self._closed = True
            self._database.close()

    def _candidates(self, backend: str, request: Request) -> Iterator[tuple[str, str]]:
        query = (
            "SELECT backend, case_id, trial, request FROM completions"
            " ORDER BY case_id = ? DESC, backend = ? DESC, created DESC LIMIT ?"
        )
        with self._lock:
            rows = self._database.execute(query, (request.case_id, backend, _COMPARED)).fetchall()
        for name, case_id, trial, asked in rows:
            yield f"{case_id!r} trial {trial} on {name}", json.loads(asked)

    def _one(self, query: str, *values: object) -> tuple[str, ...] | None:
        with self._lock:
            if self._closed:
                return None
            row: tuple[str, ...] | None = self._database.execute(query, values).fetchone()
            return row

    def _write(self, statement: str, row: tuple[object, ...]) -> None:
        with self._lock:
            if self._closed:
                return
            # Inside `together` the transaction is its.
            with nullcontext() if self._database.in_transaction else self._database:
                self._database.execute(statement, row)

    def _open(self) -> sqlite3.Connection:
        try:
            return open_file(self.path)
        except sqlite3.DatabaseError:
            self.set_aside = put_aside(self.path)
            return open_file(self.path)


def _asked(request: Request) -> str:
    return "\n".join(f"{m['role']}: {m['content']}" for m in request.messages)


def _likeness(wanted: str, asked: str) -> float:
    return difflib.SequenceMatcher(None, wanted[:2000], asked[:2000], autojunk=False).quick_ratio()


def _difference(asked: str, wanted: str) -> str:
    if asked == wanted:
        return "the request is the same, what answers it has changed (weights, adapter, prompt or sampling)"
    pairs = zip([*asked.splitlines(), ""], [*wanted.splitlines(), ""], strict=False)
    was, now = next(((a, b) for a, b in pairs if a != b), ("", ""))
    return f"recorded {was[:120]!r}, now {now[:120]!r}"
