"""Continuous batching, really run on a processor on a tiny Llama: when it is chosen, and what it answers."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
from tiny_llama import save_tiny_adapter, save_tiny_llama

from lockgate.backends import answering, continuous
from lockgate.backends.adapters import put_on, wearing
from lockgate.backends.answering import Asked, open_queue
from lockgate.backends.decoding import Row, decode
from lockgate.backends.loading import load_weights
from lockgate.backends.sampling import Sampling
from lockgate.backends.weights import Weights
from lockgate.model import Request


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The tiny Llama in memory."""
    folder = save_tiny_llama(tmp_path_factory.mktemp("llama"))
    return load_weights(Weights(name="tiny", folder=folder), dtype="float32", device="cpu")


def rows(count=6, *, adapter=None, **sampling):
    """Prompts of unequal lengths, each with an answer of its own length."""
    return [
        Row(
            ids=[1, *range(10, 14 + 3 * i)],
            sampling=Sampling(**{"max_tokens": 4 + 3 * i, **sampling}),
            numbers=random.Random(i),
            adapter=adapter,
        )
        for i in range(count)
    ]


def asked(count, most_rows=4, **options):
    """The same as requests that wait."""
    return [
        Asked(request=Request(case_id=str(i), messages=()), row=row, most_rows=most_rows, most_tokens=10_000)
        for i, row in enumerate(rows(count, **options))
    ]


def told(answered):
    """What can be compared of rows."""
    return [(row.answer, row.finish, row.text) for row in answered]


def test_answers_are_those_of_a_batch(loaded):
    """Each row gets the greedy answer, the finish and the text that it gets in a batch, and its own times."""
    run, batch = rows(), rows()
    continuous.answer(loaded, run)
    decode(loaded.model, loaded.tokenizer, batch)
    assert told(run) == told(batch)
    assert len({len(row.answer) for row in run}) > 2
    assert all(row.seconds > 0 and row.first_token_seconds > 0 and row.started > 0 for row in run)
    assert all(row.error == "" for row in run)


def test_an_end_token_is_no_part_of_an_answer(loaded):
    """Rows that the model ends say so, with the end token left out, as in a batch."""
    run, batch = rows(8, max_tokens=120), rows(8, max_tokens=120)
    continuous.answer(loaded, run)
    decode(loaded.model, loaded.tokenizer, batch)
    assert told(run) == told(batch)
    assert "stop" in {row.finish for row in run}


def test_the_model_is_left_as_it_was(loaded):
    """After a run the model attends as before, and runs of different adapters do not mix."""
    before = loaded.model.config._attn_implementation
    continuous.answer(loaded, rows(2))
    assert loaded.model.config._attn_implementation == before


def test_a_run_wears_its_adapter(tmp_path):
    """With an adapter on, a run gives the adapter's answers; without, the base's."""
    folder = save_tiny_llama(tmp_path / "llama")
    loaded = load_weights(Weights(name="tiny", folder=folder), dtype="float32", device="cpu")
    bare = rows()
    continuous.answer(loaded, bare)
    name = put_on(loaded, save_tiny_adapter(folder, tmp_path / "adapter"))
    run, batch, again = rows(adapter=name), rows(adapter=name), rows()
    with wearing(loaded, name) as model:
        continuous.answer(loaded, run)
        decode(model, loaded.tokenizer, batch)
    with wearing(loaded, None):
        continuous.answer(loaded, again)
    assert told(run) == told(batch)
    assert told(again) == told(bare) != told(run)


def fake(loaded, monkeypatch, results):
    """A manager in place of transformers' own, that gives these results."""
    left = list(results)

    class Manager:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def add_request(self, ids, **options):
            pass

        def get_result(self, timeout):
            return left.pop(0) if left else None

        def is_running(self):
            return bool(left)

    monkeypatch.setattr(continuous, "_manager", lambda *_: Manager())


def result(index, tokens=(5,), error=None, finished=True):
    """One of its results."""
    return SimpleNamespace(
        request_id=str(index),
        generated_tokens=list(tokens),
        error=error,
        is_finished=lambda: finished,
        lifespan=(1.0, 2.0),
        timestamps=[1.5],
    )


