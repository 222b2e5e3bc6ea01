"""What is said of the latency probe: medians of the parts, retries, growth with the prompt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lockgate.engine.latency import growth, per_token_seconds, timing_notes
from lockgate.model import Timing


def points(tokens, seconds):
    return [Timing(seconds=s, tokens_in=t) for t, s in zip(tokens, seconds, strict=True)]


@given(
    st.lists(
        st.tuples(st.integers(1, 4000), st.floats(0.01, 10)),
        min_size=8,
        max_size=40,
        unique_by=lambda p: p[0],
    ).filter(lambda ps: max(t for t, _ in ps) >= 1.5 * min(t for t, _ in ps))
)
def test_the_fit_is_scipys(pairs):
    """Slope, standard error and limits agree with an independent least squares."""
    tokens, seconds = zip(*pairs, strict=True)
    ours, theirs = growth(points(tokens, seconds)), stats.linregress(tokens, seconds)
    t = stats.t.ppf(0.95, len(pairs) - 2)
    assert ours.value == pytest.approx(theirs.slope * 1000, rel=1e-6, abs=1e-6)
    assert ours.error == pytest.approx(theirs.stderr * 1000, rel=1e-6, abs=1e-6)
    assert ours.low == pytest.approx((theirs.slope - t * theirs.stderr) * 1000, rel=1e-5, abs=1e-5)
    assert ours.high == pytest.approx((theirs.slope + t * theirs.stderr) * 1000, rel=1e-5, abs=1e-5)
    assert (ours.n, ours.shortest, ours.longest) == (len(pairs), min(tokens), max(tokens))


def test_the_limits_hold():
    """Of many fits to a known slope, about one in twenty has a low limit above it, or a high one below."""
    draw = np.random.default_rng(3)
    tokens = np.linspace(100, 900, 20)
    fits = [growth(points(tokens, 0.2 + 0.0001 * tokens + draw.normal(0, 0.02, 20))) for _ in range(2000)]
    assert 0.035 < np.mean([f.low > 0.1 for f in fits]) < 0.065
    assert 0.035 < np.mean([f.high < 0.1 for f in fits]) < 0.065


@pytest.mark.parametrize(
    ("tokens", "enough"),
    [
        ([100] * 7 + [150], True),
        ([100] * 7 + [149], False),
        ([100] * 6 + [900], False),
        ([100] * 6 + [900, None], False),
        ([None] * 20, False),
        ([0] * 7 + [2], True),
        ([0] * 8, False),
        ([], False),
    ],
)
def test_a_fit_needs_prompts_that_vary(tokens, enough):
    """Eight requests of known tokens, the longest at least 1.5 times the shortest; else nothing is said."""
    assert (growth(points(tokens, [0.1] * len(tokens))) is not None) == enough


@pytest.mark.parametrize(
    ("timing", "seconds"),
    [
        (Timing(seconds=1.0, first_token_seconds=0.2, tokens_out=5), 0.2),
        (Timing(seconds=1.5, queued_seconds=0.5, first_token_seconds=0.2, tokens_out=5), 0.2),
        (Timing(seconds=0.2, first_token_seconds=0.3, tokens_out=5), 0.0),
        (Timing(seconds=1.0, first_token_seconds=0.2, tokens_out=1), None),
        (Timing(seconds=1.0, first_token_seconds=0.2), None),
        (Timing(seconds=1.0, tokens_out=5), None),
    ],
)
def test_time_per_token(timing, seconds):
    """(whole - queued - first) / (tokens - 1), and None where the first token or the count is not known."""
    assert per_token_seconds(timing) == (None if seconds is None else pytest.approx(seconds))


def test_nothing_timed_nothing_said():
    """Without timings there are no notes."""
    assert timing_notes(()) == ()


def test_the_parts_are_told():
    """Medians of whole, first token, token time, queue and tokens stand in one sentence."""
    timings = [
        Timing(seconds=s, first_token_seconds=0.1, queued_seconds=0.05, tokens_in=200, tokens_out=11)
        for s in (0.5, 0.65, 0.95)
    ]
    (note,) = timing_notes(timings)
    assert note == (
        "Latency, medians of 3 requests: 650 ms whole, 100 ms to the first token, 50 ms for each token after "
        "it, 50 ms of it in a queue, 200 prompt tokens, 11 tokens answered."
    )


def test_what_is_not_known_of_all_is_left_out():
    """A part that one of the requests lacks has no median."""
    timings = [Timing(seconds=1.0, tokens_in=7), Timing(seconds=2.0)]
    assert timing_notes(timings) == ("Latency, medians of 2 requests: 1.5 s whole.",)


def test_retries_are_told():
    """How many were asked again is said, and that it is not in their latency."""
    timings = [Timing(seconds=1.0, attempts=3), Timing(seconds=2.0)]
    assert timing_notes(timings)[1] == (
        "Of 2 timed requests 1 was asked again (rate limits, faults); only the attempt that was answered is "
        "in its latency."
    )


def test_growth_is_told():
    """A clear slope is a sentence with its limits, its n and the range of the prompts."""
    tokens = [100 * n for n in range(1, 11)]
    seconds = [0.1 + t * 0.00012 + (-1) ** i * 0.001 for i, t in enumerate(tokens)]
    note = timing_notes(points(tokens, seconds))[1]
    assert note == (
        "Latency changes by 119.4 ms [117.1 ms, 121.6 ms] per 1,000 prompt tokens (least squares over 10 "
        "prompts of 100 to 1000 tokens, standard error 1.212 ms)."
    )
