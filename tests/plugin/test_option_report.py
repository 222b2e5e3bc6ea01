"""`--llm-report` and `--junitxml`: the files of the contract."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from junitparser import Failure, JUnitXml
from lxml import etree

JENKINS = Path(__file__).parents[1] / "unit" / "junit-10.xsd"
GATES = "gates:\n  accuracy: {min: 0.9}\n"


def junit(desk, path: str) -> ET.Element:
    return ET.parse(desk.pytester.path / path).getroot().find("testsuite")


def test_the_folder_is_written(desk):
    """The report folder holds run.json and junit.xml, made with its parents."""
    result = desk.run("--llm-backend=ft:v3", "--llm-report=out/report")
    assert result.ret == 0
    record = json.loads((desk.pytester.path / "out/report/run.json").read_text())
    assert record["schema"] == "lockgate/run/1"
    assert junit(desk, "out/report/junit.xml") is not None


def test_the_record_of_a_failed_run_is_written_too(desk):
    """A run that fails its gate leaves the same files."""
    desk.many(50, right=20, gates=GATES)
    assert desk.run("--llm-backend=ft:v3", "--llm-report=report").ret == 1
    assert "accuracy" in (desk.pytester.path / "report/run.json").read_text()


def test_junitxml_has_classnames_types_and_metrics(desk):
    """Pytest's own `--junitxml` carries suite names, failure types and the metrics as properties."""
    desk.many(50, right=20, gates=GATES)
    desk.run("--llm-backend=ft:v3", "--junitxml=out.xml")
    suite = junit(desk, "out.xml")
    assert {case.get("classname") for case in suite.iter("testcase")} == {"many"}
    [failure] = suite.iter("failure")
    assert failure.get("type") == "gate"
    properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert properties["llm.backend"] == "ft:v3"
    assert float(properties["llm.metric.accuracy"]) == 0.4
    assert properties["llm.metric.accuracy.n"] == "50"
    assert float(properties["llm.metric.accuracy.low"]) < 0.4 < float(properties["llm.metric.accuracy.high"])


def test_junitxml_names_the_backend_when_several_run(desk):
    """With several backends the classname is suite[backend], and misses have the type `miss`."""
    desk.run("--llm-backend=prompt:v1,ft:v3", "--junitxml=out.xml")
    suite = junit(desk, "out.xml")
    assert {c.get("classname") for c in suite.iter("testcase")} == {"shop[prompt:v1]", "shop[ft:v3]"}
    assert [f.get("type") for f in suite.iter("failure")] == ["miss"]


@pytest.mark.parametrize("path", ["report/junit.xml", "out.xml"])
def test_both_files_are_valid_and_read_back(desk, path):
    """Lockgate's and pytest's own keep to Jenkins' schema, and junitparser finds each failure's type."""
    desk.many(50, right=20, gates=GATES)
    desk.run("--llm-backend=ft:v3", "--junitxml=out.xml", "--llm-report=report")
    file = desk.pytester.path / path
    etree.XMLSchema(etree.parse(JENKINS)).assertValid(etree.parse(file))
    [suite] = JUnitXml.fromfile(str(file))
    results = [result for case in suite for result in case.result]
    assert [r.type for r in results if isinstance(r, Failure)] == ["gate"]
    assert (suite.tests, suite.failures, suite.skipped) == (51, 1, 30)


def test_backend_errors_have_their_type(desk):
    """A case without an answer has the type `backend-error`."""
    desk.write("answers/v3.json", {"hours": "At nine."})
    desk.run("--llm-backend=ft:v3", "--junitxml=out.xml", workers=2)
    assert [f.get("type") for f in junit(desk, "out.xml").iter("failure")] == ["backend-error"]


def test_a_summary_for_a_pull_request_lies_in_the_folder(desk):
    """With the certificate, beside the record."""
    desk.many(50, right=20, gates=GATES)
    assert desk.run("--llm-backend=ft:v3", "--llm-report=report").ret == 1
    folder = desk.pytester.path / "report"
    assert {"certificate.json", "junit.xml", "run.json", "summary.md"} <= {p.name for p in folder.iterdir()}
    assert (folder / "summary.md").read_text().startswith("## ❌ Lockgate: 1 of 1 gate failed\n")


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    "ask", [["--llm-report=report,github"], ["--llm-report=github", "--llm-report=report"]]
)
def test_github_is_told(desk, monkeypatch, tmp_path, ask, workers):
    """The step's summary takes the text of the folder's, and the gate is annotated at its line, once."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))
    desk.many(50, right=20, gates=GATES)
    result = desk.run("--llm-backend=ft:v3", *ask, workers=workers)
    text = (desk.pytester.path / "report/summary.md").read_text()
    assert (tmp_path / "step.md").read_text() == f"{text}\n"
    line = (
        (desk.pytester.path / "evalsuites/many.yaml").read_text().splitlines().index("  accuracy: {min: 0.9}")
    )
    [command] = [line for line in result.stdout.lines if line.startswith("::")]
    place = f"file=evalsuites/many.yaml,line={line + 1}"
    assert command.startswith(f"::error {place},title=many on ft%3Av3%3A accuracy failed::")
    assert "## ❌" not in result.stdout.str()


def test_outside_github_the_summary_is_printed(desk, monkeypatch):
    """Whoever tries the option at a desk sees what a pull request will show; no folder is made."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    result = desk.run("--llm-backend=prompt:v1", "--llm-report=github")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "::error file=evalsuites/shop.yaml,line=4,title=shop on prompt%3Av1%3A place::contains: *",
            "*lockgate: summary, as GITHUB_STEP_SUMMARY names no file*",
            "## ❌ Lockgate: 1 sample failed without a gate",
        ]
    )
    assert not (desk.pytester.path / "github").exists()


def test_the_ini_file_names_several_reports(desk, monkeypatch):
    """One a line, or with commas."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    desk.pytester.makeini("[pytest]\nllm_report =\n    out\n    github\n")
    result = desk.run("--llm-backend=ft:v3")
    result.stdout.fnmatch_lines(["## ✅ Lockgate: 2 samples passed"])
    assert (desk.pytester.path / "out/summary.md").is_file()


def test_a_summary_that_cannot_be_written_is_said(desk, monkeypatch):
    """Exit code 4, and the variable is named."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "none/step.md")
    result = desk.run("--llm-backend=ft:v3", "--llm-report=github")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*GITHUB_STEP_SUMMARY: none/step.md cannot be written (No such file *"])


def test_two_folders_are_a_usage_error(desk):
    """Reports go to one."""
    result = desk.run("--llm-backend=ft:v3", "--llm-report=a", "--llm-report=b")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["*--llm-report: one folder takes the reports, not a and b. Name one of them.*"]
    )
