"""Variants of a case's input that must not change its verdict: typos, case, space, wording, language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Literal

from lockgate.errors import UsageError, did_you_mean
from lockgate.model import Case
from lockgate.variants.edits import Edit, Replaced, of_words
from lockgate.variants.recipes import Draft, NotApplicable, Recipe, Surroundings, at_least, leaves, named

__all__ = ["FRAMES", "case", "misspell", "paraphrase", "translations", "typo_places", "typos", "whitespace"]

FRAMES = (
    "I have a question. {{ input }}",
    "{{ input }} Thanks in advance.",
    "Hello! {{ input }}",
    "Please help me with the following: {{ input }}",
    "{{ input }} I would be glad of an answer.",
)
"""What stands around the input in `paraphrase` without `templates`."""

_WORD = r"(?<![^\s(\"'])[^\W\d_]{4,}(?=[.,;:!?)\"']*(?:\s|$))"
_LANGUAGE = re.compile(r"[A-Za-z][\w-]*\Z")
_SLOT = re.compile(r"\{\{\s*input\s*\}\}")
_SPACES = ("  ", "\n", "\t", "   ", " \n")
_STYLES: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": lambda word: word[:1].upper() + word[1:].lower(),
}


def typos(count: int = 1, *, rate: float = 0.1, checks: list[str] | None = None) -> Recipe:
    """A share of the input's words misspelt: two letters swapped, one left out, doubled or mistaken.

    Words of fewer than four letters, words with digits or signs in them, words of the expected answer and
    first letters stay.

    Args:
        count: variants of each case.
        rate: share of the words that get a typo, one word at least.
        checks: the checks whose verdicts have to stay; all of the suite's where none is named.

    Raises:
        UsageError: a number is out of range.
    """
    at_least("count", count, 1)
    if not 0 < rate <= 1:
        raise UsageError(f"'rate' cannot be {rate!r}. Write a share above 0, such as 0.1.")

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:
        places = typo_places(original)
        if not places:
            raise NotApplicable("its input has no word that can be misspelt")
        number = max(1, round(rate * len(of_words(original.question))))
        while True:
            chosen = around.random.sample(places, min(number, len(places)))
            yield _replacing((w.start(), w.end(), misspell(w[0], around.random)) for w in chosen)

    return Recipe(kind="typos", metric="invariance", draft=draft, count=count, checks=named(checks))


def case(
    styles: Literal["upper", "lower", "title"] | list[str] | None = None, *, checks: list[str] | None = None
) -> Recipe:
    """The input in capital letters, in small ones, or with a capital to each word; a variant for each style.

    Args:
        styles: upper, lower, title, or a list of them; all three where none is named.
        checks: the checks whose verdicts have to stay; all of the suite's where none is named.

    Raises:
        UsageError: there is no such style.
    """
    wanted = [styles] if isinstance(styles, str) else list(styles or _STYLES)
    for style in wanted:
        if style not in _STYLES:
            remedy = did_you_mean(style, list(_STYLES), noun="'styles'")
            raise UsageError(f"There is no style {style!r}. {remedy}")

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:  # noqa: ARG001
        for style in wanted:
            words = [(w, _STYLES[style](w[0])) for w in of_words(original.question)]
            changed = _replacing((w.start(), w.end(), new) for w, new in words if new != w[0])
            yield Draft(edits=changed.edits, label=style)

    return Recipe(kind="case", metric="invariance", draft=draft, checks=named(checks))


def whitespace(count: int = 1, *, rate: float = 0.2, checks: list[str] | None = None) -> Recipe:
    """More white space: around the input, and blanks, tabs and line ends in place of single blanks in it.

    Args:
        count: variants of each case.
        rate: share of the input's gaps that are widened.
        checks: the checks whose verdicts have to stay; all of the suite's where none is named.

    Raises:
        UsageError: a number is out of range.
    """
    at_least("count", count, 1)
    if not 0 <= rate <= 1:
        raise UsageError(f"'rate' cannot be {rate!r}. Write a share between 0 and 1.")

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:
        gaps = of_words(original.question, r"(?<=\S) (?=\S)")
        end = len(original.question)
        while True:
            chosen = [gap for gap in gaps if around.random.random() < rate]
            inside = [(gap.start(), gap.end(), around.random.choice(_SPACES)) for gap in chosen]
            before, after = around.random.choice(_SPACES), around.random.choice(_SPACES)
            yield _replacing([(0, 0, before), *inside, (end, end, after)])

    return Recipe(kind="whitespace", metric="invariance", draft=draft, count=count, checks=named(checks))


def paraphrase(
    count: int = 1, *, templates: list[str] | None = None, checks: list[str] | None = None
) -> Recipe:
    """The input in other words around it: a greeting, a request, thanks, or templates of your own.

    Args:
        count: variants of each case, each by another template.
        templates: texts with one `{{ input }}` in each; courtesies in English where there are none.
        checks: the checks whose verdicts have to stay; all of the suite's where none is named.

    Raises:
        UsageError: a number is out of range, or a template has no `{{ input }}`, or two.
    """
    at_least("count", count, 1)
    frames = [_frame(template) for template in (FRAMES if templates is None else templates)]
    if not frames:
        raise UsageError("'templates' is empty. Write a text with '{{ input }}' in it, or leave it out.")

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:
        end = len(original.question)
        for before, after in around.random.sample(frames, len(frames)):
            yield _replacing([(0, 0, before), (end, end, after)])

    return Recipe(kind="paraphrase", metric="invariance", draft=draft, count=count, checks=named(checks))


def translations(languages: str | list[str] | None = None, *, checks: list[str] | None = None) -> Recipe:
    """The input in the other languages that the case gives: its field `translations`, language → text.

    Args:
        languages: those that are asked; all that a case gives where none is named.
        checks: the checks whose verdicts have to stay; all of the suite's where none is named.
    """
    wanted = [languages] if isinstance(languages, str) else languages

    def draft(original: Case, around: Surroundings) -> Iterator[Draft]:  # noqa: ARG001
        given = _translations(original)
        chosen = {lang: text for lang, text in given.items() if wanted is None or lang in wanted}
        if not chosen:
            raise NotApplicable("its `translations` have none of these languages")
        for language, text in chosen.items():
            whole = _replacing([(0, len(original.question), text)])
            yield Draft(edits=whole.edits, label=language)

    return Recipe(kind="translations", metric="invariance", draft=draft, checks=named(checks))


def typo_places(original: Case) -> list[re.Match[str]]:
    """The words of a case's input that may be misspelt."""
    kept = {word.lower() for text in leaves(original.expected) for word in re.findall(r"\w+", text)}
    return [w for w in of_words(original.question, _WORD) if w[0].lower() not in kept]


