"""The report folder: every registered report on some runs, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lockgate.model import Run
from lockgate.registry import Registry

__all__ = ["write_reports"]


def write_reports(folder: Path, runs: Sequence[Run], registry: Registry) -> None:
    """Write `run.json`, `junit.xml` and whatever else is registered into a folder, made when absent.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in registry.names("reports"):
        text = registry.find("reports", name)(runs)
        part = folder / f".{name}.part"
        part.write_text(text, "utf-8")
        part.replace(folder / name)
