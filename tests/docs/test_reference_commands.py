"""The reference names every option of the commands that it describes, and nothing else."""

import inspect
import re

import pytest
from pages import sections

from lockgate.cli import main
from lockgate.documents.labels import LABEL
from lockgate.documents.words import describe
from lockgate.engine.recordings import SCHEMA
from lockgate.report_commands import FORMATS
from lockgate.statistics import agreement

PAGE = sections("commands.md")


def options(command) -> set[str]:
    return {name for param in command.params for name in param.opts if name.startswith("-")}


def documented(section: str) -> set[str]:
    rows = [row["option"] for table in PAGE[section].tables if "option" in table[0] for row in table]
    return {name for row in rows for name in re.findall(r"(?<![\w-])-{1,2}[a-z][a-z-]*", row)}


def test_every_option_of_the_journal_is_documented():
    """The options of all its commands, each in the table or in the text above it."""
    commands = main.commands["journal"].commands.values()
    assert set.union(*map(options, commands)) == documented("journal") | {"--journal"}
    assert "`--journal FILE`" in PAGE["journal"].text


@pytest.mark.parametrize("name", sorted(main.commands["journal"].commands))
def test_every_command_of_the_journal_is_documented(name):
    """Each has a row."""
    assert f"lockgate journal {name}" in {row["command"] for row in PAGE["journal"].table("command")}


def test_every_option_of_the_merge_is_documented():
    """And every documented option exists."""
    assert documented("merge") == options(main.commands["merge"])


def test_every_option_of_baseline_is_documented():
    """And every documented option exists."""
    assert documented("baseline") == options(main.commands["baseline"].commands["set"])


def test_every_option_of_calibrate_is_documented():
    """And every documented option exists."""
    assert documented("calibrate") == options(main.commands["calibrate"])


def test_every_key_of_a_label_is_documented():
    """With its type and its meaning, in order."""
    assert PAGE["calibrate"].table("key") == [
        {
            "key": key.name,
            "value": describe(key.annotation),
            "default": "required" if key.required else "",
            "meaning": key.doc,
        }
        for key in LABEL.keys
    ]


def test_every_source_of_agreement_is_named():
    """Each paper behind kappa, its limits and groups stands on the page, by authors and year."""
    papers = set(re.findall(r"[A-Z]\w+ & [A-Z]\w+ (?:19|20)\d\d", inspect.getsource(agreement)))
    # The standard error of Fleiss, Cohen and Everitt is in no figure of the command's.
    unused = {"Cohen & Everitt 1969"}
    assert "Rao & Scott 1992" in papers
    assert [paper for paper in papers - unused if paper not in PAGE["calibrate"].text] == []


def test_every_option_of_verify_is_documented():
    """And every documented option exists."""
    assert documented("verify") == options(main.commands["verify"])


def test_every_option_and_format_of_report_is_documented():
    """And every documented option exists."""
    assert documented("report") == options(main.commands["report"])
    assert [name for name in (*FORMATS, "terminal") if f"`{name}`" not in PAGE["report"].text] == []


def test_every_option_of_compare_is_documented():
    """And every documented option exists."""
    assert documented("compare") == options(main.commands["compare"])


def test_the_header_of_recordings_is_the_code_s():
    """A reader of the file can rely on it."""
    assert f'{{"schema": "{SCHEMA}"}}' in PAGE["journal"].text
