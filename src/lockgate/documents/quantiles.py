"""Gates on latency against the samples that the suite declares: how many a limit takes."""

from __future__ import annotations

from collections.abc import Iterable

from lockgate.documents.findings import Findings
from lockgate.figures import quantile_of
from lockgate.model import BUILTIN_MEASURES, Gate, Latency
from lockgate.statistics.power import quantile_n

__all__ = ["check_quantiles", "samples_for"]

_QUANTILES = frozenset(m.name for m in BUILTIN_MEASURES if m.kind == "quantile")


def check_quantiles(gates: Iterable[Gate], latency: Latency | None, findings: Findings) -> tuple[str, ...]:
    """Whether the probe's samples can decide the `max` of each gate on latency.

    A quantile that so few samples cannot even estimate (the slowest of them stands in for it: p99 of fewer
    than 100, p95 of fewer than 20) is a mistake, which is noted. One that can be estimated, but not yet
    bounded from above, loads: its gate can fail, and cannot pass.

    Args:
        gates: the suite's.
        latency: its probe, None where it has none or a wrong one.
        findings: takes the mistakes.

    Returns:
        One sentence with its position for each gate that can fail and cannot pass.
    """
    notes = []
    for gate in gates:
        if gate.metric not in _QUANTILES or gate.max is None or gate.where is None or latency is None:
            continue
        least = samples_for(gate.metric, gate.confidence)
        if _beyond_reach(gate.metric, latency.samples):
            few = "1 sample says" if latency.samples == 1 else f"{latency.samples} samples say"
            findings.add(gate.where, f"{few} nothing of {gate.metric!r}. {_remedy(gate, least)}")
        elif latency.samples < least:
            few = f"can fail and cannot pass with {latency.samples} samples"
            notes.append(f"{gate.where}: The gate {gate.metric!r} {few}. {_remedy(gate, least)}")
    return tuple(notes)


def samples_for(metric: str, confidence: float) -> int:
    """The least samples with an upper limit of a quantile such as `latency_p95`; 1 for any other metric."""
    return quantile_n(quantile_of(metric), confidence=confidence) if metric in _QUANTILES else 1


def _beyond_reach(metric: str, samples: int) -> bool:
    return round(samples * (1 - quantile_of(metric)), 9) < 1


def _remedy(gate: Gate, least: int) -> str:
    takes = f"An upper limit at {gate.confidence:.4g} confidence takes {least}"
    return f"{takes}: write 'latency: {{samples: {least}}}'."
