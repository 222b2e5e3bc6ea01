"""Fixtures that several modules' tests share."""

from __future__ import annotations

import pytest
from word_embedder import WordEmbedder

from lockgate.engine.journal import Journal
from lockgate.retrieval import index


@pytest.fixture(scope="session", autouse=True)
def without_proxy():
    """No proxy between a test and its server on loopback, whatever the environment names."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        yield


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
