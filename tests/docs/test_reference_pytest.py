"""The reference names every option, ini key, fixture and marker of the plugin, and nothing else."""

import re
from pathlib import Path

from under_way import UNDER_WAY

from lockgate import pytest_plugin
from lockgate.pytest_plugin.progress import describe

PAGE = (Path(__file__).parents[2] / "docs/reference/pytest.md").read_text("utf-8")


def test_every_option_is_documented_and_every_documented_option_exists():
    """The table of options is the plugin's."""
    documented = re.findall(r"^\| `(--llm-[a-z-]+)", PAGE, re.MULTILINE)
    assert documented == [flag for flag, _ in pytest_plugin.OPTIONS]


def test_every_fixture_is_documented(pytester):
    """Each fixture that the plugin brings stands in the reference."""
    text = pytester.runpytest_subprocess("--fixtures", "-p", "no:xdist").stdout.str()
    section = text.split("fixtures defined from lockgate.pytest_plugin")[1].split("fixtures defined")[0]
    fixtures = re.findall(r"^(\w+) -- ", section, re.MULTILINE)
    assert len(fixtures) >= 6
    assert [name for name in fixtures if f"`{name}`" not in PAGE] == []


def test_the_marker_is_documented(pytester):
    """The marker and the ini key of suites stand in the reference, and are the plugin's."""
    for name, told in (("`llm_suites`", "--help"), ("pytest.mark.llm_cases", "--markers")):
        assert name in PAGE
        assert name.strip("`") in pytester.runpytest_subprocess(told, "-p", "no:xdist").stdout.str()


def test_the_progress_line_is_the_plugins():
    """The line that the page shows is what is written of such a session."""
    assert f"\n{describe(UNDER_WAY)}\n" in PAGE
