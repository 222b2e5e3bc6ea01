"""The backend `transformers` on a tiny Llama: answers, batches, adapters, memory and mistakes."""

from __future__ import annotations

import gc
import json
import shutil
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from tiny_llama import WINDOW, save_tiny_adapter, save_tiny_llama

from lockgate.backends import answering, decoding, weights
from lockgate.backends.transformers_lm import transformers
from lockgate.engine.probe import probe
from lockgate.errors import FatalBackendError, UsageError
from lockgate.fingerprints import digest
from lockgate.model import Latency, Prompt, Request, Setting
from lockgate.quiet import hush

TEXTS = [f"Ticket {i}: {'the pump leaks ' * (i % 5)}and {chr(97 + i)} is wet" for i in range(12)]
LONG = "You are a careful clerk of a shop for water devices. Answer the customer. "


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
def make(folder, tmp_path, monkeypatch):
    """The factory in a project whose model `tiny` is the tiny Llama; all that it makes is closed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = []

    def build(**options):
        models = options.pop("models", {"tiny": {"path": str(folder)}})
        setting = Setting(name="test:v1", models=models, load_prompt=options.pop("load_prompt", None))
        made.append(transformers("tiny", **{"max_tokens": 12, "device": "cpu", **options}, setting=setting))
        return made[-1]

    yield build
    for backend in made:
        backend.close()


def ask(texts, *, trial=0, system="", **params):
    """One request for each text."""
    heads = ({"role": "system", "content": system},) if system else ()
    return [
        Request(case_id=str(i), trial=trial, messages=(*heads, {"role": "user", "content": t}), params=params)
        for i, t in enumerate(texts)
    ]


def texts(backend, requests):
    """The answers in the order of the requests."""
    by_request = {id(c.request): c for c in backend.complete(requests)}
    return [by_request[id(request)].text for request in requests]


def test_every_request_is_answered_once_and_carried_by_its_completion(make):
    """Each completion holds the very request it answers, its token counts and its times."""
    requests = ask(TEXTS)
    completions = list(make().complete(requests))
    assert {id(c.request) for c in completions} == {id(r) for r in requests}
    for completion in completions:
        assert completion.error is None
        assert completion.model == "tiny"
        content = completion.request.messages[0]["content"]
        # Each byte is a token, and so is each of the three marks, written here as one character.
        assert completion.tokens_in == len(f"<user\n{content}>\n<assistant\n")
        assert 1 <= completion.tokens_out <= 12
        assert completion.seconds > 0
        assert completion.first_token_seconds > 0
        assert completion.queued_seconds >= 0
        assert completion.cost is None
        assert completion.finish in ("stop", "length")
        assert completion.batch == len(TEXTS)


def test_no_request_loads_nothing(make):
    """Asking nothing gives nothing and leaves the weights where they are."""
    backend = make()
    assert list(backend.complete([])) == []
    assert backend.load_seconds is None


def test_greedy_answers_do_not_depend_on_the_batch(make):
    """In float32 each request's greedy answer is the same alone and in a batch of unequal lengths."""
    batch = texts(make(max_tokens=24), ask(TEXTS))
    alone = [texts(make(max_tokens=24), ask([text]))[0] for text in TEXTS]
    assert batch == alone
    assert len(set(batch)) > 6


def test_a_shared_beginning_changes_no_answer(make):
    """Prompts that begin alike are answered together as each is alone."""
    requests = ask(TEXTS, system=LONG)
    assert texts(make(), requests) == [texts(make(), [request])[0] for request in requests]


