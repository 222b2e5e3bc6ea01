"""The latency probe: after warm-up, at a stated concurrency, never from journalled answers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lockgate.engine.asking import Budget
from lockgate.errors import BackendError, UsageError
from lockgate.model import Backend, Completion, Latency, Request, Timing

__all__ = ["answers_apart", "probe"]


def probe(
    backend: Backend,
    requests: Sequence[Request],
    plan: Latency,
    *,
    budget: Budget | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Timing, ...]:
    """Time `plan.samples` requests, `plan.concurrency` of them in flight at once.

    A backend that answers each call on its own (`answers_apart`) is kept at exactly that concurrency: as one
    answer is there the next request is sent, until none is left to send. Any other, such as weights that
    answer in batches, is measured in rounds, all answered before the next begins, for so it answers. A
    backend that loads weights (it has `load_seconds`) is asked once beforehand even with `warmup: 0`: loading
    is no latency.

    Args:
        backend: what answers; it is always asked, a recorded answer has no latency.
        requests: real requests of the suite, taken in turn and again from the start when there are too few.
        plan: samples, concurrency, warm-up.
        budget: what may be spent, and what the probe's answers are counted towards; None for no limit.
        clock: seconds that only grow.

    Returns:
        One Timing a sample, `seconds` from asking to the whole answer on this process's clock. Of a request
        that was asked again, and of one that had to wait for a rate limit, it is the answered attempt's own
        time. A scripted backend states its seconds instead of taking them (`states_seconds`): those count.

    Raises:
        BackendError: a request failed, or the budget is used up; latencies with some left out would flatter.
        UsageError: the backend never has that many in flight.
    """
    if not requests:
        return ()
    _check_concurrency(backend, plan)
    warmup = max(plan.warmup, 1) if hasattr(backend, "load_seconds") else plan.warmup
    asked = list(itertools.islice(itertools.cycle(requests), warmup + plan.samples))
    stopwatch = _Stopwatch(backend=backend, clock=clock, budget=budget or Budget(None))
    run = _window if answers_apart(backend) else _rounds
    run(stopwatch.time, asked[:warmup], plan.concurrency)
    return tuple(run(stopwatch.time, asked[warmup:], plan.concurrency))


def answers_apart(backend: Backend) -> bool:
    """Whether a backend answers each call on its own (its `concurrent_calls` is not 0)."""
    return bool(getattr(backend, "concurrent_calls", 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stopwatch:
    """Asks and times; safe to use from several threads where the backend is."""

    backend: Backend
    clock: Callable[[], float]
    budget: Budget = field(default_factory=lambda: Budget(None))

    def time(self, requests: Sequence[Request]) -> list[Timing]:
        """One Timing for each request of one call."""
        if self.budget.used_up:
            raise BackendError(f"The latency probe of {self.backend.name} met the cost limit.")
        started = self.clock()
        timings = list(self._timings(self.backend.complete(requests), started))
        if len(timings) != len(requests):
            missing = len(requests) - len(timings)
            raise self._failed(f"the backend gave no answer to {missing} of {len(requests)} requests")
        return timings

    def _timings(self, completions: Iterable[Completion], started: float) -> Iterator[Timing]:
        for completion in completions:
            wall = self.clock() - started
            self.budget.spend(completion.cost)
            if completion.error is not None:
                raise self._failed(completion.error)
            yield self._timing(completion, wall)

    def _timing(self, completion: Completion, wall: float) -> Timing:
        batched = not answers_apart(self.backend) and completion.attempts == 1
        return Timing(
            seconds=self._seconds(completion, wall),
            first_token_seconds=completion.first_token_seconds,
            queued_seconds=min(completion.queued_seconds or 0.0, wall) if batched else 0.0,
            tokens_in=completion.tokens_in,
            tokens_out=completion.tokens_out,
            attempts=completion.attempts,
        )

    def _seconds(self, completion: Completion, wall: float) -> float:
        stated = getattr(self.backend, "states_seconds", False) or completion.attempts > 1
        if stated and completion.seconds is not None:
            return completion.seconds
        if completion.attempts > 1:
            raise self._failed("a request was asked again, and how long its last attempt took is not said")
        if answers_apart(self.backend):
            # It has the machine for itself: what it waited for is a rate limit.
            return max(0.0, wall - (completion.queued_seconds or 0.0))
        return wall

    def _failed(self, why: str) -> BackendError:
        return BackendError(f"The latency probe of {self.backend.name} failed: {why}")


def _check_concurrency(backend: Backend, plan: Latency) -> None:
    most = getattr(backend, "concurrent_calls", 0)
    if 0 < most < plan.concurrency:
        raise UsageError(
            f"Latency was to be measured at concurrency {plan.concurrency}, and {backend.name} has at most "
            f"{most} requests in flight. Raise the backend's concurrency, or lower that under 'latency'."
        )


def _rounds(
    ask: Callable[[Sequence[Request]], list[Timing]], requests: Sequence[Request], concurrency: int
) -> list[Timing]:
    starts = range(0, len(requests), concurrency)
    return [timing for start in starts for timing in ask(requests[start : start + concurrency])]


def _window(
    ask: Callable[[Sequence[Request]], list[Timing]], requests: Sequence[Request], concurrency: int
) -> list[Timing]:
    if concurrency == 1:
        return _rounds(ask, requests, 1)
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="lockgate-probe")
    try:
        futures = [pool.submit(ask, [request]) for request in requests]
        for future in wait(futures, return_when=FIRST_EXCEPTION).done:
            future.result()
        return [timing for future in futures for timing in future.result()]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
