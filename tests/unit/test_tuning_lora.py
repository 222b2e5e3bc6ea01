"""Training a tiny Llama: it learns, stops early, keeps the best, resumes to the same weights."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_llama import save_tiny_llama

from lockgate.backends.loading import load_weights
from lockgate.backends.weights import find_weights
from lockgate.model import Where
from lockgate.tuning import lora
from lockgate.tuning.checkpoints import Progress, forget, recall, remember
from lockgate.tuning.data import Row
from lockgate.tuning.lora import Course, learning_rate, train
from lockgate.tuning.tokens import encode


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the tiny Llama."""
    return save_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture
def course(tmp_path):
    """A short training."""
    return Course(
        epochs=3,
        patience=5,
        learning_rate=0.02,
        rank=4,
        alpha=8,
        dropout=0.1,
        targets=["q_proj", "v_proj", "down_proj"],
        batch_tokens=120,
        seed=3,
        dtype="float32",
        device="cpu",
        keep=tmp_path / "keep",
    )


@pytest.fixture
def load(folder):
    """Loads the base anew: training wraps it for good."""
    weights = find_weights("m", {"m": {"path": str(folder)}}, base=folder)
    return lambda: load_weights(weights, dtype="float32", device="cpu")


def examples(loaded, answers):
    """Rows that ask a letter and are to be answered so."""
    rows = [
        Row(
            messages=({"role": "user", "content": chr(97 + i)},),
            answer=a,
            group=str(i),
            where=Where(path="r"),
        )
        for i, a in enumerate(answers)
    ]
    return [encode(loaded.tokenizer, row) for row in rows]


def weights_of(model):
    """The adapter's weights by name."""
    from peft import get_peft_model_state_dict

    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}


def same(one, two):
    """Whether two adapters are equal to the last bit."""
    return one.keys() == two.keys() and all((one[name] == two[name]).all() for name in one)


def test_the_loss_falls_and_the_base_stays_frozen(load, course):
    """A few epochs teach an answer, and only the adapter's weights have changed."""
    loaded = load()
    before = {name: p.detach().clone() for name, p in loaded.model.named_parameters()}
    data = examples(loaded, ["ok"] * 12)
    lines = []
    model, progress = train(loaded, data, data[:4], replace(course, epochs=5), say=lines.append)
    losses = [line["validation_loss"] for line in progress.history]
    assert losses[-1] < losses[0] / 2
    for name, parameter in model.named_parameters():
        bare = name.removeprefix("base_model.model.").replace(".base_layer", "")
        if "lora_" not in name:
            assert (parameter == before[bare]).all()
    assert len(lines) == 5
    assert lines[0].startswith("epoch 1/5: training loss ")


def test_a_loss_is_the_mean_cross_entropy_of_the_answer_tokens(load, course):
    """The validation loss is that of the plain model's own log probabilities, end token included."""
    import torch

    loaded = load()
    data = examples(loaded, ["ok", "a much longer answer", "no"])
    total = count = 0.0
    with torch.no_grad():
        for example in data:
            logits = loaded.model(torch.tensor([example.ids])).logits[0].log_softmax(-1)
            for place in range(len(example.ids) - example.answer, len(example.ids)):
                total -= logits[place - 1, example.ids[place]].item()
                count += 1
    still = replace(course, epochs=1, learning_rate=0.0)
    _, progress = train(loaded, data, data, still, say=lambda _: None)
    assert progress.history[0]["validation_loss"] == pytest.approx(total / count, rel=1e-4)


def test_the_best_epoch_is_kept_and_patience_ends_the_training(load, course):
    """After `patience` epochs without a better validation loss it stops, with the best epoch's weights."""
    loaded = load()
    data, held = examples(loaded, ["ok"] * 8), examples(loaded, ["zz" * 9] * 4)
    spoil = replace(course, epochs=9, patience=2, learning_rate=0.05)
    model, progress = train(loaded, data, held, spoil, say=lambda _: None)
    losses = [line["validation_loss"] for line in progress.history]
    best = losses.index(min(losses))
    assert len(losses) == best + 3 < 9
    assert progress.best_loss == min(losses)
    assert same(weights_of(model), progress.best)


def test_without_validation_the_training_loss_decides(load, course):
    """With nothing held out there is no validation loss, and the best training loss is kept."""
    loaded = load()
    _, progress = train(loaded, examples(loaded, ["ok"] * 6), [], course, say=lambda _: None)
    assert "validation_loss" not in progress.history[0]
    assert progress.best_loss == min(line["train_loss"] for line in progress.history)


