"""The queue of a model's requests: what shares a batch, who does it, and what happens when one fails."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import pytest

from lockgate.backends.batching import Queue, is_out_of_memory, next_batch


@dataclass(eq=False)
class Item:
    """Something to be done."""

    work: int = 1
    kind: Any = None
    size: int = 10
    most_rows: int = 4
    most_tokens: int = 1000


def items(*works, **options):
    """One item for each amount of work."""
    return [Item(work=work, **options) for work in works]


def works(batch):
    """The amounts of work in a batch."""
    return [item.work for item in batch]


def mixing(_):
    """Any kinds may share a batch."""
    return True


def apart(_):
    """None may."""
    return False


def test_those_with_least_work_come_first():
    """A batch holds what is alike."""
    assert works(next_batch(items(5, 1, 9, 3, 7), None, mixes=apart)) == [1, 3, 5, 7]


def test_a_batch_holds_no_more_tokens_than_it_may():
    """All are padded to the longest, and one alone is always a batch."""
    assert len(next_batch(items(1, 1, 1, size=400), None, mixes=apart)) == 2
    assert len(next_batch(items(1, 1, size=4000), None, mixes=apart)) == 1


def test_a_batch_holds_no_more_than_the_least_of_its_items_allows():
    """Items that allow fewer rows make the batch smaller, as does memory that ran out before."""
    assert len(next_batch([*items(1, 2, most_rows=2), *items(3, 4)], None, mixes=apart)) == 2
    assert len(next_batch(items(1, 2, 3), 1, mixes=apart)) == 1


def test_a_kind_that_fills_a_batch_has_its_own():
    """Kinds with more than a batch of items are not mixed, in the order in which they fill one."""
    waiting = [*items(1, 3, 5, 7, 9, kind="a"), *items(2, 4, kind="b")]
    assert works(next_batch(waiting, None, mixes=mixing)) == [1, 3, 5, 7]
    assert works(next_batch([*items(1, 2, kind="b"), *items(3, 4, 5, 6, kind="a")], None, mixes=mixing)) == [
        3,
        4,
        5,
        6,
    ]


def test_what_kinds_have_left_over_shares_a_batch():
    """The rests of several kinds are put together by length."""
    waiting = [*items(1, 9, kind="a"), *items(2, 8, kind="b"), *items(3, kind=None)]
    assert works(next_batch(waiting, None, mixes=mixing)) == [1, 2, 3, 8]


def test_kinds_that_do_not_mix_have_batches_of_their_own():
    """Where kinds cannot share a batch, the first has its own, small as it is."""
    waiting = [*items(1, 9, kind="a"), *items(2, 8, kind="b")]
    assert works(next_batch(waiting, None, mixes=apart)) == [1, 9]


def queue(work, **options):
    """A queue of any items."""
    return Queue(pick=lambda waiting, most: next_batch(waiting, most, mixes=mixing), work=work, **options)


def test_callers_get_their_own_items():
    """Batches that hold several callers' items are handed out to each caller apart."""
    begun, both, batches = threading.Event(), threading.Event(), []

    def work(batch):
        batches.append(works(batch))
        begun.set()
        assert both.wait(30)

    shared = queue(work)
    first, second, third = items(1, kind="a"), items(2, 4, kind="b"), items(3, kind="c")
    got = {}

    def call(name, own):
        got[name] = list(shared.do(own))

    threads = [threading.Thread(target=call, args=("first", first))]
    threads[0].start()
    assert begun.wait(30)
    # The first is at work; what comes meanwhile is one batch, whoever does it.
    later = [shared.do(second), shared.do(third)]
    enter = [
        threading.Thread(target=lambda it=it, name=name: got.update({name: list(it)}))
        for name, it in zip(("second", "third"), later, strict=True)
    ]
    for thread in enter:
        thread.start()
    while len(shared._waiting) < 3:
        threading.Event().wait(0.001)
    both.set()
    for thread in (*threads, *enter):
        thread.join()
    assert batches == [[1], [2, 3, 4]]
    assert [(done.items, done.batch) for done in got["first"]] == [(first, 1)]
    assert [(done.items, done.batch) for done in got["second"]] == [(second, 3)]
    assert [(done.items, done.batch) for done in got["third"]] == [(third, 3)]
    assert shared.idle


