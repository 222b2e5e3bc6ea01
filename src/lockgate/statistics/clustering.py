"""Cases that share a document or a conversation: how many independent ones they are worth."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import TypeAlias

from lockgate.statistics.beta import t_quantile

__all__ = ["Cluster", "Clusters", "cluster_t", "clustered", "effective_n", "with_unseen"]

Clusters: TypeAlias = Mapping[str, str]
"""Case id → what it shares with the other cases of its cluster; a case that is not in it is its own."""

_UNSEEN = 5
_USUAL_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The sum of the values of so many cases that belong together."""

    total: float
    size: int

    @property
    def mean(self) -> float:
        """The mean over its cases."""
        return self.total / self.size


def clustered(values: Mapping[str, float], clusters: Clusters) -> list[Cluster]:
    """Values of cases put together by cluster.

    Args:
        values: case id → its value.
        clusters: which cases belong together.
    """
    groups: defaultdict[tuple[str, bool], list[float]] = defaultdict(list)
    for case_id, value in values.items():
        groups[clusters.get(case_id, case_id), case_id in clusters].append(value)
    return [Cluster(total=math.fsum(group), size=len(group)) for group in groups.values()]


def effective_n(clusters: Sequence[Cluster]) -> float:
    """What the cases of clusters are worth in independent cases, for a rate's exact limits.

    Korn & Graubard 1998 (Survey Methodology 24:193): the cases divided by the design effect, times the
    squared ratio of two t quantiles, as few clusters tell the design effect badly. Theirs takes clusters that
    were not seen for none: with no failure there is nothing to estimate, and where all of a document's cases
    fail together it ships too often. Here five clusters that fail whole and five that pass whole, of the
    largest size there is, are added before the design effect is estimated: as many as may be there and, at
    0.99 confidence, not show. It is never less than the cases divided by the largest cluster's size, which
    holds however alike a cluster's cases are: their sum is spread no wider than that of so many independent
    ones.

    Args:
        clusters: of values in 0..1, at least one.

    Returns:
        1 up to the number of cases; that number where each case is its own cluster.
    """
    cases, largest = sum(c.size for c in clusters), max(c.size for c in clusters)
    if largest == 1:
        return float(cases)
    least = cases / largest
    added = [Cluster(total=total, size=largest) for total in (0.0, float(largest))] * _UNSEEN
    effect = _design_effect([*clusters, *added])
    few = _t(cases - 1) / _t(len(clusters) - 1) if len(clusters) > 1 else 0.0
    return min(max(least, cases / effect * few * few), float(cases))


def cluster_t(clusters: Sequence[Cluster]) -> tuple[float, float]:
    """The mean over cases and its standard error, with clusters as the units (the ratio estimator's).

    Cochran 1977 (Sampling Techniques, section 2.11); as approximate as Student's t, which goes with it at one
    less degree of freedom than clusters.

    Args:
        clusters: of any values, at least two.
    """
    cases, k = sum(c.size for c in clusters), len(clusters)
    mean = math.fsum(c.total for c in clusters) / cases
    spread = math.fsum((c.total - mean * c.size) ** 2 for c in clusters)
    return mean, math.sqrt(k / (k - 1) * spread) / cases


def with_unseen(clusters: Sequence[Cluster], side: int, times: float) -> list[Cluster]:
    """The clusters and one that was not seen: that farthest from the mean, so many times as far.

    Args:
        clusters: of any values, at least one.
        side: 1 for above the mean, -1 for below it.
        times: how much farther.
    """
    mean = math.fsum(c.total for c in clusters) / sum(c.size for c in clusters)
    farthest = max(clusters, key=lambda c: side * (c.total - mean * c.size))
    level = mean * farthest.size
    return [*clusters, Cluster(total=level + times * (farthest.total - level), size=farthest.size)]


def _design_effect(clusters: Sequence[Cluster]) -> float:
    """How much wider the sum is spread than that of as many independent trials."""
    mean, error = cluster_t(clusters)
    cases = fmean(c.size for c in clusters) * len(clusters)
    return error * error * cases / (mean * (1 - mean))


@cache
def _t(freedom: int) -> float:
    return t_quantile(_USUAL_CONFIDENCE, freedom)
