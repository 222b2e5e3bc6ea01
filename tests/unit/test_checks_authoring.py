"""Functions as checks: what they may return, what the decorator refuses, and the verdicts that come of it."""

from __future__ import annotations

import math
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.authoring import check, checks_of, is_check
from lockgate.checks.verdicts import broken, failed, passed, rate_check, unscored
from lockgate.errors import UsageError
from lockgate.model import Case, Completion, Labels, Measure, Span, Verdict
from lockgate.registry import options

CASE = Case(id="a", input="?")
ANSWER = Completion(text="two words")


def made(value, *, annotation=None, **settings):
    """The verdict of a check that returns the value (or raises it)."""

    def graded(case, completion):
        if isinstance(value, Exception):
            raise value
        return value

    graded.__annotations__["return"] = annotation
    return check(**settings)(graded)()(CASE, ANSWER)


@pytest.mark.parametrize(
    ("value", "settings", "status", "figure", "score"),
    [
        (True, {}, "pass", True, 1.0),
        (False, {}, "fail", False, 0.0),
        (True, {"better": "lower"}, "fail", True, 1.0),
        (False, {"better": "lower"}, "pass", False, 0.0),
        (0.5, {}, "pass", True, 0.5),
        (0.49, {}, "fail", False, 0.49),
        (0.5, {"better": "lower"}, "pass", False, 0.5),
        (0.51, {"better": "lower"}, "fail", True, 0.51),
        (0.7, {"threshold": 0.8}, "fail", False, 0.7),
        (1, {"threshold": 1.0}, "pass", True, 1.0),
        (0, {"threshold": 0.0}, "pass", True, 0.0),
    ],
)
def test_a_value_makes_status_figure_and_score(value, settings, status, figure, score):
    """A rate counts by the side of the threshold that a value is on, in the metric's own direction."""
    found = made(value, **settings)
    assert (found.status, dict(found.figures), found.score) == (status, {"graded": figure}, score)


@pytest.mark.parametrize("annotation", [float, "float"])
@pytest.mark.parametrize(("value", "status"), [(0.75, "pass"), (0.25, "fail"), (True, "pass")])
def test_a_function_that_returns_a_float_makes_a_mean(annotation, value, status):
    """Annotated with `-> float`, written out or as text, a function's values are averaged as they are."""
    found = made(value, annotation=annotation)
    assert (found.status, found.figures["graded"]) == (status, float(value))


@pytest.mark.parametrize(
    ("value", "settings", "reason"),
    [
        (False, {}, "The check returned False."),
        (True, {"better": "lower"}, "The check returned True."),
        (0.25, {}, "The score 0.25 is below the threshold 0.5."),
        (0.75, {"better": "lower"}, "The score 0.75 is above the threshold 0.5."),
    ],
)
def test_a_miss_says_what_was_returned(value, settings, reason):
    """The reason of a miss has the value, and the side of the threshold that it is on."""
    assert made(value, **settings).reason == reason


@pytest.mark.parametrize("value", [None, "yes", 1.5, -0.1, math.nan, math.inf, [True], {"score": 1}])
def test_what_is_no_share_is_an_error(value):
    """A value that is no bool, no share and no verdict makes a verdict `error` that says what to return."""
    found = made(value)
    assert (found.status, dict(found.figures)) == ("error", {"graded": None})
    assert found.reason == (
        f"The check returned {value!r}. Return a bool, a float from 0 to 1, Labels or a Verdict."
    )


def test_what_a_function_raises_is_an_error():
    """An exception in somebody's check is a verdict with its type and text, and ends nothing."""
    found = made(KeyError("x"))
    assert (found.status, found.reason) == ("error", "The check raised KeyError: 'x'")
    assert dict(found.figures) == {"graded": None}


@pytest.mark.parametrize(
    ("verdict", "annotation", "settings", "figure"),
    [
        (passed(), None, {}, True),
        (failed("No."), None, {}, False),
        (passed(), None, {"better": "lower"}, False),
        (failed("No."), None, {"better": "lower"}, True),
        (passed(score=0.75), float, {}, 0.75),
        (unscored("Unknown."), None, {}, None),
        (broken("Broken."), None, {}, None),
    ],
)
def test_a_verdict_without_figures_gets_its_share(verdict, annotation, settings, figure):
    """A function's own verdict counts in the metric by its status, or by its score in a mean."""
    found = made(verdict, annotation=annotation, **settings)
    assert dict(found.figures) == {"graded": figure}
    assert (found.status, found.reason) == (verdict.status, verdict.reason)


