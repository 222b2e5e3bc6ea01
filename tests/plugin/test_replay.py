"""Recordings in git: exported where answers were asked, imported where only replaying is allowed."""

import shutil

from click.testing import CliRunner
from test_option_journal import asked, counting

from lockgate.cli import main


def journal(*arguments: str):
    return CliRunner().invoke(main, ["journal", *arguments], catch_exceptions=False)


def test_ci_replays_what_was_recorded_elsewhere(desk, monkeypatch):
    """Export in one folder, import in another: `--llm-offline` passes there and asks nothing."""
    counting(desk)
    desk.run("--llm-backend=ft:v3")
    monkeypatch.chdir(desk.pytester.path)
    assert journal("export", "-o", "recordings/ft.jsonl").exit_code == 0
    shutil.rmtree(".lockgate")
    result = desk.run("--llm-backend=ft:v3", "--llm-offline")
    result.assert_outcomes(failed=2)
    assert "2 new" in journal("import", "recordings/ft.jsonl").stdout
    result = desk.run("--llm-backend=ft:v3", "--llm-offline")
    result.assert_outcomes(passed=2)
    assert (result.ret, asked(desk)) == (0, 2)


def test_an_import_from_another_state_names_the_nearest(desk, monkeypatch):
    """A question edited since then is no silent pass."""
    counting(desk)
    desk.run("--llm-backend=ft:v3")
    monkeypatch.chdir(desk.pytester.path)
    journal("export", "-o", "r.jsonl")
    shutil.rmtree(".lockgate")
    journal("import", "r.jsonl")
    suite = desk.pytester.path / "evalsuites/shop.yaml"
    suite.write_text(suite.read_text().replace("Where are you?", "Where to?"))
    result = desk.run("--llm-backend=ft:v3", "--llm-offline")
    result.assert_outcomes(passed=1, failed=1)
    assert "now 'user: Where to?'" in result.stdout.str()
