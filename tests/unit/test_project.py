"""Project files: what they declare, how backends are chosen and built, and every mistake in one."""

# ruff: noqa: E501  (lines that a person sees stand unbroken)

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from lockgate.documents.project import load_project
from lockgate.errors import DocumentError, MissingExtra, UsageError
from lockgate.model import Check, Measure, Setting, Verdict
from lockgate.registry import Registry


@dataclass(kw_only=True)
class _Backend:
    name: str
    identity: dict[str, Any]
    prompt: Any = None
    concurrency: int = 1
    parts: list[Any] = field(default_factory=list)
    closed: int = 0

    def complete(self, requests):
        return iter(())

    def close(self):
        self.closed += 1


def _echo(
    text: str = "",
    *,
    api_key: str = "",
    mode: Literal["fast", "slow"] = "fast",
    share: float | None = None,
    concurrency: int = 1,
    prompt: str | None = None,
    leak: bool = False,
    setting: Setting,
) -> _Backend:
    """Says one thing."""
    if text == "bad":
        raise UsageError("The text 'bad' cannot be said. Say something else.")
    if text == "key":
        raise UsageError(f"The endpoint refused {api_key!r}. Check the api_key.")
    if text == "extra":
        raise MissingExtra(feature="the backend", package="nothing", extra="none")
    identity = {"text": text, "base": setting.base.name, "api_key": api_key if leak else ""}
    loaded = setting.load_prompt(prompt) if prompt else None
    return _Backend(name=setting.name, identity=identity, prompt=loaded, concurrency=concurrency)


def _pair(first: str, *, second: str = "", accept: list[Any] | None = None, setting: Setting) -> _Backend:
    """Asks others."""
    parts: list[Any] = [setting.backend(name) for name in (first, second) if name]
    parts += [setting.check(declared) for declared in accept or []]
    return _Backend(name=setting.name, identity={"parts": [part.name for part in parts]}, parts=parts)


def _short(limit: int) -> Check:
    """Is short."""
    if limit < 1:
        raise UsageError("The limit cannot be below 1. Write a larger one.")
    return Check(
        name="short", measures=(Measure(name="short"),), judge=lambda case, completion: Verdict(status="pass")
    )


REGISTRY = Registry(extra={"backends": {"echo": _echo, "pair": _pair}, "checks": {"short": _short}})


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOCKGATE_TEST", raising=False)


def _project(text, **options):
    Path("lockgate.yaml").write_text(text, encoding="utf-8")
    return load_project(Path("lockgate.yaml"), registry=REGISTRY, **options)


def _complaint(text, name=None):
    def build():
        project = _project(text)
        return project.backend(name) if name else project.validate()

    with pytest.raises(DocumentError) as caught:
        build()
    return str(caught.value)


FAMILIES = """\
backends:
  prompt:
    default: v2
    v1: {kind: echo, text: one}
    v2: {kind: echo, text: two}
  ft:
    v1: {kind: echo}
    v2: {kind: echo}
    v3: {kind: echo}
  only:
    v7: {kind: echo}
"""


def test_names_are_in_the_files_order():
    """Every family and version, as written."""
    assert _project(FAMILIES).names == ("prompt:v1", "prompt:v2", "ft:v1", "ft:v2", "ft:v3", "only:v7")


@pytest.mark.parametrize(
    ("text", "name"),
    [("prompt:v1", "prompt:v1"), ("prompt", "prompt:v2"), ("only", "only:v7"), ("ft:v3", "ft:v3")],
)
def test_a_family_alone_is_its_default_or_its_only_version(text, name):
    """The version may be left out where it goes without saying."""
    assert _project(FAMILIES).select(text) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ft", "'ft' has no default version. Write one of: ft:v1, ft:v2, ft:v3."),
        ("ft:v9", "There is no backend 'ft:v9'. The versions there are: ft:v1, ft:v2, ft:v3."),
        ("ft:v10", "There is no backend 'ft:v10'. The versions there are: ft:v1, ft:v2, ft:v3."),
        (
            "promt:v1",
            "There is no backend 'promt:v1'. Did you mean 'prompt'? The backends there are: prompt:v1, prompt:v2, ft:v1, ft:v2, ft:v3, only:v7.",
        ),
        ("ft:", "There is no backend 'ft:'. The versions there are: ft:v1, ft:v2, ft:v3."),
    ],
)
def test_a_name_that_is_not_there_lists_what_is(text, message):
    """An unknown version names the versions, an unknown family the nearest one and all backends."""
    with pytest.raises(UsageError) as caught:
        _project(FAMILIES).select(text)
    assert str(caught.value) == message


