"""Train the network of `checks.grounding.joint`, and score answers by networks that have not seen them.

It learns twice: first what resting on a text means, from claims made by rule of passages and from the answers
of `FIRST`; then RAGTruth, by document folds. WiCE, SummEdits and what may not be shipped are left out.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from groundedness_examples import PASSAGES, Example
from groundedness_rows import Row, family
from lockgate.checks.grounding.joint import Pair, Weights, forward, padded, scores

__all__ = ["FIRST", "FOLDS", "fresh", "joint_fold", "scored_rows", "trained_heads"]

Told: TypeAlias = tuple[Example, float]
"""An example and what it weighs."""

SEED = 0
FOLDS = 3
WIDTH, SIGNS, LAYERS = 128, 14, 2
FIRST = {"Factcheck": 350, "HaluEval": 200, "BEGIN": 450, "Q2": 450, "FRANK": 750, "BUMP": 2000}
"""The sets that are learned from first, and how many claims of each label, at most."""
WEIGHTS = {"BUMP": 0.8, PASSAGES: 0.7}
ROUNDS = (2.5, 2.0)
RATES = (1e-3, 6e-4)
DROPS = (0.1, 0.15)
"""Of both parts: how often each example is read, the highest learning rate, the share that is left out."""
_BATCH = 64
_TOKENS = 0.7


def joint_fold(group: str) -> int:
    """The fold of a document of RAGTruth."""
    return int(group, 16) % FOLDS


def trained_heads(learned: Sequence[Example], folder: Path) -> dict[str, Weights]:
    """Networks by the folds of RAGTruth that they have not seen ("", "0", "01", …).

    The network "" is what is shipped. That of one fold scores it; those of two score one of them for the last
    models of the other, so that nothing that a fold is measured by has learned from it.

    Args:
        learned: what they learn from.
        folder: where each is kept when it is done, and taken from.
    """
    told = _weighed(learned)
    start = fresh(learned[0].pair.claim.shape[1])
    first = _kept(folder / "first", start, [e for e in told if e[0].source != "RAGTruth"], part=0)
    return {
        without: _kept(folder / f"without-{without}", first, _second(told, without), part=1)
        for without in ("", *map(str, range(FOLDS)), *map("".join, combinations("012", 2)))
    }


def _kept(place: Path, start: Weights, told: Sequence[Told], *, part: int) -> Weights:
    """The network that is kept there, or else trained and kept."""
    from safetensors.torch import load_file, save_file

    path = place.with_suffix(".safetensors")
    if not path.exists():
        save_file({n: w.contiguous() for n, w in trained(start, told, part=part).items()}, f"{path}.part")
        Path(f"{path}.part").replace(path)
    return load_file(path)


def _weighed(learned: Iterable[Example]) -> list[Told]:
    """What is learned from, each with what it weighs; large sets are drawn from."""
    shuffled = list(learned)
    random.Random(1).shuffle(shuffled)
    seen: Counter[tuple[str, int]] = Counter()
    kept = []
    for one in shuffled:
        name = family(one.source)
        if one.label < 0 or name not in {*FIRST, PASSAGES, "RAGTruth"}:
            continue
        seen[name, one.label] += 1
        if seen[name, one.label] <= FIRST.get(name, len(shuffled)):
            kept.append((one, _weight(one, name)))
    return kept


def _weight(one: Example, name: str) -> float:
    if name == "RAGTruth":
        return 0.7 if one.key is None else 2.0 if one.label else 1.2
    return WEIGHTS.get(name, 0.5)


def _second(told: Sequence[Told], without: str) -> list[Told]:
    """RAGTruth without those folds, and a quarter as much of what was made by rule."""
    ours = [t for t in told if t[0].source == "RAGTruth" and str(joint_fold(t[0].group)) not in without]
    before = [(e, 0.6 * w) for e, w in told if family(e.source) in (PASSAGES, "BUMP")]
    return ours + random.Random(1).sample(before, min(len(before), len(ours) // 4))


def fresh(states: int = 384) -> dict[str, Any]:
    """Weights as drawn, before anything is learned, for states of so many numbers."""
    import torch

    torch.manual_seed(SEED)
    weights: dict[str, Any] = {}

    def linear(name: str, out: int, width: int, scale: float = 1.0) -> None:
        weights[f"{name}.w"] = torch.randn(out, width) * scale / width**0.5
        weights[f"{name}.b"] = torch.zeros(out)

    shapes = [
        ("p", WIDTH, states),
        ("s", WIDTH, SIGNS),
        ("x", WIDTH, 5 * WIDTH),
        ("e", WIDTH, states),
        ("word", 1, WIDTH),
    ]
    for name, out, width in (*shapes, ("word", 1, WIDTH), ("pool", 64, 3 * WIDTH), ("all", 1, 64)):
        linear(name, out, width)
    torch.nn.init.orthogonal_(weights["p.w"])
    norms = ["xn", "en", "on"]
    for layer in range(LAYERS):
        linear(f"{layer}.q", WIDTH, WIDTH)
        linear(f"{layer}.k", 2 * WIDTH, WIDTH)
        linear(f"{layer}.o", WIDTH, WIDTH, 0.5)
        linear(f"{layer}.f", 2 * WIDTH, WIDTH)
        linear(f"{layer}.g", WIDTH, 2 * WIDTH, 0.5)
        weights[f"{layer}.side"] = torch.zeros(WIDTH)
        norms += [f"{layer}.an", f"{layer}.fn"]
    for name in norms:
        weights |= {f"{name}.w": torch.ones(WIDTH), f"{name}.b": torch.zeros(WIDTH)}
    return weights


def trained(start: Weights, told: Sequence[Told], *, part: int, device: str = "") -> dict[str, Any]:
    """The weights after learning from these (AdamW, Loshchilov & Hutter 2019; linear warm-up and decay)."""
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(SEED)
    weights = {name: w.detach().to(device).clone().requires_grad_() for name, w in start.items()}
    rule = torch.optim.AdamW(list(weights.values()), lr=RATES[part], weight_decay=0.02, betas=(0.9, 0.98))
    steps = int(ROUNDS[part] * len(told) / _BATCH + 1) if told else 0
    for step, batch in enumerate(_batches(told, steps)):
        share = min(1.0, step / 100 + 0.02) * max(0.01, 1 - step / steps)
        for group in rule.param_groups:
            group["lr"] = RATES[part] * share
        rule.zero_grad()
        loss(weights, batch, drop=DROPS[part], device=device).backward()
        torch.nn.utils.clip_grad_norm_(list(weights.values()), 1.0)
        rule.step()
    return {name: w.detach().cpu() for name, w in weights.items()}


def _batches(told: Sequence[Told], steps: int) -> Iterable[list[Told]]:
    """Batches of about one length, in any order, over and over."""
    chance, done = np.random.default_rng(SEED), 0
    lengths = np.array([2 * len(e.pair.claim) + len(e.pair.evidence) for e, _ in told])
    while done < steps:
        order = np.argsort(lengths * (1 + chance.normal(0, 0.15, len(told))))
        starts = chance.permutation(np.arange(0, len(told), _BATCH))[: steps - done]
        for start in starts:
            yield [told[at] for at in order[start : start + _BATCH]]
        done += len(starts)


def loss(weights: Weights, batch: Sequence[Told], *, drop: float = 0.0, device: str = "cpu") -> Any:
    """Cross-entropy of claims, and of tokens where it is known which are wrong; a wrong one weighs three."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as entropy

    tensors = tuple(t.to(device) for t in padded([_whole(e.pair) for e, _ in batch]))
    claims, tokens = forward(weights, *tensors, drop=drop)
    labels = torch.tensor([float(e.label) for e, _ in batch], device=device)
    weigh = torch.tensor([w for _, w in batch], device=device)
    total = (entropy(claims, labels, reduction="none") * weigh).mean()
    wrong, known = torch.zeros(tokens.shape), torch.zeros(tokens.shape)
    for at, (one, weight) in enumerate(batch):
        if one.tokens is not None:
            said = torch.tensor(one.tokens)
            wrong[at, : len(said)] = said.clamp(min=0).float()
            known[at, : len(said)] = (said >= 0) * weight * (1 + 2 * (said > 0))
    wrong, known = wrong.to(device), known.to(device)
    each = (entropy(tokens, wrong, reduction="none") * known).sum() / known.sum().clamp(min=1e-6)
    return total + _TOKENS * each


def _whole(pair: Pair) -> Pair:
    return Pair(*(getattr(pair, n).float() for n in ("claim", "counterpart", "signs", "evidence")))


def scored_rows(rows: Sequence[Row], heads: Mapping[str, Weights], claims: Iterable[Example]) -> list[Row]:
    """Rows with the scores of the networks that have not seen them.

    RAGTruth is scored by folds, sets that are not learned from by the network that is shipped.
    """
    keyed: dict[tuple[str, str], list[Example]] = {}
    for one in claims:
        if one.key is not None:
            keyed.setdefault(one.key[:2], []).append(one)
    return [replace(row, joint=_scores(row, heads, keyed.get((row.source, row.id), []))) for row in rows]


def _scores(row: Row, heads: Mapping[str, Weights], claims: Sequence[Example]) -> dict[str, Any]:
    if family(row.source) in FIRST or not claims:
        return {}
    ordered = [_whole(c.pair) for c in sorted(claims, key=lambda c: c.key or ("", "", 0))]
    own = str(joint_fold(row.group)) if row.source == "RAGTruth" else ""
    return {name: scores(head, ordered) for name, head in heads.items() if (own in name if own else not name)}
