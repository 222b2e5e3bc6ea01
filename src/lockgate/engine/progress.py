"""How far a session is: counted as answers come, read whenever somebody waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lockgate.model import Backend, Completion

__all__ = ["Meter", "Progress"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the engine is.

    Args:
        done, total: samples made, of how many.
        seconds: since it began.
        backend: what was asked last.
        replayed: requests that the journal answered.
        asked: requests that a backend has answered in this session; what follows is of these alone.
        asking_seconds: since the first of them was asked.
        in_flight: how many are being asked now, at most: the backends' concurrency, or what is left.
        retries: how often one had to be asked again.
        tokens: of their answers, as far as they are known.
        cost: of their answers in US dollars, None where no price is known.
    """

    done: int
    total: int
    seconds: float
    backend: str = ""
    replayed: int = 0
    asked: int = 0
    asking_seconds: float = 0.0
    in_flight: int = 0
    retries: int = 0
    tokens: int = 0
    cost: float | None = None

    @property
    def rate(self) -> float:
        """Answers a second, without those from the journal; 0 before the first."""
        return self._per_second(self.asked)

    @property
    def tokens_per_second(self) -> float:
        """Tokens answered a second; 0 where they are not known."""
        return self._per_second(self.tokens)

    @property
    def seconds_left(self) -> float | None:
        """Until all is done if it goes on like this; None before the first answer."""
        return (self.total - self.done) / self.rate if self.rate else None

    def _per_second(self, count: int) -> float:
        return count / self.asking_seconds if self.asking_seconds > 0 else 0.0


class Meter:
    """Counts what several backends are asked; safe to use from several threads.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began: float | None = None
        self._open: dict[int, int] = {}
        self._most: dict[int, int] = {}
        self._replayed = self._asked = self._retries = self._tokens = 0
        self._cost: float | None = None

    def begin(self, backend: Backend, count: int, *, replayed: int = 0) -> None:
        """A backend is about to be asked so many requests; so many others the journal has answered."""
        with self._lock:
            self._replayed += replayed
            if not count:
                return
            self._began = self._clock() if self._began is None else self._began
            self._open[id(backend)] = self._open.get(id(backend), 0) + count
            self._most[id(backend)] = max(1, getattr(backend, "concurrency", 1))

    def hear(self, backend: Backend, completion: Completion) -> None:
        """One of them has its answer, its error, or was left out after all (the finish `unasked`)."""
        with self._lock:
            self._open[id(backend)] -= 1
            if completion.finish == "unasked":
                return
            self._asked += 1
            self._retries += completion.attempts - 1
            self._tokens += completion.tokens_out or 0
            if completion.cost is not None:
                self._cost = (self._cost or 0.0) + completion.cost

    def read(self, *, done: int, total: int, seconds: float, backend: str) -> Progress:
        """All of it as it is now, beside what the engine itself knows."""
        with self._lock:
            return Progress(
                done=done,
                total=total,
                seconds=seconds,
                backend=backend,
                replayed=self._replayed,
                asked=self._asked,
                asking_seconds=0.0 if self._began is None else self._clock() - self._began,
                in_flight=sum(min(count, self._most[key]) for key, count in self._open.items()),
                retries=self._retries,
                tokens=self._tokens,
                cost=self._cost,
            )
