"""What a check is made of: the `@check` decorator and the four verdicts."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from functools import update_wrapper
from types import ModuleType
from typing import Any, Literal, TypeAlias, overload

from lockgate.checks.verdicts import broken, failed, macro_name, passed, with_figures
from lockgate.errors import UsageError
from lockgate.model import JSON, Case, Check, Completion, Figure, Kind, Labels, Layout, Measure, Verdict

__all__ = ["check", "checks_of", "is_check"]

Better: TypeAlias = Literal["higher", "lower"]

_MARK = "__lockgate_check__"


@overload
def check(function: Callable[..., Any], /) -> Callable[..., Any]: ...


@overload
def check(
    *, metric: str | None = None, better: Better = "higher", threshold: float = 0.5
) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...


def check(
    function: Callable[..., Any] | None = None,
    /,
    *,
    metric: str | None = None,
    better: Better = "higher",
    threshold: float = 0.5,
) -> Callable[..., Any]:
    """Make a check of a function of case and completion.

    What the decorator gives is a factory, as the registry holds them: called with options only, it makes a
    `Check`; called with a case and a completion, it judges them. Parameters of the function after the
    first two are the check's YAML options.

    Args:
        function: returns what the metric counts: a bool, a float in 0..1, `Labels` or a `Verdict`. Annotated
            with `-> float` its metric is the mean of the floats; otherwise it is a rate, and a float counts
            by the side of the threshold that it is on. `Labels` count by whether they are the same, and make
            a confusion matrix; annotated with `-> Labels`, a metric `NAME_macro_f1` as well. What it raises
            becomes a verdict of status `error`.
        metric: the metric's name; the function's own where none is given.
        better: `lower` where True, or a high float, is bad.
        threshold: the least float that passes; with `better="lower"`, the greatest.

    Raises:
        UsageError: the function does not take a case and a completion, or an argument is out of range.
    """
    if better not in ("higher", "lower"):
        raise UsageError(f"A check's better cannot be {better!r}. Use 'higher' or 'lower'.")
    if not 0 <= threshold <= 1:
        raise UsageError(f"A check's threshold cannot be {threshold!r}. Use a number from 0 to 1.")

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        returned = _returned(function)
        kind: Kind = "mean" if returned in (float, "float") else "rate"
        measure = Measure(name=metric or function.__name__, kind=kind, better=better)
        return _factory(function, measure, threshold, labelled=returned in (Labels, "Labels"))

    return mark if function is None else mark(function)


def checks_of(modules: Iterable[ModuleType]) -> dict[str, Any]:
    """What `@check` made in modules (conftests), by the names that it has there; of equal ones the last."""
    return {name: thing for module in modules for name, thing in vars(module).items() if is_check(thing)}


def is_check(thing: object) -> bool:
    """True for what `@check` gave."""
    return callable(thing) and getattr(thing, _MARK, False) is True


def _returned(function: Callable[..., Any]) -> object:
    return getattr(function, "__annotations__", {}).get("return")


def _factory(
    function: Callable[..., Any], measure: Measure, threshold: float, *, labelled: bool
) -> Callable[..., Any]:
    parameters, macro = _option_parameters(function), macro_name(measure.name)
    table = Layout(name=measure.name, figure=macro, metrics=(measure.name, macro) if labelled else ())

    def judge(options: Mapping[str, JSON], case: Case, completion: Completion) -> Verdict:
        try:
            verdict = _read(function(case, completion, **options), measure, threshold)
        except Exception as error:  # noqa: BLE001 - somebody else's code; its failure is a verdict, not ours
            verdict = broken(f"The check raised {type(error).__name__}: {error}")
        return with_figures(verdict, measure)

    def factory(*pair: Any, **options: JSON) -> Check | Verdict:
        made = Check(
            name=function.__name__,
            measures=(measure, Measure(name=macro, kind="macro_f1")) if labelled else (measure,),
            judge=lambda case, completion: judge(options, case, completion),
            identity=_identity(function, measure, threshold, options),
            tables=(table,),
        )
        return made(*pair) if pair else made

    return _as_factory(factory, function, parameters)


def _option_parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = list(inspect.signature(function).parameters.values())
    takes_pair = len(parameters) >= 2 and all(p.kind in positional for p in parameters[:2])
    if not takes_pair or inspect.iscoroutinefunction(function):
        raise UsageError(
            f"The check {function.__name__!r} cannot be called with a case and a completion. "
            "Write a plain function: def name(case, completion)."
        )
    return parameters[2:]


def _as_factory(
    factory: Callable[..., Any], function: Callable[..., Any], parameters: list[inspect.Parameter]
) -> Callable[..., Any]:
    update_wrapper(factory, function)
    hints = function.__annotations__
    # Only the options' annotations: those of case and completion may name what is imported for typing only.
    factory.__annotations__ = {p.name: hints[p.name] for p in parameters if p.name in hints}
    factory.__dict__["__signature__"] = inspect.Signature(parameters)
    factory.__dict__[_MARK] = True
    return factory


def _identity(
    function: Callable[..., Any], measure: Measure, threshold: float, options: Mapping[str, JSON]
) -> dict[str, JSON]:
    return {
        "check": function.__name__,
        "code": hashlib.sha256(_code(function).encode()).hexdigest()[:16],
        "metric": measure.name,
        "kind": measure.kind,
        "better": measure.better,
        "threshold": threshold,
        "options": dict(options),
    }


def _code(function: Callable[..., Any]) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return repr((function.__code__.co_code, function.__code__.co_consts))


def _read(value: Any, measure: Measure, threshold: float) -> Verdict:
    """What a user's function returned, as a verdict."""
    if isinstance(value, Verdict):
        return value
    if isinstance(value, Labels):
        return _read_labels(value, measure)
    if not isinstance(value, bool | int | float) or not (math.isfinite(value) and 0 <= value <= 1):
        what = "a bool, a float from 0 to 1, Labels or a Verdict"
        return broken(f"The check returned {value!r}. Return {what}.")
    higher = measure.better == "higher"
    good = value >= threshold if higher else value <= threshold
    if isinstance(value, bool):
        good = value == higher
    figure = float(value) if measure.kind == "mean" else good == higher
    if good:
        return passed({measure.name: figure}, score=float(value))
    return failed(_shortfall(value, measure, threshold), {measure.name: figure}, score=float(value))


def _read_labels(labels: Labels, measure: Measure) -> Verdict:
    texts: tuple[object, object] = (labels.expected, labels.answered or "")
    if not all(isinstance(text, str) for text in texts):
        return broken(f"The check returned {labels!r}, whose labels are no texts. Write them with str(…).")
    right = labels.expected == labels.answered
    figures: dict[str, Figure] = {measure.name: right, macro_name(measure.name): labels}
    if right:
        return passed(figures)
    return failed(f"The answer is {labels.answered!r}, expected {labels.expected!r}.", figures)


def _shortfall(value: float, measure: Measure, threshold: float) -> str:
    if isinstance(value, bool):
        return f"The check returned {value}."
    side = "below" if measure.better == "higher" else "above"
    return f"The score {value:.3g} is {side} the threshold {threshold:.3g}."
