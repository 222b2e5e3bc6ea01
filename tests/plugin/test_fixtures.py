"""The fixtures and the marker of the contract, in plain Python tests."""


def test_llm_asks_the_selected_backend(desk):
    """`llm` is the selected backend."""
    desk.write(
        "test_tone.py",
        "from lockgate import Case\ndef test_tone(llm):\n    assert llm.name == 'prompt:v2'\n"
        "    assert llm.complete(Case(id='hours', input='?')).text == 'At nine.'\n",
    )
    desk.run("--llm-backend=prompt", "test_tone.py").assert_outcomes(passed=1)


def test_llm_multiplies_by_backends(desk):
    """With two backends a test that asks for `llm` runs on each."""
    desk.write("test_tone.py", "def test_tone(llm):\n    print('on', llm.name)\n")
    result = desk.run("--llm-backend=prompt:v1,ft:v3", "test_tone.py", "-v", "-s")
    result.stdout.fnmatch_lines(["*test_tone?prompt:v1?*on prompt:v1*", "*test_tone?ft:v3?*on ft:v3*"])
    result.assert_outcomes(passed=2)


def test_llm_without_a_backend(desk):
    """A test that needs `llm` fails with what to do when no backend was chosen."""
    desk.write("test_tone.py", "def test_tone(llm):\n    pass\n")
    result = desk.run("test_tone.py")
    assert result.ret != 0
    assert (
        "No backend was chosen. Give --llm-backend=FAMILY:VERSION."
        in result.stdout.str() + result.stderr.str()
    )


def test_llm_error_is_raised(desk):
    """An answer that does not come is an exception in the test."""
    desk.write("test_tone.py", "def test_tone(llm):\n    llm.complete('Hello?')\n")
    result = desk.run("--llm-backend=ft:v3", "test_tone.py")
    result.assert_outcomes(failed=1)
    assert "BackendError: ft:v3 gave no answer" in result.stdout.str()


def test_family_fixtures(desk):
    """`prompt_backend` is the family's default, or the version that was selected."""
    desk.write(
        "test_families.py",
        "def test_default(ft_backend, prompt_backend):\n    print(ft_backend.name, prompt_backend.name)\n",
    )
    result = desk.run("--llm-backend=prompt:v1", "test_families.py", "-s")
    result.stdout.fnmatch_lines(["*ft:v3 prompt:v1*"])


def test_missing_family(desk):
    """A family that the project does not have is an error that lists those it has."""
    desk.write("test_families.py", "def test_rag(rag_backend):\n    pass\n")
    result = desk.run("--llm-backend=ft:v3", "test_families.py")
    result.assert_outcomes(errors=1)
    assert "'rag'" in result.stdout.str()


MARKED = """
import pytest

@pytest.mark.llm_cases("cases/shop.jsonl")
def test_answers(case, completion):
    assert case.expected in completion.text
"""
ROWS = '{"id": "hours", "input": "When?", "expected": "nine"}\n'
ROWS += '{"id": "place", "input": "Where?", "expected": "harbour"}\n'


def test_marked_tests_run_once_for_each_case(desk):
    """`llm_cases` multiplies a test by its cases, with `case` and `completion`."""
    desk.write("test_marked.py", MARKED)
    desk.write("cases/shop.jsonl", ROWS)
    result = desk.run("--llm-backend=prompt:v1", "test_marked.py", "-v")
    result.stdout.fnmatch_lines(["*test_answers?hours? PASSED*", "*test_answers?place? FAILED*"])
    result.assert_outcomes(passed=1, failed=1)


def test_marked_tests_multiply_by_backends(desk):
    """With two backends, each case runs on each."""
    desk.write("test_marked.py", MARKED)
    desk.write("cases/shop.jsonl", ROWS)
    result = desk.run("--llm-backend=prompt:v1,ft:v3", "test_marked.py", workers=2)
    result.assert_outcomes(passed=3, failed=1)


def test_marker_on_a_broken_dataset(desk):
    """A row that is no object is reported with its line."""
    desk.write("test_marked.py", MARKED)
    desk.write("cases/shop.jsonl", ROWS + "[1]\n")
    result = desk.run("--llm-backend=ft:v3", "test_marked.py")
    assert result.ret != 0
    assert "cases/shop.jsonl:3:1:" in result.stdout.str() + result.stderr.str()


def test_evaluate_runs_checks_on_any_text(desk):
    """`evaluate` gives a verdict for each check, conftest checks among them."""
    desk.write(
        "conftest.py",
        "from lockgate import check\n@check\ndef mentions_price(case, completion):\n"
        "    return '€' in completion.text\n",
    )
    desk.write(
        "test_text.py",
        "def test_text(evaluate):\n"
        "    verdicts = evaluate('It costs 5 €.', 'mentions_price', {'contains': 'dollar'})\n"
        "    assert [v.status for v in verdicts] == ['pass', 'fail']\n",
    )
    desk.run("--llm-backend=ft:v3", "test_text.py").assert_outcomes(passed=1)
