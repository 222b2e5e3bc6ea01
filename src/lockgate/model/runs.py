"""What a session comes to: samples, rulings and the run that holds them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lockgate.model.asking import JSON, Completion, Where
from lockgate.model.comparing import Comparison
from lockgate.model.figures import Metric, Table
from lockgate.model.suites import Correction, Gate
from lockgate.model.verdicts import Verdict

__all__ = [
    "FlakyCase",
    "Ruling",
    "Run",
    "Sample",
    "Timing",
    "Variation",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One measured request of the latency probe, in seconds and tokens.

    Args:
        seconds: from asking to the whole answer, without attempts that failed and waits for a rate limit.
        first_token_seconds: from the start of work to the first token, None where it was not streamed.
        queued_seconds: what part of `seconds` was waiting for a place in a batch.
        tokens_in, tokens_out: of the prompt and the answer, None where unknown.
        attempts: how often it was asked until it was answered; the last attempt is the one measured.
    """

    seconds: float
    first_token_seconds: float | None = None
    queued_seconds: float = 0.0
    tokens_in: int | None = None
    tokens_out: int | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """Which case a sample's is a variant of, and what was changed.

    Args:
        of: the original case's id.
        kind: the word in `variants:`.
        metric: the one that the sample counts towards.
        diff: the whole change, as lines.
        smallest: the smallest change found that fails as well; "" where none was sought, or there is none.
        asked: how many requests it took to find it.
    """

    of: str
    kind: str
    metric: str
    diff: str = ""
    smallest: str = ""
    asked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One case × one trial on one backend.

    `input` is what was asked; `error` says why there is no answer; `variant` what the case was made of, None
    for a suite's own cases.
    """

    case_id: str
    trial: int = 0
    input: str = ""
    completion: Completion | None = None
    verdicts: tuple[Verdict, ...] = ()
    error: str | None = None
    variant: Variation | None = None

    @property
    def origin(self) -> str:
        """The id of the suite's own case that it is of: its own, or that of the variant's original."""
        return self.case_id if self.variant is None else self.variant.of

    @property
    def shortfalls(self) -> tuple[Verdict, ...]:
        """The verdicts that fall short."""
        return tuple(v for v in self.verdicts if v.falls_short)

    def governed(self, gated: Collection[str]) -> bool:
        """Whether gates on these metrics decide on its shortfalls, so that its own item need not fail."""
        return all(v.status != "error" and v.metric in gated for v in self.shortfalls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a gate says: `pass`, `fail` or `inconclusive`, and why.

    `needed_n` is how many samples would decide at the observed value; None where more would not help.
    `regression` is True where a bound on the difference from a baseline failed. `group` is the value of the
    gate's `by` that it is of. `p_value` is the largest of its bounds': how likely as good a result would be
    if the bound were only just not kept; `adjusted_p` the same after Holm's correction over all bounds of the
    suite, which a pass has at 1 - confidence or below. Both are None where no test was made (`hard`).
    """

    gate: Gate
    metric: Metric
    status: Literal["pass", "fail", "inconclusive"]
    reason: str
    needed_n: int | None = None
    regression: bool = False
    group: str = ""
    p_value: float | None = None
    adjusted_p: float | None = None

    @property
    def name(self) -> str:
        """What reports call it: its metric, and the group that it is of: `accuracy [de]`."""
        return f"{self.gate.metric} [{self.group}]" if self.group else self.gate.metric


@dataclass(frozen=True, slots=True, kw_only=True)
class FlakyCase:
    """A case that some of its trials passed and others did not: `passed` of `trials`."""

    case_id: str
    passed: int
    trials: int

    @property
    def rate(self) -> float:
        """The share of its trials that passed."""
        return self.passed / self.trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that one suite on one backend gave.

    `samples` are those of the suite's own cases, `variants` those of cases made of them; `started` is an
    ISO 8601 time in UTC; `environment` holds versions and the machine; `notes` what a
    reader should know (long prompts, deselected cases); `load_seconds` the backend's cold start; `checks` the
    content hash of each check by its label; `places` where the cases stand that fell short or have no answer;
    `tables` the confusion matrices and the like of its checks; `flaky` the cases whose trials disagree;
    `cluster`, `fields` and `correction` as its suite's ("" where an older record does not say);
    `comparison` what its baseline says.
    """

    suite: str
    backend: str
    fingerprint: str
    samples: tuple[Sample, ...]
    metrics: tuple[Metric, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    variants: tuple[Sample, ...] = ()
    seed: int = 0
    started: str = ""
    environment: Mapping[str, JSON] = field(default_factory=dict)
    identity: Mapping[str, JSON] = field(default_factory=dict)
    suite_path: str = ""
    suite_digest: str = ""
    dataset_digest: str = ""
    timings: tuple[Timing, ...] = ()
    load_seconds: float | None = None
    expected_samples: int = 0
    notes: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Where] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    flaky: tuple[FlakyCase, ...] = ()
    cluster: str = ""
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    correction: Correction | Literal[""] = ""
    comparison: Comparison | None = None

    @property
    def gated(self) -> frozenset[str]:
        """The metrics that its rulings stand on."""
        return frozenset(metric for ruling in self.rulings for metric in ruling.gate.covers)

    @property
    def uncorrected(self) -> bool:
        """Whether several bounds were each ruled on by itself: that any ruling is wrong is then likelier."""
        return self.correction == "none" and sum(ruling.gate.bounds for ruling in self.rulings) > 1

    @property
    def lone_failures(self) -> tuple[Sample, ...]:
        """The samples that fail by themselves, whatever its rulings say; those of cases before variants'.

        They have no answer, or fall short in what no ruling stands on. One that was not asked is none.
        """
        gated = self.gated
        every = (*self.samples, *self.variants)
        return tuple(s for s in every if s.error is not None or not s.governed(gated))

    def metric(self, name: str) -> Metric | None:
        """The metric of that name, or None."""
        return next((m for m in self.metrics if m.name == name), None)
