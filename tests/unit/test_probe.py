"""The latency probe: warm-up left out, concurrency kept, retries not counted, failures loud."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from dataclasses import dataclass, field

import pytest
from chat_server import ChatServer, chat, refused

from lockgate.backends.chat_endpoint import OpenAIChat
from lockgate.backends.scripted import Scripted
from lockgate.engine.asking import Budget
from lockgate.engine.probe import answers_apart, probe
from lockgate.errors import BackendError, FatalBackendError, UsageError
from lockgate.model import Completion, Latency, Request


def requests(count: int) -> list[Request]:
    return [Request(case_id=str(n), messages=({"role": "user", "content": str(n)},)) for n in range(count)]


class Clock:
    """Seconds that pass only when something takes them."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Recorder:
    """Remembers each call; an answer takes `takes` seconds on its clock and says what `fields` say."""

    fields: dict = field(default_factory=dict)
    takes: float = 0.0
    clock: Clock = field(default_factory=Clock)
    calls: list = field(default_factory=list)
    name: str = "prompt:v1"
    prompt: None = None
    identity: dict = field(default_factory=dict)

    def complete(self, asked):
        self.calls.append([r.case_id for r in asked])
        for request in asked:
            self.clock.now += self.takes
            yield Completion(
                **{"text": "x", "tokens_in": 7, "tokens_out": 3, "request": request} | self.fields
            )


class Stated(Recorder):
    """States the seconds of its answers instead of taking them."""

    states_seconds = True


class Apart(Recorder):
    """Answers each call on its own."""

    concurrent_calls = 64


class Loading(Recorder):
    """Loads weights when it is first asked."""

    load_seconds = None


def timed(backend, plan, count=3, **options):
    return probe(backend, requests(count), plan, clock=backend.clock, **options)


# What is asked


def test_rounds_have_the_stated_concurrency():
    """A backend that answers in batches gets rounds as large as the concurrency, the warm-up in its own."""
    backend = Recorder()
    assert len(timed(backend, Latency(samples=5, concurrency=2, warmup=2), 7)) == 5
    assert backend.calls == [["0", "1"], ["2", "3"], ["4", "5"], ["6"]]


def test_answers_of_their_own_are_asked_for_one_by_one():
    """A backend that answers each call on its own gets one request a call."""
    backend = Apart()
    timed(backend, Latency(samples=3, warmup=1), 4)
    assert backend.calls == [["0"], ["1"], ["2"], ["3"]]


def test_few_requests_are_asked_in_turn():
    """Too few requests are asked again from the start."""
    backend = Recorder()
    timed(backend, Latency(samples=5, warmup=0), 2)
    assert [c for call in backend.calls for c in call] == ["0", "1", "0", "1", "0"]


def test_nothing_to_ask():
    """No requests, no timings."""
    backend = Recorder()
    assert timed(backend, Latency(), 0) == ()
    assert backend.calls == []


def test_what_loads_is_warmed_up_in_any_case():
    """With `warmup: 0` a backend that loads weights is asked once before the first sample."""
    loading, other = Loading(), Recorder()
    timed(loading, Latency(samples=2, warmup=0))
    timed(other, Latency(samples=2, warmup=0))
    assert (loading.calls, other.calls) == ([["0"], ["1"], ["2"]], [["0"], ["1"]])


def test_a_warm_up_that_is_asked_for_is_not_made_longer():
    """Where the plan has a warm-up, loading adds none."""
    backend = Loading()
    timed(backend, Latency(samples=1, warmup=2))
    assert backend.calls == [["0"], ["1"], ["2"]]


# The window


class Window:
    """Answers a call only when as many are open as can be, and says how many there were."""

    name, prompt, identity = "api:v1", None, {}
    concurrent_calls = concurrency = 3

    def __init__(self, samples: int) -> None:
        self.left, self.open, self.most, self.seen = samples, 0, 0, []
        self.changed = threading.Condition()

    def complete(self, asked):
        (request,) = asked
        with self.changed:
            self.open += 1
            self.most = max(self.most, self.open)
            self.changed.notify_all()
            full = self.changed.wait_for(lambda: self.open == min(self.concurrency, self.left), timeout=10)
            self.seen.append(full)
            self.open -= 1
            self.left -= 1
            self.changed.notify_all()
        yield Completion(text="x", request=request, tokens_in=int(request.case_id))


