"""Samples to rulings: every gate, every group of it, all sharing one error rate."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from lockgate.corrections import Corrected, correct
from lockgate.gates import join, parts_of
from lockgate.metrics import evidence, measure
from lockgate.model import (
    VARIANT_MEASURES,
    Gate,
    Measure,
    Metric,
    Ruling,
    Sample,
    Suite,
    Timing,
)
from lockgate.multiplicity import share_error
from lockgate.rivals import Part
from lockgate.statistics.clustering import Clusters
from lockgate.statistics.evidence import Evidence, nothing
from lockgate.statistics.sequential import Looks
from lockgate.trials import MAJORITY, aggregated, split_aggregate

__all__ = ["Ruled", "measures_of", "rule_all"]

_OF_VARIANTS = frozenset(measure.name for measure in VARIANT_MEASURES)
_Runs = Mapping[str, Sequence[Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What a run comes to: metrics, rulings, what a reader should know, and p-values of corrected metrics."""

    metrics: tuple[Metric, ...]
    rulings: tuple[Ruling, ...]
    notes: tuple[str, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """All of a suite's samples, or those of one group."""

    suite: Suite
    samples: Sequence[Sample]
    baselines: _Runs
    timings: Sequence[Timing] = ()
    group: str = ""
    looks: Looks | None = None
    names: Collection[str] | None = None

    @property
    def clusters(self) -> Clusters:
        """Which cases belong together."""
        return self.suite.fields.get(self.suite.cluster, {})

    def measured(self, measures: Sequence[Measure], confidences: Mapping[str, float]) -> Ruled:
        """The metrics, each at its gate's confidence, corrected for their checks' errors."""
        found = measure(
            self.samples,
            measures,
            timings=self.timings,
            confidences=confidences,
            clusters=self.clusters,
            looks=self.looks,
            names=self.names,
        )
        own = [sample for sample in self.samples if sample.variant is None]
        corrected = correct(found, own, self.suite, clusters=self.clusters)
        if self.looks is not None and not self.looks.complete:
            return _held_back(corrected)
        return Ruled(
            metrics=corrected.metrics, rulings=(), notes=corrected.notes, evidence=corrected.evidence
        )


def rule_all(
    suite: Suite,
    samples: Sequence[Sample],
    *,
    timings: Sequence[Timing] = (),
    baselines: _Runs = MappingProxyType({}),
    looks: Looks | None = None,
    gated_only: bool = False,
) -> Ruled:
    """Measure all samples and rule on every gate, with Holm's correction unless the suite wants none.

    Args:
        suite: what ran.
        samples: of cases and variants; those that are missing make gates inconclusive.
        timings: what the latency probe measured.
        baselines: what gates compare with, by the word in the gate; `samples` itself where that is this run.
        looks: how far a run is that may end early; `suite` then has the cases so far.
        gated_only: leave out the metrics that no gate is on.
    """
    scene = _Scene(
        suite=suite,
        samples=samples,
        timings=timings,
        baselines=baselines,
        looks=looks,
        names=suite.gated if gated_only else None,
    )
    measures = measures_of(suite)
    confidences = {gate.metric: gate.confidence for gate in suite.gates}
    whole = scene.measured(measures, confidences)
    named = {m.name: m for m in measures}
    asked = [(gate, part) for gate in suite.gates for part in _scenes(gate, scene)]
    own = [_measured(gate, part, whole, named.get(gate.metric)) for gate, part in asked]
    metrics = [metric for metric, _ in own]
    parts = [
        (_parts(gate, metric, part, tested), gate.confidence)
        for (gate, part), (metric, tested) in zip(asked, own, strict=True)
    ]
    ruled = share_error(parts) if suite.correction == "holm" else [found for found, _ in parts]
    rulings = [
        join(gate, metric, found, group=part.group)
        for (gate, part), metric, found in zip(asked, metrics, ruled, strict=True)
    ]
    return Ruled(metrics=whole.metrics, rulings=tuple(rulings), notes=whole.notes)


def measures_of(suite: Suite) -> tuple[Measure, ...]:
    """What a suite measures: what its checks and variants make, and of rates what several trials come to."""
    made = {variant.metric for variant in suite.variants} | suite.gated
    of_variants = [measure for measure in VARIANT_MEASURES if measure.name in made]
    of_checks = {m.name: m for check in suite.checks for m in check.measures}
    return (*of_checks.values(), *of_variants, *_aggregates(suite, of_checks))


def _held_back(found: Corrected) -> Ruled:
    """A metric that is corrected for its check's errors has no limits and p-values for every look."""
    metrics = tuple(
        m if m.raw is None else replace(m, low=None, high=None, floor=None, ceiling=None)
        for m in found.metrics
    )
    silent = {m.name: Evidence(least=nothing, most=nothing) for m in metrics if m.raw is not None}
    return Ruled(metrics=metrics, rulings=(), notes=found.notes, evidence=silent)


def _aggregates(suite: Suite, rates: Mapping[str, Measure]) -> Iterator[Measure]:
    several = (f"pass@{suite.trials}", f"pass^{suite.trials}", MAJORITY) if suite.trials > 1 else ()
    usual = [(m, word) for m in rates.values() if m.kind == "rate" for word in several]
    gated = [
        (rates[split[0]], split[1])
        for gate in suite.gates
        if (split := split_aggregate(gate.metric)) and split[0] in rates
    ]
    for rate, word in dict.fromkeys((*usual, *gated)):
        yield aggregated(rate, word, trials=suite.trials)


def _scenes(gate: Gate, scene: _Scene) -> Iterator[_Scene]:
    """The samples that a gate rules on at once: all, or those of each value of its `by`."""
    if not gate.by:
        yield scene
        return
    values = scene.suite.fields.get(gate.by, {})
    for value in dict.fromkeys(values.values()):
        ids = {case_id for case_id, own in values.items() if own == value}
        mine = [s for s in scene.samples if s.origin in ids]
        theirs = {
            word: mine if runs is scene.samples else [s for s in runs if s.origin in ids]
            for word, runs in scene.baselines.items()
        }
        yield replace(scene, samples=mine, baselines=theirs, timings=(), group=value)


def _measured(gate: Gate, scene: _Scene, whole: Ruled, measured: Measure | None) -> tuple[Metric, Evidence]:
    """The gate's metric, and the p-values of the test that gave it its limits."""
    chosen = [measured] if measured is not None else []
    found = scene.measured(chosen, {gate.metric: gate.confidence}) if scene.group else whole
    metric = next(m for m in found.metrics if m.name == gate.metric)
    if metric.name in found.evidence:
        return metric, found.evidence[metric.name]
    own = measured or Measure(name=metric.name, kind=metric.kind, better=metric.better, unit=metric.unit)
    tested = evidence(scene.samples, own, timings=scene.timings, clusters=scene.clusters, looks=scene.looks)
    return metric, tested


def _parts(gate: Gate, metric: Metric, scene: _Scene, tested: Evidence) -> list[Part]:
    """What the gate's bounds say of the samples that its metric is of: the cases', or their variants'."""
    expected, seen = _concerned(gate, scene)
    baselines = {word: seen if runs is scene.samples else runs for word, runs in scene.baselines.items()}
    return parts_of(
        gate,
        metric,
        expected=expected,
        seen=len(seen),
        samples=seen,
        baselines=baselines,
        evidence=tested,
        clusters=scene.clusters,
        looks=scene.looks,
    )


def _concerned(gate: Gate, scene: _Scene) -> tuple[int, list[Sample]]:
    """How many samples there should be, and those that are there."""
    suite, of = scene.suite, scene.suite.fields.get(gate.by, {})

    def within(case_id: str) -> bool:
        return not gate.by or of.get(case_id) == scene.group

    if gate.metric in _OF_VARIANTS:
        cases = sum(v.metric == gate.metric and within(v.of.id) for v in suite.variants)
        return cases * suite.trials, [
            s for s in scene.samples if s.variant is not None and s.variant.metric == gate.metric
        ]
    cases = sum(within(case.id) for case in suite.cases)
    return cases * suite.trials, [s for s in scene.samples if s.variant is None]
