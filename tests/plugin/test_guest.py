"""A good guest: installed and unused, the plugin is not there."""

import re

import pytest

from lockgate.pytest_plugin import OPTIONS

LATE = ("torch", "numpy", "openai", "yaml", "jinja2", "jsonschema", "scipy", "transformers", "sqlite3")


def test_unused_it_imports_nothing(pytester: pytest.Pytester):
    """A session without suites imports none of the heavy libraries, and nothing of ours but the doorstep."""
    pytester.makepyfile(
        f"""
        import sys

        def test_empty():
            assert [m for m in {LATE!r} if m in sys.modules] == []
            ours = sorted(m for m in sys.modules if m.split(".")[0] == "lockgate")
            assert ours == ["lockgate", "lockgate.pytest_plugin"]
        """
    )
    pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:xdist").assert_outcomes(passed=1)


def test_unused_it_prints_and_writes_nothing(pytester: pytest.Pytester):
    """Output and files are those of a session without the plugin."""
    pytester.makepyfile("def test_empty(): pass")
    without = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:lockgate")
    before = {p.name for p in pytester.path.iterdir()}
    with_it = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    assert {p.name for p in pytester.path.iterdir()} - before == {"runpytest-1"}
    assert _own_lines(with_it) == _own_lines(without)


def _own_lines(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if not line.startswith(("plugins:", "===="))]


def test_other_yaml_files_are_left_alone(pytester: pytest.Pytester):
    """YAML files outside `llm_suites` are no suites."""
    (pytester.path / "settings.yaml").write_text("suite: [broken")
    pytester.makepyfile("def test_empty(): pass")
    pytester.runpytest_subprocess("-p", "no:xdist").assert_outcomes(passed=1)


def test_help_names_every_option(pytester: pytest.Pytester):
    """`pytest --help` lists each option of the contract, and no other of ours."""
    text = pytester.runpytest_subprocess("--help", "-p", "no:xdist").stdout.str()
    listed = re.findall(r"^  (--llm-[a-z-]+)", text, re.MULTILINE)
    assert listed == [flag for flag, _ in OPTIONS]
    assert {"--llm-backend", "--llm-baseline", "--llm-offline", "--llm-max-cost", "--llm-shard"} <= {*listed}