def test_memory_running_out_halves_batches_for_good():
    """A batch that does not fit is done in halves, and later ones are no larger."""
    sizes = []

    def work(batch):
        sizes.append(len(batch))
        if len(batch) > 2:
            raise RuntimeError("CUDA out of memory")

    shared = queue(work)
    assert sum(len(done.items) for done in shared.do(items(1, 2, 3, 4))) == 4
    list(shared.do(items(1, 2, 3, 4)))
    assert sizes == [4, 2, 2, 2, 2]


def test_one_item_that_does_not_fit_says_so():
    """What memory does not do for even alone carries the reason."""

    def work(batch):
        raise RuntimeError("CUDA out of memory. Tried 2 GiB.\nMore words")

    (done,) = queue(work).do(items(1))
    assert (done.batch, done.failure) == (1, "CUDA out of memory. Tried 2 GiB.")


@pytest.mark.parametrize("error", [RuntimeError("shapes do not fit"), ValueError("no")])
def test_any_other_error_reaches_the_caller(error):
    """An error that is not memory's is raised, and the queue goes on for others."""
    fails = [True]

    def work(batch):
        if fails.pop() if fails else False:
            raise error

    shared = queue(work)
    with pytest.raises(type(error), match=str(error)):
        list(shared.do(items(1)))
    assert shared.idle
    assert len(list(shared.do(items(1)))) == 1


def test_an_interrupt_puts_the_batch_back():
    """Ctrl-C in the midst of a batch ends its caller; what others had in it is done all the same."""
    batches = []

    def work(batch):
        batches.append(works(batch))
        if len(batches) == 2:
            raise KeyboardInterrupt

    shared = queue(work)
    other = shared.do(items(1, 1, 1, 1, 9))
    next(other)
    with pytest.raises(KeyboardInterrupt):
        list(shared.do(items(8)))
    assert [works(done.items) for done in other] == [[9]]
    assert batches == [[1, 1, 1, 1], [8, 9], [9]]
    assert shared.idle


def test_a_caller_that_leaves_takes_its_items_along():
    """What had not begun when the caller closed its iterator is not done."""
    done = []
    shared = queue(lambda batch: done.extend(works(batch)))
    stream = shared.do(items(1, 2, 3, 4, 5, 6))
    next(stream)
    stream.close()
    assert done == [1, 2, 3, 4]
    assert shared.idle


def test_what_a_caller_that_left_had_in_a_batch_too_large_is_not_done_again():
    """Memory runs out in a batch with items of a caller that leaves meanwhile: only the others wait again."""
    batches = []

    def work(batch):
        batches.append(works(batch))
        if len(batches) == 2:
            other.close()
            raise RuntimeError("out of memory")

    shared = queue(work)
    other = shared.do(items(1, 1, 1, 1, 9))
    next(other)
    list(shared.do(items(8)))
    assert batches == [[1, 1, 1, 1], [8, 9], [8]]
    assert shared.idle


def test_what_must_happen_between_batches_comes_before_the_next():
    """Who wants the model to himself waits for the batch at work, not for those after it."""
    begun, go_on, order = threading.Event(), threading.Event(), []

    def work(batch):
        order.append(works(batch))
        begun.set()
        assert go_on.wait(30)

    shared = queue(work)

    def aside():
        with shared.between():
            order.append("between")

    caller = threading.Thread(target=lambda: list(shared.do(items(1, 2, most_rows=1))))
    caller.start()
    assert begun.wait(30)
    other = threading.Thread(target=aside)
    other.start()
    while not shared._between:
        threading.Event().wait(0.001)
    go_on.set()
    caller.join()
    other.join()
    assert order == [[1], "between", [2]]


def test_out_of_memory_is_known_by_its_words():
    """It is said in several ways on torch's devices."""
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert not is_out_of_memory(RuntimeError("index out of range"))
