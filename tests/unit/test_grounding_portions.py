"""Passages in portions: nothing lost, nothing too long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.grounding.portions import portions
from lockgate.model import Passage

SEPARATORS = st.lists(st.sampled_from(["", " ", ". ", "\n", "! "]), max_size=40)


def passages(*texts):
    return [Passage(id=f"p{n}", text=text) for n, text in enumerate(texts)]


def texts(found):
    return [[p.text for p in portion] for portion in found]


def test_short_passages_share_a_portion():
    """As many as fit, in their order."""
    found = portions(passages("aaaa", "bbbb", "cc"), 8)
    assert texts(found) == [["aaaa", "bbbb"], ["cc"]]
    assert [p.id for portion in found for p in portion] == ["p0", "p1", "p2"]


def test_a_long_passage_is_cut_between_sentences():
    """Each piece begins with the last sentence of the one before, where there is room."""
    found = portions(passages("It is blue. It is red. It is green."), 24)
    assert texts(found) == [["It is blue. It is red."], [" It is red. It is green."]]


def test_a_sentence_that_fills_a_piece_is_not_repeated():
    """Without room for both, the next piece begins after it."""
    found = portions(passages("It is a very long one. It is so long, too."), 22)
    assert texts(found) == [["It is a very long one."], [" It is so long, too."]]


def test_a_sentence_longer_than_a_portion_is_cut():
    """Even then every character is there."""
    assert "".join(t for portion in texts(portions(passages("x" * 50), 20)) for t in portion) == "x" * 50


@given(st.lists(SEPARATORS, max_size=4), st.integers(8, 60))
def test_every_character_is_in_a_portion_and_none_is_too_long(separators, most):
    """Pieces of a passage, laid over one another, give the passage again."""
    whole = passages(*("".join(f"{n:04d}{s}" for n, s in enumerate(one)) for one in separators))
    found = portions(whole, most)
    assert all(sum(map(len, portion)) <= most for portion in texts(found))
    for passage in whole:
        covered = 0
        for piece in (p.text for portion in found for p in portion if p.id == passage.id):
            start = passage.text.rfind(piece, 0, covered + len(piece))
            assert start >= 0
            covered = start + len(piece)
        assert covered == len(passage.text)
