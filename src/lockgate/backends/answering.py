"""The queue of one model in memory: rows of all backends that share it, answered in common batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lockgate.backends import continuous
from lockgate.backends.adapters import mixes, wearing, wearing_each
from lockgate.backends.batching import Queue, next_batch
from lockgate.backends.decoding import Row, decode
from lockgate.backends.loading import Loaded
from lockgate.backends.rows import begin
from lockgate.model import Request

__all__ = ["Asked", "open_queue"]

# Batches in a run of continuous batching: its answers are handed over when all of it is done.
_RUN = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """A request and its row; how many rows and tokens a batch with it may hold."""

    request: Request
    row: Row
    most_rows: int
    most_tokens: int

    @property
    def size(self) -> int:
        """The tokens that it may come to."""
        return len(self.row.ids) + self.row.sampling.max_tokens

    @property
    def work(self) -> int:
        """Those of them that are read or made for it alone."""
        return self.size - self.row.head

    @property
    def kind(self) -> str | None:
        """Its adapter."""
        return self.row.adapter


def open_queue(loaded: Loaded) -> Queue[Asked]:
    """The queue of a model that was just loaded."""
    return Queue(pick=partial(_pick, loaded), work=partial(_answer, loaded))


def _pick(loaded: Loaded, waiting: Sequence[Asked], most: int | None) -> Sequence[Asked]:
    return _run(loaded, waiting, most) or next_batch(waiting, most, mixes=partial(_mixes, loaded))


def _run(loaded: Loaded, waiting: Sequence[Asked], most: int | None) -> list[Asked]:
    """What is to be answered by continuous batching: of one adapter, more than a batch holds."""
    if most is not None or not continuous.is_possible(loaded):
        return []
    kinds: dict[str | None, list[Asked]] = {}
    for asked in waiting:
        if continuous.suits(asked.row):
            kinds.setdefault(asked.kind, []).append(asked)
    return next((own[: _RUN * own[0].most_rows] for own in kinds.values() if _is_run(own)), [])


def _is_run(batch: Sequence[Asked]) -> bool:
    return len(batch) > batch[0].most_rows


def _mixes(loaded: Loaded, batch: Sequence[Asked]) -> bool:
    return mixes(loaded, {asked.row.adapter for asked in batch})


def _answer(loaded: Loaded, batch: Sequence[Asked]) -> None:
    for asked in batch:
        begin(asked.row, asked.request)
    rows = sorted((asked.row for asked in batch), key=lambda row: row.adapter or "")
    try:
        with loaded.lock:
            if _is_run(batch):
                _answer_run(loaded, rows)
            else:
                _decode(loaded, rows)
    except RuntimeError:
        # Where memory ran out, what is kept for later is the first to go.
        loaded.heads.forget()
        raise


def _answer_run(loaded: Loaded, rows: Sequence[Row]) -> None:
    with wearing(loaded, rows[0].adapter):
        continuous.answer(loaded, rows)


def _decode(loaded: Loaded, rows: Sequence[Row]) -> None:
    adapters = {row.adapter for row in rows}
    if len(adapters) == 1:
        with wearing(loaded, rows[0].adapter) as model:
            decode(model, loaded.tokenizer, rows, heads=loaded.heads)
    else:
        with wearing_each(loaded, adapters) as turn:
            decode(loaded.model, loaded.tokenizer, rows, heads=loaded.heads, turn=turn)
