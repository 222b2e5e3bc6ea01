"""A file of human labels: its rows in every format, and every mistake at its line."""

from __future__ import annotations

import pytest

from lockgate.documents.labels import read_labels
from lockgate.errors import DocumentError
from lockgate.model import Case, Check, Measure, Spec

CASES = (Case(id="a", input="What?", context="It is blue."), Case(id="7", input="Why?"))


def check_of(**args):
    return Check(
        name="judge",
        measures=(Measure(name="right"),),
        judge=lambda case, completion: None,
        spec=Spec(name="judge", args=args),
    )


def read(folder, text, ending=".jsonl", **args):
    path = folder / f"labels{ending}"
    path.write_text(text, "utf-8")
    return read_labels(path, check_of(**args), CASES)


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (
            ".jsonl",
            (
                '{"case": "a", "answer": "Blue.", "label": true, "group": 3}\n'
                '{"case": 7, "answer": "So.", "label": false}'
            ),
        ),
        (".csv", "case,answer,label,group\na,Blue.,true,3\n7,So.,FALSE,\n"),
        (
            ".yaml",
            "- {case: a, answer: Blue., label: true, group: 3}\n- {case: 7, answer: So., label: false}\n",
        ),
        (
            ".json",
            (
                '[{"case": "a", "answer": "Blue.", "label": true, "group": "3"}, '
                '{"case": "7", "answer": "So.", "label": 0}]'
            ),
        ),
    ],
)
def test_every_format_says_the_same(tmp_path, ending, text):
    """The suite's case, the answer, the label in the check's terms, and the group."""
    first, second = read(tmp_path, text, ending)
    assert (first.case, first.answer, first.group) == (CASES[0], "Blue.", "3")
    assert (first.label.good, second.label.good, second.case.id, second.group) == (True, False, "7", "")


def test_a_row_may_be_a_case_of_its_own(tmp_path):
    """With input, context and whatever a case has, and without what belongs to the label."""
    (found,) = read(
        tmp_path, '{"id": "x", "input": "Q", "context": "C", "tone": "warm", "answer": "A", "label": 1}'
    )
    assert found.case == Case(id="x", input="Q", context="C", fields={"tone": "warm"})


def test_a_row_may_bring_the_context_of_its_answer(tmp_path):
    """What was retrieved for it, in the place of the case's."""
    (found,) = read(tmp_path, '{"case": "a", "context": ["Red."], "answer": "A", "label": true}')
    assert (found.case.input, found.case.context) == ("What?", ("Red.",))


def test_labels_are_on_the_checks_scale(tmp_path):
    """As numbers, words, or texts of a table."""
    found = read(tmp_path, "case,answer,label\na,A,4\na,B,1\n", ".csv", scale="1..5")
    assert [(one.said, one.label.label, one.label.good) for one in found] == [
        ("4", 0.75, True),
        ("1", 0, False),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{"case": "b", "answer": "A", "label": true}', 1, "The suite has no case 'b'. "),
        ('{"case": "a", "label": true}', 1, "The key 'answer' is missing in a label"),
        ('{"case": "a", "answer": "A"}', 1, "The key 'label' is missing in a label"),
        ('{"answer": "A", "label": true}', 1, "The key 'input' is missing in a case"),
        (
            '{"case": "a", "answer": "A", "label": "great"}',
            1,
            "The label 'great' is not on the scale of 'judge'.",
        ),
        ('{"case": "a", "answer": "A", "label": [1]}', 1, "'label' cannot be a list."),
        ('{"case": "a", "answer": 5, "label": true}', 1, "'answer' cannot be 5."),
        ("", 1, "There are no labels. Write one row for each answer."),
        (
            '{"case": "a", "answer": "A", "label": true}\n{"case": "a", "answer": "A", "label": false}',
            2,
            "This answer already has a label in line 1. Delete one of them.",
        ),
        ("{", 1, ""),
    ],
)
def test_a_mistake_is_shown_at_its_line(tmp_path, text, line, message):
    """With what is wrong and what to do."""
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, text)
    (problem,) = caught.value.problems
    assert problem.line == line
    assert problem.message.startswith(message)


def test_all_mistakes_are_told_at_once(tmp_path):
    """One run of the command shows every line to be mended."""
    with pytest.raises(DocumentError) as caught:
        read(
            tmp_path,
            '{"case": "b", "answer": "A", "label": true}\n{"case": "a", "answer": "A", "label": "x"}',
        )
    assert [problem.line for problem in caught.value.problems] == [1, 2]
