"""The journal: durable answers, shared failures, damaged files, nearest recordings."""

import json
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from lockgate.backends.scripted import Scripted
from lockgate.engine.journal import Journal, request_key
from lockgate.errors import UsageError
from lockgate.fingerprints import digest
from lockgate.model import Case, Completion, Passage, Prompt, Request, Run


def asked(text: str = "Where is it?", *, case_id: str = "a", trial: int = 0, **case_fields) -> Request:
    case = Case(id=case_id, input=text, **case_fields)
    return Request(case_id=case_id, trial=trial, messages=({"role": "user", "content": text},), case=case)


def kept(journal: Journal, request: Request, text: str = "Here.", *, backend: str = "prompt:v1") -> str:
    key = digest([text, request.case_id, request.trial])
    journal.put(key, backend=backend, fingerprint="f", completion=Completion(text=text, request=request))
    return key


@pytest.fixture
def journal(tmp_path: Path):
    journal = Journal(tmp_path / "deep" / "journal.sqlite")
    yield journal
    journal.close()


def test_round_trip(journal):
    """An answer comes back as it was kept, marked as replayed, with the request that asked for it."""
    request = asked()
    answer = Completion(
        text="Здесь ☂",
        tokens_in=3,
        cost=0.5,
        seconds=1.25,
        passages=(Passage(id="p", text="t"),),
        request=request,
    )
    journal.put("k", backend="prompt:v1", fingerprint="f", completion=answer)
    back = journal.get("k", request)
    assert back == replace(answer, replayed=True)
    assert back.request is request


def test_unknown_key_is_none(journal):
    """What was never kept is None."""
    assert journal.get("nothing", asked()) is None


def test_completion_without_request_is_refused(journal):
    """A completion that does not say what it answers cannot be kept."""
    with pytest.raises(ValueError, match="carries no request"):
        journal.put("k", backend="b", fingerprint="f", completion=Completion(text="x"))


def test_survives_another_process(tmp_path):
    """A second journal on the same file sees what the first one put, without the first being closed."""
    first, second = Journal(tmp_path / "j"), Journal(tmp_path / "j")
    key = kept(first, asked())
    assert second.get(key, asked()).text == "Here."
    first.close()
    second.close()


def test_since_hides_older_answers(journal):
    """With `since` in the future an answer that is there does not count."""
    key = kept(journal, asked())
    assert journal.get(key, asked(), since=0.0) is not None
    assert journal.get(key, asked(), since=9e12) is None


def test_failures_belong_to_a_session(journal):
    """A failure is told to the same session only."""
    journal.put_failure("one", "k", "HTTP 500")
    assert journal.failure("one", "k") == "HTTP 500"
    assert journal.failure("two", "k") is None


def test_runs_are_kept_newest_first(journal):
    """Runs are found by id, and listed newest first."""
    for day in ("2026-01-01", "2026-02-01"):
        run = Run(suite="s", backend="b", fingerprint="f", samples=(), started=day)
        journal.put_run(f"run-{day}", run)
    assert journal.run_ids() == ["run-2026-02-01", "run-2026-01-01"]
    assert journal.run("run-2026-01-01").started == "2026-01-01"
    assert journal.run("run-none") is None


def test_damaged_file_is_set_aside(tmp_path):
    """A file that is no database is kept under another name and replaced by an empty journal."""
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"not a database" * 1000)
    journal = Journal(path)
    assert journal.set_aside is not None
    assert journal.set_aside.read_bytes().startswith(b"not a database")
    assert journal.run_ids() == []
    journal.close()


def test_truncated_file_is_set_aside(tmp_path):
    """A database cut short is never trusted."""
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    for number in range(200):
        kept(journal, asked("x" * 400, case_id=str(number)))
    journal.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    again = Journal(path)
    assert again.set_aside is not None
    again.close()


def test_newer_schema_is_refused(tmp_path):
    """A journal that a newer version wrote is left alone, with what to do."""
    with sqlite3.connect(tmp_path / "j") as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(
        UsageError, match=r"A newer Lockgate wrote the journal .*\(schema 99\)\. Update Lockgate"
    ):
        Journal(tmp_path / "j")


