"""`lockgate calibrate`: what it prints, what it keeps, and what it says of mistakes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from lockgate.cli import main
from lockgate.documents.project import load_project
from lockgate.documents.suites import load_suite

SUITE = """\
suite: s
cases:
  - {id: a, input: Hello}
checks:
  - contains: {value: good, metric: wording}
  - judge: {rubric: It is kind., backend: "judge:v1", kind: rate%s}
"""
PROJECT = """\
backends:
  judge:
    v1: {kind: scripted, answers: judge.json}
    v2: {kind: scripted, answers: strict.json}
"""
LABELS = [
    {
        "id": f"l{n}",
        "input": f"Question {n}",
        "answer": f"good {n}" if n % 3 else f"bad {n}",
        "label": n % 3 > 0,
    }
    for n in range(30)
]


def reply(passes):
    return json.dumps({"reason": "So.", "score": int(passes)})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project whose judge passes every good answer and one bad one, and is silent about one."""
    monkeypatch.chdir(tmp_path)
    lenient = {row["id"]: reply(row["label"]) for row in LABELS} | {"l0": reply(True), "l1": "No idea."}
    (tmp_path / "judge.json").write_text(json.dumps(lenient), "utf-8")
    (tmp_path / "strict.json").write_text(json.dumps(dict.fromkeys(lenient, reply(False))), "utf-8")
    (tmp_path / "lockgate.yaml").write_text(PROJECT, "utf-8")
    (tmp_path / "evalsuites").mkdir()
    (tmp_path / "evalsuites" / "s.yaml").write_text(SUITE % "", "utf-8")
    labels(tmp_path, LABELS)
    return tmp_path


