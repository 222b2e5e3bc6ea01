"""Merging: journals found and joined, splits put together, and what is ruled on."""

import sqlite3
from pathlib import Path

import pytest

from lockgate.documents.project import load_project
from lockgate.documents.suites import load_suite
from lockgate.engine.asking import Asker
from lockgate.engine.jobs import plan
from lockgate.engine.journal import Journal
from lockgate.engine.merging import Split, join, journals_in, replay, splits_of
from lockgate.engine.recordings import Imported
from lockgate.engine.runner import conclude
from lockgate.engine.shards import Shard, ShardRun, put_shards
from lockgate.errors import UsageError
from lockgate.fingerprints import digest
from lockgate.model import Completion, Request, Timing, Verdict
from lockgate.registry import Registry

PROJECT = "backends: {a: {v1: {kind: scripted, answers: {c1: yes!, c2: yes!, c3: 'no'}}}}\n"
SUITE = """\
suite: s
cases: [{id: c1, input: One}, {id: c2, input: Two}, {id: c3, input: Three}]
checks: [contains: {value: "yes", metric: accuracy}]
latency: {samples: 2}
gates: {accuracy: {min: 0.01}, latency_p50: {max: 9s}}
"""


def put(path: Path, key: str, text: str, *, created: float = 1e9) -> Path:
    journal = Journal(path)
    request = Request(case_id=key, messages=({"role": "user", "content": "Hi"},))
    completion = Completion(text=text, request=request)
    journal.put(key, backend="a:v1", fingerprint="f", completion=completion)
    journal.close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE completions SET created = ? WHERE key = ?", (created, key))
    return path


def texts(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT key, json_extract(completion, '$.text') FROM completions")
        return dict(rows.fetchall())


def shard_run(number: int, **changes) -> ShardRun:
    fields = {"path": "s.yaml", "backend": "a:v1", "fingerprint": "f", "number": number, "count": 3}
    return ShardRun(**(fields | changes))


def left(path: Path, *runs: ShardRun) -> Path:
    Journal(path).close()
    put_shards(path, runs)
    return path


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_journals_are_found_in_folders():
    """However deep they are, each once; a file is taken whatever it is called."""
    for name in ("ci/1/j.sqlite", "ci/2/j.sqlite", "ci/2/notes.txt", "other"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    found = journals_in([Path("ci"), Path("other"), Path("ci/1/j.sqlite")])
    assert list(map(str, found)) == ["ci/1/j.sqlite", "ci/2/j.sqlite", "other"]


def test_joined_journals_hold_all_and_the_newer_of_two():
    """Whatever their order is."""
    one = put(put(Path("1"), "x", "old", created=1e9), "y", "y", created=1e9)
    two = put(put(Path("2"), "x", "new", created=2e9), "z", "z")
    assert join([one, two], Path("deep/into")) == Imported(new=3, newer=1)
    assert join([two, one], Path("other")) == Imported(new=3, older=1)
    assert texts(Path("deep/into")) == texts(Path("other")) == {"x": "new", "y": "y", "z": "z"}


def test_a_journal_is_not_joined_into_itself():
    """It may be named among the others."""
    into = put(Path("into"), "x", "x")
    assert join([into, put(Path("2"), "y", "y")], Path("./into")) == Imported(new=1)


def test_verdicts_are_joined_and_those_there_stay():
    """A costly check need not judge again what a shard has judged."""
    for name, reason in (("1", "first"), ("2", "second")):
        journal = Journal(put(Path(name), name, "x"))
        journal.put_verdict("shared", "rule", "a:v1", Verdict(status="fail", reason=reason))
        journal.put_verdict(name, "rule", "a:v1", Verdict(status="pass"))
        journal.close()
    join([Path("1"), Path("2")], Path("into"))
    joined = Journal(Path("into"))
    found = [joined.verdict(key, "rule") for key in ("shared", "1", "2")]
    joined.close()
    assert [v.reason for v in found] == ["first", "", ""]


def test_nothing_is_joined_when_one_is_damaged():
    """What was taken from the journals before it is taken back."""
    Path("bad").write_bytes(b"no database" * 100)
    with pytest.raises(UsageError, match="The journal bad is damaged"):
        join([put(Path("1"), "x", "x"), Path("bad")], Path("into"))
    assert texts(Path("into")) == {}


def test_a_journal_in_use_is_told(monkeypatch):
    """With the reason."""
    put(Path("into"), "y", "y")
    put(Path("1"), "x", "x")
    other = sqlite3.connect("into")
    other.execute("BEGIN IMMEDIATE")
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **(k | {"timeout": 0.01})))
    with pytest.raises(UsageError, match=r"The journal into cannot be written \(database is locked\)"):
        join([Path("1")], Path("into"))
    other.close()


