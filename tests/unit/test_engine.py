"""The engine: asks in the background, keeps, judges, and hands out samples as they come."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from lockgate.backends.scripted import Scripted
from lockgate.checks.verdicts import failed, passed
from lockgate.engine import background
from lockgate.engine.asking import Asker
from lockgate.engine.background import Engine
from lockgate.engine.jobs import plan
from lockgate.engine.sharing import Share
from lockgate.errors import UsageError
from lockgate.model import Case, Check, Completion, Measure, Suite


def suite_of(count, *checks):
    """A suite of so many cases."""
    cases = tuple(Case(id=f"c{n}", input=f"Say {n}") for n in range(count))
    return Suite(name="s", path="s.yaml", cases=cases, checks=checks)


def started(suite, backend, journal=None):
    """An engine at work on it, and its jobs."""
    jobs = list(plan(suite, backend))
    engine = Engine(jobs, lambda b: Asker(backend=b, journal=journal, stopped=lambda: engine.stopped))
    engine.start()
    return engine, jobs


def answers(count):
    """A scripted backend that knows them all."""
    return Scripted(name="a:v1", answers={f"c{n}": f"yes {n}" for n in range(count)})


def test_every_job_gets_its_sample_judged_and_kept(journal):
    """Samples carry answer and verdicts, and each answer is on disk when its sample is there."""
    check = Check(name="ok", measures=(Measure(name="ok"),), judge=lambda case, _: passed({"ok": True}))
    suite = suite_of(50, check)
    engine, jobs = started(suite, answers(50), journal)
    for job in jobs:
        sample = engine.wait(job)
        assert sample.completion.text == f"yes {job.case.id[1:]}"
        assert [v.status for v in sample.verdicts] == ["pass"]
        with sqlite3.connect(journal.path) as other:
            query = "SELECT count(*) FROM completions WHERE case_id = ?"
            assert other.execute(query, (job.case.id,)).fetchone()[0] == 1
    engine.join()
    assert engine.progress.done == engine.progress.total == 50


def test_a_first_sample_is_there_while_others_are_still_asked():
    """Items need not wait for the whole call."""
    gate = threading.Event()

    class Slow:
        name, prompt, identity = "a:v1", None, {"kind": "slow"}

        def complete(self, requests):
            for request in requests:
                if request.case_id == "c1":
                    gate.wait(5)
                yield Completion(text="x", request=request)

    engine, jobs = started(suite_of(2), Slow())
    assert engine.wait(jobs[0]).completion.text == "x"
    assert engine.progress.done == 1
    gate.set()
    assert engine.wait(jobs[1]).completion.text == "x"


@pytest.mark.parametrize("queues", [True, False])
def test_backends_that_queue_are_asked_at_once(queues):
    """Of backends that share weights, those that put requests in order themselves need not take turns."""
    both, met = threading.Barrier(2), []

    class Sharing:
        prompt, identity, shares = None, {"kind": "sharing"}, "weights"

        def __init__(self, name):
            self.name = name
            self.queues = queues

        def complete(self, requests):
            try:
                both.wait(10 if queues else 0.1)
                met.append(self.name)
            except threading.BrokenBarrierError:
                both.reset()
            yield from (Completion(text="x", request=request) for request in requests)

    jobs = [job for name in ("a:v1", "b:v1") for job in plan(suite_of(1), Sharing(name))]
    engine = Engine(jobs, lambda b: Asker(backend=b))
    engine.start()
    assert [engine.wait(job).completion.text for job in jobs] == ["x", "x"]
    engine.join()
    assert sorted(met) == (["a:v1", "b:v1"] if queues else [])


def test_after_a_stop_what_is_missing_is_unmade():
    """`wait` ends with a sample without an answer, which nothing takes for a pass."""
    release = threading.Event()

    class Stuck:
        name, prompt, identity = "a:v1", None, {"kind": "stuck"}

        def complete(self, requests):
            release.wait(5)
            yield from ()

    engine, jobs = started(suite_of(1), Stuck())
    engine.stop()
    sample = engine.wait(jobs[0])
    assert (sample.completion, sample.verdicts, sample.error) == (None, (), None)
    release.set()
    engine.join()


def test_an_answer_that_cannot_be_kept_is_an_error(journal, monkeypatch):
    """With a full disk samples carry the reason instead of the answer."""

    def full(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(journal, "write", full)
    engine, jobs = started(suite_of(3), answers(3), journal)
    for job in jobs:
        sample = engine.wait(job)
        assert sample.completion is None
        assert "database or disk is full" in sample.error
    engine.join()


def test_checks_that_judge_many_get_what_has_come_together():
    """While a slow judge works, the next answers gather for it."""
    portions, gate = [], threading.Event()

    def judge_many(pairs):
        portions.append(len(pairs))
        gate.wait(0.2)
        return [failed("no", {"m": False}) for _ in pairs]

    check = Check(
        name="m",
        measures=(Measure(name="m"),),
        judge=lambda case, completion: judge_many([(case, completion)])[0],
        judge_many=judge_many,
    )
    engine, jobs = started(suite_of(40, check), answers(40))
    assert all(engine.wait(job).verdicts[0].status == "fail" for job in jobs)
    engine.join()
    assert sum(portions) == 40
    assert len(portions) <= 5


def test_an_answer_that_is_not_json_is_an_error(journal):
    """A cost of NaN cannot be kept: that answer fails in words, and the others are judged."""

    class Odd:
        name, prompt, identity = "a:v1", None, {"kind": "odd"}

        def complete(self, requests):
            for request in requests:
                yield Completion(
                    text="x", cost=float("nan") if request.case_id == "c1" else 0.1, request=request
                )

    engine, jobs = started(suite_of(3), Odd(), journal)
    samples = [engine.wait(job) for job in jobs]
    engine.join()
    assert [sample.error for sample in samples] == [
        None,
        "The answer cannot be kept: nan is not a finite number.",
        None,
    ]


def test_a_backend_that_cannot_be_named_fails_every_job(journal):
    """What ends the asking before it began is each sample's error, not a thread's last words."""

    class Nameless:
        name, prompt = "a:v1", None

        @property
        def identity(self):
            raise UsageError("The weights are gone.")

        def complete(self, requests):
            yield from ()

    engine, jobs = started(suite_of(2), Nameless(), journal)
    assert [engine.wait(job).error for job in jobs] == ["The weights are gone."] * 2
    engine.join()


def test_a_fault_in_the_judging_reaches_who_waits(monkeypatch):
    """It is raised there; no sample comes of it."""

    def fault(answered, judge):
        raise RuntimeError("a fault")

    monkeypatch.setattr(background, "sample_all", fault)
    engine, jobs = started(suite_of(1), answers(1))
    with pytest.raises(RuntimeError, match="a fault"):
        engine.wait(jobs[0])
    engine.join()


def test_after_a_stop_nothing_is_judged():
    """What waits for a slow check when the session is stopped is not judged any more."""
    judged, begun, gate = [], threading.Event(), threading.Event()

    def judge(case, completion):
        judged.append(case.id)
        begun.set()
        gate.wait(5)
        return passed({"ok": True})

    engine, _ = started(
        suite_of(200, Check(name="ok", measures=(Measure(name="ok"),), judge=judge)), answers(200)
    )
    begun.wait(5)
    engine.stop()
    gate.set()
    engine.join()
    assert 1 <= len(judged) <= 32


def test_of_several_processes_only_who_runs_an_item_judges():
    """An answer that another process will wait for is not judged here."""
    judged = []

    def judge(case, completion):
        judged.append(case.id)
        return passed({"ok": True})

    suite = suite_of(20, Check(name="ok", measures=(Measure(name="ok"),), judge=judge))
    jobs = list(plan(suite, answers(20)))
    engine = Engine(jobs, lambda b: Asker(backend=b), Share(session="s", index=0, count=2))
    engine.start()
    own = [job for job in jobs if id(job) not in engine._foreign]
    assert 0 < len(own) < 20
    assert engine.wait(own[0]).verdicts[0].status == "pass"
    engine.join()
    assert judged == [own[0].case.id]
