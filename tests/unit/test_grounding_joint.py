"""The network that reads a claim together with its evidence: what its tokens are told, and what it says."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_encoder import save_tiny_encoder

from lockgate.checks.grounding import embedded, joint
from lockgate.checks.grounding.reading import Read, Reader
from lockgate.errors import FatalBackendError

torch = pytest.importorskip("torch")

NEAREST, MARGIN, SAME, AFTER, BEFORE, EITHER, NEXT, PREVIOUS = 2, 3, 4, 5, 6, 7, 8, 9
RARE, NUMBER, CAPITAL, PLAIN = 10, 11, 12, 13


def read_of(*pieces, width=4, seed=0):
    """Tokens with states of their own, the same for the same token."""
    drawn = np.random.default_rng(seed).normal(size=(200, width))
    states = np.stack([drawn[list(pieces)]] * 2).astype(np.float16)
    return Read(np.zeros((2, 0, width), np.float32), states, pieces, tuple((0, 0) for _ in pieces))


def weights_of(width=4, narrow=8, seed=0):
    """Small weights of every name that the network reads."""
    drawn = torch.Generator().manual_seed(seed)
    shapes = {"p": (narrow, width), "s": (narrow, 14), "x": (narrow, 5 * narrow), "e": (narrow, width)}
    shapes |= {"word": (1, narrow), "pool": (6, 3 * narrow), "all": (1, 6)}
    for layer in "01":
        shapes |= {f"{layer}.q": (narrow, narrow), f"{layer}.k": (2 * narrow, narrow)}
        shapes |= {f"{layer}.o": (narrow, narrow), f"{layer}.f": (12, narrow), f"{layer}.g": (narrow, 12)}
    found = {f"{name}.w": torch.randn(shape, generator=drawn) for name, shape in shapes.items()}
    found |= {f"{name}.b": torch.randn(shape[0], generator=drawn) for name, shape in shapes.items()}
    for name in ("xn", "en", "on", "0.an", "0.fn", "1.an", "1.fn"):
        found |= {f"{name}.w": torch.ones(narrow), f"{name}.b": torch.zeros(narrow)}
    return found | {"0.side": torch.zeros(narrow), "1.side": torch.ones(narrow)}


def pair_of(claim, *evidence):
    """A pair of tokens by number; 101 and 102 stand around each text."""
    return joint.compared("", read_of(101, *claim, 102), [read_of(101, *unit, 102) for unit in evidence])


def test_a_token_that_the_evidence_has_is_its_own_counterpart():
    """Its cosine is 1, its counterpart's states are its own, and it is marked as there."""
    pair = pair_of((110, 120), (130, 120, 140))
    assert pair.signs[2, NEAREST] == pytest.approx(1, abs=1e-3)
    assert pair.signs[1:3, SAME].tolist() == [0, 1]
    assert pair.counterpart[2] == pytest.approx(pair.claim[2].numpy(), abs=0.05)
    assert pair.signs[2, MARGIN] > 0


def test_neighbours_that_the_evidence_has_together_are_told_from_those_it_has_apart():
    """A run is marked at both its tokens, and nothing is where the words stand apart in it."""
    together = pair_of((110, 120), (130, 110, 120)).signs
    assert together[1, [AFTER, BEFORE, EITHER]].tolist() == [1, 0, 1]
    assert together[2, [BEFORE, EITHER]].tolist() == [1, 1]
    assert together[1, NEXT] == together[2, PREVIOUS] == 1
    apart = pair_of((110, 120), (120, 130, 110)).signs
    assert apart[1:3, SAME].tolist() == [1, 1]
    assert not apart[1, [AFTER, NEXT]].any()


def test_nothing_special_is_a_counterpart():
    """The evidence's first and last token stand for no word, though the claim has them as well."""
    pair = pair_of((110,), (110,))
    assert pair.signs[0, NEAREST] < 0.999
    assert pair.counterpart[0] == pytest.approx(pair.claim[1].numpy(), abs=0.01)


