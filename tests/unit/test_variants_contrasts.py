"""The verdict of a variant, from its checks' verdicts and its original's."""

from __future__ import annotations

import pytest

from lockgate.checks.verdicts import failed, passed, unscored
from lockgate.model import Case, Check, Completion, Measure, Sample, Variant, Verdict
from lockgate.variants.contrasts import contrast, sample_of

CHECK = Check(name="contains", measures=(Measure(name="accuracy"),), judge=lambda case, completion: passed())
FINE, BAD = (
    Verdict(status="pass", check="contains"),
    Verdict(status="fail", check="contains", reason="No 'nine'."),
)
UNKNOWN = Verdict(status="unscored", check="contains", reason="Nothing to read.", figures={"accuracy": None})
BROKEN = Verdict(status="error", check="contains", reason="It broke.", figures={"accuracy": None})
ELSEWHERE = Verdict(status="unscored", check="contains", reason="Not asked of it.")


def variant(*, checks=1, behaves=None, metric="invariance"):
    """A variant that is compared by so many checks."""
    case = Case(id="a~typos-1", input="Wehn?")
    return Variant(
        case=case,
        of=Case(id="a", input="When?"),
        kind="typos",
        metric=metric,
        edits=1,
        build=lambda kept: case,
        checks=(CHECK,) * checks,
        behaves=behaves,
    )


def told(original, varied, **given):
    """Status and figure of a variant whose one check says so."""
    found = contrast(variant(**given), Completion(text="x"), [varied], [original])
    return found.status, found.figures[variant(**given).metric]


@pytest.mark.parametrize(
    ("original", "varied", "wanted"),
    [
        (FINE, FINE, ("pass", True)),
        (BAD, BAD, ("pass", True)),
        (FINE, BAD, ("fail", False)),
        (BAD, FINE, ("fail", False)),
        (FINE, UNKNOWN, ("unscored", None)),
        (FINE, ELSEWHERE, ("unscored", None)),
        (FINE, BROKEN, ("unscored", None)),
        (BROKEN, FINE, ("unscored", None)),
        (UNKNOWN, FINE, ("unscored", None)),
        (ELSEWHERE, FINE, ("unscored", None)),
    ],
)
def test_the_verdict_has_to_stay(original, varied, wanted):
    """The same twice is invariant, right or wrong; what a check cannot tell on either is not known."""
    assert told(original, varied) == wanted


def test_a_check_that_does_not_apply_does_not_count():
    """Where one check does not apply to the original, the others decide."""
    found = contrast(variant(checks=2), Completion(), [FINE, BAD], [FINE, ELSEWHERE])
    assert found.status == "pass"


def test_one_change_is_enough():
    """Of several checks, the one that changed is told, before those that cannot tell."""
    found = contrast(variant(checks=3), Completion(), [UNKNOWN, BAD, FINE], [FINE, FINE, FINE])
    assert found.status == "fail"
    assert found.reason == "contains is pass on the original and fail here: No 'nine'."


def test_one_that_passes_now_names_why_the_original_failed():
    """A verdict that got better is another as well."""
    found = contrast(variant(), Completion(), [FINE], [BAD])
    assert found.reason == "contains is fail on the original and pass here: No 'nine'."


@pytest.mark.parametrize("originals", [None, []])
def test_without_the_original_nothing_is_known(originals):
    """An original without an answer leaves its variants unscored, and the reason names it."""
    found = contrast(variant(), Completion(), [FINE], originals)
    assert (found.status, found.reason) == ("unscored", "The original 'a' has no answer.")


def test_without_any_check_nothing_is_known():
    """What nothing was asked about is unscored, never a pass."""
    assert contrast(variant(checks=0), Completion(), [], None).status == "unscored"


@pytest.mark.parametrize(
    ("own", "original", "varied", "status"),
    [
        (passed(), FINE, FINE, "pass"),
        (failed("It follows."), FINE, FINE, "fail"),
        (passed(), FINE, BAD, "fail"),
        (unscored("?"), FINE, FINE, "unscored"),
        (failed("It follows."), None, FINE, "fail"),
        (passed(), None, FINE, "unscored"),
    ],
)
def test_what_the_kind_asks_counts_as_well(own, original, varied, status):
    """The answer has to do what the kind asks, and keep its verdict where checks are compared."""
    asked = variant(behaves=lambda completion: own, metric="directional")
    found = contrast(asked, Completion(), [varied], None if original is None else [original])
    assert found.status == status
    assert list(found.figures) == ["directional"]


def test_the_sample_has_one_verdict_and_what_was_changed():
    """No figure of a suite's check is on it, and the answer is kept."""
    made = Sample(
        case_id="a~typos-1", trial=2, input="Wehn?", completion=Completion(text="x"), verdicts=(FINE,)
    )
    verdict = contrast(variant(), Completion(), [FINE], [FINE])
    sample = sample_of(variant(), made, verdict)
    assert sample.verdicts == (verdict,)
    assert (sample.trial, sample.completion, sample.origin) == (2, made.completion, "a")
    assert (sample.variant.of, sample.variant.kind, sample.variant.metric) == ("a", "typos", "invariance")
    assert sample.variant.diff == "input: [-When-]{+Wehn+}?"


def test_a_sample_without_an_answer_has_no_verdict():
    """Its error is kept."""
    sample = sample_of(variant(), Sample(case_id="a~typos-1", error="Busy."), None)
    assert (sample.verdicts, sample.error) == ((), "Busy.")
