"""`--llm-shard`: each session takes its part of the cases; `lockgate merge` rules once on all."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_option_journal import asked, counting

from lockgate.cli import main
from lockgate.engine.shards import read_shards
from lockgate.reports.record import read_record

DEPLOY = Path(__file__).parents[2] / "docs" / "how-to" / "deploy.md"
GATES = "gates:\n  accuracy: {min: 0.8}\n"
NAME_THEM = "Name the journals of the shards, or a folder with them.\n"
LATENCY = "latency: {samples: 9, warmup: 0}\n"


@pytest.fixture(autouse=True)
def _in_folder(desk, monkeypatch):
    monkeypatch.chdir(desk.pytester.path)


def shard(desk, number: int, count: int = 3, *args: str, workers: int = 0):
    """Run one shard, with a journal of its own."""
    return desk.run(
        "--llm-backend=ft:v3",
        f"--llm-shard={number}/{count}",
        f"--llm-journal=ci/{number}/j.sqlite",
        *args,
        workers=workers,
    )


def merge(*args: str):
    return CliRunner().invoke(main, ["merge", *args], catch_exceptions=False)


def outcomes(result) -> dict[str, int]:
    found = result.parseoutcomes()
    return {name: found.get(name, 0) for name in ("passed", "xfailed", "failed", "deselected")}


def test_shards_take_every_case_once(desk):
    """Together they ask all, none of it twice, and no gate is ruled in any."""
    counting(desk)
    taken = []
    for number in (1, 2, 3):
        result = shard(desk, number)
        taken.append(outcomes(result)["passed"])
        result.stdout.fnmatch_lines([f"lockgate: shard {number} of 3: rulings come with `lockgate merge`"])
        assert result.ret == 0
    assert sum(taken) == asked(desk) == 2


def test_a_gate_is_ruled_in_the_merge_alone(desk):
    """A shard below its bound is no failure; the merged rulings equal those of one session."""
    desk.many(90, right=60, gates=GATES)
    whole = desk.run("--llm-backend=ft:v3", "--llm-report=whole")
    assert whole.ret == 1
    for number in (1, 2, 3):
        result = shard(desk, number)
        assert (result.ret, outcomes(result)["failed"]) == (0, 0)
        assert "gate::accuracy" not in result.stdout.str()
    result = merge("ci", "--report", "report")
    assert result.exit_code == 1
    [one], [all_] = (read_record(Path(p, "run.json").read_text()) for p in ("whole", "report"))
    assert all_.rulings == one.rulings
    assert all_.metrics == one.metrics
    assert len(all_.samples) == 90
    assert all(sample.completion.replayed for sample in all_.samples)
    assert Path("report/junit.xml").is_file()


def test_a_merge_that_passes(desk):
    """The table is printed, the journals are joined, the run is kept, and the exit code is 0."""
    desk.many(90, right=88, gates=GATES)
    for number in (1, 2, 3):
        shard(desk, number)
    result = merge("ci/1/j.sqlite", "ci/2/j.sqlite", "ci/3")
    lines = result.stdout.splitlines()
    assert lines[:3] == [
        ".lockgate/journal.sqlite: 90 answers joined from 3 journals",
        "",
        "many on ft:v3: 3 of 3 shards, 90 of 90 answers",
    ]
    assert lines[4].split()[:3] == ["accuracy", "pass", "0.9778"]
    assert result.exit_code == 0
    assert desk.run("--llm-backend=ft:v3", "--llm-offline").ret == 0


def test_many_workers_in_a_shard(desk):
    """With `-n 2` a shard asks its own cases, each once, and the merge is the same."""
    counting(desk)
    desk.write(
        "evalsuites/shop.yaml",
        "suite: shop\ncases:\n"
        + "".join(f"  - {{id: c{n}, input: Say {n}}}\n" for n in range(30))
        + f"checks:\n  - contains: {{value: nine, metric: accuracy}}\n{GATES}",
    )
    results = [shard(desk, number, 2, workers=2) for number in (1, 2)]
    assert sum(outcomes(r)["passed"] for r in results) == asked(desk) == 30
    for number, result in enumerate(results, 1):
        assert result.ret == 0
        result.stdout.fnmatch_lines([f"lockgate: shard {number} of 2: rulings come with `lockgate merge`"])
    assert [s.number for n in (1, 2) for s in read_shards(Path(f"ci/{n}/j.sqlite"))] == [1, 2]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_shard_without_cases_has_done_its_work(desk, workers):
    """More shards than cases: the empty ones end with exit code 0, not 5, and are not missing."""
    results = [shard(desk, n, 4, workers=workers) for n in (1, 2, 3, 4)]
    assert [r.ret for r in results] == [0] * 4
    assert min(outcomes(r)["passed"] for r in results) == 0
    result = merge("ci")
    assert "shop on ft:v3: 4 of 4 shards, 2 of 2 answers" in result.stdout
    assert result.exit_code == 0


def test_what_fails_by_itself_fails_its_shard_and_the_merge(desk):
    """A miss that no gate governs, with prompt, answer and reason in both."""
    desk.write("answers/v3.json", {"hours": "At nine.", "place": "No idea."})
    assert sorted(shard(desk, n, 2).ret for n in (1, 2)) in ([0, 1], [1, 1])
    result = merge("ci")
    assert result.exit_code == 1
    assert "case 'place'" in result.stdout
    assert "asked: Where are you?" in result.stdout


def test_a_missing_shard_fails_the_merge(desk):
    """Its cases have no answer, and a note says whose they were."""
    desk.many(90, right=90, gates=GATES)
    for number in (1, 3):
        shard(desk, number)
    result = merge("ci")
    assert "many on ft:v3: 2 of 3 shards" in result.stdout
    assert "note: Of 3 shards nothing is there from 2: their cases have no answer." in result.stdout
    assert len(re.findall(r"^case 'c\d+': 'c\d+' is not in the journal", result.stdout, re.MULTILINE)) == 10
    assert "more that failed by themselves" in result.stdout
    assert result.exit_code == 1


def test_latency_is_what_the_shards_measured(desk):
    """Each measures its share; the merge rules on all of it, and asks nothing."""
    desk.many(90, right=90, gates="gates:\n  latency_p50: {max: 1s}\n" + LATENCY)
    answers = {f"c{n:03}": {"text": "yes", "seconds": 0.25} for n in range(90)}
    desk.write("answers/v3.json", answers)
    for number in (1, 2, 3):
        shard(desk, number)
        [left] = read_shards(Path(f"ci/{number}/j.sqlite"))
        assert [t.seconds for t in left.timings] == [0.25] * 3
    result = merge("ci", "--report", "report")
    assert "note: Latency was measured by 3 shards, each its share of the samples." in result.stdout
    [run] = read_record(Path("report/run.json").read_text())
    assert (len(run.timings), run.rulings[0].status, result.exit_code) == (9, "pass", 0)


def test_trials_of_the_shards_are_those_of_the_merge(desk):
    """`--llm-trials` need not be said again."""
    counting(desk)
    for number in (1, 2):
        shard(desk, number, 2, "--llm-trials=3")
    left = [s.trials for n in (1, 2) for s in read_shards(Path(f"ci/{n}/j.sqlite"))]
    assert (asked(desk), left) == (6, [3, 3])


def test_several_backends_are_compared(desk):
    """Each is ruled on, and one of them can be the baseline."""
    desk.many(90, right=60, gates="gates:\n  accuracy: {no_worse_than: baseline, margin: 0.05}\n")
    desk.write("answers/v1.json", {f"c{n:03}": "yes" for n in range(90)})
    for number in (1, 2):
        desk.run(
            "--llm-backend=ft:v3,prompt:v1", f"--llm-shard={number}/2", f"--llm-journal=ci/{number}.sqlite"
        )
    result = merge("ci", "--baseline", "prompt:v1")
    tables = re.findall(r"many on (\S+): .*\n.*\naccuracy +(\w+)", result.stdout)
    assert tables[0] == ("ft:v3", "fail")
    assert [name for name, _ in tables] == ["ft:v3", "prompt:v1"]
    assert "worse than the baseline" in result.stdout
    assert result.stdout.count("0.6667") >= 2


def test_a_baseline_from_a_file_or_the_journal(desk):
    """As with `--llm-baseline`; one that is not there is exit code 4."""
    desk.many(90, right=90, gates="gates:\n  accuracy: {no_worse_than: baseline, margin: 0.05}\n")
    shard(desk, 1, 1)
    assert merge("ci", "--report", "base").exit_code == 1
    assert merge("ci", "--baseline", "base/run.json").exit_code == 0
    [run] = read_record(Path("base/run.json").read_text())
    assert merge("ci", "--baseline", f"many-ft:v3-{run.started}").exit_code == 0
    unknown = merge("ci", "--baseline", "nobody")
    assert unknown.exit_code == 4
    assert unknown.stderr.startswith(
        "--baseline: 'nobody' is no selected backend, no run file and no run in the journal."
    )
    broken = merge("ci", "--baseline", "lockgate.yaml")
    assert (broken.exit_code, "lockgate.yaml is no run file" in broken.stderr) == (4, True)


def test_an_inconclusive_gate_can_be_a_warning(desk):
    """As with `--llm-inconclusive`."""
    desk.many(6, right=6, gates="gates:\n  accuracy: {min: 0.9}\n")
    shard(desk, 1, 1)
    assert merge("ci").exit_code == 1
    assert merge("ci", "--inconclusive", "warn").exit_code == 0


def test_one_journal_for_all_shards(desk):
    """Shards on one disk may share the journal, which is then merged into itself."""
    desk.many(30, right=30, gates="gates:\n  accuracy: {min: 0.5}\n")
    for number in (1, 2):
        desk.run("--llm-backend=ft:v3", f"--llm-shard={number}/2")
    result = merge(".lockgate/journal.sqlite")
    assert "many on ft:v3: 2 of 2 shards, 30 of 30 answers" in result.stdout
    assert result.exit_code == 0


def test_another_split_forgets_the_former_one(desk):
    """A cached journal does not mix 1/2 with 1/3."""
    for number, count in ((1, 2), (2, 2), (1, 3)):
        desk.run("--llm-backend=ft:v3", f"--llm-shard={number}/{count}")
    assert [(s.number, s.count) for s in read_shards(Path(".lockgate/journal.sqlite"))] == [(1, 3)]


def test_shards_of_two_splits_do_not_merge(desk):
    """It says which do not fit."""
    shard(desk, 1, 2)
    shard(desk, 3, 3)
    result = merge("ci")
    assert result.exit_code == 4
    assert result.stderr == (
        "The shards of evalsuites/shop.yaml on ft:v3 are not of one run: the number of shards is 2 in "
        "shard 1 and 3 in shard 3. Merge the journals of one run.\n"
    )


def test_a_changed_backend_does_not_merge(desk):
    """Its answers are not those of the backend that the project has now."""
    shard(desk, 1, 1)
    desk.write("answers/v3.json", {"hours": "At ten."})
    result = merge("ci")
    assert result.exit_code == 4
    assert result.stderr.startswith("ft:v3 has changed since its shards ran: its fingerprint was ")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["none"], f"There is no journal none. {NAME_THEM}"),
        (
            ["evalsuites"],
            f"There is no journal (*.sqlite) in evalsuites. {NAME_THEM}",
        ),
        (
            ["plain.sqlite"],
            "No shard has left anything in these journals. Run pytest with --llm-shard first.\n",
        ),
        (
            ["ci", "--report", "lockgate.yaml/x"],
            "--report: lockgate.yaml/x cannot be written (Not a directory).\n",
        ),
        (
            ["ci", "--report", "a", "--report", "b"],
            "--report: one folder takes the reports, not a and b. Name one of them.\n",
        ),
        (
            ["ci", "--sign", "key.pem"],
            "--sign signs the certificate. Say where it goes: --report DIR.\n",
        ),
        (
            ["ci", "--project", "no.yaml"],
            "no.yaml:1:1: There is no such file. Check the path and its permissions.\n",
        ),
    ],
)
def test_a_merge_of_what_is_not_there(desk, args, message):
    """Sentences and exit code 4."""
    desk.run("--llm-backend=ft:v3", "--llm-journal=plain.sqlite")
    shard(desk, 1, 1)
    result = merge(*args)
    assert (result.exit_code, result.stderr) == (4, message)


def test_a_merge_certifies_the_whole(desk):
    """Signed by the job that rules, for those who hold the public key."""
    for script in re.findall(r"^openssl .*$", DEPLOY.read_text(), re.MULTILINE):
        subprocess.run(script.split(), check=True)
    for number in (1, 2):
        shard(desk, number, 2)
    assert merge("ci", "--report", "report", "--sign", "key.pem").exit_code == 0
    command = ["verify", "report/certificate.json", "--backend", "ft:v3", "--key", "lockgate.pub"]
    assert "may be deployed" in CliRunner().invoke(main, command).stdout
    assert merge("ci/1", "--into", "part", "--report", "report", "--sign", "key.pem").exit_code == 1
    refused = CliRunner().invoke(main, command)
    assert (refused.exit_code, "had no answer" in refused.stderr) == (1, True)


def test_a_merge_tells_github(desk, monkeypatch):
    """Annotations on the terminal; the summary in the step's file, or else on the terminal, too."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    desk.many(90, right=30, gates=GATES)
    shard(desk, 1, 1)
    printed = merge("ci", "--report", "report,github").stdout
    text = Path("report/summary.md").read_text()
    assert "\n::error file=evalsuites/many.yaml,line=" in printed
    assert printed.endswith(f"{text}\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "step.md")
    assert text.splitlines()[0] not in merge("ci", "--report", "github").stdout
    assert Path("step.md").read_text().startswith(text.splitlines()[0])


def test_merge_without_arguments_is_a_command_line_error():
    """Click's own exit code."""
    assert merge().exit_code == 2


@pytest.mark.parametrize("written", ["2", "0/2", "3/2", "1/0", "a/b", "1/99999", "-1/2"])
def test_what_is_no_shard_is_a_usage_error(desk, written):
    """Exit code 4 before anything is asked."""
    result = desk.run("--llm-backend=ft:v3", f"--llm-shard={written}")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [f"*--llm-shard: '{written}' is no shard. Write NUMBER/COUNT, such as 2/8; numbers count from 1."]
    )


