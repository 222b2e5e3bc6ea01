"""What samples come to: metrics and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lockgate.model.verdicts import Kind

__all__ = [
    "ClassFigures",
    "Estimate",
    "Metric",
    "Table",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure over samples.

    Args:
        name, kind, unit, better: as its Measure.
        value: None when nothing could be scored.
        low, high: limits of the two-sided interval at 2·confidence-1, so that each is a one-sided limit at
            `confidence`.
        floor, ceiling: `low` with every unscored sample counted at its least, `high` with every one at its
            most; None where an unscored sample could be anything. Gates are ruled on these two.
        n: samples that were scored.
        unscored: samples to which it applies and that could not be scored.
        method: how the interval was made.
        raw: the value before it was corrected for its check's errors; None where it was not.
        doubt: why no gate may rest on it; "" where there is no reason not to.
        wilson: Wilson's interval of a rate at the same confidence, to be shown; no gate rests on it.
        clusters: how many independent groups of cases it rests on; None where each case is one.
        effective_n: how many independent cases they are worth; None where each case is one.
        of, aggregate, good: as its Measure.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    n: int = 0
    unscored: int = 0
    confidence: float = 0.95
    method: str = ""
    kind: Kind = "rate"
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    raw: float | None = None
    doubt: str = ""
    wilson: tuple[float, ...] = ()
    clusters: int | None = None
    effective_n: float | None = None
    of: str = ""
    aggregate: str = ""
    good: bool = True

    @property
    def coverage(self) -> float | None:
        """Share of the samples it applies to that were scored; None when it applies to none."""
        total = self.n + self.unscored
        return self.n / total if total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A share of a table, with one-sided limits at the table's confidence and the n that it rests on."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """One class of a table: how many samples have it, and its precision, recall and F1."""

    label: str
    support: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Samples by what was expected and what was answered: a confusion matrix, and what follows from it.

    Args:
        name: as its layout's.
        rows: the labels that cases have.
        columns: the labels that answers have; None for those that have none.
        counts: samples, a row for each of `rows`, a number for each of `columns`.
        classes: figures of each label of `rows`, where answers name the same classes that cases have.
        totals: what it comes to: accuracy, macro F1, weighted F1, or the metrics that the check names.
        unanswered: samples without an answer because of an error, which are in no row and count as misses.
        unscored: samples that could not be placed.
        confidence: of each one-sided limit.
    """

    name: str
    rows: tuple[str, ...] = ()
    columns: tuple[str | None, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()
    classes: tuple[ClassFigures, ...] = ()
    totals: tuple[Metric, ...] = ()
    unanswered: int = 0
    unscored: int = 0
    confidence: float = 0.95
