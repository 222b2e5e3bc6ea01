"""Answers that are JSON: one value of them, or the whole against a schema."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.checks import schema_loading
from lockgate.checks.structured import equals, json_schema
from lockgate.errors import MissingExtra, UsageError
from lockgate.model import Case, Completion, Counts, Measure, Setting

TRIAGE = {
    "type": "object",
    "properties": {"category": {"enum": ["refund", "bug"]}, "urgent": {"type": "boolean"}},
    "required": ["category", "urgent"],
    "additionalProperties": False,
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def judged(check, text, *, expected=None):
    """The check's verdict on an answer."""
    return check(Case(id="a", input="?", expected=expected), Completion(text=text))


@pytest.mark.parametrize(
    ("value", "options", "text", "status"),
    [
        ("yes", {}, " yes\n", "pass"),
        ("yes", {}, "Yes", "fail"),
        ("yes", {"ignore_case": True}, "YES", "pass"),
        ("5", {}, "5", "pass"),
        (5, {}, "5.0", "pass"),
        (5, {}, '"5"', "fail"),
        (0.3, {}, "0.30000000000000004", "pass"),
        (0.3, {}, "0.31", "fail"),
        (True, {}, "true", "pass"),
        (True, {}, "1", "fail"),
        (1, {}, "true", "fail"),
        (None, {}, "null", "pass"),
        (None, {}, "0", "fail"),
        (0, {}, "null", "fail"),
        ([1, "a"], {}, '[1.0, " a "]', "pass"),
        ([1, 2], {}, "[2, 1]", "fail"),
        ([1], {}, "[1, 1]", "fail"),
        ({"a": {"b": "X"}}, {"ignore_case": True}, '{"a": {"b": "x"}}', "pass"),
        ({"a": 1}, {}, '{"a": 1, "b": 2}', "fail"),
        ({"a": 1}, {}, "[1]", "fail"),
        pytest.param(10**400, {}, "5", "fail", id="beyond a double"),
        (["a"], {"extract": True}, 'Here: ["a"]. Done.', "pass"),
        (["a"], {}, 'Here: ["a"]. Done.', "fail"),
    ],
)
def test_the_whole_answer_is_compared(value, options, text, status):
    """Numbers compare as numbers, texts without white space around them, lists in order, objects by key."""
    found = judged(equals(value, **options), text)
    assert (found.status, dict(found.figures)) == (status, {"accuracy": status == "pass"})


ORDER = '{"category": "refund", "items": [{"name": "lamp"}, {"a key": 2, "a]b": [[7]]}], "n": null}'


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("category", "refund"),
        ("items[0].name", "lamp"),
        ("items[1]['a key']", 2),
        ('items[1]["a]b"][0][0]', 7),
        ("['items'][0]", {"name": "lamp"}),
        ("n", None),
    ],
)
def test_a_path_leads_to_one_value(path, value):
    """Keys, indexes and quoted keys are followed, and the value there is compared alone."""
    assert judged(equals(value, path=path), ORDER).status == "pass"
    assert judged(equals("other", path=path), ORDER).status == "fail"


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        (
            "categry",
            '{"category": 1}',
            "The answer has no categry: the key 'categry' is missing (Did you mean 'category'?).",
        ),
        ("x", "{}", "The answer has no x: the key 'x' is missing (There are no keys.)."),
        ("a[2]", '{"a": [1]}', "The answer has no a[2]: the list has 1 items, none numbered 2."),
        ("a", "[1]", "The answer has no a: there is no 'a' in a list."),
        ("[0]", "{}", "The answer has no [0]: there is no 0 in an object."),
        ("a.b", '{"a": "t"}', "The answer has no a.b: there is no 'b' in a text."),
        ("a.b", '{"a": 1.5}', "The answer has no a.b: there is no 'b' in a number."),
        ("a.b", '{"a": true}', "The answer has no a.b: there is no 'b' in true or false."),
        ("a.b", '{"a": null}', "The answer has no a.b: there is no 'b' in null."),
        ("a", "refund", "The answer is not JSON: line 1, column 1: Expecting value."),
        ("a", '{"a": 1} ok', "The answer is not JSON: line 1, column 10: text after the JSON value."),
        ("a", '{"a": 1, "a": 1}', "The answer is not JSON: the key 'a' comes twice in one object."),
        ("a", '{"a": NaN}', "The answer is not JSON: NaN is not JSON."),
    ],
)
def test_what_is_not_there_is_a_miss_that_says_so(path, text, reason):
    """No value at the path, or no JSON at all, is a miss with its cause."""
    found = judged(equals(1, path=path), text)
    assert (found.status, found.reason) == ("fail", reason)


