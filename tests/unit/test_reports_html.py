"""`report.html` as a reader and a parser of HTML find it; its script is tested in tests/browser."""

import base64
import dataclasses
import hashlib
import json
import math
import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from runs import ACCURACY, FREE, HIT, LATENCY, MISS, any_runs, ruling, run

from lockgate.model import (
    ClassFigures,
    Comparison,
    Completion,
    Delta,
    Estimate,
    FlakyCase,
    Flip,
    Gate,
    Metric,
    Passage,
    Run,
    Sample,
    Span,
    Table,
    Timing,
    Variation,
    Verdict,
    Where,
)
from lockgate.plain import to_plain
from lockgate.reports.html.axes import round_ticks
from lockgate.reports.html.outcome import answer_of, came_to, missed
from lockgate.reports.html.page import page
from lockgate.reports.record import read_record, record

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!-- \x1b[31mred\u202e"


def tree(*runs):
    """The page, parsed."""
    return html.document_fromstring(page(runs))


def data(parsed):
    """What the page's script reads."""
    return json.loads(parsed.get_element_by_id("data").text)


def text(element):
    """What stands in an element, with single spaces."""
    return " ".join(element.text_content().split())


def passing(**changes):
    """A run that may ship: one hit, one gate that passes."""
    sample = Sample(case_id="a", input="Which?", completion=Completion(text="ok"), verdicts=(HIT,))
    fields = {"samples": (sample,), "rulings": (ruling(status="pass"),)}
    return run(**(fields | changes))


# What it says first


def test_the_first_heading_says_that_it_may_ship():
    """One backend whose gates all pass may ship."""
    [title] = tree(passing()).iter("h1")
    assert text(title) == "✓ ft:v3 may ship"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rulings": (ruling(status="fail"),)}, "✗ ft:v3 may not ship"),
        ({"rulings": (ruling(status="inconclusive"),)}, "? ft:v3 is not decided"),
        ({"rulings": ()}, "– ft:v3 has no gate that decides"),
        ({"samples": (Sample(case_id="c", error="refused"),)}, "✗ ft:v3 may not ship"),
        (
            {"samples": (Sample(case_id="c", completion=Completion(text="y"), verdicts=(FREE,)),)},
            "✗ ft:v3 may not ship",
        ),
    ],
)
def test_whatever_is_no_pass_is_said(changes, said):
    """A failing or open gate, no gate, an error and a miss without a gate each keep it from shipping."""
    assert text(next(tree(passing(**changes)).iter("h1"))) == said


def test_of_several_backends_those_that_may_ship_are_named():
    """Each has a card below."""
    parsed = tree(passing(), passing(backend="prompt:v1", rulings=(ruling(status="fail"),)))
    assert text(next(parsed.iter("h1"))) == "Of 2 backends, ft:v3 may ship"
    cards = [text(card.find("h2")) for card in parsed.find_class("verdict")]
    assert cards == ["✓ ft:v3 may ship", "✗ prompt:v1 may not ship"]


def test_a_reason_comes_with_the_cases_to_read():
    """Behind the ruling's own sentence stands a link to the cases that fell short in its metric."""
    [link] = tree(run()).xpath("//li[contains(., 'It is open.')]/a")
    assert link.text == "Read the 2 cases"
    assert link.get("href") == "#cases?suite=triage&backend=ft%3Av3&metric=accuracy&show=short"


def test_a_gate_on_latency_leads_to_the_latency():
    """There is no case to read for a quantile."""
    parsed = tree(run(rulings=(ruling(LATENCY, status="fail", max=0.5),)))
    [link] = parsed.xpath("//a[.='See the latency']")
    assert parsed.get_element_by_id(link.get("href").lstrip("#")).tag == "h3"


def test_a_regression_is_called_one():
    """A bound on the difference from a baseline that failed stands out among the reasons."""
    worse = dataclasses.replace(ruling(status="fail"), regression=True)
    assert tree(run(rulings=(worse,))).xpath("//li/strong")[0].text == "regression: "


