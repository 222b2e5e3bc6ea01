"""Requests to completions: from the journal or else from the backend, each kept the moment it comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from lockgate.engine.journal import Journal, Recording, recording, request_key
from lockgate.engine.progress import Meter
from lockgate.errors import LockgateError, ReplayMiss
from lockgate.fingerprints import digest
from lockgate.model import JSON, Backend, Completion, Prompt, Request

__all__ = ["Asker", "Budget", "Journalled", "Policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may be asked.

    Args:
        fresh: ask again even what is journalled.
        offline: never ask; what is not journalled is an error that names the nearest recording.
        rescore: like offline, but what is not journalled is left unscored.
        max_cost: US dollars after which nothing more is asked, None for no limit.
        shrink: most requests that look for a smaller change where a variant fails.
    """

    fresh: bool = False
    offline: bool = False
    rescore: bool = False
    max_cost: float | None = None
    shrink: int = 16


class Budget:
    """What a session has spent, in US dollars, over all its backends; safe to use from several threads."""

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self.spent = 0.0
        self._lock = threading.Lock()

    def spend(self, cost: float | None) -> None:
        """Count a completion's cost; an unknown one counts nothing."""
        with self._lock:
            self.spent += cost or 0.0

    @property
    def used_up(self) -> bool:
        """Whether the limit is reached."""
        return self.limit is not None and self.spent >= self.limit


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Asks one backend through the journal.

    Args:
        backend: what answers.
        journal: where answers are kept, None to keep none.
        policy: what may be asked.
        budget: shared by all backends of the session.
        stopped: True when nothing more is to be asked.
        keep: how a recording is kept, as `Journal.write`, which it is by default.
        meter: counts what is asked, for who shows progress.
    """

    backend: Backend
    journal: Journal | None = None
    policy: Policy = field(default_factory=Policy)
    budget: Budget = field(default_factory=lambda: Budget(None))
    stopped: Callable[[], bool] = lambda: False
    keep: Callable[[Recording], None] | None = None
    meter: Meter = field(default_factory=Meter)

    @cached_property
    def fingerprint(self) -> str:
        """The hash of everything that can change this backend's answers."""
        return digest(dict(self.backend.identity))

    def key(self, request: Request) -> str:
        """Where the journal keeps the answer to a request."""
        return request_key(self.backend, self.fingerprint, request)

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """One completion for each request, in any order; what cannot be answered carries an `error`.

        A completion with neither text nor error and the finish `unasked` was left out on purpose (cost limit,
        stop, `--llm-rescore`): it is unscored. Nothing is raised for a backend's failure.
        """
        fingerprint = self.fingerprint
        firsts: dict[str, Request] = {}
        twins: dict[int, list[Request]] = {}
        for request in requests:
            first = firsts.setdefault(request_key(self.backend, fingerprint, request), request)
            if first is not request:
                twins.setdefault(id(first), []).append(request)
        keys = {id(first): key for key, first in firsts.items()}
        for completion in self._each(keys, list(firsts.values()), fingerprint):
            yield completion
            for request in twins.get(id(completion.request), ()):
                yield replace(completion, request=request)

    def told(self, session: str, key: str, request: Request, *, since: float) -> Completion | None:
        """What another process of the session got for a request: its answer, its error, or None so far."""
        if self.journal is None:
            return None
        error = self.journal.failure(session, key)
        if error is not None:
            return _failed(request, error) if error else _unasked(request)
        return self.journal.get(key, request, since=since)

    def _each(
        self, keys: dict[int, str], requests: Sequence[Request], fingerprint: str
    ) -> Iterator[Completion]:
        open_requests = []
        for request in requests:
            recorded = self._recorded(keys[id(request)], request)
            if recorded is None:
                open_requests.append(request)
            else:
                yield recorded
        if self.policy.offline or self.policy.rescore:
            yield from map(self._refused, open_requests)
            return
        self.meter.begin(self.backend, len(open_requests), replayed=len(requests) - len(open_requests))
        for completion in self._asked(open_requests):
            self.meter.hear(self.backend, completion)
            yield self._kept(keys, fingerprint, completion)

    def _recorded(self, key: str, request: Request) -> Completion | None:
        if self.journal is None or self.policy.fresh:
            return None
        return self.journal.get(key, request)

    def _refused(self, request: Request) -> Completion:
        if self.policy.rescore:
            return _unasked(request)
        nearest = self.journal.nearest(self.backend.name, request) if self.journal else None
        hint = (
            f"The nearest recording is {nearest}." if nearest else "The journal holds no recording like it."
        )
        miss = ReplayMiss(
            f"{request.case_id!r} is not in the journal and --llm-offline forbids asking. {hint}"
        )
        return Completion(error=str(miss), request=request)

    def _asked(self, requests: Sequence[Request]) -> Iterator[Completion]:
        waiting = {id(r): r for r in requests}
        error = "the backend gave no answer to this request"
        try:
            for portion in _portions(requests, self._portion_size()):
                if self.stopped() or self.budget.used_up:
                    break
                for completion in self.backend.complete(portion):
                    if waiting.pop(id(completion.request), None) is not None:
                        self.budget.spend(completion.cost)
                        yield completion
                    if self.stopped():
                        break
                asked = [r for r in portion if id(r) in waiting]
                if not self.stopped():
                    yield from (_failed(waiting.pop(id(r)), error) for r in asked)
        except LockgateError as failure:
            yield from (_failed(r, str(failure)) for r in waiting.values())
            return
        except Exception as failure:  # noqa: BLE001 -- a backend is somebody's code: whatever it raises is an error
            error = f"{type(failure).__name__}: {failure}"
            yield from (_failed(r, error) for r in waiting.values())
            return
        yield from map(_unasked, waiting.values())

    def _portion_size(self) -> int | None:
        return None if self.budget.limit is None else max(1, getattr(self.backend, "concurrency", 1))

    def _kept(self, keys: dict[int, str], fingerprint: str, completion: Completion) -> Completion:
        """The completion, kept; what cannot be kept is no answer."""
        if self.journal is None or completion.error is not None or completion.finish == "unasked":
            return completion
        try:
            row = recording(
                keys[id(completion.request)],
                backend=self.backend.name,
                fingerprint=fingerprint,
                completion=completion,
            )
        except ValueError as error:
            return replace(completion, text="", error=f"The answer cannot be kept: {error}.")
        (self.keep or self.journal.write)(row)
        return completion


@dataclass(frozen=True, slots=True)
class Journalled:
    """A backend that is asked through the journal, as a session's own are: what a check's judge is."""

    asker: Asker

    @property
    def name(self) -> str:
        """The backend's own."""
        return self.asker.backend.name

    @property
    def identity(self) -> Mapping[str, JSON]:
        """The backend's own."""
        return self.asker.backend.identity

    @property
    def prompt(self) -> Prompt | None:
        """The backend's own."""
        return self.asker.backend.prompt

    @property
    def takes_response_format(self) -> bool:
        """The backend's own."""
        return bool(getattr(self.asker.backend, "takes_response_format", False))

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """As `Asker.complete`: recorded answers first, under the session's policy and budget."""
        return self.asker.complete(requests)


def _portions(requests: Sequence[Request], size: int | None) -> Iterator[Sequence[Request]]:
    step = size or max(1, len(requests))
    for start in range(0, len(requests), step):
        yield requests[start : start + step]


def _unasked(request: Request) -> Completion:
    return Completion(finish="unasked", request=request)


def _failed(request: Request, error: str) -> Completion:
    return Completion(error=error, request=request)
