"""What a reader of a run should know beside its figures."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.engine.probe import answers_apart
from lockgate.model import Backend, Comparison, Latency, Sample
from lockgate.prompts import count_examples
from lockgate.trials import flaky_cases
from lockgate.units import count, show

__all__ = ["how_timed", "notes_on", "notes_on_baseline"]

_LONG_PROMPT_TOKENS = 2000
_MANY_EXAMPLES = 5
_FLAKY_SHOWN = 5
_FLIPS_SHOWN = 5


def how_timed(latency: Latency, backend: Backend) -> tuple[str, ...]:
    """What one has to know of how latency is measured on a backend."""
    if latency.concurrency == 1 or answers_apart(backend):
        return ()
    rounds = f"Latency was measured in rounds of {latency.concurrency}"
    return (f"{rounds}: {backend.name} answers in batches, and a round ends with its last answer.",)


def notes_on(backend: Backend, samples: Sequence[Sample]) -> tuple[str, ...]:
    """What a backend's answers say of it: flaky cases, the time to load it, prompts that grow long."""
    return (*_flaky_notes(samples), *_load_notes(backend), *_prompt_notes(backend, samples))


def notes_on_baseline(found: Comparison) -> tuple[list[str], list[str]]:
    """What is weaker than in the baseline, to be read first; then what else changed, and the flips."""
    weakened = [f"WEAKENED since the baseline {found.baseline}: {what}" for what in found.weakened]
    changed = [f"Since the baseline: {what}" for what in found.changes]
    return weakened, [*changed, _flips(found)]


def _flips(found: Comparison) -> str:
    failing = found.flipped("newly failing")
    named = ", ".join(flip.case_id for flip in failing[:_FLIPS_SHOWN])
    more = f" and {len(failing) - _FLIPS_SHOWN} more" if len(failing) > _FLIPS_SHOWN else ""
    told = f"{len(failing)} newly failing" + (f" ({named}{more})" if failing else "")
    rest = f"{len(found.flipped('fixed'))} fixed, {len(found.flipped('flaky'))} flaky in both"
    alone = len(found.only_ours) + len(found.only_theirs)
    unpaired = f", {alone} in one run only" if alone else ""
    return f"Cases against {found.baseline}: {told}, {rest}, {found.unchanged} unchanged{unpaired}."


def _flaky_notes(samples: Sequence[Sample]) -> tuple[str, ...]:
    flaky = flaky_cases(samples)
    if not flaky:
        return ()
    told = [f"{case.case_id} ({case.passed} of {case.trials})" for case in flaky[:_FLAKY_SHOWN]]
    more = f" and {len(flaky) - _FLAKY_SHOWN} more" if len(flaky) > _FLAKY_SHOWN else ""
    return (f"{count(len(flaky), 'case')} passed in some trials only: {', '.join(told)}{more}.",)


def _load_notes(backend: Backend) -> tuple[str, ...]:
    seconds = getattr(backend, "load_seconds", None)
    if seconds is None:
        return ()
    return (f"Loading {backend.name} took {show(seconds, 's')}, which is in no latency.",)


def _prompt_notes(backend: Backend, samples: Sequence[Sample]) -> list[str]:
    notes = []
    longest = max((s.completion.tokens_in or 0 for s in samples if s.completion is not None), default=0)
    if longest > _LONG_PROMPT_TOKENS:
        notes.append(
            f"The longest prompt has {longest} tokens. Over {_LONG_PROMPT_TOKENS}, consider fine-tuning what "
            "the prompt explains, or retrieving less."
        )
    examples = count_examples(backend.prompt)
    if examples > _MANY_EXAMPLES:
        notes.append(
            f"The prompt shows {examples} examples. Over {_MANY_EXAMPLES}, consider fine-tuning on them."
        )
    return notes
