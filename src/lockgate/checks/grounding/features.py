"""A claim against its evidence in numbers: what the final model reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from lockgate.checks.grounding.evidence import Evidence
from lockgate.checks.grounding.facts import Facts, facts
from lockgate.checks.grounding.keys import KEYS, against_keys, share_named
from lockgate.checks.grounding.reading import Words
from lockgate.checks.overlap import terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

__all__ = ["Found", "features", "names", "read_against", "read_ahead"]

_BUDGET_WORDS = 80
_MOST_UNITS = 8
_WINDOW = 3

_SIMILARITY = ("mean", "least", "second", "low", "far")
_PLAIN = (
    "both", "near", "anywhere", "near_question", "numbers", "numbers_missing", "numbers_missing_near",
    "times_missing", "names", "names_missing", "names_missing_near", "names_weak", "run_share", "run_longest",
    "pairs", "pairs_near", "novel_pairs", "negations", "negations_near", "negation_differs", "key_no",
    "key_unknown", "key_yes", "hedges", "strong", "frames", "words", "rare", "units", "structured",
    "units_near", "spread", "adjacent", "question", "bare_window", "bare_gap", "position", "claims",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A claim's features, the units that it was read against (nearest first) and its words that none has."""

    values: Vectors
    near: tuple[int, ...]
    missing: tuple[str, ...]


def names(layers: Sequence[int]) -> tuple[str, ...]:
    """The features' names, in order, for a reader of these layers."""
    similar = [f"{kind}_{layer}" for layer in ("all", "bare", *layers) for kind in _SIMILARITY]
    sentence = [f"sentence_{layer}" for layer in layers]
    return (*similar, *sentence, *_PLAIN, *KEYS)


def read_ahead(claims: Sequence[tuple[str, Evidence]]) -> None:
    """Read all claims, and the units that they will be read against, in few large batches."""
    for reader in {id(e.reader): e.reader for _, e in claims}.values():
        reader.words([claim for claim, _ in claims])
        mine = [(claim, e) for claim, e in claims if e.reader is reader]
        reader.states([text for claim, e in mine for text in (claim, *read_against(claim, e))])


def read_against(claim: str, evidence: Evidence) -> list[str]:
    """The texts of the units that a claim is read against, nearest first."""
    bare, weights = _content(evidence.reader.words([claim])[0])
    return [evidence.units[i].text for i in _nearest(_per_unit(bare, evidence), weights, evidence)]


def features(claim: str, evidence: Evidence, *, position: float = 0.0, claims: int = 1) -> Found:
    """The features of one claim.

    Each content word is compared with the words of all units by its bare vector; from that the few units are
    chosen that together come nearest to all words, and the claim is compared with these by the network's
    states as well, and by numbers, times, names, runs of words and negation.
    """
    import numpy as np

    words = evidence.reader.words([claim])[0]
    said = facts(claim)
    kept, weights = _kept(words)
    per_unit = _per_unit(words.bare[kept], evidence)
    near = _nearest(per_unit, weights[kept], evidence)
    values = [
        *_similarity(per_unit.max(1), weights[kept]),
        *_similarity(per_unit[:, near].max(1), weights[kept]),
    ]
    whole, cosines, spread = [], [], (0.0, 0.0)
    own = evidence.reader.states([claim])[0]
    others = evidence.reader.states([evidence.units[i].text for i in near])
    for layer in range(len(own)):
        table = np.stack([(own[layer][kept] @ o[layer].T).max(1) for o in others], 1)
        whole += _similarity(table.max(1), weights[kept])
        cosines.append(_sentence(own[layer], [o[layer] for o in others]))
        spread = _spread(table, weights[kept])
    plain = _plain(said, weights, near, evidence)
    values += [*whole, *cosines, *plain, float(len(near)), *spread, *_window(per_unit, weights[kept])]
    lost = _lost_names(said, evidence)
    lost_names = sorted(name for name in terms(claim).names if name.lower() in lost)
    missing = (*sorted(said.numbers - evidence.terms), *lost_names)
    values_in_order = [
        *_ordered(values, said, evidence, position, claims),
        *against_keys(claim, evidence.units),
    ]
    return Found(np.asarray(values_in_order, np.float32), tuple(near), missing)


def _kept(words: Words) -> tuple[Any, Vectors]:
    """Which words are compared, and all words' weights: the content words, or all where there is none."""
    import numpy as np

    kept = words.weights > 0
    if kept.any():
        return kept, words.weights
    return np.ones(len(words.weights), bool), np.ones(len(words.weights), np.float32)


def _content(words: Words) -> tuple[Vectors, Vectors]:
    kept, weights = _kept(words)
    return words.bare[kept], weights[kept]


def _per_unit(claim: Vectors, evidence: Evidence) -> Vectors:
    """The best bare cosine of each word in each unit, shape (words, units)."""
    import numpy as np

    return np.asarray(np.maximum.reduceat(claim @ evidence.bare.T, evidence.starts, axis=1), np.float32)


