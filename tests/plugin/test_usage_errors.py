"""A user's mistake ends the session with exit code 4 before anything is asked."""

import pytest

USAGE_ERROR = 4


def error_of(result) -> str:
    assert result.ret == USAGE_ERROR
    text = result.stderr.str()
    assert "Traceback" not in text
    assert "INTERNALERROR" not in result.stdout.str() + text
    return text


@pytest.mark.parametrize("workers", [0, 2])
def test_unknown_version_names_the_versions(desk, workers):
    """An unknown version is refused with the versions there are."""
    text = error_of(desk.run("--llm-backend=ft:v9", workers=workers))
    assert "'ft:v9'" in text
    assert "ft:v3" in text


def test_unknown_family_suggests_the_nearest(desk):
    """An unknown family is refused with the nearest one."""
    assert "prompt" in error_of(desk.run("--llm-backend=promt:v1"))


@pytest.mark.parametrize("workers", [0, 2])
def test_misspelt_check_at_its_position(desk, workers):
    """A misspelt check is reported at its line and column, with the word that was meant."""
    desk.write("evalsuites/shop.yaml", "suite: s\ncases:\n  - {id: a, input: x}\nchecks:\n  - refusl\n")
    text = error_of(desk.run("--llm-backend=ft:v3", workers=workers))
    assert "evalsuites/shop.yaml:5:5: " in text
    assert "Did you mean 'refusal'?" in text
    assert "    - refusl" in text


def test_mistakes_of_all_suites_at_once(desk):
    """Two broken suites are reported together."""
    desk.write("evalsuites/a.yaml", "suite: a\ncases: []\nchecks:\n  - refusal\n")
    desk.write("evalsuites/b.yaml", "suite: b\nchekcs: []\n")
    text = error_of(desk.run("--llm-backend=ft:v3"))
    assert "a.yaml:2:" in text
    assert "b.yaml:2:1: " in text
    assert "Did you mean 'checks'?" in text


def test_a_suite_without_a_backend(desk):
    """Suites that are collected without a backend are an error, never a silent pass."""
    text = error_of(desk.run())
    assert "no backend was chosen" in text
    assert "prompt:v1, prompt:v2, ft:v3" in text


def test_a_suite_without_a_backend_under_workers(desk):
    """With `-n 2` it is a collection error with the same text."""
    result = desk.run(workers=2)
    assert result.ret not in (0, 5)
    assert "no backend was chosen" in result.stdout.str()


def test_missing_project_file(desk):
    """Without a project file there is nothing to ask, and the text says where it was looked for."""
    (desk.pytester.path / "lockgate.yaml").unlink()
    assert "lockgate.yaml" in error_of(desk.run("--llm-backend=ft:v3"))


def test_missing_answers_file(desk):
    """A backend whose file is missing is reported at its line in the project file."""
    (desk.pytester.path / "answers/v3.json").unlink()
    assert "lockgate.yaml:7:" in error_of(desk.run("--llm-backend=ft:v3"))


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("--llm-trials=0", "--llm-trials: '0' will not do. Give a number from 1 on."),
        ("--llm-concurrency=-1", "--llm-concurrency: '-1' will not do"),
        ("--llm-max-cost=nan", "--llm-max-cost: 'nan' will not do"),
    ],
)
def test_numbers_out_of_range(desk, option, complaint):
    """Numbers that make no sense are refused by the name of their option."""
    assert complaint in error_of(desk.run("--llm-backend=ft:v3", option))


def test_options_that_contradict(desk):
    """Fresh and offline exclude each other."""
    assert "choose one" in error_of(desk.run("--llm-backend=ft:v3", "--llm-fresh", "--llm-offline"))


def test_unknown_baseline(desk):
    """A baseline that is nothing is refused before anything is asked."""
    assert "'nothing'" in error_of(desk.run("--llm-backend=ft:v3", "--llm-baseline=nothing"))


MISSING_EXTRA = """\
from lockgate.backends.scripted import Scripted
from lockgate.errors import MissingExtra

def missing(self):
    raise MissingExtra(feature='The transformers backend', package='torch', extra='local')

before = Scripted.identity
Scripted.identity = property(missing, lambda self, value: None)

def pytest_unconfigure():
    Scripted.identity = before
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_a_backend_that_misses_its_extra_is_a_usage_error(desk, workers):
    """What a backend cannot even be named without is told before anything is asked, with the pip line."""
    desk.write("conftest.py", MISSING_EXTRA)
    assert "pip install 'lockgate[local]'" in error_of(desk.run("--llm-backend=ft:v3", workers=workers))


def test_collecting_needs_no_extra(desk):
    """`--collect-only` asks nothing, and so lists the items where the backend could not even be named."""
    desk.write("conftest.py", MISSING_EXTRA)
    result = desk.run("--llm-backend=ft:v3", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["evalsuites/shop.yaml::hours", "evalsuites/shop.yaml::place"])
    assert result.ret == 0


def test_a_journal_that_cannot_be_opened_is_a_usage_error(desk):
    """Nothing is asked when no answer could be kept: exit code 4, with the remedy and no traceback."""
    (desk.pytester.path / "folder").mkdir()
    result = desk.run("--llm-backend=ft:v3", "--llm-journal=folder")
    assert result.ret == 4
    text = result.stderr.str() + result.stdout.str()
    assert "The journal" in text
    assert "Give --llm-journal another file." in text
    assert "INTERNALERROR" not in text
