"""The default engine: small trained models over MiniLM's states, calibrated, claim by claim."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources, util
from typing import TYPE_CHECKING, Any, TypeAlias

from lockgate.checks.grounding.answers import Answer, Engine, Finding, Kind, Reading
from lockgate.checks.grounding.evidence import Evidence
from lockgate.checks.grounding.features import Found, features, read_ahead
from lockgate.checks.grounding.joint import JOINT, compared, joint_weights, scores
from lockgate.checks.grounding.odds import chance, crossed, joined, logistic, summary
from lockgate.checks.grounding.reading import reader
from lockgate.checks.grounding.units import units
from lockgate.errors import MissingExtra, UsageError
from lockgate.model import Setting, Span
from lockgate.retrieval.embedding import embedder
from lockgate.retrieval.encoder import LocalEmbedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Table: TypeAlias = NDArray[np.float64]

__all__ = ["WEIGHTS", "Trained", "answer_odds", "answer_risk", "embedded", "risk", "threshold_of", "trained"]

WEIGHTS = "weights.json"
"""The trained models beside the network of `joint`; `lineage.json` says where they are from."""

Trained: TypeAlias = Mapping[str, Any]

_FEATURE = "The engine 'embedded' of the check 'grounded' (its engine 'lexical' needs nothing)"
_BATCH = 16


def embedded(model: str, setting: Setting) -> Engine:
    """The engine `embedded` over MiniLM, or over the same weights in a folder or at a hub id, `model`.

    Raises:
        MissingExtra: the extra `local` is not installed.
        UsageError: there is no such encoder, or the package that carries MiniLM is not installed.
    """
    for module in ("numpy", "torch", "transformers"):
        if util.find_spec(module) is None:
            raise MissingExtra(feature=_FEATURE, package=module, extra="local")
    encoder = embedder(model or "minilm", base=setting.base)
    if not isinstance(encoder, LocalEmbedder):
        raise UsageError(f"The engine 'embedded' cannot read by {model!r}. Name a folder or a hub id.")
    data = trained()

    def read(answers: Sequence[Answer], _: float | None) -> list[Reading]:
        parts = [answers[at : at + _BATCH] for at in range(0, len(answers), _BATCH)]
        return [one for part in parts for one in _read(data, encoder.model, part)]

    identity = {
        "engine": "embedded",
        "weights": _digest(),
        "threshold": data["threshold"],
        **encoder.identity,
    }
    return Engine(read=read, identity=identity, costly=True)


@cache
def trained() -> Trained:
    """The weights that are shipped."""
    return dict(json.loads(_bytes()))


def _bytes(name: str = WEIGHTS) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()


@cache
def _digest() -> str:
    return hashlib.sha256(_bytes() + _bytes(JOINT)).hexdigest()[:16]


def _read(data: Trained, model: str, answers: Sequence[Answer]) -> Iterator[Reading]:
    source = reader(model, tuple(data["layers"]))
    told = [Evidence(units(a.passages), source, a.question) for a in answers]
    read_ahead([(c.text, e) for a, e in zip(answers, told, strict=True) for c in a.claims])
    for answer, evidence in zip(answers, told, strict=True):
        yield _reading(data, evidence, answer)


def _reading(data: Trained, evidence: Evidence, answer: Answer) -> Reading:
    import numpy as np

    last = max(1, len(answer.claims) - 1)
    found = [
        features(claim.text, evidence, position=at / last, claims=len(answer.claims))
        for at, claim in enumerate(answer.claims)
    ]
    table = np.stack([f.values for f in found]).astype(np.float64)
    rows = crossed(table, data["features"].index("structured"))
    chances = risk(data, rows, _together(evidence, answer, found))
    kinds = chance(logistic(data["kind"], rows))
    findings = tuple(
        _finding(one, float(chances[at]), float(kinds[at]), evidence) for at, one in enumerate(found)
    )
    return Reading(
        findings=findings,
        score=1 - answer_risk(data, chances, rows),
        threshold=threshold_of(data, table),
        line=data["line"],
    )


def _together(evidence: Evidence, answer: Answer, found: Sequence[Found]) -> Table:
    """The scores of each claim read together with its evidence, shape (claims, 4)."""
    import numpy as np

    pairs = []
    for claim, one in zip(answer.claims, found, strict=True):
        own, *others = evidence.reader.read([claim.text, *(evidence.units[i].text for i in one.near)])
        pairs.append(compared(claim.text, own, others))
    return np.asarray(scores(joint_weights(), pairs), np.float64)


def risk(data: Trained, rows: Table, together: Table) -> Table:
    """The probability that each claim is unsupported, shape (claims,).

    Args:
        data: the trained models.
        rows: the claims' features, `crossed`.
        together: the claims' scores, read together with their evidence.
    """
    structured = rows[:, data["features"].index("structured")]
    return chance(logistic(data["joined"], joined(logistic(data["claim"], rows), together, structured)))


def threshold_of(data: Trained, rows: Table) -> float:
    """The shipped threshold: for a single claim, for several of prose, for several of an object.

    Long answers fail more often than short ones, and those about objects more often than those about prose.
    """
    if len(rows) == 1:
        return float(data["threshold"]["single"])
    structured = rows[0, data["features"].index("structured")] > 0
    return float(data["threshold"]["object" if structured else "prose"])


def answer_risk(data: Trained, risks: Table, rows: Table) -> float:
    """The probability that the answer has an unsupported claim."""
    import numpy as np

    odds = answer_odds(data, risks, rows)
    return float(
        chance(logistic(data["single"], np.array([[odds]]))[0] if len(rows) == 1 else np.array(odds))
    )


def answer_odds(data: Trained, risks: Table, rows: Table) -> float:
    """The log-odds of that, as for answers of several claims."""
    structured = float(rows[0, data["features"].index("structured")])
    return float(logistic(data["answer"], summary(risks, rows, structured=structured)[None])[0])


def _finding(found: Found, risk: float, conflict: float, evidence: Evidence) -> Finding:
    kind: Kind = "contradiction" if conflict >= 0.5 else "not in the source"
    unit = evidence.units[found.near[0]]
    near = Span(source=unit.source, start=unit.start, end=unit.end, text=unit.quote)
    return Finding(score=1 - risk, kind=kind, missing=found.missing, near=near)
