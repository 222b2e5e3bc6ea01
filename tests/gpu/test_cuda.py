"""The backend `transformers` on a CUDA device: its type, batches, adapters and memory.

`make test-gpu` runs them; without such a device each is skipped.
"""

from __future__ import annotations

import gc

import pytest

torch = pytest.importorskip("torch")

from tiny_llama import save_tiny_adapter, save_tiny_llama  # noqa: E402 - torch may be missing

from lockgate.backends.transformers_lm import transformers  # noqa: E402
from lockgate.model import Request, Setting  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]

TEXTS = [f"Ticket {i}: {'the pump leaks ' * (i % 5)}and {chr(97 + i % 26)} is wet" for i in range(64)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the tiny Llama."""
    return save_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def adapters(folder, tmp_path_factory):
    """Two adapters for it."""
    root = tmp_path_factory.mktemp("adapters")
    return [save_tiny_adapter(folder, root / str(seed), seed=seed) for seed in (1, 2)]


@pytest.fixture
def make(folder):
    """The factory with the tiny Llama as its model; all that it makes is closed."""
    made = []

    def build(**options):
        setting = Setting(name="test:v1", models={"tiny": {"path": str(folder)}})
        made.append(transformers("tiny", **{"max_tokens": 24, **options}, setting=setting))
        return made[-1]

    yield build
    for backend in made:
        backend.close()


def texts(backend, asked=TEXTS):
    """The answers in the order of the texts."""
    requests = [
        Request(case_id=str(i), messages=({"role": "user", "content": t},)) for i, t in enumerate(asked)
    ]
    answers = {id(c.request): c.text for c in backend.complete(requests)}
    return [answers[id(request)] for request in requests]


def test_auto_is_cuda_in_bfloat16(make):
    """`device: auto` takes the CUDA device and `dtype: auto` bfloat16 there."""
    backend = make()
    assert (backend.identity["device"], backend.identity["dtype"]) == ("cuda", "bfloat16")
    assert all(texts(backend, TEXTS[:4])[i] is not None for i in range(4))
    parameter = next(backend._load().model.parameters())
    assert (parameter.device.type, parameter.dtype) == ("cuda", torch.bfloat16)


@pytest.mark.parametrize("size", [8, 64])
def test_greedy_answers_do_not_depend_on_the_batch(make, size):
    """In float32 each greedy answer is the same alone and in a batch."""
    alone = [texts(make(dtype="float32"), [text])[0] for text in TEXTS[:size]]
    assert texts(make(dtype="float32", max_batch=size), TEXTS[:size]) == alone


def test_answers_are_those_of_the_processor(make):
    """In float32 the device gives the greedy answers that the processor gives."""
    assert texts(make(dtype="float32"), TEXTS[:16]) == texts(make(device="cpu"), TEXTS[:16])


def test_adapters_are_switched_on_one_base(make, adapters):
    """Backends with different adapters and with none share one copy, and each answers as if alone."""
    options = [{}, *({"adapter": str(adapter)} for adapter in adapters)]
    alone = []
    for option in options:
        backend = make(dtype="float32", **option)
        alone.append(texts(backend, TEXTS[:8]))
        backend.close()
    together = [make(dtype="float32", **option) for option in options]
    assert [texts(backend, TEXTS[:8]) for backend in together] == alone
    assert len({id(backend._load().model) for backend in together}) == 1
    assert len({tuple(answers) for answers in alone}) == 3


def test_memory_is_given_back_after_the_last_close(make, adapters):
    """After the last backend closed, the device holds what it held before."""
    gc.collect()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    first, second = make(), make(adapter=str(adapters[0]))
    texts(first)
    texts(second)
    assert torch.cuda.memory_allocated() > before
    first.close()
    assert torch.cuda.memory_allocated() > before
    second.close()
    assert torch.cuda.memory_allocated() <= before
    assert torch.cuda.memory_reserved() == 0 or before > 0


def test_memory_running_out_halves_the_batch(make, monkeypatch):
    """CUDA's own out-of-memory error halves the batch, and all are answered as before."""
    from lockgate.backends import answering

    wanted = texts(make(dtype="float32"))
    real = answering.decode

    def decode(model, tokenizer, rows, **more):
        if len(rows) > 16:
            torch.empty(1 << 50, dtype=torch.uint8, device="cuda")
        real(model, tokenizer, rows, **more)

    monkeypatch.setattr(answering, "decode", decode)
    assert texts(make(dtype="float32", max_batch=64)) == wanted


def test_more_than_a_batch_is_answered_by_continuous_batching(make, monkeypatch):
    """Greedy requests over one batch go to transformers' own scheduler and keep the answers of batches."""
    from lockgate.backends import continuous

    wanted = texts(make(dtype="float32", max_batch=64))
    runs, answer = [], continuous.answer

    def watched(loaded, rows):
        runs.append(len(rows))
        answer(loaded, rows)

    monkeypatch.setattr(continuous, "answer", watched)
    assert texts(make(dtype="float32", max_batch=8)) == wanted
    assert runs == [64]


def test_a_mixed_batch_answers_as_each_alone(make, adapters):
    """Small groups of different adapters, asked at once, share batches and keep their answers."""
    from concurrent.futures import ThreadPoolExecutor

    backends = [make(dtype="float32"), *(make(dtype="float32", adapter=str(a)) for a in adapters)]
    alone = [texts(backend, TEXTS[:6]) for backend in backends]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda backend: texts(backend, TEXTS[:6]), backends)) == alone
