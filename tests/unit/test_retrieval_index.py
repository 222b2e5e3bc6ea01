"""The index on disk: what it holds, when it is built anew, and that builders do not disturb each other."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest
from word_embedder import WordEmbedder

from lockgate.errors import DocumentError, MissingExtra, UsageError
from lockgate.retrieval import index
from lockgate.retrieval.index import Collection, load_passage, open_collection


@pytest.fixture
def base(tmp_path):
    """A project folder with a corpus of two articles."""
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "rome.md").write_text(
        "---\nstatus: current\ntags: [city, old]\n---\nRome is in Italy."
    )
    (tmp_path / "kb" / "paris.md").write_text("Paris is in France.")
    return tmp_path


def kept(base):
    """The fingerprints that are kept on disk."""
    return sorted(p.name for p in (base / ".lockgate" / "collections" / "kb").iterdir() if p.is_dir())


def test_a_table_holds_chunks_with_their_metadata(base, words):
    """Ids, texts, sources and metadata come back as passages, each vector of unit length."""
    rows = open_collection("kb", base=base).table().to_arrow().to_pylist()
    passages = {p.id: p for p in (load_passage(row, 0.5) for row in rows)}
    assert set(passages) == {"rome.md", "paris.md"}
    rome = passages["rome.md"]
    assert (rome.text, rome.source, rome.score) == ("Rome is in Italy.", "rome.md", 0.5)
    assert rome.metadata == {"status": "current", "tags": ["city", "old"]}
    assert all(sum(x * x for x in row["vector"]) == pytest.approx(1.0) for row in rows)


def test_opening_builds_nothing(base, words):
    """Until the table is asked for, nothing is embedded and nothing is written."""
    open_collection("kb", base=base)
    assert words.encoded == []
    assert not (base / ".lockgate").exists()


def test_an_index_is_kept_under_its_fingerprint(base, words):
    """A second process finds the index and embeds nothing."""
    collection = open_collection("kb", base=base)
    collection.table()
    assert kept(base) == [collection.fingerprint]
    index._table.cache_clear()
    embedded = len(words.encoded)
    assert open_collection("kb", base=base).table().count_rows() == 2
    assert len(words.encoded) == embedded


@pytest.mark.parametrize(
    "change",
    [
        lambda base: {"chunk_tokens": 100},
        lambda base: {"overlap": 5},
        lambda base: (base / "kb" / "rome.md").write_text("Rome has moved.") and None,
        lambda base: (base / "kb" / "new.txt").write_text("New.") and None,
        lambda base: (base / "kb" / "rome.md").rename(base / "kb" / "roma.md") and None,
        lambda base: (base / "kb" / "paris.md").unlink(),
    ],
)
def test_a_change_makes_another_fingerprint(base, words, change):
    """An option, a text, a new file, a renamed and a deleted one each make another index."""
    before = open_collection("kb", base=base).fingerprint
    assert open_collection("kb", base=base, options=change(base)).fingerprint != before


def test_another_embedder_makes_another_fingerprint(base):
    """The embedder's identity is part of the fingerprint."""
    place = {"name": "kb", "folder": base / "kb", "home": base / "home"}
    one, other = (Collection(**place, embedder=WordEmbedder(name=n)) for n in ("one", "other"))
    assert one.fingerprint != other.fingerprint


def test_a_hidden_file_changes_nothing(base, words):
    """What is no part of the corpus is no part of its fingerprint."""
    before = open_collection("kb", base=base).fingerprint
    (base / "kb" / ".DS_Store").write_text("x")
    assert open_collection("kb", base=base).fingerprint == before


def test_a_changed_corpus_is_built_anew(base, words):
    """After a change the table holds the new text."""
    open_collection("kb", base=base).table()
    (base / "kb" / "rome.md").write_text("Rome has moved.")
    rows = open_collection("kb", base=base).table().to_arrow().to_pylist()
    assert "Rome has moved." in {row["text"] for row in rows}


def test_indexes_unused_for_a_day_are_removed(base, words):
    """An outdated index is kept while another process may still read it, and removed later."""
    old = open_collection("kb", base=base)
    old.table()
    (base / "kb" / "new.txt").write_text("New.")
    new = open_collection("kb", base=base)
    new.table()
    assert kept(base) == sorted([old.fingerprint, new.fingerprint])
    yesterday = time.time() - 90_000
    os.utime(old.home / old.fingerprint, (yesterday, yesterday))
    index._table.cache_clear()
    open_collection("kb", base=base).table()
    assert kept(base) == [new.fingerprint]


