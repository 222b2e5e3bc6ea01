"""The page on variants: kinds and options as the code has them, every example and every line shown real."""

from __future__ import annotations

import inspect

import pytest
import yaml
from pages import sections

from lockgate import load_suite, run_suite
from lockgate.backends.scripted import Scripted
from lockgate.documents.declarations import options_table
from lockgate.documents.words import describe
from lockgate.model import VARIANT_MEASURES
from lockgate.registry import BUILTIN, Registry
from lockgate.reports.terminal import explain_miss

SECTIONS = sections("variants.md")
KINDS = sorted(BUILTIN["variants"])
OTHERS = {"", "Variants as cases", "Metrics", "Shrinking", "Hypothesis"}
FULL = """\
suite: s
cases:
  - id: a
    input: When do you open?
    expected: nine
    context: [At nine., Quay., Cards are not returned., Parcels take a day.]
    translations: {de: "Wann?", fr: "Quand ?"}
  - {id: b, input: "Where?", expected: quay, context: [At the quay.]}
checks:
  - contains: {value: "{{ expected }}", metric: accuracy}
"""


def plain(text):
    return " ".join(text.split())


def test_every_kind_has_its_section():
    """The page has the built-in kinds and no other."""
    assert set(SECTIONS) - OTHERS == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_has_its_row(kind):
    """Name, type, default and meaning are those of signature and docstring, in their order."""
    keys = options_table(Registry().find("variants", kind), kind).keys
    rows = SECTIONS[kind].table("option") if keys else []
    assert [(r["option"], r["value"], r["default"]) for r in rows] == [
        (key.name, describe(key.annotation), "" if key.default is None else str(key.default)) for key in keys
    ]
    text = SECTIONS[kind].text
    assert all(f"| {key.doc} |" in text for key in keys)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_told_as_its_docstring_tells_it(kind):
    """What is done, what is asserted, and when there is none or nothing is known."""
    said = inspect.getdoc(Registry().find("variants", kind)).split("\n\nArgs:")[0].split("\n\nRaises:")[0]
    text = plain(SECTIONS[kind].text)
    assert all(plain(paragraph) in text for paragraph in said.split("\n\n"))
    assert "**Asserted.**" in text
    assert "**None, or unscored.**" in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_makes_variants(kind, tmp_path):
    """Each example is of its kind, and a suite with it has variants."""
    (block,) = SECTIONS[kind].blocks("yaml")
    (entry,) = yaml.safe_load(block)
    assert entry == kind or list(entry) == [kind]
    (tmp_path / "s.yaml").write_text(f"{FULL}variants:\n{block}", "utf-8")
    suite = load_suite(tmp_path / "s.yaml")
    assert {variant.kind for variant in suite.variants} == {kind}


def test_both_metrics_have_their_row():
    """Name, kind and side are those that runs have."""
    rows = SECTIONS["Metrics"].table("metric")
    assert [(r["metric"], r["kind"], r["better"]) for r in rows] == [
        (m.name, m.kind, m.better) for m in VARIANT_MEASURES
    ]


def test_the_miss_that_is_shown_is_what_is_written(tmp_path):
    """The suite at the head, asked of a backend that does not know one word, gives the very lines."""
    (head,) = SECTIONS[""].blocks("yaml")
    (tmp_path / "shop.yaml").write_text(head, "utf-8")
    suite = load_suite(tmp_path / "shop.yaml")

    def answer(request):
        return "What?" if "USUALLY" in request.messages[-1]["content"] else "At nine."

    run = run_suite(suite, Scripted(answers=answer))
    (shown,) = SECTIONS["Shrinking"].blocks("text")
    sample = next(s for s in run.variants if s.case_id == "hours~case-upper")
    case = next(v.case for v in suite.variants if v.case.id == sample.case_id)
    assert explain_miss(case, sample) == shown.rstrip("\n")


def test_the_note_that_is_shown_is_what_is_written(tmp_path):
    """A suite in which one of three cases has too few passages has that note."""
    rows = [
        f"  - {{id: c{n}, input: x, context: [{context}]}}\n"
        for n, context in enumerate(("a, b", "a, b", "a"))
    ]
    (tmp_path / "s.yaml").write_text(
        f"suite: s\ncases:\n{''.join(rows)}checks: [contains: x]\nvariants: [order]\n", "utf-8"
    )
    (note,) = load_suite(tmp_path / "s.yaml").notes
    assert f"`{note}`" in plain(SECTIONS["Variants as cases"].text)


def test_the_property_test_goes_as_it_stands(pytester):
    """Under pytest, with a backend that answers, it passes."""
    (block,) = SECTIONS["Hypothesis"].blocks("python")
    pytester.makepyfile(test_hours=block)
    pytester.makefile(".yaml", lockgate="backends:\n  ft:\n    v3: {kind: scripted, answers: answers.json}\n")
    pytester.makefile(".json", answers='{"hours": "At nine."}')
    args = ("--llm-backend=ft:v3", "-p", "no:cacheprovider", "-p", "no:xdist")
    pytester.runpytest_subprocess(*args).assert_outcomes(passed=1)
