"""A claim read together with its evidence: a small trained network over the encoder's states of both.

The claim and each unit of evidence are read apart by the encoder as it is, so that what is read once serves
all claims. Each token of the claim is told what of the evidence comes nearest to it, its counterpart. Two
narrow layers of attention (Vaswani et al. 2017) over the claim and its evidence then say how likely it is
that each token, and the claim, is not supported. Reading together late is as in PreTTR (MacAvaney 2020).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeAlias

from lockgate.checks.grounding.reading import Read
from lockgate.checks.overlap import is_common
from lockgate.errors import FatalBackendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "HEADS",
    "JOINT",
    "SCORES",
    "Pair",
    "Weights",
    "compared",
    "forward",
    "joint_weights",
    "padded",
    "scores",
]

JOINT = "joint.safetensors"
"""The network's weights in half precision, beside this module; `lineage.json` says where they are from."""

SCORES = ("joint", "joint_worst", "joint_three", "joint_count")
"""What is said of a claim: the log-odds that it is unsupported, those of its worst token, their mean over the
three worst, and the log of one plus how many tokens are unsupported, by their probabilities."""

HEADS = 4

Tensor: TypeAlias = Any
Weights: TypeAlias = Mapping[str, Tensor]

_MOST_CLAIM, _MOST_EVIDENCE = 128, 160
_SHARP = 20.0
_LAST_SPECIAL = 102
"""The last of BERT's special and unused tokens; none is anyone's counterpart."""
_NEVER = -1e4
_FLOOR = -12.0


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A claim's tokens and those of its evidence, as float tensors.

    Args:
        claim, counterpart: the claim's states and their counterparts', shape (tokens, dimensions).
        signs: what is told of each of its tokens, shape (tokens, 14).
        evidence: shape (tokens of the evidence, dimensions).
    """

    claim: Tensor
    counterpart: Tensor
    signs: Tensor
    evidence: Tensor


@cache
def joint_weights() -> Weights:
    """The weights that are shipped, in float32."""
    from safetensors.torch import load

    data = resources.files(__package__).joinpath(JOINT).read_bytes()
    return {name: values.float() for name, values in load(data).items()}


def compared(text: str, claim: Read, evidence: Sequence[Read]) -> Pair:
    """A claim, as text and as read, with the units that it is read against.

    Tokens are compared at the first and the last layer that were read.
    """
    import torch

    ids = torch.tensor(claim.pieces[:_MOST_CLAIM])
    other = torch.tensor([piece for unit in evidence for piece in unit.pieces[:_MOST_EVIDENCE]])
    told = [unit.states[:, :_MOST_EVIDENCE] for unit in evidence]
    states = torch.cat([torch.from_numpy(s).float() for s in told], 1)[:, :_MOST_EVIDENCE]
    other = other[:_MOST_EVIDENCE]
    own = torch.from_numpy(claim.states[:, :_MOST_CLAIM]).float()
    special = other <= _LAST_SPECIAL
    near = [_cosines(own[at], states[at]).masked_fill(special, -1.0) for at in (0, -1)]
    drawn = torch.softmax(_SHARP * (near[0] + near[1]) - 100.0 * special, -1)
    signs = torch.cat([_nearness(near), _runs(ids, other, near[1]), _looks(text, claim)[: len(ids)]], 1)
    return Pair(own[-1], drawn @ states[-1], signs, states[-1])


def _cosines(one: Tensor, other: Tensor) -> Tensor:
    from torch.nn.functional import normalize

    return normalize(one, dim=-1) @ normalize(other, dim=-1).T


def _nearness(near: Sequence[Tensor]) -> Tensor:
    """Each token's best cosine at both layers, and how far the second is behind, shape (tokens, 4)."""
    import torch

    columns: list[Tensor] = []
    for table in near:
        best = table.topk(min(2, table.shape[1]), -1).values
        columns += [best[:, 0], best[:, 0] - best[:, -1]]
    return torch.stack(columns, -1)


def _runs(ids: Tensor, other: Tensor, near: Tensor) -> Tensor:
    """What the evidence has of each token, shape (tokens, 6).

    Whether it has it; it and the next, it and the one before, either; and whether the counterparts of the
    next and of the one before stand beside its own.
    """
    import torch
    from torch.nn.functional import pad

    same = ids[:, None] == other[None]
    pairs = (same[:-1, :-1] & same[1:, 1:]).any(-1).float()
    after, before = pad(pairs, (0, 1)), pad(pairs, (1, 0))
    best = near.argmax(-1)
    follows = (best[1:] - best[:-1] == 1).float()
    found = [same.any(-1).float(), after, before, torch.maximum(after, before)]
    return torch.stack([*found, pad(follows, (0, 1)), pad(follows, (1, 0))], -1)


def _looks(text: str, claim: Read) -> Tensor:
    """How rare a token is; whether it is a number, a capital, a common word or mark: shape (tokens, 4)."""
    import torch

    rows: list[list[float]] = []
    for piece, (start, end) in zip(claim.pieces, claim.places, strict=True):
        said = text[start:end]
        rare = min(4.0, max(0.0, math.log(max(piece, 1) / 1000))) / 2 if said else 0.0
        plain = bool(said) and (is_common(said.lower()) or not said.isalnum())
        rows.append([rare, float(said[:1].isdigit()), float(said[:1].isupper()), float(plain)])
    return torch.tensor(rows)


