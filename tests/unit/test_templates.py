"""The template language: what it fills in, what it refuses, and that it never raises anything else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.errors import UsageError
from lockgate.templates import evaluate, fill, is_template, syntax_error, undeclared


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ n }}", 3),
        ("{{ n + 1 }}", 4),
        ("{{ -1 }}", -1),
        ("{{- n -}}", 3),
        ("{{+n}}", 3),
        ("{{ {'a': {'b': n}} }}", {"a": {"b": 3}}),
        ("{{ words }}", ["a", "b"]),
        ("{{ group.items }}", [1]),
        ("{{ none_at_all }}", None),
        ("{{ missing | default('x') }}", "x"),
        ("{{ n }}.", "3."),
        (" {{ n }}", " 3"),
        ("{{ n }}{{ n }}", "33"),
        ("{{ n }}{# note #}", "3"),
        ("{% if n == 3 %}three{% endif %}", "three"),
        ("plain", "plain"),
    ],
)
def test_evaluate_gives_the_value_of_a_lone_expression_and_text_otherwise(template, value):
    """Only a template that is one expression and nothing else keeps the expression's type."""
    names = {"n": 3, "words": ["a", "b"], "group": {"items": [1]}, "none_at_all": None}
    assert evaluate(template, names) == value


def test_fill_trims_the_lines_of_blocks():
    """A line that holds only a block, indented or not, leaves nothing behind."""
    assert fill("{% for w in words %}\n  {{ w }}\n{% endfor %}\nend", {"words": "ab"}) == "  a\n  b\nend"
    assert fill("a\n  {% if words %}\nb\n  {% endif %}\nend", {"words": "ab"}) == "a\nb\nend"


_FAILURES = {
    "{{ nam }}": ": this case has no variable 'nam'. Did you mean 'name'?",
    "{{ zzz }}": ": this case has no variable 'zzz'. The variables there are: 'name', 'other'.",
    "{{ name.first }}": ": 'str object' has no attribute 'first'.",
    "{{ secret }}": ": prompts never see 'secret': it would give the answer away. Use it in a check.",
    "{{ lipsum() }}": ": this case has no variable 'lipsum'. The variables there are: 'name', 'other'.",
    "{% include 'x' %}": " cannot be rendered: no loader for this environment specified.",
    "{{ 1 / 0 }}": " cannot be rendered: division by zero.",
    "{{ 9 ** 9999 }}": " cannot be rendered: '**' would give too large a value.",
    "{{ 'a' * 10000000 }}": " cannot be rendered: '*' would give too large a value.",
    "{{ ['a'] * 10000000 }}": " cannot be rendered: '*' would give too large a value.",
    "{{ ''.__class__ }}.": " cannot be rendered: access to attribute '__class__' of 'str' object is unsafe.",
    "{{ [1]|random }}": " has a syntax error in line 1: No filter named 'random'.",
    "{{": " has a syntax error in line 1: unexpected 'end of template'.",
}


@pytest.mark.parametrize("template", _FAILURES)
def test_every_failure_is_a_sentence(template):
    """A failing template says what is wrong with it, and for a name which names there are."""
    with pytest.raises(UsageError) as caught:
        fill(template, {"name": "Ada", "other": 1}, hidden="secret")
    assert str(caught.value) == f"Template {template!r}{_FAILURES[template]}"


def test_a_long_template_is_cut_in_its_error():
    """An error quotes at most sixty characters of a template."""
    with pytest.raises(UsageError) as caught:
        fill("x" * 80 + "{{ nope }}", {})
    assert str(caught.value).startswith(f"Template '{'x' * 59}…': this case has no variable 'nope'.")


def test_a_missing_name_is_an_error_in_a_lone_expression_too():
    """An undefined lone expression is no value."""
    with pytest.raises(UsageError, match="no variable 'nope'"):
        evaluate("{{ nope }}", {})


def test_a_template_cannot_change_what_it_is_given():
    """The sandbox refuses to append to a list of the case."""
    words = ["a"]
    with pytest.raises(UsageError, match="unsafe"):
        fill("{{ words.append('b') }}", {"words": words})
    assert words == ["a"]


def test_undeclared_names_what_comes_from_outside():
    """Names set inside a template and the language's own are left out."""
    template = "{% set a = b %}{{ a }}{{ c.d }}{% for e in range(3) %}{{ e }}{% endfor %}"
    assert undeclared(template) == {"b", "c"}
    assert undeclared("no template") == set()
    with pytest.raises(UsageError, match="syntax error"):
        undeclared("{{")


def test_syntax_errors_have_their_line():
    """The line of a syntax error counts from 1 within the template."""
    assert syntax_error("fine {{ x }}") is None
    assert syntax_error("a\nb {% if %}\n") == (2, "Expected an expression, got 'end of statement block'.")


@pytest.mark.parametrize(
    ("text", "is_one"), [("{{ a }}", True), ("{% a %}", True), ("{# a #}", True), ("{a}", False)]
)
def test_a_template_is_told_by_its_brackets(text, is_one):
    """Text without any of the three brackets is left alone."""
    assert is_template(text) is is_one


_WORDS = (
    "{{ }} {% %} {# #} if for in endif endfor set raw endraw macro include a y | join .c [0] + * ** 9 ( ) = ~"
)
_PIECES = st.sampled_from([*_WORDS.split(), " ", "\n"])


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=12).map("".join)))
def test_any_text_renders_or_is_a_usage_error(template):
    """Whatever a template says, only UsageError comes out of it."""
    steps = (
        lambda: fill(template, {"a": 1, "y": "ab"}),
        lambda: evaluate(template, {"a": 1, "y": "ab"}),
        lambda: undeclared(template),
    )
    for step in steps:
        with contextlib.suppress(UsageError):
            step()
    syntax_error(template)