def test_the_ini_key_and_the_option_over_it(desk):
    """`llm_shard = 1/2` in the ini file; the command line wins."""
    desk.pytester.makeini("[pytest]\nllm_shard = 1/2\n")
    desk.run("--llm-backend=ft:v3").stdout.fnmatch_lines(["lockgate: shard 1 of 2: *"])
    desk.run("--llm-backend=ft:v3", "--llm-shard=2/2").stdout.fnmatch_lines(["lockgate: shard 2 of 2: *"])


def test_marked_tests_are_split_and_others_run_everywhere(desk):
    """A test under `llm_cases` runs once in all shards together; one that asks nothing ahead in each."""
    desk.write("cases.jsonl", "".join(json.dumps({"id": f"k{n}", "input": "Hi"}) + "\n" for n in range(8)))
    desk.write("answers/v3.json", {f"k{n}": "yes" for n in range(8)} | {"hours": "nine", "place": "harbour"})
    desk.write(
        "test_marked.py",
        "import pytest\n\n"
        "@pytest.mark.llm_cases('cases.jsonl')\n"
        "def test_case(case, completion):\n    assert completion.text == 'yes'\n\n"
        "def test_plain():\n    pass\n",
    )
    results = [shard(desk, n, 2) for n in (1, 2)]
    assert [r.ret for r in results] == [0, 0]
    assert sum(outcomes(r)["passed"] for r in results) == 2 + 8 + 2
    assert all(outcomes(r)["deselected"] > 0 for r in results)


def test_a_run_that_was_stopped_leaves_no_shard(desk):
    """`-x` ends a shard before its work is done: the merge then misses it."""
    desk.write("answers/v3.json", {"hours": "?", "place": "?"})
    shard(desk, 1, 1, "-x")
    assert read_shards(Path("ci/1/j.sqlite")) == []