def test_answers_equal_those_of_transformers_own_generate(make, folder):
    """Greedy answers are token for token those of `generate` on the same prompt."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    expected = []
    for text in TEXTS[:4]:
        chat = [{"role": "user", "content": text}]
        prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        ids = torch.tensor([tokenizer(prompt, add_special_tokens=False)["input_ids"]])
        mask = torch.ones_like(ids)
        output = model.generate(ids, attention_mask=mask, max_new_tokens=80, do_sample=False)
        expected.append(tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True))
    assert texts(make(max_tokens=80), ask(TEXTS[:4])) == expected


@pytest.mark.parametrize("max_batch", [1, 3, 32])
def test_batches_hold_at_most_max_batch_requests_of_like_length(make, max_batch):
    """No batch is larger than `max_batch`, and the shortest prompts come first."""
    completions = list(make(max_batch=max_batch).complete(ask(TEXTS)))
    assert max(c.batch for c in completions) == min(max_batch, len(TEXTS))
    lengths = [c.tokens_in for c in completions]
    assert lengths == sorted(lengths)


def test_a_batch_is_handed_over_before_the_next_begins(make):
    """The first completion is there while later batches are still to be done."""
    backend = make(max_batch=2)
    stream = backend.complete(ask(TEXTS))
    first = next(stream)
    assert first.queued_seconds < next(c for c in list(stream)[1:]).queued_seconds


def test_sampled_answers_repeat_and_trials_differ(make):
    """A trial is drawn the same each time, alone or in a batch; another trial or seed is drawn otherwise."""
    backend = make(temperature=1.5, top_p=0.95)
    first = texts(backend, ask(TEXTS))
    assert texts(backend, ask(TEXTS)) == first
    assert texts(backend, ask(TEXTS)[:1]) == first[:1]
    assert texts(backend, ask(TEXTS, trial=1)) != first
    assert texts(make(temperature=1.5, top_p=0.95, seed=1), ask(TEXTS)) != first


def test_the_first_token_is_there_once_it_is_chosen(make, monkeypatch):
    """The time to the first token covers choosing it: a device may have been handed work and not done it."""
    clock, choose = [0.0], decoding.choose

    def slow(logits, rows):
        clock[0] += 100.0
        return choose(logits, rows)

    monkeypatch.setattr(decoding, "choose", slow)
    monkeypatch.setattr(decoding.time, "perf_counter", lambda: clock[0])
    (completion,) = make(max_tokens=3).complete(ask(TEXTS[:1]))
    assert completion.first_token_seconds == 100.0


def test_a_hubs_commit_is_asked_for_once(make, monkeypatch):
    """Identity and answers of one backend are of one commit, even when the branch moves in between."""
    commits = iter(["1" * 40, "2" * 40])
    monkeypatch.setattr(weights, "hub_commit", lambda found: found.revision or next(commits))
    backend = make(models={"tiny": {"hf": "org/tiny"}})
    assert [backend.identity["weights"] for _ in range(2)] == ["org/tiny@" + "1" * 40] * 2
    assert backend._found().revision == "1" * 40


def test_an_adapter_is_hashed_once_for_all_batches(make, adapters, monkeypatch):
    """Batches after the first do not look at the adapter's files."""
    from lockgate.backends import adapters as module

    hashed, real = [], module.hash_adapter
    monkeypatch.setattr(module, "hash_adapter", lambda folder: hashed.append(folder) or real(folder))
    assert len(list(make(adapter=str(adapters[0]), max_batch=2).complete(ask(TEXTS)))) == len(TEXTS)
    assert hashed == [adapters[0]]


def test_a_tiny_nucleus_is_greedy(make):
    """With next to no `top_p` only the likeliest token is left."""
    assert texts(make(temperature=1.0, top_p=1e-9), ask(TEXTS)) == texts(make(), ask(TEXTS))


def test_a_stop_text_ends_an_answer_and_is_cut_off(make):
    """An answer ends before the first of the stop texts, and says that it stopped."""
    whole = texts(make(max_tokens=40), ask(TEXTS))
    answer = next(t for t in whole if len(t) > 8)
    index, stop = whole.index(answer), answer[4:6]
    completions = list(make(max_tokens=40, stop=["not there", stop]).complete(ask(TEXTS)))
    cut = next(c for c in completions if c.request.case_id == str(index))
    assert cut.text == answer[: answer.index(stop)]
    assert cut.finish == "stop"
    assert stop not in "".join(c.text for c in completions)


def test_finish_tells_length_from_end(make):
    """An answer of `max_tokens` tokens has the finish `length`, one with an end token `stop`."""
    completions = list(make(max_tokens=200).complete(ask(TEXTS)))
    for completion in completions:
        assert (completion.finish == "length") == (completion.tokens_out == 200)
    (one,) = make(max_tokens=1).complete(ask(TEXTS[:1]))
    assert one.tokens_out <= 1


def test_a_request_may_bring_its_own_sampling(make):
    """`params` of a request win over the backend's options, for that request alone."""
    long, short = ask(TEXTS[:1])[0], ask(TEXTS[:1], max_tokens=2)[0]
    by_request = {id(c.request): c for c in make(max_tokens=9).complete([long, short])}
    assert by_request[id(short)].tokens_out <= 2 < by_request[id(long)].tokens_out
    assert by_request[id(long)].text.startswith(by_request[id(short)].text[:1])


