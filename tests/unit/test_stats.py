"""Confidence limits, against published values, scipy, and simulation."""

import math
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from lockgate.model import Counts
from lockgate.statistics.intervals import (
    CONTINUITY,
    T_LEAST,
    binomial_limits,
    bounded_limits,
    f1_limits,
    paired_limits,
    paired_p,
    quantile_limits,
    t_limits,
)

confidences = st.floats(0.6, 0.999)


@st.composite
def binomials(draw):
    """Successes and n."""
    n = draw(st.integers(1, 400))
    return draw(st.integers(0, n)), n


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.975, 0.99])
@pytest.mark.parametrize(("successes", "n"), [(0, 10), (1, 10), (45, 50), (10, 10), (143, 150), (1960, 2000)])
def test_binomial_limits_are_scipys_exact_interval(successes, n, confidence):
    """Two one-sided limits at c are scipy's exact two-sided interval at 2c-1."""
    theirs = stats.binomtest(successes, n).proportion_ci(2 * confidence - 1, method="exact")
    assert binomial_limits(successes, n, confidence=confidence) == pytest.approx((theirs.low, theirs.high))


def test_binomial_limits_give_the_rule_of_three():
    """Without a failure in 59, the 95 % limit is just above 0.95; in 58, just below (0.05 = 0.95^58.4)."""
    assert binomial_limits(59, 59, confidence=0.95)[0] > 0.95
    assert binomial_limits(58, 58, confidence=0.95)[0] < 0.95


@given(binomials(), confidences)
def test_binomial_limits_hold_the_value_and_mirror(counts, confidence):
    """The limits lie in 0..1 around the rate, and those of the failures mirror them."""
    k, n = counts
    low, high = binomial_limits(k, n, confidence=confidence)
    assert 0 <= low <= k / n <= high <= 1
    mirrored = binomial_limits(n - k, n, confidence=confidence)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-9)


@given(binomials(), confidences)
def test_binomial_limits_rise_with_successes(counts, confidence):
    """One more success raises both limits, or leaves them at 1."""
    k, n = counts
    if k < n:
        now, more = (binomial_limits(s, n, confidence=confidence) for s in (k, k + 1))
        assert more[0] > now[0]
        assert more[1] >= now[1]


def test_binomial_limits_round_a_fraction_against_each_limit():
    """4.5 successes of 10 have the low limit of 4 and the high limit of 5."""
    low, high = binomial_limits(4.5, 10, confidence=0.95)
    assert low == binomial_limits(4, 10, confidence=0.95)[0]
    assert high == binomial_limits(5, 10, confidence=0.95)[1]


@pytest.mark.parametrize("call", [
    lambda: binomial_limits(1, 0, confidence=0.95),
    lambda: binomial_limits(3, 2, confidence=0.95),
    lambda: binomial_limits(-1, 2, confidence=0.95),
    lambda: binomial_limits(math.nan, 2, confidence=0.95),
    lambda: binomial_limits(1, 2, confidence=1.0),
    lambda: binomial_limits(1, 2, confidence=0.4),
    lambda: bounded_limits([], confidence=0.95),
    lambda: bounded_limits([1.5], confidence=0.95),
    lambda: bounded_limits([math.nan], confidence=0.95),
    lambda: bounded_limits([0.5], confidence=0.95, least=1.0),
    lambda: quantile_limits([], 0.5, confidence=0.95),
    lambda: quantile_limits([1.0], 1.0, confidence=0.95),
    lambda: paired_limits(2, 2, 3, confidence=0.95),
    lambda: paired_limits(0, 0, 0, confidence=0.95),
    lambda: t_limits([1.0], confidence=2.0),
])  # fmt: skip
def test_arguments_out_of_range_are_refused(call):
    """Nothing is computed from what cannot be."""
    with pytest.raises(ValueError, match="out of range"):
        call()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), confidences)
@example([5e-324], 0.75)
@example([1e-100, 0.0], 0.999)
def test_bounded_limits_hold_the_mean_and_mirror(values, confidence):
    """The limits lie in 0..1 around the mean, and those of 1-x mirror them."""
    low, high = bounded_limits(values, confidence=confidence)
    mean = math.fsum(values) / len(values)
    assert -1e-9 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 1 + 1e-9
    mirrored = bounded_limits([1 - v for v in values], confidence=confidence)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.data())
