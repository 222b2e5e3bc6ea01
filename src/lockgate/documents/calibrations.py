"""A check's `calibration`: the file that says how it agreed with people, and what is asked of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lockgate.calibrated import doubts_of
from lockgate.documents.findings import Findings
from lockgate.documents.nodes import Node
from lockgate.documents.rows import read_rows
from lockgate.documents.tables import Key, Table, check_mapping, quote
from lockgate.errors import DocumentError
from lockgate.fingerprints import digest
from lockgate.model import JSON, Calibration, Check, Rating
from lockgate.plain import from_plain
from lockgate.strict_json import parse

__all__ = [
    "CALIBRATION",
    "SCHEMA",
    "calibration_notes",
    "labels_digest",
    "read_calibration",
    "take_calibration",
]

SCHEMA = "lockgate/calibration/1"
"""What a calibration file says that it is."""

CALIBRATION = Table(
    noun="the calibration",
    doc="How the check agreed with people: the file of `lockgate calibrate`, and what a gate asks of it.",
    keys=(
        Key(name="file", annotation=str, required=True, doc="The file, relative to the suite."),
        Key(
            name="min_kappa",
            annotation=float,
            doc="What Cohen's kappa must be known to reach: its low limit at the gate's confidence.",
        ),
        Key(name="max_age", annotation=str, doc="How old it may be: `12h`, `90d`, `26w`."),
    ),
)

_OPTION = "calibration"
_USUAL_CONFIDENCE = 0.95
_AGE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)([hdw])\Z")
_SECONDS = {"h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_REMEDY = "Run `lockgate calibrate` again."


def read_calibration(node: Node, base: Path, findings: Findings) -> Calibration | None:
    """What `calibration:` says; None where it is wrong, with every mistake noted.

    A file that is not there, or that other labels were made of, is no mistake of the suite: it is a doubt, on
    which no gate passes.

    Args:
        node: the file, or a mapping of what `CALIBRATION` holds.
        base: the suite's folder.
        findings: takes the mistakes.
    """
    before = len(findings.problems)
    file, asked = node, dict[str, Any]()
    if not isinstance(node.value, str):
        right = check_mapping(node, CALIBRATION, findings)
        file = right.get("file", node)
        asked = {
            "min_kappa": _kappa(right.get("min_kappa"), findings),
            "max_age_seconds": _age(right.get("max_age"), findings),
        }
    if len(findings.problems) > before:
        return None
    found = _read(base / file.value, file, findings)
    return None if found is None else replace(found, **asked)


def calibration_notes(checks: Sequence[Check]) -> list[str]:
    """What is against the calibrations of checks, as far as it is known before anything is asked."""
    notes = []
    for check in checks:
        if check.calibration is not None and check.measures:
            doubts = doubts_of(check, check.calibration, confidence=_USUAL_CONFIDENCE)
            notes += [f"{check.measures[0].name} cannot be relied on: {doubt}" for doubt in doubts if doubt]
    return notes


def take_calibration(options: Node | None) -> tuple[Node | None, Node | None]:
    """What a check's options say under `calibration`, which every check may have, and the others."""
    if options is None or _OPTION not in options.entries:
        return None, options
    rest = {name: node for name, node in options.entries.items() if name != _OPTION}
    keys = {name: where for name, where in options.keys.items() if name != _OPTION}
    value = {name: node.value for name, node in rest.items()}
    return options.entries[_OPTION], replace(options, entries=rest, keys=keys, value=value)


def labels_digest(path: Path) -> str:
    """A hash of what a file of labels says, which no reformatting changes.

    Raises:
        DocumentError: it cannot be read.
    """
    rows, findings = read_rows(path)
    findings.stop()
    return digest([row.value for row in rows])


def _read(path: Path, node: Node, findings: Findings) -> Calibration | None:
    shown = str(node.value)
    if not path.is_file():
        return Calibration(file=shown, doubt=f"there is no {shown}. Run `lockgate calibrate` to make it.")
    try:
        told = parse(path.read_text("utf-8"))
        return _made(told, path, shown)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{quote(node)} is no calibration ({type(error).__name__}: {error}). {_REMEDY}"
        findings.add(node.where, what)
        return None


def _made(told: Mapping[str, JSON], path: Path, shown: str) -> Calibration:
    if told.get("schema") != SCHEMA:
        raise ValueError(f"its schema is {told.get('schema')!r}, not {SCHEMA!r}")
    names = ("label", "good", "passed", "score", "group")
    ratings = tuple(
        from_plain(Rating, {name: row[name] for name in names if name in row}) for row in told["ratings"]
    )
    labels = told["labels"]
    return Calibration(
        file=shown,
        ratings=ratings,
        fingerprint=str(told["fingerprint"]),
        made=_time(told["made"]),
        doubt=_changed(path.parent / str(labels["file"]), str(labels["file"]), str(labels["digest"])),
    )


def _time(written: JSON) -> str:
    if datetime.fromisoformat(written).tzinfo is None:
        raise ValueError(f"the time {written!r} has no zone")
    return str(written)


def _changed(path: Path, shown: str, known: str) -> str:
    if not path.is_file():
        return f"its labels {shown} are not there. Bring them back, or calibrate with others."
    try:
        now = labels_digest(path)
    except DocumentError:
        now = ""
    return "" if now == known else f"its labels {shown} have changed since. {_REMEDY}"


def _kappa(node: Node | None, findings: Findings) -> float | None:
    if node is not None and not -1 <= node.value <= 1:
        findings.add(node.where, f"'min_kappa' cannot be {quote(node)}. Write a number such as 0.6.")
    return None if node is None else float(node.value)


def _age(node: Node | None, findings: Findings) -> float | None:
    if node is None:
        return None
    found = _AGE.match(node.value.strip())
    if found is None:
        findings.add(node.where, f"'max_age' cannot be {quote(node)}. Write an age such as 12h, 90d or 26w.")
        return None
    return float(found[1]) * _SECONDS[found[2]]