def labels(folder, rows):
    (folder / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")


def call(*arguments):
    return CliRunner().invoke(main, ["calibrate", "evalsuites/s.yaml", "labels.jsonl", *arguments])


def lines(result):
    return [" ".join(line.split()) for line in result.output.splitlines() if line.strip()]


def test_what_is_printed(folder):
    """A matrix of labels against verdicts, and each figure with its limits and n."""
    found = lines(call())
    assert found[:4] == [
        "judge (judge_pass_rate) and people on 30 answers",
        "label people passes fails no verdict",
        "true good 19 0 1",
        "false bad 1 9 0",
    ]
    assert found[4:7] == [
        "value limits at 0.95 n worth",
        "sensitivity 1.000 [0.854, 1.000] 19 19",
        "specificity 0.900 [0.606, 0.995] 10 10",
    ]
    assert found[7].startswith("agreement 0.966 [0.847, 0.998] 29 29")
    assert found[8].startswith("kappa 0.922 [")


def test_what_is_kept(folder):
    """Under the metric's name beside the suite, with a word on how to name it there."""
    result = call()
    assert result.exit_code == 0
    told = json.loads((folder / "evalsuites/calibrations/judge_pass_rate.json").read_text("utf-8"))
    assert told["agreement"]["sensitivity"] == {
        "value": 1.0, "low": pytest.approx(0.854, abs=5e-4), "high": 1.0, "n": 19, "worth": 19
    }  # fmt: skip
    assert (len(told["ratings"]), told["labels"]["file"]) == (30, "../../labels.jsonl")
    assert lines(result)[-1] == (
        "evalsuites/calibrations/judge_pass_rate.json: kept; name it in the suite: "
        "calibration: calibrations/judge_pass_rate.json"
    )


def test_the_checks_own_file_is_written(folder):
    """Where the suite names one that is not there yet; afterwards nothing is against it."""
    suite = folder / "evalsuites/s.yaml"
    suite.write_text(SUITE % ", calibration: c/judge.json", "utf-8")
    assert lines(call())[-1] == "evalsuites/c/judge.json: kept"
    made = load_suite(suite, project=load_project(folder / "lockgate.yaml"))
    assert made.checks[1].calibration.doubt == ""
    assert len(made.checks[1].calibration.ratings) == 30


def test_another_backend_is_only_tried(folder):
    """`--backend` shows how another judge would do, and keeps nothing unless a file is named."""
    result = call("--backend", "judge:v2")
    assert "true good 0 20 0" in lines(result)
    assert lines(result)[-1] == "not kept, as another backend judged than the suite's; -o FILE keeps it"
    assert not (folder / "evalsuites/calibrations").exists()
    assert call("--backend", "judge:v2", "-o", "v2.json").exit_code == 0
    own, other = folder / "own.json", folder / "v2.json"
    call("-o", "own.json")
    assert (
        json.loads(own.read_text("utf-8"))["fingerprint"]
        != json.loads(other.read_text("utf-8"))["fingerprint"]
    )


def test_the_judge_is_asked_once(folder):
    """What it says is journalled: a second time, it need not be there."""
    first = call()
    (folder / "judge.json").write_text((folder / "judge.json").read_text("utf-8"), "utf-8")
    import sqlite3

    with sqlite3.connect(folder / ".lockgate/journal.sqlite") as database:
        (count,) = database.execute("SELECT count(*) FROM completions").fetchone()
    assert count == 30
    assert lines(call())[:8] == lines(first)[:8]


def test_a_check_is_chosen_by_metric_or_name(folder):
    """Without a word, it is the only one that asks a model."""
    assert lines(call("--check", "wording"))[0] == "contains (wording) and people on 30 answers"
    assert lines(call("--check", "contains"))[0] == "contains (wording) and people on 30 answers"
    assert lines(call("--check", "judge"))[0] == "judge (judge_pass_rate) and people on 30 answers"


def test_groups_are_shown_and_cost_what_they_cost(folder):
    """A row for each, and fewer answers that count as independent."""
    labels(folder, [row | {"group": f"doc {n % 3}"} for n, row in enumerate(LABELS)])
    found = lines(call())
    assert "group n sensitivity specificity kappa" in found
    assert "doc 0 10 – 0.900 0.000" in found
    assert next(line for line in found if line.startswith("sensitivity")).endswith("19 2")


def test_labels_of_a_scale_have_a_row_each(folder):
    """The best first, each with what people meant by it."""
    suite = folder / "evalsuites/s.yaml"
    suite.write_text(SUITE % ", scale: 1..5", "utf-8")
    replies = {row["id"]: json.dumps({"reason": "So.", "score": 5 if row["label"] else 1}) for row in LABELS}
    (folder / "judge.json").write_text(json.dumps(replies), "utf-8")
    labels(folder, [row | {"label": 4 if row["label"] else 2} for row in LABELS])
    found = lines(call("--confidence", "0.9"))
    assert found[2:4] == ["4 good 20 0 0", "2 bad 0 10 0"]
    assert found[4] == "value limits at 0.9 n worth"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--check", "tone"), "--check: "),
        (("--backend", "judge:v9"), "There is no backend 'judge:v9'."),
        (("-o", "labels.jsonl/x.json"), "cannot be written"),
    ],
)
def test_a_wrong_option_is_a_sentence(folder, arguments, text):
    """With exit code 4, and no traceback."""
    result = call(*arguments)
    assert result.exit_code == 4
    assert text in result.output


def test_a_wrong_label_is_shown_at_its_line(folder):
    """As every mistake in a document is."""
    labels(folder, [*LABELS[:2], LABELS[2] | {"label": "great"}])
    result = call()
    assert result.exit_code == 4
    assert "labels.jsonl:3:" in result.output
    assert "The label 'great' is not on the scale of 'judge'." in result.output


def test_a_judge_that_says_nothing_is_no_calibration(folder):
    """Its first reason is shown, and nothing is kept."""
    (folder / "judge.json").write_text(json.dumps({row["id"]: "Hm." for row in LABELS}), "utf-8")
    result = call()
    assert result.exit_code == 4
    assert (
        "judge gave no verdict on any answer. The first: The judge's answer cannot be used" in result.output
    )
    assert not (folder / "evalsuites/calibrations").exists()


def test_a_backend_needs_a_project(folder):
    """There is nothing else that declares one."""
    (folder / "lockgate.yaml").unlink()
    result = call("--backend", "judge:v1")
    assert result.exit_code == 4
    assert "--backend: there is no lockgate.yaml that declares 'judge:v1'. Write one." in result.output


def test_a_check_without_a_model_needs_no_project(folder):
    """Any check can be compared with people."""
    (folder / "lockgate.yaml").unlink()
    text = (SUITE % "").rsplit("\n", 2)[0] + "\n"
    (folder / "evalsuites/s.yaml").write_text(text, "utf-8")
    result = call()
    assert result.exit_code == 0
    assert "true good 20 0 0" in lines(result)