def test_a_backend_is_built_once_when_it_is_asked_for():
    """The same object comes back, under its full name."""
    project = _project(FAMILIES)
    backend = project.backend("prompt")
    assert backend.name == "prompt:v2"
    assert backend.identity["text"] == "two"
    assert project.backend("prompt:v2") is backend


def test_relative_paths_start_at_the_project_file(tmp_path):
    """A factory gets the project's folder as its base, wherever it is read from."""
    (tmp_path / "sub").mkdir()
    Path("sub/lockgate.yaml").write_text(FAMILIES)
    project = load_project(Path("sub/lockgate.yaml"), registry=REGISTRY)
    assert project.root == tmp_path / "sub"
    assert project.backend("only").identity["base"] == "sub"


def test_closing_lets_go_of_what_was_built():
    """Each built backend is closed once; none that was never asked for is built for it."""
    project = _project(FAMILIES)
    backend = project.backend("only")
    project.close()
    project.close()
    assert backend.closed == 1
    assert project.backend("only") is not backend


def test_overrides_reach_every_backend_that_has_the_option():
    """A session's concurrency stands over the file's, and is nothing to a backend without it."""
    text = "backends: {a: {v1: {kind: echo, concurrency: 3}, v2: {kind: pair, first: 'a:v1'}}}"
    project = _project(text, overrides={"concurrency": 8})
    assert project.backend("a:v1").concurrency == 8
    assert project.backend("a:v2").parts[0].concurrency == 8
    assert _project(text).backend("a:v1").concurrency == 3


def test_a_declaration_is_told_as_written():
    """Kind and options, without the environment's values."""
    project = _project('backends: {a: {v1: {kind: echo, api_key: "${LOCKGATE_TEST}"}}}')
    spec = project.declaration("a")
    assert (spec.name, spec.args) == ("echo", {"api_key": "${LOCKGATE_TEST}"})
    assert str(spec.where) == "lockgate.yaml:1:27"


def test_a_backend_reaches_its_parts_and_checks():
    """Backends that wrap others get them by name, and checks by their YAML forms."""
    text = "backends:\n  a: {v1: {kind: echo}}\n  b: {v1: {kind: pair, first: a, second: 'a:v1', accept: [short: 3]}}\n"
    backend = _project(text).backend("b")
    assert [part.name for part in backend.parts] == ["a:v1", "a:v1", "short"]


def test_a_backend_reaches_its_prompt():
    """A prompt is found in the project's folder of prompts."""
    Path("texts/desk").mkdir(parents=True)
    Path("texts/desk/v1.yaml").write_text("user: U")
    project = _project("backends: {a: {v1: {kind: echo, prompt: desk@v1}}}\nprompts: texts")
    assert project.backend("a").prompt.user == "U"


def test_models_and_collections_are_handed_over():
    """What the file says of weights and folders reaches the factories as it is."""
    text = "backends: {a: {v1: {kind: echo}}}\nmodels: {m: {wheel: w, file: f}, n: {hf: o/n, revision: r}}\ncollections: {docs: {top: 1}}"
    project = _project(text)
    assert project.models == {"m": {"wheel": "w", "file": "f"}, "n": {"hf": "o/n", "revision": "r"}}
    assert project.collections == {"docs": {"top": 1}}