def test_the_window_is_kept_full():
    """Exactly `concurrency` requests are in flight until fewer are left: one goes out as one comes back."""
    backend = Window(10)
    timings = probe(backend, requests(10), Latency(samples=10, concurrency=3, warmup=0))
    assert backend.most == 3
    assert backend.seen == [True] * 10
    assert [t.tokens_in for t in timings] == list(range(10))


class Gate:
    """The first request hangs until `others` have been answered: rounds would wait for it for ever."""

    name, prompt, identity = "api:v1", None, {}
    concurrent_calls = 64

    def __init__(self, others: int) -> None:
        self.barrier = threading.Semaphore(0)
        self.others = others

    def complete(self, asked):
        (request,) = asked
        if request.case_id == "0":
            assert all(self.barrier.acquire(timeout=10) for _ in range(self.others))
        else:
            self.barrier.release()
        yield Completion(text="x", request=request)


def test_one_that_hangs_holds_no_other_up():
    """While one request hangs, all others go through the rest of the window."""
    timings = probe(Gate(7), requests(8), Latency(samples=8, concurrency=2, warmup=0))
    assert len(timings) == 8


def test_a_failure_in_the_window_ends_the_probe():
    """The first failure is raised, and what was not yet sent is not sent."""
    seen = itertools.count()

    def answer(request):
        next(seen)
        raise BackendError("HTTP 500")

    with pytest.raises(BackendError, match=r"The latency probe of scripted failed: HTTP 500"):
        probe(Scripted(answers=answer), requests(50), Latency(samples=50, concurrency=4, warmup=0))
    assert next(seen) < 50


def test_what_stops_all_is_raised_from_the_window():
    """A FatalBackendError of one thread is the probe's."""

    def answer(request):
        raise FatalBackendError("401")

    with pytest.raises(FatalBackendError, match="401"):
        probe(Scripted(answers=answer), requests(4), Latency(samples=4, concurrency=2, warmup=0))


def test_more_than_the_backend_has_in_flight_is_refused():
    """A concurrency that the backend never reaches would measure its queue."""
    with pytest.raises(UsageError, match="api:v1 has at most 3 requests in flight"):
        probe(Window(4), requests(4), Latency(samples=4, concurrency=4, warmup=0))


@pytest.mark.parametrize(
    ("backend", "apart"), [(Apart(), True), (Recorder(), False), (Scripted(answers={}), True)]
)
def test_who_answers_apart(backend, apart):
    """Only a backend that says so may be asked by several threads."""
    assert answers_apart(backend) is apart


# What is measured


def test_measures_the_clock():
    """Seconds are taken on this process's clock, whatever the backend says of itself."""
    timings = timed(Recorder({"seconds": 9.0}, takes=0.5), Latency(samples=3, warmup=1))
    assert [t.seconds for t in timings] == [0.5, 0.5, 0.5]
    assert {(t.tokens_in, t.tokens_out, t.attempts) for t in timings} == {(7, 3, 1)}


def test_a_round_is_timed_from_its_start():
    """In a batch an answer is there when it is handed over, counted from when the batch was asked."""
    timings = timed(Recorder(takes=0.5), Latency(samples=4, concurrency=2, warmup=0), 4)
    assert [t.seconds for t in timings] == [0.5, 1.0, 0.5, 1.0]


def test_a_batch_queues():
    """What a batch waited for its turn is in its latency, and told apart."""
    (timing,) = timed(Recorder({"queued_seconds": 2.0}, takes=3.0), Latency(samples=1, warmup=0))
    assert (timing.seconds, timing.queued_seconds) == (3.0, 2.0)


def test_a_wait_for_a_rate_limit_is_no_latency():
    """What a request of its own waited before it was sent is left out."""
    (timing,) = timed(Apart({"queued_seconds": 2.0}, takes=3.0), Latency(samples=1, warmup=0))
    assert (timing.seconds, timing.queued_seconds) == (1.0, 0.0)