def test_a_verdict_with_figures_keeps_them():
    """Figures that a function gives itself are not touched."""
    assert dict(made(failed("No.", {"other": 0.5})).figures) == {"other": 0.5}


@check
def has_words(case: Case, completion: Completion, least: int = 1, *, word: str | None = None) -> bool:
    """The answer has so many words."""
    return len(completion.text.split()) >= least


def test_a_bare_decorator_names_check_and_metric_after_the_function():
    """`@check` alone makes a rate of the function's name, better when higher."""
    plain = has_words()
    assert (plain.name, plain.measures) == ("has_words", (Measure(name="has_words"),))


def test_a_factory_called_with_a_pair_judges_it():
    """With a case and a completion the decorated function gives its verdict, options and all."""
    assert has_words(CASE, ANSWER).status == "pass"
    assert has_words(CASE, ANSWER, least=3).status == "fail"
    assert has_words(CASE, ANSWER).check == "has_words"


def test_a_factory_called_with_options_makes_a_check_of_them():
    """The options given to the factory reach the function."""
    assert has_words(least=2)(CASE, ANSWER).status == "pass"
    assert has_words(least=3)(CASE, ANSWER).status == "fail"


def test_an_option_that_is_not_there_is_an_error_verdict():
    """A wrong option called past the loader is a verdict that names it."""
    found = has_words(most=3)(CASE, ANSWER)
    assert found.status == "error"
    assert "unexpected keyword argument 'most'" in found.reason


def test_the_options_are_the_parameters_after_the_first_two():
    """The registry reads a check's YAML options off its factory: names, types and defaults."""
    assert [(o.name, o.annotation, o.required, o.default) for o in options(has_words)] == [
        ("least", int, False, 1),
        ("word", str | None, False, None),
    ]


def test_a_decorated_function_keeps_its_name_and_docstring():
    """The factory looks like the function, so that a reference can show it."""
    assert (has_words.__name__, has_words.__doc__) == ("has_words", "The answer has so many words.")


def test_measures_follow_the_decorator():
    """Metric, direction and kind come from the decorator and the annotation."""

    @check(metric="toxicity", better="lower")
    def grade(case, completion) -> float:
        return 0.0

    assert grade().measures == (Measure(name="toxicity", kind="mean", better="lower"),)


def test_only_what_the_decorator_made_is_a_check():
    """A plain function, a class and a value are none."""
    assert is_check(has_words)
    assert not any(is_check(thing) for thing in (print, Verdict, 3, None, has_words()))


def test_the_checks_of_modules_are_found_by_name():
    """What else a conftest holds is passed over, and a nearer conftest's check wins."""

    @check
    def near(case, completion) -> bool:
        return True

    far_module, near_module = ModuleType("far"), ModuleType("near")
    vars(far_module).update(mentions=check(lambda case, completion: True), print=print)
    vars(near_module).update(mentions=near)
    assert checks_of([far_module, near_module]) == {"mentions": near}


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"better": "more"}, "A check's better cannot be 'more'. Use 'higher' or 'lower'."),
        ({"threshold": 1.5}, "A check's threshold cannot be 1.5. Use a number from 0 to 1."),
        ({"threshold": -1}, "A check's threshold cannot be -1. Use a number from 0 to 1."),
        ({"threshold": math.nan}, "A check's threshold cannot be nan. Use a number from 0 to 1."),
    ],
)
def test_a_wrong_setting_is_refused(settings, text):
    """The decorator refuses a direction or a threshold out of range, and says what to use."""
    with pytest.raises(UsageError) as caught:
        check(**settings)
    assert str(caught.value) == text


def nothing():
    return True


def one(case):
    return True


def by_keyword(case, *, completion):
    return True


async def later(case, completion):
    return True


@pytest.mark.parametrize("function", [nothing, one, by_keyword, later])
def test_a_function_of_something_else_is_refused(function):
    """What cannot be called with a case and a completion, or must be awaited, is no check."""
    with pytest.raises(UsageError) as caught:
        check(function)
    assert str(caught.value) == (
        f"The check {function.__name__!r} cannot be called with a case and a completion. "
        "Write a plain function: def name(case, completion)."
    )


def test_the_identity_tells_options_settings_and_code():
    """Another option, another threshold or other code is another check; the same is the same."""
    same, other = has_words(least=2), has_words(least=3)
    assert same.identity == has_words(least=2).identity
    assert same.identity != other.identity
    lenient, strict = (check(threshold=t)(one_of_two) for t in (0.1, 0.9))
    assert lenient().identity != strict().identity
    assert check(one_of_two)().identity["code"] != same.identity["code"]


def one_of_two(case, completion):
    return completion.text == case.input