def test_many_reasons_are_folded():
    """The first screen holds four of them; the others are one click away."""
    rulings = tuple(ruling(status="fail", reason=f"Reason {n}.") for n in range(7))
    [card] = tree(passing(rulings=rulings)).find_class("verdict")
    assert len(card.xpath("./ul/li")) == 4
    assert text(card.find("details/summary")) == "3 more"


# What it shows


def test_a_gate_has_its_bound_its_place_and_its_interval():
    """The row names what is wanted and where that is written; the drawing says its figures to a reader."""
    gate = dataclasses.replace(ruling().gate, where=Where(path="evalsuites/triage.yaml", line=9))
    parsed = tree(run(rulings=(dataclasses.replace(ruling(), gate=gate),)))
    [row] = parsed.xpath("//table[caption='Gates']/tbody/tr")
    assert text(row).startswith("accuracy≥ 0.9evalsuites/triage.yaml:9? inconclusive0.50.0253 … 0.9747")
    assert row.xpath(".//svg/@aria-label") == ["accuracy 0.5, limits 0.0253 to 0.9747, wanted ≥ 0.9"]
    assert "+1 unscored" in text(row)
    assert "needs 120" in text(row)


def test_backends_stand_beside_each_other_in_a_gate():
    """One group of rows for a gate, with a row for each backend."""
    parsed = tree(passing(), passing(backend="prompt:v1"))
    [group] = parsed.xpath("//table[caption='Gates']/tbody")
    assert [td.text for td in group.xpath("./tr/td[1]")] == ["ft:v3", "prompt:v1"]
    assert group.xpath(".//th[@scope='rowgroup']/@rowspan") == ["2"]


def test_metrics_without_a_gate_are_folded():
    """Those without a value are left out."""
    [table] = tree(run()).xpath("//table[caption='Metrics without a gate']")
    assert [name.text for name in table.find_class("name")] == ["latency_p95"]


def test_latency_is_drawn_with_its_bound_and_its_growth():
    """The distribution has a point for each request, and the fit says what prompt tokens cost."""
    timings = tuple(Timing(seconds=0.2 + n / 100, tokens_in=100 + 20 * n) for n in range(12))
    parsed = tree(run(timings=timings, rulings=(ruling(LATENCY, status="pass", max=0.6),)))
    steps, cloud = parsed.find_class("chart")
    assert steps.get("aria-label") == "Latency distribution. ft:v3: 12 requests, 200 ms to 310 ms."
    assert [label.text for label in steps.find_class("label")] == ["latency_p95 ≤ 600 ms"]
    assert len(cloud.find_class("dot")) == 12
    assert "500 ms [500 ms, 500 ms] more for each 1,000 prompt tokens" in cloud.get("aria-label")


def test_without_a_probe_no_latency_is_drawn():
    """The time of batched answers is not latency."""
    assert "Latency" not in [h.text for h in tree(run(timings=())).iter("h3")]


def test_scores_are_drawn_where_they_are_more_than_hit_or_miss():
    """Each check with such scores has a histogram that says hits and misses."""
    graded = [
        Sample(
            case_id=str(n),
            completion=Completion(text="x"),
            verdicts=(
                Verdict(
                    check="grounded",
                    status="pass" if n > 3 else "fail",
                    score=n / 10,
                    reason="r",
                    figures={"g": n > 3},
                ),
                HIT,
            ),
        )
        for n in range(10)
    ]
    [chart] = tree(run(samples=tuple(graded), timings=())).find_class("chart")
    assert chart.get("aria-label") == "Scores of grounded, ft:v3: 6 hits, 4 misses."
    assert len(chart.xpath(".//rect[@class='miss']")) == 4


