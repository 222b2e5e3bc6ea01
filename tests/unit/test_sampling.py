"""Draws: what nucleus sampling says, the same for a row alone and in a batch, whatever the vocabulary."""

from __future__ import annotations

import random

import pytest

from lockgate.backends import sampling
from lockgate.backends.sampling import Sampling, choose, number_stream

torch = pytest.importorskip("torch")


def made_up(rows, vocabulary, *, scale=1.0, dtype="float32"):
    """Random logits."""
    numbers = torch.Generator().manual_seed(7)
    return (torch.randn(rows, vocabulary, generator=numbers) * scale).to(getattr(torch, dtype))


def streams(rows, **options):
    """A sampling and a stream of numbers for each row."""
    return [(Sampling(**options), number_stream(0, str(i), 0)) for i in range(rows)]


def by_definition(logits, how, number):
    """The nucleus, written down plainly: tokens from the likeliest until top_p is reached."""
    shares = torch.softmax(logits.double() / how.temperature, -1).tolist()
    order = sorted(range(len(shares)), key=lambda token: (-shares[token], token))
    nucleus, held = [], 0.0
    for token in order:
        if held >= how.top_p:
            break
        nucleus.append(token)
        held += shares[token]
    upto = 0.0
    for token in nucleus:
        upto += shares[token]
        if upto >= number * held:
            return token
    return nucleus[-1]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("scale", [0.1, 5.0], ids=["flat", "steep"])
@pytest.mark.parametrize("top_p", [1.0, 0.9, 0.3, 1e-9])
def test_a_draw_is_what_nucleus_sampling_says(dtype, scale, top_p):
    """Each row's token is the one at which its number falls, ties in the order of the tokens."""
    logits = made_up(6, 3000, scale=scale, dtype=dtype)
    how = Sampling(temperature=0.7, top_p=top_p)
    expected = [by_definition(row, how, number_stream(0, str(i), 0).random()) for i, row in enumerate(logits)]
    assert choose(logits, streams(6, temperature=0.7, top_p=top_p)) == expected


@pytest.mark.parametrize("scale", [0.1, 5.0], ids=["flat", "steep"])
def test_a_row_draws_the_same_alone_and_in_a_batch(scale):
    """Greedy rows, other temperatures and other nuclei beside it change nothing."""
    logits = made_up(8, 5000, scale=scale)
    hows = [
        Sampling(temperature=t, top_p=p)
        for t, p in [(0, 1), (1, 1), (0.5, 0.9), (2, 0.5), (1, 0.99), (0, 0.5), (3, 1), (0.1, 0.1)]
    ]
    together = choose(logits, [(how, random.Random(i)) for i, how in enumerate(hows)])
    alone = [choose(logits[i : i + 1], [(how, random.Random(i))])[0] for i, how in enumerate(hows)]
    assert together == alone
    assert [together[i] for i in (0, 5)] == [int(logits[i].argmax()) for i in (0, 5)]


def test_only_rows_that_need_it_have_their_vocabulary_sorted(monkeypatch):
    """A steep row is drawn from its likeliest tokens alone; a flat one beside it is sorted whole."""
    logits = torch.stack([made_up(1, 4000, scale=9.0)[0], made_up(1, 4000, scale=0.01)[0]])
    sizes, among = [], sampling._among
    monkeypatch.setattr(
        sampling, "_among", lambda o, *rest: sizes.append(tuple(o[0].shape)) or among(o, *rest)
    )
    choose(
        logits, [(Sampling(temperature=1.0), random.Random(0)), (Sampling(temperature=1.0), random.Random(3))]
    )
    assert sizes == [(2, 512), (1, 4000)]


def test_a_number_next_to_one_draws_the_last_token():
    """Where rounding leaves the sum short of 1, the number beyond it means the least likely token."""

    class Last(random.Random):
        def random(self):
            return 1.0 - 2**-53

    logits = made_up(1, 4000, scale=0.5)
    (token,) = choose(logits, [(Sampling(temperature=1.0), Last())])
    assert float(logits[0, token]) <= float(logits[0].quantile(0.01))


def test_greedy_rows_use_no_numbers_up():
    """A greedy row leaves its stream where it was."""
    rows = streams(2)
    choose(made_up(2, 50), rows)
    assert [numbers.random() for _, numbers in rows] == [
        number_stream(0, str(i), 0).random() for i in range(2)
    ]