def padded(pairs: Sequence[Pair]) -> tuple[Tensor, ...]:
    """Pairs as one batch: claims, counterparts, signs, which tokens are there, evidence, which are there."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    def there(lengths: Sequence[int]) -> Tensor:
        return torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]

    claims, counterparts, signs, evidence = (
        pad_sequence([getattr(pair, name) for pair in pairs], batch_first=True)
        for name in ("claim", "counterpart", "signs", "evidence")
    )
    own, other = there([len(p.claim) for p in pairs]), there([len(p.evidence) for p in pairs])
    return claims, counterparts, signs, own, evidence, other


def scores(weights: Weights, pairs: Sequence[Pair]) -> NDArray[np.float32]:
    """`SCORES` of each pair as a float32 array, shape (pairs, 4).

    Raises:
        FatalBackendError: the states are of another encoder's dimensions than the weights read.
    """
    import numpy as np
    import torch
    from torch.nn.functional import pad

    wanted, there = weights["p.w"].shape[1], pairs[0].claim.shape[1]
    if wanted != there:
        said = f"The engine 'embedded' reads states of {wanted} numbers, and this encoder's have {there}."
        raise FatalBackendError(f"{said} Name a folder or hub id with MiniLM's own weights, or none.")
    with torch.inference_mode():
        batch = padded(pairs)
        whole, tokens = forward(weights, *batch)
        real = batch[3].clone()
        real[:, 0] = False
        tokens = tokens.masked_fill(~real, _FLOOR).clamp(min=_FLOOR)
        worst = pad(tokens.sort(1, descending=True).values, (0, 3), value=_FLOOR)
        count = torch.log1p((torch.sigmoid(tokens) * real).sum(1))
        told = torch.stack([whole, worst[:, 0], worst[:, :3].mean(1), count], 1)
    return np.asarray(told.numpy(), np.float32)


def forward(weights: Weights, *batch: Tensor, drop: float = 0.0) -> tuple[Tensor, Tensor]:
    """The log-odds that claims, and their tokens, are unsupported: shapes (claims,), (claims, tokens).

    Args:
        weights: the network's weights.
        batch: what `padded` makes.
        drop: the share of values that are left out in training (Srivastava et al. 2014).
    """
    import torch
    from torch.nn import functional

    claims, counterparts, signs, own, evidence, other = batch
    one, two = _linear(weights, "p", functional.dropout(claims, drop)), _linear(weights, "p", counterparts)
    told = torch.cat([one, two, one * two, (one - two).abs(), _linear(weights, "s", signs)], -1)
    x = _norm(weights, "xn", _linear(weights, "x", told))
    beside = _norm(weights, "en", _linear(weights, "e", evidence))
    there = torch.cat([own, other], 1)[:, None, None]
    bias = _NEVER * (~there).float()
    for layer in ("0", "1"):
        x = x + functional.dropout(_attended(weights, layer, x, beside, bias), drop)
        inner = functional.gelu(_linear(weights, f"{layer}.f", _norm(weights, f"{layer}.fn", x)))
        x = x + functional.dropout(_linear(weights, f"{layer}.g", inner), drop)
    x, real = _norm(weights, "on", x), own[..., None]
    mean = (x * real).sum(1) / own.sum(1, keepdim=True)
    pooled = torch.cat([x[:, 0], mean, x.masked_fill(~real, _NEVER).max(1).values], 1)
    whole = _linear(
        weights, "all", functional.relu(_linear(weights, "pool", functional.dropout(pooled, drop)))
    )
    return whole[:, 0], _linear(weights, "word", x)[..., 0]


def _attended(weights: Weights, layer: str, x: Tensor, beside: Tensor, bias: Tensor) -> Tensor:
    """What the claim's tokens draw from the claim and its evidence."""
    import torch

    claims, tokens, width = x.shape
    each = width // HEADS
    x = _norm(weights, f"{layer}.an", x)
    read = torch.cat([x, beside + weights[f"{layer}.side"]], 1)
    both = _linear(weights, f"{layer}.k", read).view(claims, -1, 2, HEADS, each).permute(2, 0, 3, 1, 4)
    asked = _linear(weights, f"{layer}.q", x).view(claims, tokens, HEADS, each).transpose(1, 2)
    drawn = torch.softmax(asked @ both[0].transpose(-1, -2) * each**-0.5 + bias, -1) @ both[1]
    return _linear(weights, f"{layer}.o", drawn.transpose(1, 2).reshape(claims, tokens, width))


def _linear(weights: Weights, name: str, x: Tensor) -> Tensor:
    from torch.nn.functional import linear

    return linear(x, weights[f"{name}.w"], weights[f"{name}.b"])


def _norm(weights: Weights, name: str, x: Tensor) -> Tensor:
    from torch.nn.functional import layer_norm

    return layer_norm(x, x.shape[-1:], weights[f"{name}.w"], weights[f"{name}.b"])
