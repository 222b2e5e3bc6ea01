"""Shards: which case falls to which, and what a shard leaves in the journal."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.engine.journal import Journal
from lockgate.engine.shards import Shard, ShardRun, part_of, put_shards, read_shards
from lockgate.errors import UsageError
from lockgate.model import Case, Latency, Suite, Timing


def shard_run(**changes) -> ShardRun:
    fields = {"path": "evalsuites/s.yaml", "backend": "ft:v3", "fingerprint": "f", "number": 1, "count": 2}
    return ShardRun(**(fields | changes))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Journal(tmp_path / "j").close()
    return tmp_path / "j"


@pytest.mark.parametrize(
    ("written", "number", "count"), [("2/8", 2, 8), (" 1 / 1 ", 1, 1), ("10000/10000", 10_000, 10_000)]
)
def test_a_shard_is_read(written, number, count):
    """Spaces do not matter."""
    assert Shard.parse(written) == Shard(number=number, count=count)


@pytest.mark.parametrize("written", ["", "2", "0/2", "3/2", "1/0", "1/10001", "1.0/2", "1/2/3", "²/3"])
def test_what_is_no_shard_is_refused(written):
    """With what to write."""
    with pytest.raises(UsageError, match=r"is no shard\. Write NUMBER/COUNT, such as 2/8"):
        Shard.parse(written)


def test_a_shard_is_said_in_words():
    """As the summary has it."""
    assert str(Shard(number=2, count=8)) == "2 of 8"


@given(st.text(max_size=20), st.text(max_size=20), st.integers(1, 50))
def test_every_case_falls_to_one_shard(suite, case_id, count):
    """Whatever its id is, half characters included."""
    assert sum(Shard(number=n, count=count).holds(suite, case_id) for n in range(1, count + 1)) == 1


def test_shards_stay_as_they_are():
    """Journals of different versions of Lockgate, and of different machines, must fit together."""
    of = [next(n for n in range(1, 9) if Shard(number=n, count=8).holds("triage", f"c{i}")) for i in range(8)]
    assert of == [2, 1, 6, 4, 1, 2, 7, 6]


def test_shards_are_about_as_large_as_each_other():
    """1,000 cases over 8 shards: each within five standard deviations of 125."""
    counts = Counter(
        n for i in range(1000) for n in range(1, 9) if Shard(number=n, count=8).holds("s", f"case-{i}")
    )
    assert all(abs(count - 125) < 5 * (1000 / 8 * 7 / 8) ** 0.5 for count in counts.values())


def test_suites_are_split_apart():
    """A case id in another suite may fall to another shard."""
    shard = Shard(number=1, count=2)
    assert {shard.holds(suite, "a") for suite in "abcdefgh"} == {True, False}


def test_a_part_has_its_cases_and_its_share_of_the_latency_samples():
    """Shares are rounded up, so that all together are never fewer than the suite asks for."""
    cases = tuple(Case(id=str(n), input="x") for n in range(40))
    suite = Suite(name="s", path="s.yaml", cases=cases, checks=(), latency=Latency(samples=20, warmup=3))
    parts = [part_of(suite, Shard(number=n, count=3)) for n in (1, 2, 3)]
    assert sorted((c.id for part in parts for c in part.cases), key=int) == [c.id for c in cases]
    assert [part.latency for part in parts] == [Latency(samples=7, warmup=3)] * 3


def test_a_part_without_latency():
    """Stays without."""
    suite = Suite(name="s", path="s.yaml", cases=(), checks=())
    assert part_of(suite, Shard(number=1, count=2)) == suite


def test_what_is_left_is_found(path):
    """Timings and notes included, in order of number."""
    first = shard_run(timings=(Timing(seconds=0.5, tokens_in=3),), notes=("n",), trials=2, started="t")
    second = shard_run(number=2)
    put_shards(path, [second, first])
    assert read_shards(path) == [first, second]


def test_a_shard_that_runs_again_replaces_what_it_left(path):
    """Its number stands once."""
    put_shards(path, [shard_run(started="1")])
    put_shards(path, [shard_run(started="2")])
    assert [s.started for s in read_shards(path)] == ["2"]


@pytest.mark.parametrize("change", [{"count": 3}, {"fingerprint": "g"}])
def test_another_split_or_backend_forgets_what_was_left(path, change):
    """Only of the same suite and backend name."""
    other = [shard_run(path="evalsuites/t.yaml"), shard_run(backend="ft:v4")]
    put_shards(path, [shard_run(), shard_run(number=2), *other])
    put_shards(path, [shard_run(number=2, **change)])
    left = read_shards(path)
    assert [s for s in left if s.path == "evalsuites/s.yaml" and s.backend == "ft:v3"] == [
        shard_run(number=2, **change)
    ]
    assert len(left) == 3


def test_a_journal_is_wanted(tmp_path):
    """Nothing is read from what is not there."""
    with pytest.raises(UsageError, match="There is no journal"):
        read_shards(tmp_path / "none")
