"""A run beside its baseline: differences, flips, and what is not the same any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockgate.changes import changes, weakened
from lockgate.differences import Difference, difference
from lockgate.flips import flips
from lockgate.model import Comparison, Delta, Metric, Run, Sample
from lockgate.statistics.clustering import Clusters, clustered
from lockgate.statistics.intervals import mcnemar_p
from lockgate.statistics.permutation import permutation_p

__all__ = ["compare"]


def compare(run: Run, baseline: Run, *, name: str = "") -> Comparison:
    """Two runs of one suite, paired by case and trial; cases that only one has are named and left out.

    Args:
        run: the one that is asked about.
        baseline: what it is compared with.
        name: what the baseline is called, its backend where nothing is said.
    """
    changed, unchanged = flips(run.samples, baseline.samples)
    ours, theirs = ({s.case_id: None for s in r.samples} for r in (run, baseline))
    return Comparison(
        baseline=name or baseline.backend,
        backend=baseline.backend,
        fingerprint=baseline.fingerprint,
        started=baseline.started,
        deltas=tuple(_deltas(run, baseline)),
        flips=changed,
        unchanged=unchanged,
        only_ours=tuple(case_id for case_id in ours if case_id not in theirs),
        only_theirs=tuple(case_id for case_id in theirs if case_id not in ours),
        changes=changes(run, baseline),
        weakened=weakened(run, baseline),
    )


def _deltas(run: Run, baseline: Run) -> Iterator[Delta]:
    clusters = run.fields.get(run.cluster, {})
    ours, theirs = ((*r.samples, *r.variants) for r in (run, baseline))
    for metric in run.metrics:
        delta = None if metric.kind == "quantile" else _delta(metric, ours, theirs, clusters)
        if delta is not None:
            yield delta


def _delta(
    metric: Metric, ours: Sequence[Sample], theirs: Sequence[Sample], clusters: Clusters
) -> Delta | None:
    found = difference(ours, theirs, metric, clusters)
    if found.value is None:
        return None
    p_value, test = _tested(found, clusters)
    return Delta(
        metric=metric.name,
        value=found.value,
        low=found.low,
        high=found.high,
        n=found.n,
        gained=found.gained,
        lost=found.lost,
        p_value=p_value,
        test=test,
        method=found.method,
        confidence=metric.confidence,
        unit=metric.unit,
    )


def _tested(found: Difference, clusters: Clusters) -> tuple[float | None, str]:
    """The p-value of no difference, and the test."""
    groups = clustered(found.by_case, clusters)
    if not groups:
        return None, ""
    if found.gained is not None and found.lost is not None and len(groups) == len(found.by_case):
        return mcnemar_p(found.gained, found.lost), "McNemar"
    return permutation_p([group.total for group in groups]), "permutation"
