"""`report.html` used as a reader uses it: filters, order, search, comparison, keys, themes."""

from itertools import pairwise

import pytest
from runs_shown import HOSTILE, OLD_NAME, hostile, many, measured, new, old

from lockgate.model import Run


def shown(tab):
    """The ids of the cases on the table's page."""
    return [text.split()[0] for text in tab.locator("button.open").all_inner_texts()]


def status(tab):
    """What the table says of itself."""
    return tab.get_by_role("status").inner_text()


def contrast(tab, selector):
    """The contrast of an element's text with what lies behind it (WCAG 2.2, relative luminance)."""
    return tab.locator(selector).first.evaluate(
        """(element) => {
            const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
            const rgb = (colour) => {
                canvas.clearRect(0, 0, 1, 1);
                canvas.fillStyle = colour;
                canvas.fillRect(0, 0, 1, 1);
                return [...canvas.getImageData(0, 0, 1, 1).data];
            };
            let behind = element;
            while (rgb(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement;
            const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            const weights = [0.2126, 0.7152, 0.0722];
            const luminance = (c) => weights.reduce((sum, w, i) => sum + w * linear(c[i] / 255), 0);
            const [a, b] = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor]
                .map((colour) => luminance(rgb(colour)));
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        }"""
    )


# The table


def test_the_worst_cases_come_first(show):
    """Errors, then misses, then what is unscored or was not asked, then what passed."""
    tab = show(new())
    badges = tab.locator("table.cases .badge").all_inner_texts()
    assert badges == ["! error", "✗ miss", "✗ miss", "? unscored", "– not asked", "✓ pass"]
    assert status(tab) == "Cases 1–6 of 6 that fit; 6 in all"


def test_a_filter_leaves_what_it_says(show):
    """What is shown and how many there are changes with it."""
    tab = show(new())
    tab.get_by_label("Show").select_option("missed")
    assert shown(tab) == ["wrong", "worse"]
    tab.get_by_label("Metric").select_option("groundedness")
    assert shown(tab) == ["worse"]
    assert status(tab) == "Cases 1–1 of 1 that fit; 6 in all"


def test_a_search_looks_into_question_answer_reason_and_id(show):
    """All words have to be there, in whatever case."""
    tab = show(new())
    search = tab.get_by_label("Search")
    for words, found in [
        ("BILLING", ["wrong"]),
        ("refused", ["broken"]),
        ("kettle leaks", ["worse"]),
        ("fine", ["fine"]),
    ]:
        search.fill(words)
        assert shown(tab) == found
    search.fill("nowhere to be found")
    assert shown(tab) == []
    assert status(tab) == "No case fits; 6 in all"


def test_a_column_sorts_both_ways_and_says_which(show):
    """Its head has aria-sort; what has no score stands last either way."""
    tab = show(new())
    head = tab.get_by_role("columnheader", name="Score")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert shown(tab)[:3] == ["worse", "wrong", "fine"]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert shown(tab)[:3] == ["fine", "wrong", "worse"]
    assert head.get_by_role("button").evaluate("(e) => e === document.activeElement")


def test_many_cases_are_paged(show):
    """Fifty at a time; the pager goes to both ends."""
    tab = show(many(120))
    assert len(shown(tab)) == 50
    tab.get_by_role("button", name="Next page").click()
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Next page"
    tab.get_by_role("button", name="Last page").click()
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "First page"
    assert len(shown(tab)) == 20
    assert status(tab) == "Cases 101–120 of 120 that fit; 120 in all"
    assert tab.get_by_role("button", name="Next page").is_disabled()


def test_a_filter_goes_back_to_the_first_page(show):
    """What fits is not missed because another page was open."""
    tab = show(many(120))
    tab.get_by_role("button", name="Last page").click()
    tab.get_by_label("Search").fill("case-7")
    assert shown(tab)[0] == "case-7"


# One case


def test_a_case_opens_with_its_evidence_marked(show):
    """In the answer and in the passage; a quotation of what is not there stands by its verdict."""
    tab = show(new())
    tab.get_by_role("button", name="worse").click()
    detail = tab.locator(".detail")
    assert detail.get_by_label("Answer of new:v2").locator("mark.against").all_inner_texts() == [
        "two 🫖 pots"
    ]
    assert detail.get_by_label("Passage doc").locator("mark").all_inner_texts() == ["one pot"]
    assert "context 1: far away" in detail.locator(".quotes").inner_text()
    assert "cases.jsonl:3" in detail.inner_text()


def test_two_backends_stand_side_by_side_with_their_differences(show):
    """Words that only one has are marked, the others are not."""
    tab = show([old(), new()])
    tab.get_by_role("button", name="wrong").click()
    sides = tab.locator(".sides article")
    assert sides.nth(0).locator("ins").all_inner_texts() == ["billing"]
    assert sides.nth(1).locator("del").all_inner_texts() == ["access"]


def test_what_changed_between_two_backends_is_a_filter(show):
    """Newly failing and fixed cases, seen from the backend that is compared."""
    tab = show([old(), new()])
    assert tab.get_by_label("Backend").input_value() == "new:v2"
    assert tab.get_by_label("Compare with").input_value() == OLD_NAME
    tab.get_by_label("Show").select_option("newly failing")
    assert shown(tab) == ["wrong"]
    tab.get_by_label("Show").select_option("fixed")
    assert shown(tab) == ["fine"]
    tab.get_by_label("Show").select_option("answered differently")
    assert "wrong" in shown(tab)
    tab.get_by_label("Compare with").select_option("nothing")
    assert tab.get_by_label("Show").input_value() == "all"