def test_folder_instead_of_file(tmp_path):
    """A path that cannot be a file is a usage error that names the option."""
    with pytest.raises(UsageError, match="--llm-journal"):
        Journal(tmp_path)


def test_nearest_shows_the_difference(journal):
    """The nearest recording of a changed case is named with the text that changed."""
    kept(journal, asked("Where is my parcel now?"))
    kept(journal, asked("How do I descale the kettle?", case_id="b"))
    nearest = journal.nearest("prompt:v1", asked("Where is my parcel today?"))
    assert nearest == (
        "'a' trial 0 on prompt:v1; recorded 'user: Where is my parcel now?', "
        "now 'user: Where is my parcel today?'"
    )


def test_nearest_says_when_only_the_backend_changed(journal):
    """The same request under another fingerprint is said to be that."""
    kept(journal, asked())
    assert "what answers it has changed" in journal.nearest("prompt:v1", asked())


def test_nearest_of_an_empty_journal(journal):
    """An empty journal has no nearest recording."""
    assert journal.nearest("prompt:v1", asked()) is None


def test_keys_differ_by_everything_that_matters():
    """Fingerprint, text, sampling and trial each give another key; the case's id does not."""
    backend = Scripted(answers={})
    prompted = Scripted(answers={}, prompt=Prompt(name="p", version="v1"))
    keys = [
        request_key(prompted, "f", asked()),
        request_key(prompted, "g", asked()),
        request_key(prompted, "f", asked("Other?")),
        request_key(prompted, "f", replace(asked(), params={"seed": 1})),
        request_key(prompted, "f", asked(trial=1)),
    ]
    assert len(set(keys)) == len(keys)
    assert request_key(backend, "f", asked(case_id="b")) == request_key(backend, "f", asked())


def test_human_labels_of_a_case_do_not_ask_it_again():
    """What people said of an answer reaches no model, and is no other request."""
    backend = Scripted(answers={})
    plain, labelled = asked(fields={"tone": "warm"}), asked(fields={"tone": "warm", "human": {"answer": "x"}})
    assert request_key(backend, "f", plain) == request_key(backend, "f", labelled)
    assert request_key(backend, "f", plain) != request_key(backend, "f", asked(fields={"tone": "cold"}))


def test_unrendered_requests_count_the_case_fields():
    """Where the backend renders later, a field that a template may use is in the key; `expected` is not."""
    backend = Scripted(answers={})
    plain, spiced = asked(), asked(fields={"task": "triage"})
    assert request_key(backend, "f", plain) != request_key(backend, "f", spiced)
    assert request_key(backend, "f", plain) == request_key(backend, "f", asked(expected="secret"))


def test_rows_are_readable(journal):
    """What is kept is JSON that a person can read with the sqlite3 shell."""
    kept(journal, asked())
    with sqlite3.connect(journal.path) as database:
        [(request, completion)] = database.execute("SELECT request, completion FROM completions")
    assert json.loads(request) == "user: Where is it?"
    assert json.loads(completion) == {"text": "Here."}


def test_a_closed_journal_drops_what_comes_too_late(tmp_path):
    """A thread that still answers when the session ends neither fails nor harms the file."""
    journal = Journal(tmp_path / "journal.sqlite")
    early = kept(journal, asked("early"))
    journal.close()
    late = kept(journal, asked("late", case_id="late"))
    assert journal.get(early, asked("early")) is None
    again = Journal(tmp_path / "journal.sqlite")
    assert again.get(early, asked("early")) is not None
    assert again.get(late, asked("late", case_id="late")) is None
    again.close()


def test_closing_while_others_write_is_safe(tmp_path):
    """Threads in the middle of writing and a close at any moment leave a sound file."""
    for _ in range(10):
        journal = Journal(tmp_path / "journal.sqlite")
        writers = [
            threading.Thread(target=lambda j=journal, n=n: [kept(j, asked(f"{n} {i}")) for i in range(50)])
            for n in range(3)
        ]
        for writer in writers:
            writer.start()
        journal.close()
        for writer in writers:
            writer.join()
    assert Journal(tmp_path / "journal.sqlite").set_aside is None
