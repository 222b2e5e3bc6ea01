"""`lockgate report` and `lockgate compare`."""

import dataclasses
import json
import os

import pytest
from click.testing import CliRunner
from runs import run

from lockgate.cli import main
from lockgate.engine.journal import Journal, run_id
from lockgate.registry import BUILTIN
from lockgate.report_commands import FORMATS
from lockgate.reports.record import read_record, record


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with a run file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.json").write_text(record([run(), run("prompt:v1")]))
    return tmp_path


def call(*arguments):
    """What the command gives."""
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


def test_the_whole_folder_is_written(here):
    """Every registered report is there, whole, and named on stdout."""
    done = call("run.json", "--out", "out")
    assert done.exit_code == 0
    names = sorted(path.name for path in (here / "out").iterdir())
    assert {*BUILTIN["reports"]} <= {*names}
    assert done.stdout.splitlines() == [f"out{os.sep}{name}" for name in names]
    assert (here / "out/run.json").read_text() == (here / "run.json").read_text()


def test_the_folder_is_called_report_by_default(here):
    """And the exit code is 0 whatever the rulings are."""
    assert call("run.json").exit_code == 0
    assert "ft:v3" in (here / "report/report.html").read_text("utf-8")


def test_one_format_is_printed(here):
    """It can be piped on."""
    done = call("run.json@ft:v3", "--format", "json")
    assert [one.backend for one in read_record(done.stdout)] == ["ft:v3"]
    assert not (here / "report").exists()


def test_one_format_is_written_where_out_is_given(here):
    """Only that file."""
    done = call("run.json", "--format", "html", "--out", "site")
    assert done.exit_code == 0
    assert [path.name for path in (here / "site").iterdir()] == ["report.html"]


def test_the_terminal_is_a_format(here):
    """Gate tables, notes, and the comparison of several backends."""
    lines = call("run.json", "--format", "terminal").stdout.splitlines()
    assert lines[0] == "triage on ft:v3"
    assert "note: Long prompts." in lines
    assert lines[-3].split()[:2] == ["backend", "accuracy"]


def test_a_run_is_found_in_the_journal(here):
    """By its id, in the journal that is named."""
    journal = Journal(here / "kept.sqlite")
    journal.put_run(run_id(run()), run())
    journal.close()
    done = call(run_id(run()), "--journal", "kept.sqlite", "--format", "json")
    assert json.loads(done.stdout)["runs"][0]["suite"] == "triage"


def test_an_unknown_format_is_an_error_before_anything_is_written(here):
    """With the nearest word."""
    done = call("run.json", "--format", "htlm", "--out", "out")
    assert (done.exit_code, done.stdout) == (4, "")
    assert "--format: there is no 'htlm'. Did you mean 'html'?" in done.stderr
    assert not (here / "out").exists()


def test_a_run_that_is_nowhere_is_exit_code_4(here):
    """One sentence, no traceback."""
    done = call("nothing")
    assert done.exit_code == 4
    assert done.stderr.startswith("There is no run 'nothing'")


def test_a_folder_that_cannot_be_written_is_exit_code_4(here):
    """A file stands where a folder is to be."""
    done = call("run.json", "--out", "run.json/inside")
    assert done.exit_code == 4
    assert "cannot be written" in done.stderr


def test_every_word_for_a_format_is_one_file():
    """No two words mean the same."""
    assert len(set(FORMATS.values())) == len(FORMATS)


# compare


def compared(*arguments):
    """What `lockgate compare` gives."""
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def flipped(backend):
    """The same run, in which `b` passes."""
    samples = list(run().samples)
    samples[1] = dataclasses.replace(samples[1], verdicts=samples[0].verdicts)
    return run(backend, samples=tuple(samples))


def test_two_files_are_compared_by_case(here):
    """B is measured against A; the exit code is 0 whatever is found."""
    (here / "new.json").write_text(record(flipped("ft:v4")))
    done = compared("run.json@ft:v3", "new.json")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "triage: A is ft:v3, B is ft:v4"
    assert [line for line in lines if line.startswith(("fixed", "newly", "  b"))] == [
        "fixed: 1 case",
        "  b: accuracy",
    ]


def test_the_other_way_round_it_is_newly_failing(here):
    """Which of the two comes first matters."""
    (here / "new.json").write_text(record(flipped("ft:v4")))
    assert "newly failing: 1 case" in compared("new.json", "run.json@ft:v3").stdout


def test_files_of_several_backends_are_compared_backend_by_backend(here):
    """One run against several is compared with each."""
    titles = [line for line in compared("run.json", "run.json").stdout.splitlines() if " A is " in line]
    assert [title.split()[3] for title in titles] == ["ft:v3", "prompt:v1"]
    one = compared("run.json@ft:v3", "run.json").stdout
    assert [line.split(" B is ")[1].split()[0] for line in one.splitlines() if " A is " in line] == [
        "ft:v3",
        "prompt:v1",
    ]


def test_a_comparison_can_be_markdown(here):
    """For a pull request."""
    assert compared("run.json", "run.json", "--format", "markdown").stdout.startswith("### triage: A is ")


def test_runs_that_share_nothing_are_an_error(here):
    """It says what each of them has."""
    (here / "other.json").write_text(record(run(suite="refusals")))
    done = compared("run.json", "other.json")
    assert done.exit_code == 4
    assert "A has triage on ft:v3, triage on prompt:v1; B has refusals on ft:v3." in done.stderr
