"""What the page draws: strips, distributions, fits, histograms, and the markup that they are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from runs import ACCURACY, LATENCY, ruling, run, texts

from lockgate.engine.latency import growth
from lockgate.model import Completion, Delta, Gate, Metric, Sample, Timing, Verdict
from lockgate.reports.html.axes import Scale, frame
from lockgate.reports.html.charts import latency_charts, score_charts
from lockgate.reports.html.markup import Markup, element, join
from lockgate.reports.html.strips import difference_strip, domain, strip

WIDE = (8.0, 332.0)


def drawn(markup):
    """A drawing, parsed."""
    return html.fragment_fromstring(markup)


def places(svg, kind):
    """Where the drawing's elements of a class begin and end."""
    return [(float(e.get("x1")), float(e.get("x2"))) for e in svg.find_class(kind)]


# Markup


def test_texts_are_escaped_and_markup_is_not():
    """In content and in attributes; numbers are written as they are."""
    made = element("td", "<b>", Markup("<i>x</i>"), 3, None, title='"&', class_="a")
    assert made == '<td title="&quot;&amp;" class="a">&lt;b&gt;<i>x</i>3</td>'


def test_attributes_can_be_left_out_or_bare():
    """None and False leave one out, True gives its name alone; elements without content have no end."""
    assert (
        element("input", hidden=True, disabled=False, title=None, aria_label="x")
        == '<input hidden aria-label="x">'
    )


def test_coordinates_have_two_decimals():
    """More would be bytes that nobody sees."""
    assert element("line", x1=1 / 3, x2=2.0) == '<line x1="0.33" x2="2"></line>'


@given(texts)
def test_no_text_makes_an_element(text):
    """Whatever it is, it comes back as the text that a person sees."""
    made = html.fragment_fromstring(element("p", join([text])))
    assert len(made) == 0


# Scales


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_scale_never_leaves_the_drawing(low, high, value):
    """Also where both ends are the same, or the figure lies outside."""
    assert 10.0 <= Scale(low=low, high=high, start=10.0, end=90.0)(value) <= 90.0


def test_a_frame_turns_the_vertical_axis_upward():
    """More is higher up; its first tick is 0 without a unit."""
    axes = frame(380, 220, x=(0.0, 1.0), y=(0.0, 10.0), units=("s", ""))
    assert axes.y(10.0) < axes.y(0.0)
    assert [t.text for t in drawn(axes.axes).iter("text")][:2] == ["0", "1 s"]


# Strips


def test_a_share_spans_all_or_what_is_close_together():
    """0 to 1 where it is needed, else a part of it in round figures; other units begin at 0."""
    near = Metric(name="m", value=0.95, low=0.91, high=0.98)
    assert domain([ACCURACY], Gate(metric="accuracy", min=0.9)) == (0.0, 1.0)
    assert domain([near], Gate(metric="m", min=0.9)) == pytest.approx((0.85, 1.0))
    assert domain([LATENCY], Gate(metric="latency_p95", max=0.6))[0] == 0.0
    assert domain([], None) == (0.0, 1.0)


def test_limits_and_bounds_stand_where_their_figures_are():
    """The accepted part begins at the bound; the interval runs from limit to limit."""
    svg = drawn(strip(ACCURACY, (0.0, 1.0), gate=Gate(metric="accuracy", min=0.9), status="inconclusive"))
    scale = Scale(low=0.0, high=1.0, start=WIDE[0], end=WIDE[1])
    assert places(svg, "interval") == [
        (pytest.approx(scale(0.0253), abs=0.01), pytest.approx(scale(0.9747), abs=0.01))
    ]
    assert float(svg.find_class("accepted")[0].get("x")) == pytest.approx(scale(0.9), abs=0.01)
    assert svg.get("class") == "strip inconclusive"


