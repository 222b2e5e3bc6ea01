"""Variants of a case's passages that must not change its verdict: order, irrelevant ones, length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Literal

from lockgate.errors import UsageError
from lockgate.model import Case
from lockgate.variants.edits import Added, Edit, Moved, Replaced
from lockgate.variants.recipes import Draft, NotApplicable, Recipe, Surroundings, at_least, leaves, named
from lockgate.variants.values import holds

__all__ = ["FILLER", "irrelevant_passages", "order", "padding"]

FILLER = (
    "This page is part of a longer manual and was last reviewed by the editors.",
    "Further sections follow below and can be read in any sequence.",
    "The table of contents lists all chapters with their headings.",
    "Readers may print this text for their own use.",
    "Illustrations are shown for orientation only.",
    "A glossary of terms is found at the end of the document.",
    "Comments on the layout of this page are welcome at any time.",
    "The following paragraph was left as it was in the previous edition.",
    "Headings are set in bold type to make them easier to find.",
    "Nothing in this section changes what is said elsewhere.",
)
"""Sentences that say nothing; `padding` is made of them."""

_CHUNK_WORDS = 100
_TRIES = 20


def order(count: int = 1, *, checks: list[str] | None = None) -> Recipe:
    """The passages of the context in another order.

    Args:
        count: variants of each case.
        checks: the checks whose verdicts have to stay; all of the suite's where none is named.

    Raises:
        UsageError: a number is out of range.
    """
    at_least("count", count, 1)

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:
        if len(original.context) < 2:
            raise NotApplicable("its context has fewer than two passages")
        places = list(range(len(original.context)))
        while True:
            around.random.shuffle(places)
            moves = [Moved(passage=n, to=place) for place, n in enumerate(places) if n != place]
            if moves:
                yield Draft(edits=tuple(Edit((move,)) for move in moves))

    return Recipe(kind="order", metric="invariance", draft=draft, count=count, checks=named(checks))


def irrelevant_passages(
    passages: int | list[str] = 2, *, count: int = 1, checks: list[str] | None = None
) -> Recipe:
    """Passages that have nothing to do with the case, put between its own.

    Args:
        passages: how many are taken from other cases' contexts; or the texts themselves. One that holds the
            expected answer is never taken from another case.
        count: variants of each case.
        checks: the checks whose verdicts have to stay; all of the suite's where none is named.

    Raises:
        UsageError: a number is out of range, or the list is empty.
    """
    at_least("count", count, 1)
    if isinstance(passages, int):
        at_least("passages", passages, 1)
    elif not passages:
        raise UsageError("'passages' is empty. Write how many, or the texts.")

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:
        if not original.context:
            raise NotApplicable("it has no context")
        while True:
            texts = _others(original, around, passages) if isinstance(passages, int) else list(passages)
            if not texts:
                raise NotApplicable("no other case has a passage that is not its own")
            around.random.shuffle(texts)
            yield Draft(edits=_between(original, texts, around.random))

    return Recipe(
        kind="irrelevant_passages", metric="invariance", draft=draft, count=count, checks=named(checks)
    )


def padding(
    words: int = 1000, *, into: Literal["context", "input"] = "context", checks: list[str] | None = None
) -> Recipe:
    """So many words that say nothing, half of them before what is asked and half after it.

    Args:
        words: how many, to the next sentence; a token is about three quarters of a word.
        into: `context`: as passages of about 100 words around the case's own. `input`: around the input.
        checks: the checks whose verdicts have to stay; all of the suite's where none is named.

    Raises:
        UsageError: a number is out of range.
    """
    at_least("words", words, 1)

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:
        if into == "context" and not original.context:
            raise NotApplicable("it has no context")
        chunks = _filler(words, around.random)
        half = (len(chunks) + 1) // 2
        yield Draft(edits=tuple(_around(original, chunks[:half], chunks[half:], into)))

    return Recipe(kind="padding", metric="invariance", draft=draft, count=1, checks=named(checks))


def _others(original: Case, around: Surroundings, most: int) -> list[str]:
    """Passages of other cases that are none of this one's and do not hold its expected answer."""
    expected = leaves(original.expected)
    found: list[str] = []
    tries = min(len(around.cases), most * _TRIES)
    for other in around.random.sample(around.cases, tries):
        texts = [t for t in other.context if t not in original.context and t not in found]
        fitting = [t for t in texts if not any(holds(t, answer) for answer in expected)]
        if other.id != original.id and fitting:
            found.append(around.random.choice(fitting))
        if len(found) == most:
            break
    return found


def _between(original: Case, texts: Sequence[str], random: Random) -> tuple[Edit, ...]:
    places = range(len(original.context) + 1)
    return tuple(Edit((Added(before=random.choice(places), text=text),)) for text in texts)


def _filler(words: int, random: Random) -> list[str]:
    """Sentences of so many words or a few more, in chunks."""
    chunks, sentences, left = list[str](), list[str](), words
    while left > 0:
        sentence = random.choice(FILLER)
        sentences.append(sentence)
        left -= len(sentence.split())
        if left <= 0 or sum(len(s.split()) for s in sentences) >= _CHUNK_WORDS:
            chunks.append(" ".join(sentences))
            sentences = []
    return chunks


def _around(original: Case, before: Sequence[str], after: Sequence[str], into: str) -> Iterator[Edit]:
    if into == "context":
        yield from (Edit((Added(before=0, text=text),)) for text in before)
        yield from (Edit((Added(before=len(original.context), text=text),)) for text in after)
        return
    end = len(original.question)
    yield from (Edit((Replaced(start=0, end=0, text=f"{text}\n\n"),)) for text in before)
    yield from (Edit((Replaced(start=end, end=end, text=f"\n\n{text}"),)) for text in after)