def test_a_confusion_matrix_is_a_table():
    """Rows are what was expected, columns what was answered; classes have their figures below."""
    estimate = Estimate(value=0.75, low=0.5, high=0.9, n=4)
    table = Table(
        name="accuracy",
        rows=("billing", "access"),
        columns=("billing", "access", None),
        counts=((3, 1, 0), (0, 2, 2)),
        classes=(
            ClassFigures(label="billing", support=4, precision=estimate, recall=estimate, f1=Estimate()),
        ),
        totals=(ACCURACY,),
        unanswered=1,
    )
    parsed = tree(run(tables=(table,)))
    [matrix] = parsed.find_class("heat")
    assert [text(row) for row in matrix.xpath("./tbody/tr")] == ["billing31·", "access·22"]
    assert matrix.xpath("./tbody/tr[1]/td[1]/@title") == ["75% of billing"]
    assert "no label" in text(matrix)
    [classes] = parsed.find_class("classes")
    assert text(classes.xpath("./tbody/tr")[0]) == "billing0.750 0.50 … 0.900.750 0.50 … 0.90–4"
    assert "1 without an answer are in no row and count as misses." in text(parsed.get_element_by_id("main"))


def test_a_run_without_anything_has_a_page():
    """No sample, no metric, no gate, not even a run: the page stands."""
    assert text(next(tree(Run(suite="s", backend="b", fingerprint="f", samples=())).iter("h1")))
    assert page([]).startswith("<!doctype html>")


# What the script gets


def test_samples_are_embedded_whole():
    """Answers, verdicts and evidence are there; a span in a text that is there carries none of its own."""
    embedded = data(tree(run()))
    [packed] = embedded["runs"]
    assert [s["outcome"] for s in packed["samples"]] == ["pass", "miss", "error", "unasked"]
    miss = packed["samples"][1]
    assert miss["answer"] == '{"category": "billing"}'
    assert miss["verdicts"][0]["evidence"] == [{"source": "answer", "start": 14, "end": 21, "note": "wrong"}]
    assert embedded["texts"][miss["verdicts"][0]["reason"]] == MISS.reason


def test_a_span_of_a_text_that_is_not_there_is_quoted():
    """A case's context is no part of a run, so that the span's own text is what there is."""
    span = Span(source="context 1", start=3, end=9, text="nearby")
    verdict = Verdict(check="grounded", status="fail", reason="r", evidence=(span,), figures={"g": False})
    sample = Sample(case_id="a", completion=Completion(text="x"), verdicts=(verdict,))
    embedded = data(tree(run(samples=(sample,))))
    [found] = embedded["runs"][0]["samples"][0]["verdicts"][0]["evidence"]
    assert embedded["texts"][found.pop("text")] == "nearby"
    assert found == {"source": "context 1"}


def test_a_text_that_recurs_stands_once():
    """Passages and questions that several backends share make the page no larger."""
    passage = Passage(id="p", text="Long passage. " * 500)
    samples = tuple(
        Sample(case_id=str(n), input="Why?", completion=Completion(text=str(n), passages=(passage,)))
        for n in range(50)
    )
    assert page([run(samples=samples), run("b:1", samples=samples)]).count("Long passage.") == 500


def test_a_case_says_where_it_stands():
    """The place of a case that fell short is in the data."""
    embedded = data(tree(run(places={"b": Where(path="cases.jsonl", line=7)})))
    assert embedded["runs"][0]["places"] == {"b": "cases.jsonl:7"}


# What it never does


def test_hostile_texts_are_text_everywhere():
    """Wherever a text of theirs can stand, it makes no element, no comment and no second script."""
    sample = Sample(
        case_id=HOSTILE,
        input=HOSTILE,
        completion=Completion(text=HOSTILE, passages=(Passage(id=HOSTILE, text=HOSTILE),)),
        verdicts=(
            Verdict(check=HOSTILE, status="fail", score=0.5, reason=HOSTILE, figures={HOSTILE: False}),
        ),
    )
    metric = Metric(name=HOSTILE, value=0.5, low=0.1, high=0.9, n=2)
    made = run(
        HOSTILE,
        suite=HOSTILE,
        samples=(sample,),
        metrics=(metric,),
        rulings=(ruling(metric, reason=HOSTILE),),
        environment={HOSTILE: HOSTILE},
        notes=(HOSTILE,),
        tables=(Table(name=HOSTILE, rows=(HOSTILE,), columns=(HOSTILE,), counts=((1,),)),),
    )
    written = page(made)
    assert len(re.findall("<script", written, re.IGNORECASE)) == 2
    assert "<img" not in written
    assert "<!--" not in written
    assert "\x1b" not in written
    assert "\u202e" not in written.split('id="data"', maxsplit=1)[0]
    assert data(tree(made))["runs"][0]["samples"][0]["answer"] == HOSTILE


