"""The check on verifiable instructions: what it takes, what it counts, what it says."""

from __future__ import annotations

import pytest

from lockgate.checks import instructions as module
from lockgate.checks.instructions import Instruction, instructions, read_instructions
from lockgate.errors import UsageError
from lockgate.model import Case, Completion, Measure

IDS = ["punctuation:no_comma", "keywords:existence"]
ARGUMENTS = [{}, {"keywords": ["cat"], "frequency": None}]


def judged(check, text, **fields):
    return check(Case(id="a", input="?", fields=fields), Completion(text=text))


@pytest.mark.parametrize(
    ("text", "followed", "share"),
    [("a cat", True, 1.0), ("a cat, a dog", False, 0.5), ("a dog, a cow", False, 0.0), (" ", False, 0.0)],
)
def test_all_have_to_be_followed(text, followed, share):
    """The rate counts answers that follow all of theirs, the mean the share that is followed."""
    check = instructions("{{ ids }}", kwargs="{{ kwargs }}")
    found = judged(check, text, ids=IDS, kwargs=ARGUMENTS)
    assert found.passed is followed
    assert found.figures == {"instructions": followed, "instructions_followed": share}
    assert check.measures == (
        Measure(name="instructions"),
        Measure(name="instructions_followed", kind="mean"),
    )


def test_each_instruction_is_a_line_of_the_verdict():
    """The reason has those that are not followed, the evidence all of them."""
    found = judged(instructions(IDS, kwargs=ARGUMENTS), "a dog, a cat")
    assert found.reason == "1 of 2 instructions not followed: punctuation:no_comma: it has a comma."
    assert [(line.note, line.score) for line in found.evidence] == [
        ("punctuation:no_comma: it has a comma", 0.0),
        ("keywords:existence: followed", 1.0),
    ]


def test_an_empty_answer_follows_nothing():
    """As published: without an answer no instruction is followed."""
    found = judged(instructions({"punctuation:no_comma": None}), "\n")
    assert found.reason == "1 of 1 instructions not followed: punctuation:no_comma: the answer is empty."


def test_an_endless_answer_is_not_read():
    """Beyond 200,000 characters the answer follows nothing."""
    found = judged(instructions({"punctuation:no_comma": {}}), "x" * 200_001)
    assert "200,001 characters are more than the 200,000 that are read" in found.reason


def test_a_case_without_instructions_is_left_out():
    """Nothing falls short where nothing was asked for."""
    for ids in ([], None, {}):
        found = judged(instructions("{{ ids }}"), "x", ids=ids)
        assert (found.status, found.figures) == ("unscored", {})


def test_a_mapping_holds_ids_and_arguments():
    """What a suite asks of every answer is written as id: arguments."""
    assert read_instructions({"keywords:existence": {"keywords": ["a"]}}) == [
        Instruction(id="keywords:existence", arguments={"keywords": ["a"]})
    ]


@pytest.mark.parametrize(
    ("given", "kwargs", "text"),
    [
        ("no_comma", None, "instructions cannot be 'no_comma'. Write a list of ids, or a mapping"),
        (["punctuation:no_commas"], None, "There is no instruction 'punctuation:no_commas'. Did you mean"),
        (IDS, [{}], "kwargs has to be a list of 2 mappings, one for each id of instructions."),
        (IDS, None, "The instruction 'keywords:existence' takes keywords, not none."),
        (
            ["punctuation:no_comma"],
            [{"x": 1}],
            "The instruction 'punctuation:no_comma' takes no arguments, not x.",
        ),
        (
            ["punctuation:no_comma"],
            [[1]],
            "The arguments of 'punctuation:no_comma' cannot be [1]. Write a map",
        ),
        (
            ["keywords:existence"],
            [{"keywords": "a"}],
            "keywords of 'keywords:existence' cannot be 'a'. Write a list",
        ),
        (
            ["keywords:existence"],
            [{"keywords": [1]}],
            "keywords of 'keywords:existence' cannot be [1]. Write a list",
        ),
        (
            {"length_constraints:number_words": {"relation": "at most", "num_words": 3}},
            None,
            "relation of 'length_constraints:number_words' cannot be 'at most'. Write 'less than' or 'at",
        ),
        (
            {"detectable_format:number_bullet_lists": {"num_bullets": True}},
            None,
            "num_bullets of 'detectable_format:number_bullet_lists' cannot be True. Write a whole number.",
        ),
        (
            {"detectable_format:number_bullet_lists": {"num_bullets": -1}},
            None,
            "num_bullets of 'detectable_format:number_bullet_lists' cannot be -1. Write a whole number.",
        ),
    ],
    ids=range(11),
)
def test_what_is_no_instruction_is_refused(given, kwargs, text):
    """In the suite it is a mistake; from a case it is an error of that case."""
    with pytest.raises(UsageError) as caught:
        instructions(given, kwargs=kwargs)
    assert str(caught.value).startswith(text)
    found = judged(instructions("{{ ids }}", kwargs="{{ kwargs }}"), "x", ids=given, kwargs=kwargs)
    assert (found.status, found.figures) == ("error", {"instructions": None})


def test_a_suites_own_instructions_are_read_once(monkeypatch):
    """Only what comes from the case is read for each answer."""
    check, templates = instructions({"punctuation:no_comma": None}), instructions("{{ ids }}")
    monkeypatch.setattr(module, "read_instructions", lambda *given: [])
    assert judged(check, "a cat").passed
    assert judged(templates, "a cat", ids=IDS[:1]).status == "unscored"
