"""The template language: Jinja2, sandboxed, with strict undefined names, and every failure a UsageError.

`trim_blocks` and `lstrip_blocks` are on. Nothing may depend on chance (no `random`, no `lipsum`) or on files:
the same template and variables always give the same text.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from lockgate.errors import UsageError, did_you_mean
from lockgate.model import JSON

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.environment import TemplateExpression
    from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["evaluate", "fill", "is_template", "syntax_error", "undeclared"]

T = TypeVar("T")

_LONGEST_PRODUCT = 1_000_000


def fill(template: str, variables: Mapping[str, Any], *, hidden: str = "") -> str:
    """A template's text with its variables filled in.

    Args:
        template: Jinja2 source.
        variables: name → value.
        hidden: a name that templates of this kind never get, for the error that says so.

    Raises:
        UsageError: a syntax error, an undefined name, or an operation that fails.
    """
    if not template:
        return ""
    with_names = _Names(variables, hidden)
    return _guarded(template, lambda: _compiled(template).render(variables), with_names)


def evaluate(template: str, variables: Mapping[str, Any]) -> JSON:
    """A template's text, or the value itself where the template is one `{{ expression }}` and nothing else.

    Raises:
        UsageError: a syntax error, an undefined name, or an operation that fails.
    """
    if not _guarded(template, lambda: _is_expression(template)):
        return fill(template, variables)
    return _guarded(template, lambda: _strict(_expression(template)(variables)), _Names(variables))


@functools.lru_cache(maxsize=512)
def undeclared(template: str) -> frozenset[str]:
    """The names that a template takes from outside.

    Raises:
        UsageError: the template has a syntax error.
    """
    from jinja2 import meta

    if not is_template(template):
        return frozenset()
    return frozenset(_guarded(template, lambda: meta.find_undeclared_variables(_sandbox().parse(template))))


def syntax_error(template: str) -> tuple[int, str] | None:
    """The line (from 1) and text of a template's syntax error; None when it has none."""
    from jinja2 import TemplateSyntaxError

    try:
        _guarded(template, lambda: _compiled(template))
    except UsageError as error:
        cause = error.__cause__
        line = cause.lineno if isinstance(cause, TemplateSyntaxError) else 1
        return line, _sentence(str(cause))
    return None


def is_template(text: str) -> bool:
    """Whether a text has anything for the template language to do."""
    return "{{" in text or "{%" in text or "{#" in text


class _Names:
    """What a template could have named, for the remedy of an error."""

    def __init__(self, variables: Mapping[str, Any], hidden: str = "") -> None:
        self.known = sorted(variables)
        self.hidden = hidden

    def explain(self, template: str, error: Exception) -> str:
        missing = sorted(undeclared(template) - set(self.known))
        if not missing:
            return _sentence(str(error))
        if self.hidden in missing:
            return f"prompts never see {self.hidden!r}: it would give the answer away. Use it in a check."
        remedy = did_you_mean(missing[0], self.known, noun="variables")
        return f"this case has no variable {missing[0]!r}. {remedy}"


def _guarded(template: str, step: Callable[[], T], names: _Names | None = None) -> T:
    try:
        return step()
    except Exception as error:
        raise UsageError(_explain(template, error, names or _Names({}))) from error


def _explain(template: str, error: Exception, names: _Names) -> str:
    from jinja2 import TemplateSyntaxError, UndefinedError

    shown = f"Template {_short(template)!r}"
    if isinstance(error, TemplateSyntaxError):
        return f"{shown} has a syntax error in line {error.lineno}: {_sentence(str(error.message))}"
    if isinstance(error, UndefinedError):
        return f"{shown}: {names.explain(template, error)}"
    return f"{shown} cannot be rendered: {_sentence(str(error) or type(error).__name__)}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _short(text: str, width: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _strict(value: Any) -> Any:
    from jinja2 import StrictUndefined

    if isinstance(value, StrictUndefined):
        str(value)
    return value


@functools.lru_cache(maxsize=512)
def _compiled(template: str) -> Template:
    compiled = _sandbox().from_string(template)
    # Each rendering copies them; from the layers that Jinja keeps them in, this takes as long as the rest.
    compiled.globals = dict(compiled.globals)
    return compiled


@functools.lru_cache(maxsize=512)
def _is_expression(template: str) -> bool:
    from jinja2 import nodes

    if not (template.startswith("{{") and template.endswith("}}")):
        return False
    body = _sandbox().parse(template).body
    if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
        return False
    return not isinstance(body[0].nodes[0], nodes.TemplateData)


@functools.lru_cache(maxsize=512)
def _expression(template: str) -> TemplateExpression:
    source = template[2:-2]
    # A minus right at the braces is Jinja's whitespace control, no part of the expression.
    source = source.removeprefix("-").removesuffix("-")
    expression = _sandbox().compile_expression(source, undefined_to_none=False)
    expression._template.globals = dict(expression._template.globals)  # noqa: SLF001 - as above
    return expression


@functools.cache
def _sandbox() -> ImmutableSandboxedEnvironment:
    """The one environment: no loader, no chance, keys before methods, no runaway products."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"*", "**"})

        def getattr(self, obj: Any, attribute: str) -> Any:
            # A field called `items` is a field, not dict.items.
            if isinstance(obj, Mapping) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if _runs_away(operator, left, right):
                raise OverflowError(f"'{operator}' would give too large a value")
            return super().call_binop(context, operator, left, right)

    sandbox = Sandbox(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    sandbox.filters.pop("random")
    sandbox.globals.pop("lipsum")
    return sandbox


def _runs_away(operator: str, left: Any, right: Any) -> bool:
    if operator == "**":
        return any(isinstance(side, int | float) and abs(side) > 1000 for side in (left, right))
    count, items = (left, right) if isinstance(left, int) else (right, left)
    return isinstance(count, int) and isinstance(items, str | list) and count * len(items) > _LONGEST_PRODUCT
