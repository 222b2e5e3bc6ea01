"""The metrics of ragas in a session: what its model says is journalled, and a missing extra ends it."""

import sqlite3
from importlib.util import find_spec

import pytest

SUITE = """\
suite: shop
cases:
  - {id: hours, input: "When do you open?", context: "We open at nine.", expected: "At nine."}
  - {id: place, input: "Where are you?", context: "We are at the harbour.", expected: "At the harbour."}
checks:
  - ragas: {metric: context_recall, backend: "judge:v1"}
gates:
  context_recall: {min: 0.01}
"""


def set_up(desk):
    desk.declare_judge()
    desk.write("evalsuites/shop.yaml", SUITE)
    said = '{{"classifications": [{{"statement": "{}", "reason": "", "attributed": 1}}]}}'
    desk.write(
        "answers/judge.json", {"hours": said.format("At nine."), "place": said.format("At the harbour.")}
    )


@pytest.mark.skipif(find_spec("ragas") is not None, reason="the extra ragas is installed")
def test_a_missing_extra_ends_the_session_before_anything_is_asked(desk):
    """One line says what to install."""
    set_up(desk)
    result = desk.run("--llm-backend=ft:v3")
    assert result.ret == 4
    text = result.stderr.str()
    assert "The check 'ragas' needs the package 'ragas', which is not installed." in text
    assert "pip install 'lockgate[ragas]'" in text
    assert "Traceback" not in text
    assert not (desk.pytester.path / ".lockgate/journal.sqlite").exists()


@pytest.mark.slow
def test_what_its_model_says_is_journalled(desk):
    """A second run asks nothing, offline or not, and comes to the same numbers."""
    pytest.importorskip("ragas", reason="the extra ragas is not installed")
    set_up(desk)
    desk.run("--llm-backend=ft:v3", "--llm-inconclusive=warn").assert_outcomes(passed=3)
    desk.run("--llm-backend=ft:v3", "--llm-offline", "--llm-inconclusive=warn").assert_outcomes(passed=3)
    with sqlite3.connect(desk.pytester.path / ".lockgate/journal.sqlite") as database:
        counts = dict(database.execute("SELECT backend, count(*) FROM completions GROUP BY backend"))
    assert counts == {"ft:v3": 2, "judge:v1": 2}