def test_the_environment_is_read_when_a_backend_is_built(monkeypatch):
    """A variable that only another backend needs is nobody's business; numbers are read as numbers."""
    text = (
        'backends:\n  a: {v1: {kind: echo, text: "x${LOCKGATE_TEST}y $${LOCKGATE_TEST}"}}\n'
        '  b: {v1: {kind: echo, concurrency: "${LOCKGATE_TEST}"}}\n  c: {v1: {kind: echo}}\n'
    )
    project = _project(text)
    assert project.backend("c").name == "c:v1"
    monkeypatch.setenv("LOCKGATE_TEST", "7")
    assert project.backend("a").identity["text"] == "x7y ${LOCKGATE_TEST}"
    assert project.backend("b").concurrency == 7


def test_a_missing_variable_names_file_line_and_variable():
    """The position is the variable's own, and every one is told."""
    text = 'backends:\n  a:\n    v1: {kind: echo, text: "a ${LOCKGATE_TEST} ${LOCKGATE_TEST_B}"}\n'
    assert _complaint(text, "a") == (
        "lockgate.yaml:3:31: The environment variable 'LOCKGATE_TEST' is not set. Set it, or write the value here.\n"
        '        v1: {kind: echo, text: "a ${LOCKGATE_TEST} ${LOCKGATE_TEST_B}"}\n                                  ^\n'
        "lockgate.yaml:3:48: The environment variable 'LOCKGATE_TEST_B' is not set. Set it, or write the value here.\n"
        '        v1: {kind: echo, text: "a ${LOCKGATE_TEST} ${LOCKGATE_TEST_B}"}\n                                                   ^'
    )


def test_a_missing_variable_outside_of_backends_is_told_at_once():
    """Models, prompts and collections are for all backends."""
    text = "backends: {a: {v1: {kind: echo}}}\nmodels:\n  m:\n    hf: |\n      ${LOCKGATE_TEST}\n"
    with pytest.raises(DocumentError) as caught:
        _project(text)
    assert str(caught.value) == (
        "lockgate.yaml:4:9: The environment variable 'LOCKGATE_TEST' is not set. Set it, or write the value here.\n"
        "        hf: |\n            ^"
    )


def test_a_key_from_the_environment_reaches_no_error(monkeypatch):
    """What a factory says of a key is told with the variable's name in its place."""
    monkeypatch.setenv("LOCKGATE_TEST", "sk-very-secret")
    said = _complaint('backends: {a: {v1: {kind: echo, text: key, api_key: "${LOCKGATE_TEST}"}}}', "a")
    assert said.startswith(
        "lockgate.yaml:1:53: The endpoint refused '${LOCKGATE_TEST}'. Check the api_key.\n"
    )
    assert "sk-very" not in said


def test_a_key_in_the_clear_reaches_no_error():
    """The line that an error shows has the key blotted out, and no type error quotes it."""
    said = _complaint("backends: {a: {v1: {kind: echo, api_key: sk-very-secret, txt: x}}}")
    assert said == (
        "lockgate.yaml:1:58: There is no key 'txt' in the backend 'a:v1'. Did you mean 'text'?\n"
        "    backends: {a: {v1: {kind: echo, api_key: ••••••••••••••, txt: x}}}\n"
        "                                                             ^"
    )
    said = _complaint("backends: {a: {v1: {kind: echo, api_key: 12345678}}}")
    assert said.startswith("lockgate.yaml:1:42: 'api_key' cannot be this value. Write a text.\n")
    assert "1234" not in said


def test_a_wrong_value_from_the_environment_is_quoted_as_written(monkeypatch):
    """A type error shows the variable, not its value."""
    monkeypatch.setenv("LOCKGATE_TEST", "sk-very-secret")
    said = _complaint('backends: {a: {v1: {kind: echo, concurrency: "${LOCKGATE_TEST}"}}}', "a")
    assert said.startswith(
        "lockgate.yaml:1:46: 'concurrency' cannot be '${LOCKGATE_TEST}'. Write a whole number.\n"
    )


