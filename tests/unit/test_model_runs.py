"""What a run says of its own samples."""

from __future__ import annotations

from dataclasses import replace

import pytest
from runs import FREE, HIT, MISS, ruling, run

from lockgate.model import Completion, Gate, Sample, Variation

BROKEN = replace(MISS, status="error")
OPEN = replace(FREE, status="unscored")


def sample(case_id, *verdicts, **fields):
    """A sample with an answer and these verdicts."""
    return Sample(case_id=case_id, completion=Completion(text="x"), verdicts=verdicts, **fields)


@pytest.mark.parametrize(
    ("verdicts", "alone"),
    [
        ((), False),
        ((HIT,), False),
        ((MISS,), False),
        ((FREE,), True),
        ((OPEN,), True),
        ((MISS, FREE), True),
        ((BROKEN,), True),
    ],
)
def test_a_sample_fails_by_itself_where_no_ruling_stands_on_what_it_misses(verdicts, alone):
    """A miss, a check that broke and one that cannot tell do, but for misses of the metrics ruled on."""
    one = sample("a", *verdicts)
    assert run(samples=(one,)).lone_failures == ((one,) if alone else ())


def test_without_rulings_every_miss_fails_by_itself():
    """Nothing then decides in its place."""
    one = sample("a", MISS)
    assert run(samples=(one,), rulings=()).lone_failures == (one,)


def test_a_ruling_on_what_trials_come_to_stands_on_their_rate():
    """The misses of single trials are then decided on by the gate on their majority."""
    bound = replace(ruling(), gate=Gate(metric="accuracy.majority", min=0.9))
    assert run(samples=(sample("a", MISS),), rulings=(bound,)).lone_failures == ()


def test_an_error_fails_by_itself_and_what_was_not_asked_does_not():
    """No gate is a substitute for an answer; a sample without a request is unscored."""
    error, unasked = Sample(case_id="c", error="connection refused"), Sample(case_id="d")
    assert run(samples=(unasked, error)).lone_failures == (error,)


def test_variants_fail_by_themselves_as_well():
    """They come after the cases' own."""
    variation = Variation(of="a", kind="typos", metric="invariance")
    varied, own = sample("a~typos", FREE, variant=variation), sample("b", FREE)
    assert run(samples=(own,), variants=(varied,)).lone_failures == (own, varied)


@pytest.mark.parametrize(
    ("correction", "rulings", "alone"),
    [
        ("none", (ruling(), ruling(max=0.5)), True),
        ("none", (ruling(min=0.5, max=0.9),), True),
        ("none", (ruling(),), False),
        ("none", (ruling(), ruling(hard=True)), False),
        ("holm", (ruling(), ruling(max=0.5)), False),
        ("", (ruling(), ruling(max=0.5)), False),
    ],
)
def test_several_bounds_without_correction_are_uncorrected(correction, rulings, alone):
    """One bound has nothing to share, and of an older run nobody knows."""
    assert run(correction=correction, rulings=rulings).uncorrected is alone
