"""Several bounds at once: Holm's correction, against statsmodels, and what it makes of rulings."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from lockgate.multiplicity import holm, share_error
from lockgate.rivals import Part, undecided

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def part(status, p_pass, p_fail=1.0, **fields):
    """What one bound says."""
    return Part(
        status=status,
        reason="x is 1; min 0.9: the low limit clears it.",
        p_pass=p_pass,
        p_fail=p_fail,
        **fields,
    )


@given(p_values)
@settings(max_examples=15)
def test_adjusted_p_values_are_statsmodels(drawn):
    """Holm's adjustment is statsmodels', in order."""
    assert holm(drawn) == pytest.approx(list(multipletests(drawn, method="holm")[1]))


@given(p_values)
def test_an_adjusted_p_value_is_no_smaller_and_keeps_the_order(drawn):
    """Nothing gets more certain by company, and nothing overtakes."""
    adjusted = holm(drawn)
    assert all(own <= now <= 1 for own, now in zip(drawn, adjusted, strict=True))
    for (p, a), (q, b) in itertools.pairwise(sorted(zip(drawn, adjusted, strict=True))):
        assert p <= q
        assert a <= b


def test_one_bound_alone_needs_no_correction():
    """A single p-value stays."""
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


def test_a_pass_by_itself_may_be_open_among_others():
    """Of two bounds at p 0.04 neither passes at 0.05 together, and the reason says why and what it takes."""
    (first,), (second,) = share_error(
        [([part("pass", 0.04, n=100)], 0.95), ([part("pass", 0.04, n=100)], 0.95)]
    )
    assert first == second
    assert (first.status, first.adjusted) == ("inconclusive", 0.08)
    assert first.reason == (
        "x is 1; min 0.9: the low limit clears it, but not among 2 bounds at once (p 0.04, by Holm's "
        "correction 0.08). If this value holds, 126 samples would decide it."
    )
    assert first.needed_n == 126


def test_a_strong_pass_leaves_the_next_its_whole_share():
    """With one at 0.001, the other passes at 0.04."""
    (first,), (second,) = share_error([([part("pass", 0.001)], 0.95), ([part("pass", 0.04)], 0.95)])
    assert (first.status, second.status) == ("pass", "pass")
    assert (first.adjusted, second.adjusted) == (0.002, 0.04)


def test_what_is_open_counts_towards_the_family():
    """A gate that cannot be decided takes its share of the error rate all the same."""
    (first,), (second,) = share_error([([part("pass", 0.03)], 0.95), ([undecided("It is open.")], 0.95)])
    assert (first.status, second.status) == ("inconclusive", "inconclusive")
    assert second.reason == "It is open."


def test_fails_are_corrected_among_fails():
    """A fail at 0.04 of two bounds is open; one at 0.001 stays a fail."""
    parts = [([part("fail", 1.0, 0.04)], 0.95), ([part("pass", 0.001)], 0.95)]
    assert [found.status for (found,) in share_error(parts)] == ["inconclusive", "pass"]
    parts = [([part("fail", 1.0, 0.001)], 0.95), ([part("pass", 0.001)], 0.95)]
    assert [found.status for (found,) in share_error(parts)] == ["fail", "pass"]


def test_what_is_no_matter_of_chance_is_left_alone():
    """A hard gate has no p-value, takes no share, and stays what it is."""
    hard = Part(status="fail", reason="It fails.")
    (first,), (second,) = share_error([([hard], 0.95), ([part("pass", 0.04)], 0.95)])
    assert (first, second.status) == (hard, "pass")


def test_each_gate_has_its_own_confidence():
    """At 0.99 a p-value of 0.02 passes nothing, at 0.9 it does."""
    parts = [([part("pass", 0.02)], 0.9), ([part("inconclusive", 0.02)], 0.99)]
    assert [found.status for (found,) in share_error(parts)] == ["pass", "inconclusive"]