def test_several_suites_can_be_told_apart(show):
    """The table says of which suite a case is, and a filter leaves one."""
    tab = show([new(), many(3)])
    tab.get_by_label("Suite").select_option("many")
    assert shown(tab) == ["case-0", "case-1", "case-2"]
    assert "many" in tab.locator("table.cases tbody th").first.inner_text()


# Addresses


def test_a_reason_leads_to_its_cases(show):
    """The link of a ruling sets the filters."""
    tab = show([old(), new()])
    tab.locator(".verdict.fail").get_by_role("link", name="Read the 3 cases").first.click()
    tab.locator("button.open").nth(3).wait_for(state="detached")
    assert shown(tab) == ["broken", "wrong", "worse"]
    assert tab.get_by_label("Show").input_value() == "short"


def test_an_address_opens_a_case(show):
    """Wherever in the table it stands, and whatever is in the address besides."""
    tab = show(many(120), address="#cases?case=case-119&backend=nobody&show=nonsense")
    assert tab.get_by_role("button", name="case-119").get_attribute("aria-expanded") == "true"


def test_what_is_chosen_stands_in_the_address(show):
    """So that a link to it can be sent."""
    tab = show(new())
    tab.get_by_label("Show").select_option("missed")
    tab.get_by_role("button", name="worse").click()
    assert tab.evaluate("location.hash") == "#cases?backend=new%3Av2&show=miss&case=worse"


# Keys and readers


def test_everything_is_reached_by_keys(show):
    """The first tab stop skips to the cases; arrows go from case to case, Enter opens, Escape closes."""
    tab = show(new())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the cases"
    first = tab.locator("button.open").first
    first.focus()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    opened = tab.locator("button.open[aria-expanded=true]")
    assert opened.inner_text() == "wrong"
    assert tab.locator(f"#{opened.get_attribute('aria-controls')}").is_visible()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Escape")
    assert tab.locator(".detail").count() == 0
    assert tab.evaluate("document.activeElement.innerText") == "wrong"


def test_a_reader_finds_landmarks_headings_and_table_heads(show):
    """Each part has its role and its name."""
    tab = show(measured())
    for role, name in [("banner", None), ("navigation", "Parts"), ("main", None), ("search", "Filter cases")]:
        assert tab.get_by_role(role, name=name).count() == 1
    assert tab.get_by_role("heading", level=1).count() == 1
    levels = [
        int(tag[1])
        for tag in tab.locator("h1, h2, h3, h4").evaluate_all("(all) => all.map((e) => e.tagName)")
    ]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert tab.get_by_role("rowheader").count() >= 6
    assert tab.locator("svg:not([aria-label]):not([aria-hidden=true])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(show, scheme):
    """At least 4.5 to 1 in both themes (WCAG 2.2, 1.4.3)."""
    tab = show([old(), new()], color_scheme=scheme)
    tab.get_by_role("button", name="wrong").click()
    looked_at = [
        "h1", ".verdict.fail h2", ".verdict .tally", ".verdict a", "header nav a", ".badge.miss",
        ".badge.pass", ".badge.unscored", ".badge.error", ".badge.inconclusive", "thead th", ".limits",
        ".figures .wanted", ".status", ".open", ".result .clamp", "ins.diff", "del.diff", ".text",
        ".facts-line", "td.worse", "td.better",
    ]  # fmt: skip
    low = {name: ratio for name in looked_at if (ratio := contrast(tab, name)) < 4.5}
    assert low == {}


# What it looks like


def test_the_theme_follows_the_system_and_the_button(show):
    """The button turns it round and says how it stands."""
    tab = show(new(), color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    button = tab.get_by_role("button", name="Dark")
    assert button.get_attribute("aria-pressed") == "true"
    dark = tab.evaluate(ground)
    for scheme, pressed in (("light", "false"), ("dark", "true")):
        tab.emulate_media(color_scheme=scheme)
        tab.locator(f"#theme[aria-pressed={pressed}]").wait_for()
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert tab.evaluate(ground) == "rgb(255, 255, 255)" != dark


@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_is_never_wider_than_the_window(show, width):
    """What is wide scrolls in a frame of its own."""
    tab = show([old(), measured("new:v2")], viewport={"width": width, "height": 800})
    tab.get_by_role("button", name="wrong").click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_print_leaves_the_controls_out(show):
    """On paper nothing can be pressed."""
    tab = show(new())
    tab.emulate_media(media="print")
    assert not tab.get_by_label("Search").is_visible()
    assert tab.locator("table.cases").is_visible()


def test_without_scripts_all_but_the_table_is_there(show, chromium, tmp_path):
    """CI servers show artefacts without scripts."""
    show(new())
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((tmp_path / "report.html").as_uri())
    assert tab.get_by_role("heading", level=1).inner_text() == "✗ new:v2 may not ship"
    assert tab.get_by_text("The table of cases needs scripts").is_visible()
    context.close()


# What it never does


def test_hostile_texts_show_as_text(show):
    """Nothing in an id, a question, an answer, a reason or a passage runs, or becomes an element."""
    tab = show([hostile("a:1"), hostile("b:1")])
    tab.locator("button.open").first.click()
    assert tab.locator("img, iframe, main script, main style").count() == 0
    assert HOSTILE in tab.locator(".detail pre.text").nth(1).inner_text()
    assert r"\x1b[31m" in tab.locator(".detail").inner_text()
    assert r"\u202e" in tab.locator(".detail").inner_text()
    assert "\x1b" not in tab.locator("body").inner_text()


def test_a_run_without_samples_has_a_page(show):
    """There is nothing to complain of."""
    tab = show(Run(suite="s", backend="b", fingerprint="f", samples=()))
    assert status(tab) == "No case fits; 0 in all"