def test_the_same_seed_trains_the_same_weights(load, course):
    """Two trainings of one course are equal to the last bit; another seed is not."""
    trained = []
    for seed in (3, 3, 4):
        loaded = load()
        once = replace(course, epochs=1, seed=seed, keep=course.keep / str(len(trained)))
        model, _ = train(loaded, examples(loaded, ["ok"] * 6), [], once, say=lambda _: None)
        trained.append(weights_of(model))
    assert same(trained[0], trained[1])
    assert not same(trained[0], trained[2])


@pytest.mark.parametrize("stop_after", [1, 4, 6, 8])
def test_an_interrupted_training_ends_in_the_same_weights(load, course, monkeypatch, stop_after):
    """Killed after any batch and begun again, it ends bit for bit as if never interrupted."""
    monkeypatch.setattr(lora, "_KEEP_SECONDS", -1.0)
    whole = load()
    data, held = examples(whole, ["ok", "no", "so", "hm"] * 3), examples(whole, ["ok"] * 2)
    model, progress = train(
        whole, data, held, replace(course, keep=course.keep / "whole"), say=lambda _: None
    )
    steps, real = [], lora._Loop.step

    def cut(self, group, groups):
        if len(steps) == stop_after:
            raise KeyboardInterrupt
        steps.append(group)
        real(self, group, groups)

    monkeypatch.setattr(lora._Loop, "step", cut)
    with pytest.raises(KeyboardInterrupt):
        train(load(), data, held, course, say=lambda _: None)
    monkeypatch.setattr(lora._Loop, "step", real)
    lines = []
    resumed, again = train(load(), data, held, course, say=lines.append)
    assert lines[0].startswith("resumes in epoch ")
    assert same(weights_of(resumed), weights_of(model))
    losses = [[line["train_loss"], line["validation_loss"]] for line in again.history]
    assert losses == [[line["train_loss"], line["validation_loss"]] for line in progress.history]


def test_bfloat16_learns_as_well(load, course):
    """Autocast to bfloat16 lowers the loss nearly as far as float32 does."""
    ends = []
    for dtype in ("float32", "bfloat16"):
        loaded = load()
        data = examples(loaded, ["ok"] * 12)
        plain = replace(course, dtype=dtype, dropout=0.0, keep=course.keep / dtype)
        _, progress = train(loaded, data, data, plain, say=lambda _: None)
        ends.append(progress.history[-1]["validation_loss"])
    assert ends[1] == pytest.approx(ends[0], abs=0.3)


@given(steps=st.integers(1, 500), highest=st.floats(1e-6, 1.0))
def test_the_learning_rate_rises_then_falls(steps, highest):
    """It is never above the highest nor at nought, rises for a tenth of the steps and then never again."""
    rates = [learning_rate(step, steps, highest) for step in range(steps)]
    assert all(0 < rate <= highest * (1 + 1e-9) for rate in rates)
    peak = max(1, round(steps / 10))
    assert all(a < b for a, b in itertools.pairwise(rates[:peak]))
    assert all(a >= b for a, b in zip(rates[peak:], rates[peak + 1 :], strict=False))


def test_the_learning_rate_follows_the_formula():
    """Half way through the cosine the rate is the mean of its ends, a tenth and the whole of the highest."""
    assert learning_rate(0, 100, 1.0) == pytest.approx(0.1)
    assert learning_rate(9, 100, 1.0) == pytest.approx(1.0)
    assert learning_rate(55, 100, 1.0) == pytest.approx(0.55)
    assert learning_rate(99, 100, 1.0) == pytest.approx(0.1, abs=1e-3)


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    """Progress, adapter, optimiser and the stream of random numbers are what they were."""
    import torch

    torch.manual_seed(5)
    history = [{"epoch": 1.0, "seconds": 2.0}, {"epoch": 2.0, "seconds": 3.0}]
    progress = Progress(batch=3, best={"w": torch.ones(2)}, history=history, spent=0.5)
    assert math.isinf(progress.best_loss)
    remember(tmp_path, progress, adapter={"w": torch.zeros(2)}, optimiser={"state": {}, "param_groups": []})
    expected = torch.rand(3)
    torch.rand(10)
    found, adapter, optimiser = recall(tmp_path)
    assert (torch.rand(3) == expected).all()
    assert (found.epoch, found.batch, found.history, found.seconds) == (2, 3, history, 5.5)
    assert found.best["w"].tolist() == [1, 1]
    assert adapter["w"].tolist() == [0, 0]
    assert optimiser == {"state": {}, "param_groups": []}
    forget(tmp_path)
    assert recall(tmp_path) is None
