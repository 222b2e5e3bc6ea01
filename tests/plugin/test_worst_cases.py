"""The worst cases in pytest's closing lines."""

import pytest

GATES = "gates:\n  accuracy: {min: 0.9}\n"


@pytest.mark.parametrize(("args", "shown"), [((), 3), (("-v",), 10), (("-q",), 0)])
def test_so_many_are_shown(desk, args, shown):
    """Three of a gate that did not pass, ten under `-v`, none under `-q`, though all are counted."""
    desk.many(50, right=20, gates=GATES)
    lines = desk.run("--llm-backend=ft:v3", *args).stdout.lines
    assert sum(line.startswith("    answered: no") for line in lines) == shown
    assert (f"worst of accuracy, {shown} of 30 that fall short:" in lines) is bool(shown)


def test_what_is_shown_says_why(desk):
    """Prompt, answer and reason, each on its line."""
    desk.many(50, right=20, gates=GATES)
    desk.run("--llm-backend=ft:v3").stdout.fnmatch_lines(
        [
            "worst of accuracy, 3 of 30 that fall short:",
            "  c020",
            "    asked: Say yes 20.",
            "    answered: no",
            "    equals: *",
        ]
    )


def test_a_log_is_not_cut_to_eighty_columns(desk):
    """Where there is no terminal, lines have 160."""
    desk.many(50, right=20, gates=GATES)
    desk.write("answers/v3.json", {f"c{n:03}": "yes" if n < 20 else "n" * 500 for n in range(50)})
    lines = desk.run("--llm-backend=ft:v3").stdout.lines
    assert {len(line) for line in lines if line.startswith("    answered:")} == {160}


def test_gates_that_pass_have_none(desk):
    """Nothing is shown where nothing has to be done."""
    desk.many(50, right=50, gates=GATES)
    desk.run("--llm-backend=ft:v3").stdout.no_fnmatch_line("worst of *")
