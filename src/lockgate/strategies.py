"""Hypothesis strategies: cases, and variants of a case that shrink towards the case itself.

`@given(variants(case))` draws what a suite's `variants:` would ask, one edit after the other; of a test that
fails Hypothesis shows the variant with the fewest edits that still fails.

Raises on import:
    MissingExtra: the package `hypothesis` is not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import islice
from random import Random

from lockgate.errors import MissingExtra, UsageError
from lockgate.model import JSON, Case
from lockgate.registry import Registry
from lockgate.variants.edits import Edit, Replaced, apply
from lockgate.variants.recipes import Draft, NotApplicable, Recipe, Surroundings
from lockgate.variants.texts import misspell, typo_places

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise MissingExtra(feature="lockgate.strategies", package="hypothesis", extra="hypothesis") from error

__all__ = ["INVARIANT", "cases", "typos", "variants"]

INVARIANT = (
    "typos",
    "case",
    "whitespace",
    "paraphrase",
    "order",
    "irrelevant_passages",
    "padding",
    "translations",
)
"""The kinds of variants that must not change a verdict, by their words in a suite."""

_SEEDS = 2**16
_DRAFTS = 8
_PLACES = 256


def variants(
    case: Case,
    kinds: Collection[str] = INVARIANT,
    *,
    cases: Sequence[Case] = (),
    registry: Registry | None = None,
) -> st.SearchStrategy[Case]:
    """Variants of a case: one of the kinds, with any part of its edits; shrinks to the case itself.

    The changes of a kind that must change the verdict come whole, as with a part of them the old answer may
    still be right.

    Args:
        case: the original. Its id, expected answer, tags and other fields are those of every variant.
        kinds: words of a suite's `variants:`; those that cannot be made of this case are left out.
        cases: where `irrelevant_passages` come from.
        registry: where kinds are found.

    Raises:
        UsageError: there is no such kind, or none of them can be made of this case.
    """
    registry = registry or Registry()
    recipes = [registry.find("variants", kind)() for kind in kinds]
    fitting = [recipe for recipe in recipes if _drafts(recipe, case, cases, seed=0)]
    if not fitting:
        raise UsageError(
            f"No variant of the case {case.id!r} is of {', '.join(kinds) or 'no kind'}. Name others."
        )

    @st.composite
    def varied(draw: Callable[[st.SearchStrategy[JSON]], JSON]) -> Case:
        # First, whatever the edits will be: Hypothesis makes what it draws first simple before all else, and
        # fewer numbers are simpler to it than smaller ones, so it shrinks to fewer edits.
        numbers = draw(st.sets(st.integers(0, _PLACES - 1)))
        recipe: Recipe = draw(st.sampled_from(fitting))
        found = _drafts(recipe, case, cases, seed=draw(st.integers(0, _SEEDS - 1)))
        # Another seed may leave nothing to change where the first did not; the case itself always will do.
        edits = draw(st.sampled_from(found)).edits if found else ()
        if not edits or recipe.metric != "invariance":
            return apply(case, edits)
        kept = {number % len(edits) for number in numbers}
        return apply(case, [edit for number, edit in enumerate(edits) if number in kept])

    return varied()


def typos(text: str, *, most: int = 3) -> st.SearchStrategy[str]:
    """A text with typos in up to so many of its words, as `typos` in a suite has them; shrinks to the text.

    Args:
        text: what is misspelt.
        most: words with a typo, from 0 on.

    Raises:
        UsageError: the number is out of range.
    """
    if most < 0:
        raise UsageError(f"'most' cannot be {most!r}. Write a number from 0 on.")
    original = Case(id="", input=text)
    places = typo_places(original)
    if not places or not most:
        return st.just(text)
    one = st.tuples(st.integers(0, len(places) - 1), st.integers(0, _SEEDS - 1))

    def misspelt(chosen: list[tuple[int, int]]) -> str:
        edits = [
            Replaced(start=places[n].start(), end=places[n].end(), text=misspell(places[n][0], Random(seed)))  # noqa: S311
            for n, seed in chosen
        ]
        changed = apply(original, [Edit((edit,)) for edit in edits])
        return changed.question

    return st.lists(one, max_size=min(most, len(places)), unique_by=lambda pair: pair[0]).map(misspelt)


def cases(
    *,
    input: st.SearchStrategy[str] | None = None,  # noqa: A002 -- the field's name
    expected: st.SearchStrategy[JSON] | None = None,
    context: st.SearchStrategy[Sequence[str]] | None = None,
    should_refuse: st.SearchStrategy[bool | None] | None = None,
    fields: st.SearchStrategy[dict[str, JSON]] | None = None,
) -> st.SearchStrategy[Case]:
    """Cases of such parts, all with the id `drawn`; shrinks as the parts do.

    Args:
        input: a text that is asked; any text that is not blank where it is not said.
        expected: the expected answer; None where it is not said.
        context: passages; up to three short texts where it is not said.
        should_refuse: whether a refusal is right; None where it is not said.
        fields: the case's other fields; none where it is not said.
    """
    texts = st.text(min_size=1, max_size=200).filter(lambda text: bool(text.strip()))
    return st.builds(
        Case,
        id=st.just("drawn"),
        input=texts if input is None else input,
        expected=st.none() if expected is None else expected,
        context=st.lists(texts, max_size=3) if context is None else context,
        should_refuse=st.none() if should_refuse is None else should_refuse,
        fields=st.just({}) if fields is None else fields,
    )


def _drafts(recipe: Recipe, case: Case, cases: Sequence[Case], *, seed: int) -> list[Draft]:
    around = Surroundings(random=Random(seed), cases=cases)  # noqa: S311
    try:
        return [draft for draft in islice(recipe.draft(case, around), recipe.count or _DRAFTS) if draft.edits]
    except NotApplicable:
        return []