def test_a_function_without_source_has_an_identity_of_its_code():
    """A function typed at a prompt is told apart by its byte code and constants."""
    names: dict[str, object] = {}
    exec("def a(case, completion): return 1\ndef b(case, completion): return 2", names)
    codes = [check(names[name])().identity["code"] for name in "ab"]
    assert codes[0] != codes[1]


def test_the_four_verdicts():
    """Each helper makes its status, with figures copied and evidence as a tuple."""
    span = Span(source="answer", start=0, end=3)
    assert passed(evidence=[span]) == Verdict(status="pass", score=1.0, evidence=(span,))
    assert failed("No.", {"m": False}) == Verdict(
        status="fail", score=0.0, reason="No.", figures={"m": False}
    )
    assert unscored("Unknown.") == Verdict(status="unscored", reason="Unknown.")
    assert broken("Broken.", {"m": None}) == Verdict(status="error", reason="Broken.", figures={"m": None})


def rated(judge):
    """A rate's verdict on the case."""
    return rate_check("mine", "share", judge, {"option": 1})


def test_a_rate_fills_in_figures_and_identity():
    """A rate's metric is read off the status, and its identity names check and options."""
    mine = rated(lambda case, completion: failed("No."))
    assert mine.identity == {"check": "mine", "option": 1}
    assert (mine.measures, dict(mine(CASE, ANSWER).figures)) == ((Measure(name="share"),), {"share": False})


def test_a_rate_that_does_not_apply_is_not_counted():
    """None from a rate's judge is unscored without a figure, and does not fall short."""
    found = rated(lambda case, completion: None)(CASE, ANSWER)
    assert (found.status, dict(found.figures), found.falls_short) == ("unscored", {}, False)
    assert found.reason == "The check does not apply to this case."


def test_a_rate_turns_errors_for_users_into_verdicts():
    """A template that a case cannot fill is this case's error; a mistake of ours is raised."""

    def lacking(case, completion):
        raise UsageError("The case has no x. Add it.")

    def mistaken(case, completion):
        raise ZeroDivisionError

    found = rated(lacking)(CASE, ANSWER)
    assert (found.status, found.reason, dict(found.figures)) == (
        "error",
        "The case has no x. Add it.",
        {"share": None},
    )
    with pytest.raises(ZeroDivisionError):
        rated(mistaken)(CASE, ANSWER)


@given(st.booleans() | st.floats(0, 1), st.floats(0, 1), st.sampled_from(["higher", "lower"]))
def test_a_verdict_and_its_rate_agree(value, threshold, better):
    """Whatever a function returns, it passes exactly when its figure is the good one."""
    found = made(value, threshold=threshold, better=better)
    assert (found.status == "pass") == (found.figures["graded"] is (better == "higher"))
    assert bool(found.reason) == (found.status == "fail")


@check
def topic(case, completion) -> Labels:
    """Which topic the answer has."""
    return Labels(expected=case.expected, answered=completion.text or None)


def test_labels_make_a_rate_and_a_macro_f1():
    """A function annotated `-> Labels` has both metrics and a table; both labels the same pass."""
    made = topic()
    assert [(m.name, m.kind) for m in made.measures] == [("topic", "rate"), ("topic_macro_f1", "macro_f1")]
    assert [(t.name, t.figure, t.metrics) for t in made.tables] == [
        ("topic", "topic_macro_f1", ("topic", "topic_macro_f1"))
    ]
    right, wrong, none = (
        made(Case(id="a", input="?", expected="x"), Completion(text=t)) for t in ("x", "y", "")
    )
    assert (right.status, dict(right.figures)) == (
        "pass",
        {"topic": True, "topic_macro_f1": Labels(expected="x", answered="x")},
    )
    assert (wrong.status, wrong.reason) == ("fail", "The answer is 'y', expected 'x'.")
    assert none.figures == {"topic": False, "topic_macro_f1": Labels(expected="x")}


def test_labels_that_are_no_texts_are_an_error():
    """A number as a label is a verdict of status `error` that says what to write."""
    found = topic(Case(id="a", input="?", expected=3), Completion(text="3"))
    assert found.status == "error"
    assert found.reason.endswith("whose labels are no texts. Write them with str(…).")


def test_labels_without_the_annotation_make_a_table_alone():
    """The metric is the rate; the labels stand in the table beside it."""

    @check(metric="hit")
    def bare(case, completion):
        return Labels(expected="a", answered="b")

    assert [m.name for m in bare().measures] == ["hit"]
    verdict = bare(Case(id="a", input="?"), Completion(text=""))
    assert verdict.figures == {"hit": False, "hit_macro_f1": Labels(expected="a", answered="b")}
