"""The check on verifiable instructions, as IFEval has them."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from lockgate.checks.instruction_rules import RULES
from lockgate.checks.measured import measured_check
from lockgate.checks.verdicts import failed, passed
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import JSON, Case, Check, Completion, Figure, Measure, Span, Verdict
from lockgate.prompts import render_value
from lockgate.templates import is_template

__all__ = ["Instruction", "instructions", "read_instructions"]

_READ = 200_000
_RELATIONS = ("less than", "at least")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction: its published id, and its arguments."""

    id: str
    arguments: Mapping[str, Any]


def instructions(
    instructions: list[Any] | dict[str, Any] | str,
    *,
    kwargs: list[Any] | str | None = None,
    metric: str = "instructions",
) -> Check:
    """The answer follows every one of its verifiable instructions (IFEval).

    Makes two metrics: the share of answers that follow all of theirs (IFEval's strict accuracy of prompts),
    and the mean share of its instructions that an answer follows. A case without instructions is none of the
    check's.

    Args:
        instructions: a list of ids; or id → arguments, as `{"punctuation:no_comma": {}}`; may be a template
            over the case (`"{{ instruction_id_list }}"`).
        kwargs: the arguments of a list of ids, in its order; may be a template (`"{{ kwargs }}"`).
        metric: the name of the first metric, a rate; the second has `_followed` after it.

    Raises:
        UsageError: an id is not known, or its arguments are not those published.
    """
    share = f"{metric}_followed"
    templates = _has_template(instructions) or _has_template(kwargs)
    fixed = [] if templates else read_instructions(instructions, kwargs)

    def judge(case: Case, completion: Completion) -> Verdict | None:
        given = _for(case, instructions, kwargs) if templates else fixed
        if not given:
            return None
        lacks = [_lacks(one, completion.text) for one in given]
        followed = lacks.count(None)
        figures: dict[str, Figure] = {metric: followed == len(given), share: followed / len(given)}
        lines = [_line(one, why) for one, why in zip(given, lacks, strict=True)]
        if followed == len(given):
            return passed(figures, evidence=lines)
        head = f"{len(given) - followed} of {len(given)} instructions not followed: "
        said = "; ".join(line.note for line in lines if not line.score)
        return failed(f"{head}{said}.", figures, score=followed / len(given), evidence=lines)

    measures = (Measure(name=metric), Measure(name=share, kind="mean"))
    identity = {"instructions": instructions, "kwargs": kwargs, "metric": metric, "rules": "1"}
    return measured_check("instructions", measures, judge, identity)


def read_instructions(given: Any, kwargs: Any = None) -> list[Instruction]:
    """Instructions with their arguments; those that are null are left out.

    Args:
        given: a list of ids, or a mapping of id → arguments.
        kwargs: the arguments of a list of ids, in its order.

    Raises:
        UsageError: an id is not known, or its arguments are not those published.
    """
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [_read(name, arguments) for name, arguments in given.items()]
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise UsageError(
            f"instructions cannot be {given!r}. Write a list of ids, or a mapping of id: arguments."
        )
    arguments = [{}] * len(given) if kwargs is None else kwargs
    if not isinstance(arguments, list | tuple) or len(arguments) != len(given):
        raise UsageError(
            f"kwargs has to be a list of {len(given)} mappings, one for each id of instructions."
        )
    return [_read(name, one) for name, one in zip(given, arguments, strict=True)]


def _for(case: Case, instructions: Any, kwargs: Any) -> list[Instruction]:
    return read_instructions(render_value(instructions, case), render_value(kwargs, case))


def _read(name: Any, arguments: Any) -> Instruction:
    if name not in RULES:
        raise UsageError(f"There is no instruction {name!r}. {did_you_mean(str(name), list(RULES))}")
    if not isinstance(arguments, Mapping | None):
        raise UsageError(f"The arguments of {name!r} cannot be {arguments!r}. Write a mapping.")
    given = {key: value for key, value in (arguments or {}).items() if value is not None}
    wanted = _parameters(name)
    if given.keys() != wanted.keys():
        takes = ", ".join(wanted) or "no arguments"
        raise UsageError(f"The instruction {name!r} takes {takes}, not {', '.join(given) or 'none'}.")
    for key, value in given.items():
        _check(name, key, value, wanted[key])
    return Instruction(id=name, arguments=given)


@cache
def _parameters(name: str) -> Mapping[str, Any]:
    """The arguments of an instruction and their types, off its rule's signature."""
    hints = typing.get_type_hints(RULES[name])
    return {p: hints[p] for p in list(inspect.signature(RULES[name]).parameters)[1:]}


def _check(name: str, key: str, value: Any, kind: Any) -> None:
    plain = typing.get_origin(kind) or kind
    right = isinstance(value, plain) and not isinstance(value, bool)
    right = right and all(isinstance(v, str) and v for v in (value if plain is list else ()))
    if plain is int:
        right = right and value >= (key in ("nth_paragraph", "num_paragraphs"))
    if not right or (key.endswith("relation") and value not in _RELATIONS):
        allowed = " or ".join(map(repr, _RELATIONS)) if key.endswith("relation") else _SHAPES[plain]
        raise UsageError(f"{key} of {name!r} cannot be {value!r}. Write {allowed}.")


def _lacks(one: Instruction, text: str) -> str | None:
    if not text.strip():
        return "the answer is empty"
    if len(text) > _READ:
        return f"{len(text):,} characters are more than the {_READ:,} that are read"
    return RULES[one.id](text, **one.arguments)


def _line(one: Instruction, why: str | None) -> Span:
    note = f"{one.id}: {why or 'followed'}".encode(errors="replace").decode()
    return Span(source="answer", start=0, end=0, note=note, score=float(why is None))


def _has_template(value: JSON) -> bool:
    if isinstance(value, str):
        return is_template(value)
    if isinstance(value, Mapping):
        return any(map(_has_template, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_template, value))


_SHAPES: Mapping[Any, str] = {str: "a text", int: "a whole number", list: "a list of texts"}