def test_results_may_come_in_any_order(loaded, monkeypatch):
    """A result goes to the row that it names; what has not ended yet is waited for."""
    fake(
        loaded,
        monkeypatch,
        [result(2, [7, 2]), result(0, [5], finished=False), result(1, [6]), result(0, [5])],
    )
    run = rows(3)
    continuous.answer(loaded, run)
    assert [(row.answer, row.finish) for row in run] == [([5], "length"), ([6], "length"), ([7], "stop")]
    assert [row.first_token_seconds for row in run] == [0.5] * 3


def test_one_request_fails_alone(loaded, monkeypatch):
    """An error of one request is its row's; the others are answered."""
    fake(loaded, monkeypatch, [result(1, error="bad request"), result(0)])
    run = rows(2)
    continuous.answer(loaded, run)
    assert [(row.error, row.finish) for row in run] == [("", "length"), ("bad request", "")]


def test_a_manager_that_dies_fails_what_it_left(loaded, monkeypatch):
    """Rows without a result say that they were not answered, and nothing waits for ever."""
    fake(loaded, monkeypatch, [result(0)])
    run = rows(2)
    continuous.answer(loaded, run)
    assert [row.error for row in run] == ["", "The device stopped before this request was answered."]


def test_memory_running_out_is_raised(loaded, monkeypatch):
    """Then the queue goes on with smaller batches, of the usual kind."""
    fake(loaded, monkeypatch, [result(0, error="CUDA out of memory. Tried to allocate 2 GiB.")])
    with pytest.raises(RuntimeError, match="out of memory"):
        continuous.answer(loaded, rows(2))


def test_it_is_for_cuda(loaded):
    """On a processor batches of like length are faster."""
    assert not continuous.is_possible(loaded)


@pytest.mark.parametrize(
    ("sampling", "expected"), [({}, True), ({"temperature": 0.5}, False), ({"stop": ("x",)}, False)]
)
def test_only_greedy_rows_without_stop_texts_suit(sampling, expected):
    """Draws belong to a row here, and stop texts are looked for at each token."""
    assert continuous.suits(rows(1, **sampling)[0]) is expected


def queue_of(loaded, monkeypatch):
    """The model's queue where continuous batching is possible; each call's rows are noted."""
    monkeypatch.setattr(continuous, "is_possible", lambda _: True)
    runs, batches = [], []
    answer = continuous.answer

    def running(loaded, rows):
        runs.append(len(rows))
        answer(loaded, rows)

    def batching(model, tokenizer, rows, **more):
        batches.append(len(rows))
        decode(model, tokenizer, rows, **more)

    monkeypatch.setattr(continuous, "answer", running)
    monkeypatch.setattr(answering, "decode", batching)
    return open_queue(loaded), runs, batches


def test_more_than_a_batch_goes_by_continuous_batching(loaded, monkeypatch):
    """Requests that would take several batches are one run; what fits into a batch is one."""
    queue, runs, batches = queue_of(loaded, monkeypatch)
    items, expected = asked(6), rows(6)
    (done,) = queue.do(items)
    assert (len(done.items), done.batch, runs, batches) == (6, 6, [6], [])
    decode(loaded.model, loaded.tokenizer, expected)
    assert told(item.row for item in items) == told(expected)
    list(queue.do(asked(4)))
    assert (runs, batches) == ([6], [4])


def test_draws_stay_in_batches_of_their_own(loaded, monkeypatch):
    """Sampled requests among greedy ones are answered by batches."""
    queue, runs, batches = queue_of(loaded, monkeypatch)
    list(queue.do([*asked(5), *asked(3, temperature=1.0)]))
    assert (runs, batches) == ([5], [3])


def test_after_memory_ran_out_batches_do_it(loaded, monkeypatch):
    """A run that did not fit is answered in batches half its size, or what a batch may hold."""
    queue, _, batches = queue_of(loaded, monkeypatch)

    def full(loaded, rows):
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(continuous, "answer", full)
    items = asked(6)
    assert sum(len(done.items) for done in queue.do(items)) == 6
    assert batches == [3, 3]
    assert all(item.row.finish for item in items)
