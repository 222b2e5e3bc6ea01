"""GitHub Actions: annotations at the lines of gates and cases, and the step's summary."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import quote

from lockgate.errors import UsageError
from lockgate.model import Run, Sample, Where
from lockgate.reports.terminal import visible

__all__ = ["MOST_ANNOTATIONS", "SUMMARY_VARIABLE", "append_summary", "link_to", "workflow_commands"]

MOST_ANNOTATIONS = 10
"""GitHub shows so many errors, and so many warnings, of one step, and drops the rest."""

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
"""The environment variable that names the file which takes the step's summary."""

_Kind: TypeAlias = Literal["error", "warning"]
_Annotation: TypeAlias = tuple[_Kind, Where | None, str, str]
_LONGEST = 1000


def workflow_commands(
    runs: Sequence[Run], *, inconclusive: str = "fail", environ: Mapping[str, str] = os.environ
) -> list[str]:
    """A workflow command for each gate that is no pass, and for each case that fails by itself.

    Gates come first. Of errors and warnings each there are at most `MOST_ANNOTATIONS`; where there were
    more, the last says how many.

    Args:
        runs: what ran.
        inconclusive: `fail`, or `warn` for warnings of inconclusive gates.
        environ: names the folder of the checkout, from which files are named.
    """
    found = [*_of_gates(runs, inconclusive), *_of_cases(runs)]
    kinds: tuple[_Kind, ...] = ("error", "warning")
    return [_command(a, environ) for kind in kinds for a in _few([a for a in found if a[0] == kind])]


def append_summary(text: str, *, environ: Mapping[str, str] = os.environ) -> bool:
    """Put a text at the end of the step's summary; False where no file is named for it.

    Raises:
        UsageError: it cannot be written.
    """
    path = environ.get(SUMMARY_VARIABLE)
    if not path:
        return False
    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"{text}\n")
    except OSError as error:
        said = f"{SUMMARY_VARIABLE}: {path} cannot be written ({error.strerror})."
        raise UsageError(f"{said} Let the variable name a file that can.") from error
    return True


def link_to(where: Where, *, environ: Mapping[str, str] = os.environ) -> str | None:
    """The address of a line in the repository at the commit that is tested; None outside GitHub."""
    named = [environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "SHA")]
    path = _in_checkout(where.path, environ)
    if not all(named) or path.startswith(("/", "..")):
        return None
    server, repository, commit = named
    return f"{server}/{repository}/blob/{commit}/{quote(path)}#L{where.line}"


def _of_gates(runs: Sequence[Run], inconclusive: str) -> Iterator[_Annotation]:
    for run in runs:
        for ruling in run.rulings:
            if ruling.status != "pass":
                lenient = ruling.status == "inconclusive" and inconclusive == "warn"
                where = ruling.gate.where or _suite(run)
                said = f"{run.suite} on {run.backend}: {ruling.name} {_SAID[ruling.status]}"
                yield "warning" if lenient else "error", where, said, ruling.reason


def _of_cases(runs: Sequence[Run]) -> Iterator[_Annotation]:
    for run in runs:
        for sample in run.lone_failures:
            where = run.places.get(sample.case_id) or _suite(run)
            yield "error", where, f"{run.suite} on {run.backend}: {sample.case_id}", _why_alone(sample)


_SAID = {"fail": "failed", "inconclusive": "is inconclusive"}


def _why_alone(sample: Sample) -> str:
    if sample.error is not None:
        return f"no answer: {sample.error}"
    return " ".join(f"{v.check}: {v.reason}" for v in sample.shortfalls)


def _few(found: Sequence[_Annotation]) -> Sequence[_Annotation]:
    if len(found) <= MOST_ANNOTATIONS:
        return found
    kept = found[: MOST_ANNOTATIONS - 1]
    kind, *_ = found[0]
    left = f"{len(found) - len(kept):,} more {kind}s are not shown here"
    return [*kept, (kind, None, "Lockgate", f"{left}; they are in the summary and the reports.")]


def _command(annotation: _Annotation, environ: Mapping[str, str]) -> str:
    kind, where, title, message = annotation
    place = {} if where is None else {"file": _in_checkout(where.path, environ), "line": str(where.line)}
    properties = ",".join(f"{name}={_property(v)}" for name, v in {**place, "title": title}.items())
    text = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    return f"::{kind} {properties}::{_data(visible(text))}"


def _data(text: str) -> str:
    """A message as workflow commands need it (actions/toolkit, `escapeData`)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property as workflow commands need it (actions/toolkit, `escapeProperty`)."""
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def _suite(run: Run) -> Where | None:
    return Where(path=run.suite_path) if run.suite_path else None


def _in_checkout(path: str, environ: Mapping[str, str]) -> str:
    workspace = environ.get("GITHUB_WORKSPACE")
    if not workspace:
        return Path(path).as_posix()
    return Path(os.path.relpath(Path(path).absolute(), workspace)).as_posix()
