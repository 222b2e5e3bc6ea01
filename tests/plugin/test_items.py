"""Cases as items: node ids, misses, errors, selection, and the usual options of pytest."""

import pytest
from test_option_journal import asked, counting

GATES = "gates:\n  accuracy: {min: 0.9}\n"


def test_each_case_is_an_item(desk):
    """Node ids are FILE::CASE, and all cases that pass make exit code 0."""
    result = desk.run("--llm-backend=ft:v3", "-v")
    result.stdout.fnmatch_lines(
        ["*evalsuites/shop.yaml::hours PASSED*", "*evalsuites/shop.yaml::place PASSED*"]
    )
    result.assert_outcomes(passed=2)
    assert result.ret == 0


def test_a_miss_quotes_prompt_answer_and_reason(desk):
    """An ungoverned miss fails its item and quotes prompt, answer and reason, without a traceback."""
    result = desk.run("--llm-backend=prompt:v1")
    result.assert_outcomes(passed=1, failed=1)
    text = result.stdout.str()
    assert "Where are you?" in text
    assert "No idea." in text
    assert "harbour" in text
    assert "Traceback" not in text
    assert "collect.py" not in text
    assert result.ret == 1


def test_a_governed_miss_is_an_xfail(desk):
    """Where a gate covers the metric, a miss is shown as xfail with its reason, and the gate decides."""
    desk.many(100, right=98, gates="gates:\n  accuracy: {min: 0.9}\n")
    result = desk.run("--llm-backend=ft:v3", "-rx")
    result.assert_outcomes(passed=99, xfailed=2)
    result.stdout.fnmatch_lines(["XFAIL evalsuites/many.yaml::c098 - a gate decides: equals:*"])
    assert result.ret == 0


def test_a_check_that_cannot_tell_fails_its_item_without_a_gate(desk):
    """An unscored answer is no pass; under a gate on its metric the gate decides."""
    desk.many(3, right=3, checks="  - max_tokens: 5\n", gates="")
    result = desk.run("--llm-backend=ft:v3")
    result.assert_outcomes(failed=3)
    desk.many(3, right=3, checks="  - max_tokens: 5\n", gates="gates:\n  max_tokens: {min: 0.1}\n")
    desk.run("--llm-backend=ft:v3").assert_outcomes(xfailed=3, failed=1)


def test_a_miss_that_no_gate_covers_fails_beside_one_that_a_gate_does(desk):
    """A gate excuses the misses of its own metric, and no other of the same case."""
    checks = "  - contains: {value: 'yes', metric: agreement}\n"
    desk.many(100, right=98, checks=checks, gates="gates:\n  accuracy: {min: 0.9}\n")
    result = desk.run("--llm-backend=ft:v3")
    result.assert_outcomes(passed=99, failed=2)


def test_runxfail_shows_governed_misses_as_failures(desk):
    """`--runxfail` means what it always means: nothing is expected to fail."""
    desk.many(100, right=98, gates="gates:\n  accuracy: {min: 0.9}\n")
    result = desk.run("--llm-backend=ft:v3", "--runxfail")
    result.assert_outcomes(passed=99, failed=2)


def test_a_backend_that_is_named_twice_runs_once(desk):
    """By its version or as its family's default, it is one backend, and items need no suffix."""
    result = desk.run("--llm-backend=ft:v3,ft", "--llm-backend=ft:v3", "-v")
    result.stdout.fnmatch_lines(["*evalsuites/shop.yaml::hours PASSED*"])
    result.assert_outcomes(passed=2)


def test_a_backend_error_fails_its_item_even_under_a_gate(desk):
    """A request without an answer fails its item, gate or no gate, and counts against the metric."""
    desk.many(60, right=60, gates="gates:\n  accuracy: {min: 0.5}\n")
    desk.write("answers/v3.json", {f"c{n:03}": "yes" for n in range(59)})
    result = desk.run("--llm-backend=ft:v3")
    result.assert_outcomes(passed=60, failed=1)
    result.stdout.fnmatch_lines(["*ft:v3 gave no answer to 'c059': There is no answer for the case 'c059'.*"])
    result.stdout.fnmatch_lines(["*1 without an answer*"])
    assert result.ret == 1


