"""A baseline that is kept in git: what later runs say beside it."""

import json

import pytest
from click.testing import CliRunner

from lockgate.cli import main

GATE = "gates:\n  accuracy: {min: %s, no_worse_than: baseline, margin: 0.1}\n"


@pytest.fixture
def kept(desk, monkeypatch):
    """A desk whose run of 200 cases, 190 of them right, is its baseline."""
    desk.many(200, right=190, gates=GATE % 0.9)
    desk.run("--llm-backend=ft:v3", "--llm-inconclusive=warn")
    monkeypatch.chdir(desk.pytester.path)
    found = CliRunner().invoke(main, ["baseline", "set", "ft:v3"])
    assert found.exit_code == 0, found.output
    return desk


def answers(desk, wrong):
    """Answers of ft:v3 with other misses than the baseline's 10."""
    desk.write("answers/v3.json", {f"c{n:03}": "no" if n in wrong else "yes" for n in range(200)})


def test_it_is_compared_with_without_being_named(kept):
    """The same answers are no worse, and no case flips."""
    result = kept.run("--llm-backend=ft:v3")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["note: Cases against ft:v3 (baselines/many.json): 0 newly failing, 0 fixed, *, 200 unchanged."]
    )


def test_a_regression_fails_and_names_its_cases(kept):
    """Sixty new misses are a regression, and the first are named; the old ten are fixed."""
    answers(kept, set(range(60)))
    result = kept.run("--llm-backend=ft:v3", "--llm-fresh", "--llm-report=out")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["note: Cases against *: 60 newly failing (c000, c001, c002, c003, c004 and 55 more), 10 fixed, *"]
    )
    (run,) = json.loads((kept.pytester.path / "out/run.json").read_text("utf-8"))["runs"]
    flips = run["comparison"]["flips"]
    assert [flip["status"] for flip in flips] == ["newly failing"] * 60 + ["fixed"] * 10
    assert run["rulings"][0]["regression"] is True


def test_a_weaker_bound_is_said_loudly(kept):
    """It passes, and the first note says what it was."""
    kept.many(200, right=190, gates=GATE % 0.5)
    result = kept.run("--llm-backend=ft:v3")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["note: WEAKENED since the baseline ft:v3 (baselines/many.json): accuracy: min was 0.9 and is 0.5."]
    )


def test_what_is_named_comes_before_what_is_kept(kept):
    """With `--llm-baseline` the file is not looked at."""
    result = kept.run("--llm-backend=ft:v3", "--llm-baseline=nowhere.json")
    assert result.ret == 4


def test_groups_have_items_of_their_own(desk):
    """Each value of a field is a gate in the summary, with its own n."""
    desk.many(120, right=100, gates="gates:\n  accuracy: {min: 0.5, by: half}\n")
    path = desk.pytester.path / "evalsuites/many.yaml"
    text = path.read_text("utf-8")
    for n in range(120):
        text = text.replace(f"id: c{n:03},", f"id: c{n:03}, half: {'ab'[n % 2]},", 1)
    path.write_text(text, "utf-8")
    result = desk.run("--llm-backend=ft:v3", "-rA")
    result.stdout.fnmatch_lines(["accuracy ?a?  pass * 60 *", "accuracy ?b?  pass * 60 *"])
    result.stdout.fnmatch_lines(["PASSED evalsuites/many.yaml::gate::accuracy ?a?"])
