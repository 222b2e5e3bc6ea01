"""The vocabulary: every type that travels along the road from a suite to its ruling.

YAML text → Suite (Cases, Checks, Gates) → Requests → Completions → Verdicts → Samples → Metrics →
Rulings → Run. All are frozen values; nothing here reads a file, asks a model or computes a figure.
"""

from lockgate.model.asking import (
    JSON,
    Backend,
    Case,
    Completion,
    Example,
    Message,
    Passage,
    Prompt,
    Request,
    Spec,
    Where,
)
from lockgate.model.checks import Calibration, Check, Layout, Rating, Setting
from lockgate.model.comparing import Comparison, Delta, Flip
from lockgate.model.figures import ClassFigures, Estimate, Metric, Table
from lockgate.model.runs import FlakyCase, Ruling, Run, Sample, Timing, Variation
from lockgate.model.suites import Correction, Gate, Latency, Suite, Variant
from lockgate.model.verdicts import (
    BUILTIN_MEASURES,
    VARIANT_MEASURES,
    Counts,
    Figure,
    Kind,
    Labels,
    Measure,
    Span,
    Status,
    Verdict,
)

__all__ = [
    "BUILTIN_MEASURES",
    "JSON",
    "VARIANT_MEASURES",
    "Backend",
    "Calibration",
    "Case",
    "Check",
    "ClassFigures",
    "Comparison",
    "Completion",
    "Correction",
    "Counts",
    "Delta",
    "Estimate",
    "Example",
    "Figure",
    "FlakyCase",
    "Flip",
    "Gate",
    "Kind",
    "Labels",
    "Latency",
    "Layout",
    "Measure",
    "Message",
    "Metric",
    "Passage",
    "Prompt",
    "Rating",
    "Request",
    "Ruling",
    "Run",
    "Sample",
    "Setting",
    "Span",
    "Spec",
    "Status",
    "Suite",
    "Table",
    "Timing",
    "Variant",
    "Variation",
    "Verdict",
    "Where",
]