def test_a_broken_check_fails_its_item_even_under_a_gate(desk):
    """A check that breaks is never hidden behind a gate."""
    desk.write(
        "conftest.py",
        "from lockgate import check\n@check\ndef odd(case, completion):\n    raise KeyError('price')\n",
    )
    desk.many(60, right=60, checks="  - odd\n", gates="gates:\n  odd: {min: 0.1}\n")
    result = desk.run("--llm-backend=ft:v3", "-k", "c001")
    result.stdout.fnmatch_lines(["*The check raised KeyError: 'price'", "FAILED evalsuites/many.yaml::c001*"])
    assert result.ret == 1


def test_dash_k_selects_cases(desk):
    """`-k` selects cases by id."""
    result = desk.run("--llm-backend=ft:v3", "-k", "hours")
    result.assert_outcomes(passed=1, deselected=1)


def test_a_node_id_selects_one_case(desk):
    """A node id on the command line runs that case alone."""
    result = desk.run("--llm-backend=ft:v3", "evalsuites/shop.yaml::place")
    result.assert_outcomes(passed=1)


def test_dash_x_stops_at_the_first_failure(desk):
    """`-x` stops at the first miss and rules on nothing."""
    suite = desk.pytester.path / "evalsuites/shop.yaml"
    suite.write_text(
        f"{suite.read_text()}  - contains: {{value: o, metric: vowel}}\ngates:\n  vowel: {{min: 0.1}}\n"
    )
    desk.write("answers/v1.json", {"hours": "no", "place": "no"})
    result = desk.run("--llm-backend=prompt:v1", "-x")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*stopping after 1 failures*"])
    assert "gate::vowel" not in result.stdout.str()
    assert "gate::vowel" in desk.run("--llm-backend=prompt:v1", "-v").stdout.str()


def test_last_failed_runs_the_failed_case_only(desk):
    """`--lf` runs what failed last time."""
    run = desk.pytester.runpytest_inprocess
    assert run("--llm-backend=prompt:v1", "-p", "no:xdist").ret == 1
    again = run("--llm-backend=prompt:v1", "-p", "no:xdist", "--lf")
    again.assert_outcomes(failed=1)


def test_collect_only_asks_nothing(desk):
    """`--collect-only` lists the items, asks nothing and writes no journal."""
    counting(desk)
    result = desk.run("--llm-backend=ft:v3", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["evalsuites/shop.yaml::hours", "evalsuites/shop.yaml::place"])
    assert asked(desk) == 0
    assert not (desk.pytester.path / ".lockgate").exists()


def test_without_the_plugin_suites_are_just_files(desk):
    """`-p no:lockgate` leaves the YAML files alone."""
    result = desk.pytester.runpytest_subprocess("-p", "no:lockgate", "-p", "no:xdist")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize("workers", [0, 2])
def test_two_workers_give_the_same_rulings(desk, workers):
    """With `-n 2` the items, the gates and the exit code are those of one process."""
    desk.many(100, right=80, gates=GATES)
    result = desk.run("--llm-backend=ft:v3", workers=workers)
    result.assert_outcomes(passed=80, xfailed=20, failed=1)
    result.stdout.fnmatch_lines(["*accuracy*0.8*"])
    assert result.ret == 1


def test_the_matrix_names_its_backends(desk):
    """With several backends every item ends with its backend, and a table compares them."""
    result = desk.run("--llm-backend=prompt:v1,ft", "-v")
    result.stdout.fnmatch_lines(
        [
            "*shop.yaml::hours?prompt:v1? PASSED*",
            "*shop.yaml::place?prompt:v1? FAILED*",
            "*shop.yaml::hours?ft:v3? PASSED*",
            "*backends compared*",
        ]
    )
    result.assert_outcomes(passed=3, failed=1)


def test_fixtures_apply_to_cases(desk):
    """Autouse fixtures of a conftest run for cases as for tests."""
    desk.write(
        "evalsuites/conftest.py",
        "import pytest\n@pytest.fixture(autouse=True)\ndef noted():\n    print('around a case')\n    yield\n",
    )
    result = desk.run("--llm-backend=ft:v3", "-s")
    assert result.stdout.str().count("around a case") == 2
