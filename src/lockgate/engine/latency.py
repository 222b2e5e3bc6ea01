"""What the latency probe found, in words: the parts of a request's time, and how it grows with the prompt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from lockgate.model import Timing
from lockgate.statistics.beta import t_quantile
from lockgate.units import show

__all__ = ["Growth", "growth", "per_token_seconds", "timing_notes"]

_CONFIDENCE = 0.95
_LEAST_SAMPLES = 8
_LEAST_SPREAD = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How latency grows with the prompt, in seconds per 1,000 prompt tokens.

    Args:
        value: the slope of the line of least squares.
        error: its standard error.
        low, high: its one-sided limits at 0.95 by Student's t with n - 2 degrees of freedom; approximate.
        n: the requests that it rests on.
        shortest, longest: the least and the most prompt tokens of them.
    """

    value: float
    error: float
    low: float
    high: float
    n: int
    shortest: int
    longest: int


def growth(timings: Sequence[Timing]) -> Growth | None:
    """The fit of whole time against prompt tokens by ordinary least squares.

    Returns:
        The slope, or None where prompts vary too little to tell: fewer than 8 requests whose tokens are
        known, or a longest prompt of less than 1.5 times the shortest.
    """
    points = [(t.tokens_in, t.seconds) for t in timings if t.tokens_in is not None]
    tokens, seconds = [x for x, _ in points], [y for _, y in points]
    if len(points) < _LEAST_SAMPLES or max(tokens) < _LEAST_SPREAD * max(min(tokens), 1):
        return None
    middle, mean = fmean(tokens), fmean(seconds)
    spread = math.fsum((x - middle) ** 2 for x in tokens)
    slope = math.fsum((x - middle) * (y - mean) for x, y in points) / spread
    left = math.fsum((y - mean - slope * (x - middle)) ** 2 for x, y in points)
    error = math.sqrt(left / (len(points) - 2) / spread)
    margin = t_quantile(_CONFIDENCE, len(points) - 2) * error
    return Growth(
        value=slope * 1000,
        error=error * 1000,
        low=(slope - margin) * 1000,
        high=(slope + margin) * 1000,
        n=len(points),
        shortest=min(tokens),
        longest=max(tokens),
    )


def per_token_seconds(timing: Timing) -> float | None:
    """Seconds for each token after the first; None where it was not streamed or has no second token.

    (whole - queued - first) / (tokens - 1): what a reader sees once the answer has begun.
    """
    if timing.first_token_seconds is None or timing.tokens_out is None or timing.tokens_out < 2:
        return None
    rest = timing.seconds - timing.queued_seconds - timing.first_token_seconds
    return max(0.0, rest) / (timing.tokens_out - 1)


def timing_notes(timings: Sequence[Timing]) -> tuple[str, ...]:
    """Sentences for a run's reader: medians of the parts, what was asked again, how the prompt counts."""
    return tuple(_notes(timings)) if timings else ()


def _notes(timings: Sequence[Timing]) -> Iterator[str]:
    what = "median of 1 request" if len(timings) == 1 else f"medians of {len(timings)} requests"
    yield f"Latency, {what}: {', '.join(_medians(timings))}."
    again = sum(t.attempts > 1 for t in timings)
    if again:
        were, their = ("was", "its") if again == 1 else ("were", "their")
        yield (
            f"Of {len(timings)} timed requests {again} {were} asked again (rate limits, faults); only the "
            f"attempt that was answered is in {their} latency."
        )
    found = growth(timings)
    if found is not None:
        limits = f"[{show(found.low, 's')}, {show(found.high, 's')}]"
        yield (
            f"Latency changes by {show(found.value, 's')} {limits} per 1,000 prompt tokens (least squares "
            f"over {found.n} prompts of {found.shortest} to {found.longest} tokens, standard error "
            f"{show(found.error, 's')})."
        )


def _medians(timings: Sequence[Timing]) -> Iterator[str]:
    yield f"{show(median(t.seconds for t in timings), 's')} whole"
    parts = (
        ([t.first_token_seconds for t in timings], "s", "to the first token"),
        ([per_token_seconds(t) for t in timings], "s", "for each token after it"),
        ([t.queued_seconds or None for t in timings], "s", "of it in a queue"),
        ([t.tokens_in for t in timings], "tokens", "prompt tokens"),
        ([t.tokens_out for t in timings], "tokens", "tokens answered"),
    )
    for values, unit, what in parts:
        known = [value for value in values if value is not None]
        if len(known) == len(timings):
            yield f"{show(median(known), unit)} {what}"
