"""The latency probe: warm-up left out, concurrency kept, failures loud."""

import pytest

from lockgate.backends.scripted import Scripted
from lockgate.engine.probe import probe
from lockgate.errors import BackendError
from lockgate.model import Completion, Latency, Request


def requests(count: int) -> list[Request]:
    return [Request(case_id=str(n), messages=({"role": "user", "content": str(n)},)) for n in range(count)]


class Recorder:
    """Remembers the size of each call; states the seconds of its answers."""

    name, prompt, identity = "prompt:v1", None, {}

    def __init__(self, *, states_seconds: bool) -> None:
        self.calls = []
        self.states_seconds = states_seconds

    def complete(self, asked):
        self.calls.append([r.case_id for r in asked])
        for request in asked:
            yield Completion(text="x", seconds=9.0, tokens_in=7, tokens_out=3, request=request)


def test_measures_the_clock():
    """Seconds are taken on this process's clock, whatever the backend says of itself."""
    timings = probe(Recorder(states_seconds=False), requests(5), Latency(samples=3, warmup=1))
    assert len(timings) == 3
    assert all(0 <= t.seconds < 1 for t in timings)
    assert {(t.tokens_in, t.tokens_out) for t in timings} == {(7, 3)}


def test_stated_seconds_of_a_fake():
    """A scripted backend's stated seconds are its latency."""
    timings = probe(Recorder(states_seconds=True), requests(3), Latency(samples=2, warmup=0))
    assert [t.seconds for t in timings] == [9.0, 9.0]


def test_scripted_states_its_seconds():
    """The public fake is such a backend."""
    backend = Scripted(answers={str(n): {"text": "x", "seconds": n / 10} for n in range(4)})
    timings = probe(backend, requests(4), Latency(samples=3, warmup=1))
    assert [t.seconds for t in timings] == [0.1, 0.2, 0.3]


def test_rounds_have_the_stated_concurrency():
    """Warm-up and samples are asked apart, in rounds as large as the concurrency."""
    backend = Recorder(states_seconds=True)
    timings = probe(backend, requests(7), Latency(samples=5, concurrency=2, warmup=2))
    assert backend.calls == [["0", "1"], ["2", "3"], ["4", "5"], ["6"]]
    assert len(timings) == 5


def test_few_requests_are_asked_in_turn():
    """Too few requests are asked again from the start."""
    backend = Recorder(states_seconds=True)
    probe(backend, requests(2), Latency(samples=5, warmup=0))
    assert [c for call in backend.calls for c in call] == ["0", "1", "0", "1", "0"]


def test_nothing_to_ask():
    """No requests, no timings."""
    assert probe(Recorder(states_seconds=True), [], Latency()) == ()


def test_a_failure_ends_the_probe():
    """A failed request is raised: a latency without the failures would flatter."""
    backend = Scripted(answers={"0": {"error": "HTTP 500"}}, name="api:v1")
    with pytest.raises(BackendError, match="The latency probe of api:v1 failed: HTTP 500"):
        probe(backend, requests(1), Latency(samples=1, warmup=0))