def test_bounded_limits_do_not_depend_on_the_order(values, data):
    """A permutation of the values has the same limits."""
    shuffled = data.draw(st.permutations(values))
    ours, theirs = (bounded_limits(v, confidence=0.95) for v in (values, shuffled))
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_bounded_limits_scale_with_the_range():
    """Limits of values in -1..1 are those of the same shares of 0..1."""
    shares = [0.1, 0.5, 0.9, 0.7] * 10
    low, high = bounded_limits(shares, confidence=0.9)
    scaled = bounded_limits([2 * s - 1 for s in shares], confidence=0.9, least=-1.0)
    assert scaled == pytest.approx((2 * low - 1, 2 * high - 1))


@pytest.mark.parametrize("values", [[0.9] * 20, [1.0] * 90 + [0.0] * 10, [0.2, 0.7, 1.0] * 7])
def test_bounded_limits_are_where_the_bettor_has_won_enough(values):
    """At each limit the mean wealth over the stakes, multiplied out bet by bet, is 1/(1 - confidence)."""
    low, high = bounded_limits(values, confidence=0.95)
    unit = math.sqrt(2 * math.log(20) / len(values))
    stakes = {min(1.0, unit * factor) for factor in (0.5, 1, 2, 4, 8, 16, 64)}
    for limit, shares in ((low, values), (1 - high, [1 - v for v in values])):
        wealths = [math.prod(1 + g * (share / limit - 1) for share in shares) for g in stakes]
        assert sum(wealths) / len(stakes) == pytest.approx(20)


def test_bounded_limits_do_not_collapse_without_variance():
    """Fifty perfect scores do not prove that the mean is 1."""
    low, high = bounded_limits([1.0] * 50, confidence=0.95)
    assert 0.9 < low < binomial_limits(50, 50, confidence=0.95)[0]
    assert high == 1


def test_bounded_limits_of_the_worst_scores_start_at_nothing():
    """Where every value is at the range's end, so is that limit."""
    assert bounded_limits([0.0] * 5, confidence=0.95)[0] == 0


def test_bounded_limits_are_narrower_for_scores_that_agree():
    """Scores close to each other have narrower limits than passes and failures of the same mean."""
    close = bounded_limits([0.8, 0.9] * 100, confidence=0.95)
    apart = bounded_limits([1.0] * 170 + [0.0] * 30, confidence=0.95)
    assert close[1] - close[0] < (apart[1] - apart[0]) / 2


def _coverage(draw, limits, truth, runs=400):
    """Shares of simulated runs whose low and high limit hold the truth."""
    found = [limits(draw()) for _ in range(runs)]
    return sum(f[0] <= truth for f in found) / runs, sum(f[1] >= truth for f in found) / runs


