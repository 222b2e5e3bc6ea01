"""The command line: what it prints, where, and with which exit code."""

# ruff: noqa: E501  (lines that a person sees stand unbroken)

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
from click.testing import CliRunner

import lockgate
import lockgate.tuning
from lockgate.cli import main
from lockgate.errors import UsageError

PROJECT = """\
backends:
  a:
    default: v2
    v1: {kind: scripted, answers: {c1: hello}}
    v2: {kind: scripted, answers: {c1: hello}, prompt: desk@v1, model: tiny}
"""
SUITE = "suite: s\ncases: [{id: c1, input: Hi}, {id: c2, input: Ho}]\nchecks: [contains: hello]\n"


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)


def _write(path, text):
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _run(*arguments, **options):
    return CliRunner().invoke(main, arguments, catch_exceptions=False, **options)


def _set_up(project=PROJECT, suite=SUITE, prompt="user: 'Q: {{ input }}'"):
    _write("lockgate.yaml", project)
    _write("evalsuites/s.yaml", suite)
    _write("prompts/desk/v1.yaml", prompt)


def test_a_right_project_is_counted():
    """One line on stdout, nothing on stderr."""
    _set_up()
    result = _run("validate")
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        "1 suite, 2 cases, 2 backends: all right\n",
        "",
    )


def test_suites_and_folders_may_be_named():
    """A file, a folder, both endings."""
    _set_up()
    _write("other/b.yml", SUITE.replace("suite: s", "suite: b"))
    assert (
        _run("validate", "other", "evalsuites/s.yaml").stdout == "2 suites, 4 cases, 2 backends: all right\n"
    )


def test_without_a_project_file_suites_are_read_alone():
    """A project is needed only by who asks a backend."""
    _write("evalsuites/s.yaml", SUITE)
    assert _run("validate").stdout == "1 suite, 2 cases, 0 backends: all right\n"


def test_every_mistake_of_every_file_is_printed():
    """Project, suites and prompts are all read; the texts go to stderr and the exit code is 4."""
    _set_up(
        project=PROJECT.replace("default: v2", "default: v3"),
        suite=SUITE.replace("contains: hello", "contians: hello"),
    )
    _write("evalsuites/t.yaml", "suite: t\n")
    result = _run("validate")
    assert result.exit_code == 4
    assert result.stdout == ""
    assert [line for line in result.stderr.splitlines() if not line.startswith(" ")] == [
        "evalsuites/s.yaml:3:10: There is no check 'contians'. Did you mean 'contains'?",
        "evalsuites/t.yaml:1:1: The key 'checks' is missing in a suite (What each answer has to pass: name, name: argument, or name: {options}). Add it.",
        "evalsuites/t.yaml:1:1: The suite has no cases. Give it a 'dataset' or 'cases'.",
        "lockgate.yaml:3:14: The family 'a' has no version 'v3'. The versions there are: 'v1', 'v2'.",
    ]
    assert "    checks: [contians: hello]\n             ^\n" in result.stderr


def test_backends_are_built_for_validation():
    """What only a factory can know is told too."""
    _set_up(project=PROJECT.replace("{c1: hello}}", "none.json}", 1))
    result = _run("validate")
    assert result.exit_code == 4
    assert result.stderr.startswith("lockgate.yaml:4:35: The answers 'none.json' cannot be read")


def test_a_prompt_that_no_suite_can_fill_in_is_a_mistake():
    """A variable that no case has is found without a model."""
    _set_up(prompt="user: '{{ langg }}'")
    result = _run("validate")
    assert result.exit_code == 4
    assert result.stderr.startswith(
        "prompts/desk/v1.yaml:1:11: desk@v1 cannot be rendered for 2 of 2 cases ('c1')."
    )


def test_a_prompt_that_one_suite_can_fill_in_is_right():
    """Prompts need not suit every suite."""
    _set_up(prompt="user: '{{ lang }}'")
    _write("evalsuites/t.yaml", "suite: t\ncases: [{input: x, lang: de}]\nchecks: [contains: a]\n")
    assert _run("validate").exit_code == 0


def test_what_a_suite_should_know_is_a_note():
    """A gate that can fail and cannot pass is told with its line, and is no mistake."""
    _set_up(suite=f"{SUITE}latency: {{samples: 20}}\ngates:\n  latency_p95: {{max: 1s}}\n")
    result = _run("validate")
    assert result.exit_code == 0
    note, right = result.stdout.splitlines()
    assert re.match(r"note: evalsuites/s.yaml:\d+:3: The gate 'latency_p95' can fail and cannot pass", note)
    assert right.endswith("all right")


