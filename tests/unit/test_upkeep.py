"""A journal's statistics, and what pruning removes and leaves."""

import sqlite3
import time
from pathlib import Path

import pytest

from lockgate.engine.journal import Journal
from lockgate.engine.upkeep import chosen_backends, prune, stats
from lockgate.errors import UsageError
from lockgate.model import Completion, Request, Run, Verdict

DAY = 86_400.0


def put(path: Path, backend: str, case_id: str, *, days: float = 0.0, text: str = "x", **figures) -> None:
    """Keep an answer that is so many days old."""
    journal = Journal(path)
    request = Request(case_id=case_id, messages=({"role": "user", "content": "Hi"},))
    key = f"{backend}-{case_id}"
    completion = Completion(text=text, request=request, **figures)
    journal.put(key, backend=backend, fingerprint="f", completion=completion)
    journal.close()
    with sqlite3.connect(path) as database:
        when = time.time() - days * DAY
        database.execute("UPDATE completions SET created = ? WHERE key = ?", (when, key))


def keys(path: Path) -> list[str]:
    with sqlite3.connect(path) as database:
        return [key for (key,) in database.execute("SELECT key FROM completions ORDER BY key")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three backends, old and new answers, an old and a new run."""
    path = tmp_path / "j.sqlite"
    put(path, "ft:v3", "old", days=40, tokens_in=5, tokens_out=7, cost=0.25)
    put(path, "ft:v3", "new", tokens_in=5)
    put(path, "ft:v4", "old", days=40)
    put(path, "api:v1", "new", cost=0.5)
    journal = Journal(path)
    for backend, started in (("ft:v3", "2001-01-01T00:00:00+00:00"), ("api:v1", "2999-01-01T00:00:00+00:00")):
        journal.put_run(
            f"run-{backend}", Run(suite="s", backend=backend, fingerprint="f", samples=(), started=started)
        )
    for backend in ("ft:v3", "api:v1"):
        journal.put_verdict(f"of-{backend}", "rule", backend, Verdict(status="pass"))
    journal.close()
    return path


def test_stats_are_by_backend(path):
    """Counts, dates, tokens and cost of each backend; what is unknown adds nothing."""
    found = stats(path)
    assert [(h.backend, h.completions) for h in found.holdings] == [("api:v1", 1), ("ft:v3", 2), ("ft:v4", 1)]
    tuned = found.holdings[1]
    assert (tuned.tokens_in, tuned.tokens_out, tuned.cost) == (10, 7, 0.25)
    assert tuned.last - tuned.first == pytest.approx(40 * DAY, abs=60)
    assert (found.verdicts, found.runs, found.schema) == (2, 2, 3)
    assert found.size_bytes >= path.stat().st_size


def test_stats_of_an_empty_journal(tmp_path):
    """Nothing is held of any backend."""
    Journal(tmp_path / "j").close()
    assert stats(tmp_path / "j").holdings == ()


def test_pruning_by_age(path):
    """What is older goes, with runs; what is younger stays."""
    pruned = prune(path, older_than_seconds=30 * DAY)
    assert (pruned.completions, pruned.runs) == ({"ft:v3": 1, "ft:v4": 1}, 1)
    assert keys(path) == ["api:v1-new", "ft:v3-new"]
    assert stats(path).runs == 1


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ({"backends": ["ft:v3"]}, ["api:v1-new", "ft:v4-old"]),
        ({"backends": ["ft"]}, ["api:v1-new"]),
        ({"keep_backends": ["ft:v4", "api"]}, ["api:v1-new", "ft:v4-old"]),
        ({"backends": ["ft"], "keep_backends": ["ft:v3"]}, ["api:v1-new", "ft:v3-new", "ft:v3-old"]),
        ({"backends": ["ft:v3"], "older_than_seconds": DAY}, ["api:v1-new", "ft:v3-new", "ft:v4-old"]),
    ],
)
def test_conditions_apply_together(path, conditions, left):
    """A backend is named by itself or by its family, and spared where it is kept."""
    prune(path, **conditions)
    assert keys(path) == left


def test_verdicts_go_with_their_backend(path):
    """Those on the answers of others stay."""
    prune(path, backends=["ft:v3"])
    journal = Journal(path)
    assert [journal.verdict(f"of-{name}", "rule") is None for name in ("ft:v3", "api:v1")] == [True, False]
    journal.close()


def test_a_dry_run_counts_and_changes_nothing(path):
    """It says what the real one then removes."""
    before = keys(path)
    promised = prune(path, backends=["ft"], dry_run=True)
    assert keys(path) == before
    kept_promise = prune(path, backends=["ft"])
    assert (promised.completions, promised.runs) == (kept_promise.completions, kept_promise.runs)
    assert promised.freed_bytes == 0


def test_the_file_shrinks(path):
    """Space is given back to the disk, not kept for later."""
    for number in range(50):
        put(path, "big:v1", str(number), text="x" * 20_000)
    pruned = prune(path, backends=["big"])
    assert pruned.freed_bytes > 900_000
    assert path.stat().st_size < 100_000


def test_failures_of_long_gone_sessions_go_along(path):
    """A running session's failures stay."""
    journal = Journal(path)
    journal.put_failure("running", "k", "HTTP 500")
    journal.put_failure("gone", "k", "HTTP 500")
    journal.close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE failures SET created = 0 WHERE session = 'gone'")
    prune(path, backends=["api"])
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT session FROM failures").fetchall() == [("running",)]


def test_pruning_wants_a_condition(path):
    """Nobody empties a journal by leaving everything out."""
    with pytest.raises(UsageError, match="Say what to prune: --older-than, --backend or --keep-backend"):
        prune(path)


@pytest.mark.parametrize("option", ["backends", "keep_backends"])
def test_an_unknown_backend_is_a_mistake(path, option):
    """A misspelt name to keep must not prune everything."""
    with pytest.raises(UsageError, match=r"holds nothing of a backend 'ft:v33'\. Did you mean 'ft:v[34]'\?"):
        prune(path, **{option: ["ft:v33"]})
    assert len(keys(path)) == 4


def test_a_journal_in_use_is_told(path, monkeypatch):
    """Another process that holds the file is named as the reason, and nothing is removed."""
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **(k | {"timeout": 0.01})))
    with pytest.raises(UsageError, match=r"is in use \(database is locked\)"):
        prune(path, backends=["ft"])
    other.close()
    assert len(keys(path)) == 4


def test_a_family_is_no_prefix():
    """`ft` means `ft:…`, not `ftx:…`."""
    assert chosen_backends(["ft"], {"ft:v1", "ftx:v1"}) == {"ft:v1"}
