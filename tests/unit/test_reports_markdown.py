"""`summary.md`: what is in it, that it stays short, and that nothing in an answer becomes markup."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from runs import ACCURACY, FREE, any_runs, ruling, run

from lockgate.model import Comparison, Completion, Delta, Flip, Sample, Where
from lockgate.reports.escaping import code, plain
from lockgate.reports.markdown import MOST_LINES, summary

MARKDOWN = MarkdownIt("gfm-like")
NASTY = (
    "</code></details><script>alert(1)</script> | **b** _i_ `c` ~~s~~ ![x](http://x/y.png) [a](javascript:x) "
    "<https://x> https://x.example www.x.example a@b.example @team #12 :tada: $x$ &lt; \\| \n# head\n- item\n"
    "[^1]: note\n\x1b[31mred\u202e"
)
ALL = "100% of its trials,"
HARMLESS = re.compile(
    r"</?(?:h2|p|table|thead|tbody|tr|th|td|ul|li|code|blockquote|strong|br|hr)(?: style=\"[a-z:-]+\")?>"
)


@pytest.fixture(autouse=True)
def _no_github(monkeypatch):
    for name in ("SERVER_URL", "REPOSITORY", "SHA", "WORKSPACE"):
        monkeypatch.delenv(f"GITHUB_{name}", raising=False)


def compared(**changes):
    fields = {
        "baseline": "ft:v2",
        "deltas": (
            Delta(metric="tokens_out", value=-3.0, low=-9.0, high=2.0, n=4, unit="tokens"),
            Delta(metric="accuracy", value=-0.05, low=-0.09, high=-0.01, n=120),
            Delta(metric="f1", value=0.05, low=0.01, high=0.09, n=120),
            Delta(metric="refusals"),
        ),
        "flips": (
            Flip(case_id="f", status="fixed", ours=1.0, theirs=0.0),
            Flip(case_id="b", status="newly failing", ours=0.0, theirs=1.0, metrics=("accuracy", "format")),
            Flip(case_id="k", status="flaky", ours=0.5, theirs=0.25),
        ),
    }
    return run(comparison=Comparison(**(fields | changes)), places={"b": Where(path="cases.jsonl", line=3)})


def lines(*runs):
    return summary(list(runs)).splitlines()


def rendered(text):
    return MARKDOWN.render(text)


@pytest.mark.parametrize(
    ("made", "head"),
    [
        (run(samples=(), rulings=()), "## ❌ Lockgate: 4 samples missing, nothing ran"),
        (run(), "## ❌ Lockgate: 1 of 1 gate inconclusive, 1 sample failed without a gate"),
        (
            run(samples=(run().samples[0],), rulings=(ruling(status="pass"),), expected_samples=1),
            "## ✅ Lockgate: all 1 gate passed",
        ),
        (run(samples=(run().samples[0],), rulings=(), expected_samples=1), "## ✅ Lockgate: 1 sample passed"),
        (run(samples=(run().samples[0],), expected_samples=1), "## ⚠️ Lockgate: 1 of 1 gate inconclusive"),
        (
            run(samples=(run().samples[0],), rulings=(ruling(status="fail"), ruling(status="pass"))),
            "## ❌ Lockgate: 1 of 2 gates failed, 3 samples missing",
        ),
    ],
)
def test_the_head_says_what_came_of_it(made, head):
    """One line for those who read no further; what is missing is never a pass."""
    assert lines(made)[0] == head


def test_gates_stand_with_their_limits_the_worst_first():
    """Value, limits, n and bound of each."""
    passed, failed, group = ruling(status="pass"), ruling(status="fail", max=0.1), ruling(max=0.6)
    made = run(rulings=(passed, replace(group, group="en"), failed))
    rows = [line.replace(" | triage | ft:v3", "") for line in lines(made) if "| triage |" in line]
    assert rows == [
        "| ❌ fail | accuracy | 0.5 | [0.0253, 0.9747] | 2 (+1 unscored) | ≤ 0.1 |",
        "| ⚠️ inconclusive | accuracy [en] | 0.5 | [0.0253, 0.9747] | 2 (+1 unscored) | ≤ 0.6 |",
        "| ✅ pass | accuracy | 0.5 | [0.0253, 0.9747] | 2 (+1 unscored) | ≥ 0.9 |",
    ]


def test_gates_without_correction_are_told_below_the_table():
    """Which suites on which backends these are, each once; with the correction nothing is said."""
    several = (ruling(), ruling(max=0.5))
    alone, usual = (run(rulings=several, correction=word) for word in ("none", "holm"))
    [said] = [line for line in lines(alone, usual, alone) if "correction" in line]
    assert said == "triage on ft:v3: Each bound is ruled on by itself (correction: none)."
    assert "correction" not in summary(usual)


def test_reasons_are_folded():
    """They open at a click, and a pass needs none."""
    text = summary(run(rulings=(ruling(reason="Too few."), ruling(status="pass", reason="Fine."))))
    assert "<details><summary>Why</summary>\n\n- accuracy on ft:v3: Too few.\n\n</details>" in text
    assert "Fine." not in text


def test_the_comparison_has_arrows_and_intervals():
    """Gated metrics first; up and down only where the limits are on one side of nothing."""
    rows = [line for line in lines(compared()) if line.startswith("| triage | ft:v3 | ft:v2 |")]
    assert rows == [
        "| triage | ft:v3 | ft:v2 | accuracy | ▼ worse by 0.05 | [-0.09, -0.01] | 120 |",
        "| triage | ft:v3 | ft:v2 | tokens_out | ≈ worse by 3 | [-9, 2] | 4 |",
        "| triage | ft:v3 | ft:v2 | f1 | ▲ better by 0.05 | [0.01, 0.09] | 120 |",
        "| triage | ft:v3 | ft:v2 | refusals | ≈ – | [–, –] | 0 |",
    ]


def test_flips_are_named_with_their_place():
    """Newly failing first, and the fold is open where there are any."""
    text = summary(compared())
    assert "<details open><summary>Cases that changed: 1 newly failing, 1 fixed, 1 flaky</summary>" in text
    where = "in triage on ft:v3"
    assert [line for line in text.splitlines() if line.startswith("- ")][1:] == [
        f"- ❌ newly failing <code>b</code> (cases.jsonl:3) {where}: accuracy, format; passed {ALL} now 0%",
        f"- ✅ fixed <code>f</code> {where}; passed 0% of its trials, now 100%",
        f"- 🎲 flaky <code>k</code> {where}; passed 25% of its trials, now 50%",
    ]


def test_under_github_flips_are_links(monkeypatch):
    """To the case's row at the commit that is tested."""
    for name, value in (("SERVER_URL", "https://g.example"), ("REPOSITORY", "me/desk"), ("SHA", "abc")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    link = '<a href="https://g.example/me/desk/blob/abc/cases.jsonl#L3"><code>b</code></a>'
    assert f"newly failing {link} in triage" in summary(compared())


def test_nothing_newly_failing_leaves_the_fold_closed():
    """What was fixed can wait for a click."""
    made = compared(flips=(Flip(case_id="f", status="fixed", ours=1.0, theirs=0.0),))
    assert "<details><summary>Cases that changed: 1 fixed</summary>" in summary(made)


def test_a_weakened_bound_is_loud():
    """It stands right below the head, before every table."""
    made = compared(weakened=("accuracy: min was 0.9 and is 0.5.",), changes=("The dataset changed.",))
    assert lines(made)[2:4] == [
        "> 📉 **Weaker than the baseline's:** accuracy: min was 0.9 and is 0.5.",
        "> Changed since the baseline: The dataset changed.",
    ]


def test_backends_without_a_baseline_are_shown_beside_each_other():
    """The best in bold."""
    text = summary([run(), run("rag:v1", metrics=(replace(ACCURACY, value=0.7),))])
    assert "| backend | accuracy |\n| --- | ---: |\n| ft:v3 | 0.5 |\n| rag:v1 | **0.7** |\n" in text


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            (Completion(cost=0.25, tokens_in=1200, tokens_out=30),),
            "1 answer asked: cost &#36;0.25, 1,200 tokens in and 30 out.",
        ),
        (
            (Completion(cost=0.25), Completion()),
            "2 answers asked: cost &#36;0.25 and 1 answer of unknown cost.",
        ),
        ((Completion(replayed=True, cost=1.0),), "0 answers asked, 1 from the journal: cost nothing."),
        ((Completion(),), "1 answer asked: cost unknown."),
    ],
)
def test_the_cost_is_of_what_was_asked(answers, said):
    """What the journal answered costs nothing; what has no price is not taken for free."""
    samples = tuple(Sample(case_id=str(n), completion=c) for n, c in enumerate(answers))
    assert said in lines(run(samples=samples))


