"""`stop: early`: pytest ends asking when every gate is decided, and rules as a replay would."""

import random

import pytest

GATES = "stop: early\ngates:\n  accuracy: {min: 0.9}\n"


def test_a_decided_suite_says_after_how_many_cases(desk):
    """The run is ruled on what the deciding look had; the exit code is that of its gates."""
    desk.many(300, right=300, gates=GATES)
    result = desk.run("--llm-backend=ft:v3", "--junitxml=junit.xml")
    assert result.ret == 0
    result.stdout.re_match_lines([r"note: Stopped after \d+ of 300 cases, drawn by chance: every gate was.*"])
    again = desk.run("--llm-backend=ft:v3", "--llm-offline")
    line = [told for told in result.outlines if told.startswith("note: Stopped")]
    assert [told for told in again.outlines if told.startswith("note: Stopped")] == line


def test_an_undecided_suite_is_asked_to_the_end(desk):
    """Right at the bound nothing is saved, and the ruling says what it would take."""
    desk.many(100, right=90, gates=GATES)
    result = desk.run("--llm-backend=ft:v3")
    assert result.ret == 1
    result.stdout.no_fnmatch_line("*Stopped after*")
    result.stdout.fnmatch_lines(["*inconclusive*"])


def test_workers_ask_everything_and_rule_alike(desk):
    """Of two processes none sees enough to stop; the ruling is on the same cases all the same."""
    desk.many(120, right=120, gates=GATES)
    alone = desk.run("--llm-backend=ft:v3", "--llm-fresh")
    spread = desk.run("--llm-backend=ft:v3", "--llm-fresh", workers=2)
    assert (alone.ret, spread.ret) == (0, 0)
    told = [
        [line for line in run.outlines if line.startswith(("note: Stopped", "accuracy "))]
        for run in (alone, spread)
    ]
    assert told[0] == told[1]
    assert len(told[0]) == 2


@pytest.mark.parametrize(("place", "ret", "said"), [(0, 1, "were not run"), (-1, 0, "note: Stopped after")])
def test_a_deselected_case_leaves_the_gates_open_if_it_was_needed(desk, place, ret, said):
    """The first case drawn holds every look back; the last one would not have been asked anyway."""
    desk.many(60, right=60, gates=GATES)
    ids = [f"c{number:03}" for number in range(60)]
    random.Random(0).shuffle(ids)
    result = desk.run("--llm-backend=ft:v3", "-k", f"not {ids[place]}")
    assert result.ret == ret
    assert any(said in line for line in result.outlines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stop: late\n", "'stop' cannot be 'late'. The words there are: 'early'."),
        ("stop: early\ncluster: group\n", "'stop: early' cannot rule on cases that depend on each other."),
        ("stop: early\nvariants: [typos]\n", "'stop: early' cannot rule on variants."),
    ],
)
def test_what_cannot_stop_early_is_told_at_its_place(desk, text, said):
    """One error at line and column, before anything is asked."""
    desk.many(3, right=3, gates=text)
    result = desk.run("--llm-backend=ft:v3")
    assert result.ret == 4
    assert said in str(result.stderr) + str(result.stdout)
