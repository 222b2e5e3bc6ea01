"""Fixtures that several modules' tests share."""

from __future__ import annotations

import pytest
from word_embedder import WordEmbedder

from lockgate.engine.journal import Journal
from lockgate.retrieval import index


@pytest.fixture
def journal(tmp_path):
    """An open journal."""
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def words(monkeypatch):
    """An embedder without weights in the place of every other."""
    made = WordEmbedder()
    monkeypatch.setattr(index, "embedder", lambda spec, *, base: made)
    return made
