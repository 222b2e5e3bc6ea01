"""Search by vector, by full text and by both; filters, ties and reranking."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from word_embedder import WordEmbedder

from lockgate.model import Passage
from lockgate.retrieval.index import Collection
from lockgate.retrieval.search import fuse, search

ROWS = [
    {"id": "rome", "text": "Rome is the capital of Italy.", "lang": "en", "tags": ["city", "old"], "n": 1},
    {"id": "paris", "text": "Paris is the capital of France.", "lang": "en", "tags": ["city"], "n": 2},
    {"id": "cats", "text": "Cats sleep and purr.", "lang": "it's", "tags": [], "n": 1.5},
    {"id": "dogs", "text": "Dogs bark, cats do not: Rome knows.", "lang": "de", "n": None},
]


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """Four passages with metadata, embedded by their words."""
    folder = tmp_path_factory.mktemp("kb")
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    return Collection(name="kb", folder=folder, home=folder / ".home", embedder=WordEmbedder())


def ids(found):
    """The passages' ids, in order."""
    return [p.id for p in found]


@pytest.mark.parametrize("how", ["vector", "text", "hybrid"])
def test_each_question_gets_its_own_passages(collection, how):
    """Answers stand in the order of the questions, best first."""
    rome, purr = search(collection, ["Rome, capital of Italy", "do cats purr"], how=how, top_k=2)
    assert ids(rome)[0] == "rome"
    assert ids(purr)[0] == "cats"
    assert [p.score for p in rome] == sorted((p.score for p in rome), reverse=True)


def test_passages_carry_all_that_is_known(collection):
    """Text, source, metadata and score travel with a passage."""
    ((found,),) = search(collection, ["cats sleep and purr"], how="vector", top_k=1)
    assert found.score == pytest.approx(1.0, abs=1e-5)
    assert found.text == "Cats sleep and purr."
    assert found.source == "rows.jsonl"
    assert found.metadata == {"lang": "it's", "tags": [], "n": 1.5}


def test_full_text_finds_only_what_shares_a_word(collection):
    """Stems count, stop words do not, and a question without a known word finds nothing."""
    found = search(collection, ["sleeping", "the of is", "zebra", ""], how="text", top_k=4)
    assert [ids(f) for f in found] == [["cats"], [], [], []]


@pytest.mark.parametrize(
    "question", ['"Rome" AND (', "Rome:*^~\\", "'; DROP TABLE chunks; --Rome", "+Rome -Italy"]
)
def test_a_question_is_never_syntax(collection, question):
    """Operators and quotes in a question are text."""
    (found,) = search(collection, [question], how="hybrid", top_k=4)
    assert "rome" in ids(found)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"lang": "en"}, {"rome", "paris"}),
        ({"lang": ["en", "de"]}, {"rome", "paris", "dogs"}),
        ({"lang": "it's"}, {"cats"}),
        ({"tags": "old"}, {"rome"}),
        ({"tags": "city", "n": 2}, {"paris"}),
        ({"n": 1.5}, {"cats"}),
        ({"n": None}, {"dogs"}),
        ({"source": "rows.jsonl"}, {"rome", "paris", "cats", "dogs"}),
        ({"lang": "fr"}, set()),
        ({"nothing": "x"}, set()),
        ({"lang": []}, set()),
        ({"lang": "x') OR true OR ('"}, set()),
    ],
)
def test_a_filter_keeps_what_it_names(collection, where, expected):
    """Values are compared as they are, lists mean any of, names mean all of, and quotes are no way out."""
    (found,) = search(collection, ["capital"], how="vector", top_k=9, where=where)
    assert set(ids(found)) == expected


@pytest.mark.parametrize("how", ["vector", "text", "hybrid"])
def test_a_filter_comes_before_the_search(collection, how):
    """A passage that the filter keeps is found though others match better."""
    (found,) = search(
        collection, ["Rome capital of Italy"], how=how, top_k=1, candidates=1, where={"lang": "de"}
    )
    assert ids(found) == ["dogs"]


@pytest.mark.parametrize("how", ["vector", "hybrid"])
def test_fewer_passages_than_asked_for_are_no_error(collection, how):
    """A `top_k` over the collection's size gives all of it, each once."""
    (found,) = search(collection, ["Rome"], how=how, top_k=50)
    assert sorted(ids(found)) == ["cats", "dogs", "paris", "rome"]


def test_no_questions_are_no_work(collection):
    """An empty batch gives an empty list."""
    assert search(collection, []) == []


def test_a_question_alone_and_in_company_finds_the_same(collection):
    """Batching changes nothing."""
    questions = ["Rome", "cats", "capital of France"]
    together = search(collection, questions, top_k=4)
    assert together == [search(collection, [q], top_k=4)[0] for q in questions]


def test_fusion_adds_reciprocal_ranks():
    """The score is the sum of 1 / (60 + rank), as published."""
    a, b, c = (Passage(id=i, text=i) for i in "abc")
    fused = fuse([[a, b], [b, c]])
    assert ids(fused) == ["b", "a", "c"]
    assert [p.score for p in fused] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62])


@given(st.lists(st.lists(st.sampled_from("abcdef"), unique=True), max_size=3))
def test_fusion_keeps_every_passage_once(rankings):
    """Whatever the rankings, each passage is there once and the scores fall."""
    fused = fuse([[Passage(id=i, text=i) for i in ranking] for ranking in rankings])
    assert sorted(ids(fused)) == sorted({i for ranking in rankings for i in ranking})
    assert [p.score for p in fused] == sorted((p.score for p in fused), reverse=True)


def test_a_passage_high_in_both_rankings_wins():
    """Being first in both beats being first in one, and equal scores come in the order of ids."""
    a, b, c = (Passage(id=i, text=i) for i in "abc")
    assert ids(fuse([[b, a], [b, c]]))[0] == "b"
    assert ids(fuse([[c], [a], [b]])) == ["a", "b", "c"]


class Backwards:
    """Ranks candidates by the end of the alphabet."""

    identity = {}  # noqa: RUF012

    def __init__(self):
        self.seen = []

    def rank(self, questions, found):
        self.seen.append((list(questions), [len(f) for f in found]))
        return [sorted(f, key=lambda p: p.id, reverse=True) for f in found]


@pytest.mark.parametrize("how", ["vector", "hybrid"])
def test_a_reranker_gets_the_candidates_and_has_the_last_word(collection, how):
    """It sees `candidates` passages of every question at once, and its first `top_k` are given."""
    reranker = Backwards()
    found = search(collection, ["Rome", "cats"], how=how, top_k=1, candidates=3, reranker=reranker)
    assert reranker.seen == [(["Rome", "cats"], [3, 3])]
    assert all(len(f) == 1 for f in found)
    assert ids(found[0]) == ["rome"]


def test_few_candidates_never_mean_fewer_passages(collection):
    """`top_k` passages are given even where `candidates` is less."""
    (found,) = search(collection, ["Rome"], how="hybrid", top_k=4, candidates=1)
    assert len(found) == 4