def test_tokens_are_told_what_they_look_like():
    """Rare ones, numbers, capitals and common words or marks; special ones are none of these."""
    text = "Rome has 7."
    places = ((0, 0), (0, 4), (5, 8), (9, 10), (10, 11), (0, 0))
    pieces = (101, 19000, 150, 160, 119, 102)
    claim = Read(np.zeros((2, 0, 4), np.float32), read_of(*pieces[:1] * 6).states, pieces, places)
    signs = joint.compared(text, claim, [read_of(101, 110, 102)]).signs[:, RARE:]
    assert signs[:, NUMBER - RARE].tolist() == [0, 0, 0, 1, 0, 0]
    assert signs[:, CAPITAL - RARE].tolist() == [0, 1, 0, 0, 0, 0]
    assert signs[:, PLAIN - RARE].tolist() == [0, 0, 1, 0, 1, 0]
    assert signs[1, 0] > 1 > signs[3, 0] == signs[0, 0] == 0


def test_long_texts_are_read_as_far_as_the_network_goes():
    """128 tokens of a claim and 160 of the evidence of several units, no more."""
    pair = pair_of([110] * 300, [120] * 100, [130] * 100)
    assert len(pair.claim) == len(pair.counterpart) == len(pair.signs) == 128
    assert len(pair.evidence) == 160


def test_one_token_of_evidence_will_do():
    """There is no second best, and nothing fails for it."""
    pair = joint.compared("", read_of(101, 110, 102), [read_of(120)])
    assert torch.isfinite(pair.signs).all()
    assert pair.signs[:, MARGIN].tolist() == [0, 0, 0]


def test_a_claim_is_read_the_same_alone_and_beside_longer_ones():
    """What fills up a batch is neither read nor counted."""
    pairs = [pair_of((110, 120), (110,)), pair_of(range(110, 150), range(130, 190)), pair_of((199,), (198,))]
    weights = weights_of()
    together = joint.scores(weights, pairs)
    assert together.shape == (3, len(joint.SCORES))
    alone = np.concatenate([joint.scores(weights, [pair]) for pair in pairs])
    assert together == pytest.approx(alone, abs=1e-4)


def test_scores_are_of_the_claim_and_its_tokens():
    """The worst token is no better than the three worst, and the first token is none."""
    pairs = [pair_of((110, 120, 130, 140), (110, 150))]
    weights = weights_of()
    whole, worst, three, count = joint.scores(weights, pairs)[0]
    claims, tokens = joint.forward(weights, *joint.padded(pairs))
    said = np.sort(tokens[0, 1:].numpy())[::-1].clip(min=-12)
    assert whole == pytest.approx(float(claims[0]), abs=1e-5)
    assert (worst, three) == (pytest.approx(said[0], abs=1e-5), pytest.approx(said[:3].mean(), abs=1e-5))
    assert count == pytest.approx(np.log1p((1 / (1 + np.exp(-said))).sum()), abs=1e-5)


def test_the_evidence_counts():
    """The same claim against other evidence has another score."""
    one, other = joint.scores(weights_of(), [pair_of((110, 120), (110, 120)), pair_of((110, 120), (150,))])
    assert abs(one[0] - other[0]) > 1e-3


def test_in_training_values_are_left_out():
    """With a share to leave out two readings differ, without they do not."""
    batch = joint.padded([pair_of((110, 120), (110,))])
    weights = weights_of()
    same = [joint.forward(weights, *batch)[0] for _ in range(2)]
    assert torch.equal(*same)
    torch.manual_seed(0)
    assert len({float(joint.forward(weights, *batch, drop=0.5)[0][0]) for _ in range(3)}) > 1


def test_another_encoder_is_an_error_that_names_both_widths(tmp_path):
    """The weights read states of so many numbers, and say so where there are others."""
    source = Reader(str(save_tiny_encoder(tmp_path / "m")), (0, 1))
    own, other = source.read(["the cat sat", "a dog ran"])
    with pytest.raises(FatalBackendError, match=r"reads states of 384 numbers, and this encoder's have 16\."):
        joint.scores(joint.joint_weights(), [joint.compared("the cat sat", own, [other])])


def test_the_shipped_weights_are_small_and_whole():
    """As many values as the network reads, all finite, in half precision a megabyte."""
    weights = joint.joint_weights()
    assert {name.rsplit(".", 1)[0] for name in weights} == {name.rsplit(".", 1)[0] for name in weights_of()}
    assert all(torch.isfinite(values).all() for values in weights.values())
    assert len(embedded._bytes(joint.JOINT)) < 2_000_000
