"""`variants:` under pytest: items, selection, gates, shards, xdist, and the option `--llm-shrink`."""

from __future__ import annotations

import json
import re
import sqlite3
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from lockgate.cli import main

SUITE = """\
suite: shop
cases:
  - {id: hours, input: "When do you usually open?", expected: nine, context: ["At nine.", "Quay."]}
  - {id: place, input: "Where exactly are you?", expected: harbour}
checks:
  - contains: {value: "{{ expected }}", metric: accuracy}
variants:
  - typos: 2
  - case: upper
  - removed_passage
"""
IDS = ["typos-1", "typos-2", "case-upper"]
ANSWERS = {
    "hours": "At nine.",
    "place": "At the harbour.",
    **{f"hours~{kind}": "At nine." for kind in IDS},
    **{f"place~{kind}": "At the harbour." for kind in IDS},
    "hours~removed_passage-1": "The documents do not say when we open.",
}


@pytest.fixture
def shop(desk):
    """The desk with variants of both cases, all of which behave."""
    desk.write("evalsuites/shop.yaml", SUITE)
    desk.write("answers/v3.json", ANSWERS)
    desk.write("answers/v2.json", ANSWERS)
    return desk


def answer(desk, **others):
    """Other answers of ft:v3 to some cases, named with `_` for what an argument cannot have."""
    desk.write("answers/v3.json", ANSWERS | others)


def test_each_variant_is_an_item_after_the_cases(shop):
    """Node ids are FILE::CASE~KIND-LABEL, in the order of the kinds."""
    result = shop.run("--llm-backend=ft:v3", "--collect-only", "-q")
    names = [line.partition("::")[2] for line in result.outlines if "::" in line]
    assert names == [
        "hours",
        "place",
        "hours~typos-1",
        "hours~typos-2",
        "place~typos-1",
        "place~typos-2",
        "hours~case-upper",
        "place~case-upper",
        "hours~removed_passage-1",
    ]


def test_all_that_behave_pass(shop):
    """Items and notes tell of variants, and of the cases that have none of a kind."""
    result = shop.run("--llm-backend=ft:v3")
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(["2 of 2 samples, 7 variants, *"])
    result.stdout.fnmatch_lines(
        ["note: Variants 'removed_passage': 1 of 2 cases have none, as it has no context."]
    )
    assert result.ret == 0


def test_a_failing_variant_shows_its_change(shop):
    """Without a gate a variant that does not behave fails its item, with the change as a diff."""
    answer(shop, **{"hours~case-upper": "No idea.", "hours~removed_passage-1": "At nine."})
    result = shop.run("--llm-backend=ft:v3")
    result.assert_outcomes(passed=7, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*case (invariance, fail): contains is pass on the original and fail here: *",
            "*changed of 'hours': input: ?-When-]{+WHEN+}*",
            "*smallest change that fails (*",
            "*removed_passage (directional, fail): The passages that it rests on are gone*",
            "*changed of 'hours': - passage 1: At nine.*",
        ]
    )


def test_an_original_that_fails_is_the_same_verdict_twice(shop):
    """Its own item fails; its variants, which fail like it, are invariant."""
    answer(shop, **{"place": "No.", **{f"place~{kind}": "No." for kind in IDS}})
    shop.run("--llm-backend=ft:v3").assert_outcomes(passed=8, failed=1)


def test_gates_govern_the_misses_of_variants(shop):
    """Under a gate on `invariance` a miss is an xfail; the gate on accuracy is of the cases alone."""
    shop.write("evalsuites/shop.yaml", SUITE + "gates: {invariance: {min: 0.02}, accuracy: {min: 0.05}}\n")
    answer(shop, **{"hours~case-upper": "No idea."})
    result = shop.run("--llm-backend=ft:v3", "-v", "--llm-inconclusive=warn")
    result.stdout.fnmatch_lines(
        ["*::hours~case-upper XFAIL*", "*gate::invariance PASSED*", "*gate::accuracy PASSED*"]
    )
    result.stdout.fnmatch_lines(["invariance *pass* 0.8333 *  6  *", "accuracy *pass* 1 *  2  *"])


def test_a_variant_can_be_selected_by_its_node_id(shop):
    """Its original is asked as well, and counts towards nothing."""
    result = shop.run("--llm-backend=ft:v3", "evalsuites/shop.yaml::hours~typos-1")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["0 of 2 samples, 1 variant, *"])


@pytest.mark.parametrize(("words", "passed"), [("typos", 4), ("hours and typos", 2), ("not typos", 5)])
def test_dash_k_selects_kinds(shop, words, passed):
    """`-k` takes the kind, with or without the case."""
    result = shop.run("--llm-backend=ft:v3", "-k", words)
    result.assert_outcomes(passed=passed, deselected=9 - passed)


