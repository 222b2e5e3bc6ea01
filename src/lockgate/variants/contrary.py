"""Variants that must change the answer, since the passages that it rests on have changed or are gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lockgate.errors import UsageError
from lockgate.model import Case
from lockgate.variants.behaviour import abstains, follows, tells_both, turns
from lockgate.variants.edits import Added, Dropped, Edit, Replaced
from lockgate.variants.recipes import Draft, NotApplicable, Recipe, Surroundings, at_least, leaves
from lockgate.variants.values import YES_NO, holds, occurrences, other

__all__ = ["conflicting_policy", "contradicted_passage", "removed_passage"]

_LONGEST = 60
_SHORTEST = 3
_SENTENCE = re.compile(r"[^\s].*?(?:[.!?](?=\s|$)|$)", re.DOTALL)
_VERB = re.compile(
    r"\b(?:is|are|was|were|can|could|must|may|will|would|should|has|have|had|does|do|did)\b", re.IGNORECASE
)
_NEGATION = re.compile(r"(?:\s+not\b|n[’']t\b|\s+never\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Swap:
    """Values of the passages that others take the place of, and what of the answer changes with them."""

    values: Mapping[str, str]
    answers: Mapping[str, str]


def removed_passage() -> Recipe:
    """The passages that the answer rests on are taken away: the answer has to say that it cannot tell.

    They are those that the case's field `supporting` numbers from 1, else those that hold the expected answer
    as it is written (three letters or a digit at least, and not yes or no). An abstention or a refusal is
    told as the check `refusal` tells it. The suite's checks are not asked.
    """

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:
        drops = tuple(Dropped(passage=n) for n in _supporting(original))
        yield Draft(edits=(Edit(drops),), behaves=abstains(around.declines))

    return Recipe(kind="removed_passage", metric="directional", draft=draft, count=1, compares=False)


def contradicted_passage(count: int = 1) -> Recipe:
    """The expected answer is replaced in every passage by another: the answer has to follow, or to abstain.

    Numbers, number words, months, days and names of the expected answer become others, all numbers by the
    same step; `contradictions` of the case (old text → new text) say it themselves. Where yes or no is
    expected, the sentence nearest to the question is negated. The answer fails if it still says the old
    value; it passes with the new one alone, or if it abstains as the check `refusal` tells it; an answer with
    both, or with neither, is unscored. The suite's checks are not asked.

    Args:
        count: variants of each case, each with other values.

    Raises:
        UsageError: a number is out of range.
    """
    at_least("count", count, 1)

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:
        old = _yes_or_no(original)
        if old is not None and not _contradictions(original):
            yield Draft(edits=(Edit((_turned(original),)),), behaves=turns(old, around.declines))
            return
        while True:
            swap = _swap(original, around)
            yield Draft(edits=(_everywhere(original, swap),), behaves=follows(swap.answers, around.declines))

    return Recipe(kind="contradicted_passage", metric="directional", draft=draft, count=count, compares=False)


def conflicting_policy(count: int = 1) -> Recipe:
    """A passage that says something else than the one the answer rests on: the answer has to tell of both.

    The passage is a copy with another value in place of the expected answer, as in `contradicted_passage`.
    The answer passes if it has both values, speaks of a conflict (English words such as "conflict", "differ",
    "one passage") or abstains; it fails with one value alone; with neither it is unscored. The suite's checks
    are not asked.

    Args:
        count: variants of each case, each with another value.

    Raises:
        UsageError: a number is out of range.
    """
    at_least("count", count, 1)

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:
        while True:
            swap = _swap(original, around)
            holding = [
                n for n, text in enumerate(original.context) if any(holds(text, v) for v in swap.values)
            ]
            chosen = around.random.choice(holding)
            place = around.random.choice((chosen, chosen + 1))
            added = Added(before=place, text=_copy(original.context[chosen], swap.values))
            yield Draft(edits=(Edit((added,)),), behaves=tells_both(swap.answers, around.declines))

    return Recipe(kind="conflicting_policy", metric="directional", draft=draft, count=count, compares=False)


def _supporting(original: Case) -> list[int]:
    """Indices of the passages that the answer rests on."""
    if not original.context:
        raise NotApplicable("it has no context")
    given = original.fields.get("supporting")
    if given is not None:
        numbers = given if isinstance(given, list) else [given]
        found = [n - 1 for n in numbers if isinstance(n, int) and 0 < n <= len(original.context)]
        if len(found) != len(numbers) or not found:
            there = "1" if len(original.context) == 1 else f"1 to {len(original.context)}"
            raise UsageError(
                f"The 'supporting' of {original.id!r} are no numbers of its passages. Write {there}."
            )
        return found
    answers = _answers(original)
    holding = [n for n, text in enumerate(original.context) if any(holds(text, a) for a in answers)]
    if not holding:
        raise NotApplicable("no passage holds its expected answer, and it has no `supporting`")
    return holding


def _answers(original: Case) -> list[str]:
    """The expected texts that tell a passage by standing in it: not `A`, `no` and others of any passage."""
    return [
        text
        for text in leaves(original.expected)
        if text.lower() not in YES_NO and (len(text) >= _SHORTEST or any(map(str.isdigit, text)))
    ]


def _contradictions(original: Case) -> Mapping[str, str]:
    given = original.fields.get("contradictions")
    if given is None:
        return {}
    if not isinstance(given, dict) or not given or not all(isinstance(new, str) for new in given.values()):
        raise UsageError(
            f"The 'contradictions' of {original.id!r} are no mapping. Write {{old text: new text}}."
        )
    return given


def _swap(original: Case, around: Surroundings) -> _Swap:
    if not original.context:
        raise NotApplicable("it has no context")
    given, answers = _contradictions(original), _answers(original)
    values = given or other(answers, around.random)
    standing = {v: new for v, new in values.items() if any(holds(text, v) for text in original.context)}
    if not standing:
        raise NotApplicable(_why_not(original, given, answers))
    if any(holds(original.question, value) for value in standing):
        raise NotApplicable("its input holds the value that would be changed")
    if not given:
        return _Swap(values=standing, answers=values)
    changed = {answer: _put(answer, standing) for answer in answers}
    told = {answer: new for answer, new in changed.items() if new != answer}
    return _Swap(values=standing, answers=told or standing)


def _why_not(original: Case, given: Mapping[str, str], answers: Sequence[str]) -> str:
    if given:
        return "no passage holds what its `contradictions` change"
    if any(holds(text, answer) for text in original.context for answer in answers):
        return "its expected answer has no number, date or name to change, and it has no `contradictions`"
    return "no passage holds its expected answer, and it has no `contradictions`"


def _everywhere(original: Case, swap: _Swap) -> Edit:
    """One edit: as long as one passage says the old value, the answer may."""
    return Edit(
        tuple(
            Replaced(start=start, end=end, text=new, passage=n)
            for n, text in enumerate(original.context)
            for start, end, new in _stretches(text, swap.values)
        )
    )


def _stretches(text: str, values: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """Where the values stand, the longest first where they overlap, and what is to stand there."""
    found = [
        (match.start(), match.end(), _as_written(match[0], new))
        for old, new in sorted(values.items(), key=lambda pair: -len(pair[0]))
        for match in occurrences(text, old)
    ]
    kept: list[tuple[int, int, str]] = []
    for start, end, new in found:
        if all(end <= other_start or start >= other_end for other_start, other_end, _ in kept):
            kept.append((start, end, new))
    return sorted(kept)


def _as_written(old: str, new: str) -> str:
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def _put(text: str, values: Mapping[str, str]) -> str:
    for start, end, new in reversed(_stretches(text, values)):
        text = text[:start] + new + text[end:]
    return text


def _copy(passage: str, values: Mapping[str, str]) -> str:
    """The passage with the other values; of a long one, the sentences that have them."""
    if len(passage.split()) > _LONGEST:
        sentences = [found[0] for found in _SENTENCE.finditer(passage)]
        passage = " ".join(s for s in sentences if any(holds(s, value) for value in values)) or passage
    return _put(passage, values)


def _yes_or_no(original: Case) -> Literal["yes", "no"] | None:
    if isinstance(original.expected, bool):
        return "yes" if original.expected else "no"
    return YES_NO.get(original.expected.strip().lower()) if isinstance(original.expected, str) else None


def _turned(original: Case) -> Replaced:
    """The negation, put into or taken out of the sentence that shares most words with the question."""
    asked = _words(original.question)
    sentences = [(n, found) for n, text in enumerate(original.context) for found in _SENTENCE.finditer(text)]
    ranked = sorted(sentences, key=lambda one: -len(asked & _words(one[1][0])))
    if not ranked or len(asked & _words(ranked[0][1][0])) < 2:
        raise NotApplicable("no sentence of its context shares two words with its input")
    passage, sentence = ranked[0]
    start = sentence.start()
    negation, verb = _NEGATION.search(sentence[0]), _VERB.search(sentence[0])
    if negation is not None:
        return Replaced(start=start + negation.start(), end=start + negation.end(), text="", passage=passage)
    if verb is None:
        raise NotApplicable("the sentence nearest to its input has no verb that can be negated")
    return Replaced(start=start + verb.end(), end=start + verb.end(), text=" not", passage=passage)


def _words(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[^\W\d_]{4,}", text)}
