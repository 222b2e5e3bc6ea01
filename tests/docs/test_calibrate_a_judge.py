"""The how-to page on calibrating a judge: its suite, its labels and its command give what it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from lockgate.cli import main
from lockgate.documents.project import load_project
from lockgate.documents.suites import load_suite
from lockgate.model import Rating
from lockgate.statistics.agreement import agree

TEXT = (Path(__file__).parents[2] / "docs/how-to/calibrate-a-judge.md").read_text("utf-8")
PROJECT = """\
backends:
  ft: {v3: {kind: scripted, answers: answers.json}}
  judge: {v1: {kind: scripted, answers: judge.json}}
"""


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The page's suite, with cases, a judge and labels that make the page's table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evalsuites").mkdir()
    (tmp_path / "evalsuites/kindness.yaml").write_text(blocks("yaml")[0], "utf-8")
    cases = [{"id": "late", "input": "My parcel is late."}]
    (tmp_path / "evalsuites/kindness.jsonl").write_text("\n".join(map(json.dumps, cases)), "utf-8")
    cells = [(True, True)] * 76 + [(True, False)] * 4 + [(False, True)] * 8 + [(False, False)] * 32
    rows = [
        {"id": f"l{n}", "input": f"Q{n}", "answer": "A", "label": good} for n, (good, _) in enumerate(cells)
    ]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    said = {f"l{n}": json.dumps({"score": int(passes)}) for n, (_, passes) in enumerate(cells)}
    (tmp_path / "judge.json").write_text(json.dumps(said), "utf-8")
    (tmp_path / "answers.json").write_text("{}", "utf-8")
    (tmp_path / "lockgate.yaml").write_text(PROJECT, "utf-8")
    return tmp_path


def test_the_command_prints_what_the_page_shows(folder):
    """Table, figures and the file that is kept."""
    program, *arguments = blocks("sh")[0].split()
    result = CliRunner().invoke(main, arguments)
    assert (program, result.exit_code) == ("lockgate", 0)
    assert result.output == blocks("text")[0]


def test_the_labels_of_the_page_are_read(folder):
    """All three rows, those of a case of the suite and the one that is its own."""
    (folder / "labels.jsonl").write_text(blocks("json")[0], "utf-8")
    (folder / "judge.json").write_text(json.dumps({"late": '{"score": 1}'}), "utf-8")
    result = CliRunner().invoke(main, ["calibrate", "evalsuites/kindness.yaml", "labels.jsonl"])
    assert result.output.startswith("judge (judge_pass_rate) and people on 3 answers")


def test_the_other_examples_load(folder):
    """The labelled case, and the cascade with its own calibration."""
    labelled, sparing = (yaml.safe_load(block) for block in blocks("yaml")[1:])
    check = {"judge": {"rubric": "x", "backend": "judge:v1", "kind": "rate"}}
    project = load_project(folder / "lockgate.yaml")
    for name, suite in (("one", {**labelled, "checks": [check]}), ("two", {**sparing, **labelled})):
        path = folder / f"evalsuites/{name}.yaml"
        path.write_text(yaml.safe_dump({"suite": name, **suite}), "utf-8")
        assert load_suite(path, project=project).cases[0].fields["human"]["judge_pass_rate"] is True


@pytest.mark.parametrize("bad", [40, 160])
def test_the_numbers_of_labels_are_as_the_page_says(bad):
    """A specificity of 0.8 is known as well as it says."""
    fails = [Rating(label=0.0, good=False, passed=n >= 0.8 * bad) for n in range(bad)]
    low, high = agree(fails).specificity.limits(confidence=0.95)
    assert f"between {low:.2f} and {high:.2f}" in TEXT
