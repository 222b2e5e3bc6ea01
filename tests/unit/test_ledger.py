"""Answers in groups: durable before anyone is told, and told when they could not be kept."""

from __future__ import annotations

import sqlite3

from lockgate.engine.journal import recording
from lockgate.engine.ledger import Ledger
from lockgate.model import Completion, Request


def asked(name):
    """A request."""
    return Request(case_id=name, messages=({"role": "user", "content": name},))


def put(ledger, name):
    """An answer to it, under its name."""
    completion = Completion(text=name.upper(), request=asked(name))
    ledger.put(recording(name, backend="a:v1", fingerprint="f", completion=completion))


def test_who_is_told_finds_the_answer_on_disk(journal):
    """Another connection reads each answer when `after` calls."""
    seen = []
    ledger = Ledger(journal)
    ledger.start()

    def look(name):
        with sqlite3.connect(journal.path) as other:
            seen.append(
                other.execute("SELECT count(*) FROM completions WHERE key = ?", (name,)).fetchone()[0]
            )

    for name in ("a", "b", "c"):
        put(ledger, name)
        ledger.after(lambda name=name: look(name))
    ledger.end()
    assert seen == [1, 1, 1]
    assert journal.get("b", asked("b")).text == "B"


def test_without_a_journal_it_only_tells(journal):
    """Nothing is kept, and those who wait go on."""
    told = []
    ledger = Ledger(None)
    ledger.start()
    put(ledger, "a")
    ledger.after(lambda: told.append(1))
    ledger.end()
    assert told == [1]
    assert ledger.failure is None


def test_a_journal_that_cannot_be_written_is_told(journal, monkeypatch):
    """A full disk becomes the ledger's failure, and those who wait are told all the same."""

    def full(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(journal, "write", full)
    told = []
    ledger = Ledger(journal)
    ledger.start()
    put(ledger, "a")
    ledger.after(lambda: told.append(ledger.failure))
    ledger.end()
    assert told == [
        "The journal cannot be written: database or disk is full. Make room, or give --llm-journal."
    ]


def test_a_group_is_one_transaction(journal):
    """What is written together is seen by others at once."""
    with journal.together():
        journal.put("a", backend="a:v1", fingerprint="f", completion=Completion(text="A", request=asked("a")))
        with sqlite3.connect(journal.path) as other:
            assert other.execute("SELECT count(*) FROM completions").fetchone()[0] == 0
    with sqlite3.connect(journal.path) as other:
        assert other.execute("SELECT count(*) FROM completions").fetchone()[0] == 1
