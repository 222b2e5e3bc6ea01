"""How many of an object's fields an answer has right: every value in it that is no object and no list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lockgate.checks.values import same
from lockgate.model import JSON, Counts, Figure, Measure

__all__ = ["FIELD_MEASURES", "count_matches", "field_figures"]

FIELD_MEASURES: tuple[Measure, ...] = (
    Measure(name="field_f1", kind="f1"),
    Measure(name="field_precision", kind="mean"),
    Measure(name="field_recall", kind="mean"),
)


def count_matches(expected: JSON, got: JSON) -> Counts:
    """The fields of an answer against those expected, matched by their JSON path.

    Returns:
        Counts: tp, fields that are in both and equal (as `equals` compares); fp, fields of the answer that
        differ or are not expected; fn, expected fields that differ or are missing.
    """
    wanted, given = dict(_fields(expected, ())), dict(_fields(got, ()))
    right = sum(path in given and same(given[path], value) for path, value in wanted.items())
    return Counts(tp=right, fp=len(given) - right, fn=len(wanted) - right)


def field_figures(counts: Counts) -> Mapping[str, Figure]:
    """One answer's share of `FIELD_MEASURES`: precision tp / (tp + fp), recall tp / (tp + fn).

    Precision is 0 where the answer has no field, recall 1 where none is expected.
    """
    given, wanted = counts.tp + counts.fp, counts.tp + counts.fn
    return {
        "field_f1": counts,
        "field_precision": counts.tp / given if given else 0.0,
        "field_recall": counts.tp / wanted if wanted else 1.0,
    }


def _fields(value: JSON, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], JSON]]:
    """Path → value of every leaf; an empty object or list is one."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _fields(inner, (*path, name))
    elif isinstance(value, list | tuple) and value:
        for number, inner in enumerate(value):
            yield from _fields(inner, (*path, number))
    else:
        yield path, value
