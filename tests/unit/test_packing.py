"""Packed linear layers compute what the model computes, bare and with adapters folded in."""

from __future__ import annotations

import pytest
from tiny_llama import save_tiny_adapter, save_tiny_llama

from lockgate.backends import packing
from lockgate.backends.adapters import put_on, wearing
from lockgate.backends.loading import load_weights
from lockgate.backends.packing import pack
from lockgate.backends.weights import find_weights


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the tiny Llama."""
    return save_tiny_llama(tmp_path_factory.mktemp("llama"))


def load(folder, dtype="float32"):
    """The tiny Llama, not packed."""
    weights = find_weights("tiny", {"tiny": {"path": str(folder)}}, base=folder, revision=None)
    return load_weights(weights, dtype=dtype, device="cpu")


def logits(loaded, adapter=None, rows=3):
    """What the model gives for some tokens."""
    import torch

    ids = torch.arange(rows * 7).reshape(rows, 7) % 200 + 3
    name = put_on(loaded, adapter) if adapter else None
    with torch.inference_mode(), wearing(loaded, name) as model:
        return model(input_ids=ids).logits


def near(a, b):
    """Equal but for rounding, on logits of about 1."""
    return float((a - b).abs().max()) < 1e-4


def adapter(folder, to, **options):
    """An adapter of random weights, saved by peft."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(5)
    settings = {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "down_proj"], "task_type": "CAUSAL_LM"}
    base = AutoModelForCausalLM.from_pretrained(folder)
    model = get_peft_model(base, LoraConfig(**{**settings, **options}))
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(to, save_embedding_layers=False)
    return to


@pytest.mark.parametrize("rows", [1, 8, 33])
def test_a_packed_model_computes_the_same(folder, rows):
    """The logits differ by rounding alone, whatever the size of the batch."""
    plain, packed = load(folder), load(folder)
    packed.packing = pack(packed.model)
    assert len(packed.packing.layers) == 2 * 7 + 1
    assert near(logits(packed, rows=rows), logits(plain, rows=rows))


def test_adapters_are_folded_in_and_taken_out_again(folder, tmp_path):
    """With each adapter on, the logits are peft's; without, they are bit for bit those from before."""
    one, two = (save_tiny_adapter(folder, tmp_path / str(seed), seed=seed) for seed in (1, 2))
    plain, packed = load(folder), load(folder)
    packed.packing = pack(packed.model)
    before = logits(packed)
    for worn in (one, two, one):
        assert near(logits(packed, worn), logits(plain, worn))
        assert packed.packing.adapter is not None
        assert not near(logits(packed, worn), before)
    assert logits(packed).equal(before)
    assert packed.packing.adapter is None


@pytest.mark.parametrize(
    "options",
    [
        {"use_dora": True},
        {"modules_to_save": ["norm"]},
        {"target_modules": ["embed_tokens", "q_proj"]},
    ],
    ids=["dora", "whole modules", "embeddings"],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_adapters_that_are_no_plain_sum_are_left_to_peft(folder, tmp_path, options):
    """What cannot be folded in is computed by peft, after a folded one as well."""
    plain_lora, other = (
        save_tiny_adapter(folder, tmp_path / "lora"),
        adapter(folder, tmp_path / "x", **options),
    )
    plain, packed = load(folder), load(folder)
    packed.packing = pack(packed.model)
    logits(packed, plain_lora)
    assert near(logits(packed, other), logits(plain, other))
    assert not near(logits(packed, other), logits(packed))
    assert near(logits(packed, plain_lora), logits(plain, plain_lora))


def test_other_types_and_large_models_are_not_packed(folder, monkeypatch):
    """Sixteen bits, a model of too many bytes, or a torch without oneDNN: the model stays as it is."""
    import torch

    assert pack(load(folder, "bfloat16").model) is None
    loaded = load(folder)
    with monkeypatch.context() as patch:
        patch.setattr(packing, "_MOST_BYTES", 10_000)
        assert pack(loaded.model) is None
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert pack(loaded.model) is None
    assert all("forward" not in vars(module) for module in loaded.model.modules())
