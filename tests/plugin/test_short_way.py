"""Cases go a shorter way through pytest, unless anybody could see the difference."""

import pytest

NOTE = """\
def note(text):
    with open('seen.txt', 'a') as file:
        print(text, file=file)

"""


@pytest.mark.parametrize("phase", ["setup", "call", "teardown"])
def test_hooks_of_a_conftest_run_for_cases(desk, phase):
    """Who implements a phase of running items gets every case."""
    desk.write(
        "conftest.py",
        f"{NOTE}def pytest_runtest_{phase}(item):\n    note(item.name)\n",
    )
    desk.run("--llm-backend=ft:v3").assert_outcomes(passed=2)
    assert len((desk.pytester.path / "seen.txt").read_text().splitlines()) == 2


def test_autouse_fixtures_run_for_cases(desk):
    """A fixture that every test gets, cases get, too."""
    desk.write(
        "conftest.py",
        f"{NOTE}import pytest\n@pytest.fixture(autouse=True)\ndef seen():\n    note('up')\n    yield\n",
    )
    desk.run("--llm-backend=ft:v3").assert_outcomes(passed=2)
    assert len((desk.pytester.path / "seen.txt").read_text().splitlines()) == 2


def test_marks_on_cases_count(desk):
    """A skip or an xfail that a conftest puts on a case does what it always does."""
    desk.write("answers/v3.json", {"hours": "At nine.", "place": "No idea."})
    desk.write(
        "conftest.py",
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    mark = pytest.mark\n"
        "    marks = {'hours': mark.skip(reason='later'), 'place': mark.xfail(reason='known')}\n"
        "    for item in items:\n        item.add_marker(marks[item.name])\n",
    )
    desk.run("--llm-backend=ft:v3").assert_outcomes(skipped=1, xfailed=1)


def test_python_tests_between_cases_keep_their_fixtures(desk):
    """A module's fixture is set up once and torn down, whatever runs before and after."""
    test = (
        f"{NOTE}import pytest\n"
        "@pytest.fixture(scope='module', autouse=True)\n"
        "def log():\n    note(__name__ + ' up')\n    yield\n    note(__name__ + ' down')\n"
        "def test_one(): pass\ndef test_two(): pass\n"
    )
    desk.write("a/test_first.py", test)
    desk.write("z/test_last.py", test)
    result = desk.run("--llm-backend=ft:v3", "a", "evalsuites", "z")
    result.assert_outcomes(passed=6)
    log = (desk.pytester.path / "seen.txt").read_text().splitlines()
    assert log == ["test_first up", "test_first down", "test_last up", "test_last down"]


def test_setup_show_shows_cases(desk):
    """An option that is about the phases gets them all."""
    result = desk.run("--llm-backend=ft:v3", "--setup-show")
    assert "evalsuites/shop.yaml::hours" in result.stdout.str()
    result.assert_outcomes(passed=2)


def test_the_first_failure_stops_the_session(desk):
    """`-x` after a case tears down what a test before it had set up, and runs nothing more."""
    desk.write(
        "a/test_first.py",
        f"{NOTE}import pytest\n"
        "@pytest.fixture(scope='session', autouse=True)\n"
        "def log():\n    note('up')\n    yield\n    note('down')\n"
        "def test_one(): pass\n",
    )
    desk.write("answers/v3.json", {"hours": "Never.", "place": "At the harbour."})
    result = desk.run("--llm-backend=ft:v3", "-x", "a", "evalsuites")
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == 1
    assert (desk.pytester.path / "seen.txt").read_text().split() == ["up", "down"]
