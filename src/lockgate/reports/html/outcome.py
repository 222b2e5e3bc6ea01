"""What a sample came to, and what a backend's runs come to, each in one word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from lockgate.model import Ruling, Run, Sample

__all__ = ["Answer", "Outcome", "answer_of", "came_to", "missed"]

Outcome: TypeAlias = Literal["error", "miss", "unscored", "pass", "unasked"]
"""A sample: no answer, a check missed, one cannot tell, all passed, or never asked."""

Answer: TypeAlias = Literal["pass", "fail", "inconclusive", "none"]
"""A backend: may ship, may not, not decided, or nothing that would decide it."""


def came_to(sample: Sample) -> Outcome:
    """The outcome of a sample; a check that broke counts as an error."""
    if sample.error is not None:
        return "error"
    if sample.completion is None:
        return "unasked"
    statuses = {verdict.status for verdict in sample.shortfalls}
    if not statuses:
        return "pass"
    return "error" if "error" in statuses else "miss" if "fail" in statuses else "unscored"


def missed(run: Run, ruling: Ruling) -> int:
    """How many samples have no answer, or fall short in a check with a share in the ruling's metric."""
    name = ruling.metric.name
    varied = [s for s in run.variants if s.variant is not None and s.variant.metric == name]
    return sum(
        sample.error is not None or any(name in v.figures for v in sample.shortfalls)
        for sample in varied or run.samples
    )


def answer_of(runs: Sequence[Run]) -> tuple[Answer, int, int]:
    """What one backend's runs come to, as the exit code does.

    Returns:
        The answer, how many samples have no answer, and how many miss a check that no gate bounds.
    """
    statuses = {ruling.status for run in runs for ruling in run.rulings}
    alone = [sample for run in runs for sample in run.lone_failures]
    errors = sum(came_to(sample) == "error" for sample in alone)
    misses = len(alone) - errors
    if "fail" in statuses or errors or misses:
        return "fail", errors, misses
    return "inconclusive" if "inconclusive" in statuses else "pass" if statuses else "none", 0, 0