@pytest.mark.parametrize("truth", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("n", [15, 60])
def test_bounded_limits_cover_pass_and_fail(truth, n):
    """Each 90 % limit of a mean of zeros and ones holds the truth in at least 90 % of runs."""
    rng = random.Random(7)
    draw = lambda: [float(rng.random() < truth) for _ in range(n)]  # noqa: E731
    low, high = _coverage(draw, lambda v: bounded_limits(v, confidence=0.9), truth)
    assert min(low, high) >= 0.9 - 3 * math.sqrt(0.09 / 400)


def test_bounded_limits_cover_skewed_scores():
    """Each 90 % limit holds the mean of Beta(9, 1) scores in at least 90 % of runs of 40."""
    rng = random.Random(8)
    draw = lambda: [rng.betavariate(9, 1) for _ in range(40)]  # noqa: E731
    low, high = _coverage(draw, lambda v: bounded_limits(v, confidence=0.9), 0.9, runs=200)
    assert min(low, high) >= 0.9 - 3 * math.sqrt(0.09 / 200)


def test_f1_limits_cover_ragged_samples():
    """Each 90 % limit of F1 holds the truth in at least 90 % of runs, perfect runs among them."""
    rng = random.Random(9)
    kinds = [Counts(tp=4), Counts(tp=2, fp=1, fn=1), Counts(fn=4)]
    weights = [0.94, 0.03, 0.03]
    tp = 0.94 * 4 + 0.03 * 2
    truth = 2 * tp / (2 * tp + 0.03 * 2 + 0.03 * 4)
    draw = lambda: rng.choices(kinds, weights, k=40)  # noqa: E731
    low, high = _coverage(draw, lambda c: f1_limits(c, confidence=0.9), truth, runs=300)
    assert min(low, high) >= 0.9 - 3 * math.sqrt(0.09 / 300)


counts = st.builds(Counts, tp=st.integers(0, 5), fp=st.integers(0, 3), fn=st.integers(0, 5))


@given(st.lists(counts, min_size=1, max_size=40), confidences)
def test_f1_limits_hold_the_value(samples, confidence):
    """The limits lie in 0..1 around F1, or there are none because nothing was counted."""
    limits = f1_limits(samples, confidence=confidence)
    tp, wrong = sum(c.tp for c in samples), sum(c.fp + c.fn for c in samples)
    if limits is None:
        assert tp + wrong == 0
    else:
        f1 = 2 * tp / (2 * tp + wrong)
        assert -1e-9 <= limits[0] <= f1 + 1e-9
        assert f1 - 1e-9 <= limits[1] <= 1 + 1e-9


@given(st.lists(counts, min_size=2, max_size=30))
def test_f1_limits_widen_with_confidence(samples):
    """More confidence never narrows the limits."""
    near, far = (f1_limits(samples, confidence=c) for c in (0.8, 0.99))
    if near is not None:
        assert far[0] <= near[0] + 1e-9
        assert far[1] >= near[1] - 1e-9


def test_f1_limits_of_perfect_samples_stay_below_one():
    """Ten perfect answers do not prove an F1 of 0.96."""
    low, high = f1_limits([Counts(tp=4)] * 10, confidence=0.95)
    assert 0.5 < low < 0.96
    assert high == 1


def test_f1_limits_of_hopeless_samples_start_at_nothing():
    """Without a true positive the low limit is 0, and the high one says that some could come."""
    low, high = f1_limits([Counts(fn=4)] * 10, confidence=0.95)
    assert low == 0
    assert 0 < high < 1
    assert f1_limits([Counts(fp=2)] * 10, confidence=0.95) == (0.0, 1.0)


def test_t_limits_are_scipys():
    """Student's t limits are scipy's at 2c-1, each with a value twice as far out on its side as any."""
    values = [math.sqrt(i) for i in range(40)]
    mean = stats.tmean(values)
    for side, extreme in ((0, min(values)), (1, max(values))):
        every = [*values, mean + 2 * (extreme - mean)]
        theirs = stats.t.interval(0.9, 40, loc=stats.tmean(every), scale=stats.sem(every))
        assert t_limits(values, confidence=0.95)[side] == pytest.approx(theirs[side])


def test_a_limit_of_skewed_costs_is_seldom_below_their_mean():
    """Of 400 lognormal samples of 30 (σ = 1) the high limit is too low in 5 %, and what chance adds."""
    chance, missed = random.Random(3), 0
    for _ in range(400):
        costs = [chance.lognormvariate(0, 1) for _ in range(30)]
        missed += t_limits(costs, confidence=0.95)[1] < math.exp(0.5)
    assert missed <= 0.05 * 400 + 3 * (400 * 0.05 * 0.95) ** 0.5


def test_t_limits_need_thirty_values():
    """Below thirty values there is no limit."""
    assert t_limits([1.0] * (T_LEAST - 1), confidence=0.95) is None
    assert t_limits([1.0] * T_LEAST, confidence=0.95) == (1, 1)


def test_quantile_limits_are_order_statistics():
    """With n = 100, the 95 % limits of the median are the 42nd and 59th values, of p95 the 91st and 99th."""
    values = [float(i) for i in range(1, 101)]
    assert quantile_limits(values, 0.5, confidence=0.95) == (50, 42, 59)
    assert quantile_limits(values, 0.95, confidence=0.95) == (95, 91, 99)


@pytest.mark.parametrize(("q", "least"), [(0.5, 5), (0.95, 59), (0.99, 299)])
def test_a_high_quantile_limit_needs_enough_values(q, least):
    """The high limit exists from 5, 59 and 299 values on, and is then the greatest."""
    values = [float(i) for i in range(least)]
    assert quantile_limits(values, q, confidence=0.95)[2] == least - 1
    assert quantile_limits(values[:-1], q, confidence=0.95)[2] is None


@given(st.lists(st.floats(0, 10), min_size=1, max_size=80), st.sampled_from([0.5, 0.95, 0.99]))
def test_quantile_limits_hold_the_quantile(values, q):
    """The nearest-rank quantile is one of the values and lies between its limits."""
    value, low, high = quantile_limits(values, q, confidence=0.9)
    assert value in values
    assert sum(v <= value for v in values) >= q * len(values) - 1e-9
    assert low is None or low <= value
    assert high is None or high >= value


def test_quantile_limits_cover():
    """The 90 % limits of p90 hold it in at least 90 % of runs."""
    rng = random.Random(10)
    truth = -math.log(0.1)
    draw = lambda: [rng.expovariate(1) for _ in range(50)]  # noqa: E731
    low, high = _coverage(draw, lambda v: quantile_limits(v, 0.9, confidence=0.9)[1:], truth)
    assert min(low, high) >= 0.9 - 3 * math.sqrt(0.09 / 400)


def test_paired_limits_are_those_of_fagerland():
    """1 gained and 7 lost of 21 pairs have Tango's limits -0.517 and -0.026 (Fagerland et al. 2014)."""
    low, high = paired_limits(1, 7, 21, confidence=0.975, continuity=0)
    assert (round(low, 3), round(high, 3)) == (-0.517, -0.026)


@pytest.mark.parametrize(("gained", "lost", "n"), [(0, 0, 40), (5, 0, 30), (3, 9, 100), (12, 12, 60)])
def test_paired_limits_solve_the_score_equation(gained, lost, n):
    """At each limit the corrected score, its nuisance maximised numerically, is the normal quantile."""
    z = stats.norm.ppf(0.95)
    for limit, sign in zip(paired_limits(gained, lost, n, confidence=0.95), (1, -1), strict=True):
        q = _restricted(gained, lost, n, limit)
        score = (gained - lost - sign * CONTINUITY - n * limit) / math.sqrt(n * (2 * q + limit * (1 - limit)))
        assert score == pytest.approx(sign * z, abs=1e-3)


def _restricted(gained, lost, n, difference):
    """The share lost that maximises the likelihood when the shares gained and lost differ as stated."""

    def loss(q):
        cells = [(gained, q + difference), (lost, q), (n - gained - lost, 1 - 2 * q - difference)]
        return -sum(k * math.log(max(p, 1e-300)) for k, p in cells if k)

    bounds = (max(0.0, -difference), (1 - difference) / 2)
    return optimize.minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 100), confidences)
