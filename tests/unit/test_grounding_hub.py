"""Groundedness by published detectors: tiny classifiers of pairs and of tokens stand in for them."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from tiny_encoder import save_tiny_classifier, save_tiny_encoder, save_tiny_token_classifier

from lockgate.checks.groundedness import grounded
from lockgate.checks.grounding import hub
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


def test_a_token_classifier_reads_its_own_prompt(tmp_path, monkeypatch):
    """Question, number of passages and the passages by number, as LettuceDetect was trained."""
    folder = save_tiny_token_classifier(tmp_path / "m", positions=200)
    read = []
    real = hub._token_risks
    monkeypatch.setattr(hub, "_token_risks", lambda *given: read.append(given[2]) or real(*given))
    case = replace(CASE, context=["the cat sat. a dog ran.", "rome is in italy."])
    check(folder)(case, ANSWER)
    check(folder)(replace(case, input=""), ANSWER)
    passages = "passage 1: the cat sat. a dog ran.\npassage 2: rome is in italy."
    asked = (
        "Briefly answer the following question:\nwhat cat?\n"
        f"Bear in mind that your response should be strictly based on the following 2 passages:\n{passages}\n"
        "In case the passages do not contain the necessary information to answer the question, please reply "
        'with: "Unable to answer based on given passages."\noutput:'
    )
    assert read == [asked, f"Summarize the following text:\n{passages}\noutput:"]


def test_many_short_passages_are_never_more_than_a_model_reads(tmp_path):
    """The numbers before them count, too; each token's risk is the least over the windows."""
    folder = save_tiny_token_classifier(tmp_path / "m")
    context = [f"a {word} sat." for word in ("cat", "dog", "fish", "mat", "park") * 8]
    found = check(folder, 1.0)(replace(CASE, input="", context=context), ANSWER)
    assert found.status == "fail"
    assert all(0 < s.score < 1 for s in found.evidence)


@pytest.mark.parametrize(("name", "reads"), [("pairs", 32), ("tokens", 96)])
def test_what_is_too_long_to_be_read_is_unscored(tmp_path, name, reads):
    """A claim of more tokens than a classifier of pairs reads has no score; of tokens, the whole answer."""
    save = {"pairs": save_tiny_classifier, "tokens": save_tiny_token_classifier}[name]
    folder = save(tmp_path / "m", **({"labels": 2} if name == "pairs" else {"positions": 96}))
    text = f"the {'cat ' * reads}sat."
    found = check(folder)(replace(CASE, input=""), Completion(text=text))
    assert (found.status, found.reason) == (
        "unscored",
        "1 of 1 claims have no verdict: the detector cannot read it beside any evidence, as it is too long.",
    )


def test_places_that_a_network_never_uses_do_not_count(tmp_path):
    """RoBERTa counts its places from after its padding token: of 34 it reads 32."""
    from transformers import RobertaConfig, RobertaForSequenceClassification

    folder = save_tiny_classifier(tmp_path / "m", labels=2)
    config = RobertaConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=34, pad_token_id=1,
    )  # fmt: skip
    torch.manual_seed(0)
    RobertaForSequenceClassification(config).save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings |= {"model_max_length": 10**30, "model_input_names": ["input_ids", "attention_mask"]}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    found = check(folder, 1.0)(replace(CASE, context=LONG), ANSWER)
    assert len([s for s in found.evidence if s.source == "answer"]) == 2


@pytest.mark.parametrize(
    ("labels", "supported", "hallucinated"),
    [
        ({0: "LABEL_0", 1: "LABEL_1"}, 1, 1),
        ({0: "Hallucinated", 1: "Consistent"}, 1, 0),
        ({0: "factual", 1: "hallucinated"}, 0, 1),
        ({0: "ok", 1: "hallucination"}, 0, 1),
        ({0: "unsupported", 1: "ok"}, 1, 0),
        ({0: "supported", 1: "other"}, 0, 1),
    ],
)
def test_labels_are_known_by_name_or_by_the_other(labels, supported, hallucinated):
    """Of two the last one says support of a pair, or the hallucination of a token, unless a name tells."""
    config = SimpleNamespace(id2label=labels)
    assert (hub._supported_label(config), hub._hallucinated_label(config)) == (supported, hallucinated)


def test_labels_of_tokens_that_say_nothing_are_refused():
    """Of three labels one has to say which is hallucinated."""
    with pytest.raises(FatalBackendError, match=r"has the labels \['a', 'b', 'c'\], and none says halluc"):
        hub._hallucinated_label(SimpleNamespace(id2label={0: "a", 1: "b", 2: "c"}))


def test_claims_share_batches(tmp_path, monkeypatch):
    """All pairs of an answer's claims are read together."""
    folder = save_tiny_classifier(tmp_path / "m", labels=2)
    read = []
    real = hub._pair_chances
    monkeypatch.setattr(hub, "_pair_chances", lambda *given: read.append(len(given[2])) or real(*given))
    check(folder)(CASE, ANSWER)
    assert len(read) == 1
    assert read[0] >= 2


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
