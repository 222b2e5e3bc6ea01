"""The latency probe: after warm-up, at a stated concurrency, never from journalled answers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence

from lockgate.errors import BackendError
from lockgate.model import Backend, Completion, Latency, Request, Timing

__all__ = ["probe"]


def probe(backend: Backend, requests: Sequence[Request], plan: Latency) -> tuple[Timing, ...]:
    """Time `plan.samples` requests, `plan.concurrency` of them in flight at once.

    Args:
        backend: what answers; it is always asked, a recorded answer has no latency.
        requests: real requests of the suite, taken in turn and again from the start when there are too few.
        plan: samples, concurrency, warm-up.

    Returns:
        One Timing a sample, `seconds` from asking to the whole answer on this process's clock. A scripted
        backend states its seconds instead of taking them (`states_seconds`): those count.

    Raises:
        BackendError: a request failed; a latency with failures left out would flatter.
    """
    endless = itertools.cycle(requests)
    take = plan.warmup + plan.samples if requests else 0
    asked = list(itertools.islice(endless, take))
    stated = bool(getattr(backend, "states_seconds", False))
    for start in range(0, plan.warmup, plan.concurrency):
        list(_round(backend, asked[start : min(start + plan.concurrency, plan.warmup)], stated=stated))
    timed = asked[plan.warmup :]
    rounds = range(0, len(timed), plan.concurrency)
    return tuple(t for s in rounds for t in _round(backend, timed[s : s + plan.concurrency], stated=stated))


def _round(backend: Backend, requests: Sequence[Request], *, stated: bool) -> Iterator[Timing]:
    started = time.perf_counter()
    for completion in backend.complete(requests):
        if completion.error is not None:
            raise BackendError(f"The latency probe of {backend.name} failed: {completion.error}")
        yield _timing(completion, time.perf_counter() - started, stated=stated)


def _timing(completion: Completion, measured: float, *, stated: bool) -> Timing:
    seconds = completion.seconds if stated and completion.seconds is not None else measured
    return Timing(
        seconds=seconds,
        first_token_seconds=completion.first_token_seconds,
        queued_seconds=completion.queued_seconds or 0.0,
        tokens_in=completion.tokens_in,
        tokens_out=completion.tokens_out,
    )
