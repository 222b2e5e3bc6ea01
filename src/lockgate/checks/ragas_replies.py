"""A model's reply in the form that a metric of ragas wants, its verdicts counted against what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lockgate.checks.questions import value_in
from lockgate.checks.ragas_parts import Model
from lockgate.model import Completion

__all__ = ["Unusable", "align", "read"]

_BINARY = ("verdict", "attributed", "noncommittal")


class Unusable(ValueError):  # noqa: N818 - what a reply is, not how it came
    """A reply that says nothing; the text says why."""


def read(reply: Completion, form: Model) -> Model:
    """The reply as an object of the form.

    Args:
        reply: a backend's.
        form: the pydantic class that ragas wants.

    Raises:
        Unusable: there is no answer, or it is not JSON of this form.
    """
    if reply.error is not None:
        raise Unusable(f"the backend gave no answer: {reply.error}")
    try:
        return form.model_validate(value_in(reply))
    except ValueError as error:
        said = _first(error) if hasattr(error, "errors") else str(error)
        raise Unusable(f"the model's reply cannot be used: {said}") from error


def align(given: Model, told: Model) -> tuple[Model, list[int | None]]:
    """The reply with its verdicts in the order of the statements that were asked of, and these verdicts.

    A verdict belongs to the statement that it repeats, case and white space aside. Verdicts that repeat none
    are taken by their place, where there are as many as statements. A statement that has none, two that
    differ, or one that is neither 0 nor 1, has None, and is left out of the reply. ragas itself would divide
    by the verdicts that it was given, however many were asked for.

    Raises:
        Unusable: an answer of yes or no that is not about a statement is neither 0 nor 1.
    """
    asked = getattr(given, "statements", None)
    listed = getattr(told, "statements", None)
    if not asked or listed is None or any(isinstance(one, str) for one in listed):
        for one, word in _answers(told):
            if getattr(one, word) not in (0, 1):
                raise Unusable(
                    f"the model's reply cannot be used: {word} is {getattr(one, word)!r}, not 0 or 1"
                )
        return told, []
    found = [one if one is not None and one.verdict in (0, 1) else None for one in _matched(asked, listed)]
    return (
        told.model_copy(update={"statements": [one for one in found if one is not None]}),
        [None if one is None else int(one.verdict) for one in found],
    )


def _matched(asked: Sequence[str], listed: Sequence[Model]) -> list[Model | None]:
    """What was said of each statement."""
    keys = [_plain(text) for text in asked]
    repeated = [_plain(one.statement) for one in listed]
    there = set(repeated)
    said: dict[str, list[Model]] = {key: [] for key in keys}
    for place, (key, one) in enumerate(zip(repeated, listed, strict=True)):
        if key in said:
            said[key].append(one)
        elif len(listed) == len(asked) and keys[place] not in there:
            said[keys[place]].append(one)
    return [_agreed(said[key]) for key in keys]


def _agreed(said: Sequence[Model]) -> Model | None:
    """What was said of a statement, if it is one thing."""
    return said[0] if len({one.verdict for one in said}) == 1 else None


def _answers(told: Model) -> Iterator[tuple[Model, str]]:
    """Every field of a reply that is to be 0 or 1, with what holds it."""
    parts = [told, *(one for value in vars(told).values() if isinstance(value, list) for one in value)]
    for part in parts:
        yield from ((part, word) for word in _BINARY if hasattr(part, word))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(".")


def _first(error: Any) -> str:
    """The first mistake that pydantic names."""
    mistake = error.errors()[0]
    place = ".".join(map(str, mistake["loc"]))
    return f"{mistake['msg']} at {place}" if place else str(mistake["msg"])
