"""What a YAML file comes to: cases, checks, variants and gates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from lockgate.model.asking import JSON, Case, Completion, Where
from lockgate.model.checks import Check
from lockgate.model.verdicts import Verdict

__all__ = [
    "Correction",
    "Gate",
    "Latency",
    "Suite",
    "Variant",
]

Correction: TypeAlias = Literal["holm", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A bound on a metric; at least one of min, max, no_worse_than, better_than, hard is given.

    Bounds are in the metric's unit (shares 0..1, seconds, US dollars, tokens); `margin` likewise. `hard`
    allows no failure at all, and takes what is unscored for one. `by` names the field or tag whose every
    value gets a ruling of its own. `power` is how likely a pass is to be at the rate `assumed`.
    """

    metric: str
    min: float | None = None
    max: float | None = None
    no_worse_than: str | None = None
    better_than: str | None = None
    margin: float = 0.0
    confidence: float = 0.95
    where: Where | None = field(default=None, compare=False)
    hard: bool = False
    by: str = ""
    power: float = 0.8
    assumed: float | None = None

    @property
    def bounds(self) -> int:
        """How many bounds share its suite's error rate; `hard` has no part in it."""
        given = (self.min, self.max, self.no_worse_than, self.better_than)
        return sum(bound is not None for bound in given)

    @property
    def covers(self) -> frozenset[str]:
        """The metrics whose misses it decides on: its own, and the rate whose trials that aggregates."""
        rate, _, aggregate = self.metric.rpartition(".")
        aggregated = bool(rate) and aggregate.startswith(("pass@", "pass^", "majority"))
        return frozenset({self.metric, rate} if aggregated else {self.metric})


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How the latency probe is to measure: samples after warm-up, at a stated concurrency."""

    samples: int = 20
    concurrency: int = 1
    warmup: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A case made of another by edits that can each be left out.

    Args:
        case: what is asked, with all the edits.
        of: the case that it was made of.
        kind: the word in `variants:`.
        metric: `invariance` (the verdict has to stay) or `directional` (the answer has to change).
        edits: how many there are.
        build: numbers of edits, from 0 → the case with these alone.
        checks: the suite's checks whose verdicts have to stay those of the original.
        behaves: what else is asked of the answer, None for nothing.
    """

    case: Case
    of: Case
    kind: str
    metric: str
    edits: int
    build: Callable[[Collection[int]], Case]
    checks: tuple[Check, ...] = ()
    behaves: Callable[[Completion], Verdict] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One YAML file, read and found right.

    `digest` is the content hash of the file and its datasets; `notes` what is right and yet worth knowing;
    `gated` the metrics that a gate bounds; `variants` cases of their own that no other metric counts.
    `stop` is `early` where cases come in random order and asking ends with the last gate decided.
    `cluster` is the field or tag that dependent cases share ("" for none); `fields` holds, for it and for
    each field that a gate goes `by`, case id → value. `correction` says how gates share the error rate;
    `warnings` which gates the cases cannot decide.
    """

    name: str
    path: str
    cases: tuple[Case, ...]
    checks: tuple[Check, ...]
    variants: tuple[Variant, ...] = ()
    gates: tuple[Gate, ...] = ()
    trials: int = 1
    latency: Latency | None = None
    seed: int = 0
    digest: str = ""
    dataset_digest: str = ""
    notes: tuple[str, ...] = ()
    stop: Literal["", "early"] = ""
    cluster: str = ""
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    correction: Correction = "holm"
    warnings: tuple[str, ...] = ()

    @property
    def gated(self) -> frozenset[str]:
        """The metrics that a gate stands on."""
        return frozenset(metric for gate in self.gates for metric in gate.covers)

    @property
    def check_identities(self) -> Mapping[str, Mapping[str, JSON]]:
        """Label → identity of each check; the label is its name and metric, and a number where both recur."""
        found: dict[str, Mapping[str, JSON]] = {}
        for check in self.checks:
            label = f"{check.name} ({check.measures[0].name})" if check.measures else check.name
            same = sum(other.partition(" #")[0] == label for other in found)
            found[f"{label} #{same + 1}" if same else label] = check.identity
        return found
