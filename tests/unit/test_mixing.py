"""Rows with adapters of their own in one batch: each as when its adapter is worn by all."""

from __future__ import annotations

import random

import pytest
from tiny_llama import save_tiny_adapter, save_tiny_llama

from lockgate.backends import answering
from lockgate.backends.adapters import mixes, put_on, wearing, wearing_each
from lockgate.backends.answering import Asked, open_queue
from lockgate.backends.decoding import Row, decode
from lockgate.backends.loading import load_weights
from lockgate.backends.packing import pack
from lockgate.backends.sampling import Sampling
from lockgate.backends.weights import Weights
from lockgate.model import Request

HEAD = list(range(20, 70))


@pytest.fixture(scope="module", params=[True, False], ids=["packed", "plain"])
def dressed(request, tmp_path_factory):
    """The tiny Llama with two adapters, and their names; its layers packed or not."""
    folder = save_tiny_llama(tmp_path_factory.mktemp("llama"))
    loaded = load_weights(Weights(name="tiny", folder=folder), dtype="float32", device="cpu")
    loaded.packing = pack(loaded.model) if request.param else None
    root = tmp_path_factory.mktemp("adapters")
    made = [save_tiny_adapter(folder, root / str(seed), seed=seed, rank=seed + 1) for seed in (1, 2)]
    return loaded, [None, *(put_on(loaded, adapter) for adapter in made)]


def row(number, adapter, *, head=()):
    """A prompt of its own length."""
    ids = [1, *head, *range(80 + number, 84 + 3 * number)]
    return Row(
        ids=ids,
        sampling=Sampling(max_tokens=6 + 5 * number),
        numbers=random.Random(number),
        adapter=adapter,
        head=1 + len(head) if head else 0,
    )


def told(rows):
    """What can be compared of rows."""
    return [(one.answer, one.finish, one.text) for one in rows]


def alone(loaded, rows):
    """The same rows, each alone with its adapter worn."""
    for one in rows:
        with wearing(loaded, one.adapter) as model:
            decode(model, loaded.tokenizer, [one])
    return told(rows)


@pytest.mark.parametrize("head", [(), HEAD], ids=["apart", "shared beginning"])
def test_a_mixed_batch_answers_as_each_row_alone(dressed, head):
    """Rows of two adapters and of none, ending at different times, give what each gives by itself."""
    loaded, names = dressed
    rows = [row(i, name, head=head) for name in names for i in range(4)]
    with wearing_each(loaded, set(names)) as turn:
        decode(loaded.model, loaded.tokenizer, rows, heads=loaded.heads, turn=turn)
    loaded.heads.forget()
    expected = alone(
        loaded, [row(i, name) if not head else row(i, name, head=head) for name in names for i in range(4)]
    )
    assert told(rows) == expected
    assert len({str(told(rows[i::4])) for i in range(4)}) == 4
    assert len({answer[0] is None or str(answer) for answer in expected}) > 8


def test_after_a_mixed_batch_the_model_is_what_it_was(dressed):
    """Neither the bare base nor a worn adapter remembers the batch."""
    loaded, names = dressed
    before = alone(loaded, [row(1, name) for name in names])
    with wearing_each(loaded, set(names)) as turn:
        turn(names)
    assert alone(loaded, [row(1, name) for name in names]) == before


def test_the_queue_mixes_what_is_left_over(dressed, monkeypatch):
    """A kind that fills a batch has its own; the rests of all kinds are one batch, each answered as alone."""
    loaded, names = dressed
    batches = []

    def watched(model, tokenizer, rows, **more):
        batches.append([one.adapter for one in rows])
        decode(model, tokenizer, rows, **more)

    monkeypatch.setattr(answering, "decode", watched)
    rows = [row(i % 4, names[1]) for i in range(6)] + [
        row(i, name) for name in (None, names[2]) for i in (0, 1)
    ]
    asked = [
        Asked(request=Request(case_id=str(i), messages=()), row=one, most_rows=8, most_tokens=9999)
        for i, one in enumerate([*rows, *[row(i % 4, names[2]) for i in range(7)]])
    ]
    list(open_queue(loaded).do(asked))
    assert [len(batch) for batch in batches] == [8, 8, 1]
    assert set(batches[0]) == {names[2]}
    assert len(set(batches[1])) > 1
    assert told(one.row for one in asked) == alone(loaded, [row_like(one.row) for one in asked])


def row_like(one):
    """The same prompt, fresh."""
    return Row(ids=one.ids, sampling=one.sampling, numbers=random.Random(0), adapter=one.adapter)


def test_what_is_no_plain_sum_does_not_mix(tmp_path):
    """DoRA and adapters of embeddings have batches of their own."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folder = save_tiny_llama(tmp_path / "llama")
    loaded = load_weights(Weights(name="tiny", folder=folder), dtype="float32", device="cpu")
    torch.manual_seed(3)
    config = LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM", use_dora=True)
    get_peft_model(AutoModelForCausalLM.from_pretrained(folder), config).save_pretrained(tmp_path / "dora")
    plain = put_on(loaded, save_tiny_adapter(folder, tmp_path / "plain"))
    dora = put_on(loaded, tmp_path / "dora")
    assert mixes(loaded, {None, plain})
    assert not mixes(loaded, {None, plain, dora})
