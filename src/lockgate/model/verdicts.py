"""What a judged answer adds to each metric, and where its evidence stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = [
    "BUILTIN_MEASURES",
    "VARIANT_MEASURES",
    "Counts",
    "Figure",
    "Kind",
    "Labels",
    "Measure",
    "Span",
    "Status",
    "Verdict",
]

Status: TypeAlias = Literal["pass", "fail", "error", "unscored"]
Kind: TypeAlias = Literal["rate", "mean", "f1", "macro_f1", "quantile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a text that a verdict rests on.

    `source` is `answer`, `input` or a passage's id; `start` and `end` count characters, end excluded.
    """

    source: str
    start: int
    end: int
    text: str = ""
    note: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """One sample's share of an F1 score: true positives, false positives, false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """One sample's cell of a confusion matrix: the label of its case, and that of its answer.

    `answered` is None where the answer has no label: it names none of the classes, or several.
    """

    expected: str
    answered: str | None = None


Figure: TypeAlias = bool | float | Counts | Labels | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How the samples' figures of one name become a metric.

    Args:
        name: the metric's name.
        kind: `rate` (figures are bool), `mean` (float), `f1` (Counts), `macro_f1` (Labels) or
            `quantile` (seconds from the probe).
        better: `higher` or `lower`.
        unit: `` (a share), `s`, `usd`, `tokens`.
        of: the rate whose trials it aggregates; "" for a metric of its own.
        aggregate: how: `pass@k`, `pass^k`, `majority`; "" for the mean.
        good: the figure of that rate that is a pass.
    """

    name: str
    kind: Kind = "rate"
    better: Literal["higher", "lower"] = "higher"
    unit: str = ""
    of: str = ""
    aggregate: str = ""
    good: bool = True


BUILTIN_MEASURES: tuple[Measure, ...] = (
    Measure(name="error_rate", better="lower"),
    Measure(name="latency_p50", kind="quantile", better="lower", unit="s"),
    Measure(name="latency_p95", kind="quantile", better="lower", unit="s"),
    Measure(name="latency_p99", kind="quantile", better="lower", unit="s"),
    Measure(name="cost_per_1k", kind="mean", better="lower", unit="usd"),
    Measure(name="tokens_in", kind="mean", better="lower", unit="tokens"),
    Measure(name="tokens_out", kind="mean", better="lower", unit="tokens"),
)
"""What every run measures, whatever its checks."""
VARIANT_MEASURES: tuple[Measure, ...] = (Measure(name="invariance"), Measure(name="directional"))
"""What a suite's variants make, and nothing else does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one check says of one completion.

    Args:
        check: the check's name.
        status: `pass`, `fail`, `error` (the check itself broke) or `unscored` (it cannot tell, see `reason`).
        score: 0..1, or None.
        reason: one sentence, always there unless the status is `pass`.
        evidence: the spans that it rests on.
        figures: metric name → this sample's share of it. An absent name means that the metric does not
            apply to this sample; None means that it applies and is unknown.
    """

    check: str = ""
    status: Status
    score: float | None = None
    reason: str = ""
    evidence: tuple[Span, ...] = ()
    figures: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """True only for the status `pass`."""
        return self.status == "pass"

    @property
    def falls_short(self) -> bool:
        """A miss, a broken check, or one that applies and cannot tell; not one that does not apply."""
        return self.status in ("fail", "error") or (self.status == "unscored" and bool(self.figures))

    @property
    def metric(self) -> str | None:
        """The metric that covers it: the first of its figures."""
        return next(iter(self.figures), None)