def test_only_its_own_script_and_style_may_run():
    """The policy names both by the hash of what stands in the page, and allows nothing to be fetched."""
    parsed = tree(run())
    policy = parsed.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    script = parsed.xpath("//script[not(@type)]")[0].text
    [style] = parsed.iter("style")
    for name, content in (("script", script), ("style", style.text)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")


def test_nothing_points_out_of_the_page():
    """No address, no inline style and no inline handler, which the policy would stop."""
    written = page(run())
    assert re.findall(r"(?:src|href)=\"(?!#|data:,)", written) == []
    assert re.findall(r"https?://(?!www\.w3\.org)", written) == []
    assert re.findall(r"<[^>]+ (?:style|on\w+)=", written.split("<script")[0]) == []


@given(any_runs)
def test_any_run_makes_a_page(made):
    """Whatever a run holds, its page can be written, has the answers, and is the same from the record."""
    written = page(made)
    written.encode()
    parsed = html.document_fromstring(written.encode())
    assert len(parsed.xpath("//script")) == 2
    answers = [s.get("answer") for s in data(parsed)["runs"][0]["samples"]]
    assert answers == [s.completion.text if s.completion else None for s in made.samples]
    assert page(read_record(record(made))) == written


def test_ids_are_given_once():
    """A link leads to one place."""
    ids = tree(run(), run("prompt:v1"), run(suite="other")).xpath("//@id")
    assert len(ids) == len(set(ids))


def test_what_a_sample_came_to():
    """A check that broke is an error, one that cannot tell is unscored, and a miss beats that."""
    broken = dataclasses.replace(MISS, status="error")
    open_ = dataclasses.replace(MISS, status="unscored")
    answered = Completion(text="x")
    came = [
        came_to(Sample(case_id="a", completion=answered, verdicts=v))
        for v in [(broken, MISS), (open_,), (open_, MISS), ()]
    ]
    assert came == ["error", "unscored", "miss", "pass"]


def test_errors_count_as_missed_in_every_metric():
    """As they do in the metric."""
    assert missed(run(), ruling()) == 2
    assert missed(run(), ruling(COST_FREE)) == 1
    assert answer_of([run()]) == ("fail", 1, 0)


COST_FREE = Metric(name="other", value=1.0)


def test_the_page_changes_nothing_of_the_run():
    """Reports are drawn from a run, they do not touch it."""
    made = run()
    before = to_plain(made)
    page(made)
    assert to_plain(made) == before


def test_scripts_and_styles_are_files_of_the_package():
    """They are found as an installed package finds them."""
    names = {path.name for path in resources.files("lockgate.reports.html").iterdir()}
    assert {"page.js", "page.css", "cases.css", "table.js"} <= names


# Beside a baseline

COMPARISON = Comparison(
    baseline="prompt:v1 (run.json)",
    deltas=(
        Delta(
            metric="accuracy",
            value=-0.1,
            low=-0.2,
            high=-0.01,
            n=50,
            gained=1,
            lost=6,
            p_value=0.125,
            test="McNemar",
        ),
        Delta(metric="groundedness", value=None),
    ),
    flips=(
        Flip(case_id="b", status="newly failing", ours=0.0, theirs=1.0, metrics=("accuracy",)),
        Flip(case_id="a", status="fixed", ours=1.0, theirs=0.0),
        Flip(case_id="c", status="flaky", ours=0.5, theirs=0.25),
    ),
    unchanged=47,
    only_theirs=("gone",),
    changes=("The dataset has changed.",),
    weakened=("accuracy: min 0.9 was 0.95.",),
)


def test_a_bound_made_weaker_is_said_first():
    """Before any ruling, on the first screen, and again where the baseline is told of."""
    parsed = tree(passing(comparison=COMPARISON))
    assert text(parsed.xpath("//section[contains(@class, 'verdict')]//li")[0]) == (
        "A bound was made weaker: accuracy: min 0.9 was 0.95."
    )
    [callout] = parsed.find_class("callout")
    assert [text(item) for item in callout.iter("li")] == [
        "Weaker: accuracy: min 0.9 was 0.95.",
        "The dataset has changed.",
    ]


def test_newly_failing_cases_are_named_on_the_first_screen():
    """Each is a link to the case."""
    [link] = tree(passing(comparison=COMPARISON)).xpath("//section[contains(@class, 'verdict')]//li/a")
    assert (link.text, link.get("href")) == ("b", "#cases?suite=triage&backend=ft%3Av3&case=b")


def test_differences_from_the_baseline_are_drawn_around_zero():
    """In words, with limits, the test's p, and who won and lost; a metric without pairs is left out."""
    parsed = tree(run(comparison=COMPARISON))
    [row] = parsed.xpath("//table[starts-with(caption, 'Differences')]/tbody/tr")
    assert text(row) == "accuracy0.1 worse-0.2 … -0.01p 0.125 (McNemar)-0.20.2501 won, 6 lost"
    [drawing] = row.iter("svg")
    assert drawing.get("class") == "strip fail"
    assert drawing.get("aria-label") == "accuracy -0.1, limits -0.2 to -0.01; above 0 is better"


def test_flips_are_listed_by_what_happened():
    """Those newly failing are open; cases that cannot be paired are counted."""
    parsed = tree(run(comparison=COMPARISON))
    found = {text(d.find("summary")): d for d in parsed.xpath("//details[ul[@class='flips']]")}
    assert list(found) == ["1 case newly failing", "1 case fixed", "1 case flaky"]
    assert [d.get("open") is not None for d in found.values()] == [True, False, False]
    assert text(found["1 case flaky"].find("ul")) == "c, 25% → 50% of trials"
    assert parsed.xpath("//p[starts-with(., '47 cases unchanged')]")[0].text_content() == (
        "47 cases unchanged, 1 case only in the baseline."
    )


def test_flaky_cases_are_listed_with_their_rate():
    """Those that pass least come first."""
    flaky = (FlakyCase(case_id="a", passed=2, trials=3), FlakyCase(case_id="b", passed=1, trials=3))
    [listed] = tree(run(flaky=flaky)).xpath("//details[starts-with(summary, 'Flaky')]/ul")
    assert [text(item) for item in listed] == ["b 1 of 3", "a 2 of 3"]


def test_groups_of_a_gate_are_told_apart():
    """Each value of the gate's `by` has a row of its own."""
    gate = Gate(metric="accuracy", min=0.9, by="language")
    rulings = tuple(dataclasses.replace(ruling(), gate=gate, group=value) for value in ("de", "en"))
    rows = tree(run(rulings=rulings)).xpath("//table[caption='Gates']/tbody/tr/td[1]")
    assert [text(cell) for cell in rows] == ["ft:v3, language de", "ft:v3, language en"]


@pytest.mark.parametrize(("status", "there"), [("pass", True), ("inconclusive", True), ("fail", False)])
def test_a_shared_error_rate_is_told_where_a_gate_could_pass(status, there):
    """The p-value of passing stands before and after Holm's correction; a failed gate has no use for it."""
    ruled = dataclasses.replace(ruling(status=status), p_value=0.01, adjusted_p=0.03)
    [cell] = tree(run(rulings=(ruled,))).xpath("//table[caption='Gates']//td[@class='limits']")
    assert ("p 0.01, 0.03 after Holm's correction" in text(cell)) is there


@pytest.mark.parametrize(
    ("corrections", "said"),
    [
        (("holm", "holm"), []),
        (("none", "none"), ["Each bound is ruled on by itself (correction: none)."]),
        (("holm", "none"), ["b:v1: Each bound is ruled on by itself (correction: none)."]),
    ],
)
def test_gates_without_correction_say_so(corrections, said):
    """Below the gates, and on which backends where that is not so on all."""
    several = (ruling(), ruling(max=0.5))
    runs = [
        run(backend, rulings=several, correction=c)
        for backend, c in zip(("a:v1", "b:v1"), corrections, strict=True)
    ]
    assert [text(p) for p in tree(*runs).xpath("//section[@class='suite']/p")] == said


def test_the_correction_of_the_gates_is_among_the_facts():
    """Whichever it is; a run that was recorded without it has none."""
    for correction, told in (("holm", ["holm"]), ("none", ["none"]), ("", [])):
        page = tree(run(correction=correction))
        assert page.xpath("//section[@id='about']//tr[th='correction']/td/text()") == told


def test_a_doubtful_or_corrected_metric_says_so():
    """Beside its limits."""
    metric = dataclasses.replace(ACCURACY, raw=0.6, doubt="Its check has no calibration.")
    [cell] = tree(run(rulings=(ruling(metric),))).xpath("//table[caption='Gates']//td[@class='limits']")
    assert "0.6 before the check's errors are taken out" in text(cell)
    assert "Its check has no calibration." in text(cell)


def test_variants_of_cases_are_in_the_table():
    """With what they were made of; a gate on their metric leads to them alone."""
    variant = Variation(of="a", kind="typos", metric="invariance", diff="- which\n+ whcih")
    verdict = Verdict(check="typos", status="fail", reason="It changed.", figures={"invariance": False})
    varied = Sample(case_id="a~typos", completion=Completion(text="x"), verdicts=(verdict,), variant=variant)
    invariance = Metric(name="invariance", value=0.5, low=0.1, high=0.9, n=2)
    made = run(variants=(varied,), rulings=(ruling(invariance, status="fail"),))
    packed = data(tree(made))["runs"][0]["samples"][-1]
    assert packed["variant"] == {
        "of": "a",
        "kind": "typos",
        "metric": "invariance",
        "diff": "- which\n+ whcih",
    }
    assert missed(made, made.rulings[0]) == 1


def test_what_fell_short_is_worth_reading_even_where_it_may_ship():
    """A backend whose gates all pass still has a link to its misses."""
    short = Sample(case_id="b", completion=Completion(text="x"), verdicts=(MISS,))
    [item] = tree(passing(samples=(short,))).xpath("//section[contains(@class, 'verdict')]//li")
    assert text(item) == "1 case of triage fell short all the same. Read them"


def test_half_a_character_in_a_name_breaks_no_link():
    """A name that UTF-8 cannot hold still makes a page that it can."""
    page(run("\ud800", suite="\udfff", rulings=(ruling(status="fail"),))).encode()


@pytest.mark.parametrize("span", [(0.0, 0.0), (-1.5e308, 1.5e308), (0.0, 5e-324), (0.2, 0.9), (0.0, 1731.0)])
def test_ticks_span_what_they_are_for(span):
    """Also where it is nothing, or more than a float can hold; there are few of them, in order."""
    ticks = round_ticks(*span)
    assert ticks[0] <= span[0] <= span[1] <= ticks[-1]
    assert 2 <= len(ticks) <= 8
    assert ticks == sorted(ticks)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_round_and_enclose(low, size):
    """Steps are 1, 2, 2.5 or 5 times a power of ten."""
    ticks = round_ticks(low, low + size)
    slack = 1e-6 * (abs(low) + size)
    assert ticks[0] <= low + slack
    assert ticks[-1] >= low + size - slack
    step = ticks[1] - ticks[0]
    assert (
        min(abs(step / 10 ** math.floor(math.log10(step * 1.0001)) - lead) for lead in (1, 2, 2.5, 5)) < 0.01
    )


@pytest.mark.parametrize(("better", "at"), [("higher", "332"), ("lower", "8")])
def test_a_hard_gate_stands_at_the_end_of_the_strip(better, at):
    """It accepts nothing but no failure."""
    metric = dataclasses.replace(ACCURACY, better=better)
    [bound] = tree(run(rulings=(ruling(metric, hard=True),))).xpath(
        "//table[caption='Gates']//line[@class='bound']"
    )
    assert bound.get("x1") == at
