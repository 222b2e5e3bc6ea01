"""Runs that may end early: cases in an order drawn by chance, and the first look at which all is decided."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from lockgate.engine.ruling import Ruled, rule_all
from lockgate.model import Ruling, Sample, Suite
from lockgate.statistics.sequential import Looks

__all__ = ["Early", "Settled", "drawn", "schedule", "settle"]

_LOOKS = 40
_Runs = Mapping[str, Sequence[Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a run is ruled on: the suite's cases up to the look that decided, their samples, and that look."""

    suite: Suite
    samples: Sequence[Sample]
    looks: Looks

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know: how much was saved."""
        seen, horizon = self.looks.seen, self.looks.horizon
        if seen >= horizon:
            return ()
        return (f"Stopped after {seen} of {horizon} cases, drawn by chance: every gate was decided.",)


class Early:
    """One suite on one backend while its samples come: whether every gate is decided already.

    It looks at the cases in the order drawn, up to the first whose samples are not all there, whatever comes
    first: quick answers may be better or worse than slow ones. It is fed by one thread and read by others.

    Args:
        suite: a suite that says `stop: early`.
        baselines: what its gates compare with, as far as that is known before the run.
    """

    def __init__(self, suite: Suite, baselines: _Runs = MappingProxyType({})) -> None:
        self.suite = suite
        self.decided: Looks | None = None
        self._baselines = baselines
        self._ranks = {case_id: rank for rank, case_id in enumerate(drawn(suite))}
        self._heard: list[list[Sample]] = [[] for _ in self._ranks]
        self._complete = 0
        self._due = schedule(len(self._ranks))
        self._next = next(self._due)

    @property
    def over(self) -> bool:
        """Whether nothing more needs to be asked."""
        return self.decided is not None

    def rank(self, case_id: str) -> int:
        """A case's place in the order drawn."""
        return self._ranks[case_id]

    def hear(self, samples: Iterable[Sample]) -> None:
        """Take samples that have come, and look again if as many are there as the next look wants."""
        for sample in samples:
            self._heard[self._ranks[sample.case_id]].append(sample)
        while self._complete < len(self._heard) and self._is_whole(self._heard[self._complete]):
            self._complete += 1
        while self.decided is None and self._complete >= self._next < len(self._heard):
            self._look(self._next)
            self._next = next(self._due)

    def _is_whole(self, samples: Sequence[Sample]) -> bool:
        return len(samples) == self.suite.trials and all(map(_asked, samples))

    def _look(self, seen: int) -> None:
        samples = [sample for heard in self._heard[:seen] for sample in heard]
        found = _at(self.suite, samples, seen, list(self._ranks)[:seen])
        if _all_decided(_ruled(found, self._baselines)):
            self.decided = found.looks


def drawn(suite: Suite) -> tuple[str, ...]:
    """The ids of a suite's cases in the order that its seed draws."""
    ids = [case.id for case in suite.cases]
    random.Random(suite.seed).shuffle(ids)  # noqa: S311 - a draw, not a secret
    return tuple(ids)


def settle(suite: Suite, samples: Sequence[Sample], baselines: _Runs = MappingProxyType({})) -> Settled:
    """What to rule on: up to the first look at which every gate is decided, or else everything.

    The looks are the same whenever and wherever the samples came, so that a replay rules as the run did.

    Args:
        suite: a suite that says `stop: early`.
        samples: of any of its cases.
        baselines: what its gates compare with; `samples` itself where that is this run.
    """
    own = {word: runs for word, runs in baselines.items() if runs is not samples}
    mine = baselines.keys() - own.keys()
    by_case: dict[str, list[Sample]] = {}
    for sample in filter(_asked, samples):
        by_case.setdefault(sample.case_id, []).append(sample)
    ids = drawn(suite)
    there = next((n for n, i in enumerate(ids) if len(by_case.get(i, ())) < suite.trials), len(ids))
    for seen in schedule(len(ids)):
        if seen > min(there, len(ids) - 1):
            break
        found = _at(suite, [s for i in ids[:seen] for s in by_case[i]], seen, ids[:seen])
        if _all_decided(_ruled(found, own | dict.fromkeys(mine, found.samples))):
            return found
    return Settled(suite=suite, samples=samples, looks=Looks(horizon=len(ids), seen=there))


def schedule(cases: int) -> Iterator[int]:
    """After how many cases to look; the last look is at all of them."""
    step = max(1, math.ceil(cases / _LOOKS))
    yield from range(step, cases, step)
    yield cases


def _at(suite: Suite, samples: Sequence[Sample], seen: int, ids: Sequence[str]) -> Settled:
    cases = {case.id: case for case in suite.cases}
    part = replace(suite, cases=tuple(cases[case_id] for case_id in ids))
    return Settled(suite=part, samples=samples, looks=Looks(horizon=len(suite.cases), seen=seen))


def _ruled(found: Settled, baselines: _Runs) -> Ruled:
    return rule_all(found.suite, found.samples, baselines=baselines, looks=found.looks, gated_only=True)


def _all_decided(ruled: Ruled) -> bool:
    return all(map(_decided, ruled.rulings))


def _decided(ruling: Ruling) -> bool:
    """Whether more cases could not change a ruling; what has no test for every look holds nothing back.

    A gate that allows no failure can fail early, and passes with the last case alone.
    """
    if ruling.metric.kind == "quantile" or ruling.metric.unit:
        return True
    return ruling.status == "fail" or (ruling.status == "pass" and not ruling.gate.hard)


def _asked(sample: Sample) -> bool:
    return sample.error is not None or sample.completion is not None
