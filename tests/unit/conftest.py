"""Fixtures that several modules' tests share."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

from lockgate.engine.journal import Journal
from lockgate.retrieval import index

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture(scope="module")
def benchmark_modules():
    """How a test imports a benchmark: by its name, as those do that are run."""
    before = set(sys.modules)
    sys.path.insert(0, BENCHMARKS)
    yield importlib.import_module
    sys.path.remove(BENCHMARKS)
    for name in sys.modules.keys() - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(BENCHMARKS):
            del sys.modules[name]


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