def test_what_unscored_samples_could_do_is_dotted():
    """From floor to ceiling; to the ends where they are not known."""
    svg = drawn(strip(ACCURACY, (0.0, 1.0)))
    assert places(svg, "unscored")[0] == (pytest.approx(11.24), pytest.approx(328.76))
    unknown = Metric(name="c", value=0.5, low=0.4, high=0.6, n=2, unscored=1)
    assert places(drawn(strip(unknown, (0.0, 1.0))), "unscored") == [WIDE]


def test_an_open_limit_runs_to_the_end_without_a_cap():
    """A p95 of few samples has no upper limit."""
    svg = drawn(strip(LATENCY, (0.0, 1.0)))
    assert places(svg, "interval")[0][1] == WIDE[1]
    assert len(svg.find_class("cap")) == 1


def test_a_metric_without_a_value_has_no_strip():
    """Nor has a difference without one."""
    assert strip(Metric(name="m", value=None), (0.0, 1.0)) is None
    assert difference_strip(Delta(metric="m")) is None


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(0.01, 0.2, "pass"), (-0.2, -0.01, "fail"), (-0.1, 0.1, "none"), (None, None, "none")],
)
def test_a_difference_is_coloured_only_on_one_side(low, high, kind):
    """0 stands in the middle."""
    svg = drawn(
        difference_strip(
            Delta(metric="m", value=0.0 if low is None else (low + high) / 2, low=low, high=high)
        )
    )
    assert svg.get("class") == f"strip {kind}"
    assert places(svg, "bound") == [(170.0, 170.0)]


# Charts


def timed(*points):
    """Requests of so many seconds and prompt tokens."""
    return tuple(Timing(seconds=seconds, tokens_in=tokens) for seconds, tokens in points)


def test_the_distribution_rises_to_one():
    """A step for each request, on each backend, in colours of their own."""
    runs = [run("a:1", timings=timed((0.2, 9), (0.1, 9))), run("b:1", timings=timed((0.4, 9)))]
    [chart] = latency_charts(runs)
    svg = drawn(chart).find("svg")
    assert [len(group.findall("circle")) for group in svg.find_class("series")] == [2, 1]
    assert [group.get("class") for group in svg.find_class("series")] == ["series s0", "series s1"]
    assert "a:1: 2 requests, 100 ms to 200 ms" in svg.get("aria-label")


def test_the_fit_is_the_probe_s():
    """The words under the cloud give the same slope as the notes; too few prompts have none."""
    points = timed(*((0.1 + n / 50, 100 + 40 * n) for n in range(10)))
    _, cloud = latency_charts([run(timings=points)])
    assert len(drawn(cloud).find("svg").find_class("fit")) == 1
    assert f"{growth(points).value * 1000:.4g} ms" in cloud
    _, few = latency_charts([run(timings=points[:3])])
    assert "prompts vary too little for a fit" in few
    assert drawn(few).find("svg").find_class("fit") == []


def test_the_bound_of_a_latency_gate_is_within_the_chart():
    """Even where every answer came long before it."""
    late = ruling(LATENCY, status="pass", max=9.0)
    [chart] = latency_charts([run(timings=timed((0.1, 9)), rulings=(late,))])
    svg = drawn(chart).find("svg")
    assert svg.find_class("label")[0].text == "latency_p95 ≤ 9 s"
    assert places(svg, "bound")[0][0] < 380


def test_a_score_of_one_is_in_the_last_bar():
    """And one of 0 in the first; what is no share is left out."""
    scores = (0.0, 1.0, 0.5, 7.0)
    verdicts = (Verdict(check="c", status="pass", score=score, figures={"m": score}) for score in scores)
    samples = tuple(
        Sample(case_id=str(n), completion=Completion(text=""), verdicts=(v,)) for n, v in enumerate(verdicts)
    )
    [chart] = score_charts([run(samples=samples)])
    svg = drawn(chart).find("svg")
    assert len(svg.find_class("hit")) == 3
    assert svg.get("aria-label") == "Scores of c, ft:v3: 3 hits, 0 misses."