def test_a_key_in_an_identity_is_refused(monkeypatch):
    """An identity is written to journals and reports, so a backend may not put a key there."""
    monkeypatch.setenv("LOCKGATE_TEST", "sk-very-secret")
    said = _complaint('backends: {a: {v1: {kind: echo, leak: true, api_key: "${LOCKGATE_TEST}"}}}', "a")
    assert said.startswith(
        "lockgate.yaml:1:54: The backend puts 'api_key' into its identity, which reports show. Leave it out there.\n"
    )


_REFUSED = {
    "no backends": (
        "models: {}",
        """\
lockgate.yaml:1:1: The key 'backends' is missing in a project (Family → version → backend; 'default' names a family's version). Add it.
    models: {}
    ^""",
    ),
    "empty backends": (
        "backends: {}",
        """\
lockgate.yaml:1:11: There are no backends. Declare one, such as 'prompt: {v1: …}'.
    backends: {}
              ^""",
    ),
    "an unknown key": (
        "backend: {a: {v1: {kind: echo}}}",
        """\
lockgate.yaml:1:1: The key 'backends' is missing in a project (Family → version → backend; 'default' names a family's version). Add it.
    backend: {a: {v1: {kind: echo}}}
    ^
lockgate.yaml:1:1: There is no key 'backend' in a project. Did you mean 'backends'?
    backend: {a: {v1: {kind: echo}}}
    ^""",
    ),
    "a family without versions": (
        "backends:\n  a: {kind: echo}\n  b: {default: v1}\n  c: x",
        """\
lockgate.yaml:2:6: The family 'a' has no version. Write the backend under a version, such as 'v1: {kind: …}'.
      a: {kind: echo}
         ^
lockgate.yaml:3:6: The family 'b' has no version. Write the backend under a version, such as 'v1: {kind: …}'.
      b: {default: v1}
         ^
lockgate.yaml:4:6: The family 'c' has no version. Write the backend under a version, such as 'v1: {kind: …}'.
      c: x
         ^""",
    ),
    "a default that is no version": (
        "backends:\n  a: {default: v2, v1: {kind: echo}}\n  b: {default: 2, v1: {kind: echo}}",
        """\
lockgate.yaml:2:16: The family 'a' has no version 'v2'. The versions there are: 'v1'.
      a: {default: v2, v1: {kind: echo}}
                   ^
lockgate.yaml:3:16: 'default' cannot be 2. Write a text.
      b: {default: 2, v1: {kind: echo}}
                   ^""",
    ),
    "names that cannot be typed": (
        "backends:\n  a,b: {v1: {kind: echo}}\n  c: {'v:1': {kind: echo}}",
        """\
lockgate.yaml:2:3: A family cannot be called 'a,b'. Use letters, digits, '_', '-' and '.'.
      a,b: {v1: {kind: echo}}
      ^
lockgate.yaml:3:7: A version cannot be called 'v:1'. Use letters, digits, '_', '-' and '.'.
      c: {'v:1': {kind: echo}}
          ^""",
    ),
    "kinds that are not there": (
        "backends:\n  a:\n    v1: {kind: ecko}\n    v2: {text: x}\n    v3: echo",
        """\
lockgate.yaml:3:16: There is no backend 'ecko'. Did you mean 'echo'?
        v1: {kind: ecko}
                   ^
lockgate.yaml:4:9: The key 'kind' is missing in the backend 'a:v2' (What answers: a registered backend's name). Add it.
        v2: {text: x}
            ^
lockgate.yaml:5:9: The backend 'a:v3' is a mapping, not 'echo'. Write keys such as 'kind: …'.
        v3: echo
            ^""",
    ),
    "options that are wrong": (
        "backends:\n  a:\n    v1: {kind: echo, txt: x, mode: fsat, share: x}\n    v2: {kind: pair}",
        """\
lockgate.yaml:3:22: There is no key 'txt' in the backend 'a:v1'. Did you mean 'text'?
        v1: {kind: echo, txt: x, mode: fsat, share: x}
                         ^
lockgate.yaml:3:36: 'mode' cannot be 'fsat'. Did you mean 'fast'?
        v1: {kind: echo, txt: x, mode: fsat, share: x}
                                       ^
lockgate.yaml:3:49: 'share' cannot be 'x'. Write a number.
        v1: {kind: echo, txt: x, mode: fsat, share: x}
                                                    ^
lockgate.yaml:4:9: The key 'first' is missing in the backend 'a:v2'. Add it.
        v2: {kind: pair}
            ^""",
    ),
    "models without one source": (
        "backends: {a: {v1: {kind: echo}}}\nmodels:\n  m: {file: f}\n  n: {hf: a/b, path: p}\n  o: {hub: a/b}\n  p: x",
        """\
lockgate.yaml:3:6: The model 'm' has no source. Write one of 'wheel', 'path' and 'hf'.
      m: {file: f}
         ^
lockgate.yaml:4:6: The model 'n' has 'path' and 'hf'. Write one of 'wheel', 'path' and 'hf'.
      n: {hf: a/b, path: p}
         ^
lockgate.yaml:5:6: The model 'o' has no source. Write one of 'wheel', 'path' and 'hf'.
      o: {hub: a/b}
         ^
lockgate.yaml:5:7: There is no key 'hub' in the model 'o'. The keys there are: 'wheel', 'file', 'path', 'hf', 'revision'.
      o: {hub: a/b}
          ^
lockgate.yaml:6:6: The model 'p' is a mapping, not 'x'. Write keys such as 'wheel: …', 'file: …', 'path: …'.
      p: x
         ^""",
    ),
    "a folder of prompts that is not there": (
        "backends: {a: {v1: {kind: echo}}}\nprompts: texts",
        """\
lockgate.yaml:2:10: There is no folder 'texts'. Correct the path.
    prompts: texts
             ^""",
    ),
    "a family twice": (
        "backends:\n  a: {v1: {kind: echo}}\n  a: {v2: {kind: echo}}",
        """\
lockgate.yaml:3:3: The key 'a' is already set in line 2. Keep one of the two.
      a: {v2: {kind: echo}}
      ^""",
    ),
    "not a mapping": (
        "- a",
        """\
lockgate.yaml:1:1: A project is a mapping, not a list. Write keys such as 'backends: …'.
    - a
    ^""",
    ),
    "what a factory refuses": (
        "backends:\n  a: {v1: {kind: echo, mode: slow, text: bad}}",
        """\
lockgate.yaml:2:42: The text 'bad' cannot be said. Say something else.
      a: {v1: {kind: echo, mode: slow, text: bad}}
                                             ^""",
    ),
    "a part that is not there": (
        "backends:\n  a: {v1: {kind: echo}}\n  b: {v1: {kind: pair, first: a, second: 'a:v9'}}",
        """\
lockgate.yaml:3:42: There is no backend 'a:v9'. The versions there are: a:v1.
      b: {v1: {kind: pair, first: a, second: 'a:v9'}}
                                             ^""",
    ),
    "a part that is wrong": (
        "backends:\n  a: {v1: {kind: echo, text: bad}}\n  b: {v1: {kind: pair, first: a}}",
        """\
lockgate.yaml:2:30: The text 'bad' cannot be said. Say something else.
      a: {v1: {kind: echo, text: bad}}
                                 ^""",
    ),
    "a circle": (
        "backends:\n  a: {v1: {kind: pair, first: b}}\n  b: {v1: {kind: pair, first: 'a:v1'}}",
        """\
lockgate.yaml:2:31: 'b:v1' asks itself: b:v1 → a:v1 → b:v1. Break the circle.
      a: {v1: {kind: pair, first: b}}
                                  ^
lockgate.yaml:3:31: 'a:v1' asks itself: a:v1 → b:v1 → a:v1. Break the circle.
      b: {v1: {kind: pair, first: 'a:v1'}}
                                  ^""",
    ),
    "a check that is wrong": (
        "backends:\n  a: {v1: {kind: echo}}\n  b: {v1: {kind: pair, first: a, accept: [shrt: 3, {short: {limt: 3}}]}}",
        """\
lockgate.yaml:3:43: There is no check 'shrt'. Did you mean 'short'?
      b: {v1: {kind: pair, first: a, accept: [shrt: 3, {short: {limt: 3}}]}}
                                              ^""",
    ),
    "a check that a factory refuses": (
        "backends:\n  a: {v1: {kind: echo}}\n  b: {v1: {kind: pair, first: a, accept: [short: 0]}}",
        """\
lockgate.yaml:3:50: The limit cannot be below 1. Write a larger one.
      b: {v1: {kind: pair, first: a, accept: [short: 0]}}
                                                     ^""",
    ),
    "a prompt that is not there": (
        "backends:\n  a: {v1: {kind: echo, prompt: desk@v1}}",
        """\
lockgate.yaml:2:32: There is no prompt 'desk'. There are no prompts.
      a: {v1: {kind: echo, prompt: desk@v1}}
                                   ^""",
    ),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_every_mistake_has_its_place_and_remedy(name):
    """All mistakes of a project are told at once, each at its key, option or part."""
    text, message = _REFUSED[name]
    assert _complaint(text) == message


def test_a_circle_can_be_asked_about_again():
    """A build that failed leaves nothing behind that would mask the next error."""
    project = _project(
        "backends:\n  a: {v1: {kind: pair, first: b}}\n  b: {v1: {kind: pair, first: a}}\n  c: {v1: {kind: echo}}"
    )
    said = []
    for _ in range(2):
        with pytest.raises(DocumentError) as caught:
            project.backend("a")
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert project.backend("c").name == "c:v1"


def test_validating_reads_the_prompts_that_no_backend_uses():
    """A broken prompt is a mistake before anyone uses it."""
    Path("prompts/desk").mkdir(parents=True)
    Path("prompts/desk/v1.yaml").write_text("usr: U")
    said = _complaint("backends: {a: {v1: {kind: echo}}}")
    assert said.startswith("prompts/desk/v1.yaml:1:1: The prompt has neither")


def test_a_mistake_without_a_position_is_told_with_the_others(monkeypatch):
    """Whoever raises it: validation goes on, and names the file's place that led there."""
    Path("prompts/desk").mkdir(parents=True)
    Path("prompts/desk/v1.yaml").write_text("user: U")
    Path("prompts/desk/v2.yaml").write_text("usr: U")
    project = _project("backends:\n  a: {v1: {kind: echo}}")
    plain = project.prompt

    def prompt(name):
        if name == "desk@v1":
            raise UsageError("It went away.")
        return plain(name)

    def backend(name):
        raise UsageError("It asks itself.")

    monkeypatch.setattr(project, "prompt", prompt)
    monkeypatch.setattr(project, "backend", backend)
    with pytest.raises(DocumentError) as caught:
        project.validate()
    told = [f"{p.path}:{p.line}:{p.column}: {p.message}" for p in caught.value.problems]
    assert told[:2] == ["lockgate.yaml:1:1: It went away.", "lockgate.yaml:2:18: It asks itself."]
    assert told[2].startswith("prompts/desk/v2.yaml:1:1: ")


def test_validating_lets_a_missing_package_pass():
    """The declaration is right; asking the backend still says what to install."""
    project = _project("backends: {a: {v1: {kind: echo, text: extra}}}")
    project.validate()
    with pytest.raises(MissingExtra, match="pip install"):
        project.backend("a")


def test_a_project_that_is_not_there_is_refused():
    """The error names the file."""
    with pytest.raises(DocumentError) as caught:
        load_project(Path("none.yaml"))
    assert str(caught.value) == "none.yaml:1:1: There is no such file. Check the path and its permissions."
