"""The linear models that ship with the package: how they add up, and what they are."""

import math
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks import harm, refusal
from lockgate.checks.linear import Linear, bucket, load

MODEL = Linear(
    classes=("no", "yes"),
    bias=(0.0, 0.5),
    cues={"sorry": (0.0, 2.0), "list": (1.0, 0.0)},
    buckets=(memoryview(bytes(4)).cast("b"), memoryview(bytes([10, 246, 0, 5])).cast("b")),
    step=0.1,
    digest="",
)


def yes(cues, hashed=()):
    """The model's log-odds of yes."""
    found = MODEL.probabilities(cues, hashed)
    assert math.isclose(sum(found.values()), 1)
    return math.log(found["yes"] / found["no"])


@pytest.mark.parametrize(
    ("cues", "hashed", "odds"),
    [
        ({}, (), 0.5),
        ({"sorry": 1.0}, (), 2.5),
        ({"sorry": 0.5, "list": 1.0}, (), 0.5),
        ({"unheard of": 1.0}, (), 0.5),
        ({}, (1,), 1.5),
        ({}, (-1,), -0.5),
        ({}, (1, 1), 1.5),
        ({}, (1, 4), 0.5 + 1.5 / math.sqrt(2)),
        ({}, (1, 2, 3, 4), 0.5 + 0.5 / 2),
    ],
)
def test_weights_add_up(cues, hashed, odds):
    """Bias, cues and hashed features of a common length of one add up to the log-odds."""
    assert yes(cues, hashed) == pytest.approx(odds)


def test_a_bucket_is_the_same_on_every_machine():
    """The column of a feature and its sign are fixed: weights that ship depend on them."""
    assert [bucket(f, 8192) for f in ("first i", "then cannot", "", "é", "\ud800")] == [
        6461,
        7354,
        -1,
        -3391,
        689,
    ]


@given(st.text(), st.integers(1, 20_000))
def test_a_bucket_is_one_of_the_columns(feature, columns):
    """Whatever the feature, its column is from one to as many as there are."""
    assert 1 <= abs(bucket(feature, columns)) <= columns


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        (refusal.WEIGHTS, ("compliance", "refusal", "partial refusal")),
        (harm.WEIGHTS, ("harmless", "harmful")),
    ],
)
def test_the_models_that_ship(name, classes):
    """Each has its classes, is small, and has its lineage beside it: data, licences, counts, script, seed."""
    found = load(name)
    assert found.classes == classes
    assert {len(weights) for weights in found.cues.values()} == {len(classes)} == {len(found.buckets)}
    assert 0 < found.threshold < 1
    folder = files("lockgate.checks")
    assert len(folder.joinpath(name).read_bytes()) <= 300_000
    lineage = folder.joinpath(name.replace(".json", ".md")).read_text("utf-8")
    for word in ("labelled data", "CC BY 4.0", "not trained on", "made by", "seed", "commit"):
        assert word in lineage


def test_a_model_is_read_once():
    """The second load is the first one's."""
    assert load(refusal.WEIGHTS) is load(refusal.WEIGHTS)
