"""The journal's options: nothing is paid twice; only `--llm-fresh` pays again."""

import re

COUNTING = """\
from lockgate.model import Completion

class Counting:
    name, prompt = "ft:v3", None
    identity = {"kind": "counting"}

    def complete(self, requests):
        for request in requests:
            with open("asked.txt", "a") as log:
                print(request.case_id, request.trial, file=log)
            yield Completion(text="At nine in the harbour.", cost=0.5, request=request)
"""


def asked(desk) -> int:
    log = desk.pytester.path / "asked.txt"
    return len(log.read_text().splitlines()) if log.exists() else 0


def counting(desk) -> None:
    """Put a backend that logs what it is asked in the place of ft:v3."""
    desk.write(
        "conftest.py",
        COUNTING
        + """
from lockgate.documents.project import Project

_backend = Project.backend
Project.backend = lambda self, name: Counting() if self.select(name) == "ft:v3" else _backend(self, name)

def pytest_unconfigure():
    Project.backend = _backend
""",
    )


def test_a_rerun_asks_nothing(desk):
    """An unchanged second run replays everything."""
    counting(desk)
    assert desk.run("--llm-backend=ft:v3").ret == 0
    assert asked(desk) == 2
    again = desk.run("--llm-backend=ft:v3")
    assert asked(desk) == 2
    again.assert_outcomes(passed=2)
    again.stdout.fnmatch_lines(["*2 from the journal*"])


def test_workers_ask_everything_once(desk):
    """With `-n 2` each request is asked once."""
    counting(desk)
    desk.run("--llm-backend=ft:v3", workers=2).assert_outcomes(passed=2)
    assert asked(desk) == 2


def test_fresh_asks_again(desk):
    """`--llm-fresh` asks again what is recorded, with workers too."""
    counting(desk)
    desk.run("--llm-backend=ft:v3")
    desk.run("--llm-backend=ft:v3", "--llm-fresh")
    assert asked(desk) == 4
    desk.run("--llm-backend=ft:v3", "--llm-fresh", workers=2).assert_outcomes(passed=2)
    assert asked(desk) == 6


def test_trials_are_samples_of_their_own(desk):
    """`--llm-trials` overrides the suite; only the new trials are asked."""
    counting(desk)
    desk.run("--llm-backend=ft:v3")
    desk.run("--llm-backend=ft:v3", "--llm-trials=3").assert_outcomes(passed=2)
    assert asked(desk) == 6


def test_offline_replays_and_refuses(desk):
    """`--llm-offline` replays what is recorded and fails what is not, naming the nearest recording."""
    counting(desk)
    desk.run("--llm-backend=ft:v3")
    assert desk.run("--llm-backend=ft:v3", "--llm-offline").ret == 0
    desk.write(
        "evalsuites/shop.yaml",
        (desk.pytester.path / "evalsuites/shop.yaml")
        .read_text()
        .replace("Where are you?", "Where exactly are you?"),
    )
    result = desk.run("--llm-backend=ft:v3", "--llm-offline")
    result.assert_outcomes(passed=1, failed=1)
    text = re.sub(r"\s+", " ", result.stdout.str())
    assert "'place' is not in the journal and --llm-offline forbids asking." in text
    assert "recorded 'user: Where are you?', now 'user: Where exactly are you?'" in text
    assert asked(desk) == 2


def test_rescore_runs_checks_on_what_is_recorded(desk):
    """`--llm-rescore` judges recorded answers with today's checks; what is not recorded is skipped."""
    counting(desk)
    desk.run("--llm-backend=ft:v3", "-k", "hours")
    result = desk.run("--llm-backend=ft:v3", "--llm-rescore")
    result.assert_outcomes(passed=1, skipped=1)
    assert asked(desk) == 1


def test_max_cost_leaves_the_rest_unscored(desk):
    """`--llm-max-cost` stops asking; what is unasked is skipped, and counts against the gates."""
    counting(desk)
    desk.write(
        "evalsuites/shop.yaml",
        (desk.pytester.path / "evalsuites/shop.yaml").read_text() + "gates:\n  accuracy: {min: 0.5}\n",
    )
    result = desk.run("--llm-backend=ft:v3", "--llm-max-cost=0.4")
    result.assert_outcomes(passed=1, skipped=1, failed=1)
    assert asked(desk) == 1


def test_the_journal_can_be_elsewhere(desk):
    """`--llm-journal` names the file; the default is not made."""
    counting(desk)
    desk.run("--llm-backend=ft:v3", "--llm-journal=kept/here.sqlite")
    assert (desk.pytester.path / "kept/here.sqlite").is_file()
    assert not (desk.pytester.path / ".lockgate").exists()


def test_a_damaged_journal_is_reported(desk):
    """A damaged journal is set aside, the run goes on, and the summary says where the file is."""
    counting(desk)
    desk.write(".lockgate/journal.sqlite", "garbage" * 500)
    result = desk.run("--llm-backend=ft:v3")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*the journal was damaged; it is kept as *.damaged-*"])
