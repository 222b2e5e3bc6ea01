"""The engine: all jobs at once, samples as they come, processes that share the work."""

import threading
from pathlib import Path

import pytest

from lockgate.backends.scripted import Scripted
from lockgate.engine.asking import Asker
from lockgate.engine.background import Engine, Share
from lockgate.engine.jobs import plan
from lockgate.engine.journal import Journal
from lockgate.errors import BackendError
from lockgate.model import Case, Check, Measure, Suite, Verdict


def says(word: str) -> Check:
    def judge(case, completion):
        good = word in completion.text
        return Verdict(
            status="pass" if good else "fail", reason="" if good else "absent", figures={"says": good}
        )

    return Check(name=f"says_{word}", measures=(Measure(name="says"),), judge=judge)


def suite(*ids: str, checks=(), trials: int = 1, name: str = "s") -> Suite:
    cases = tuple(Case(id=i, input=f"{name} {i}?") for i in ids)
    return Suite(name=name, path=f"{name}.yaml", cases=cases, checks=checks or (says("yes"),), trials=trials)


def engine_for(jobs, *, journal: Journal | None = None, share: Share | None = None) -> Engine:
    return Engine(jobs, lambda b: Asker(backend=b, journal=journal), share or Share())


def run(jobs, **settings):
    engine = engine_for(jobs, **settings)
    engine.start()
    return [engine.wait(job) for job in jobs]


def test_every_job_gets_its_sample():
    """Each case and trial gets its own sample, judged by its suite's checks."""
    backend = Scripted(answers={"a": ["yes", "no"], "b": ["no", "yes"]})
    jobs = list(plan(suite("a", "b", trials=2), backend))
    samples = run(jobs)
    assert [(s.case_id, s.trial, s.verdicts[0].status) for s in samples] == [
        ("a", 0, "pass"),
        ("a", 1, "fail"),
        ("b", 0, "fail"),
        ("b", 1, "pass"),
    ]
    assert {v.check for s in samples for v in s.verdicts} == {"says_yes"}


def test_same_case_id_in_two_suites():
    """Two suites may use the same case id; each keeps its own question and checks."""
    seen = []

    def answer(request):
        seen.append(request.messages[0]["content"])
        return "yes"

    backend = Scripted(answers=answer)
    one, two = suite("a", name="one"), suite("a", name="two", checks=(says("no"),))
    samples = run([*plan(one, backend), *plan(two, backend)])
    assert [s.verdicts[0].status for s in samples] == ["pass", "fail"]
    assert sorted(seen) == ["one a?", "two a?"]


def test_samples_come_before_the_last_answer():
    """An item gets its sample while later requests are still open."""
    release = threading.Event()

    def answer(request):
        if request.case_id == "late":
            assert release.wait(10)
        return "yes"

    jobs = list(plan(suite("early", "late"), Scripted(answers=answer)))
    engine = engine_for(jobs)
    engine.start()
    assert engine.wait(jobs[0]).verdicts[0].passed
    assert engine.progress.done == 1
    release.set()
    assert engine.wait(jobs[1]).verdicts[0].passed
    assert (engine.progress.done, engine.progress.total) == (2, 2)


def test_backends_that_share_nothing_run_side_by_side():
    """Two backends that wait for each other both answer, because each has its own thread."""
    meeting = threading.Barrier(2)

    def answer(_request):
        meeting.wait(10)
        return "yes"

    one, two = Scripted(answers=answer, name="a:1"), Scripted(answers=answer, name="b:1")
    samples = run([*plan(suite("x"), one), *plan(suite("x"), two)])
    assert all(s.verdicts[0].passed for s in samples)


def test_stop_gives_unmade_samples():
    """After a stop, waiting returns at once with a sample that has neither answer nor error."""
    entered, release = threading.Event(), threading.Event()

    def answer(_request):
        entered.set()
        assert release.wait(10)
        return "yes"

    jobs = list(plan(suite("a", "b"), Scripted(answers=answer)))
    engine = engine_for(jobs)
    engine.start()
    assert entered.wait(10)
    engine.stop()
    sample = engine.wait(jobs[1])
    assert (sample.completion, sample.error, sample.verdicts) == (None, None, ())
    release.set()
    engine.join()
    assert engine.stopped