def test_an_unknown_parameter_fails_its_request_alone(make):
    """A misspelt parameter gives an error with the nearest word; the other requests are answered."""
    wrong, right = ask(TEXTS[:1], max_token=2)[0], ask(TEXTS[:1])[0]
    by_request = {id(c.request): c for c in make().complete([wrong, right])}
    assert by_request[id(wrong)].error == (
        "This backend has no parameter 'max_token'. Did you mean 'max_tokens'?"
    )
    assert by_request[id(right)].error is None


def test_a_prompt_longer_than_the_window_fails_alone(make):
    """A prompt that leaves no room in the window is an error that counts its tokens."""
    fits, not_fits = ask(["short", "x" * WINDOW])
    by_request = {id(c.request): c for c in make().complete([fits, not_fits])}
    assert by_request[id(fits)].error is None
    error = by_request[id(not_fits)].error
    assert error.startswith("The prompt has 5")
    assert error.endswith(f"tokens, the model takes fewer than {WINDOW}. Cut it.")


def test_an_answer_ends_where_the_window_does(make):
    """`max_tokens` beyond the window is cut to what is left of it."""
    (completion,) = make(max_tokens=10_000).complete(ask(["y" * (WINDOW - 30)]))
    assert completion.error is None
    assert completion.tokens_in + completion.tokens_out <= WINDOW


def test_messages_that_the_template_refuses_fail_alone(make):
    """The chat template's own complaint is the request's error."""
    wrong = Request(case_id="1", messages=({"role": "wizard", "content": "hi"},))
    (completion,) = make().complete([wrong])
    assert "refuses the messages: unknown role wizard" in completion.error


def test_a_model_without_a_chat_template_is_fatal(make, tmp_path):
    """A base model that cannot be asked by messages says so before anything is generated."""
    bare = save_tiny_llama(tmp_path / "bare", template=None)
    backend = make(models={"tiny": {"path": str(bare)}})
    with pytest.raises(FatalBackendError, match="has no chat template"):
        list(backend.complete(ask(TEXTS[:1])))


def test_an_adapter_changes_answers_and_the_base_stays_as_it_was(make, adapters):
    """Backends with different adapters and with none share one base, and each answers as if alone."""
    plain, one, two = make(), make(adapter=str(adapters[0])), make(adapter=str(adapters[1]))
    before = texts(plain, ask(TEXTS))
    worn = [texts(one, ask(TEXTS)), texts(two, ask(TEXTS))]
    assert before != worn[0] != worn[1] != before
    assert texts(plain, ask(TEXTS)) == before
    assert [texts(one, ask(TEXTS)), texts(two, ask(TEXTS))] == worn
    assert plain._taken[1] is one._taken[1] is two._taken[1]


def test_an_adapters_answers_equal_those_of_merged_weights(make, adapters, folder, tmp_path):
    """An adapter answers as the model does into whose weights peft merged it."""
    hush()
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    merged = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(folder), adapters[0])
    merged.merge_and_unload().save_pretrained(tmp_path / "merged")
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "merged")
    expected = texts(make(models={"tiny": {"path": str(tmp_path / "merged")}}), ask(TEXTS))
    assert texts(make(adapter=str(adapters[0])), ask(TEXTS)) == expected


def test_greedy_answers_with_an_adapter_do_not_depend_on_the_batch(make, adapters):
    """What holds for the base holds with an adapter on."""
    backend = make(adapter=str(adapters[0]))
    assert texts(backend, ask(TEXTS)) == [texts(backend, ask([text]))[0] for text in TEXTS]


def test_backends_asked_at_once_form_one_queue(make, adapters, monkeypatch):
    """What comes while a batch is done shares the next one, whichever adapter, and is answered as alone."""
    options = [{}, *({"adapter": str(adapter)} for adapter in adapters)]
    alone = [texts(make(**option), ask(TEXTS[:4])) for option in options]
    backends = [make(**option) for option in options]
    real, begun, sizes = answering.decode, threading.Event(), []

    def first_waits(model, tokenizer, rows, **more):
        sizes.append(len(rows))
        begun.set()
        while len(sizes) == 1 and len(backends[0]._taken[1].queue._waiting) < 8:
            threading.Event().wait(0.001)
        real(model, tokenizer, rows, **more)

    monkeypatch.setattr(answering, "decode", first_waits)
    with ThreadPoolExecutor(3) as pool:
        told = [pool.submit(texts, backends[0], ask(TEXTS[:4]))]
        assert begun.wait(30)
        told += [pool.submit(texts, backend, ask(TEXTS[:4])) for backend in backends[1:]]
        assert [answers.result() for answers in told] == alone
    assert sizes == [4, 8]


