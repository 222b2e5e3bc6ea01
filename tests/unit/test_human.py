"""Human labels: in a check's terms, and for the very answers that a run has."""

from __future__ import annotations

import pytest

from lockgate.human import Labelled, human_labels, read_label
from lockgate.model import Case, Check, Completion, Measure, Sample, Spec, Suite


def check_of(metric="right", name="judge", **args):
    return Check(
        name=name,
        measures=(Measure(name=metric),),
        judge=lambda case, completion: None,
        spec=Spec(name=name, args=args),
    )


def suite_of(human, *checks):
    case = Case(id="a", input="?", fields={} if human is None else {"human": human})
    return Suite(name="s", path="s.yaml", cases=(case,), checks=checks or (check_of(),))


def sample(text, *, trial=0):
    return Sample(case_id="a", trial=trial, completion=Completion(text=text))


@pytest.mark.parametrize(
    ("args", "said", "label"),
    [
        ({}, True, (1.0, True)),
        ({}, False, (0.0, False)),
        ({}, 0.5, (0.5, True)),
        ({}, 0.4, (0.4, False)),
        ({"threshold": 0.7}, 0.6, (0.6, False)),
        ({"scale": "1..5"}, 4, (0.75, True)),
        ({"scale": "1..5", "threshold": 0.8}, "4", (0.75, False)),
        ({"scale": "1..5", "threshold": 1}, True, (1.0, True)),
        ({"scale": ["bad", "good"]}, "bad", (0.0, False)),
    ],
)
def test_a_label_is_read_as_the_judge_reads_its_own(args, said, label):
    """On its scale, and good from its threshold on; true and false are good and bad."""
    found = read_label(check_of(**args), said)
    assert (found.label, found.good) == label


def test_another_checks_threshold_is_of_its_own_scores():
    """What `grounded` calls 0.9 is a probability, and no part of what people say."""
    assert read_label(check_of(name="grounded", threshold=0.9), 0.6) == Labelled(label=0.6, good=True)


@pytest.mark.parametrize("said", ["perfect", 7, -1, None, [1]])
def test_a_label_that_is_not_on_the_scale_is_none(said):
    """It is for the reader of the file to say where it stands."""
    assert read_label(check_of(scale="1..5"), said) is None


def test_a_broken_scale_is_as_none():
    """A check of somebody else may call something else a scale."""
    assert read_label(check_of(name="own", scale="big"), 0.5) == Labelled(label=0.5, good=True)


def test_only_the_labelled_text_has_the_label():
    """Another answer to the same case was not seen by anybody."""
    suite = suite_of({"answer": "Yes.", "right": True})
    found = human_labels(suite, [sample("Yes."), sample("yes", trial=1), Sample(case_id="a", trial=2)])
    assert found.by_metric == {"right": {("a", 0): Labelled(label=1.0, good=True)}}
    assert found.notes == ()


def test_several_answers_may_have_labels_and_each_for_several_metrics():
    """A list has one entry for each answer."""
    human = [{"answer": "Yes.", "right": True, "kind": 0.2}, {"answer": "No.", "right": False}]
    suite = suite_of(human, check_of("right"), check_of("kind"))
    found = human_labels(suite, [sample("No."), sample("Yes.", trial=1)]).by_metric
    assert found["right"] == {
        ("a", 0): Labelled(label=0.0, good=False),
        ("a", 1): Labelled(label=1.0, good=True),
    }
    assert found["kind"] == {("a", 1): Labelled(label=0.2, good=False)}


@pytest.mark.parametrize(
    ("human", "note"),
    [
        (
            {"right": True},
            "A human label of the case 'a' cannot be used. Write {answer: the labelled text, METRIC",
        ),
        ("good", "A human label of the case 'a' cannot be used."),
        ([{"answer": 3, "right": True}], "A human label of the case 'a' cannot be used."),
        (
            {"answer": "Yes.", "rigth": True},
            "A human label of the case 'a' is of 'rigth', the first metric of no",
        ),
        (
            {"answer": "Yes.", "right": "big"},
            "The human label 'big' of the case 'a' is not on the scale of 'right'.",
        ),
    ],
)
def test_what_cannot_be_used_is_noted(human, note):
    """And counts for nothing."""
    found = human_labels(suite_of(human), [sample("Yes.")])
    assert found.by_metric == {}
    assert found.notes[0].startswith(note)


def test_without_labels_there_is_nothing():
    """No field, no note."""
    found = human_labels(suite_of(None), [sample("Yes.")])
    assert (dict(found.by_metric), found.notes) == ({}, ())
