"""How many samples would decide."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.statistics.intervals import binomial_limits, paired_limits, quantile_limits
from lockgate.statistics.power import MOST, binomial_n, paired_n, quantile_n, scaled_n


@pytest.mark.parametrize(("bound", "n"), [(0.9, 29), (0.95, 59), (0.97, 99), (0.99, 299)])
def test_perfect_answers_needed(bound, n):
    """Without a miss it takes log(0.05) / log(bound) samples."""
    assert binomial_n(1.0, bound, confidence=0.95) == n
    assert binomial_n(0.0, 1 - bound, confidence=0.95) == n


@given(st.floats(0.55, 1), st.floats(0.5, 0.95))
@settings(max_examples=50)
def test_so_many_samples_do_decide(rate, bound):
    """With the n that is given, the limit of the same rate clears the bound."""
    n = binomial_n(rate, bound, confidence=0.95)
    if n is not None and rate > bound:
        assert binomial_limits(rate * n, n, confidence=0.95)[0] >= bound
    if n is not None and rate < bound:
        assert binomial_limits(rate * n, n, confidence=0.95)[1] <= bound


def test_a_rate_far_from_its_bound_needs_fewer():
    """The closer the rate is to its bound, the more samples it takes."""
    found = [binomial_n(r, 0.9, confidence=0.95) for r in (0.99, 0.97, 0.95, 0.92, 0.91)]
    assert found == sorted(found)


@pytest.mark.parametrize(("rate", "bound"), [(0.9, 0.9), (1.0, 1.0), (0.0, 0.0), (0.5, 1.0), (0.90001, 0.9)])
def test_no_number_would_decide(rate, bound):
    """At the bound, at a bound of 0 or 1, and beyond a million, there is no answer."""
    assert binomial_n(rate, bound, confidence=0.95) is None


@pytest.mark.parametrize(("q", "n"), [(0.5, 5), (0.9, 29), (0.95, 59), (0.99, 299)])
def test_timings_needed_for_a_high_limit(q, n):
    """The n is the first at which the order statistics have a high limit."""
    assert quantile_n(q, confidence=0.95) == n
    assert quantile_limits([1.0] * n, q, confidence=0.95)[2] is not None
    assert quantile_limits([1.0] * (n - 1), q, confidence=0.95)[2] is None


def test_pairs_needed():
    """With the n that is given Tango's limit clears the margin, and at four fifths of it it does not."""
    n = paired_n(3, 3, 100, bound=-0.02, confidence=0.95)
    assert paired_limits(n * 3 // 100, -(-n * 3 // 100), n, confidence=0.95)[0] >= -0.02
    fewer = n * 4 // 5
    assert paired_limits(fewer * 3 // 100, -(-fewer * 3 // 100), fewer, confidence=0.95)[0] < -0.02


def test_pairs_needed_for_a_loss_mirror_those_for_a_gain():
    """A loss beyond the bound needs as many pairs as the mirrored gain."""
    assert paired_n(1, 9, 100, bound=-0.02, confidence=0.95) == paired_n(
        9, 1, 100, bound=0.02, confidence=0.95
    )


def test_no_number_of_pairs_would_decide():
    """A difference at the bound stays undecided."""
    assert paired_n(2, 2, 50, bound=0.0, confidence=0.95) is None


def test_limits_shrink_with_the_root_of_n():
    """To halve the distance it takes four times as many."""
    assert scaled_n(100, 0.9, 0.8, 0.85) == 400
    assert scaled_n(100, 0.1, 0.3, 0.2) == 400


@pytest.mark.parametrize(("value", "limit", "bound"), [(0.9, 0.8, 0.9), (0.9, 0.8, 0.95), (0.9, 0.9, 0.8)])
def test_a_limit_on_the_other_side_never_gets_there(value, limit, bound):
    """A limit that does not lie between value and bound gives no n."""
    assert scaled_n(100, value, limit, bound) is None


def test_more_than_a_million_is_no_answer():
    """Nobody asks that many questions."""
    assert scaled_n(100, 0.9, 0.8, 0.8999) is None
    assert MOST == 1_000_000
