"""A family's next version in the project file: where it goes, what stays, and when it is refused."""

from __future__ import annotations

import re
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.documents.yaml_source import parse
from lockgate.errors import UsageError
from lockgate.tuning.versions import Version, plan_version, register

PROJECT = """\
# What may answer.
backends:
  prompt:
    v1: {kind: scripted, answers: a.json}   # naive

  ft:   # trained
    default: v3
    v1: {kind: transformers, model: base, adapter: adapters/one, prompt: desk@short, max_tokens: 96}
    # The good one.
    v3: {kind: transformers, model: base, adapter: ./adapters/three, prompt: desk@short, max_tokens: 64,
      stop: ["\\n"]}

  # Served elsewhere.
  api:
    v1: {kind: openai, model: gpt-4o-mini}
prompts: prompts
"""


@pytest.fixture
def project(tmp_path):
    """Writes a project file."""

    def put(text=PROJECT):
        (tmp_path / "lockgate.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
        return tmp_path / "lockgate.yaml"

    return put


def plan(file, *, family="ft", model="base", adapter="adapters/new", prompt="desk@short"):
    """The version for an adapter in the project's folder."""
    return plan_version(file, family=family, model=model, adapter=file.parent / adapter, prompt=prompt)


def added(before, after):
    """The lines that are new, all others being as they were."""
    old, new = before.splitlines(), after.splitlines()
    fresh = [line for line in new if line not in old]
    assert [line for line in new if line in old] == old
    return fresh


def test_the_next_version_follows_the_last_and_takes_over_its_options(project):
    """It has the number after the highest, and the last version's options but model, adapter and prompt."""
    version = plan(project())
    assert (version.name, version.declared) == ("v4", False)
    assert version.line == (
        "v4: {kind: transformers, model: base, adapter: adapters/new, prompt: desk@short, "
        'max_tokens: 64, stop: ["\\n"]}'
    )


def test_a_version_is_one_new_line_behind_its_family(project):
    """Comments, blank lines and all other lines stay as they are."""
    file = project()
    before = file.read_text()
    register(file, plan(file))
    after = file.read_text()
    (line,) = added(before, after)
    assert line.startswith("    v4: {kind: transformers, ")
    lines = after.splitlines()
    assert lines[lines.index(line) - 2].lstrip().startswith("v3:")
    assert lines[lines.index(line) + 1] == ""


def test_an_adapter_that_is_declared_is_not_declared_again(project):
    """Training into a declared version's folder again leaves the project file as it is."""
    file = project()
    before = file.read_text()
    version = plan(file, adapter="adapters/three")
    assert (version.name, version.declared) == ("v3", True)
    register(file, version)
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "other"}, "with the model 'base', and the spec says 'other'"),
        ({"prompt": "desk@long"}, "with the prompt 'desk@short', and the spec says 'desk@long'"),
        ({"prompt": ""}, "with the prompt 'desk@short', and the spec says ''"),
    ],
)
def test_a_declared_adapter_with_another_model_or_prompt_is_refused(project, options, said):
    """The version would go on under its name and answer as something else; both places are told."""
    file = project()
    with pytest.raises(UsageError) as error:
        plan(file, adapter="adapters/three", **options)
    assert re.search(
        r"lockgate\.yaml:10:9: ft:v3 declares 'adapters/three' " + re.escape(said), str(error.value)
    )


def test_a_version_of_another_kind_is_not_taken_for_the_adapter_s(project):
    """What serves the folder elsewhere is not what was trained here."""
    text = PROJECT.replace(
        "v1: {kind: openai, model: gpt-4o-mini}", "v1: {kind: openai, model: base, adapter: a}"
    )
    with pytest.raises(UsageError, match="with the kind 'openai', and the spec says 'transformers'"):
        plan(project(text), family="api", adapter="a", prompt="")


def test_a_declared_prompt_without_its_version_is_the_same(project):
    """`desk` means `desk@short` where there is no other."""
    version = plan(project(PROJECT.replace("desk@short", "desk")), adapter="adapters/three")
    assert (version.name, version.declared) == ("v3", True)


def test_a_family_that_is_not_there_is_added(project):
    """The first version of a new family goes behind the last family."""
    file = project()
    before = file.read_text()
    register(file, plan(file, family="tuned", prompt=""))
    assert added(before, file.read_text()) == [
        "  tuned:",
        "    v1: {kind: transformers, model: base, adapter: adapters/new}",
    ]


def test_a_version_that_is_written_over_several_lines_is_passed_whole(project):
    """Block style, and flow over several lines, end where they end."""
    file = project(
        """\
        backends:
          ft:
            v1:
              kind: transformers
              model: base
              adapter: adapters/one

              max_tokens: 8
        # the end
        """
    )
    register(file, plan(file, prompt=""))
    assert file.read_text().splitlines()[-3:] == [
        "      max_tokens: 8",
        "    v2: {kind: transformers, model: base, adapter: adapters/new, max_tokens: 8}",
        "# the end",
    ]


def test_a_file_without_a_last_line_end_gets_one(project):
    """The new line does not stick to the last one."""
    file = project("backends:\n  ft:\n    v1: {kind: scripted, answers: a.json}")
    register(file, plan(file, prompt=""))
    assert file.read_text().splitlines()[-2:] == [
        "    v1: {kind: scripted, answers: a.json}",
        "    v2: {kind: transformers, model: base, adapter: adapters/new}",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "models: {}\n",
        "backends: {}\n",
        "backends: {ft: {v1: {kind: scripted, answers: a.json}}}\n",
        "backends:\n  ft: {v1: {kind: scripted, answers: a.json}}\n",
        "backends:\n  ft:\n",
        "x: &ft {v1: {kind: scripted, answers: a.json}}\nbackends:\n  ft: *ft\n",
    ],
)
def test_a_layout_that_is_not_understood_is_left_alone(project, text):
    """Planning refuses with the line to add by hand, and nothing is written."""
    file = project(text)
    with pytest.raises(
        UsageError, match=r"the place for ft:v\d is not clear\. Add under `backends:`, `ft:` by"
    ):
        plan(file)
    assert file.read_text() == text


def test_a_file_that_changes_after_the_plan_is_left_alone(project):
    """Registering looks anew: a training takes hours."""
    file = project()
    version = plan(file)
    file.write_text("backends: {}\n")
    with pytest.raises(UsageError, match=r"the place for ft:v4 is not clear"):
        register(file, version)
    assert file.read_text() == "backends: {}\n"


words = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029", exclude_categories=["C"]))


@given(options=st.dictionaries(st.sampled_from(["a", "b", "c"]), words | st.integers() | st.lists(words)))
def test_a_version_line_reads_back_as_what_it_declares(options):
    """Whatever a text holds, the line's YAML is the declaration."""
    version = Version(family="ft", name="v1", options=options)
    assert parse(version.line)[0].value == {"v1": options}
