"""How far a session is: what is counted, and what is made of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockgate.backends.scripted import Scripted
from lockgate.engine.asking import Asker, Budget, Policy
from lockgate.engine.background import Engine
from lockgate.engine.jobs import plan
from lockgate.engine.journal import Journal
from lockgate.engine.progress import Meter, Progress
from lockgate.model import Case, Completion, Request, Suite

ANSWER = Completion(text="x", tokens_out=10, cost=0.25)


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Endpoint(Scripted):
    """Has several requests in flight."""

    concurrency = 4


def read(meter):
    return meter.read(done=0, total=10, seconds=0.0, backend="x")


def requests(*texts):
    return [Request(case_id=t, messages=({"role": "user", "content": t},)) for t in texts]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def meter(clock):
    return Meter(clock=clock)


def test_nothing_asked_nothing_counted(meter, clock):
    """Before the first request there is no rate, no cost and no time left."""
    clock.now += 5
    found = read(meter)
    assert found == Progress(done=0, total=10, seconds=0.0, backend="x")
    assert (found.rate, found.tokens_per_second, found.seconds_left, found.cost) == (0.0, 0.0, None, None)


def test_answers_are_counted_over_the_time_of_asking(meter, clock):
    """Rate, tokens a second and cost are of the answers so far, since the first request was asked."""
    backend = Endpoint(answers={})
    clock.now += 60
    meter.begin(backend, 10)
    for _ in range(4):
        clock.now += 0.5
        meter.hear(backend, ANSWER)
    found = replace(read(meter), done=4)
    assert (found.asked, found.asking_seconds, found.rate) == (4, 2.0, 2.0)
    assert (found.tokens_per_second, found.cost) == (20.0, 1.0)
    assert found.seconds_left == 3.0


def test_the_journals_answers_are_apart(meter, clock):
    """What the journal answered is counted, and is not in the rate."""
    backend = Endpoint(answers={})
    meter.begin(backend, 1, replayed=500)
    clock.now += 2
    meter.hear(backend, ANSWER)
    assert (read(meter).replayed, read(meter).rate) == (500, 0.5)


def test_only_replayed(meter, clock):
    """Where the journal has all, nothing was asked and no time runs."""
    meter.begin(Endpoint(answers={}), 0, replayed=500)
    clock.now += 2
    found = read(meter)
    assert (found.replayed, found.asked, found.in_flight, found.asking_seconds) == (500, 0, 0, 0.0)


def test_in_flight_is_what_is_left_or_what_may_be(meter):
    """A backend has as many in flight as it may, or as are left; one where it says nothing of it."""
    one, other = Endpoint(answers={}), Scripted(answers={})
    meter.begin(one, 6)
    assert read(meter).in_flight == 4
    meter.begin(other, 3)
    assert read(meter).in_flight == 5
    for _ in range(4):
        meter.hear(one, ANSWER)
    assert read(meter).in_flight == 3
    for _ in range(2):
        meter.hear(one, ANSWER)
    assert read(meter).in_flight == 1


def test_retries_are_counted(meter):
    """Each attempt after the first of an answered request is a retry; an error counts like an answer."""
    backend = Endpoint(answers={})
    meter.begin(backend, 3)
    meter.hear(backend, replace(ANSWER, attempts=3))
    meter.hear(backend, ANSWER)
    meter.hear(backend, Completion(error="HTTP 500", attempts=8))
    assert (read(meter).retries, read(meter).asked) == (9, 3)


def test_what_was_left_out_was_not_asked(meter):
    """A request that a stop or the cost limit left out is in flight no more and in no rate."""
    backend = Endpoint(answers={})
    meter.begin(backend, 2)
    meter.hear(backend, Completion(finish="unasked"))
    meter.hear(backend, Completion(finish="unasked"))
    assert (read(meter).asked, read(meter).in_flight) == (0, 0)


def test_unknown_tokens_and_prices(meter):
    """Where an answer names neither, its tokens count nothing and the cost is of the others."""
    backend = Endpoint(answers={})
    meter.begin(backend, 2)
    meter.hear(backend, Completion(text="x"))
    assert (read(meter).tokens, read(meter).cost) == (0, None)
    meter.hear(backend, ANSWER)
    assert (read(meter).tokens, read(meter).cost) == (10, 0.25)


# What the asker and the engine tell the meter


def test_an_asker_counts_what_it_asks(tmp_path, meter):
    """The same request twice is asked once; a recorded one counts as replayed, another's error as asked."""
    backend = Endpoint(answers={"a": {"text": "x", "tokens_out": 5}, "b": {"error": "down"}})
    journal = Journal(tmp_path / "journal.sqlite")
    list(Asker(backend=backend, journal=journal).complete(requests("a")))
    twin = replace(requests("b")[0], case_id="b")
    list(Asker(backend=backend, journal=journal, meter=meter).complete([*requests("a", "b"), twin]))
    journal.close()
    found = read(meter)
    assert (found.replayed, found.asked, found.tokens, found.in_flight) == (1, 1, 0, 0)


@pytest.mark.parametrize("policy", [Policy(offline=True), Policy(rescore=True)])
def test_what_may_not_be_asked_is_not_counted(meter, policy):
    """Where asking is forbidden nothing is asked or in flight."""
    list(Asker(backend=Endpoint(answers={}), policy=policy, meter=meter).complete(requests("a")))
    assert (read(meter).asked, read(meter).in_flight) == (0, 0)


def test_the_cost_limit_leaves_nothing_in_flight(meter):
    """What the limit leaves out is not in flight, and not asked."""
    backend = Scripted(answers=lambda request: ANSWER)
    asker = Asker(backend=backend, budget=Budget(0.25), meter=meter)
    list(asker.complete(requests("a", "b", "c")))
    assert (read(meter).asked, read(meter).in_flight, read(meter).cost) == (1, 0, 0.25)


def test_the_engine_reads_one_meter_for_all_its_backends():
    """Samples done, answers, tokens and cost are of all backends together."""
    cases = tuple(Case(id=str(n), input=str(n)) for n in range(3))
    suite = Suite(name="s", path="s.yaml", cases=cases, checks=())
    backends = [Scripted(name=name, answers=lambda request: ANSWER) for name in ("a:v1", "b:v1")]
    jobs = [job for backend in backends for job in plan(suite, backend)]
    engine = Engine(jobs, lambda backend: Asker(backend=backend))
    engine.start()
    assert all(engine.wait(job).completion is not None for job in jobs)
    engine.join()
    found = engine.progress
    assert (found.done, found.total, found.asked, found.in_flight) == (6, 6, 6, 0)
    assert (found.tokens, found.cost, found.retries) == (60, 1.5, 0)
    assert found.seconds_left == 0.0
