"""Labels to the mean F1 of the classes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.figures import ANY
from lockgate.model import Counts, Labels
from lockgate.statistics.confusion import class_counts, class_f1_limits, macro_f1, macro_f1_limits
from lockgate.statistics.intervals import f1_limits


def cases(*rows):
    """Cases of one trial: expected, answered, and how many."""
    return [(Labels(expected=e, answered=a),) for e, a, n in rows for _ in range(n)]


SOME = cases(("a", "a", 8), ("a", "b", 2), ("b", "b", 5), ("b", None, 1), ("c", "a", 1), ("c", "c", 3))
labelled = st.lists(
    st.tuples(
        st.builds(Labels, expected=st.sampled_from("abc"), answered=st.sampled_from(["a", "b", "c", None]))
    ),
    min_size=1,
    max_size=12,
)


def test_macro_f1_is_the_mean_of_the_classes():
    """By hand: 16/19, 10/13 and 6/7 (the figures that sklearn's f1_score gives, too)."""
    assert macro_f1(SOME) == pytest.approx((16 / 19 + 10 / 13 + 6 / 7) / 3)


def test_weights_make_another_mean():
    """With the classes' support as weights it is the weighted F1."""
    weights = {"a": 0.5, "b": 0.3, "c": 0.2}
    assert macro_f1(SOME, weights) == pytest.approx(0.5 * 16 / 19 + 0.3 * 10 / 13 + 0.2 * 6 / 7)


def test_a_class_that_no_case_has_is_left_out():
    """An answer of a class without cases is a miss of its own class and makes no other."""
    assert set(class_counts(cases(("a", "z", 1), ("a", "a", 1)))) == {"a"}
    assert macro_f1(cases(("a", "z", 1), ("a", "a", 1))) == pytest.approx(2 / 3)


def test_an_unknown_class_is_missed_by_all():
    """A case without an answer takes from every class, and alone it is 0."""
    lost = [(Labels(expected=ANY),)]
    assert class_counts([*cases(("a", "a", 1), ("b", "b", 1)), *lost]) == {
        "a": [Counts(tp=1), Counts(fn=1)],
        "b": [Counts(tp=1), Counts(fn=1)],
    }
    assert macro_f1(lost) == 0
    assert macro_f1_limits(lost * 5, confidence=0.95)[0] == 0


def test_trials_of_a_case_are_one_observation():
    """A case's trials are summed, so that the same answers over fewer cases have wider limits."""
    apart = cases(("a", "a", 20), ("a", "b", 4), ("b", "b", 20))
    together = [tuple(one for (one,) in apart[n : n + 4]) for n in range(0, len(apart), 4)]
    assert macro_f1(together) == pytest.approx(macro_f1(apart))
    narrow, wide = (macro_f1_limits(c, confidence=0.95) for c in (apart, together))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_no_case_is_no_value():
    """Without cases there is neither a mean nor a limit."""
    assert (macro_f1([]), macro_f1_limits([], confidence=0.95)) == (None, None)


def test_one_class_has_its_own_limits():
    """The mean over one class has exactly that class's limits."""
    one = cases(("a", "a", 17), ("a", None, 3))
    own = f1_limits([Counts(tp=1)] * 17 + [Counts(fn=1)] * 3, confidence=0.95)
    assert macro_f1_limits(one, confidence=0.95) == pytest.approx(own)


def test_no_miss_leaves_room_below():
    """All right is no proof: the low limit is the mean of the classes', as nothing tells them apart."""
    right = cases(("a", "a", 20), ("b", "b", 30))
    lows = [low for low, _ in class_f1_limits(class_counts(right), confidence=0.95).values()]
    low, high = macro_f1_limits(right, confidence=0.95)
    assert (low, high) == (pytest.approx(sum(lows) / 2), 1)


def test_classes_that_err_apart_narrow_the_mean():
    """Two classes whose misses have nothing to do with one another have limits closer than each alone."""
    apart = cases(("a", "a", 40), ("a", None, 10), ("b", "b", 40), ("b", None, 10))
    low, high = macro_f1_limits(apart, confidence=0.95)
    alone = class_f1_limits(class_counts(apart), confidence=0.95)["a"]
    assert alone[0] < low < macro_f1(apart) < high < alone[1]
    assert macro_f1(apart) - low == pytest.approx((macro_f1(apart) - alone[0]) / 2**0.5)


@given(labelled)
def test_the_limits_hold_the_value(drawn):
    """Whatever the labels, the limits are shares around the value, and narrower with less confidence."""
    low, high = macro_f1_limits(drawn, confidence=0.95)
    inner = macro_f1_limits(drawn, confidence=0.8)
    assert 0 <= low <= inner[0] + 1e-9 <= macro_f1(drawn) + 2e-9
    assert macro_f1(drawn) - 2e-9 <= inner[1] - 1e-9 <= high <= 1


@given(labelled)
def test_the_order_of_cases_is_nothing(drawn):
    """Value and limits are those of the cases in any order."""
    back = drawn[::-1]
    assert macro_f1(back) == pytest.approx(macro_f1(drawn))
    assert macro_f1_limits(back, confidence=0.9) == pytest.approx(macro_f1_limits(drawn, confidence=0.9))