def test_the_original_is_asked_once(shop):
    """However many variants it has, and whether or not its own item is selected."""
    shop.run("--llm-backend=ft:v3", "-k", "hours and typos")
    assert recorded(shop) == ["hours", "hours~typos-1", "hours~typos-2"]
    again = shop.run("--llm-backend=ft:v3")
    again.stdout.fnmatch_lines(["2 of 2 samples, 7 variants, 3 from the journal, *"])
    assert recorded(shop) == sorted(ANSWERS)


def recorded(desk):
    """The ids of the cases whose answers the journal has."""
    path = desk.pytester.path / ".lockgate/journal.sqlite"
    database = sqlite3.connect(path)
    try:
        return sorted(row[0] for row in database.execute("SELECT case_id FROM completions"))
    finally:
        database.close()


def test_several_backends_have_their_suffix(shop):
    """A variant's id comes before the backend's."""
    result = shop.run("--llm-backend=ft:v3,prompt:v2", "-v", "-k", "upper")
    result.stdout.fnmatch_lines(
        ["*::hours~case-upper?ft:v3? PASSED*", "*::place~case-upper?prompt:v2? PASSED*"]
    )


def test_workers_share_variants_and_originals(shop):
    """With xdist nothing is asked twice, and the rulings are the same."""
    shop.write("evalsuites/shop.yaml", SUITE + "gates: {invariance: {min: 0.02}}\n")
    answer(shop, **{"hours~case-upper": "No idea."})
    result = shop.run("--llm-backend=ft:v3", "--llm-shrink=0", workers=2)
    result.assert_outcomes(passed=9, xfailed=1)
    assert recorded(shop) == sorted(ANSWERS)


def test_a_shard_has_the_variants_of_its_cases(shop):
    """A case and its variants fall to the same shard, and `lockgate merge` rules on all of them."""
    shop.write("evalsuites/shop.yaml", SUITE + "gates: {invariance: {min: 0.02}}\n")
    seen = []
    for number in (1, 2):
        args = ("--llm-backend=ft:v3", f"--llm-shard={number}/2", f"--llm-journal={number}.sqlite", "-v")
        result = shop.run(*args)
        names = {line.split("::")[1].split(" ")[0] for line in result.outlines if "PASSED" in line}
        assert {name for name in names if "~" in name} == {
            name for name in ANSWERS if "~" in name and name.partition("~")[0] in names
        }
        seen += names
    assert sorted(seen) == sorted(ANSWERS)
    merged = CliRunner().invoke(main, ["merge", "1.sqlite", "2.sqlite", "--into", "all.sqlite"])
    assert "9 answers joined" in merged.output
    assert re.search("^invariance  pass ", merged.output, re.MULTILINE)
    assert merged.exit_code == 0


def test_reports_have_the_variants(shop):
    """`run.json` keeps their samples apart, and `--junitxml` has a test case for each."""
    answer(shop, **{"hours~case-upper": "No idea."})
    shop.run("--llm-backend=ft:v3", "--llm-report=report", "--junitxml=junit.xml")
    (run,) = json.loads((shop.pytester.path / "report/run.json").read_text("utf-8"))["runs"]
    assert [sample["case_id"] for sample in run["samples"]] == ["hours", "place"]
    assert len(run["variants"]) == 7
    failing = next(sample for sample in run["variants"] if sample["case_id"] == "hours~case-upper")
    assert failing["variant"]["asked"] > 0
    cases = {case.get("name"): case for case in ET.parse(shop.pytester.path / "junit.xml").iter("testcase")}
    assert cases["hours~case-upper"].get("classname") == "shop"
    assert cases["hours~case-upper"].find("failure").get("type") == "miss"


@pytest.mark.parametrize(("option", "shown"), [("--llm-shrink=0", False), ("--llm-shrink=1", True)])
def test_the_option_bounds_the_asks(shop, option, shown):
    """With 0 nothing is asked to shrink, with 1 a single part."""
    answer(shop, **{"hours~case-upper": "No idea."})
    text = shop.run("--llm-backend=ft:v3", option).stdout.str()
    assert ("smallest change that fails (1 ask)" in text) == shown


def test_the_option_has_an_ini_counterpart(shop):
    """`llm_shrink` is the same word; a number that will not do is a usage error."""
    answer(shop, **{"hours~case-upper": "No idea."})
    shop.pytester.makeini("[pytest]\nllm_shrink = 0\n")
    assert "smallest" not in shop.run("--llm-backend=ft:v3").stdout.str()
    result = shop.run("--llm-backend=ft:v3", "--llm-shrink=-1")
    result.stderr.fnmatch_lines(["*--llm-shrink: '-1' will not do. Give a number from 0 on.*"])
    assert result.ret == 4


def test_a_wrong_kind_ends_the_session(shop):
    """Exit code 4, with the line, a caret and the nearest valid word."""
    shop.write("evalsuites/shop.yaml", SUITE.replace("typos: 2", "typoes: 2"))
    result = shop.run("--llm-backend=ft:v3")
    result.stderr.fnmatch_lines(["*shop.yaml:8:5: There is no variant 'typoes'. Did you mean 'typos'?*"])
    assert result.ret == 4
