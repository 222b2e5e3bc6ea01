"""`certificate.json`: what was ruled, and on what exactly, as a statement that a deploy step can check."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lockgate.model import JSON, Ruling, Run, Sample
from lockgate.plain import LONE_SURROGATE, to_plain

__all__ = ["PREDICATE_TYPE", "STATEMENT_TYPE", "certificate", "full_digest", "parts"]

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
"""What the document is (in-toto attestation framework, specification v1)."""

PREDICATE_TYPE = "urn:lockgate:certificate:v1"
"""What its predicate is; a change that readers of the old one would misread gets another number."""

_RENAMED = {"collection": "corpus"}
_LONGEST_VALUE = 100


def certificate(runs: Sequence[Run], *, root: Path) -> str:
    """Runs as an in-toto statement: one subject for each backend, one entry for each run.

    A subject's digest is the SHA-256 of its backend's identity; `predicate.backends` has a digest for each
    part of it (weights, adapter, prompt, corpus, sampling …), so that a difference can be named. A run that
    failed has its statement, too: it says so, and no older one stays in its place.

    Args:
        runs: of one session, each suite and backend at most once.
        root: the project's folder; suites are named from there.
    """
    identities = {run.backend: run.identity for run in runs}
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": n, "digest": {"sha256": full_digest(i)}} for n, i in identities.items()],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "backends": [
                {"name": name, "parts": [_described(part, v) for part, v in parts(identity).items()]}
                for name, identity in identities.items()
            ],
            "runs": [_run(run, root) for run in runs],
        },
    }
    text = json.dumps(statement, ensure_ascii=False, allow_nan=False, indent=1)
    return LONE_SURROGATE.sub(lambda m: f"\\u{ord(m[0]):04x}", text) + "\n"


def parts(identity: Mapping[str, JSON]) -> dict[str, JSON]:
    """An identity's parts by name: `weights`, `sampling.max_tokens`, `generator.prompt`, `corpus`.

    Mappings are taken apart; so are lists of mappings, whose members are numbered from 1.
    """
    return dict(_parts("", identity))


def full_digest(value: JSON) -> str:
    """SHA-256 (64 hex digits) of a value's canonical JSON.

    Raises:
        TypeError: the value holds something that is not JSON.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_as_dict)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _parts(prefix: str, value: JSON) -> Iterator[tuple[str, JSON]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            name = _RENAMED.get(str(key), str(key))
            yield from _parts(f"{prefix}.{name}" if prefix else name, inner)
    elif isinstance(value, list) and value and all(isinstance(inner, Mapping) for inner in value):
        for number, inner in enumerate(value, 1):
            yield from _parts(f"{prefix}.{number}", inner)
    else:
        yield prefix, value


def _described(name: str, value: JSON) -> dict[str, Any]:
    """A part as in-toto describes resources; a short value is told beside its digest."""
    short = value is None or isinstance(value, bool | int | float)
    short = short or (isinstance(value, str) and len(value) <= _LONGEST_VALUE)
    told = {"annotations": {"value": value}} if short else {}
    return {"name": name, "digest": {"sha256": full_digest(value)}, **told}


def _run(run: Run, root: Path) -> dict[str, Any]:
    return {
        "suite": run.suite,
        "backend": run.backend,
        "fingerprint": run.fingerprint,
        "path": _from(root, run.suite_path),
        "suite_digest": run.suite_digest,
        "dataset_digest": run.dataset_digest,
        "checks": dict(run.checks),
        "started": run.started,
        "samples": _counted(run),
        "correction": run.correction,
        "rulings": [_ruling(ruling) for ruling in run.rulings],
        "environment": to_plain(run.environment),
    }


def _counted(run: Run) -> dict[str, int]:
    """How many samples there are; `missed` of all, also of variants, fell short of what no gate governs."""
    gated = run.gated
    every = (*run.samples, *run.variants)
    return {
        "cases": len({s.case_id for s in run.samples}),
        "expected": run.expected_samples,
        "answered": _answered(run.samples),
        "variants": _answered(run.variants),
        "replayed": sum(s.completion is not None and s.completion.replayed for s in every),
        "missed": sum(not s.governed(gated) for s in every),
        "errors": sum(s.error is not None for s in every),
    }


def _answered(samples: Sequence[Sample]) -> int:
    return len({(s.case_id, s.trial) for s in samples if s.completion is not None and s.error is None})


def _ruling(ruling: Ruling) -> dict[str, Any]:
    metric = ruling.metric
    figures = {"value": metric.value, "low": metric.low, "high": metric.high}
    counts = {"n": metric.n, "unscored": metric.unscored, "confidence": metric.confidence}
    bounds = {key: v for key, v in to_plain(ruling.gate).items() if key not in ("metric", "where")}
    said = {"status": ruling.status, "reason": ruling.reason}
    return {"gate": ruling.name, "metric": ruling.gate.metric, **said, "bounds": bounds, **figures, **counts}


def _from(root: Path, path: str) -> str:
    return Path(os.path.relpath(Path(path).absolute(), root.absolute())).as_posix()


def _as_dict(value: Any) -> Any:
    """Mappings of other types than dict are JSON objects, too."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
