"""Scales: what a judge may say, what it is worth, and how people's labels are read on the same scale."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import UsageError
from lockgate.scales import UNIT, Label, Scale, read_scale

GRADES = ["bad", {"fair": "some of it is right"}, "good"]


def test_the_usual_scale_is_every_number_from_0_to_1():
    """`0..1` is not only its two ends."""
    assert read_scale("0..1") == UNIT
    assert UNIT.score(0.25) == 0.25
    assert UNIT.schema == {"type": "number"}
    assert UNIT.words == "a number from 0 (worst) to 1 (best)"


def test_a_range_of_whole_numbers_has_them_alone():
    """`1..5` has five values, evenly spread over 0 to 1."""
    scale = read_scale("1..5")
    assert [scale.score(said) for said in (1, 2, 3, 4, 5)] == [0, 0.25, 0.5, 0.75, 1]
    assert [scale.score(said) for said in (0, 6, 2.5, "3", True, None)] == [None] * 6
    assert scale.score(4.0) == 0.75
    assert scale.schema == {"type": "integer", "enum": [1, 2, 3, 4, 5]}
    assert scale.words == "a whole number from 1 (worst) to 5 (best)"


def test_a_range_with_a_fraction_has_all_between():
    """An end that is not whole makes every number count."""
    scale = read_scale(" -0.5 .. 1.5 ")
    assert (scale.whole, scale.score(0.5), scale.score(1.5), scale.score(-0.6)) == (False, 0.5, 1, None)


def test_labels_go_from_worst_to_best():
    """The first is worth 0 and the last 1; meanings are for the judge."""
    scale = read_scale(GRADES)
    assert scale.labels == (
        Label(name="bad"),
        Label(name="fair", meaning="some of it is right"),
        Label(name="good"),
    )
    assert [scale.score(said) for said in ("bad", "fair", "good")] == [0, 0.5, 1]
    assert [scale.score(said) for said in ("Good", 1, None, True)] == [None] * 4
    assert scale.schema == {"type": "string", "enum": ["bad", "fair", "good"]}
    assert scale.words == "'bad', 'fair', 'good', from worst to best"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1-5", "The scale cannot be '1-5'. Write a range such as 0..1 or 1..5, or a list"),
        ("5..1", "The scale cannot be '5..1'."),
        ("1..1", "The scale cannot be '1..1'."),
        ("0..1000", "The scale '0..1000' has 1001 steps. Use at most 100."),
        (["good"], "The scale cannot be ['good']."),
        (5, "The scale cannot be 5."),
        (["bad", "bad"], "The scale has the label 'bad' twice. Name each once."),
        ([False, True], "A label of the scale cannot be False. Write a text, or 'label: what it means'; put"),
        (["bad", {"good": 1}], "A label of the scale cannot be {'good': 1}."),
        (["bad", {"a": "b", "c": "d"}], "A label of the scale cannot be {'a': 'b', 'c': 'd'}."),
        (["bad", " "], "A label of the scale cannot be ' '."),
    ],
)
def test_what_is_no_scale_is_refused(written, text):
    """With the value, and what to write."""
    with pytest.raises(UsageError) as caught:
        read_scale(written)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("scale", "said", "label"),
    [
        ("0..1", True, 1.0),
        ("0..1", False, 0.0),
        ("0..1", "TRUE", 1.0),
        ("0..1", " false ", 0.0),
        ("0..1", "0.25", 0.25),
        ("0..1", "good", None),
        ("1..5", "4", 0.75),
        ("1..5", 4, 0.75),
        ("1..5", True, 1.0),
        ("1..5", "7", None),
        (GRADES, "fair", 0.5),
        (GRADES, "true", 1.0),
        (GRADES, "worse", None),
        ("0..1", None, None),
    ],
)
def test_a_persons_label_is_read_on_the_scale(scale, said, label):
    """As a judge's word; true and false stand for its ends, and a table's text for the number that it is."""
    assert read_scale(scale).label(said) == label


@given(st.integers(-20, 20), st.integers(1, 40))
def test_scores_grow_evenly_from_0_to_1(least, steps):
    """Whatever the range, each step is worth the same."""
    scale = read_scale(f"{least}..{least + steps}")
    scores = [scale.score(least + step) for step in range(steps + 1)]
    if scale.whole:
        assert scores == pytest.approx([step / steps for step in range(steps + 1)])
    assert (scores[0], scores[-1]) == (0, 1)


@given(st.floats())
def test_what_is_beyond_the_ends_is_not_on_the_scale(said):
    """NaN and the infinities neither."""
    score = UNIT.score(said)
    assert (score is not None) == (math.isfinite(said) and 0 <= said <= 1)


def test_a_scale_says_nothing_that_it_does_not_take():
    """Every value of the schema's list has a score."""
    for scale in (read_scale("1..5"), read_scale(GRADES), Scale(least=0, most=3, whole=True)):
        assert all(scale.score(said) is not None for said in scale.schema["enum"])