@pytest.mark.parametrize(
    ("value", "options", "text", "reason"),
    [
        ("bug", {"path": "c"}, '{"c": "refund"}', 'c is "refund", expected "bug".'),
        (5, {}, "6", "The answer is 6, expected 5."),
        (
            "é",
            {},
            "e" * 200,
            f'The answer is "{"e" * 119}… (202 characters), expected "é".',
        ),
    ],
)
def test_a_miss_quotes_both_values(value, options, text, reason):
    """The reason has what is there and what is expected, cut visibly."""
    assert judged(equals(value, **options), text).reason == reason


def test_a_number_beyond_a_double_is_no_json():
    """Hundreds of digits are a miss with a reason, however many they are."""
    for digits in (350, 5000):
        found = judged(equals(5), "9" * digits)
        assert found.status == "fail"
        assert found.reason.endswith("is beyond a double's range.")


def test_equals_reads_templates_over_the_case():
    """A lone expression gives the value with its type; a tuple is a list."""
    check = equals({"c": "{{ expected.c }}", "n": "{{ expected.n }}"})
    assert judged(check, '{"c": "bug", "n": 2}', expected={"c": "bug", "n": 2}).status == "pass"
    assert judged(check, '{"c": "bug", "n": "2"}', expected={"c": "bug", "n": 2}).status == "fail"
    assert judged(equals("{{ (1, 2) }}"), "[1, 2]").status == "pass"


def test_equals_on_a_case_that_lacks_a_name_is_an_error():
    """A template that the case cannot fill breaks this verdict alone."""
    found = judged(equals("{{ wanted }}"), "x")
    assert (found.status, dict(found.figures)) == ("error", {"accuracy": None})
    assert "no variable 'wanted'" in found.reason


@pytest.mark.parametrize("path", ["", ".", "a..b", "a[", "a[-1]", "a[x]", "a['b]", "a.", "[]"])
def test_what_is_no_path_is_refused(path):
    """A path that cannot be read is a mistake of the suite, with examples of how to write one."""
    with pytest.raises(UsageError) as caught:
        equals(1, path=path)
    assert str(caught.value) == (f"{path!r} is not a path. Write it as category, items[0].name or ['a key'].")


@settings(deadline=None)
@given(VALUES)
def test_every_value_equals_itself_written_as_json(value):
    """Whatever the value, its JSON equals it, and a list around it does not."""
    check = equals(value if not isinstance(value, str) else [value])
    wrapped = [value] if isinstance(value, str) else value
    if "{{" not in str(value) and "{%" not in str(value) and "{#" not in str(value):
        assert judged(check, json.dumps(wrapped)).status == "pass"
        assert judged(check, json.dumps([wrapped, wrapped])).status == "fail"


