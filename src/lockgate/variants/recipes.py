"""A kind of variant with its options, and the variants that it makes of a case."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Literal, TypeAlias

from lockgate.errors import UsageError
from lockgate.fingerprints import digest
from lockgate.model import JSON, Case, Completion, Variant, Verdict
from lockgate.variants.edits import Edit, apply

__all__ = [
    "MARK",
    "Draft",
    "NotApplicable",
    "Recipe",
    "Relation",
    "Surroundings",
    "at_least",
    "leaves",
    "named",
    "vary",
]

Relation: TypeAlias = Literal["invariance", "directional"]
"""What has to become of the verdict: it stays, or the answer changes with what was changed."""

MARK = "~"
"""What stands in a variant's id between that of its case and that of its kind."""

_TRIES = 20


class NotApplicable(Exception):  # noqa: N818 - it is no error: the text says why a case has no such variant
    """A kind makes no variant of a case; the text is the reason, for a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a variant may be made with beside its case.

    Args:
        random: what is drawn by chance; seeded by suite, kind and case.
        cases: all cases of the suite.
        declines: whether an answer refuses, or says that it cannot tell.
    """

    random: Random
    cases: Sequence[Case] = ()
    declines: Callable[[str], bool] = lambda text: not text.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A variant before it has its name.

    Args:
        edits: in the order in which they are told.
        label: what its id ends with, its number where it is "".
        behaves: what is asked of the answer, None for nothing but the verdicts.
    """

    edits: tuple[Edit, ...]
    label: str = ""
    behaves: Callable[[Completion], Verdict] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One entry of a suite's `variants:`.

    Args:
        kind: its word.
        metric: what has to become of the verdict.
        draft: makes drafts of a case, as many as are asked for or more; raises NotApplicable.
        count: most variants of a case, None for all that the drafts give.
        compares: whether the checks' verdicts have to stay those of the original.
        checks: the names of those checks, None for all of the suite's.
    """

    kind: str
    metric: Relation
    draft: Callable[[Case, Surroundings], Iterable[Draft]]
    count: int | None = None
    compares: bool = True
    checks: tuple[str, ...] | None = None


def vary(
    case: Case,
    recipe: Recipe,
    *,
    seed: int = 0,
    cases: Sequence[Case] = (),
    declines: Callable[[str], bool] | None = None,
) -> list[Variant]:
    """The variants that a recipe makes of a case, each another; the same seed makes the same.

    Args:
        case: the original.
        recipe: the kind, with its options.
        seed: of what is drawn by chance; other cases and kinds change nothing for this one.
        cases: all cases of the suite, for passages that have nothing to do with this one.
        declines: whether an answer refuses or abstains.

    Raises:
        NotApplicable: there is none.
    """
    around = Surroundings(random=Random(digest([seed, recipe.kind, case.id])), cases=cases)  # noqa: S311
    around = around if declines is None else replace(around, declines=declines)
    made: list[Variant] = []
    for draft in islice(recipe.draft(case, around), (recipe.count or _TRIES) * _TRIES):
        variant = _named(case, recipe, draft, len(made) + 1)
        if _is_new(variant, made):
            made.append(variant)
        if len(made) == recipe.count:
            break
    if not made:
        raise NotApplicable("nothing in it can be changed so")
    return made


def at_least(option: str, value: float, least: float) -> None:
    """Check an option's number.

    Raises:
        UsageError: it is too small.
    """
    if not value >= least:
        raise UsageError(f"{option!r} cannot be {value!r}. Write a number from {least:g} on.")


def named(checks: Sequence[str] | None) -> tuple[str, ...] | None:
    """The names of an option `checks`, None where it is not said."""
    return None if checks is None else tuple(checks)


def leaves(value: JSON) -> list[str]:
    """The texts and numbers in a value, as texts, each once."""
    if isinstance(value, dict):
        return list(dict.fromkeys(text for item in value.values() for text in leaves(item)))
    if isinstance(value, list | tuple):
        return list(dict.fromkeys(text for item in value for text in leaves(item)))
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    return [str(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _named(case: Case, recipe: Recipe, draft: Draft, number: int) -> Variant:
    case_id = f"{case.id}{MARK}{recipe.kind}-{draft.label or number}"

    def build(kept: Collection[int]) -> Case:
        edits = [edit for n, edit in enumerate(draft.edits) if n in kept]
        return apply(case, edits, case_id=case_id)

    return Variant(
        case=build(range(len(draft.edits))),
        of=case,
        kind=recipe.kind,
        metric=recipe.metric,
        edits=len(draft.edits),
        build=build,
        behaves=draft.behaves,
    )


def _is_new(variant: Variant, made: Sequence[Variant]) -> bool:
    asked = (variant.case.input, variant.case.context)
    known = [variant.of, *(one.case for one in made)]
    return all(asked != (one.input, one.context) for one in known)
