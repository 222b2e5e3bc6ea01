"""Variants asked beside their originals: the verdict of each, and the smallest change that still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from lockgate.engine.asking import Asker
from lockgate.engine.background import Engine
from lockgate.engine.early import Early
from lockgate.engine.jobs import Job, plan, request_for
from lockgate.engine.scoring import sample_all
from lockgate.model import Backend, Completion, Sample, Suite, Variant, Verdict
from lockgate.variants.contrasts import contrast, sample_of
from lockgate.variants.diffs import diff
from lockgate.variants.shrinking import Budgeted, shrink

__all__ = ["Pair", "ask_all", "pair_up", "settle"]

_SENDS_INPUT_ALONE = ("openai", "rag", "transformers")
_UNSEEN = "The backend's prompt does not show what was changed, so nothing was tried."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One trial of a variant and the same trial of its original."""

    variant: Variant
    original: Job
    varied: Job


def ask_all(
    suite: Suite,
    backend: Backend,
    asker: Callable[[Backend], Asker],
    *,
    baselines: Mapping[str, Sequence[Sample]] = MappingProxyType({}),
) -> list[Sample]:
    """Every sample of a suite's cases, and then of its variants, asked together; returns when all is done.

    Args:
        suite: what is asked.
        backend: what answers.
        asker: makes the Asker of a backend.
        baselines: what its gates compare with, where it may stop early.

    Raises:
        UsageError: the prompt uses a variable that a case does not have.
    """
    jobs = list(plan(suite, backend))
    by_case: dict[str, list[Job]] = {}
    for job in jobs:
        by_case.setdefault(job.case.id, []).append(job)
    pairs = [pair for v in suite.variants for pair in pair_up(suite, v, by_case[v.of.id])]
    early = [(suite, backend, Early(suite, baselines))] if suite.stop else []
    engine = Engine([*jobs, *(pair.varied for pair in pairs)], asker, early=early)
    engine.start()
    samples = [engine.wait(job) for job in jobs]
    made = {id(job): sample for job, sample in zip(jobs, samples, strict=True)}
    through = asker(backend)
    samples += [settle(pair, made[id(pair.original)], engine.wait(pair.varied), through) for pair in pairs]
    engine.join()
    return samples


def pair_up(suite: Suite, variant: Variant, originals: Sequence[Job]) -> Iterator[Pair]:
    """A variant's jobs beside those of its original, which are given; only the checks it needs judge it.

    Raises:
        UsageError: the prompt uses a variable that the case does not have.
    """
    judged = replace(suite, checks=variant.checks)
    for original in originals:
        request = request_for(original.backend, variant.case, trial=original.request.trial)
        job = Job(suite=judged, backend=original.backend, case=variant.case, request=request)
        yield Pair(variant=variant, original=original, varied=job)


def settle(pair: Pair, original: Sample, made: Sample, asker: Asker) -> Sample:
    """The variant's sample with its one verdict; one that fails is shrunk, as far as the policy lets it.

    Args:
        pair: the two jobs.
        original: the sample of the original.
        made: the variant's own, with the verdicts of its checks.
        asker: through which smaller changes are asked; its policy says how many.
    """
    if made.completion is None:
        return sample_of(pair.variant, made, None)
    verdict = _verdict(pair, original, made.completion, made.verdicts)
    sample = sample_of(pair.variant, made, verdict)
    shrinks = verdict.status == "fail" and pair.variant.edits > 1 and asker.policy.shrink > 0
    return _shrunk(sample, pair, original, asker) if shrinks else sample


def _shrunk(sample: Sample, pair: Pair, original: Sample, asker: Asker) -> Sample:
    fails = Budgeted(lambda part: _fails(part, pair, original, asker), asker.policy.shrink)
    kept = shrink(pair.variant.edits, fails)
    if sample.variant is None or not fails.asked:
        return sample
    smallest = diff(pair.variant.of, pair.variant.build(kept)) if len(kept) < pair.variant.edits else ""
    return replace(sample, variant=replace(sample.variant, smallest=smallest, asked=fails.asked))


def _fails(part: frozenset[int], pair: Pair, original: Sample, asker: Asker) -> bool | None:
    case = pair.variant.build(part)
    request = request_for(pair.varied.backend, case, trial=pair.varied.request.trial)
    completion = next(iter(asker.complete([request])))
    if completion.error is not None or completion.finish == "unasked":
        return None
    job = replace(pair.varied, case=case, request=request)
    (made,) = sample_all([(job, completion)])
    return _verdict(replace(pair, varied=job), original, completion, made.verdicts).status == "fail"


def _verdict(pair: Pair, original: Sample, completion: Completion, verdicts: Sequence[Verdict]) -> Verdict:
    variant = pair.variant
    if not _is_shown(pair):
        figures = {variant.metric: None}
        return Verdict(check=variant.kind, status="unscored", reason=_UNSEEN, figures=figures)
    return contrast(variant, completion, verdicts, _of_same_checks(pair, original))


def _of_same_checks(pair: Pair, original: Sample) -> list[Verdict] | None:
    suite = pair.original.suite
    if suite is None or len(original.verdicts) != len(suite.checks):
        return None
    return [
        verdict
        for check, verdict in zip(suite.checks, original.verdicts, strict=True)
        if any(check is one for one in pair.variant.checks)
    ]


def _is_shown(pair: Pair) -> bool:
    """Whether the backend is asked something else than for the original, as far as that can be told.

    A backend without a prompt may render the case itself, as a cascade does, or a function that answers.
    """
    backend: Backend = pair.original.backend
    reads_case = backend.prompt is None and backend.identity.get("kind") not in _SENDS_INPUT_ALONE
    return reads_case or pair.varied.request.messages != pair.original.request.messages
