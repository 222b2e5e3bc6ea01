"""Beginnings that prompts share: which they are, and that reading them once changes nothing."""

from __future__ import annotations

import pytest
import torch
from tiny_llama import save_tiny_llama

from lockgate.backends import heads as module
from lockgate.backends.heads import Heads, common_heads
from lockgate.backends.keyvalues import line_up, new_cache
from lockgate.backends.loading import load_weights
from lockgate.backends.weights import Weights

LONG = list(range(10, 60))
OTHER = list(range(100, 140))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The tiny Llama."""
    folder = save_tiny_llama(tmp_path_factory.mktemp("llama"))
    return load_weights(Weights(name="tiny", folder=folder), dtype="float32", device="cpu").model


def test_all_that_begin_alike_share_what_they_begin_with():
    """The head is the tokens that all have, to the last one."""
    assert common_heads([[*LONG, 1, i] for i in range(5)]) == [51] * 5


def test_the_last_token_of_a_prompt_is_never_in_its_head():
    """Prompts that are the same throughout still have one token to be read."""
    assert common_heads([LONG, LONG]) == [49, 49]


def test_short_beginnings_are_not_worth_it():
    """Of fewer than 16 tokens there is no head; nor has a prompt alone one."""
    assert common_heads([[*LONG[:15], i, i] for i in range(4)]) == [0] * 4
    assert common_heads([LONG]) == [0]
    assert common_heads([]) == []


def test_suites_have_heads_of_their_own():
    """Prompts of two templates, in any order, have two heads; one of neither has none."""
    prompts = [[*(LONG if i % 2 else OTHER), i, i] for i in range(40)] + [[1, 2, 3]]
    assert common_heads(prompts) == [50 if i % 2 else 40 for i in range(40)] + [0]


def test_a_longer_beginning_counts_where_enough_share_it():
    """Eight that go on alike have the longer head, two have that of all."""
    many = [[*LONG, *OTHER, i, i] for i in range(8)]
    few = [[*LONG, *range(200 + i, 240), i, i] for i in range(2)]
    found = common_heads([*many, *few])
    assert found[:8] == [90] * 8
    assert found[8:] == [50] * 2


@pytest.fixture(autouse=True)
def inference():
    """As when answering, nothing is kept for gradients."""
    with torch.inference_mode():
        yield


def counting(model, monkeypatch):
    """How many tokens each computation of the model reads."""
    read, forward = [], model.forward

    def counted(input_ids=None, **options):
        read.append(input_ids.shape[1])
        return forward(input_ids=input_ids, **options)

    monkeypatch.setattr(model, "forward", counted)
    return read


def same(a, b):
    """Whether keys and values are equal, but for rounding."""
    return all(
        (x - y).abs().max() < 1e-5
        for one, two in zip(a, b, strict=True)
        for x, y in zip(one, two, strict=True)
    )


def test_a_head_is_read_once(model, monkeypatch):
    """The same head for the same adapter is not read again; for another adapter it is."""
    read, kept = counting(model, monkeypatch), Heads()
    first = kept.read(model, None, LONG)
    assert kept.read(model, None, LONG) is first
    assert read == [50]
    kept.read(model, "adapter", LONG)
    assert read == [50, 50]
    kept.forget()
    kept.read(model, None, LONG)
    assert read == [50, 50, 50]


def test_a_head_is_read_to_its_end_though_all_are_forgotten(model, monkeypatch):
    """What another thread forgets meanwhile is still given to who reads it."""
    kept, expected, forward = Heads(), Heads().read(model, None, LONG), model.forward

    def interrupted(**options):
        kept.forget()
        return forward(**options)

    monkeypatch.setattr(model, "forward", interrupted)
    assert same(kept.read(model, None, LONG), expected)


def test_a_head_goes_on_from_a_kept_one(model, monkeypatch):
    """Of a head that begins as a kept one does, only the rest is read, and it is what it would be."""
    alone = Heads().read(model, None, [*LONG[:30], *OTHER])
    read, kept = counting(model, monkeypatch), Heads()
    kept.read(model, None, LONG)
    assert same(kept.read(model, None, [*LONG[:30], *OTHER]), alone)
    assert read == [50, 40]
    assert same(kept.read(model, None, LONG[:30]), Heads().read(model, None, LONG[:30]))
    assert read == [50, 40, 1, 30]


def test_the_oldest_go_when_there_are_too_many(model, monkeypatch):
    """Over the limit, what was not used for longest is forgotten; the last one always stays."""
    read, kept = counting(model, monkeypatch), Heads()
    monkeypatch.setattr(module, "_MOST_BYTES", 2 * 2 * 2 * 2 * 8 * 4 * 45)
    kept.read(model, None, LONG[:20])
    kept.read(model, None, OTHER[:20])
    kept.read(model, None, LONG[:20])
    kept.read(model, None, list(range(150, 190)))
    kept.read(model, None, LONG[:20])
    assert read == [20, 20, 40]


def test_a_cache_of_another_kind_has_no_heads(model, monkeypatch):
    """Where a model's cache does not keep everything, None says that heads cannot be read apart."""
    monkeypatch.setattr(module, "is_plain", lambda cache: False)
    assert Heads().read(model, None, LONG) is None


def test_rows_are_lined_up_at_their_ends(model):
    """Heads of unequal lengths end together, with zeros before them; a row without one is all zeros."""
    kept = Heads()
    long, short = kept.read(model, None, LONG), kept.read(model, None, OTHER[:20])
    cache = new_cache(model)
    line_up(cache, [long, short, None], 50)
    for layer, (a, _), (b, _) in zip(cache.layers, long, short, strict=True):
        assert layer.keys.shape[0] == 3
        assert layer.keys[0].equal(a[0])
        assert layer.keys[1, :, 30:].equal(b[0])
        assert not layer.keys[1, :, :30].any()
        assert not layer.keys[2].any()
