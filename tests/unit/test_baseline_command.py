"""`lockgate baseline set`: what is kept, and what is refused."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lockgate.baseline_command import lean
from lockgate.baselines import Baselines, baseline_file
from lockgate.cli import main
from lockgate.engine.journal import Journal, run_id
from lockgate.errors import UsageError
from lockgate.model import Case, Completion, Gate, Metric, Passage, Ruling, Run, Sample, Span, Suite, Verdict
from lockgate.reports.record import read_record

VERDICT = Verdict(check="c", status="fail", reason="no", evidence=(Span(source="answer", start=0, end=1),))
ANSWER = Completion(text="yes", passages=(Passage(id="p", text="long"),))
RULING = Ruling(gate=Gate(metric="m", min=0.5), metric=Metric(name="m", value=1), status="pass", reason="")


def run(**fields):
    samples = (Sample(case_id="a", input="?", completion=ANSWER, verdicts=(VERDICT,)),)
    given = {"suite": "s", "backend": "ft:v3", "fingerprint": "f", "samples": samples, "expected_samples": 1}
    return Run(
        **(given | {"started": "2026-01-01T00:00:00+00:00", "rulings": (RULING,), "notes": ("n",)} | fields)
    )


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def journalled(*runs):
    Path(".lockgate").mkdir()
    journal = Journal(Path(".lockgate/journal.sqlite"))
    for one in runs:
        journal.put_run(run_id(one), one)
    journal.close()


def invoke(*words):
    return CliRunner().invoke(main, ["baseline", "set", *words])


def test_the_newest_run_of_a_backend_is_kept_for_each_suite(place):
    """One file a suite, with a line that says what it is."""
    journalled(run(started="2026-01-01"), run(started="2026-02-01"), run(suite="t u/v"))
    found = invoke("ft:v3")
    assert found.exit_code == 0, found.output
    assert "baselines/s.json: s on ft:v3, 2026-02-01, 1 of 1 gate passed" in found.output
    (kept,) = read_record(Path("baselines/s.json").read_text("utf-8"))
    assert kept.started == "2026-02-01"
    assert Path("baselines/t-u-v.json").is_file()


def test_one_suite_and_another_folder(place):
    """Only what is asked for is written."""
    journalled(run(), run(suite="t"))
    assert invoke("ft:v3", "--suite", "t", "--folder", "kept").exit_code == 0
    assert [p.as_posix() for p in Path("kept").iterdir()] == ["kept/t.json"]


def test_what_a_comparison_does_not_take_is_left_out():
    """No passages, evidence and notes; answers, verdicts and rulings stay."""
    kept = lean(run())
    (sample,) = kept.samples
    assert (sample.completion.text, sample.completion.passages) == ("yes", ())
    assert (sample.verdicts[0].status, sample.verdicts[0].evidence) == ("fail", ())
    assert (kept.notes, kept.rulings) == ((), (RULING,))
    lost = lean(run(samples=(Sample(case_id="a", error="down"),)))
    assert lost.samples[0].error == "down"


@pytest.mark.parametrize(
    ("fields", "words", "said"),
    [
        (
            {"expected_samples": 3},
            ["ft:v3"],
            "The run of s on ft:v3 lacks 2 of 3 samples. Run it whole first.",
        ),
        (
            {"samples": (Sample(case_id="a", error="down"),)},
            ["ft:v3"],
            "The run of s on ft:v3 lacks 1 answer. Run it whole first.",
        ),
        ({}, ["ft:v3", "--suite", "x"], "--suite: there is no run of 'x'. There are runs of s."),
        ({}, ["ft:v9"], "ft:v9"),
    ],
)
def test_what_cannot_be_a_baseline_is_refused(place, fields, words, said):
    """Nothing is written, and the exit code is that of a usage error."""
    journalled(run(**fields))
    found = invoke(*words)
    assert found.exit_code == 4
    assert said in found.output
    assert not Path("baselines").exists()


def test_a_file_of_several_backends_needs_one_named(place):
    """`RUN@BACKEND` says which."""
    from lockgate.reports.record import record

    Path("run.json").write_text(record([run(), run(backend="ft:v4")]), "utf-8")
    assert "Name one: RUN@BACKEND." in invoke("run.json").output
    assert invoke("run.json@ft:v4").exit_code == 0
    assert json.loads(Path("baselines/s.json").read_text("utf-8"))["runs"][0]["backend"] == "ft:v4"


def test_a_folder_that_cannot_be_written_is_an_error(place):
    """A file lies where the folder should."""
    journalled(run())
    Path("baselines").write_text("")
    found = invoke("ft:v3")
    assert (found.exit_code, "cannot be written" in found.output) == (4, True)


def suite(word="baseline"):
    gates = (Gate(metric="m", no_worse_than=word),)
    return Suite(
        name="s", path="s.yaml", cases=(Case(id="a", input="?"),), checks=(), gates=gates, dataset_digest="d"
    )


def baselines(folder, written=None, here=None):
    def select(name):
        if ":" not in name:
            raise UsageError("no backend")
        return name

    journal = Journal(folder / "j.sqlite")
    return Baselines(
        written, journal=journal, folder=folder, select=select, here=here or {}, kept=folder / "baselines"
    )


def test_the_kept_file_stands_in_where_nothing_is_named(place):
    """`baseline` means it, for gates and for the comparison; what is named comes first."""
    journalled(run())
    invoke("ft:v3")
    found = baselines(place)
    assert [s.case_id for s in found.of(suite())["baseline"]] == ["a"]
    name, kept = found.run_of(suite(), "ft:v3")
    assert (name, kept.backend) == ("ft:v3 (baselines/s.json)", "ft:v3")
    assert baselines(place, written="ft:v9").run_of(suite(), "ft:v3") is None


def test_a_backend_of_this_session_is_a_baseline_too(place):
    """Its samples are compared with; a run is not compared with itself."""
    here = {("s", "a:v1"): [Sample(case_id="now")], ("s", "b:v1"): [Sample(case_id="mine")]}
    found = baselines(place, written="a:v1", here=here)
    name, kept = found.run_of(suite(), "b:v1")
    assert (name, [s.case_id for s in kept.samples], kept.dataset_digest) == ("a:v1", ["now"], "d")
    assert found.run_of(suite(), "a:v1") is None


def test_what_a_gate_names_is_compared_with_where_there_is_no_baseline(place):
    """The first word of the suite's gates; and nothing where there is neither."""
    here = {("s", "a:v1"): [Sample(case_id="now")]}
    assert baselines(place, here=here).run_of(suite("a:v1"), "b:v1")[0] == "a:v1"
    assert baselines(place).run_of(suite(), "b:v1") is None


@pytest.mark.parametrize(
    ("name", "file"), [("triage", "triage"), ("a b/c", "a-b-c"), ("../x", "x"), ("…", "suite")]
)
def test_a_suites_file_is_a_plain_name(name, file):
    """Nothing in a suite's name leads out of the folder."""
    assert baseline_file(Path("b"), name) == Path("b") / f"{file}.json"
