"""What a gate says of itself."""

from __future__ import annotations

import pytest

from lockgate.model import Gate


@pytest.mark.parametrize(
    ("given", "bounds"),
    [
        ({}, 0),
        ({"hard": True}, 0),
        ({"margin": 0.1, "by": "language", "assumed": 0.9}, 0),
        ({"min": 0.0}, 1),
        ({"max": 0.0, "hard": True}, 1),
        ({"min": 0.5, "max": 0.9}, 2),
        ({"min": 0.5, "max": 0.9, "no_worse_than": "baseline", "better_than": "ft:v2"}, 4),
    ],
)
def test_a_gate_counts_its_bounds(given, bounds):
    """Each of min, max, no_worse_than and better_than is one, also at 0; `hard` and settings are none."""
    assert Gate(metric="accuracy", **given).bounds == bounds
