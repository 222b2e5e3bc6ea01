"""`lockgate calibrate`: how a check agrees with people, printed and kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lockgate.documents.findings import shown_path
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import Check, Rating, Suite
from lockgate.statistics.agreement import Agreement, Share, agree
from lockgate.units import count
from lockgate.workplace import DEFAULT_PROJECT, journal_option, project_option, registry_of, table

# What asks models is imported where it is used: every other command would wait for it.
if TYPE_CHECKING:
    from lockgate.calibrating import Judged
    from lockgate.documents.project import Project
    from lockgate.engine.journal import Journal

__all__ = ["calibrate"]

_MOST_GROUPS = 12


@click.command()
@click.argument("suite", type=click.Path(path_type=Path, dir_okay=False), metavar="SUITE")
@click.argument("labels", type=click.Path(path_type=Path, dir_okay=False), metavar="LABELS")
@click.option("--check", "name", metavar="NAME", help="The check, by its first metric or its name.")
@click.option("--backend", metavar="NAME", help="Let this backend judge instead of the check's own.")
@click.option(
    "--confidence",
    type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
    default=0.95,
    metavar="SHARE",
    help="Of each limit that is shown; 0.95 by default.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where it is kept; the check's own file, or calibrations/METRIC.json, by default.",
)
@journal_option
@project_option
def calibrate(
    *,
    suite: Path,
    labels: Path,
    name: str | None,
    backend: str | None,
    confidence: float,
    output: Path | None,
    journal: Path,
    project: Path | None,
) -> None:
    """Compare a check of SUITE with the human LABELS of answers, and keep how they agree.

    LABELS is a .jsonl, .json, .csv or .yaml file: case (an id of the suite) or input, answer, label, and
    group where answers share a document. The file that is kept corrects the check's metrics.
    """
    from lockgate.calibrating import judge_labels, store
    from lockgate.documents.labels import read_labels
    from lockgate.documents.suites import load_suite
    from lockgate.engine.journal import Journal

    with closing(Journal(journal)) as kept:
        loaded = _project(project, suite)
        _ask_through(loaded, kept, backend)
        made = load_suite(suite, project=loaded, registry=registry_of([suite.parent]))
        check = _chosen(made, name)
        judged = judge_labels(check, read_labels(labels, check, made.cases))
    click.echo(_summary(check, judged, confidence))
    target = _target(check, suite, output, other=backend is not None)
    if target is None:
        click.echo("\nnot kept, as another backend judged than the suite's; -o FILE keeps it")
        return
    store(target, check, judged, labels, confidence=confidence)
    click.echo(f"\n{shown_path(target)}: kept{_hint(check, target, suite)}")


def _project(path: Path | None, suite: Path) -> Project | None:
    from lockgate.documents.project import load_project

    if path is None and not Path(DEFAULT_PROJECT).is_file():
        return None
    return load_project(path or Path(DEFAULT_PROJECT), registry=registry_of([suite.parent]))


def _ask_through(project: Project | None, journal: Journal, backend: str | None) -> None:
    """Let the backends of checks be asked through the journal, or another one in their place."""
    from lockgate.engine.asking import Asker, Journalled

    if project is None:
        if backend is not None:
            raise UsageError(
                f"--backend: there is no {DEFAULT_PROJECT} that declares {backend!r}. Write one."
            )
        return
    other = None if backend is None else project.backend(backend)
    project.through = lambda own: Journalled(Asker(backend=other or own, journal=journal))


def _chosen(suite: Suite, name: str | None) -> Check:
    """The check of that metric or name; the suite's only one that asks a model, or its only one."""
    known = {check.measures[0].name: check for check in suite.checks if check.measures}
    if name is not None:
        named = [check for check in known.values() if check.name == name]
        if name in known or len(named) == 1:
            return known.get(name) or named[0]
        if not named:
            raise UsageError(f"--check: {did_you_mean(name, list(known), noun='checks')}")
    costly = [check for check in known.values() if check.costly]
    for few in (costly, list(known.values())):
        if len(few) == 1 and name is None:
            return few[0]
    raise UsageError(f"--check: the suite has several. Write the metric of one: {', '.join(known)}.")


def _summary(check: Check, judged: Sequence[Judged], confidence: float) -> str:
    ratings = [one.rating for one in judged]
    found = agree(ratings)
    head = f"{check.name} ({check.measures[0].name}) and people on {count(len(ratings), 'answer')}"
    parts = [head, _matrix(judged), _shares(found, confidence)]
    groups = sorted({rating.group for rating in ratings if rating.group})
    if 1 < len(groups) <= _MOST_GROUPS:
        parts.append(_by_group(groups, ratings))
    return "\n\n".join(parts)


def _matrix(judged: Sequence[Judged]) -> str:
    """People's labels, the best first, against what the check did."""
    order = sorted({(-one.rating.label, _said(one)) for one in judged})
    rows = []
    for _, said in order:
        same = [one.rating for one in judged if _said(one) == said]
        outcomes = [sum(r.passed is outcome for r in same) for outcome in (True, False, None)]
        rows.append((said, "good" if same[0].good else "bad", *map(str, outcomes)))
    return table(("label", "people", "passes", "fails", "no verdict"), rows)


def _said(one: Judged) -> str:
    said = one.labelled.said
    return str(said).lower() if isinstance(said, bool) else str(said)


def _shares(found: Agreement, confidence: float) -> str:
    rows = [
        _share_row("sensitivity", found.sensitivity, confidence),
        _share_row("specificity", found.specificity, confidence),
        _share_row("agreement", found.same, confidence),
        _kappa_row(found, confidence),
    ]
    return table(("", "value", f"limits at {confidence:g}", "n", "worth"), rows)


def _share_row(word: str, share: Share, confidence: float) -> tuple[str, ...]:
    low, high = share.limits(confidence=confidence)
    return word, _number(share.value), f"[{low:.3f}, {high:.3f}]", str(share.n), str(share.effective_n)


def _kappa_row(found: Agreement, confidence: float) -> tuple[str, ...]:
    low, high = found.kappa_limits(confidence=confidence)
    return (
        "kappa",
        _number(found.kappa),
        f"[{low:.3f}, {high:.3f}]",
        str(found.same.n),
        str(found.same.effective_n),
    )


def _by_group(groups: Sequence[str], ratings: Sequence[Rating]) -> str:
    rows = []
    for group in groups:
        own = agree([r for r in ratings if r.group == group])
        shares = (own.sensitivity.value, own.specificity.value, own.kappa)
        rows.append((group, str(own.same.n), *map(_number, shares)))
    return table(("group", "n", "sensitivity", "specificity", "kappa"), rows)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _target(check: Check, suite: Path, output: Path | None, *, other: bool) -> Path | None:
    if output is not None or other:
        return output
    declared = check.calibration.file if check.calibration else f"calibrations/{check.measures[0].name}.json"
    return suite.parent / declared


def _hint(check: Check, target: Path, suite: Path) -> str:
    if check.calibration is not None:
        return ""
    near = target.relative_to(suite.parent) if target.is_relative_to(suite.parent) else target
    return f"; name it in the suite: calibration: {near.as_posix()}"
