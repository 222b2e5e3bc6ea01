"""How fast an endpoint is asked: what is in flight, and when a request is asked again."""

from __future__ import annotations

import asyncio
import email.utils
import math
import random
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = ["Attempt", "Line", "Pace", "backoff", "stated_wait"]

Item = TypeVar("Item")

_SLOWER = 0.7
_SLOWS_EVERY_SECONDS = 1.0
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 30.0
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SPAN_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(slots=True)
class Attempt(Generic[Item]):
    """A request on its way: how often it was asked, and what came of each time but the last."""

    item: Item
    number: int = 0
    history: list[str] = field(default_factory=list)


class Pace:
    """How many requests may be in flight at one endpoint.

    Additive increase, multiplicative decrease: a round of answers allows one more, a rate limit takes three
    tenths away, at most once a second (the factor of CUBIC, RFC 9438). Where nothing but rate limits comes
    back, all wait as long as the endpoint says. It belongs to one event loop.

    Args:
        most: what is allowed at first and never exceeded, 1 or more.
        clock: seconds that only grow.
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.limit = float(most)
        self.closed_until = 0.0
        self._clock = clock
        self._slowed = float("-inf")
        self._refused_in_a_row = 0

    def room(self, in_flight: int) -> float:
        """Seconds until one more may be sent: 0 for now, infinity when another has to end first."""
        if in_flight >= int(self.limit):
            return float("inf")
        return max(0.0, self.closed_until - self._clock())

    def answered(self) -> None:
        """The endpoint did its work."""
        self._refused_in_a_row = 0
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def limited(self, wait: float) -> None:
        """The endpoint says that this is too fast; it wants to be left alone for `wait` seconds."""
        now = self._clock()
        self._refused_in_a_row += 1
        if self._refused_in_a_row > self.limit / 2:
            self.close(wait)
        if now - self._slowed >= _SLOWS_EVERY_SECONDS:
            self._slowed = now
            self.limit = max(1.0, self.limit * _SLOWER)

    def close(self, wait: float) -> None:
        """Send nothing for so many seconds."""
        self.closed_until = max(self.closed_until, self._clock() + wait)


class Line(Generic[Item]):
    """The requests of one call, first come first served; those to be asked again join when their time comes.

    Args:
        items: what is to be asked.
        pace: the endpoint's.
    """

    def __init__(self, items: Iterable[Item], pace: Pace) -> None:
        self._fresh = iter(items)
        self._again: deque[Attempt[Item]] = deque()
        self._pace = pace
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._in_flight = 0
        self._sleeping = 0

    async def take(self) -> Attempt[Item] | None:
        """The next to be asked, as soon as there is room for it; None when all is done."""
        while True:
            room = self._pace.room(self._in_flight)
            attempt = self._next() if room == 0 else None
            if attempt is not None:
                attempt.number += 1
                self._in_flight += 1
                return attempt
            if room == 0 and not self._in_flight and not self._sleeping:
                self._wake_all()
                return None
            await self._change(room)

    def done(self) -> None:
        """What was taken last need not be asked again."""
        self._in_flight -= 1
        self._wake_all() if not self._in_flight else self._wake()

    def again(self, attempt: Attempt[Item], *, after: float) -> None:
        """What was taken is to be asked again after so many seconds."""
        self._in_flight -= 1
        self._sleeping += 1
        asyncio.get_running_loop().call_later(after, self._rejoin, attempt)
        self._wake()

    def _rejoin(self, attempt: Attempt[Item]) -> None:
        self._sleeping -= 1
        self._again.append(attempt)
        self._wake()

    def _next(self) -> Attempt[Item] | None:
        if self._again:
            return self._again.popleft()
        item = next(self._fresh, None)
        return None if item is None else Attempt(item)

    async def _change(self, room: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        timer = None
        if 0 < room < float("inf"):
            timer = asyncio.get_running_loop().call_later(room, self._wake_all)
        try:
            await future
        finally:
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return

    def _wake_all(self) -> None:
        while self._waiting:
            self._wake()


def backoff(number: int) -> float:
    """Seconds before a request is asked again after its n-th failure: twice as long each time, with jitter.

    0.5 s · 2^(n - 1), at most 30 s, times a factor between a half and one, drawn anew each time so that
    those who failed together do not come back together.
    """
    longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** (number - 1))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret


def stated_wait(headers: Mapping[str, str]) -> float | None:
    """How long an endpoint wants to be left alone, in seconds; None where it does not say.

    `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), else `retry-after-ms`, else, where
    `x-ratelimit-remaining-…` is 0, `x-ratelimit-reset-…` (`1s`, `6m0s`, `20ms`).
    """
    exact, written = headers.get("retry-after-ms"), headers.get("retry-after")
    for text, unit in ((exact, 0.001), (written, 1.0)):
        number = _number(text)
        if number is not None:
            return max(0.0, number * unit)
    return _until_date(written) if written else _until_reset(headers)


def _until_date(written: str) -> float | None:
    try:
        return max(0.0, email.utils.parsedate_to_datetime(written).timestamp() - time.time())
    except ValueError:
        return None


def _until_reset(headers: Mapping[str, str]) -> float | None:
    waits = [
        _span(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}", "").strip() == "0"
    ]
    known = [wait for wait in waits if wait is not None]
    return max(known) if known else None


def _span(written: str) -> float | None:
    parts = _SPAN.findall(written)
    if parts:
        return sum(float(number) * _SPAN_SECONDS[unit] for number, unit in parts)
    return _number(written)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