def misspell(word: str, random: Random) -> str:
    """The word with one typo, which is never in its first letter; another word than before."""
    at = random.randrange(1, len(word))
    other = random.choice([letter for letter in "etaoinshrdlucm" if letter != word[at].lower()])
    forms = [
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + other + word[at + 1 :],
    ]
    swapped = word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
    return random.choice([form for form in [swapped, *forms] if form != word])


def _replacing(changes: Sequence[tuple[int, int, str]] | Iterator[tuple[int, int, str]]) -> Draft:
    """A draft with an edit of its own for each stretch of the input, but those that change nothing."""
    made = [
        Edit((Replaced(start=start, end=end, text=text),))
        for start, end, text in changes
        if text or end > start
    ]
    return Draft(edits=tuple(made))


def _translations(original: Case) -> Mapping[str, str]:
    given = original.fields.get("translations")
    if given is None:
        raise NotApplicable("it has no `translations`, language → text")
    texts = given.values() if isinstance(given, dict) else ()
    if (
        not texts
        or not all(_LANGUAGE.match(lang) for lang in given)
        or not all(isinstance(t, str) for t in texts)
    ):
        said = f"The 'translations' of {original.id!r} are no mapping of languages such as 'de' to texts."
        raise UsageError(f"{said} Write {{de: …}}.")
    translated: Mapping[str, str] = given
    return translated


def _frame(template: str) -> tuple[str, str]:
    parts = _SLOT.split(template)
    if len(parts) != 2:
        raise UsageError(
            f"The template {template!r} needs '{{{{ input }}}}' once. Put it where the input goes."
        )
    return parts[0], parts[1]