def test_splits_are_put_together_from_all_journals():
    """Suite by suite and backend by backend, shards in order; what is missing is known."""
    journals = [
        left(Path("1"), shard_run(3), shard_run(1, backend="b:v1", count=1)),
        left(Path("2"), shard_run(1)),
    ]
    first, second = splits_of(journals)
    assert (first.path, first.backend, [s.number for s in first.shards]) == ("s.yaml", "a:v1", [1, 3])
    assert (first.missing, second.missing) == ([2], [])


def test_the_newest_of_a_shard_counts():
    """A job that was run again leaves its number twice."""
    journals = [
        left(Path("1"), shard_run(1, started="2026-02-01", notes=("new",))),
        left(Path("2"), shard_run(1, started="2026-01-01", notes=("old",))),
    ]
    [split] = splits_of(journals)
    assert [s.notes for s in split.shards] == [("new",)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"count": 4}, "the number of shards is 3 in shard 1 and 4 in shard 2"),
        ({"trials": 5}, "the number of trials is 1 in shard 1 and 5 in shard 2"),
        ({"fingerprint": "g"}, "the backend's fingerprint is f in shard 1 and g in shard 2"),
    ],
)
def test_shards_of_different_runs_do_not_fit(change, told):
    """It says what differs, and where."""
    journals = [left(Path("1"), shard_run(1)), left(Path("2"), shard_run(2, **change))]
    with pytest.raises(UsageError) as caught:
        splits_of(journals)
    assert told in str(caught.value)


def test_journals_without_shards():
    """Are told apart from those of shards without answers."""
    Journal(Path("1")).close()
    with pytest.raises(UsageError, match="No shard has left anything"):
        splits_of([Path("1")])


class Shop:
    """A project whose shards have run, but for those left out."""

    def __init__(self, *numbers: int) -> None:
        Path("lockgate.yaml").write_text(PROJECT)
        Path("s.yaml").write_text(SUITE)
        self.registry = Registry()
        self.project = load_project(Path("lockgate.yaml"), registry=self.registry)
        self.journal = Journal(Path("j"))
        backend = self.project.backend("a:v1")
        suite = load_suite(Path("s.yaml"), project=self.project, registry=self.registry)
        shards = [Shard(number=n, count=3) for n in numbers]
        cases = [c for c in suite.cases if any(s.holds("s", c.id) for s in shards)]
        asker = Asker(backend=backend, journal=self.journal)
        self.asked = list(asker.complete([job.request for job in plan(suite, backend, cases=cases)]))
        timings = (Timing(seconds=0.5),)
        fingerprint = digest(dict(backend.identity))
        self.split = Split(
            shards=tuple(
                shard_run(n, fingerprint=fingerprint, timings=timings, notes=("slow",)) for n in numbers
            )
        )

    def rule(self):
        made = replay(self.split, self.journal, self.project, self.registry)
        self.journal.close()
        run = conclude(made.suite, made.backend, made.samples, timings=made.timings, notes=made.notes)
        return made.suite, run


def test_a_whole_split_is_ruled_on_from_the_journal():
    """Every sample is replayed; timings are those of the shards together; their notes come once."""
    shop = Shop(1, 2, 3)
    suite, run = shop.rule()
    assert (suite.name, len(shop.asked)) == ("s", 3)
    assert [(s.case_id, s.completion.replayed) for s in run.samples] == [
        ("c1", True),
        ("c2", True),
        ("c3", True),
    ]
    assert run.metric("accuracy").value == pytest.approx(2 / 3)
    assert run.timings == (Timing(seconds=0.5),) * 3
    assert [note for note in run.notes if note == "slow" or "3 shards" in note] == [
        "slow",
        "Latency was measured by 3 shards, each its share of the samples.",
    ]


def test_what_a_missing_shard_owed_is_an_error():
    """Nothing is asked in its place, and the gates count it."""
    owing = next(n for n in (1, 2, 3) if Shard(number=n, count=3).holds("s", "c1"))
    shop = Shop(*({1, 2, 3} - {owing}))
    _, run = shop.rule()
    sample = next(s for s in run.samples if s.case_id == "c1")
    assert "is not in the journal" in sample.error
    assert run.metric("error_rate").value > 0
    assert f"Of 3 shards nothing is there from {owing}: their cases have no answer." in run.notes


def test_a_backend_that_has_changed_is_refused():
    """Before anything is ruled."""
    shop = Shop(1, 2, 3)
    Path("lockgate.yaml").write_text(PROJECT.replace("yes!", "no!"))
    shop.project = load_project(Path("lockgate.yaml"), registry=shop.registry)
    with pytest.raises(UsageError, match=r"a:v1 has changed since its shards ran: its fingerprint was \w+"):
        shop.rule()
    shop.journal.close()
