"""Answers that name a class."""

from __future__ import annotations

import pytest

from lockgate.checks.classification import classification
from lockgate.errors import UsageError
from lockgate.matrices import tabulate
from lockgate.metrics import measure
from lockgate.model import Case, Completion, Counts, Labels, Sample

SAFE = ["safe", "not safe", "unclear"]


def judged(check, text, truth):
    return check(Case(id="a", input="?", expected=truth), Completion(text=text))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("safe", "safe"),
        (' "Not safe". ', "not safe"),
        ("**Unclear**", "unclear"),
        ("The message is not safe.", "not safe"),
        ("It is safe, quite safe", "safe"),
        ("safe or not safe", None),
        ("unsafe", None),
        ("", None),
    ],
)
def test_the_class_is_the_one_that_is_named(text, named):
    """The whole answer, or the only class in it; the longer name is looked for first."""
    for truth in SAFE:
        assert judged(classification(SAFE), text, truth).passed is (truth == named)


@pytest.mark.parametrize(
    ("text", "truth", "figures"),
    [
        (
            "safe",
            "Safe",
            {"accuracy": True, "recall_safe": True, "f1_safe": Counts(tp=1), "precision_safe": True},
        ),
        (
            "unclear",
            "safe",
            {
                "accuracy": False,
                "recall_safe": False,
                "f1_safe": Counts(fn=1),
                "f1_unclear": Counts(fp=1),
                "precision_unclear": False,
            },
        ),
        ("?", "not safe", {"accuracy": False, "recall_not_safe": False, "f1_not_safe": Counts(fn=1)}),
    ],
)
def test_an_answer_counts_for_the_classes_that_it_is_about(text, truth, figures):
    """For the class of the case and the one that is named; for others its share is absent."""
    cell = Labels(expected=truth.lower(), answered=None if text == "?" else text)
    assert judged(classification(SAFE), text, truth).figures == figures | {"macro_f1": cell}


def test_the_metrics_are_those_of_the_confusion_matrix():
    """Precision, recall and F1 of each class agree with a matrix counted by hand."""
    check = classification(["a", "b"], confusion=True)
    answers = [("a", "a")] * 3 + [("a", "b")] + [("b", "b")] * 2 + [("b", "a")] * 2 + [("b", "?")]
    samples = [
        Sample(case_id=str(n), completion=Completion(text=text), verdicts=(judged(check, text, truth),))
        for n, (truth, text) in enumerate(answers)
    ]
    values = {m.name: m.value for m in measure(samples, check.measures)}
    assert values["accuracy"] == pytest.approx(5 / 9)
    assert (values["precision_a"], values["recall_a"]) == (pytest.approx(3 / 5), pytest.approx(3 / 4))
    assert (values["precision_b"], values["recall_b"]) == (pytest.approx(2 / 3), pytest.approx(2 / 5))
    assert (values["f1_a"], values["f1_b"]) == (pytest.approx(6 / 9), pytest.approx(4 / 8))
    row = [values[f"b_as_{named}"] for named in "ab"]
    assert row == [pytest.approx(2 / 5), pytest.approx(2 / 5)]
    assert values["macro_f1"] == pytest.approx((6 / 9 + 4 / 8) / 2)
    table = tabulate(samples, check.tables)[0]
    assert (table.rows, table.columns, table.counts) == (("a", "b"), ("a", "b", None), ((3, 1, 0), (2, 2, 1)))


def test_cells_off_the_diagonal_are_better_low():
    """A gate on `a_as_b` is on a confusion."""
    check = classification(["a", "b"], confusion=True)
    cells = {m.name: m.better for m in check.measures if "_as_" in m.name}
    assert cells == {"a_as_a": "higher", "a_as_b": "lower", "b_as_a": "lower", "b_as_b": "higher"}


@pytest.mark.parametrize(
    ("options", "text", "reason"),
    [
        ({}, "unclear", "The answer names 'unclear', expected 'safe'."),
        ({}, "no idea", "The answer names none of the classes (\"no idea\"), expected 'safe'."),
        ({"path": "label"}, '{"label": "unclear"}', "The answer names 'unclear', expected 'safe'."),
        ({"path": "label"}, "safe", "The answer names none of the classes (\"\"), expected 'safe'."),
        ({"path": "label"}, '{"label": 3}', "The answer names none of the classes (\"3\"), expected 'safe'."),
        ({"ignore_case": False}, "SAFE", "The answer names none of the classes (\"SAFE\"), expected 'safe'."),
    ],
    ids=range(6),
)
def test_a_miss_says_what_was_named(options, text, reason):
    """Both classes, or what was there instead of one."""
    assert judged(classification(SAFE, **options), text, "safe").reason == reason


def test_json_may_stand_in_prose():
    """With `extract` the one value in the answer is read."""
    check = classification(SAFE, path="label", extract=True)
    assert judged(check, 'So: {"label": "safe"}', "safe").passed


def test_a_case_of_another_class_is_an_error():
    """A misspelt class in a case says the nearest one."""
    found = judged(classification(SAFE), "safe", "saef")
    assert (found.status, found.figures) == ("error", {"accuracy": None})
    assert found.reason == "The case's class 'saef' is none. Did you mean 'safe'?"


@pytest.mark.parametrize(
    ("classes", "options"),
    [
        ([], {}),
        (["a"], {}),
        (["a", "A"], {}),
        (["a b", "a-b"], {}),
        (["a", " "], {}),
        (["a", "b"], {"path": "["}),
    ],
)
def test_classes_are_names_that_differ(classes, options):
    """Fewer than two, or two that would make one metric, are refused; so is a path that is none."""
    with pytest.raises(UsageError):
        classification(classes, **options)


def test_a_large_matrix_is_refused():
    """Thirteen classes would make 169 metrics."""
    with pytest.raises(UsageError, match="confusion of 13 classes makes too many metrics"):
        classification([f"c{n}" for n in range(13)], confusion=True)
