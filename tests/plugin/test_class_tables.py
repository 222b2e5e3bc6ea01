"""Confusion matrices under pytest: shown for each backend, kept in the record, gated, merged and compared."""

import re
from pathlib import Path

from click.testing import CliRunner

from lockgate.cli import main
from lockgate.reports.record import read_record

SUITE = """\
suite: shop
cases:
{rows}checks:
  - classification: [open, shut]
gates:
  macro_f1: {{min: 0.5, no_worse_than: baseline, margin: 0.2}}
"""


def shop(desk, *, right: int) -> None:
    """Sixty cases of two classes, of which prompt:v1 gets so many right and ft:v3 all."""
    names = {f"c{n}": ("open", "shut")[n % 2] for n in range(60)}
    rows = "".join(
        f"  - {{id: {case}, input: Say {case}., expected: {name}}}\n" for case, name in names.items()
    )
    desk.write("evalsuites/shop.yaml", SUITE.format(rows=rows))
    desk.write("answers/v1.json", {c: n if i < right else "?" for i, (c, n) in enumerate(names.items())})
    desk.write("answers/v3.json", names)


def test_each_backend_has_its_matrix(desk):
    """Two backends, two matrices, and a gate on the macro F1 that a baseline of the session decides on."""
    shop(desk, right=20)
    result = desk.run("--llm-backend=prompt:v1,ft:v3", "--llm-baseline=ft:v3")
    assert result.outlines.count("accuracy, expected × answered: 60 samples") == 2
    result.stdout.fnmatch_lines(["  open * 10 * 0 * 20  30  *", "  open * 30 * 0  30  *"])
    result.stdout.fnmatch_lines(["FAILED evalsuites/shop.yaml::gate::macro_f1?prompt:v1? - fail: *"])
    assert result.ret == 1


def test_the_record_holds_the_tables(desk):
    """`run.json` has the matrix; a run file of before, without tables and labels, still is a baseline."""
    shop(desk, right=60)
    args = ["--llm-backend=ft:v3", "--llm-inconclusive=warn"]
    desk.run(*args, "--llm-report=base")
    record = desk.pytester.path / "base/run.json"
    (run,) = read_record(record.read_text("utf-8"))
    assert run.tables[0].counts == ((30, 0), (0, 30))
    old = re.sub(r'"tables": \[\n.*?\n\],?\n?', "", record.read_text("utf-8"), flags=re.DOTALL)
    record.write_text(re.sub(r', "macro_f1": \{[^}]*\}', "", old).rstrip().replace(",\n}", "\n}"), "utf-8")
    (before,) = read_record(record.read_text("utf-8"))
    assert before.tables == ()
    assert desk.run(*args, "--llm-baseline=base/run.json").ret == 0


def test_a_rescored_run_has_the_same_tables(desk):
    """`--llm-rescore` makes them anew from the journalled answers."""
    shop(desk, right=60)
    first, again = (
        desk.run("--llm-backend=ft:v3", "--llm-baseline=ft:v3", *args).outlines
        for args in ([], ["--llm-rescore"])
    )
    start = "accuracy, expected × answered: 60 samples"
    assert first[first.index(start) :][:7] == again[again.index(start) :][:7]


def test_a_merge_shows_the_whole_matrix(desk):
    """Shards' answers are put in one matrix."""
    shop(desk, right=60)
    for number in (1, 2):
        desk.run("--llm-backend=ft:v3", f"--llm-shard={number}/2", f"--llm-journal=ci/{number}.sqlite")
    result = CliRunner().invoke(main, ["merge", "ci", "--baseline", "ft:v3", "--report", "out"])
    assert "accuracy, expected × answered: 60 samples\n" in result.stdout
    (run,) = read_record(Path("out/run.json").read_text("utf-8"))
    assert run.tables[0].counts == ((30, 0), (0, 30))


def test_a_suite_without_classes_shows_no_table(desk):
    """Nothing is added where no check names classes."""
    assert "expected × answered" not in desk.run("--llm-backend=ft:v3").stdout.str()