CONFTEST = """\
from helper import word

from lockgate import check


@check
def mentions(case, completion) -> bool:
    return word in completion.text
"""


def test_checks_of_conftests_are_known():
    """A check that pytest would find in a conftest on the way to the suite is found here."""
    _set_up(suite=SUITE.replace("contains: hello", "mentions"))
    assert _run("validate").exit_code == 4
    _write("evalsuites/conftest.py", CONFTEST)
    _write("evalsuites/helper.py", "word = 'x'\n")
    assert _run("validate").stdout == "1 suite, 2 cases, 2 backends: all right\n"


def test_what_editors_leave_among_the_prompts_is_passed_over():
    """A notebook's checkpoints are no prompts."""
    _set_up(prompt="user: U")
    _write("prompts/.ipynb_checkpoints/v1-checkpoint.yaml", "user: '{{ none }}'")
    result = _run("validate")
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_mistake_without_a_position_hides_no_other(monkeypatch):
    """It stands at the file that was read."""
    _set_up()
    _write("evalsuites/t.yaml", "suite: t\ncases: []\nchecks: [contains: a]\n")
    plain = lockgate.cli.load_suite

    def load(path, **options):
        if path.name == "t.yaml":
            return plain(path, **options)
        raise UsageError("Not here.")

    monkeypatch.setattr("lockgate.cli.load_suite", load)
    lines = _run("validate").stderr.splitlines()
    assert "evalsuites/s.yaml:1:1: Not here." in lines
    assert any(line.startswith("evalsuites/t.yaml:2:") for line in lines)


def test_a_conftest_is_a_module_while_it_runs():
    """Dataclasses with postponed annotations look their module up, and pickle does later."""
    _set_up(suite=SUITE.replace("contains: hello", "mentions"))
    _write("evalsuites/helper.py", "word = 'x'\n")
    text = """\
from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import ClassVar


@dataclass
class Word:
    kind: ClassVar[str] = "w"
    text: str = ""


assert pickle.loads(pickle.dumps(Word(text="a"))) == Word(text="a")
"""
    _write("evalsuites/conftest.py", f"{text}\n{CONFTEST}")
    assert _run("validate").stdout == "1 suite, 2 cases, 2 backends: all right\n"


def test_a_conftest_that_fails_is_no_module_afterwards():
    """Nobody finds half of it."""
    _set_up()
    _write("conftest.py", "1 / 0\n")
    before = set(sys.modules)
    _run("validate")
    assert not [name for name in set(sys.modules) - before if name.startswith("conftest_")]


def test_a_conftest_that_cannot_be_imported_says_why():
    """The user's own error, as a sentence."""
    _set_up()
    _write("conftest.py", "1 / 0\n")
    result = _run("validate")
    assert result.exit_code == 4
    assert result.stderr == (
        "conftest.py cannot be imported: ZeroDivisionError: division by zero. Mend it; its checks are needed.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["validate"], "There are no suites in evalsuites/. Name a suite, or a folder of them.\n"),
        (["validate", "empty"], "There are no suites in empty/. Name a suite, or a folder of them.\n"),
        (
            ["validate", "none.yaml"],
            "none.yaml:1:1: There is no such file. Check the path and its permissions.\n",
        ),
        (
            ["validate", "--project", "none.yaml", "s.yaml"],
            "none.yaml:1:1: There is no such file. Check the path and its permissions.\n",
        ),
        (["backends"], "lockgate.yaml:1:1: There is no such file. Check the path and its permissions.\n"),
    ],
)
def test_what_is_not_there_is_a_sentence_and_exit_code_4(arguments, message):
    """No traceback for what a user can mend."""
    Path("empty").mkdir()
    _write("s.yaml", SUITE)
    result = _run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (4, "", message)


def test_colours_are_for_terminals_alone(monkeypatch):
    """Positions are bold and carets red on a terminal that wants colours, and plain text elsewhere."""
    _write("s.yaml", "suite: s\ncases: [{input: x}]\nchecks: [contians: a]\n")
    plain = _run("validate", "s.yaml").stderr
    assert "\x1b" not in plain
    coloured = _run("validate", "s.yaml", color=True).stderr
    assert coloured.startswith("\x1b[1ms.yaml:3:10:\x1b[0m There is no check")
    assert coloured.endswith("\x1b[31m^\x1b[0m\n")
    monkeypatch.setenv("NO_COLOR", "1")
    assert _run("validate", "s.yaml", color=True).stderr == plain