def test_what_is_left_out_is_counted():
    """Of many gates, flips and runs the first stand there."""
    flips = tuple(Flip(case_id=str(n), status="newly failing", ours=0.0, theirs=1.0) for n in range(300))
    deltas = tuple(Delta(metric=f"m{n}", value=0.1, low=-1.0, high=1.0, n=9) for n in range(40))
    weak = tuple(f"weak {n}" for n in range(20))
    runs = [
        replace(
            compared(flips=flips, deltas=deltas, weakened=weak),
            suite=f"s{n}",
            rulings=(ruling(),) * 9,
            correction="none",
        )
        for n in range(12)
    ]
    found = lines(*runs)
    assert len(found) <= MOST_LINES
    for said in (
        "> … and 18 more changes",
        "| … 99 more |",
        "- … and 104 more",
        "| … 473 more |",
        "… 9 more",
        "s2 on ft:v3; … 9 more: Each bound",
    ):
        assert any(said in line for line in found), said
    assert any(line.startswith("- … and 3,593 more") for line in found)


@given(st.lists(any_runs, max_size=6))
def test_every_summary_is_short(runs):
    """Whatever the runs hold, there are at most 60 lines."""
    text = summary(runs)
    assert len(text.splitlines()) <= MOST_LINES
    assert text.encode()


