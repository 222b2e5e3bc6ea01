"""What answers are judged by, and how that agreed with people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lockgate.model.asking import JSON, Backend, Case, Completion, Prompt, Spec, Where
from lockgate.model.verdicts import Measure, Verdict

__all__ = [
    "Calibration",
    "Check",
    "Layout",
    "Rating",
    "Setting",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A table that a check's samples make, as it is shown.

    Args:
        name: the table's name.
        figure: the figure of its verdicts that holds their `Labels`; "" for a table of metrics alone.
        expected: the cases' labels, in order; others follow as they come.
        answered: the answers' labels, likewise.
        classes: whether both are the same classes, so that each has a precision, a recall and an F1.
        metrics: the metrics that stand below it.
    """

    name: str
    figure: str = ""
    expected: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    classes: bool = True
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What a person and a check say of one answer.

    Args:
        label: the person's, 0..1.
        good: whether the person lets it pass.
        passed: whether the check does; None where it gave no verdict.
        score: the check's, 0..1, or None.
        group: what it shares with others (a document, a conversation, a source); "" for nothing.
    """

    label: float
    good: bool
    passed: bool | None = None
    score: float | None = None
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How a check agreed with people, as its file keeps it, and what is asked of that.

    Args:
        file: where it is kept.
        ratings: one for each labelled answer; empty where there is no file yet.
        fingerprint: of the check that gave the verdicts.
        made: when, an ISO 8601 time in UTC.
        doubt: what is against it whatever the check is now (no file, other labels); "" for nothing.
        min_kappa: the least that Cohen's kappa must be known to be, None for no such bound.
        max_age_seconds: how old it may be, None for any age.
    """

    file: str
    ratings: tuple[Rating, ...] = ()
    fingerprint: str = ""
    made: str = ""
    doubt: str = ""
    min_kappa: float | None = None
    max_age_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check with its options: call it with a case and a completion.

    Args:
        name: its registry name.
        measures: the metrics that it makes; the first is the one that covers its verdict.
        judge: case, completion → Verdict.
        judge_many: the same for many pairs at once, where batching pays; same length, same order.
        spec: how it was declared.
        identity: everything that can change a verdict (options, engine, weights), for its fingerprint.
        costly: whether a model gives its verdicts, from the case and the answer's text, passages and finish;
            the journal keeps them, and the same answer is not judged twice.
        calibration: how it agreed with people, which its metrics are corrected by; None where nobody looked.
        tables: what its samples are laid out as, beside its metrics; `Labels` without one get a plain table.
    """

    name: str
    measures: tuple[Measure, ...]
    judge: Callable[[Case, Completion], Verdict]
    judge_many: Callable[[Sequence[tuple[Case, Completion]]], Sequence[Verdict]] | None = None
    spec: Spec | None = None
    identity: Mapping[str, JSON] = field(default_factory=dict)
    costly: bool = False
    calibration: Calibration | None = None
    tables: tuple[Layout, ...] = ()

    def __call__(self, case: Case, completion: Completion) -> Verdict:
        """The verdict on one answer."""
        return self._named(self.judge(case, completion))

    def many(self, pairs: Iterable[tuple[Case, Completion]]) -> list[Verdict]:
        """Verdicts for many pairs, in order, in batches where the check can."""
        pairs = list(pairs)
        if self.judge_many is None:
            return [self(case, completion) for case, completion in pairs]
        return [self._named(v) for v in self.judge_many(pairs)]

    def _named(self, verdict: Verdict) -> Verdict:
        return verdict if verdict.check else replace(verdict, check=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a check's or backend's factory may reach while it is built.

    Args:
        name: the backend's `FAMILY:VERSION`, or the check's name.
        base: the folder that relative paths start from.
        where: the position of the declaration, for errors.
        models: the project's `models`, name → source (`wheel`+`file`, `path` or `hf`).
        collections: the project's `collections`, folder → options.
        load_prompt: `name@version` → Prompt.
        backend: `FAMILY:VERSION` → Backend, for backends and checks that wrap others.
        check: declaration → Check, for backends that accept answers by checks.
    """

    name: str = ""
    base: Path = Path()
    where: Where | None = None
    models: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    collections: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    load_prompt: Callable[[str], Prompt] | None = None
    backend: Callable[[str], Backend] | None = None
    check: Callable[[JSON], Check] | None = None