def schema_check(schema=TRIAGE, base=Path(), **options):
    """The check `json_schema` with its setting."""
    return json_schema(schema, setting=Setting(base=base), **options)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ('{"category": "bug", "urgent": true}', Counts(tp=2)),
        ('{"category": "late", "urgent": true}', Counts(tp=1, fp=1)),
        ('{"category": "bug"}', Counts(tp=1, fn=1)),
        ('{"category": "bug", "urgent": true, "x": 1}', Counts(tp=2, fp=1)),
        ('{"urgent": 1, "x": 1}', Counts(fp=2, fn=1)),
        ("{}", Counts(fn=2)),
        ("[]", Counts(fp=1, fn=2)),
        ("sorry", Counts(fn=2)),
        ('{"category": "bug", "urgent": true}.', Counts(fn=2)),
        ('{"category": "bug", "category": "bug", "urgent": true}', Counts(fn=2)),
        ('{"category": "bug", "urgent": NaN}', Counts(fn=2)),
    ],
)
def test_an_answer_makes_adherence_and_counts(text, counts):
    """An answer adheres exactly when no field is wrong and none is missing; no JSON misses them all."""
    found = judged(schema_check(), text)
    clean = counts.fp + counts.fn == 0
    assert dict(found.figures) == {"format_adherence": clean, "format_f1": counts}
    assert found.status == ("pass" if clean else "fail")
    f1 = 2 * counts.tp / (2 * counts.tp + counts.fp + counts.fn)
    assert found.score == pytest.approx(f1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no", "The answer is not JSON: line 1, column 1: Expecting value."),
        (
            '{"category": "late", "urgent": true}',
            "$.category: 'late' is not one of ['refund', 'bug'] (rule 'enum').",
        ),
        ('{"category": "bug"}', "$: 'urgent' is a required property (rule 'required')."),
    ],
)
def test_a_violation_says_where_what_and_by_which_rule(text, reason):
    """The reason has the JSON path, the problem and the schema's keyword."""
    assert judged(schema_check(), text).reason == reason


def test_many_violations_are_cut_visibly():
    """Five violations are shown, and the rest counted."""
    found = judged(schema_check({"items": {"type": "string"}}), json.dumps(list(range(8))))
    assert found.reason.count("(rule 'type')") == 5
    assert found.reason.endswith(" And 3 more.")


def test_answers_of_as_many_fields_share_one_verdict():
    """Nothing differs between two that pass with as many fields; another metric has its own."""
    check, other = (json_schema(TRIAGE, metric=name, setting=Setting()) for name in ("first", "second"))
    bug, refund = (f'{{"category": "{name}", "urgent": true}}' for name in ("bug", "refund"))
    assert judged(check, bug) is judged(check, refund)
    assert judged(check, bug).check == "json_schema"
    assert judged(other, bug).figures == {"second": True, "format_f1": Counts(tp=2)}


def test_json_in_prose_counts_only_with_extract():
    """By default the whole answer has to be JSON; with `extract` the one value in it is read."""
    text = 'Sure:\n```json\n{"category": "bug", "urgent": true}\n```\nAnything else?'
    assert judged(schema_check(), text).status == "fail"
    assert judged(schema_check(extract=True), text).status == "pass"
    assert judged(schema_check(extract=True), "{} or {}").reason == (
        "The answer is not JSON: 2 JSON values in the text."
    )


def test_measures_and_identity_follow_the_options():
    """The first metric takes the given name, the second is F1; schema and options tell checks apart."""
    check = schema_check(metric="m")
    assert check.measures == (Measure(name="m"), Measure(name="format_f1", kind="f1"))
    assert judged(check, "{}").metric == "m"
    assert len({str(c.identity) for c in (check, schema_check(), schema_check(True))}) == 3
    assert equals(1).identity != equals(1, extract=True).identity != equals(2).identity


def test_a_schema_file_lies_beside_the_suite(tmp_path):
    """A relative path starts at the setting's folder, and the content counts, not the name."""
    (tmp_path / "a.json").write_text(json.dumps(TRIAGE), "utf-8")
    check = schema_check("a.json", base=tmp_path)
    assert judged(check, '{"category": "bug", "urgent": true}').status == "pass"
    assert check.identity == schema_check().identity


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ("triage.jsn", "There is no schema file 'triage.jsn'. Did you mean 'triage.json'?"),
        ("none/x.json", "There is no schema file 'none/x.json'. There are no JSON files in none."),
        (
            "broken.json",
            "The schema file 'broken.json' is not JSON: line 1, column 1: Expecting value. Correct it.",
        ),
        ("latin.json", "The schema file 'latin.json' is not JSON: 'utf-8' codec can't decode"),
        ("list.json", "list.json is not a JSON Schema: it is no object. Write an object."),
    ],
)
def test_a_schema_file_that_cannot_be_used_is_refused(tmp_path, schema, text):
    """A missing file suggests the nearest; one that is no JSON or no schema says so."""
    (tmp_path / "triage.json").write_text("{}")
    (tmp_path / "broken.json").write_text("nul")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "latin.json").write_bytes(b'"\xe9"')
    with pytest.raises(UsageError) as caught:
        schema_check(schema, base=tmp_path)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"$ref": "#nowhere"}])