@pytest.mark.parametrize(
    ("arguments", "title"),
    [([], "A Lockgate suite"), (["project"], "A Lockgate project"), (["prompt"], "A Lockgate prompt")],
)
def test_a_schema_is_printed(arguments, title):
    """JSON on stdout, the suite's unless another is named."""
    schema = json.loads(_run("schema", *arguments).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == title


def test_a_schema_is_written_to_a_file():
    """Nothing is printed then."""
    result = _run("schema", "prompt", "-o", "prompt.schema.json")
    assert (result.exit_code, result.output) == (0, "")
    assert json.loads(Path("prompt.schema.json").read_text())["title"] == "A Lockgate prompt"


def test_a_schema_of_something_else_is_a_command_line_error():
    """Click's own exit code and list of choices."""
    result = _run("schema", "case")
    assert result.exit_code == 2
    assert "'case' is not one of 'project', 'prompt', 'suite'" in result.stderr


def test_backends_are_a_table():
    """One line a backend: its declaration, its fingerprint, and the extra that it needs."""
    _set_up()
    result = _run("backends")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["name", "kind", "model", "prompt", "fingerprint", "needs"]
    assert lines[1][:2] == ["a:v1", "scripted"]
    assert lines[2][:4] == ["a:v2", "scripted", "tiny", "desk@v1"]
    assert len(lines[1][2]) == len(lines[2][4]) == 12
    assert lines[1][2] != lines[2][4]
    assert result.exit_code == 0


def test_a_backend_that_cannot_be_built_is_in_the_table():
    """The table is printed whole, then what is wrong, and the exit code is 4."""
    _set_up(project=PROJECT.replace("{c1: hello}}", "none.json}", 1))
    result = _run("backends")
    assert result.exit_code == 4
    assert result.stdout.splitlines()[1].split() == ["a:v1", "scripted", "wrong"]
    assert "lockgate.yaml:4:35:" in result.stderr


def test_the_extra_that_a_kind_needs_is_named(monkeypatch):
    """A missing extra is said in the table, without an error."""
    monkeypatch.setattr("lockgate.cli.find_spec", lambda package: None)
    _write("lockgate.yaml", "backends: {a: {v1: {kind: openai, model: m, base_url: 'http://127.0.0.1:1'}}}")
    result = _run("backends")
    assert result.stdout.splitlines()[1].endswith("openai (not installed)")


def test_tuning_hands_over_spec_and_project(monkeypatch):
    """Progress goes to stderr, the new backend and its folder to stdout."""
    asked = []

    def tune(spec, *, project, say):
        asked.append((spec, project))
        say("halfway")
        return SimpleNamespace(backend="ft:v4", adapter=Path("adapters/v4").absolute())

    command = SimpleNamespace(tune=tune)
    monkeypatch.setitem(sys.modules, "lockgate.tuning.command", command)
    result = _run("tune", "spec.yaml", "--project", "p.yaml")
    assert asked == [(Path("spec.yaml"), Path("p.yaml"))]
    assert (result.stdout, result.stderr) == ("ft:v4: adapters/v4\n", "halfway\n")


def test_the_version_is_the_packages():
    """As `lockgate.__version__`."""
    assert _run("--version").stdout == f"lockgate, version {lockgate.__version__}\n"


@pytest.mark.parametrize("command", ["validate", "schema", "backends", "tune", "journal", "merge"])
def test_every_command_has_help(command):
    """A first sentence, and the options' own."""
    result = _run(command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: main {command}")


@pytest.mark.parametrize(
    "command",
    [
        "baseline set", "calibrate", "compare", "journal export", "journal import", "journal prune",
        "journal stats", "report",
    ],
)  # fmt: skip
def test_every_command_says_the_same_of_the_journal(command):
    """It is the same file, with the same default."""
    said = " ".join(_run(*command.split(), "--help").stdout.split())
    assert "--journal FILE The journal of answers and runs; .lockgate/journal.sqlite by default." in said


def test_tuning_s_help_says_which_project_it_takes():
    """Other than the other commands, it looks above the spec."""
    assert "the nearest lockgate.yaml above SPEC.yaml by default" in " ".join(
        _run("tune", "--help").stdout.split()
    )
    assert "lockgate.yaml in the working folder by default" in " ".join(
        _run("backends", "--help").stdout.split()
    )


def test_help_names_the_exit_codes():
    """Scripts rely on them."""
    said = " ".join(_run("--help").stdout.split())
    assert (
        "Exit codes: 0 all right, 2 the command line is wrong, 4 a document is wrong or names what is not there."
        in said
    )
