"""Where a training stands, on disk: written whole, so that a kill at any moment costs one interval."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lockgate.cachefiles import write_whole

__all__ = ["Progress", "forget", "recall", "remember"]

_FILE = "checkpoint.pt"


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a training is, and the best that it has found.

    Args:
        batch: how many batches of the epoch in work are done.
        total: sum of the training losses × answer tokens of this epoch so far.
        tokens: the answer tokens of this epoch so far.
        history: one mapping an epoch that is done: `epoch`, `train_loss`, `validation_loss`, `seconds`.
        best: name → tensor of the best adapter so far; empty before the first epoch ends.
        best_loss: its loss.
        stale: epochs since then.
        spent: time spent on this epoch.
    """

    batch: int = 0
    total: float = 0.0
    tokens: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)
    best_loss: float = float("inf")
    stale: int = 0
    spent: float = 0.0

    @property
    def epoch(self) -> int:
        """The epoch in work, from 0."""
        return len(self.history)

    @property
    def seconds(self) -> float:
        """Time spent in all, over all interruptions."""
        return sum(line["seconds"] for line in self.history) + self.spent


def remember(folder: Path, progress: Progress, *, adapter: dict[str, Any], optimiser: dict[str, Any]) -> None:
    """Write a training's progress, adapter, optimiser and random state.

    Raises:
        OSError: it cannot be written.
    """
    import torch

    fields = {name: getattr(progress, name) for name in Progress.__slots__}
    state = {"progress": fields, "adapter": adapter, "optimiser": optimiser, "random": _random_state()}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_whole(folder / _FILE, buffer.getvalue())


def recall(folder: Path) -> tuple[Progress, dict[str, Any], dict[str, Any]] | None:
    """The progress, adapter and optimiser last written there, with the random state set back; None for none.

    Raises:
        OSError: it cannot be read.
    """
    import torch

    if not (folder / _FILE).is_file():
        return None
    state = torch.load(folder / _FILE, map_location="cpu", weights_only=True)
    _set_random_state(state["random"])
    return Progress(**state["progress"]), state["adapter"], state["optimiser"]


def forget(folder: Path) -> None:
    """Delete what `remember` wrote."""
    shutil.rmtree(folder, ignore_errors=True)


def _random_state() -> dict[str, Any]:
    import torch

    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def _set_random_state(state: dict[str, Any]) -> None:
    import torch

    torch.set_rng_state(state["cpu"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