def test_a_schema_that_cannot_be_followed_is_an_error(schema):
    """A circle or an anchor that is nowhere breaks the verdict with both figures unknown, and no more."""
    found = judged(schema_check(schema), "{}")
    assert (found.status, dict(found.figures)) == ("error", {"format_adherence": None, "format_f1": None})
    assert found.reason.startswith("The schema cannot be followed: ")


@settings(deadline=None)
@given(VALUES)
def test_adherence_and_counts_agree(value):
    """Whatever the answer, it adheres exactly when it has neither false positives nor false negatives."""
    found = judged(schema_check(), json.dumps(value))
    counts = found.figures["format_f1"]
    assert found.figures["format_adherence"] == (counts.fp + counts.fn == 0) == (found.status == "pass")


HOSTILE = {
    "100 MB": ("x" * 100_000_000, "fail"),
    "100 MB of a list": ("[" + "1," * 50_000_000 + "1]", "fail"),
    "100,000 deep": ("[" * 100_000 + "]" * 100_000, "fail"),
    "objects 100,000 deep": ('{"a":' * 100_000 + "1" + "}" * 100_000, "fail"),
    "no UTF-8": ("\udcff\udcfe", "fail"),
    "half a pair": ('"\\ud800"', "fail"),
    "a catastrophe for the pattern": ('{"code": "' + "a" * 100 + 'b"}', "error"),
    "a key that is one": ('{"' + "a" * 100 + 'b": 1}', "error"),
    "many items": ('{"list": [' + "1," * 400_000 + "1]}", "error"),
    "many equal items": ('{"set": [' + "1," * 400_000 + "1]}", "fail"),
    "branches of branches": ('{"tree": ' + "[" * 100 + '"x"' + "]" * 100 + "}", "error"),
}
SCHEMA = {
    "properties": {
        "code": {"pattern": "^(a|aa)+$"},
        "list": {"items": {"type": "integer"}},
        "set": {"uniqueItems": True},
        "tree": {"$ref": "#/$defs/tree"},
    },
    "patternProperties": {"^(a|aa)+$": {}},
    "$defs": {
        "tree": {"anyOf": [{"type": "integer"}, *[{"type": "array", "items": {"$ref": "#/$defs/tree"}}] * 2]}
    },
}


@pytest.mark.parametrize("extract", [False, True])
@pytest.mark.parametrize("name", HOSTILE)
def test_no_answer_crashes_or_hangs(name, extract):
    """Whatever the answer, there is a verdict that says what is wrong, within a second or so."""
    text, status = HOSTILE[name]
    check = json_schema(SCHEMA, extract=extract, setting=Setting())
    start = time.thread_time()
    found = judged(check, text)
    assert time.thread_time() - start < 2
    assert (found.status, bool(found.reason)) == (status, True)
    found.reason.encode()


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet=st.characters()) | st.binary().map(lambda b: b.decode(errors="surrogateescape")))
def test_any_text_has_a_verdict(text):
    """No text raises, and its reason can be written."""
    for extract in (False, True):
        found = judged(json_schema(SCHEMA, extract=extract, setting=Setting()), text)
        assert found.status in ("pass", "fail")
        found.reason.encode()


@pytest.mark.parametrize(
    ("draft", "schema", "answer", "status"),
    [
        ("draft3", {"properties": {"a": {"required": True}}}, "{}", "fail"),
        ("draft3", {"properties": {"a": {"required": True}}}, '{"a": 1}', "pass"),
        ("draft4", {"minimum": 1, "exclusiveMinimum": True}, "1", "fail"),
        ("draft6", {"exclusiveMinimum": 1}, "1", "fail"),
        ("draft7", {"items": [{"type": "integer"}], "additionalItems": False}, "[1, 2]", "fail"),
        ("draft2019-09", {"items": [{"type": "integer"}]}, '["x"]', "fail"),
        ("draft2020-12", {"prefixItems": [{"type": "integer"}]}, '["x"]', "fail"),
        ("draft7", {"prefixItems": [{"type": "integer"}]}, '["x"]', "pass"),
    ],
)
def test_a_schema_without_its_draft_is_read_as_the_option_says(draft, schema, answer, status):
    """`draft` names the draft of a schema that does not."""
    assert judged(json_schema(schema, draft=draft, setting=Setting()), answer).status == status


