"""`variants:` in a suite: its forms, every mistake at its place, and notes on cases that have none."""

from __future__ import annotations

import pytest

from lockgate import load_suite
from lockgate.documents.schema import suite_schema
from lockgate.errors import DocumentError
from lockgate.registry import BUILTIN, Registry
from lockgate.variants.recipes import MARK

HEAD = """\
suite: shop
cases:
  - {id: hours, input: "When do you usually open?", expected: nine, context: ["At nine.", "Harbour."]}
  - {id: place, input: "Where exactly are you?", expected: harbour}
checks:
  - contains: {value: "{{ expected }}", metric: accuracy}
  - refusal
"""
FORMS = "Write 'name', 'name: argument' or 'name: {option: …}', with options indented under the name."


@pytest.fixture
def load(tmp_path):
    """Loads the suite with these variants, as YAML after `variants:`."""

    def loaded(variants, *, head=HEAD, tail=""):
        path = tmp_path / "shop.yaml"
        path.write_text(f"{head}variants:{variants}\n{tail}", "utf-8")
        return load_suite(path)

    return loaded


@pytest.fixture
def mistakes(load):
    """The mistakes of such a suite, as `line:column message`."""

    def found(variants, **given):
        with pytest.raises(DocumentError) as error:
            load(variants, **given)
        return [f"{p.line}:{p.column} {p.message}" for p in error.value.problems]

    return found


def ids(suite):
    return [variant.case.id for variant in suite.variants]


def test_all_three_short_forms_are_read(load):
    """A kind alone, with its first option, and with several."""
    assert ids(load("\n  - typos")) == ["hours~typos-1", "place~typos-1"]
    assert ids(load(" [typos: 2]")) == [f"{case}~typos-{n}" for case in ("hours", "place") for n in (1, 2)]
    assert len(ids(load(" [typos: {count: 3, rate: 0.5}, case: upper]"))) == 8


def test_every_kind_there_is_can_be_named(load):
    """Each makes a variant of a case that has all that it may need."""
    head = HEAD.replace("expected: nine,", "expected: nine, translations: {de: 'Wann?'},")
    suite = load("".join(f"\n  - {kind}" for kind in BUILTIN["variants"]), head=head)
    assert {variant.kind for variant in suite.variants} == BUILTIN["variants"].keys() - {
        "irrelevant_passages"
    }
    assert all(
        variant.case.id == f"{variant.of.id}{MARK}{variant.kind}-{variant.case.id.rpartition('-')[2]}"
        for variant in suite.variants
    )


def test_the_suites_own_cases_stay_as_they_are(load):
    """Variants are no cases of the suite, and change neither its cases nor their hash."""
    plain, varied = load(" [typos]"), load(" [typos, case]")
    assert [case.id for case in varied.cases] == ["hours", "place"]
    assert plain.dataset_digest == varied.dataset_digest
    assert plain.digest != varied.digest


def test_the_suites_seed_makes_the_variants(load):
    """The same seed makes the same, and another one others."""
    texts = [[v.case.input for v in load(" [typos: 2]", tail=f"seed: {seed}").variants] for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]


def test_a_case_without_variants_is_noted(load):
    """How many cases a kind makes nothing of, and why, stands in the notes of every run."""
    suite = load(" [removed_passage, typos]")
    assert suite.notes == ("Variants 'removed_passage': 1 of 2 cases have none, as it has no context.",)
    assert ids(suite) == ["hours~removed_passage-1", "hours~typos-1", "place~typos-1"]


def test_all_checks_are_compared_unless_some_are_named(load):
    """`checks` names them by their word or by a metric; a kind that asks something else compares none."""
    for variants, names in (
        (" [typos]", ["contains", "refusal"]),
        (" [typos: {checks: [refusal]}]", ["refusal"]),
        (" [typos: {checks: [accuracy]}]", ["contains"]),
        (" [removed_passage]", []),
        (" [injected_instruction]", ["contains", "refusal"]),
    ):
        assert [check.name for check in load(variants).variants[0].checks] == names


def test_an_abstention_is_told_by_the_check_refusal(load):
    """A removed passage is behaved to by an answer that the check takes for an abstention."""
    from lockgate import Completion

    (variant,) = load(" [removed_passage]").variants
    assert variant.behaves(Completion(text="The documents do not say when we open.")).passed
    assert not variant.behaves(Completion(text="We open at nine.")).passed