def test_an_adapter_of_another_shape_is_fatal(make, tmp_path, adapters, monkeypatch):
    """An adapter that fits other layers is refused in words, and the base still answers."""
    other = save_tiny_llama(tmp_path / "deep", layers=3)
    misfit = save_tiny_adapter(other, tmp_path / "misfit")
    with pytest.raises(FatalBackendError, match=r"does not fit its base \(LlamaForCausalLM\)"):
        list(make(adapter=str(misfit)).complete(ask(TEXTS[:1])))
    shallow = make(models={"tiny": {"path": str(other)}}, adapter=str(adapters[0]))
    with pytest.raises(FatalBackendError, match="4 layers of the base have no weights in it"):
        list(shallow.complete(ask(TEXTS[:1])))


def test_memory_running_out_halves_the_batch_and_goes_on(make, monkeypatch):
    """Every request is answered as before, in batches that are half as large from then on."""
    expected = texts(make(), ask(TEXTS))
    real, sizes = answering.decode, []

    def cramped(model, tokenizer, rows, **more):
        sizes.append(len(rows))
        if len(rows) > 3:
            rows[0].answer.append(5)
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate")
        real(model, tokenizer, rows, **more)

    monkeypatch.setattr(answering, "decode", cramped)
    assert texts(make(), ask(TEXTS)) == expected
    assert sizes == [12, 6, 3, 3, 3, 3]


def test_memory_running_out_for_one_request_fails_it_alone(make, monkeypatch):
    """A request that does not fit even alone carries the error."""
    import torch

    def full(model, tokenizer, rows, **more):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")

    monkeypatch.setattr(answering, "decode", full)
    completions = list(make().complete(ask(TEXTS[:2])))
    assert [c.error for c in completions] == [
        "Memory did not do for this request alone: CUDA out of memory. Tried to allocate 2 GiB."
    ] * 2


def test_a_failure_that_is_not_memory_is_not_swallowed(make, monkeypatch):
    """Any other error of the model reaches the caller as it is."""

    def broken(model, tokenizer, rows, **more):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(answering, "decode", broken)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        list(make().complete(ask(TEXTS[:1])))


def test_its_latency_is_measured_in_batches_and_without_loading(make):
    """The probe asks in rounds of its concurrency, and once before them even without a warm-up."""
    backend, calls = make(), []
    complete = backend.complete
    backend.complete = lambda requests: calls.append(len(requests)) or complete(requests)
    timings = probe(backend, ask(TEXTS[:4]), Latency(samples=5, concurrency=2, warmup=0))
    assert calls == [1, 2, 2, 1]
    assert backend.load_seconds > 0
    for timing in timings:
        assert 0 < timing.first_token_seconds < timing.seconds
        assert 0 <= timing.queued_seconds < timing.seconds
        assert timing.tokens_in > 0


def test_weights_are_loaded_once_and_freed_after_the_last_close(make):
    """Two backends hold one model; the first to load knows how long it took; the last to close frees it."""
    one, two = make(), make(max_tokens=3)
    list(one.complete(ask(TEXTS[:1])))
    list(two.complete(ask(TEXTS[:1])))
    assert one.load_seconds > 0
    assert two.load_seconds is None
    model = weakref.ref(one._taken[1].model)
    one.close()
    one.close()
    assert model() is not None
    two.close()
    gc.collect()
    assert model() is None


def test_a_closed_backend_can_be_asked_again(make):
    """After `close` the next question loads the weights anew."""
    backend = make()
    before = texts(backend, ask(TEXTS[:2]))
    backend.close()
    assert texts(backend, ask(TEXTS[:2])) == before


def test_the_identity_names_all_that_can_change_an_answer(make, adapters, folder, tmp_path):
    """Another weight, adapter, prompt, seed, length or type is another fingerprint; a name or pace is not."""
    prompt = Prompt(name="p", version="v1", digest="abc")
    copy = shutil.copytree(folder, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 1e-3}))
    plain = digest(make().identity)
    others = [
        make(models={"tiny": {"path": str(copy)}}),
        make(adapter=str(adapters[0])),
        make(adapter=str(adapters[1])),
        make(prompt="p@v1", load_prompt=lambda name: prompt),
        make(seed=1),
        make(max_tokens=13),
        make(temperature=0.5),
        make(top_p=0.5),
        make(stop=["x"]),
        make(dtype="bfloat16"),
    ]
    assert len({plain, *(digest(b.identity) for b in others)}) == len(others) + 1
    same = make(max_batch=2, concurrency=3, price={"input_per_1m": 1.0, "output_per_1m": 2.0})
    assert digest(same.identity) == plain


