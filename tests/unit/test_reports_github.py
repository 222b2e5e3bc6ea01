"""GitHub Actions: workflow commands that nothing in an answer can break, and the step's summary."""

import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from runs import FREE, MISS, any_runs, ruling, run

from lockgate.errors import UsageError
from lockgate.model import Completion, Gate, Sample, Where
from lockgate.reports.github import MOST_ANNOTATIONS, append_summary, link_to, workflow_commands

COMMAND = re.compile(r"::(error|warning) ((?:file=[^,:]*,line=\d+,)?title=[^,:\r\n]*)::([^\r\n]*)")
TITLE = "triage on ft%3Av3%3A"
GITHUB = {
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "me/desk",
    "GITHUB_SHA": "abc123",
}


def gate(status, reason="Why.", line=7, **changes):
    made = ruling(status=status, reason=reason)
    bound = Gate(metric="accuracy", min=0.9, where=Where(path="evalsuites/triage.yaml", line=line))
    return replace(made, gate=bound, **changes)


def told(*runs, **named):
    return workflow_commands(runs, environ={}, **named)


def test_a_gate_is_told_at_its_line():
    """What failed and what stayed open are errors; a pass is nothing."""
    made = run(samples=(), rulings=(gate("fail", line=7), gate("pass", line=8), gate("inconclusive", line=9)))
    assert told(made) == [
        "::error file=evalsuites/triage.yaml,line=7,title=triage on ft%3Av3%3A accuracy failed::Why.",
        f"::error file=evalsuites/triage.yaml,line=9,title={TITLE} accuracy is inconclusive::Why.",
    ]


def test_an_open_gate_may_be_a_warning():
    """As it is for the exit code; what failed stays an error, and comes first."""
    made = run(samples=(), rulings=(gate("inconclusive"), gate("fail")))
    found = told(made, inconclusive="warn")
    assert [line.partition(" ")[0] for line in found] == ["::error", "::warning"]


def test_a_group_s_gate_names_the_group():
    """Else two gates would read the same."""
    [line] = told(run(samples=(), rulings=(gate("fail", group="en"),)))
    assert "title=triage on ft%3Av3%3A accuracy [en] failed" in line


def test_a_case_that_fails_by_itself_is_told_at_its_row():
    """One without an answer, and one whose miss no gate governs; where its row is unknown, at the suite."""
    samples = (
        Sample(case_id="b", completion=Completion(text="x"), verdicts=(FREE,)),
        Sample(case_id="c", error="connection refused"),
        Sample(case_id="d", completion=Completion(text="x"), verdicts=(MISS,)),
        Sample(case_id="e"),
    )
    places = {"b": Where(path="cases.jsonl", line=2)}
    made = run(samples=samples, places=places, rulings=(gate("pass"),), suite_path="evalsuites/triage.yaml")
    assert told(made) == [
        f"::error file=cases.jsonl,line=2,title={TITLE} b::contains: The answer does not contain 'Hi'.",
        f"::error file=evalsuites/triage.yaml,line=1,title={TITLE} c::no answer: connection refused",
    ]


def test_what_commands_are_made_of_is_escaped():
    """Per cent, line ends, colons and commas, as the runner reads them back; terminal codes show as text."""
    where = Where(path="a,b:c%.yaml", line=1)
    made = replace(gate("fail", "50 %\r\n::error::x\x1b[31m"), gate=Gate(metric="a\nb", min=0.9, where=where))
    [line] = told(run(samples=(), rulings=(made,)))
    kind, properties, message = COMMAND.fullmatch(line).groups()
    assert kind == "error"
    assert properties == "file=a%2Cb%3Ac%25.yaml,line=1,title=triage on ft%3Av3%3A a%0Ab failed"
    assert message == "50 %25\\x0d%0A::error::x\\x1b[31m"


@given(any_runs)
def test_any_run_is_told_in_whole_commands(made):
    """No text in a run ends a command or begins another."""
    for line in told(made, made):
        assert COMMAND.fullmatch(line)


def test_github_shows_ten_of_a_kind():
    """The tenth says how many more there are; warnings are counted for themselves."""
    rulings = [gate("inconclusive")] * 12
    samples = tuple(Sample(case_id=str(n), error="down") for n in range(25))
    found = told(run(samples=samples, rulings=tuple(rulings)), inconclusive="warn")
    kinds = [line.split(" ", 1)[0] for line in found]
    assert kinds == ["::error"] * MOST_ANNOTATIONS + ["::warning"] * MOST_ANNOTATIONS
    assert found[9] == (
        "::error title=Lockgate::16 more errors are not shown here; they are in the summary and the reports."
    )


def test_a_long_reason_is_cut():
    """An answer of a megabyte is no annotation."""
    [line] = told(run(samples=(), rulings=(gate("fail", "x" * 5000),)))
    assert line.endswith("::" + "x" * 1000 + "…")


def test_files_are_named_from_the_checkout(tmp_path, monkeypatch):
    """Where pytest runs in a folder of the repository, that folder stands before the file."""
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    made = run(samples=(), rulings=(gate("fail"),))
    [line] = workflow_commands([made], environ={"GITHUB_WORKSPACE": str(tmp_path)})
    assert "file=desk/evalsuites/triage.yaml,line=7," in line


def test_a_case_has_an_address_at_the_commit(tmp_path, monkeypatch):
    """Blanks and the like are quoted, so that the address ends where it should."""
    monkeypatch.chdir(tmp_path)
    address = link_to(Where(path='ca ses/"a".jsonl', line=3), environ=GITHUB)
    assert address == "https://github.example/me/desk/blob/abc123/ca%20ses/%22a%22.jsonl#L3"
    assert unquote(address).endswith('ca ses/"a".jsonl#L3')


@pytest.mark.parametrize("gone", sorted(GITHUB))
def test_outside_github_there_is_no_address(gone):
    """One variable that is missing is enough."""
    assert link_to(Where(path="a"), environ={k: v for k, v in GITHUB.items() if k != gone}) is None


def test_what_is_not_in_the_checkout_has_no_address(tmp_path):
    """A dataset from elsewhere is not at that commit."""
    environ = {**GITHUB, "GITHUB_WORKSPACE": str(tmp_path)}
    assert link_to(Where(path="/elsewhere/cases.jsonl"), environ=environ) is None
    assert link_to(Where(path="/elsewhere/cases.jsonl"), environ=GITHUB) is None


def test_the_summary_is_appended(tmp_path):
    """What other steps wrote before stays."""
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    assert append_summary("ü\n", environ={"GITHUB_STEP_SUMMARY": str(file)})
    assert file.read_text("utf-8") == "before\nü\n\n"


@pytest.mark.parametrize("environ", [{}, {"GITHUB_STEP_SUMMARY": ""}])
def test_without_a_file_nothing_is_appended(environ):
    """The caller is told so."""
    assert append_summary("x", environ=environ) is False


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    """It names the variable."""
    with pytest.raises(UsageError, match=r"GITHUB_STEP_SUMMARY: .* cannot be written"):
        append_summary("x", environ={"GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "x.md")})