def _nearest(per_unit: Vectors, weights: Vectors, evidence: Evidence) -> list[int]:
    """Units chosen one by one, each the one that adds most to what is covered, a little also by itself."""
    import numpy as np

    alone = weights @ per_unit / weights.sum()
    covered = np.zeros(len(weights), np.float32)
    near: list[int] = []
    room = _BUDGET_WORDS
    while len(near) < min(_MOST_UNITS, per_unit.shape[1]):
        gain = weights @ np.maximum(per_unit - covered[:, None], 0) / weights.sum() + 0.3 * alone
        gain[near] = -1
        best = int(gain.argmax())
        room -= len(evidence.words[best].texts)
        if near and room < 0:
            break
        near.append(best)
        covered = np.maximum(covered, per_unit[:, best])
    return near


def _similarity(best: Vectors, weights: Vectors) -> list[float]:
    import numpy as np

    order = np.sort(best)
    low = order[: max(1, len(order) // 4)].mean()
    far = weights[best < 0.5].sum() / weights.sum()
    return [float(weights @ best / weights.sum()), order[0], order[min(1, len(order) - 1)], low, far]


def _sentence(claim: Vectors, units: Sequence[Vectors]) -> float:
    import numpy as np

    both = [v.mean(0) / max(float(np.linalg.norm(v.mean(0))), 1e-6) for v in (claim, np.concatenate(units))]
    return float(both[0] @ both[1])


def _spread(table: Vectors, weights: Vectors) -> tuple[float, float]:
    """In how many units the words have their counterparts; how often neighbours have theirs in one."""
    import numpy as np

    at = table.argmax(1)
    shares = np.bincount(at, weights=weights, minlength=table.shape[1]) / weights.sum()
    together = (at[1:] == at[:-1]).mean() if len(at) > 1 else 1.0
    return float((shares**2).sum()), float(together)


def _window(per_unit: Vectors, weights: Vectors) -> tuple[float, float]:
    """How much the best three neighbouring units cover, and how much less than all do."""
    count = per_unit.shape[1]
    best = max(
        float(weights @ per_unit[:, i : i + _WINDOW].max(1)) for i in range(max(1, count - _WINDOW + 1))
    )
    return best / float(weights.sum()), float(weights @ per_unit.max(1)) / float(
        weights.sum()
    ) - best / float(weights.sum())


def _plain(said: Facts, weights: Vectors, near: Sequence[int], evidence: Evidence) -> list[float]:
    wanted = said.words | said.numbers
    close = [evidence.facts[i] for i in near]
    near_terms = frozenset[str]().union(*(f.words | f.numbers for f in close))
    asked = facts(evidence.question)
    lost = _lost_names(said, evidence)
    near_run = frozenset(word for f in close for word in f.run)
    pairs = list(zip(said.run, said.run[1:], strict=False))
    near_pairs = frozenset(p for f in close for p in zip(f.run, f.run[1:], strict=False))
    found = [p in evidence.pairs for p in pairs]
    negations = max((f.negations for f in close[:2]), default=0)
    times = said.times - evidence.times
    return [
        (_part(wanted & near_terms, wanted) + _part(wanted & evidence.terms, wanted)) / 2,
        _part(wanted & near_terms, wanted),
        _part(wanted & evidence.terms, wanted),
        _part(wanted & (near_terms | asked.words | asked.numbers), wanted),
        len(said.numbers),
        len(said.numbers - evidence.terms),
        len(said.numbers - near_terms),
        len(times),
        len(said.names),
        len(lost),
        len([n for n in said.names if not _known(n, near_run)]),
        len([n for n in said.names if not _known(n, near_run | frozenset(asked.run))]),
        sum(_longest(found)[1:]) / max(1, len(pairs)),
        _longest(found)[0],
        sum(found) / max(1, len(pairs)),
        sum(p in near_pairs for p in pairs) / max(1, len(pairs)),
        len(pairs) - sum(found),
        said.negations,
        negations,
        float((said.negations > 0) != (negations > 0)),
        *_keys(said, evidence),
        said.hedges,
        said.strong,
        said.frames,
        len(said.run),
        float(weights.max()),
        len(evidence.units),
        float(any(u.key for u in evidence.units)),
    ]


def _ordered(
    values: list[float], said: Facts, evidence: Evidence, position: float, claims: int
) -> list[float]:
    asked = facts(evidence.question)
    shared = _part(said.words & asked.words, said.words)
    *rest, spread, adjacent, window, gap = values
    return [*rest, spread, adjacent, shared, window, gap, position, float(claims)]


def _keys(said: Facts, evidence: Evidence) -> tuple[float, float, float]:
    """How fully the claim names a key whose value is no, unknown, yes."""
    best = {"no": 0.0, "unknown": 0.0, "yes": 0.0}
    for unit in evidence.units:
        if unit.value in best:
            best[unit.value] = max(best[unit.value], share_named(unit.key, said.words))
    return best["no"], best["unknown"], best["yes"]


def _lost_names(said: Facts, evidence: Evidence) -> set[str]:
    return {n for n in said.names if not _known(n, evidence.names_low)}


def _known(name: str, run: frozenset[str]) -> bool:
    plain = name.replace("’", "'").removesuffix("'s")
    return plain in run or plain.rstrip("s") in run or f"{plain}s" in run


def _part(some: frozenset[str], of: frozenset[str]) -> float:
    return len(some) / len(of) if of else 1.0


def _longest(found: Sequence[bool]) -> tuple[int, int]:
    """The longest run of neighbours that the evidence has, and the sum of runs of three or more."""
    longest = total = now = 0
    for has in (*found, False):
        if has:
            now += 1
            continue
        longest = max(longest, now)
        total += now if now >= 2 else 0
        now = 0
    return longest, total
