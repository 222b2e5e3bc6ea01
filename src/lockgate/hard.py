"""`hard: true`: a gate that allows no failure at all, so that no statistics come into it."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.figures import Key, observe
from lockgate.model import Counts, Figure, Labels, Metric, Sample
from lockgate.rivals import Part, undecided
from lockgate.units import count

__all__ = ["without_failure"]

_SHOWN = 5


def without_failure(metric: Metric, samples: Sequence[Sample], *, expected: int) -> Part:
    """What a hard gate says: a pass only where every sample was run, was scored and is right.

    Args:
        metric: a rate, or another share; what is right is its better end.
        samples: this run's.
        expected: samples that a whole run has.
    """
    figures = observe(samples, metric)
    wrong = [key for key, figure in figures.items() if figure is not None and not _right(figure, metric)]
    unscored = [key for key, figure in figures.items() if figure is None]
    if wrong or unscored:
        told = [_told(wrong, "fail"), _told(unscored, "unscored")]
        reason = f"{metric.name} allows no failure: of {count(len(figures), 'sample')} {_and(told)}."
        return Part(status="fail", reason=reason)
    if len(samples) < expected:
        missing = f"{expected - len(samples)} of {expected} samples were not run"
        return undecided(f"{metric.name} allows no failure: {missing}. Run all of the suite's cases.")
    if not figures:
        return undecided(f"{metric.name} allows no failure, and applies to no sample.")
    return Part(status="pass", reason=f"{metric.name} allows no failure: all of {len(figures)} are right.")


def _right(figure: Figure, metric: Metric) -> bool:
    if isinstance(figure, Counts):
        return not figure.fp and not figure.fn
    if isinstance(figure, Labels):
        return figure.expected == figure.answered
    return figure is not None and float(figure) == (1 if metric.better == "higher" else 0)


def _told(keys: Sequence[Key], what: str) -> str:
    if not keys:
        return ""
    cases = list(dict.fromkeys(case_id for case_id, _ in keys))
    more = f" and {len(cases) - _SHOWN} more" if len(cases) > _SHOWN else ""
    return f"{len(keys)} {what} ({', '.join(cases[:_SHOWN])}{more})"


def _and(texts: Sequence[str]) -> str:
    return " and ".join(text for text in texts if text)