def hostile():
    """A run in which everything that somebody else writes tries to be markup."""
    free = replace(FREE, reason=NASTY)
    made = compared(
        baseline=NASTY,
        weakened=(NASTY,),
        changes=(NASTY,),
        deltas=(Delta(metric=NASTY, value=0.1, low=0.0, high=0.2, n=9),),
        flips=(Flip(case_id=NASTY, status="fixed", ours=1.0, theirs=0.0, metrics=(NASTY,)),),
    )
    metric = replace(ACCURACY, name=NASTY)
    return replace(
        made,
        suite=NASTY,
        backend=NASTY,
        fingerprint=NASTY,
        started=NASTY,
        rulings=(replace(ruling(metric, reason=NASTY, status="fail"), group=NASTY),),
        places={NASTY: Where(path=NASTY)},
        samples=(Sample(case_id=NASTY, completion=Completion(text=NASTY), verdicts=(free,)),),
    )


def test_what_others_write_is_never_markup():
    """No tag, link, image, emphasis or heading of theirs; tables keep their columns."""
    html = rendered(summary(hostile()))
    tags = set(re.findall(r"<[^>]+>", html))
    ours = {
        '<details open="">',
        "<details>",
        "</details>",
        "<summary>",
        "</summary>",
        "<sub>",
        "</sub>",
        "<br />",
    }
    assert [tag for tag in tags - ours if not HARMLESS.fullmatch(tag)] == []
    assert html.count("<h2>") == 1
    for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL):
        assert len(re.findall(r"<t[hd]", row)) in (7, 8)


def test_two_hostile_backends_keep_the_table():
    """The comparison of backends is escaped, too."""
    html = rendered(summary([replace(hostile(), comparison=None, metrics=(ACCURACY,)), run()]))
    assert "<script" not in html
    assert "<a " not in html


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_is_shown_as_it_is(text):
    """Markdown gives back the same words, and nothing around them."""
    html = rendered(f"x {plain(text)} x")
    bare = re.sub(r"&(?:amp|lt|gt|quot);", "?", html.removeprefix("<p>").rstrip("\n").removesuffix("</p>"))
    assert "<" not in bare
    assert "\n" not in bare


@pytest.mark.parametrize(
    "text", ["hallucination_rate", "ft:v3", "0.95 [0.9, 1] ≥ 0.9", "evalsuites/a-b.yaml"]
)
def test_what_is_harmless_stays_readable(text):
    """A summary is read as a file, too."""
    assert plain(text) == text


def test_a_long_text_is_cut():
    """The cut says how much is left out; line ends are blanks."""
    assert plain("a\nb" + "x" * 20, most=5) == "a bxx… [18 characters more]"
    assert code("<b>") == "<code>&#60;b&#62;</code>"


def test_a_mention_reaches_nobody():
    """GitHub finds no name behind the sign, nor an address."""
    assert plain("@team a@b.example") == "@&#8203;team a@&#8203;b.example"