@pytest.mark.parametrize(
    ("variants", "wanted"),
    [
        ("\n  - typoes", "9:5 There is no variant 'typoes'. Did you mean 'typos'?"),
        (
            "\n  - typos: {rat: 0.1}",
            "9:13 There is no key 'rat' in the variant 'typos'. Did you mean 'rate'?",
        ),
        (
            "\n  - typos: {rate: 2}",
            "9:19 'rate' cannot be 2. Write a share above 0, such as 0.1.",
        ),
        ("\n  - typos: much", "9:12 'count' cannot be 'much'. Write a whole number."),
        ("\n  - case: {styles: [uper]}", "9:20 There is no style 'uper'. Did you mean 'upper'?"),
        (
            "\n  - typos: {checks: [acuracy]}",
            "9:22 The suite has no check 'acuracy'. Did you mean 'accuracy'?",
        ),
        ("\n  - typos\n  - typos: 2", "10:5 The variants have 'typos' twice. Name it once."),
        (
            "\n  - {typos: 1, case: upper}",
            f"9:5 A kind of variant cannot be 2 names at once. {FORMS}",
        ),
        (" typos", "8:11 'variants' cannot be 'typos'. Write a list."),
        (" []", "8:11 The suite's variants are empty. Name a kind, such as 'typos'."),
        (
            "\n  - removed_passage: 1",
            "9:22 The variant 'removed_passage' takes no argument. Write 'removed_passage' alone.",
        ),
    ],
)
def test_a_mistake_is_told_at_its_place(mistakes, variants, wanted):
    """Line, column, what is wrong, and the nearest valid word."""
    assert mistakes(variants) == [wanted]


def test_all_mistakes_are_told_at_once(mistakes):
    """One wrong kind hides no other, nor a wrong gate."""
    found = mistakes("\n  - typoes\n  - case: {stiles: upper}", tail="gates: {acuracy: {min: 0.5}}")
    assert [line.split(" ")[0] for line in found] == ["9:5", "10:12", "11:9"]


def test_a_wrong_field_of_a_case_is_told_at_the_case(mistakes, tmp_path):
    """In the suite, and in a dataset of its own as well."""
    head = HEAD.replace("expected: nine,", "expected: nine, supporting: 5,")
    assert mistakes(" [removed_passage]", head=head) == [
        "3:5 The 'supporting' of 'hours' are no numbers of its passages. Write 1 to 2."
    ]
    (tmp_path / "rows.jsonl").write_text('\n{"id": "a", "input": "x", "translations": "y"}\n', "utf-8")
    head = "suite: s\ndataset: rows.jsonl\nchecks: [contains: x]\n"
    (found,) = mistakes(" [translations]", head=head)
    assert found.startswith("2:1 The 'translations' of 'a' are no mapping of languages")


def test_a_case_cannot_have_a_variants_id(mistakes):
    """Node ids stay unique: the case is told, as variants are named after theirs."""
    head = HEAD.replace("id: place", "id: hours~typos-1")
    assert mistakes(" [typos]", head=head) == [
        "4:5 The case id 'hours~typos-1' is that of a variant. Give the case another id."
    ]


def test_gates_stand_on_the_metrics_that_the_kinds_make(load, mistakes):
    """`invariance` and `directional` can be gated where a kind makes them, and nowhere else."""
    tail = "gates: {invariance: {min: 0.9}}"
    assert load(" [typos]", tail=tail).gates[0].metric == "invariance"
    assert load(" [removed_passage]", tail=tail.replace("invariance", "directional")).gates
    (found,) = mistakes(" [removed_passage]", tail=tail)
    assert found.startswith("9:9 No check of this suite makes the metric 'invariance'.")
    # What a wrong kind would have made is not known, so its gate is not called wrong as well.
    assert len(mistakes(" [typoes]", tail=tail)) == 1


def test_no_check_can_take_a_variants_metric(mistakes):
    """The two names are kept for variants, whether or not the suite has any."""
    head = HEAD.replace("metric: accuracy", "metric: invariance")
    said = "6:5 The metric 'invariance' already means something else. Give this check another name for it: "
    assert mistakes(" [typos]", head=head) == [f"{said}'metric: …'."]


def test_the_editors_schema_has_every_kind_with_its_options():
    """Editors complete kinds and options from the same signatures."""
    items = suite_schema(Registry())["properties"]["variants"]["items"]
    assert items["anyOf"][0]["enum"] == sorted(BUILTIN["variants"])
    forms = items["anyOf"][1]["properties"]["typos"]["anyOf"]
    assert set(forms[1]["properties"]) == {"count", "rate", "checks"}
