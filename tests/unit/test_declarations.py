"""Declarations: factories' signatures and docstrings as tables, and whom an error blames."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from lockgate.documents.declarations import build, options_table, read_short_form
from lockgate.documents.tables import Key
from lockgate.documents.yaml_source import parse
from lockgate.errors import DocumentError, Problem, UsageError
from lockgate.model import Setting
from lockgate.registry import Registry


def _factory(  # noqa: D417  (its docstring is what is tested)
    first: str,
    second: int = 2,
    *,
    many: tuple[str, ...] = ("a",),
    mode: Literal["x", "y"] = "x",
    setting: Setting,
) -> str:
    """Makes a thing,
    in two lines.

    More of it.

    Args:
        first: what comes
            first.
        second, many: two at once.
        setting: handed over.

    Raises:
        UsageError: never: or so.
    """
    if second == 0:
        raise UsageError("The second cannot be 0. Write another.")
    if first == "blame me":
        raise UsageError("'blame me' is blamed. Do not.")
    if first == "nobody":
        raise UsageError("It does not work. Try again.")
    if first == "elsewhere":
        raise DocumentError([Problem(path="other", line=3, column=1, message="Wrong. Mend it.")])
    return f"{first}-{second}-{setting.name}"


def _open(name: str, **others: Any) -> dict[str, Any]:
    """Takes anything."""
    return {"name": name, **others}


def _undocumented(value):
    return value


REGISTRY = Registry(extra={"checks": {"thing": _factory, "open": _open, "bare": _undocumented}})


def _build(text):
    root, findings = parse(text, "s.yaml")
    declared = read_short_form(root, findings)
    made = build("checks", declared, Setting(name="n"), findings, registry=REGISTRY)
    return made, [f"{p.path}:{p.line}:{p.column}: {p.message}" for p in findings.problems]


def test_a_signature_and_its_docstring_are_a_table():
    """Names, types, defaults and docs; a setting is no option."""
    table = options_table(_factory, "a thing")
    assert table.doc == "Makes a thing, in two lines."
    assert table.keys == (
        Key(name="first", annotation=str, required=True, doc="what comes first."),
        Key(name="second", annotation=int, default=2, doc="two at once."),
        Key(name="many", annotation=tuple[str, ...], default=["a"], doc="two at once."),
        Key(name="mode", annotation=Literal["x", "y"], default="x"),
    )
    assert not table.unlisted


def test_a_factory_without_docs_has_a_table():
    """Nothing said is nothing shown."""
    table = options_table(_undocumented, "a thing")
    assert (table.doc, table.keys) == ("", (Key(name="value", annotation=Any, required=True),))


def test_a_factory_may_take_any_option():
    """`**others` lets every key through and is none itself."""
    assert options_table(_open, "a thing").keys == (Key(name="name", annotation=str, required=True),)
    assert _build("open: {name: a, more: [1]}") == ({"name": "a", "more": [1]}, [])


@pytest.mark.parametrize(
    ("text", "made"),
    [("thing: a", "a-2-n"), ("thing: {first: a, second: 3}", "a-3-n"), ("bare: [1]", [1])],
)
def test_a_declaration_makes_what_its_factory_makes(text, made):
    """By argument or by options."""
    assert _build(text) == (made, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("thing: {second: 3, first: blame me}", "s.yaml:1:27: 'blame me' is blamed. Do not."),
        ("thing: {first: a, second: 0}", "s.yaml:1:27: The second cannot be 0. Write another."),
        ("thing: {first: nobody, second: 1}", "s.yaml:1:1: It does not work. Try again."),
        ("thing: nobody", "s.yaml:1:8: It does not work. Try again."),
        ("thing: elsewhere", "other:3:1: Wrong. Mend it."),
        ("thingy: a", "s.yaml:1:1: There is no check 'thingy'. Did you mean 'thing'?"),
        ("thing: {first: a, mode: z}", "s.yaml:1:25: 'mode' cannot be 'z'. The words there are: 'x', 'y'."),
    ],
)
def test_an_error_blames_the_option_that_it_quotes(text, problem):
    """The value it quotes, else the name, else the only option, else the declaration."""
    assert _build(text) == (None, [problem])


def test_an_argument_for_a_factory_that_needs_more_says_what_is_missing():
    """The long form is shown."""

    def both(first: str, second: str) -> None:
        """Needs two."""

    root, findings = parse("both: a", "s.yaml")
    declared = read_short_form(root, findings)
    registry = Registry(extra={"checks": {"both": both}})
    assert build("checks", declared, Setting(), findings, registry=registry) is None
    assert findings.problems[0].message == (
        "The key 'second' is missing in the check 'both'. Write '{first: …, second: …}'."
    )


def test_what_is_not_meant_for_a_user_is_not_swallowed():
    """A factory's own bug keeps its traceback."""

    def broken() -> None:
        raise ValueError("a bug")

    registry = Registry(extra={"checks": {"broken": broken}})
    root, findings = parse("broken", "s.yaml")
    with pytest.raises(ValueError, match="a bug"):
        build("checks", read_short_form(root, findings), Setting(), findings, registry=registry)
