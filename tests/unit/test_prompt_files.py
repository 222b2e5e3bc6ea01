"""Prompt files: what they hold, how they are found, and what a suite's cases lack for them."""

# ruff: noqa: E501  (lines that a person sees stand unbroken)

from __future__ import annotations

from pathlib import Path

import pytest

from lockgate.documents.prompt_files import check_prompt, find_prompt, load_prompt, prompt_names
from lockgate.errors import DocumentError, UsageError
from lockgate.model import Case, Example, Suite


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def _write(text, path="prompts/desk/v1.yaml"):
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def _complaint(text):
    with pytest.raises(DocumentError) as caught:
        load_prompt(_write(text))
    return str(caught.value)


def _suite(*cases):
    return Suite(name="s", path="s.yaml", cases=cases, checks=())


def test_a_prompt_file_becomes_a_prompt():
    """Name and version come from the path, the rest from the file."""
    made = load_prompt(_write("system: S\nuser: 'Q: {{ input }}'\nexamples:\n- {input: A, output: B}"))
    assert (made.name, made.version, made.system, made.user) == ("desk", "v1", "S", "Q: {{ input }}")
    assert made.examples == (Example(input="A", output="B"),)
    assert made.pool == ()
    assert str(made.where) == "prompts/desk/v1.yaml:1:1"


def test_what_a_prompt_leaves_out_has_a_default():
    """The user message is the input, and there is no system message."""
    made = load_prompt(_write("system: S"))
    assert made.user == "{{ input }}"
    assert load_prompt(_write("user: U")).system == ""


def test_a_pool_is_read_beside_the_prompt():
    """Its path starts at the prompt's folder; three of it are chosen unless top_k says otherwise."""
    _write('{"input": "A", "output": "B"}\n{"input": "C", "output": "D"}', "prompts/desk/pool.jsonl")
    made = load_prompt(_write("user: U\nexamples: {pool: pool.jsonl}"))
    assert made.pool == (Example(input="A", output="B"), Example(input="C", output="D"))
    assert made.top_k == 3
    assert load_prompt(_write("user: U\nexamples: {pool: pool.jsonl, top_k: 1}")).top_k == 1


def test_the_digest_speaks_of_content_alone():
    """Comments and layout do not matter; every template, example, pool row and top_k does."""
    _write('{"input": "A", "output": "B"}', "prompts/desk/pool.jsonl")
    texts = [
        "user: U",
        "user: V",
        "user: U\nsystem: S",
        "user: U\nexamples: [{input: A, output: B}]",
        "user: U\nexamples: {pool: pool.jsonl}",
        "user: U\nexamples: {pool: pool.jsonl, top_k: 2}",
    ]
    digests = [load_prompt(_write(text)).digest for text in texts]
    assert len(set(digests)) == len(texts)
    assert load_prompt(_write("# note\nuser:   'U'\n")).digest == digests[0]
    _write('{"input": "A", "output": "C"}', "prompts/desk/pool.jsonl")
    assert load_prompt(_write(texts[4])).digest != digests[4]


