"""A thread that works off what others put."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from lockgate.engine.drain import Drain


@given(st.lists(st.integers(), max_size=100), st.integers(1, 7))
def test_everything_is_worked_off_in_order(items, most):
    """Each item once, in the order in which it was put, in portions of at most `most`."""
    portions = []
    drain = Drain(portions.append, name="test", most=most)
    drain.start()
    for item in items:
        drain.put(item)
    drain.end()
    assert [item for portion in portions for item in portion] == items
    assert all(1 <= len(portion) <= most for portion in portions)


def test_what_comes_meanwhile_is_one_portion():
    """While a portion is at work, all that is put becomes the next."""
    portions, begun, gate = [], threading.Event(), threading.Event()

    def work(items):
        portions.append(list(items))
        begun.set()
        gate.wait(5)

    drain = Drain(work, name="test")
    drain.start()
    drain.put(1)
    begun.wait(5)
    for item in (2, 3, 4):
        drain.put(item)
    gate.set()
    drain.end()
    assert portions == [[1], [2, 3, 4]]


def test_a_failure_is_kept_and_later_items_are_worked_off():
    """What `work` raises does not end the thread."""
    done = []

    def work(items):
        if "bad" in items:
            raise ValueError("bad")
        done.extend(items)

    drain = Drain(work, name="test", most=1)
    drain.start()
    for item in ("a", "bad", "b"):
        drain.put(item)
    drain.end()
    assert done == ["a", "b"]
    assert str(drain.broken) == "bad"


def test_an_end_before_the_start_is_nothing():
    """A drain that never began has nothing to end."""
    Drain(print, name="test").end()
