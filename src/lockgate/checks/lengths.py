"""The check on how long an answer is."""

from __future__ import annotations

from collections.abc import Mapping

from lockgate.checks.counting import UNITS
from lockgate.checks.verdicts import failed, passed, rate_check
from lockgate.errors import UsageError
from lockgate.model import Case, Check, Completion, Verdict

__all__ = ["length"]

_READ = 500_000


def length(
    max_words: int | None = None,
    *,
    min_words: int | None = None,
    min_characters: int | None = 1,
    max_characters: int | None = None,
    min_sentences: int | None = None,
    max_sentences: int | None = None,
    min_lines: int | None = None,
    max_lines: int | None = None,
    metric: str = "length",
) -> Check:
    """The answer is as long as it should be, in words, characters, sentences or lines.

    White space around the answer does not count.

    Args:
        max_words: the most words.
        min_words: the least words.
        min_characters: the least characters.
        max_characters: the most characters.
        min_sentences: the least sentences.
        max_sentences: the most sentences.
        min_lines: the least lines, empty ones between others among them.
        max_lines: the most lines.
        metric: the metric's name, a rate.

    Raises:
        UsageError: a bound is negative, or a least is above its most.
    """
    bounds: Mapping[str, tuple[int | None, int | None]] = {
        "words": (min_words, max_words),
        "characters": (min_characters, max_characters),
        "sentences": (min_sentences, max_sentences),
        "lines": (min_lines, max_lines),
    }
    for unit, (least, most) in bounds.items():
        _check(unit, least, most)

    def judge(case: Case, completion: Completion) -> Verdict:  # noqa: ARG001 - a check's shape
        text = completion.text.strip()
        if len(text) > _READ:
            return failed(f"The answer has {len(text):,} characters, more than the {_READ:,} that are read.")
        problems = [said for unit in bounds if (said := _problem(text, unit, *bounds[unit]))]
        return failed(f"The answer has {' and '.join(problems)}.") if problems else passed()

    identity = {unit: [least, most] for unit, (least, most) in bounds.items()}
    return rate_check("length", metric, judge, {"bounds": identity, "metric": metric})


def _check(unit: str, least: int | None, most: int | None) -> None:
    for side, bound in (("min", least), ("max", most)):
        if bound is not None and bound < 0:
            raise UsageError(f"{side}_{unit} cannot be {bound}. Use 0 or more.")
    if least is not None and most is not None and least > most:
        raise UsageError(f"min_{unit} ({least}) is above max_{unit} ({most}). Nothing could pass.")


def _problem(text: str, unit: str, least: int | None, most: int | None) -> str | None:
    if least is None and most is None:
        return None
    count = UNITS[unit](text)
    shown = f"{count:,} {unit.removesuffix('s') if count == 1 else unit}"
    if least is not None and count < least:
        return f"{shown}, fewer than {least:,}"
    if most is not None and count > most:
        return f"{shown}, more than {most:,}"
    return None