_REFUSED = {
    "unknown keys and wrong types": (
        "usr: U\nuser: 3\nexamples: x",
        """\
prompts/desk/v1.yaml:1:1: There is no key 'usr' in a prompt. Did you mean 'user'?
    usr: U
    ^
prompts/desk/v1.yaml:2:7: 'user' cannot be 3. Write a text.
    user: 3
          ^
prompts/desk/v1.yaml:3:11: 'examples' cannot be 'x'. Write a list of mappings or a mapping.
    examples: x
              ^""",
    ),
    "neither part": (
        "examples: []",
        """\
prompts/desk/v1.yaml:1:1: The prompt has neither 'system' nor 'user'. Write one of them.
    examples: []
    ^""",
    ),
    "a template's syntax in a block": (
        "system: S\nuser: |\n  One\n  {{ two\n",
        """\
prompts/desk/v1.yaml:4:1: This template has a syntax error: unexpected end of template, expected 'end of print statement'. Correct it.
      {{ two
    ^""",
    ),
    "a template's syntax beside its key": (
        "user: 'a {% if %}'",
        """\
prompts/desk/v1.yaml:1:7: This template has a syntax error: Expected an expression, got 'end of statement block'. Correct it.
    user: 'a {% if %}'
          ^""",
    ),
    "examples that are none": (
        "user: U\nexamples:\n- {input: A}\n- {input: A, output: 3}\n- {input: A, output: B, n: 1}",
        """\
prompts/desk/v1.yaml:3:3: The key 'output' is missing in an example (How the assistant answers). Add it.
    - {input: A}
      ^
prompts/desk/v1.yaml:4:14: 'output' cannot be 3. Write a text.
    - {input: A, output: 3}
                 ^
prompts/desk/v1.yaml:5:25: There is no key 'n' in an example. The keys there are: 'input', 'output'.
    - {input: A, output: B, n: 1}
                            ^""",
    ),
    "a pool that is not there": (
        "user: U\nexamples: {pool: none.jsonl, top_k: 0}",
        """\
prompts/desk/v1.yaml:2:18: The pool 'none.jsonl' cannot be read: There is no such file. Check the path and its permissions.
    examples: {pool: none.jsonl, top_k: 0}
                     ^
prompts/desk/v1.yaml:2:37: 'top_k' cannot be 0. Write a whole number from 1 on.
    examples: {pool: none.jsonl, top_k: 0}
                                        ^""",
    ),
    "not a mapping": (
        "- user",
        """\
prompts/desk/v1.yaml:1:1: A prompt is a mapping, not a list. Write keys such as 'system: …', 'user: …', 'examples: …'.
    - user
    ^""",
    ),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_every_mistake_has_its_place_and_remedy(name):
    """All mistakes of a prompt are told at once, a template's at its own line."""
    text, message = _REFUSED[name]
    assert _complaint(text) == message


def test_a_pools_mistakes_stand_in_the_pool():
    """A row of a pool is wrong at its own line."""
    _write('{"input": "A", "output": "B"}\n{"input": "C"}\n', "prompts/desk/pool.jsonl")
    assert _complaint("user: U\nexamples: {pool: pool.jsonl}") == (
        "prompts/desk/pool.jsonl:2:1: The key 'output' is missing in an example (How the assistant answers). Add it.\n"
        '    {"input": "C"}\n    ^'
    )


def test_an_empty_pool_is_refused():
    """A pool to choose from has something in it."""
    _write("\n", "prompts/desk/pool.jsonl")
    said = _complaint("user: U\nexamples: {pool: pool.jsonl}")
    assert said.startswith("prompts/desk/v1.yaml:2:18: The pool 'pool.jsonl' is empty. Add an example.\n")


def test_prompts_are_found_by_name_and_version():
    """A name alone will do where there is one version."""
    _write("user: U")
    _write("user: U", "prompts/other/a.yml")
    folder = Path("prompts")
    assert prompt_names(folder) == ["desk@v1", "other@a"]
    assert find_prompt(folder, "desk@v1") == Path("prompts/desk/v1.yaml")
    assert find_prompt(folder, "other") == Path("prompts/other/a.yml")


def test_every_prompt_that_is_listed_is_found_and_what_editors_leave_is_none():
    """Checkpoints, lock files and folders that cannot be named are passed over; of one stem there is one."""
    for name in ("desk/v1.yaml", "desk/v1.yml", "desk/.#v1.yaml", "desk/v2.yxml", "desk/v0.yml",
                 ".ipynb_checkpoints/v1-checkpoint.yaml", "my desk/v1.yaml", "v1.yaml"):  # fmt: skip
        _write("user: U", f"prompts/{name}")
    folder = Path("prompts")
    assert prompt_names(folder) == ["desk@v0", "desk@v1"]
    found = [find_prompt(folder, name) for name in prompt_names(folder)]
    assert found == [Path("prompts/desk/v0.yml"), Path("prompts/desk/v1.yaml")]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("desk@v3", "There is no prompt 'desk@v3'. The versions there are: desk@v1, desk@v2."),
        ("desk", "There is no prompt 'desk'. The versions there are: desk@v1, desk@v2."),
        ("dsk@v1", "There is no prompt 'dsk'. Did you mean 'desk'?"),
        ("x", "There is no prompt 'x'. The prompts there are: 'desk'."),
        ("../desk@v1", "There is no prompt '../desk'. Did you mean 'desk'?"),
    ],
)
def test_a_prompt_that_is_not_there_lists_what_is(name, message):
    """The nearest name, or all versions."""
    _write("user: U")
    _write("user: U", "prompts/desk/v2.yaml")
    with pytest.raises(UsageError) as caught:
        find_prompt(Path("prompts"), name)
    assert str(caught.value) == message