def test_what_lies_beside_an_adapter_does_not_change_its_fingerprint(make, adapters, tmp_path):
    """The lineage may be rewritten; only configuration and weights make an adapter."""
    copy = shutil.copytree(adapters[0], tmp_path / "copy")
    before = digest(make(adapter=str(copy)).identity)
    (copy / "lineage.json").write_text("{}")
    assert digest(make(adapter=str(copy)).identity) == before


def test_backends_that_share_weights_say_so(make, adapters):
    """`shares` is the same with another adapter or sampling, and another with another type."""
    assert make().shares == make(adapter=str(adapters[0]), max_tokens=3).shares
    assert make().shares != make(dtype="bfloat16").shares


def test_a_price_makes_a_cost(make):
    """Cost is tokens in and out at their prices, in US dollars."""
    price = {"input_per_1m": 2.0, "output_per_1m": 10.0}
    (completion,) = make(price=price).complete(ask(TEXTS[:1]))
    assert completion.cost == (completion.tokens_in * 2 + completion.tokens_out * 10) / 1_000_000


def test_sixteen_bits_are_possible_on_a_cpu(make):
    """`dtype: bfloat16` is honoured where it is asked for."""
    import torch

    backend = make(dtype="bfloat16")
    assert texts(backend, ask(TEXTS[:3]))
    assert backend._taken[1].model.dtype is torch.bfloat16
    assert backend.identity["dtype"] == "bfloat16"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_tokens": 0}, "max_tokens is 0. Write 1 or more."),
        ({"temperature": -0.1}, "temperature is -0.1. Write 0 or more."),
        ({"top_p": 0}, "top_p is 0. Write a number over 0, up to 1."),
        ({"top_p": 1.1}, "top_p is 1.1. Write a number over 0, up to 1."),
        ({"stop": ["a", ""]}, "stop has an empty text. Delete it."),
        ({"max_batch": 0}, "max_batch is 0. Write 1 or more."),
        ({"concurrency": 0}, "concurrency is 0. Write 1 or more."),
        (
            {"price": {"input": 1.0}},
            "price has the unknown key 'input'. The keys there are: 'input_per_1m', 'output_per_1m'.",
        ),
        (
            {"price": {"input_per_1m": 1.0}},
            "price needs both input_per_1m and output_per_1m. Write 0 for what is free.",
        ),
        (
            {"price": {"input_per_1m": -1.0, "output_per_1m": 1.0}},
            "price has input_per_1m: -1.0. Write US dollars, 0 or more.",
        ),
        (
            {"prompt": "p@v1"},
            "The prompt 'p@v1' needs a project file to be found. Declare the backend in one.",
        ),
        (
            {"models": {"tine": {"hf": "a/b"}}},
            "There is no model 'tiny' in the project's `models`. Did you mean 'tine'?",
        ),
        (
            {"adapter": "nowhere"},
            "The adapter 'nowhere' has no file 'adapter_config.json'. "  # noqa: ISC004
            "Give a folder that `lockgate tune` or peft wrote.",
        ),
    ],
)
def test_a_wrong_option_is_told_by_the_factory(make, options, message):
    """What can be known without loading weights is refused at once, with what to do."""
    with pytest.raises(UsageError) as error:
        make(**options)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "is no adapter's configuration"),
        ("[]", "is no adapter's configuration"),
        (
            '{"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM"}',
            "is of the kind PROMPT_TUNING for CAUSAL_LM",
        ),
        ('{"peft_type": "LORA", "task_type": "SEQ_CLS"}', "is of the kind LORA for SEQ_CLS"),
    ],
)
def test_a_wrong_adapter_configuration_is_told_by_the_factory(make, tmp_path, config, message):
    """A folder with the right files and the wrong content is refused before weights are loaded."""
    (tmp_path / "adapter_config.json").write_text(config)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(UsageError, match=message):
        make(adapter=str(tmp_path))


def test_truncated_weights_are_fatal(make, tmp_path, folder):
    """A broken file gives a sentence that names the model, not a traceback of its reader."""
    broken = shutil.copytree(folder, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{")
    backend = make(models={"tiny": {"path": str(broken)}})
    with pytest.raises(FatalBackendError, match="The weights of 'tiny' cannot be loaded"):
        list(backend.complete(ask(TEXTS[:1])))


def test_nothing_is_printed(make, adapters, capfd):
    """Loading and answering leave stdout and stderr empty."""
    backend = make(adapter=str(adapters[0]))
    list(backend.complete(ask(TEXTS)))
    assert capfd.readouterr() == ("", "")
