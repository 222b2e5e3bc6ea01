"""A gate on a calibrated check, through pytest: corrected, refused while stale, open again when mended."""

import json

from click.testing import CliRunner

from lockgate.cli import main

SUITE = """\
suite: kind
cases:
%s
checks:
  - judge:
      rubric: "%s"
      backend: "judge:v1"
      kind: rate
      calibration: {file: calibrations/kind.json, min_kappa: 0.4, max_age: 30d}
gates:
  judge_pass_rate: {min: 0.6}
"""


def set_up(desk, rubric="It is kind."):
    cases = [f"c{n:02}" for n in range(60)]
    labelled = [f"l{n:02}" for n in range(60)]
    rows = "\n".join(f"  - {{id: {name}, input: Say {name}}}" for name in cases)
    desk.declare_judge()
    (desk.pytester.path / "evalsuites/shop.yaml").unlink(missing_ok=True)
    desk.write("evalsuites/kind.yaml", SUITE % (rows, rubric))
    desk.write("answers/v3.json", dict.fromkeys(cases, "Of course."))
    wrong = {"l00", "l01", "l02"}
    verdicts = {name: name not in ("c00", "c01", "c02", "c03") for name in cases}
    verdicts |= {name: (int(name[1:]) % 3 > 0) != (name in wrong) for name in labelled}
    desk.write("answers/judge.json", {name: json.dumps({"score": int(v)}) for name, v in verdicts.items()})
    rows = [
        {"id": name, "input": f"Say {name}", "answer": f"Well, {name}.", "label": int(name[1:]) % 3 > 0}
        for name in labelled
    ]
    desk.write("labels.jsonl", "\n".join(map(json.dumps, rows)))


def calibrate():
    result = CliRunner().invoke(main, ["calibrate", "evalsuites/kind.yaml", "labels.jsonl"])
    assert result.exit_code == 0, result.output


def test_a_gate_waits_for_a_calibration_and_then_rules(desk):
    """Before: inconclusive, with the remedy; after: by corrected limits, with a note of what they rest on."""
    set_up(desk)
    result = desk.run("--llm-backend=ft:v3")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*cannot be relied on: there is no calibrations/kind.json. Run*calibrate*"])
    calibrate()
    result = desk.run("--llm-backend=ft:v3", "--llm-offline", "--llm-report=out")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*judge_pass_rate: corrected by calibrations/kind.json of *the raw value is*"]
    )
    (run,) = json.loads((desk.pytester.path / "out/run.json").read_text("utf-8"))["runs"]
    (metric,) = [m for m in run["metrics"] if m["name"] == "judge_pass_rate"]
    assert metric["raw"] == 56 / 60
    assert metric["method"].startswith("Rogan–Gladen")


def test_another_rubric_makes_it_stale(desk):
    """What was measured is of another judge: the gate says so, and what to do."""
    set_up(desk)
    calibrate()
    set_up(desk, "It is kind and short.")
    result = desk.run("--llm-backend=ft:v3")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*calibrations/kind.json is of another judge than this one*calibrate* again."]
    )
    calibrate()
    assert desk.run("--llm-backend=ft:v3").ret == 0


def test_other_labels_make_it_stale(desk):
    """Somebody changed their mind about an answer."""
    set_up(desk)
    calibrate()
    path = desk.pytester.path / "labels.jsonl"
    path.write_text(path.read_text("utf-8").replace('"label": true', '"label": false', 1), "utf-8")
    result = desk.run("--llm-backend=ft:v3")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*its labels ../../labels.jsonl have changed since.*"])