def test_the_schemas_own_draft_wins():
    """`$schema` is the schema's word."""
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": True, "minimum": 1}
    assert judged(json_schema(schema, draft="draft7", setting=Setting()), "1").status == "fail"


def test_a_required_member_of_draft_3_is_missing():
    """Where a member itself says that it is required, its absence is a false negative."""
    check = json_schema({"properties": {"a": {"required": True}, "b": {}}}, draft="draft3", setting=Setting())
    assert judged(check, '{"b": 1}').figures["format_f1"] == Counts(tp=1, fn=1)


def test_a_dialect_that_is_not_carried_is_refused():
    """A `$schema` that would have to be fetched is a mistake of the suite, not read as another draft."""
    with pytest.raises(UsageError, match=r"written in 'https://example\.org/mine', which is not"):
        json_schema({"$schema": "https://example.org/mine"}, setting=Setting())


def test_a_format_that_nothing_can_read_needs_its_extra(monkeypatch):
    """Where formats are to be enforced, one that nothing installed can read would pass everything."""
    monkeypatch.setattr(schema_loading, "find_spec", lambda name: None)
    schema = {"properties": {"a": {"format": "idn-hostname"}}}
    json_schema(schema, setting=Setting())
    with pytest.raises(MissingExtra, match=r"lockgate\[formats\]"):
        json_schema(schema, formats=True, setting=Setting())


@pytest.mark.parametrize(
    ("answer", "counts", "precision", "recall"),
    [
        ('{"id": 1, "items": [{"name": "lamp"}]}', Counts(tp=2), 1.0, 1.0),
        ('{"id": 1.0, "items": [{"name": " lamp "}]}', Counts(tp=2), 1.0, 1.0),
        ('{"id": 2, "items": [{"name": "lamp"}]}', Counts(tp=1, fp=1, fn=1), 0.5, 0.5),
        ('{"id": 1}', Counts(tp=1, fn=1), 1.0, 0.5),
        ('{"id": 1, "items": [{"name": "lamp"}], "x": {}, "y": []}', Counts(tp=2, fp=2), 0.5, 1.0),
        ("{}", Counts(fp=1, fn=2), 0.0, 0.0),
        ("no", Counts(fn=2), 0.0, 0.0),
    ],
)
def test_values_are_scored_against_the_expected_object(answer, counts, precision, recall):
    """Every value by its path: right, wrong or unexpected, missing; the verdict rests on the schema alone."""
    check = json_schema({"type": "object"}, expected="{{ expected }}", setting=Setting())
    found = judged(check, answer, expected={"id": 1, "items": [{"name": "lamp"}]})
    figures = (found.figures["field_f1"], found.figures["field_precision"], found.figures["field_recall"])
    assert figures == (counts, precision, recall)
    assert found.status == ("fail" if answer == "no" else "pass")
    assert [m.name for m in check.measures][2:] == ["field_f1", "field_precision", "field_recall"]


def test_a_case_that_lacks_what_is_expected_is_an_error():
    """A template that names nothing leaves the metric unknown and says so."""
    found = judged(json_schema({}, expected="{{ wanted }}", setting=Setting()), "{}")
    assert (found.status, found.figures) == ("error", {"format_adherence": None})


def test_a_broken_pattern_is_refused_in_every_draft():
    """Draft 4's own schema does not look at the keys of `patternProperties`."""
    schema = {"items": [{"patternProperties": {"(": {}}}]}
    for draft in ("draft3", "draft4", "draft7"):
        with pytest.raises(UsageError, match=r"'\('"):
            json_schema(schema, draft=draft, setting=Setting())
