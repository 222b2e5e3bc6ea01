"""Tables of keys: what is let through, and each way in which a mapping can be wrong."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from lockgate.documents.environment import substitute
from lockgate.documents.tables import Key, Table, check_mapping, checker, is_secret, quote
from lockgate.documents.yaml_source import parse

TABLE = Table(
    noun="a thing",
    keys=(
        Key(name="name", annotation=str, required=True, doc="What it is called."),
        Key(name="count", annotation=int, least=2),
        Key(name="mode", annotation=Literal["fast", "slow"] | None),
        Key(name="api_key", annotation=str),
    ),
)


def _checked(text, *, table=TABLE, environ=None, pending=False):
    root, findings = parse(text, "t.yaml")
    if environ is not None:
        root = substitute(root, environ, findings)
    right = check_mapping(root, table, findings, pending=pending)
    values = {name: node.value for name, node in right.items()}
    return values, [f"{p.line}:{p.column}: {p.message}" for p in findings.problems]


def test_what_is_right_is_let_through():
    """Required, optional and empty where that is allowed."""
    assert _checked("name: a\ncount: 2\nmode:") == ({"name": "a", "count": 2, "mode": None}, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nam: a\nname: b", "1:1: There is no key 'nam' in a thing. Did you mean 'name'?"),
        (
            "name: b\nzz: a",
            "2:1: There is no key 'zz' in a thing. The keys there are: 'name', 'count', 'mode', 'api_key'.",
        ),
        ("count: 3", "1:1: The key 'name' is missing in a thing (What it is called). Add it."),
        ("name:", "1:6: 'name' is empty. Write a text."),
        ("name: 3", "1:7: 'name' cannot be 3. Write a text."),
        ("name: [a]", "1:7: 'name' cannot be a list. Write a text."),
        ("name: {a: b}", "1:7: 'name' cannot be a mapping. Write a text."),
        ("name: 2024.50", "1:7: 'name' cannot be 2024.50. Write a text."),
        ("name: a\ncount: 1", "2:8: 'count' cannot be 1. Write a whole number from 2 on."),
        ("name: a\ncount: true", "2:8: 'count' cannot be true. Write a whole number."),
        ("name: a\nmode: fsat", "2:7: 'mode' cannot be 'fsat'. Did you mean 'fast'?"),
        ("name: a\napi_key: 1234", "2:10: 'api_key' cannot be this value. Write a text."),
        ("- name", "1:1: A thing is a mapping, not a list. Write keys such as 'name: …'."),
        ("x", "1:1: A thing is a mapping, not 'x'. Write keys such as 'name: …'."),
        ("~", "1:1: A thing is a mapping, not null. Write keys such as 'name: …'."),
    ],
)
def test_each_mistake_is_one_sentence_and_a_remedy(text, problem):
    """What is wrong, what was written, what may be."""
    assert _checked(text)[1] == [problem]


def test_all_mistakes_are_told_and_what_is_right_is_kept():
    """One wrong key does not hide another, nor the right ones."""
    values, problems = _checked("name: a\ncount: x\nmode: z\nmore: 1")
    assert values == {"name": "a"}
    assert [problem[:4] for problem in problems] == ["4:1:", "2:8:", "3:7:"]


def test_an_unlisted_key_may_be_let_through():
    """Rows of a dataset keep their own fields."""
    table = Table(noun="a row", keys=TABLE.keys, unlisted=True)
    assert _checked("name: a\nother: [1]", table=table) == ({"name": "a", "other": [1]}, [])


def test_a_table_without_keys_says_to_write_nothing():
    """There is no key to suggest."""
    assert _checked("x", table=Table(noun="a void", keys=()))[1] == [
        "1:1: A void is a mapping, not 'x'. Write nothing here."
    ]


def test_the_environment_gives_numbers_where_numbers_are_wanted():
    """A variable is always a text; it becomes the key's type, and is quoted as it is written."""
    text = "name: '${A}'\ncount: '${A}'"
    assert _checked(text, environ={"A": "3"}) == ({"name": "3", "count": 3}, [])
    assert _checked(text, environ={"A": "hidden"})[1] == [
        "2:8: 'count' cannot be '${A}'. Write a whole number."
    ]
    assert _checked(text, environ={"A": "1"})[1] == [
        "2:8: 'count' cannot be '${A}'. Write a whole number from 2 on."
    ]
    assert _checked(text, environ={"A": "1e999"})[1] == [
        "2:8: 'count' cannot be '${A}'. Write a whole number."
    ]


def test_an_unset_variable_may_stand_for_a_value_to_come():
    """Only where that is asked for."""
    text = "name: a\ncount: '${NOT_SET}'"
    assert _checked(text, pending=True) == ({"name": "a", "count": "${NOT_SET}"}, [])
    assert _checked(text)[1] == ["2:8: 'count' cannot be '${NOT_SET}'. Write a whole number."]


def test_a_long_value_is_cut_in_its_error():
    """Sixty characters say enough."""
    root, _ = parse("x" * 100)
    assert quote(root) == f"'{'x' * 58}…"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("api_key", True),
        ("TOKEN", True),
        ("hf_token", True),
        ("password", True),
        ("client_secret", True),
        ("max_tokens", False),
        ("api_key_env", False),
        ("model", False),
    ],
)
def test_secrets_are_told_by_their_names(name, secret):
    """Keys, tokens, secrets and passwords; counts of tokens and names of variables are none."""
    assert is_secret(name) is secret


def test_an_annotation_of_anything_takes_anything():
    """Even nothing."""
    table = Table(noun="a thing", keys=(Key(name="any", annotation=Any),))
    assert _checked("any:", table=table) == ({"any": None}, [])


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ({"n": 2}, True),
        ({"n": 2, "word": "a"}, True),
        ({"n": 1}, False),
        ({"n": True}, False),
        ({"word": "a"}, False),
        ({"n": 2, "word": "c"}, False),
        ({"n": 2, "m": 3}, False),
        ([2], False),
    ],
)
def test_a_checker_knows_what_is_right_without_saying_why(value, right):
    """Types, words, least numbers, missing and unknown keys, as `check_mapping` has them."""
    keys = (
        Key(name="n", annotation=int, required=True, least=2),
        Key(name="word", annotation=Literal["a", "b"]),
    )
    assert checker(Table(noun="a row", keys=keys))(value) is right


def test_a_table_knows_what_holds_where_nothing_is_written():
    """What is right is taken as written, null included; all else has the key's default."""
    table = Table(
        noun="a row", keys=(Key(name="n", annotation=int | None, default=3), Key(name="word", default="a"))
    )
    root, findings = parse("n: null\nother: 1\n")
    right = check_mapping(root, table, findings)
    assert table.filled(right) == {"n": None, "word": "a"}
    assert table.filled({}) == {"n": 3, "word": "a"}
