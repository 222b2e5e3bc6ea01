"""How fast an endpoint is asked, and when a request is asked again."""

from __future__ import annotations

import asyncio
import email.utils
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.backends.pacing import Line, Pace, backoff, stated_wait


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_pace_begins_with_all_that_is_allowed():
    """At first as many may be in flight as the backend allows, and not one more."""
    pace = Pace(4)
    assert [pace.room(n) for n in (0, 3, 4, 5)] == [0, 0, float("inf"), float("inf")]


def test_a_rate_limit_takes_three_tenths_away_at_most_once_a_second():
    """Several refusals of one moment count once."""
    clock = Clock()
    pace = Pace(50, clock=clock)
    for _ in range(3):
        pace.limited(1.0)
    assert pace.limit == pytest.approx(35)
    clock.now += 1.1
    pace.limited(1.0)
    assert pace.limit == pytest.approx(24.5)


def test_a_round_of_answers_allows_one_more():
    """The limit grows by about one for as many answers as are allowed in flight, up to the most."""
    pace = Pace(12)
    pace.limit = 10.0
    for _ in range(10):
        pace.answered()
    assert 10.9 < pace.limit < 11.1
    for _ in range(100):
        pace.answered()
    assert pace.limit == 12


def test_where_nothing_but_refusals_comes_all_wait():
    """More refusals in a row than half the limit close the door for the stated time."""
    clock = Clock()
    pace = Pace(4, clock=clock)
    pace.limited(2.0)
    assert pace.room(0) == 0
    pace.answered()
    pace.limited(2.0)
    assert pace.room(0) == 0
    pace.limited(2.0)
    assert pace.room(0) == pytest.approx(2.0)
    clock.now += 2.0
    assert pace.room(0) == 0


@given(st.lists(st.sampled_from(["answered", "limited", "later"]), max_size=200), st.integers(1, 64))
def test_the_limit_stays_between_one_and_the_most(events, most):
    """Whatever comes back, at least one request may be in flight and never more than the most."""
    clock = Clock()
    pace = Pace(most, clock=clock)
    for event in events:
        if event == "answered":
            pace.answered()
        elif event == "limited":
            pace.limited(0.1)
        else:
            clock.now += 1.0
        assert 1 <= pace.limit <= most


def run(items, *, workers=3, pace=None, fails=(), wait=0.0):
    """Take all items off a line; those in `fails` are asked again as often as it says."""
    taken, most, flying = [], 0, 0
    left = dict(fails)

    async def work(line):
        nonlocal most, flying
        while (attempt := await line.take()) is not None:
            flying += 1
            most = max(most, flying)
            taken.append((attempt.item, attempt.number))
            await asyncio.sleep(0)
            flying -= 1
            if left.get(attempt.item, 0):
                left[attempt.item] -= 1
                line.again(attempt, after=wait)
            else:
                line.done()

    async def serve():
        line = Line(items, pace or Pace(workers))
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work(line))

    asyncio.run(serve())
    return taken, most


def test_all_are_taken_in_order_and_the_line_ends():
    """Every item is taken once, first come first served."""
    taken, _ = run("abcdef")
    assert taken == [(item, 1) for item in "abcdef"]


def test_nothing_to_do_ends_at_once():
    """An empty line gives every worker its end."""
    assert run("") == ([], 0)


@given(
    st.lists(st.integers(0, 9), unique=True, max_size=8),
    st.integers(1, 5),
    st.dictionaries(st.integers(0, 9), st.integers(1, 3)),
)
def test_what_is_asked_again_is_taken_as_often_as_it_failed(items, workers, fails):
    """No item is lost or taken too often, in whatever order the attempts come."""
    taken, _ = run(items, workers=workers, fails=fails)
    wanted = [(item, n + 1) for item in items for n in range(1 + fails.get(item, 0))]
    assert sorted(taken) == sorted(wanted)


def test_one_that_waits_does_not_hold_up_others():
    """While a request waits for its time, all others are taken."""
    taken, _ = run("abcd", workers=1, fails={"a": 1}, wait=0.05)
    assert taken == [("a", 1), ("b", 1), ("c", 1), ("d", 1), ("a", 2)]


def test_no_more_are_in_flight_than_the_pace_allows():
    """Ten workers with a limit of two hold two requests at once."""
    pace = Pace(10)
    pace.limit = 2.0
    pace.answered = lambda: None
    assert run(range(30), workers=10, pace=pace)[1] == 2


def test_a_closed_door_opens_by_itself():
    """After the time that the endpoint wanted, the line goes on without another event."""
    pace = Pace(2)
    pace.close(0.05)
    started = time.monotonic()
    taken, _ = run("ab", pace=pace)
    assert time.monotonic() - started >= 0.05
    assert [item for item, _ in taken] == ["a", "b"]


@given(st.integers(1, 40))
def test_waits_double_with_jitter_up_to_half_a_minute(number):
    """The n-th wait is between a half and the whole of 0.5 s · 2^(n - 1), at most 30 s."""
    longest = min(30.0, 0.5 * 2 ** (number - 1))
    assert longest / 2 <= backoff(number) <= longest


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Sat, 01 Jan 2000 00:00:00 GMT"}, 0.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2.5s"}, 62.5),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "3"}, 3.0),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1m"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "?"}, None),
    ],
)
def test_the_endpoint_says_how_long_to_wait(headers, seconds):
    """Retry-After in seconds, milliseconds or as a date, or the reset of a used-up rate limit."""
    assert stated_wait(headers) == seconds


def test_a_date_in_the_future_is_a_wait():
    """A date is counted from now."""
    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert 57 < stated_wait({"retry-after": date}) <= 60
