"""Two runs of a suite beside each other: what changed, each metric's difference, the cases that flipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lockgate.model import Comparison, Delta, Flip, Run
from lockgate.reports.escaping import code, plain
from lockgate.reports.terminal import aligned, visible
from lockgate.units import UNKNOWN, count, show

__all__ = ["arrow", "beside_markdown", "beside_text"]

_FLIPPED = ("newly failing", "fixed", "flaky")
_HEAD = ("metric", "A", "B", "change", "limits", "pairs", "p")


def beside_text(theirs: Run, ours: Run, compared: Comparison) -> str:
    """Both runs for a terminal, A before B; an arrow where the difference is beyond its limits.

    Args:
        theirs: run A, which B is measured against.
        ours: run B.
        compared: what B's comparison with A says.
    """
    table = aligned([_HEAD, *_rows(theirs, ours, compared)])
    lines = [visible(_title(theirs, ours)), *(f"! {visible(said)}" for said in _changes(compared)), table]
    for status, flips in _flips(compared):
        lines.append(f"{status}: {count(len(flips), 'case')}")
        lines += [f"  {visible(_told(flip, flip.case_id))}" for flip in flips]
    return "\n".join([*lines, _rest(compared)])


def beside_markdown(theirs: Run, ours: Run, compared: Comparison) -> str:
    """The same as Markdown; nothing that a case, a suite or a backend is called is read as markup."""
    rows = [[plain(cell) for cell in row] for row in _rows(theirs, ours, compared)]
    table = [_row(_HEAD), _row(["---", *["---:"] * 2, "---", "---", "---:", "---"]), *map(_row, rows)]
    lines = [f"### {plain(_title(theirs, ours))}", ""]
    changes = [f"> {plain(said)}" for said in _changes(compared)]
    lines += [*changes, *[""] * bool(changes), *table, ""]
    for status, flips in _flips(compared):
        lines += [f"**{status}: {count(len(flips), 'case')}**", ""]
        lines += [f"- {_told(flip, code(flip.case_id), plain)}" for flip in flips]
        lines.append("")
    return "\n".join([*lines, _rest(compared)])


def _title(theirs: Run, ours: Run) -> str:
    same = theirs.backend == ours.backend
    names = [f"{run.backend} of {run.started}" if same else run.backend for run in (theirs, ours)]
    return f"{ours.suite}: A is {names[0]}, B is {names[1]}"


def _changes(compared: Comparison) -> Iterator[str]:
    yield from (f"weaker in B: {said}" for said in compared.weakened)
    yield from compared.changes


def _rows(theirs: Run, ours: Run, compared: Comparison) -> Iterator[Sequence[str]]:
    deltas = {delta.metric: delta for delta in compared.deltas}
    for metric in ours.metrics:
        other = theirs.metric(metric.name)
        if other is None or (metric.value is None and other.value is None):
            continue
        values = (show(run.value, metric.unit) for run in (other, metric))
        yield (metric.name, *values, *_change(deltas.get(metric.name)))


def _change(delta: Delta | None) -> tuple[str, str, str, str]:
    """In words, so that nobody has to know which way a metric is better."""
    if delta is None or delta.value is None:
        return UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN
    word = "same" if not delta.value else "better" if delta.value > 0 else "worse"
    size = f" by {show(abs(delta.value), delta.unit)}" if delta.value else ""
    limits = f"[{show(delta.low, delta.unit)}, {show(delta.high, delta.unit)}]"
    test = UNKNOWN if delta.p_value is None else f"{delta.p_value:.3g} ({delta.test})"
    return f"{arrow(delta)} {word}{size}", limits, f"{delta.n:,}", test


def arrow(delta: Delta) -> str:
    """Up where the run is better beyond its limits, down where it is worse, `≈` where neither is sure."""
    if delta.low is not None and delta.low > 0:
        return "▲"
    return "▼" if delta.high is not None and delta.high < 0 else "≈"


def _flips(compared: Comparison) -> Iterator[tuple[str, tuple[Flip, ...]]]:
    return ((status, flips) for status in _FLIPPED if (flips := compared.flipped(status)))


def _told(flip: Flip, name: str, shown: Callable[[str], str] = str) -> str:
    of = f": {shown(', '.join(flip.metrics))}" if flip.metrics else ""
    whole = {flip.ours, flip.theirs} <= {0.0, 1.0}
    return f"{name}{of}" + ("" if whole else f" ({flip.theirs:.0%} of trials passed, then {flip.ours:.0%})")


def _rest(compared: Comparison) -> str:
    alone = [(compared.only_theirs, "only in A"), (compared.only_ours, "only in B")]
    told = [f"{count(len(ids), 'case')} {where}" for ids, where in alone if ids]
    return ", ".join([f"{count(compared.unchanged, 'case')} unchanged", *told])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
