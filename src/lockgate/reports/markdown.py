"""`summary.md`: what a pull request has to know, on at most 60 lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lockgate.model import Comparison, Delta, Flip, Ruling, Run
from lockgate.reports.comparison import arrow
from lockgate.reports.escaping import code, plain
from lockgate.reports.github import link_to
from lockgate.reports.terminal import UNCORRECTED, comparison_markdown
from lockgate.units import UNKNOWN, count, show, show_bound

__all__ = ["MOST_LINES", "summary"]

MOST_LINES = 60
"""A summary has no more lines."""

_GATES, _REASONS, _DELTAS, _FLIPS, _LOUD, _BACKENDS, _RUNS = 10, 5, 8, 8, 3, 6, 4
_MARKS = {"pass": "✅ pass", "fail": "❌ fail", "inconclusive": "⚠️ inconclusive"}
_FLIPPED = {"newly failing": "❌", "fixed": "✅", "flaky": "🎲"}
_ORDER = ("fail", "inconclusive", "pass")


def summary(runs: Run | Sequence[Run]) -> str:
    """Runs as GitHub Markdown: rulings, the comparison with the baseline, flips, and what it cost.

    What matters least is left out where there is much of it, and the text says how much. Whatever answers,
    datasets and suites say is shown as text: it breaks no table, and is no markup, link or mention. Under
    GitHub Actions flips are links to their cases, at the commit that is tested.
    """
    runs = [runs] if isinstance(runs, Run) else list(runs)
    parts = (
        _head(runs),
        _loud(runs),
        _gates(runs),
        _reasons(runs),
        _deltas(runs),
        _flips(runs),
        _costs(runs),
    )
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def _head(runs: Sequence[Run]) -> Iterator[str]:
    rulings = [ruling for run in runs for ruling in run.rulings]
    alone = sum(len(run.lone_failures) for run in runs)
    failed, open_ = (sum(r.status == s for r in rulings) for s in ("fail", "inconclusive"))
    told = [f"{failed} of {count(len(rulings), 'gate')} failed"] * bool(failed)
    told += [f"{open_} of {count(len(rulings), 'gate')} inconclusive"] * bool(open_)
    told += [f"{count(alone, 'sample')} failed without a gate"] * bool(alone)
    missing = sum(max(run.expected_samples - len(run.samples), 0) for run in runs)
    told += [f"{count(missing, 'sample')} missing"] * bool(missing)
    samples = sum(len(run.samples) for run in runs)
    if not samples:
        told.append("nothing ran")
    bad = failed or alone or not samples
    passed = f"all {count(len(rulings), 'gate')} passed" if rulings else f"{count(samples, 'sample')} passed"
    yield f"## {'❌' if bad else '⚠️' if told else '✅'} Lockgate: {', '.join(told) or passed}"


def _loud(runs: Sequence[Run]) -> Iterator[str]:
    """Bounds that were weakened first, then what else is not as it was in the baseline."""
    said = [f"> 📉 **Weaker than the baseline's:** {plain(w)}" for c in _compared(runs) for w in c.weakened]
    said += [
        f"> Changed since the baseline: {plain(change)}" for c in _compared(runs) for change in c.changes
    ]
    yield from _few(list(dict.fromkeys(said)), _LOUD, lambda left: f"> … and {left:,} more changes")


def _gates(runs: Sequence[Run]) -> Iterator[str]:
    ruled = [(run, ruling) for run in runs for ruling in run.rulings]
    if not ruled:
        return
    ruled.sort(key=lambda pair: _ORDER.index(pair[1].status))
    yield "| ruling | suite | backend | gate | value | limits | n | bound |"
    yield "|---|---|---|---|---:|---|---:|---|"
    rows = [_gate_row(run, ruling) for run, ruling in ruled]
    yield from _few(rows, _GATES, lambda left: f"| … {left:,} more | | | | | | | |")
    bare = [f"{plain(run.suite)} on {plain(run.backend)}" for run in runs if run.uncorrected]
    if bare:
        told = _few(list(dict.fromkeys(bare)), _RUNS, lambda left: f"… {left:,} more")
        yield from ("", f"{'; '.join(told)}: {UNCORRECTED}")


def _gate_row(run: Run, ruling: Ruling) -> str:
    metric = ruling.metric
    unscored = f" (+{metric.unscored:,} unscored)" if metric.unscored else ""
    return _row(
        _MARKS[ruling.status],
        plain(run.suite),
        plain(run.backend),
        plain(ruling.name),
        plain(show(metric.value, metric.unit)),
        _limits(metric.low, metric.high, metric.unit),
        f"{metric.n:,}{unscored}",
        plain(show_bound(ruling.gate, metric.unit)),
    )


def _reasons(runs: Sequence[Run]) -> Iterator[str]:
    told = [(run, ruling) for run in runs for ruling in run.rulings if ruling.status != "pass"]
    told.sort(key=lambda pair: _ORDER.index(pair[1].status))
    lines = [
        f"- {plain(ruling.name)} on {plain(run.backend)}: {plain(ruling.reason, most=400)}"
        for run, ruling in told
    ]
    yield from _folded("Why", _few(lines, _REASONS, lambda left: f"- … and {left:,} more"))


def _deltas(runs: Sequence[Run]) -> Iterator[str]:
    """The differences from the baseline; where there is none, the backends beside each other."""
    rows = [(run, delta) for run in runs if run.comparison for delta in run.comparison.deltas]
    if rows:
        rows.sort(key=lambda pair: (not _gated(*pair), arrow(pair[1]) != "▼"))
        yield "| suite | backend | baseline | metric | change | limits | pairs |"
        yield "|---|---|---|---|---|---|---:|"
        lines = [_delta_row(run, delta) for run, delta in rows]
        yield from _few(lines, _DELTAS, lambda left: f"| … {left:,} more | | | | | | |")
    elif len({run.backend for run in runs}) > 1:
        shown = [replace(run, suite=plain(run.suite), backend=plain(run.backend)) for run in runs]
        table = comparison_markdown(shown).splitlines()
        yield from _few(table, _BACKENDS + 2, lambda left: f"| … {left:,} more |")


def _delta_row(run: Run, delta: Delta) -> str:
    baseline = run.comparison.baseline if run.comparison else ""
    word = "" if delta.value is None else "better by " if delta.value >= 0 else "worse by "
    size = UNKNOWN if delta.value is None else show(abs(delta.value), delta.unit)
    return _row(
        plain(run.suite),
        plain(run.backend),
        plain(baseline),
        plain(delta.metric),
        f"{arrow(delta)} {word}{plain(size)}",
        _limits(delta.low, delta.high, delta.unit),
        f"{delta.n:,}",
    )


def _gated(run: Run, delta: Delta) -> bool:
    return any(ruling.gate.metric == delta.metric for ruling in run.rulings)


def _flips(runs: Sequence[Run]) -> Iterator[str]:
    flips = [(run, flip) for run in runs if run.comparison for flip in run.comparison.flips]
    if not flips:
        return
    flips.sort(key=lambda pair: tuple(_FLIPPED).index(pair[1].status))
    counts = {status: sum(flip.status == status for _, flip in flips) for status in _FLIPPED}
    title = ", ".join(f"{number:,} {status}" for status, number in counts.items() if number)
    lines = [_flip_line(run, flip) for run, flip in flips]
    more = _few(lines, _FLIPS, lambda left: f"- … and {left:,} more")
    yield from _folded(f"Cases that changed: {title}", more, opened=bool(counts["newly failing"]))


def _flip_line(run: Run, flip: Flip) -> str:
    where = run.places.get(flip.case_id)
    address = where and link_to(where)
    name = code(flip.case_id, most=80)
    place = f" ({plain(f'{where.path}:{where.line}')})" if where and not address else ""
    shown = f'<a href="{address}">{name}</a>' if address else f"{name}{place}"
    of = f": {plain(', '.join(flip.metrics))}" if flip.metrics else ""
    passed = f"passed {flip.theirs:.0%} of its trials, now {flip.ours:.0%}"
    said = f"- {_FLIPPED[flip.status]} {flip.status} {shown} in {plain(run.suite)} on {plain(run.backend)}"
    return f"{said}{of}; {passed}"


def _costs(runs: Sequence[Run]) -> Iterator[str]:
    answers = [s.completion for run in runs for s in (*run.samples, *run.variants) if s.completion]
    asked = [answer for answer in answers if not answer.replayed]
    known = [answer.cost for answer in asked if answer.cost is not None]
    price = f"cost {plain(show(sum(known), 'usd'))}" if known else "cost unknown" if asked else "cost nothing"
    unknown = len(asked) - len(known)
    doubt = f" and {count(unknown, 'answer')} of unknown cost" if known and unknown else ""
    replayed = f", {len(answers) - len(asked):,} from the journal" if len(answers) > len(asked) else ""
    tokens = [sum(getattr(a, name) or 0 for a in asked) for name in ("tokens_in", "tokens_out")]
    used = f", {tokens[0]:,} tokens in and {tokens[1]:,} out" if any(tokens) else ""
    yield f"{count(len(asked), 'answer')} asked{replayed}: {price}{doubt}{used}."
    told = [f"{r.backend} on {r.suite}: fingerprint {r.fingerprint}, {r.started}" for r in runs]
    rest = _few(told, _RUNS, lambda left: f"… {left:,} more")
    yield from (f"<br><sub>{plain(line)}</sub>" for line in rest)


def _folded(title: str, lines: Sequence[str], *, opened: bool = False) -> Iterator[str]:
    """Lines behind a title that opens them; an empty line lets Markdown be read inside."""
    if lines:
        yield f"<details{' open' if opened else ''}><summary>{title}</summary>"
        yield ""
        yield from lines
        yield ""
        yield "</details>"


def _few(lines: Sequence[str], most: int, rest: Callable[[int], str]) -> list[str]:
    """The first lines, and one that says how many more there are."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], rest(len(lines) - most + 1)]


def _compared(runs: Sequence[Run]) -> list[Comparison]:
    return [run.comparison for run in runs if run.comparison is not None]


def _limits(low: float | None, high: float | None, unit: str) -> str:
    return plain(f"[{show(low, unit)}, {show(high, unit)}]")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
