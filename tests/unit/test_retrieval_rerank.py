"""Rerankers: late interaction on an encoder's tokens, and cross-encoders, on tiny weights."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_encoder import save_tiny_classifier, save_tiny_encoder

from lockgate.errors import FatalBackendError, UsageError
from lockgate.model import Passage
from lockgate.retrieval import rerank
from lockgate.retrieval.encoder import LocalEmbedder
from lockgate.retrieval.rerank import CrossEncoder, LateInteraction, reranker

TEXTS = ["the cat sat on the mat", "rome is in italy", "a dog ran"]


def passages(*texts):
    """Passages whose ids are their texts."""
    return [Passage(id=t, text=t) for t in texts]


class ByLetter:
    """An encoder whose tokens are letters, each with a place of its own."""

    identity = {"embed": "letters"}  # noqa: RUF012

    def __init__(self):
        self.encoded = []

    def encode_tokens(self, texts):
        self.encoded.append(list(texts))
        return [np.eye(26, dtype=np.float32)[[ord(c) - 97 for c in text]].reshape(-1, 26) for text in texts]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """The tiny encoder."""
    folder = save_tiny_encoder(tmp_path_factory.mktemp("encoder"))
    return LocalEmbedder(model=str(folder), weights="tiny")


@pytest.fixture(scope="module", params=[1, 2])
def classifier(request, tmp_path_factory):
    """A tiny cross-encoder's folder, with one label and with two."""
    return save_tiny_classifier(tmp_path_factory.mktemp("classifier"), labels=request.param)


def test_late_interaction_is_the_mean_of_best_matches():
    """Each token of the question counts its best match; the score is their mean."""
    (found,) = LateInteraction(encoder=ByLetter()).rank(["abc"], [passages("xbx", "xyz", "cab")])
    assert [(p.id, round(p.score, 4)) for p in found] == [("cab", 1.0), ("xbx", 0.3333), ("xyz", 0.0)]


def test_an_exact_passage_is_best_for_a_real_encoder(encoder):
    """A passage that is the question itself is never behind others."""
    found = LateInteraction(encoder=encoder).rank(TEXTS, [passages(*TEXTS)] * 3)
    assert [f[0].id for f in found] == TEXTS
    assert all(f[0].score == pytest.approx(1.0, abs=1e-4) for f in found)


def test_equal_scores_come_in_the_order_of_ids():
    """The order does not depend on the candidates' order."""
    (found,) = LateInteraction(encoder=ByLetter()).rank(["a"], [passages("ca", "ba", "aa")])
    assert [p.id for p in found] == ["aa", "ba", "ca"]


def test_each_passage_is_encoded_once():
    """Questions that share candidates, and later calls, encode a passage once."""
    letters = ByLetter()
    late = LateInteraction(encoder=letters)
    late.rank(["q", "r"], [passages("a", "b"), passages("b", "c")])
    late.rank(["s"], [passages("c", "d")])
    assert letters.encoded == [["a", "b", "c"], ["q", "r"], ["d"], ["s"]]


def test_no_more_passages_are_kept_than_allowed(monkeypatch):
    """The oldest passages are let go."""
    monkeypatch.setattr(rerank, "_KEPT", 2)
    late = LateInteraction(encoder=ByLetter())
    late.rank(["q"], [passages("a", "b", "c")])
    late.rank(["q"], [passages("d")])
    assert list(late._kept) == ["c", "d"]


def test_a_question_or_passage_without_tokens_scores_least():
    """What has no tokens matches nothing, and is no error."""
    late = LateInteraction(encoder=ByLetter())
    assert late.rank([""], [passages("a")])[0][0].score == -1.0
    assert [p.id for p in late.rank(["a"], [passages("", "b")])[0]] == ["b", ""]


def test_no_candidates_give_none(encoder, classifier):
    """A question without candidates stays without."""
    assert LateInteraction(encoder=encoder).rank(["a cat"], [[]]) == [[]]
    assert CrossEncoder(model=str(classifier), weights="").rank(["a cat"], [[]]) == [[]]


def test_a_cross_encoder_reads_the_pair(classifier):
    """The score is the logit of one label, or the difference of two, of question and passage together."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(classifier)
    network = AutoModelForSequenceClassification.from_pretrained(classifier).eval()
    expected = {}
    for text in TEXTS:
        with torch.no_grad():
            logits = network(**tokenizer("where is rome", text, return_tensors="pt")).logits[0]
        expected[text] = float(logits[-1] - (logits[0] if len(logits) == 2 else 0.0))
    (found,) = CrossEncoder(model=str(classifier), weights="").rank(["where is rome"], [passages(*TEXTS)])
    assert {p.id: p.score for p in found} == pytest.approx(expected, abs=1e-5)
    assert [p.id for p in found] == sorted(TEXTS, key=lambda t: -expected[t])


def test_cross_encoder_batches_change_nothing(classifier, monkeypatch):
    """Scores are the same in batches of one, and each question keeps its own passages."""
    cross = CrossEncoder(model=str(classifier), weights="")
    found = [passages(*TEXTS), passages(TEXTS[0])]
    together = cross.rank(["a cat", "a dog"], found)
    monkeypatch.setattr(rerank, "_BATCH", 1)
    alone = cross.rank(["a cat", "a dog"], found)
    assert [[p.id for p in f] for f in alone] == [[p.id for p in f] for f in together]
    assert [p.score for f in alone for p in f] == pytest.approx(
        [p.score for f in together for p in f], abs=1e-5
    )


def test_a_long_passage_is_cut_and_not_an_error(classifier):
    """A passage over the network's length is read as far as it goes."""
    (found,) = CrossEncoder(model=str(classifier), weights="").rank(["a cat"], [passages("cat " * 900)])
    assert np.isfinite(found[0].score)


def test_a_question_longer_than_the_network_reads_is_cut(classifier):
    """A question that alone fills the network is cut as a passage is; its passages are still ranked."""
    (found,) = CrossEncoder(model=str(classifier), weights="").rank(["where " * 900], [passages(*TEXTS)])
    assert sorted(p.id for p in found) == sorted(TEXTS)
    assert all(np.isfinite(p.score) for p in found)


def test_a_classifier_of_many_labels_is_no_reranker(tmp_path):
    """A model with three labels is refused in one line."""
    folder = save_tiny_classifier(tmp_path / "three", labels=3)
    with pytest.raises(
        FatalBackendError, match=r"has 3 labels\. Name a cross-encoder, which has one or two\.$"
    ):
        CrossEncoder(model=str(folder), weights="").rank(["a"], [passages("b")])


def test_specs_name_rerankers(tmp_path):
    """`minilm`, a folder and a hub id each have an identity of their own, found without loading weights."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.safetensors").write_bytes(b"1")
    before = reranker("mine", base=tmp_path).identity
    (tmp_path / "mine" / "model.safetensors").write_bytes(b"2")
    after = reranker("mine", base=tmp_path).identity
    hub = reranker("org/name", base=tmp_path).identity
    late = reranker("minilm", base=tmp_path).identity
    assert hub == {"rerank": "org/name"}
    assert late["rerank"] == "late-interaction"
    assert len({str(i) for i in (before, after, hub, late)}) == 4


def test_a_spec_that_names_nothing_is_a_usage_error():
    """The text says what may stand there."""
    with pytest.raises(UsageError) as raised:
        reranker("minilmm")
    assert str(raised.value) == (
        "There is no reranker 'minilmm'. Write minilm, or a cross-encoder's folder or hub id."
    )
