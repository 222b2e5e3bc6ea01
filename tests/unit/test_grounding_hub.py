"""Groundedness by published detectors: tiny classifiers of pairs and of tokens stand in for them."""

from __future__ import annotations

import json

import pytest
import torch
from tiny_encoder import save_tiny_classifier, save_tiny_encoder, save_tiny_token_classifier

from lockgate.checks.groundedness import grounded
from lockgate.errors import FatalBackendError
from lockgate.model import Case, Completion, Setting
from lockgate.retrieval.loading import load_network

CASE = Case(
    id="a", input="what cat?", context="the cat sat on a mat. a dog ran in the park. rome is in italy."
)
LONG = " ".join([*CASE.context, "the dog eats a fish on a mat.", "a cat ran in paris."])
ANSWER = Completion(text="the cat sat. a dog eats fish.")


def check(folder, threshold=None):
    """The check with the detector in a folder."""
    return grounded(threshold, engine=f"hf:{folder.name}", setting=Setting(base=folder.parent))


def labelled(folder, *names):
    """The folder's model with these names of its labels."""
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = {str(n): name for n, name in enumerate(names)}
    config["label2id"] = {name: n for n, name in enumerate(names)}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def pair_chances(folder, claim, evidence, label):
    """What the model itself says of one pair."""
    tokenizer, network = load_network(str(folder), "cross-encoder")
    with torch.inference_mode():
        logits = network(**tokenizer([evidence], [claim], return_tensors="pt")).logits[0]
    return float(torch.sigmoid(logits[0]) if label is None else torch.softmax(logits, -1)[label])


@pytest.mark.parametrize(
    ("names", "label"),
    [(["x", "y"], 1), (["entailment", "neutral", "contradiction"], 0), (["score"], None)],
)
def test_a_pair_classifier_scores_each_claim_by_its_best_window(tmp_path, names, label):
    """The label is the one named so, the last of two, or the only one."""
    folder = labelled(save_tiny_classifier(tmp_path / "m", labels=len(names)), *names)
    verdict = check(folder, 1.0)(Case(id="a", input="?", context=LONG), ANSWER)
    spans = [s for s in verdict.evidence if s.source == "answer"]
    assert [c.text.strip() for c in spans] == ["the cat sat.", "a dog eats fish."]
    for claim, near in zip(verdict.evidence[::2], verdict.evidence[1::2], strict=True):
        chances = {w: pair_chances(folder, claim.text.strip(), w, label) for w in windows_of(near.text)}
        assert claim.score == pytest.approx(max(chances.values()), abs=1e-3)
        assert max(chances, key=chances.get) == near.text.strip()
        assert LONG[near.start : near.end] == near.text


def windows_of(near):
    """The windows that the long context is read in: three sentences each, the last one twice."""
    sentences = [f"{s}." for s in LONG.rstrip(".").split(". ")]
    found = [" ".join(sentences[at : at + 3]) for at in range(0, len(sentences) - 2, 2)]
    assert near.strip() in found
    return found


def test_labels_that_say_nothing_are_refused(tmp_path):
    """Of three labels one has to say which is support."""
    folder = labelled(save_tiny_classifier(tmp_path / "m", labels=3), "a", "b", "c")
    with pytest.raises(
        FatalBackendError, match=r"has the labels \['a', 'b', 'c'\], and none says supported\."
    ):
        check(folder)(CASE, ANSWER)


def test_a_token_classifier_scores_a_claim_by_its_worst_token(tmp_path):
    """A claim's score is one minus the greatest risk of its tokens, each at its least over the windows."""
    folder = save_tiny_token_classifier(tmp_path / "m")
    verdict = check(folder, 1.0)(CASE, ANSWER)
    assert verdict.status == "fail"
    claims = [s for s in verdict.evidence if s.source == "answer"]
    assert len({c.score for c in claims}) == len(claims) == 2
    assert all(0 < c.score < 1 for c in claims)
    assert verdict.score == pytest.approx(min(c.score for c in claims), abs=1e-4)


def test_a_model_of_another_kind_is_refused(tmp_path):
    """An encoder without a head cannot tell."""
    folder = save_tiny_encoder(tmp_path / "m")
    with pytest.raises(FatalBackendError, match=r"is a BertModel\. It has to classify sequences or tokens\."):
        check(folder)(CASE, ANSWER)


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    """What transformers cannot read is named."""
    (tmp_path / "m").mkdir()
    with pytest.raises(FatalBackendError, match=r"^The detector '.*m' cannot be loaded: "):
        check(tmp_path / "m")(CASE, ANSWER)


def test_the_identity_follows_the_weights(tmp_path):
    """Another model in the same place is another check; the check is costly."""
    first = check(save_tiny_classifier(tmp_path / "m", labels=2))
    second = check(labelled(tmp_path / "m", "contradiction", "entailment"))
    assert first.identity != second.identity
    assert first.costly
