"""A certificate against what is on disk: the first difference that forbids to ship, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lockgate.documents.project import Project
from lockgate.documents.suites import load_suite
from lockgate.fingerprints import digest
from lockgate.model import JSON, Suite
from lockgate.reports.certificate import PREDICATE_TYPE, STATEMENT_TYPE, full_digest, parts
from lockgate.strict_json import parse
from lockgate.units import count
from lockgate.workplace import registry_of

__all__ = ["Certified", "read_certified", "refusal"]

_ORDER = ("kind", "weights", "model", "base_url", "adapter", "prompt", "corpus", "sampling")
_CLOCK_SECONDS = 300.0
_SAMPLES = ("cases", "expected", "answered", "variants", "replayed", "missed", "errors")
_RUN_TEXTS = ("suite", "backend", "path", "suite_digest", "dataset_digest", "started")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """What a certificate says of one backend.

    Args:
        backend: `FAMILY:VERSION`.
        digest: SHA-256 of its identity.
        parts: part of the identity → (SHA-256, value as it is told, if it is short).
        runs: the certificate's runs of it.
    """

    backend: str
    digest: str
    parts: Mapping[str, tuple[str, str | None]]
    runs: Sequence[Mapping[str, Any]]


def read_certified(text: str, backend: str) -> Certified:
    """What a statement says of a backend.

    Raises:
        ValueError: it is no certificate, or not of this backend; the text ends a sentence.
    """
    statement = parse(text)
    try:
        kinds = statement["_type"], statement["predicateType"]
        if kinds != (STATEMENT_TYPE, PREDICATE_TYPE):
            raise ValueError(f"it is no certificate that this Lockgate can read ({kinds[1]})")
        names = [str(subject["name"]) for subject in statement["subject"]]
        if names.count(backend) != 1:
            raise ValueError(f"it is of {', '.join(names) or 'nothing'}, not of {backend}")
        return _certified(statement, backend)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"it is damaged ({error})") from error


def refusal(
    certified: Certified,
    project: Project,
    *,
    now: datetime,
    max_age_seconds: float | None = None,
    suites: Sequence[str] = (),
) -> str | None:
    """Why the backend on disk may not ship with this certificate, or None.

    Looked at in this order, and only the first difference is told: the backend's fingerprint, part by part;
    the rulings; whether all samples are there; suites, cases and checks on disk; the certificate's age.

    Args:
        certified: what the certificate says of the backend.
        project: what is on disk.
        now: the time, with a zone.
        max_age_seconds: how long ago the oldest of its runs may be; None for any time.
        suites: the names of suites that must be among those it covers.

    Raises:
        LockgateError: a document on disk is wrong, or the backend's weights cannot be read.
    """
    steps: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: _other_backend(certified, project),
        lambda: _uncovered(certified, suites),
        lambda: _failures(certified),
        lambda: _gaps(certified),
        lambda: _changes(certified, project),
        lambda: _age(certified, now, max_age_seconds),
    )
    return next((sentence for step in steps for sentence in step()), None)


def _certified(statement: Mapping[str, Any], backend: str) -> Certified:
    [subject] = [s for s in statement["subject"] if s["name"] == backend]
    predicate = statement["predicate"]
    [described] = [b for b in predicate["backends"] if b["name"] == backend]
    runs = [run for run in predicate["runs"] if run["backend"] == backend]
    for run in runs:
        _check_run(run)
    return Certified(
        backend=backend,
        digest=str(subject["digest"]["sha256"]),
        parts={str(p["name"]): (str(p["digest"]["sha256"]), _told(p)) for p in described["parts"]},
        runs=runs,
    )


def _check_run(run: Mapping[str, Any]) -> None:
    """Complain of a run that does not have what is looked at later."""
    if not all(isinstance(run[key], str) for key in _RUN_TEXTS):
        raise TypeError("a run's text is missing")
    if not all(type(run["samples"][key]) is int for key in _SAMPLES):
        raise TypeError("a count of samples is missing")
    if not all(
        isinstance(r[key], str) for r in run["rulings"] for key in ("gate", "metric", "status", "reason")
    ):
        raise TypeError("a ruling is not whole")
    if datetime.fromisoformat(run["started"]).tzinfo is None:
        raise TypeError("its time has no zone")
    if not isinstance(run["checks"], dict):
        raise TypeError("its checks are missing")


def _told(part: Mapping[str, Any]) -> str | None:
    return _shown(part["annotations"]["value"]) if "annotations" in part else None


def _shown(value: JSON) -> str:
    return "none" if value is None else str(value)


def _other_backend(certified: Certified, project: Project) -> Iterator[str]:
    """Each part of the backend that is another than the one that was certified, the weightiest first."""
    identity = project.backend(certified.backend).identity
    if full_digest(dict(identity)) == certified.digest:
        return
    now = parts(identity)
    named = sorted({*now, *certified.parts}, key=_weight)
    for name in named:
        if name not in now or certified.parts.get(name, ("", None))[0] != full_digest(now[name]):
            yield _other_part(certified, name, now)
    yield f"{certified.backend} is not what was certified. {_again(certified)}"


def _other_part(certified: Certified, name: str, now: Mapping[str, JSON]) -> str:
    was = _part_shown(*certified.parts[name]) if name in certified.parts else "not there"
    current = now.get(name)
    short = name in now and (current is None or isinstance(current, bool | int | float | str))
    told = _shown(current) if short else None
    shown = _part_shown(full_digest(current), told) if name in now else "not there"
    return f"{certified.backend} is not what was certified: {name} was {was}, is {shown}. {_again(certified)}"


def _part_shown(sha256: str, value: str | None) -> str:
    return f"sha256 {sha256[:12]}" if value is None or len(value) > 100 else value


def _weight(name: str) -> tuple[int, str]:
    places = [_ORDER.index(word) for word in name.split(".") if word in _ORDER]
    return min(places, default=len(_ORDER)), name


def _uncovered(certified: Certified, suites: Sequence[str]) -> Iterator[str]:
    covered = [run["suite"] for run in certified.runs]
    if not covered:
        yield f"The certificate holds no run of {certified.backend}. {_again(certified)}"
    for name in suites:
        if name not in covered:
            yield f"The suite {name!r} is not covered, only {', '.join(covered)}. {_again(certified)}"


def _failures(certified: Certified) -> Iterator[str]:
    for run in certified.runs:
        for ruling in run["rulings"]:
            if ruling["status"] != "pass":
                said = "inconclusive" if ruling["status"] == "inconclusive" else "failed"
                yield (
                    f"{certified.backend} did not pass: in {run['suite']} the gate on {ruling['gate']} was "
                    f"{said}: {ruling['reason']}"
                )
        for key, what in (("errors", "had no answer"), ("missed", "missed a check that no gate governs")):
            if run["samples"][key]:
                told = f"in {run['suite']} {count(run['samples'][key], 'sample')} {what}"
                yield f"{certified.backend} did not pass: {told}. {_mend(certified)}"


def _gaps(certified: Certified) -> Iterator[str]:
    for run in certified.runs:
        expected, answered = run["samples"]["expected"], run["samples"]["answered"]
        if answered != expected or not expected:
            there = f"{answered:,} of {expected:,} samples were answered"
            yield f"The run of {run['suite']} is not whole: {there}. {_again(certified)}"


def _changes(certified: Certified, project: Project) -> Iterator[str]:
    for run in certified.runs:
        path = project.root / run["path"]
        if not path.is_file():
            yield f"The suite {run['path']} is not there any more. {_again(certified)}"
            return
        suite = load_suite(path, project=project, registry=registry_of([project.root, path.parent]))
        yield from _suite_changes(certified, run, suite)


def _suite_changes(certified: Certified, run: Mapping[str, Any], suite: Suite) -> Iterator[str]:
    since, again = f"since {certified.backend} was certified", _again(certified)
    if suite.dataset_digest != run["dataset_digest"]:
        yield f"The cases of {run['suite']} have changed {since}. {again}"
    if suite.digest != run["suite_digest"]:
        yield f"The suite {run['path']} has changed {since}. {again}"
    checks = {label: digest(dict(identity)) for label, identity in suite.check_identities.items()}
    for label in {**checks, **run["checks"]}:
        if checks.get(label) != run["checks"].get(label):
            yield f"The check {label} of {run['suite']} has changed {since}. {again}"
    # One that stopped early had what decided it: fewer cases, and all trials of each.
    due = (run["samples"]["cases"] if suite.stop else len(suite.cases)) * suite.trials
    if run["samples"]["expected"] < due:
        wanted = f"{run['samples']['expected']:,} of {due:,} samples"
        yield f"The run of {run['suite']} is not whole: it was of {wanted}. {again}"
    if run["samples"]["variants"] < len(suite.variants) * suite.trials:
        wanted = f"{run['samples']['variants']:,} of {len(suite.variants) * suite.trials:,} variants"
        yield f"The run of {run['suite']} is not whole: {wanted} were answered. {again}"
    unruled = [g.metric for g in suite.gates if g.metric not in {r["metric"] for r in run["rulings"]}]
    if unruled:
        yield f"The run of {run['suite']} is not whole: no ruling on {', '.join(unruled)}. {again}"


def _age(certified: Certified, now: datetime, most_seconds: float | None) -> Iterator[str]:
    for run in certified.runs:
        age_seconds = (now - datetime.fromisoformat(run["started"])).total_seconds()
        if age_seconds < -_CLOCK_SECONDS:
            yield f"The certificate is from the future ({run['started']}). Set the clock of this machine."
        if most_seconds is not None and age_seconds > most_seconds:
            old = f"its run of {run['suite']} is from {run['started']}"
            yield f"The certificate has expired: {old}. {_again(certified)}"


def _again(certified: Certified) -> str:
    return f"Gate what is to be deployed: pytest --llm-backend={certified.backend} --llm-report=DIR"


def _mend(certified: Certified) -> str:
    return f"Mend it, then gate it again: pytest --llm-backend={certified.backend} --llm-report=DIR"