def test_errors_have_no_verdicts():
    """A sample without an answer carries its error and no verdicts."""
    [sample] = run(list(plan(suite("a"), Scripted(answers={"a": {"error": "HTTP 500"}}))))
    assert (sample.error, sample.completion, sample.verdicts) == ("HTTP 500", None, ())


def test_a_broken_check_breaks_one_verdict():
    """A check that raises gives an error verdict with an unknown figure, and the run goes on."""

    def judge(case, completion):
        raise KeyError("price")

    broken = Check(name="broken", measures=(Measure(name="m"),), judge=judge)
    [sample] = run(list(plan(suite("a", checks=(broken, says("yes"))), Scripted(answers={"a": "yes"}))))
    assert [(v.check, v.status) for v in sample.verdicts] == [("broken", "error"), ("says_yes", "pass")]
    assert sample.verdicts[0].reason == "the check raised KeyError: 'price'"
    assert sample.verdicts[0].figures == {"m": None}


def in_company(judge_many) -> Check:
    def judge(case, completion):
        return Verdict(status="pass", reason="alone", figures={"m": True})

    return Check(name="many", measures=(Measure(name="m"),), judge=judge, judge_many=judge_many)


def test_batch_checks_get_company():
    """A check that judges many at once is called with many."""
    sizes = []

    def judge_many(pairs):
        sizes.append(len(pairs))
        return [Verdict(status="pass", figures={"m": True}) for _ in pairs]

    ids = [f"c{n}" for n in range(40)]
    samples = run(
        list(plan(suite(*ids, checks=(in_company(judge_many),)), Scripted(answers=lambda _: "yes")))
    )
    assert len(samples) == 40
    assert sizes == [32, 8]


@pytest.mark.parametrize("wrong", ["raises", "short"])
def test_batch_checks_that_break(wrong):
    """A batch that raises is judged one by one; one of the wrong length is an error for all."""

    def judge_many(pairs):
        if wrong == "raises":
            raise RuntimeError("one of them is odd")
        return []

    samples = run(
        list(plan(suite("a", "b", checks=(in_company(judge_many),)), Scripted(answers=lambda _: "yes")))
    )
    reasons = {s.verdicts[0].reason for s in samples}
    assert reasons == ({"alone"} if wrong == "raises" else {"the check gave 0 verdicts for 2 answers"})


def test_two_processes_ask_everything_once(tmp_path: Path):
    """Two engines with the same jobs and one journal ask each request once, and both get every sample."""
    asked = []
    lock = threading.Lock()

    def failing(request):
        if request.case_id == "c3":
            raise BackendError("HTTP 500")
        with lock:
            asked.append(request.case_id)
        return "yes"

    ids = [f"c{n}" for n in range(12)]
    engines, jobs = [], []
    for index in range(2):
        own = list(plan(suite(*ids), Scripted(answers=failing)))
        share = Share(session="s", index=index, count=2)
        engines.append(engine_for(own, journal=Journal(tmp_path / "j"), share=share))
        jobs.append(own)
    for engine in engines:
        engine.start()
    for engine, own in zip(engines, jobs, strict=True):
        samples = {s.case_id: s for s in map(engine.wait, own)}
        assert samples.pop("c3").error == "HTTP 500"
        assert all(s.verdicts[0].passed for s in samples.values())
    assert sorted(asked) == sorted(set(ids) - {"c3"})


def test_shares_cover_every_key_once():
    """Each key belongs to exactly one of the processes, and a replacement takes its forerunner's part."""
    shares = [Share(index=i, count=3) for i in range(3)]
    for number in range(50):
        key = f"{number * 7919:016x}"
        assert sum(s.owns(key) for s in shares) == 1
        assert Share(index=4, count=3).owns(key) == shares[1].owns(key)