def test_an_empty_folder_has_no_prompts():
    """The remedy says that there are none."""
    with pytest.raises(UsageError, match=r"There is no prompt 'desk'\. There are no prompts\.$"):
        find_prompt(Path("prompts"), "desk")


def test_a_prompt_that_all_cases_fill_in_has_no_problem():
    """Fields, context and a branch on what is absent are all fine; a pool is not embedded for it."""
    _write('{"input": "A", "output": "B"}', "prompts/desk/pool.jsonl")
    text = (
        "user: '{{ lang }} {{ task | default(1) }} {{ context }} {{ input }}'\nexamples: {pool: pool.jsonl}"
    )
    made = load_prompt(_write(text))
    assert check_prompt(made, _suite(Case(id="a", input="x", fields={"lang": "de"}))) == []
    assert check_prompt(None, _suite(Case(id="a", input="x"))) == []


def test_a_prompt_that_needs_a_passage_is_right():
    """Whether passages come is the backend's affair, not the case's."""
    made = load_prompt(_write("user: '{{ passages[0].text }}'"))
    assert check_prompt(made, _suite(Case(id="a", input="x"))) == []


def test_a_variable_that_cases_lack_is_found_before_any_model_runs():
    """The problem stands where the template names the variable, and says how many cases lack it."""
    made = load_prompt(_write("system: S\nuser: |\n  Answer in {{ langg }}.\n  {{ input }}\n"))
    cases = [Case(id=str(n), input="x", fields={"lang": "de"} if n else {}) for n in range(3)]
    (problem,) = check_prompt(made, _suite(*cases))
    assert str(problem) == (
        "prompts/desk/v1.yaml:3:16: desk@v1 cannot be rendered for 3 of 3 cases ('0'). "
        "Template 'Answer in {{ langg }}. {{ input }}': this case has no variable 'langg'. "
        "The variables there are: 'context', 'examples', 'input', 'passages'.\n"
        "      Answer in {{ langg }}.\n                   ^"
    )


def test_a_variable_that_one_case_lacks_names_the_case():
    """One case that cannot be asked is a mistake as well."""
    made = load_prompt(_write("user: '{{ lang }}'"))
    cases = [Case(id="a", input="x", fields={"lang": "de"}), Case(id="b", input="y", fields={"lag": "de"})]
    (problem,) = check_prompt(made, _suite(*cases))
    assert problem.message == (
        "desk@v1 cannot be rendered for the case ('b'). Template '{{ lang }}': this case has no variable 'lang'. "
        "Did you mean 'lag'?"
    )


def test_a_template_that_fails_otherwise_is_shown_at_the_file():
    """An operation that fails has no name to point at."""
    made = load_prompt(_write("user: '{{ 1 / 0 }}'"))
    (problem,) = check_prompt(made, _suite(Case(id="a", input="x")))
    assert (problem.line, problem.column) == (1, 1)
    assert problem.message.endswith("Template '{{ 1 / 0 }}' cannot be rendered: division by zero.")
