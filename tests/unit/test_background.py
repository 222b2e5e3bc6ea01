"""The event loop in a thread: order, errors, early ends and closing."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError

import pytest

from lockgate.background import BackgroundLoop


class Client:
    """Counts how often it was opened and closed, and in which loop."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.closed = False

    async def close(self):
        assert asyncio.get_running_loop() is self.loop
        self.closed = True


@pytest.fixture
def clients():
    """Every client that was made."""
    return []


@pytest.fixture
def background(clients):
    """A loop whose clients are kept in `clients`."""

    def connect():
        clients.append(Client())
        return clients[-1]

    loop = BackgroundLoop(connect=connect, disconnect=lambda client: client.close())
    yield loop
    loop.close()


async def count_to_three(client, put):
    """Put 1, 2 and 3."""
    for number in (1, 2, 3):
        put(number)


def threads():
    """The threads that background loops run in."""
    return [t for t in threading.enumerate() if t.name == "lockgate"]


def test_items_come_in_order(background):
    """All that was put comes out, in order."""
    assert list(background.stream(count_to_three)) == [1, 2, 3]


def test_an_item_comes_before_the_work_ends(background):
    """The first item is there while the work still waits."""
    go_on = threading.Event()

    async def serve(client, put):
        put("early")
        await asyncio.to_thread(go_on.wait)
        put("late")

    stream = background.stream(serve)
    assert next(stream) == "early"
    go_on.set()
    assert list(stream) == ["late"]


def test_an_error_comes_after_the_items(background):
    """What was put before an error is not lost, and the error is raised as it is."""

    async def serve(client, put):
        put(1)
        raise ZeroDivisionError("a bug")

    stream = background.stream(serve)
    assert next(stream) == 1
    with pytest.raises(ZeroDivisionError, match="a bug"):
        next(stream)


def test_an_early_end_cancels_the_work(background):
    """Closing the generator cancels what it reads from."""
    cancelled = threading.Event()

    async def serve(client, put):
        put(1)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    stream = background.stream(serve)
    assert next(stream) == 1
    stream.close()
    assert cancelled.wait(5)


def test_one_client_serves_all_streams(background, clients):
    """The client is made once and lives until the loop is closed, in the loop."""
    assert clients == []
    list(background.stream(count_to_three))
    list(background.stream(count_to_three))
    assert len(clients) == 1
    assert not clients[0].closed
    background.close()
    assert clients[0].closed


def test_a_client_that_cannot_be_made_raises(background):
    """An error of `connect` is the stream's error, and the next stream tries again."""
    background._connect = lambda: 1 / 0
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            list(background.stream(count_to_three))


def test_closing_ends_the_thread_and_may_be_repeated(background):
    """After `close` no thread is left, and a second `close` does nothing."""
    before = len(threads())
    list(background.stream(count_to_three))
    assert len(threads()) == before + 1
    background.close()
    background.close()
    assert len(threads()) == before


def test_a_closed_loop_begins_anew(background, clients):
    """A stream after `close` starts another thread and another client."""
    list(background.stream(count_to_three))
    background.close()
    assert list(background.stream(count_to_three)) == [1, 2, 3]
    assert len(clients) == 2


def test_closing_cancels_an_open_stream(background):
    """A reader of a stream that is closed under it gets an error and never waits for ever."""

    async def serve(client, put):
        put(1)
        await asyncio.Event().wait()

    stream = background.stream(serve)
    assert next(stream) == 1
    background.close()
    with pytest.raises(CancelledError):
        next(stream)


def test_nothing_starts_before_it_is_needed(clients):
    """Making a loop makes neither a thread nor a client."""
    before = threads()
    BackgroundLoop(connect=Client, disconnect=Client.close)
    assert threads() == before
    assert clients == []