@pytest.mark.parametrize("kind", [Recorder, Apart])
def test_a_retry_is_no_latency(kind):
    """Of a request that was asked again the answered attempt's own time counts, however it is asked."""
    fields = {"attempts": 3, "seconds": 0.25, "queued_seconds": 7.0, "first_token_seconds": 0.1}
    (timing,) = timed(kind(fields, takes=8.0), Latency(samples=1, warmup=0))
    assert (timing.seconds, timing.queued_seconds, timing.attempts) == (0.25, 0.0, 3)
    assert timing.first_token_seconds == 0.1


@pytest.mark.parametrize("kind", [Recorder, Apart])
def test_a_retry_of_unknown_length_ends_the_probe(kind):
    """Where the answered attempt's time is not known, nothing is made up."""
    with pytest.raises(BackendError, match="how long its last attempt took is not said"):
        timed(kind({"attempts": 2}, takes=1.0), Latency(samples=1, warmup=0))


def test_stated_seconds_of_a_fake():
    """A scripted backend's stated seconds are its latency."""
    timings = timed(Stated({"seconds": 9.0}), Latency(samples=2, warmup=0))
    assert [t.seconds for t in timings] == [9.0, 9.0]


def test_scripted_states_its_seconds():
    """The public fake is such a backend, at any concurrency."""
    backend = Scripted(answers={str(n): {"text": "x", "seconds": n / 10} for n in range(4)})
    for concurrency in (1, 2):
        timings = probe(backend, requests(4), Latency(samples=3, warmup=1, concurrency=concurrency))
        assert [t.seconds for t in timings] == [0.1, 0.2, 0.3]


def test_an_endpoint_that_says_429_first():
    """Over HTTP, neither the refused attempt nor the wait that it asks for is in the latency."""
    refusals = [refused(429, "slow down", retry_after="0.2")]
    with ChatServer(lambda body: refusals.pop() if refusals else chat()) as server:
        backend = OpenAIChat(name="api:v1", model="m", base_url=server.url)
        started = time.perf_counter()
        (timing,) = probe(backend, requests(1), Latency(samples=1, warmup=0))
        whole = time.perf_counter() - started
        backend.close()
    assert (timing.attempts, len(server.bodies)) == (2, 2)
    assert 0 < timing.seconds < whole - 0.2


def test_an_endpoint_keeps_the_concurrency():
    """Over HTTP, as many requests are open at once as was said, and no more."""
    with ChatServer(lambda body: chat()) as server:
        backend = OpenAIChat(name="api:v1", model="m", base_url=server.url)
        everyone = asyncio.Barrier(3)

        async def answer():
            await everyone.wait()
            return chat()

        server.answer = lambda body: answer()
        timings = probe(backend, requests(9), Latency(samples=9, concurrency=3, warmup=0))
        backend.close()
    assert server.most == 3
    assert {(t.tokens_in, t.tokens_out, t.attempts) for t in timings} == {(10, 4, 1)}


# What goes wrong


def test_a_failure_ends_the_probe():
    """A failed request is raised: a latency without the failures would flatter."""
    backend = Scripted(answers={"0": {"error": "HTTP 500"}}, name="api:v1")
    with pytest.raises(BackendError, match="The latency probe of api:v1 failed: HTTP 500"):
        probe(backend, requests(1), Latency(samples=1, warmup=0))


def test_an_answer_that_does_not_come_ends_the_probe():
    """A backend that leaves requests out would be timed on the rest."""

    class Forgetful(Recorder):
        def complete(self, asked):
            yield from list(super().complete(asked))[1:]

    with pytest.raises(BackendError, match="gave no answer to 1 of 2 requests"):
        timed(Forgetful(), Latency(samples=2, concurrency=2, warmup=0))


def test_the_budget_counts_and_ends_the_probe():
    """What the probe asks is paid from the session's budget, and when that is used up it ends."""
    budget = Budget(1.0)
    backend = Recorder({"cost": 0.3})
    with pytest.raises(BackendError, match="met the cost limit"):
        timed(backend, Latency(samples=10, warmup=0), 10, budget=budget)
    assert len(backend.calls) == 4
    assert budget.spent == pytest.approx(1.2)
