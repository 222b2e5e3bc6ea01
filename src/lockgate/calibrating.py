"""A check asked about labelled answers, and the file that keeps what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lockgate.calibrated import fingerprint_of
from lockgate.documents.calibrations import SCHEMA, labels_digest
from lockgate.documents.labels import LabelledAnswer
from lockgate.engine.runner import environment
from lockgate.engine.scoring import judge_pairs
from lockgate.errors import UsageError
from lockgate.fingerprints import digest
from lockgate.model import JSON, Check, Completion, Rating
from lockgate.statistics.agreement import Agreement, Share, agree

__all__ = ["Judged", "judge_labels", "store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A labelled answer, and how the check's verdict compares."""

    labelled: LabelledAnswer
    rating: Rating


def judge_labels(check: Check, labels: Sequence[LabelledAnswer]) -> list[Judged]:
    """What a check says of labelled answers, all in one batch.

    Raises:
        UsageError: it gave a verdict on none of them.
    """
    verdicts = judge_pairs(check, [(one.case, Completion(text=one.answer)) for one in labels])
    judged = [
        Judged(
            labelled=one,
            rating=Rating(
                label=one.label.label,
                good=one.label.good,
                passed={"pass": True, "fail": False}.get(verdict.status),
                score=verdict.score if verdict.status in ("pass", "fail") else None,
                group=one.group,
            ),
        )
        for one, verdict in zip(labels, verdicts, strict=True)
    ]
    if all(one.rating.passed is None for one in judged):
        raise UsageError(f"{check.name} gave no verdict on any answer. The first: {verdicts[0].reason}")
    return judged


def store(path: Path, check: Check, judged: Sequence[Judged], labels: Path, *, confidence: float) -> None:
    """Write a calibration: one rating a line, so that git shows what changed.

    Args:
        path: the file; its folder is made.
        check: what was asked.
        judged: what came of it.
        labels: the file of labels.
        confidence: of the limits that people read in it; the ratings are what corrections are made of.

    Raises:
        UsageError: it cannot be written.
    """
    folder = path.parent
    head = {
        "schema": SCHEMA,
        "check": check.name,
        "metric": check.measures[0].name,
        "fingerprint": fingerprint_of(check),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": dict(environment()),
        "labels": {"file": Path(os.path.relpath(labels, folder)).as_posix(), "digest": labels_digest(labels)},
        "agreement": _summary(agree([one.rating for one in judged]), confidence),
    }
    lines = ",\n".join(f"    {json.dumps(_row(one), ensure_ascii=False)}" for one in judged)
    text = f'{json.dumps(head, ensure_ascii=False, indent=2)[:-2]},\n  "ratings": [\n{lines}\n  ]\n}}\n'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}). Name another file.") from error


def _summary(found: Agreement, confidence: float) -> Mapping[str, JSON]:
    low, high = found.kappa_limits(confidence=confidence)
    names = ("good_passed", "good_failed", "bad_passed", "bad_failed")
    return {
        "confidence": confidence,
        "sensitivity": _share(found.sensitivity, confidence),
        "specificity": _share(found.specificity, confidence),
        "kappa": {"value": found.kappa, "low": low, "high": high},
        "matrix": {**dict(zip(names, found.counts, strict=True)), "no_verdict": found.unscored},
    }


def _share(share: Share, confidence: float) -> Mapping[str, JSON]:
    low, high = share.limits(confidence=confidence)
    return {"value": share.value, "low": low, "high": high, "n": share.n, "worth": share.effective_n}


def _row(one: Judged) -> Mapping[str, JSON]:
    rating = one.rating
    row = {
        "case": one.labelled.case.id,
        "answer": digest(one.labelled.answer),
        "label": rating.label,
        "good": rating.good,
        "passed": rating.passed,
        "score": rating.score,
    }
    return row | ({"group": rating.group} if rating.group else {})