@settings(max_examples=50)
def test_paired_limits_hold_the_difference_and_mirror(gained, lost, same, confidence):
    """The limits lie around the difference and change sign when the sides change places."""
    n = max(1, gained + lost + same)
    low, high = paired_limits(gained, lost, n, confidence=confidence)
    assert -1 <= low <= (gained - lost) / n <= high <= 1
    assert paired_limits(lost, gained, n, confidence=confidence) == pytest.approx((-high, -low), abs=1e-9)


def test_paired_limits_do_not_collapse_without_flips():
    """Forty unchanged cases leave room for z²/(n+z²) on either side."""
    z2 = stats.norm.ppf(0.95) ** 2
    expected = z2 / (40 + z2)
    assert paired_limits(0, 0, 40, confidence=0.95, continuity=0) == pytest.approx((-expected, expected))
    assert paired_limits(0, 0, 40, confidence=0.95)[1] > expected


@pytest.mark.parametrize("n", [10, 25, 60])
@pytest.mark.parametrize("bound", [0, -0.02, -0.05, 0.05, -0.1])
def test_paired_p_holds_its_level(n, bound):
    """Enumerated over all tables and many discordances, at most 5 of 100 runs at the bound pass at 0.05."""
    found = [(b, c) for b in range(n + 1) for c in range(n + 1 - b) if paired_p(b, c, n, bound) <= 0.05]
    for discordant in (0.06, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6):
        up, down = (discordant + bound) / 2, (discordant - bound) / 2
        if min(up, down) >= 0:
            cells = [up, down, 1 - up - down]
            wrong = stats.multinomial.pmf([[b, c, n - b - c] for b, c in found], n, cells).sum()
            assert wrong <= 0.05
