"""Strategies for Hypothesis: what they draw, and that they shrink towards no edit."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from lockgate import load_check
from lockgate.errors import UsageError
from lockgate.model import Case, Completion
from lockgate.registry import BUILTIN
from lockgate.strategies import INVARIANT, cases, typos, variants
from lockgate.variants.edits import of_words

CASE = Case(
    id="hours",
    input="When do you usually open on Mondays?",
    expected="nine",
    context=["We open at nine.", "The shop stands at the quay."],
    tags={"topic": "shop"},
    fields={"translations": {"de": "Wann?"}},
)
OTHER = Case(id="fee", input="x", context=["Cards cannot be returned."])
QUIET = settings(deadline=None, max_examples=50)


@QUIET
@given(variants(CASE, cases=[OTHER]))
def test_what_is_expected_stays(variant):
    """Every variant has the case's id, expected answer, tags and fields."""
    assert (variant.id, variant.expected, variant.tags) == ("hours", "nine", {"topic": "shop"})
    assert variant.fields == CASE.fields


@QUIET
@given(variants(CASE, ["order", "irrelevant_passages", "padding"], cases=[OTHER]))
def test_invariant_kinds_keep_every_passage(variant):
    """What the answer rests on is there, whatever stands around it."""
    assert set(CASE.context) <= set(variant.context)


@pytest.mark.parametrize("kind", INVARIANT)
def test_every_invariant_kind_is_drawn(kind):
    """Each of them alone can change the case, and shrinks to the case itself."""
    strategy = variants(CASE, [kind], cases=[OTHER])
    assert find(strategy, lambda variant: variant != CASE) != CASE
    assert find(strategy, lambda variant: True) == CASE


def test_the_invariant_kinds_are_those_of_suites():
    """Their words are the registry's, and their metric is `invariance`."""
    made = {kind for kind in BUILTIN["variants"] if _recipe(kind).metric == "invariance"}
    assert set(INVARIANT) == made


def _recipe(kind):
    from lockgate.registry import Registry

    return Registry().find("variants", kind)()


def test_a_failing_test_is_shrunk_to_one_edit():
    """Of all words in capitals, one is left; of all passages put in, one."""
    shouted = find(variants(CASE, ["case"]), lambda variant: "USUALLY" in variant.input)
    assert shouted.input == "When do you USUALLY open on Mondays?"
    padded = find(variants(CASE, ["padding"]), lambda variant: len(variant.context) > 2)
    assert len(padded.context) == 3


def test_what_must_change_the_answer_comes_whole():
    """A directional kind is never drawn in part: the old answer would still be right."""
    removed = find(variants(CASE, ["removed_passage"]), lambda variant: True)
    assert removed.context == ("The shop stands at the quay.",)


def test_kinds_that_cannot_be_made_are_left_out():
    """A case without a context has variants of its input alone, and none at all is an error."""
    bare = Case(id="a", input="Where exactly?")
    assert find(variants(bare), lambda variant: variant.input != bare.input).context == ()
    with pytest.raises(UsageError, match="No variant of the case 'a' is of order, translations"):
        variants(bare, ["order", "translations"])
    with pytest.raises(UsageError, match="is of no kind"):
        variants(bare, [])


def test_an_unknown_kind_is_an_error():
    """With the nearest word."""
    with pytest.raises(UsageError, match=r"There is no variant 'typo'\. Did you mean 'typos'"):
        variants(CASE, ["typo"])


@QUIET
@given(typos("Where exactly are you located now?", most=2))
def test_typos_are_in_so_many_words(text):
    """No more words differ than were asked for, and none is lost."""
    pairs = zip(of_words(text), of_words("Where exactly are you located now?"), strict=True)
    assert sum(one[0] != other[0] for one, other in pairs) <= 2


def test_typos_shrink_to_the_text():
    """First to fewer words, then to none."""
    text = "Where exactly are you located now?"
    assert find(typos(text), lambda found: True) == text
    assert find(typos(text), lambda found: "located" not in found).startswith("Where exactly are you ")


def test_a_text_without_words_stays_as_it_is():
    """What cannot be misspelt is drawn as it is, and a negative number is an error."""
    assert find(typos("42?"), lambda found: True) == "42?"
    assert find(typos("Where?", most=0), lambda found: True) == "Where?"
    with pytest.raises(UsageError, match="'most' cannot be -1"):
        typos("Where?", most=-1)


@settings(QUIET, suppress_health_check=[HealthCheck.too_slow])
@given(cases(expected=st.sampled_from(["nine", "ten"])))
def test_cases_are_drawn_of_their_parts(case):
    """A check can be tried on any case: it says something of every answer, and raises nothing."""
    verdict = load_check("contains", "{{ expected }}")(case, Completion(text="At nine."))
    assert verdict.passed == (case.expected == "nine")
    assert case.input.strip()
    assert len(case.context) <= 3


def test_parts_can_be_given():
    """Each part of a case is drawn from its strategy."""
    drawn = find(
        cases(
            input=st.just("When?"),
            context=st.just(["At nine."]),
            should_refuse=st.just(True),
            fields=st.just({"topic": "shop"}),
        ),
        lambda case: True,
    )
    assert drawn == Case(
        id="drawn", input="When?", context=["At nine."], should_refuse=True, fields={"topic": "shop"}
    )


def test_without_hypothesis_the_error_names_the_extra():
    """Importing the module says what is missing and how to get it."""
    script = (
        "import sys\nsys.modules['hypothesis'] = None\n"
        "from lockgate.errors import MissingExtra\n"
        "try:\n    import lockgate.strategies\nexcept MissingExtra as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        "lockgate.strategies needs the package 'hypothesis', which is not installed. "
        "Run: pip install 'lockgate[hypothesis]'"
    )