def test_a_builder_that_fails_leaves_nothing(base, monkeypatch, words):
    """A failed build leaves neither an index nor a draft, and the next try builds."""
    collection = open_collection("kb", base=base)
    with monkeypatch.context() as patch:
        patch.setattr(words, "encode", lambda texts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            collection.table()
    assert kept(base) == []
    assert collection.table().count_rows() == 2


def test_another_process_waits_for_the_first_ones_index(base, words, monkeypatch):
    """Who comes while an index is being built embeds nothing and reads that one."""
    collection, fill = open_collection("kb", base=base), index._fill
    building, go_on, counts = threading.Event(), threading.Event(), []

    def slowly(collection, place):
        building.set()
        go_on.wait(30)
        fill(collection, place)

    monkeypatch.setattr(index, "_fill", slowly)
    # Past the locks of this process, as another one would come.
    come = lambda: counts.append(index._table.__wrapped__(collection).count_rows())  # noqa: E731
    threads = [threading.Thread(target=come) for _ in range(2)]
    threads[0].start()
    assert building.wait(30)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert counts == [2, 2]
    assert len(words.encoded) == 1
    assert kept(base) == [collection.fingerprint]


def test_threads_build_once(base, words):
    """Four threads that ask at once share one index."""
    collection = open_collection("kb", base=base)
    counts = []
    threads = [
        threading.Thread(target=lambda: counts.append(collection.table().count_rows())) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [2, 2, 2, 2]
    assert len(words.encoded) == 1


def test_a_disk_that_fails_is_no_silent_miss(base, words, monkeypatch):
    """An error of the file system that is not a race is raised."""
    collection = open_collection("kb", base=base)

    def full(collection, draft):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index, "_fill", full)
    with pytest.raises(OSError, match="No space left"):
        collection.table()


def test_chunks_are_never_longer_than_the_embedder_reads(base, words):
    """The embedder's limit wins over `chunk_tokens`."""
    words.max_tokens = 8
    (base / "kb" / "long.txt").write_text("One two three four. " * 10)
    rows = open_collection("kb", base=base).table().to_arrow().to_pylist()
    assert max(len(row["text"].split()) for row in rows) == 8


def test_folders_of_one_name_do_not_share_a_home(base, words):
    """The home is named after the whole declared path, and never leaves the project."""
    for name in ("a/kb", "b/kb", "../out"):
        (base / name).mkdir(parents=True, exist_ok=True)
        (base / name / "x.txt").write_text("X")
    homes = [open_collection(n, base=base).home for n in ("a/kb", "b/kb", "../out")]
    assert [h.name for h in homes] == ["a-kb", "b-kb", "out"]
    assert {h.parent for h in homes} == {base / ".lockgate" / "collections"}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"chunk_token": 5},
            "The collection 'kb' has the unknown option 'chunk_token'. Did you mean 'chunk_tokens'?",
        ),
        (
            {"chunk_tokens": "5"},
            "The collection 'kb' has chunk_tokens: '5'. Write a whole number, 8 or more.",
        ),
        (
            {"chunk_tokens": True},
            "The collection 'kb' has chunk_tokens: True. Write a whole number, 8 or more.",
        ),
        ({"chunk_tokens": 7}, "The collection 'kb' has chunk_tokens: 7. Write a whole number, 8 or more."),
        ({"overlap": -1}, "The collection 'kb' has overlap: -1. Write a whole number, 0 or more."),
        ({"overlap": 300}, "The collection 'kb' has overlap: 300. Write less than chunk_tokens, 256."),
        ({"embed": "minilmm"}, "There is no embedder 'minilmm'."),
    ],
)
def test_a_bad_option_is_a_usage_error(base, options, text):
    """What the options may not be is said before anything is built."""
    with pytest.raises(UsageError) as raised:
        open_collection("kb", base=base, options=options)
    assert str(raised.value).startswith(text)


def test_a_broken_corpus_is_told_at_once(base, words):
    """A row without text is a mistake before anything is embedded."""
    (base / "kb" / "rows.jsonl").write_text(json.dumps({"id": "x"}))
    with pytest.raises(DocumentError, match=r"kb/rows\.jsonl:1:1: The row has no text"):
        open_collection("kb", base=base)


def test_a_missing_package_is_named(base, words, monkeypatch):
    """Without LanceDB the text has feature, package and pip line."""
    monkeypatch.setitem(__import__("sys").modules, "lancedb", None)
    with pytest.raises(MissingExtra, match=r"A collection needs the package 'lancedb'.*lockgate\[rag\]"):
        open_collection("kb", base=base).table()
