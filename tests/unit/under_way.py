"""A session under way, as the tests of its progress line and the reference page show it."""

from __future__ import annotations

from lockgate.engine.progress import Progress

UNDER_WAY = Progress(
    done=120,
    total=1000,
    seconds=5.0,
    backend="ft:v3",
    replayed=20,
    asked=100,
    asking_seconds=4.0,
    in_flight=8,
    retries=3,
    tokens=2048,
    cost=0.125,
)
