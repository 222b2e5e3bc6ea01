"""The engine: asks all that a session selected, in threads of its own, while items wait for their sample."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from lockgate.engine.asking import Asker
from lockgate.engine.drain import Drain
from lockgate.engine.early import Early
from lockgate.engine.jobs import Job
from lockgate.engine.ledger import Ledger
from lockgate.engine.progress import Meter, Progress
from lockgate.engine.scoring import Judge, sample_all
from lockgate.engine.sharing import Share
from lockgate.engine.verdicts import KeptVerdicts
from lockgate.errors import LockgateError
from lockgate.model import Backend, Completion, Request, Sample, Suite

__all__ = ["Engine"]

_TOGETHER = 32
_POLL_SECONDS = 0.05


@dataclass(eq=False)
class Engine:
    """Takes all jobs at once, asks each backend in few calls, and hands out samples as they come.

    Backends that share weights or an endpoint take turns in one thread; others run side by side, as do those
    that say they `queues`, which put what they share in order themselves.

    Args:
        jobs: everything that was selected.
        asker: makes the Asker of a backend.
        share: this process's part.
        early: the suites that may stop early, each on its backend; their cases are asked in the order drawn.
    """

    jobs: Sequence[Job]
    asker: Callable[[Backend], Asker]
    share: Share = field(default_factory=Share)
    early: Sequence[tuple[Suite, Backend, Early]] = ()

    def __post_init__(self) -> None:
        self._made: dict[int, Sample | Completion] = {}
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._started = time.perf_counter()
        self._now = ""
        self._open = 0
        self._early = {(id(suite), id(backend)): early for suite, backend, early in self.early}
        askers = {id(b): self.asker(b) for b in {id(j.backend): j.backend for j in self.jobs}.values()}
        self._checks: Drain[tuple[Job, Completion] | None] = Drain(
            self._judge, name="lockgate-checks", most=_TOGETHER
        )
        self._ledger = Ledger(next((a.journal for a in askers.values()), None))
        self._score = partial(sample_all, judge=_judge_through(askers.values()))
        self._meter = Meter()
        self._askers = {
            key: replace(asker, keep=self._ledger.put, meter=self._meter) for key, asker in askers.items()
        }
        self._foreign = (
            {id(j): k for j in self.jobs if not self.share.owns(k := self._key(j))} if self._split else {}
        )
        self._threads = [
            threading.Thread(target=self._work, args=(jobs,), name=f"lockgate-{name}", daemon=True)
            for name, jobs in self._groups().items()
        ]

    def start(self) -> None:
        """Begin asking; returns at once."""
        self._started = time.perf_counter()
        self._open = len(self._threads)
        self._ledger.start()
        self._checks.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask nothing more; what has come is kept."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()

    def join(self, seconds: float | None = None) -> None:
        """Wait until nothing is being asked any more, at most so long (each backend)."""
        for thread in self._threads:
            thread.join(seconds)
        self._ledger.end()
        self._checks.end()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stop.is_set()

    @property
    def progress(self) -> Progress:
        """How far it is."""
        own = len(self.jobs) - len(self._foreign)
        seconds = time.perf_counter() - self._started
        return self._meter.read(done=len(self._made), total=own, seconds=seconds, backend=self._now)

    def wait(self, job: Job, *, tick: Callable[[], None] = lambda: None) -> Sample:
        """The sample of a job, as soon as it is there.

        Args:
            job: one of the engine's jobs.
            tick: called about ten times a second while waiting (to show progress).

        Raises:
            Exception: a fault in the judging itself, which no sample could tell of.
        """
        if id(job) in self._foreign:
            return self._wait_for_others(job, tick)
        with self._changed:
            while id(job) not in self._made and not self._idle():
                self._changed.wait(0.1)
                tick()
        if self._checks.broken is not None:
            raise self._checks.broken
        made = self._made.get(id(job), _unmade(job))
        return made if isinstance(made, Sample) else self._score([(job, made)])[0]

    def _idle(self) -> bool:
        return self._stop.is_set() or not self._open or self._checks.broken is not None

    @property
    def _split(self) -> bool:
        return self.share.count > 1

    def _key(self, job: Job) -> str:
        return self._askers[id(job.backend)].key(job.request)

    def _groups(self) -> dict[str, list[Job]]:
        groups: dict[str, list[Job]] = {}
        for job in self.jobs:
            if id(job) not in self._foreign:
                groups.setdefault(_turn(job.backend), []).append(job)
        return groups

    def _work(self, jobs: Sequence[Job]) -> None:
        together: dict[tuple[int, int], list[Job]] = {}
        for job in jobs:
            together.setdefault((id(job.backend), id(self._early_of(job))), []).append(job)
        try:
            for own in together.values():
                self._now = own[0].backend.name
                self._ask(*self._drawn(self._askers[id(own[0].backend)], own))
        finally:
            self._ledger.after(partial(self._checks.put, None))

    def _early_of(self, job: Job) -> Early | None:
        return self._early.get((id(job.suite), id(job.backend)))

    def _drawn(self, asker: Asker, jobs: list[Job]) -> tuple[Asker, list[Job]]:
        """What may stop early: in the order drawn, and asked until it is decided."""
        early = self._early_of(jobs[0])
        if early is None:
            return asker, jobs
        ordered = sorted(jobs, key=lambda job: early.rank(job.case.id))
        return replace(asker, stopped=lambda: asker.stopped() or early.over), ordered

    def _ask(self, asker: Asker, jobs: Sequence[Job]) -> None:
        waiting = {id(job.request): job for job in jobs}
        try:
            for completion in asker.complete([job.request for job in jobs]):
                self._hear(asker, waiting.pop(id(completion.request)), completion)
        except Exception as error:  # noqa: BLE001 -- nobody could catch it here: it fails what it left open
            said = str(error) if isinstance(error, LockgateError) else f"{type(error).__name__}: {error}"
            for job in waiting.values():
                self._hear(asker, job, Completion(error=said, request=job.request))

    def _hear(self, asker: Asker, job: Job, completion: Completion) -> None:
        self._tell_others(asker, job.request, completion)
        self._ledger.after(partial(self._checks.put, (job, completion)))

    def _judge(self, entries: Sequence[tuple[Job, Completion] | None]) -> None:
        """Judge what has come and is on disk; None stands for the end of a group of backends.

        Where several processes share the work, whoever runs an item judges its answer: no other would know.
        """
        answered = [self._as_kept(*entry) for entry in entries if entry is not None]
        if answered and not self._stop.is_set():
            made = [completion for _, completion in answered] if self._split else self._score(answered)
            for (job, _), sample in zip(answered, made, strict=True):
                early = self._early_of(job)
                if early is not None and isinstance(sample, Sample):
                    early.hear([sample])
            with self._changed:
                self._made.update(zip((id(job) for job, _ in answered), made, strict=True))
        with self._changed:
            self._open -= entries.count(None)
            self._changed.notify_all()

    def _as_kept(self, job: Job, completion: Completion) -> tuple[Job, Completion]:
        """An answer that could not be kept does not count."""
        failure = self._ledger.failure
        return job, completion if failure is None else Completion(error=failure, request=job.request)

    def _tell_others(self, asker: Asker, request: Request, completion: Completion) -> None:
        unmade = completion.error is not None or completion.finish == "unasked"
        if self._split and unmade and asker.journal is not None:
            asker.journal.put_failure(self.share.session, asker.key(request), completion.error or "")

    def _wait_for_others(self, job: Job, tick: Callable[[], None]) -> Sample:
        asker, key = self._askers[id(job.backend)], self._foreign[id(job)]
        since = self.share.since if asker.policy.fresh else 0.0
        while not self._stop.is_set():
            completion = asker.told(self.share.session, key, job.request, since=since)
            if completion is not None:
                return self._score([(job, completion)])[0]
            time.sleep(_POLL_SECONDS)
            tick()
        return _unmade(job)


def _judge_through(askers: Iterable[Asker]) -> Judge | None:
    """Costly checks' verdicts come from the journal where there is one, unless all is to be judged anew."""
    asker = next((a for a in askers if a.journal is not None), None)
    if asker is None or asker.journal is None:
        return None
    again = asker.policy.fresh or asker.policy.rescore
    return KeptVerdicts(journal=asker.journal, again=again).judge


def _turn(backend: Backend) -> str:
    """Backends with the same turn are asked one after the other.

    Those that `queues` says so of are asked at once although they share weights: they fill batches together.
    """
    if getattr(backend, "queues", False):
        return f"{backend.name} {id(backend)}"
    return str(getattr(backend, "shares", backend.name))


def _unmade(job: Job) -> Sample:
    return Sample(case_id=job.case.id, trial=job.request.trial, input=job.case.question)
