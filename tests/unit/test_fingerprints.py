"""Content hashes: the same content gives the same key, on every machine and in every release."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.fingerprints import digest, hash_file, hash_files

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_a_digest_stays_what_it_was():
    """Journals are kept for years: the hash of a value is the same in every release."""
    assert digest({"b": [1, 2.5, None], "a": "é"}) == "d764fee2563da33e"
    assert (
        digest({"b": [1, 2.5, None], "a": "é"})
        == (hashlib.sha256('{"a":"é","b":[1,2.5,null]}'.encode()).hexdigest()[:16])
    )


@given(st.dictionaries(st.text(), VALUES, min_size=2, max_size=4))
def test_the_order_of_keys_does_not_count(value):
    """A mapping written in another order is the same, at any depth."""
    turned = dict(reversed(value.items()))
    assert digest(turned) == digest(value)
    assert digest([{"inner": turned}]) == digest([{"inner": value}])


def test_all_else_counts():
    """Another order of a list, another type, another key and another text are each another hash."""
    values = [[1, 2], [2, 1], ["1", 2], [[1, 2]], {"1": 2}, {"1": "2"}, "12", "12 "]
    assert len({digest(value) for value in values}) == len(values)


def test_half_a_character_has_a_hash():
    """What a model can emit can be hashed, though UTF-8 cannot hold it."""
    assert digest("\ud83d") != digest("\ud83e")


def test_what_is_not_json_is_refused():
    """A value that has no canonical form is a mistake of ours."""
    with pytest.raises(TypeError):
        digest({"a": object()})


def test_a_file_is_hashed_by_its_bytes(tmp_path):
    """However large: the hash is SHA-256 of it all."""
    content = b"0123456789abcdef" * (1 << 17) + b"end"
    (tmp_path / "f").write_bytes(content)
    assert hash_file(tmp_path / "f") == hashlib.sha256(content).hexdigest()


def test_files_are_hashed_by_name_and_content(tmp_path):
    """Neither their order nor the folder they lie in counts; a name and a content do."""

    def hashed(folder, names, contents):
        paths = [tmp_path / folder / name for name in names]
        for path, content in zip(paths, contents, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return hash_files(tmp_path / folder, paths)

    first = hashed("one", ["a", "sub/b"], ["x", "y"])
    assert hashed("two", ["sub/b", "a"], ["y", "x"]) == first
    assert hashed("three", ["a", "sub/b"], ["y", "x"]) != first
    assert hashed("four", ["a", "sub/c"], ["x", "y"]) != first
