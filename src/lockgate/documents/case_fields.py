"""What a suite groups its cases by: a field or a tag that every case has to have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lockgate.documents.findings import Findings
from lockgate.errors import did_you_mean
from lockgate.model import JSON, Case, Where
from lockgate.units import count

__all__ = ["field_values"]


def field_values(
    asked: Mapping[str, Where], cases: Sequence[Case], findings: Findings
) -> dict[str, dict[str, str]]:
    """Field → case id → its value as text; a field that a case lacks is a mistake.

    A tag comes before a field of the row's own of that name. A text, a number and a boolean are values; a
    list, an object, nothing and an empty text are none.

    Args:
        asked: the fields, each with the position where it is named.
        cases: the suite's.
        findings: takes the mistakes.
    """
    found = {}
    for name, where in asked.items():
        values = {case.id: text for case in cases if (text := _text(_of(case, name)))}
        found[name] = values
        lacking = [case for case in cases if case.id not in values]
        if lacking:
            findings.add(where, _lacking(name, lacking, cases))
    return found


def _of(case: Case, name: str) -> JSON:
    return case.tags.get(name, case.fields.get(name))


def _text(value: JSON) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _lacking(name: str, lacking: Sequence[Case], cases: Sequence[Case]) -> str:
    if len(lacking) == len(cases):
        known = sorted({key for case in cases for key in (*case.tags, *case.fields)})
        remedy = did_you_mean(name, known, noun="fields and tags") if known else "Give the cases tags."
        return f"No case has a field or tag {name!r}. {remedy}"
    first = lacking[0]
    place = f" ({first.where.path}:{first.where.line})" if first.where else ""
    few = f"{count(len(lacking), 'case')} of {len(cases)} {'has' if len(lacking) == 1 else 'have'} no value"
    return f"{few} of {name!r}, the first {first.id!r}{place}. Give each one, a text or a number."
