"""The worst cases of the gates that did not pass: what was asked, answered, why it fell short, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockgate.model import Ruling, Run, Sample, Span, Verdict
from lockgate.reports.terminal import visible

__all__ = ["worst_cases"]

_AROUND = 30
_ORDER = ("fail", "inconclusive")


def worst_cases(run: Run, *, most: int = 3, width: int = 100) -> str:
    """For each gate that did not pass, the samples that fall shortest of it; "" where there are none.

    Those that passed in the baseline come first, then those with the least score. A sample is shown once.
    Everything stands on one line, cut to the width; control characters show as escapes.

    Args:
        run: what ran.
        most: samples for each gate.
        width: columns of the terminal.
    """
    shown: set[int] = set()
    lines: list[str] = []
    for ruling in sorted(_open(run), key=lambda r: _ORDER.index(r.status)):
        short = _ranked(run, ruling)
        chosen = [sample for sample in short if id(sample) not in shown][:most]
        shown |= {id(sample) for sample in chosen}
        if chosen:
            lines.append(f"worst of {visible(ruling.name)}, {len(chosen)} of {len(short):,} that fall short:")
            lines += [line for sample in chosen for line in _told(sample, ruling)]
    return "\n".join(_cut(line, width) for line in lines)


def _open(run: Run) -> list[Ruling]:
    return [ruling for ruling in run.rulings if ruling.status in _ORDER]


def _ranked(run: Run, ruling: Ruling) -> list[Sample]:
    """The samples that fall short of a gate's metric, the worst first."""
    fell = {flip.case_id for flip in run.comparison.flipped("newly failing")} if run.comparison else set()
    short = [sample for sample in (*run.samples, *run.variants) if _verdicts(sample, ruling)]
    return sorted(short, key=lambda sample: (sample.case_id not in fell, _score(sample, ruling)))


def _verdicts(sample: Sample, ruling: Ruling) -> list[Verdict]:
    return [v for v in sample.shortfalls if v.metric in ruling.gate.covers]


def _score(sample: Sample, ruling: Ruling) -> float:
    return min((v.score for v in _verdicts(sample, ruling) if v.score is not None), default=0.0)


def _told(sample: Sample, ruling: Ruling) -> Iterator[str]:
    trial = f", trial {sample.trial + 1}" if sample.trial else ""
    yield f"  {visible(sample.case_id)}{trial}"
    yield f"    asked: {_line(sample.input)}"
    yield f"    answered: {_line('' if sample.completion is None else sample.completion.text)}"
    for verdict in _verdicts(sample, ruling):
        yield f"    {visible(verdict.check)}: {_line(verdict.reason)}"
        yield from (f"      {_quoted(span, sample)}" for span in verdict.evidence[:2])


def _quoted(span: Span, sample: Sample) -> str:
    """A span between « and », with what stands around it where its text is known."""
    text = _source(span.source, sample)
    known = bool(span.text) and text[span.start : span.end] == span.text
    before = text[max(0, span.start - _AROUND) : span.start] if known else ""
    after = text[span.end : span.end + _AROUND] if known else ""
    note = f" – {_line(span.note)}" if span.note else ""
    return f"{visible(span.source)}: {_line(f'{before}«{span.text}»{after}')}{note}"


def _source(source: str, sample: Sample) -> str:
    if source == "input" or sample.completion is None:
        return sample.input
    texts: Sequence[tuple[str, str]] = [(passage.id, passage.text) for passage in sample.completion.passages]
    return dict([*texts, ("answer", sample.completion.text)]).get(source, "")


def _line(text: str) -> str:
    return " ".join(visible(text).split()) or "(nothing)"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"
