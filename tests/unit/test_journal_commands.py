"""The journal's commands: what they print, where, and with which exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from lockgate.cli import main
from lockgate.engine.journal import Journal
from lockgate.fingerprints import digest
from lockgate.model import Completion, Request

DEFAULT = Path(".lockgate/journal.sqlite")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*arguments):
    return CliRunner().invoke(main, ["journal", *arguments], catch_exceptions=False)


def fill(path: Path = DEFAULT, **answers: str) -> None:
    """Keep answers: backend family → text."""
    journal = Journal(path)
    for family, text in answers.items():
        request = Request(case_id="hi", messages=({"role": "user", "content": "Hi"},))
        completion = Completion(text=text, tokens_in=1200, tokens_out=3, cost=0.25, request=request)
        journal.put(digest(family), backend=f"{family}:v1", fingerprint="f", completion=completion)
    journal.close()


def test_stats_are_a_line_and_a_table():
    """Size, schema and totals, then a row for each backend."""
    fill(api="a", ft="b")
    result = run("stats")
    head, names, *rows = result.stdout.splitlines()
    expected = r"\.lockgate/journal\.sqlite: [\d.]+ kB, schema 3, 2 completions, 0 verdicts, 0 runs"
    assert re.fullmatch(expected, head)
    assert re.split(r"\s{2,}", names) == [
        "backend", "completions", "first", "last", "tokens in", "tokens out", "cost",
    ]  # fmt: skip
    name, count, first, last, *figures = rows[0].split()
    assert (name, count, *figures) == ("api:v1", "1", "1,200", "3", "$0.2500")
    assert first == last
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", first)
    assert (rows[1].split()[0], result.exit_code) == ("ft:v1", 0)


def test_stats_of_an_empty_journal_have_no_table():
    """One line, and singulars are right."""
    fill(Path("j"))
    assert re.fullmatch(
        r"j: [\d.]+ kB, schema 3, 0 completions, 0 verdicts, 0 runs\n", run("stats", "--journal", "j").stdout
    )


def test_pruning_says_what_it_removed():
    """By backend, then in all."""
    fill(api="a", ft="b")
    promised = run("prune", "--keep-backend", "ft", "--dry-run").stdout
    assert promised == "api:v1: 1 completion\nwould remove 1 completion and 0 runs\n"
    done = run("prune", "--keep-backend", "ft").stdout
    assert re.fullmatch(r"api:v1: 1 completion\nremoved 1 completion and 0 runs, freed [\d.]+ [kM]B\n", done)
    assert [json.loads(x)["backend"] for x in run("export").stdout.splitlines()[1:]] == ["ft:v1"]


@pytest.mark.parametrize("age", ["1m", "12h", "30d", "1.5w"])
def test_ages_have_units(age):
    """Nothing here is as old as any of them."""
    fill(api="a")
    assert run("prune", "--older-than", age, "--dry-run").stdout == "would remove 0 completions and 0 runs\n"


def test_zero_is_an_age():
    """Everything is older."""
    fill(api="a")
    assert run("prune", "--older-than", "0d").stdout.startswith("api:v1: 1 completion\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prune"], "Say what to prune: --older-than, --backend or --keep-backend.\n"),
        (["prune", "--older-than", "30"], "--older-than: '30' is no age. Write 12h, 30d or 8w.\n"),
        (["prune", "--older-than", "-1d"], "--older-than: '-1d' is no age. Write 12h, 30d or 8w.\n"),
        (
            ["prune", "--backend", "fr"],
            "The journal holds nothing of a backend 'fr'. The backends there are: 'api:v1', 'ft:v1'.\n",
        ),
        (
            ["export", "--backend", "api:v2"],
            "The journal holds nothing of a backend 'api:v2'. Did you mean 'api:v1'?\n",
        ),
        (["stats", "--journal", "no"], "There is no journal no. Run a suite first, or name another file.\n"),
        (
            ["import", "none.jsonl"],
            "none.jsonl:1:1: There is no such file. Check the path and its permissions.\n",
        ),
        (
            ["export", "-o", ".lockgate/journal.sqlite/x"],
            ".lockgate/journal.sqlite/x cannot be written (File exists). Name another file.\n",
        ),
    ],
)
def test_mistakes_are_sentences_and_exit_code_4(arguments, message):
    """No traceback for what a user can mend."""
    fill(api="a", ft="b")
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (4, "", message)


def test_an_export_goes_to_stdout_or_a_file():
    """The same bytes; the file's count goes to stderr."""
    fill(api="Grüße ☂\u2028", ft="b")
    printed = run("export")
    written = run("export", "-o", "deep/r.jsonl")
    assert Path("deep/r.jsonl").read_bytes() == printed.stdout_bytes
    assert (written.stdout, written.stderr) == ("", "deep/r.jsonl: 2 completions\n")
    assert "Grüße ☂" in printed.stdout


def test_an_import_says_what_was_new():
    """New, newer, older, the same."""
    fill(api="a", ft="b")
    run("export", "-o", "r.jsonl")
    fill(api="newer here")
    assert run("import", "r.jsonl").stdout == (
        ".lockgate/journal.sqlite: 0 new, 0 newer than what was there, 1 older and left out, 1 the same\n"
    )
    assert run("import", "--journal", "to", "r.jsonl", "r.jsonl").stdout == (
        "to: 2 new, 0 newer than what was there, 0 older and left out, 2 the same\n"
    )


def test_a_wrong_line_is_shown_with_its_position():
    """As any document's mistakes."""
    fill(api="a")
    run("export", "-o", "r.jsonl")
    with Path("r.jsonl").open("a") as file:
        file.write("{\n")
    result = run("import", "--journal", "to", "r.jsonl")
    assert result.exit_code == 4
    assert result.stderr == (
        "r.jsonl:3:2: The line is not JSON: Expecting property name enclosed in double quotes. "
        "Export it again.\n    {\n     ^\n"
    )


@pytest.mark.parametrize("command", ["stats", "prune", "export", "import"])
def test_every_command_has_help(command):
    """A first sentence, and the options' own."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "--journal FILE" in result.stdout
