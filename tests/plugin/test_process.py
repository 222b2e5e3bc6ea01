"""What a session changes in its process: nothing stays changed."""

import gc


def test_garbage_is_looked_for_less_while_lockgate_is_awake(desk):
    """The threshold is raised during the session and as before afterwards."""
    desk.write("answers/v3.json", {"hours": "At nine.", "place": "At the harbour."})
    desk.write("test_seen.py", "import gc\ndef test_seen():\n    assert gc.get_threshold()[0] >= 20_000\n")
    before = gc.get_threshold()
    desk.run("--llm-backend=ft:v3", "evalsuites", "test_seen.py").assert_outcomes(passed=3)
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_a_session_without_suites_changes_nothing(desk):
    """An installed and unused plugin leaves the collector alone."""
    before = gc.get_threshold()
    desk.write("test_seen.py", f"import gc\ndef test_seen():\n    assert gc.get_threshold() == {before}\n")
    desk.run("test_seen.py").assert_outcomes(passed=1)
