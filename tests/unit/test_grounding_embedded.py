"""The default engine of groundedness: what it reads, its small models by hand, and what it says."""

from __future__ import annotations

import json
import math
from importlib import util
from unittest.mock import ANY

import numpy as np
import pytest
import torch
from tiny_encoder import save_tiny_encoder

from lockgate.checks.groundedness import grounded
from lockgate.checks.grounding import embedded, odds, reading
from lockgate.checks.grounding.evidence import Evidence
from lockgate.checks.grounding.features import features, names, read_ahead
from lockgate.checks.grounding.joint import JOINT, SCORES
from lockgate.checks.grounding.reading import Reader, reader
from lockgate.checks.grounding.units import units
from lockgate.errors import MissingExtra
from lockgate.model import Case, Completion, Passage, Setting
from lockgate.retrieval.loading import load_network

KETTLE = "The kettle has a warranty of two years. It weighs 900 grams. Ann Berg designed it in Oslo."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny encoder."""
    return save_tiny_encoder(tmp_path_factory.mktemp("encoder") / "m")


def test_features_are_crossed_with_what_the_evidence_is():
    """Rows against an object have their features twice, those against prose have noughts beside them."""
    assert odds.crossed(np.array([[2.0, 1.0], [3.0, 0.0]]), 1).tolist() == [[2, 1, 2, 1], [3, 0, 0, 0]]


def test_a_logistic_function_scales_and_clips_what_it_reads():
    """An odd value counts for eight standard deviations, no more."""
    model = {"mean": [1.0, 0.0], "scale": [2.0, 1.0], "weights": [1.0, 0.5], "base": 0.25}
    assert odds.logistic(model, np.array([[3.0, 2.0], [1e9, 0.0]])).tolist() == [2.25, 8.25]


def test_a_chance_is_never_certain():
    """Log-odds of nought are even, and the ends stay off 0 and 1."""
    assert odds.chance(np.array([0.0, -1e3, 1e3])).tolist() == [0.5, 1e-4, 1 - 1e-4]


def test_risks_are_pooled_for_the_answer():
    """The greatest, any, the mean, the second greatest, and how many."""
    found = odds.pooled([0.2, 0.5])
    assert found.tolist() == pytest.approx([0.0, math.log(0.6 / 0.4), 0.35, 0.2, math.log(2)])
    assert odds.pooled([0.5])[3] == 0.5


def test_the_summary_holds_risks_and_the_features_extremes():
    """What is read of an answer has its length whatever the number of claims."""
    rows = np.array([[1.0, 5.0], [3.0, 4.0]])
    found = odds.summary(np.array([0.5, 0.5]), rows, structured=1.0)
    assert found[5] == 1.0
    assert found[:5].tolist() == found[6:11].tolist()
    assert found[11:].tolist() == [3.0, 5.0, 1.0, 4.0, 2.0, 4.5]


def test_words_are_read_whole(folder):
    """A word's vector is of all its pieces and of length 1; common words and marks weigh nothing."""
    words = reader(str(folder), (1,)).words(["the fishes sat ."])[0]
    assert words.texts == ("the", "fishes", "sat", ".")
    assert (words.weights > 0).tolist() == [False, True, True, False]
    assert np.linalg.norm(words.bare, axis=1) == pytest.approx(1, abs=1e-5)


@pytest.fixture
def processor(monkeypatch):
    """Says what the processor can do, and lets the network be read anew."""

    def can(**capabilities: bool) -> None:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
        reading._network.cache_clear()

    yield can
    reading._network.cache_clear()


@pytest.mark.parametrize(
    ("capabilities", "precision"),
    [
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"avx512_bf16": False, "avx2": True}, torch.float32),
        ({}, torch.float32),
    ],
)
def test_half_precision_is_only_for_processors_that_have_it(folder, processor, capabilities, precision):
    """What computes in bfloat16 reads in it; the word vectors stay as they are stored."""
    processor(**capabilities)
    assert reading._network(str(folder), 1).dtype is precision
    assert load_network(str(folder), "encoder", layers=1)[1].dtype is torch.float32


def test_states_do_not_hang_on_what_is_read_beside(folder, processor):
    """Read alone or in a batch, a text's vectors are the same, one for each word at each layer."""
    processor(avx512_bf16=False)
    texts = ["a cat", "the dog sat on a mat in the park", "rome"]
    together = reader(str(folder), (0, 1)).states(texts)
    for text, states in zip(texts, together, strict=True):
        assert states.shape == (2, len(text.split()), 16)
        alone = Reader(str(folder), (0, 1)).states([text])[0]
        assert states == pytest.approx(alone, abs=1e-5)


def test_what_was_read_is_kept_and_cleared_when_it_grows(folder, monkeypatch):
    """A text that is read again costs nothing, and no more than so many are held."""
    source = Reader(str(folder), (1,))
    first = source.states(["a cat"])[0]
    assert source.states(["a cat", "a dog"])[0] is first
    monkeypatch.setattr("lockgate.checks.grounding.reading._KEPT", 2)
    again = source.states(["a cat", "rome"])
    assert again[0] is first
    assert source.states(["a cat"])[0] is not first


def test_prose_and_objects_have_thresholds_of_their_own():
    """Which one an answer is held against hangs on what its passages are, and on how many claims it has."""
    data = {"features": ["x", "structured"], "threshold": {"prose": 0.7, "object": 0.4, "single": 0.5}}
    assert embedded.threshold_of(data, np.array([[9.0, 0.0], [8.0, 0.0]])) == 0.7
    assert embedded.threshold_of(data, np.array([[9.0, 1.0], [8.0, 1.0]])) == 0.4
    assert embedded.threshold_of(data, np.array([[9.0, 1.0]])) == 0.5


def test_a_claims_last_model_reads_its_odds_and_scores_again_for_objects():
    """The scores stand there twice where the evidence is an object, beside noughts where it is prose."""
    found = odds.joined(np.array([0.5, -1.0]), np.array([[2.0, 3.0], [4.0, 5.0]]), np.array([1.0, 0.0]))
    assert found.tolist() == [[0.5, 1, 2, 3, 2, 3], [-1.0, 0, 4, 5, 0, 0]]


def test_answers_of_one_claim_have_a_calibration_of_their_own():
    """The same odds are another probability where there is one claim only."""
    flat = {"mean": [0.0], "scale": [1.0], "base": 0.0}
    answer = {"mean": [0.0] * 14, "scale": [1.0] * 14, "weights": [1.0, *[0.0] * 13], "base": 0.0}
    data = {"features": ["structured"], "answer": answer, "single": {**flat, "weights": [2.0]}}
    one, two = np.zeros((1, 1)), np.zeros((2, 1))
    even = math.log(0.8 / 0.2)
    assert embedded.answer_odds(data, np.array([0.8]), one) == pytest.approx(even)
    assert embedded.answer_risk(data, np.array([0.8]), one) == pytest.approx(0.64 / (0.64 + 0.04))
    assert embedded.answer_risk(data, np.array([0.8, 0.1]), two) == pytest.approx(0.8)


def test_the_risk_of_a_claim_hangs_on_both_readings():
    """Its features and the scores of the claim read together with its evidence move it."""
    plain = {"mean": [0.0, 0.0], "scale": [1.0, 1.0], "weights": [1.0, 0.0], "base": 0.0}
    both = {"mean": [0.0] * 10, "scale": [1.0] * 10, "weights": [1.0, 0.0, 2.0, *[0.0] * 7], "base": 0.0}
    data = {"features": ["x", "structured"], "claim": plain, "joined": both}
    rows, together = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0] * 4, [1.0, 0.0, 0.0, 0.0]])
    assert embedded.risk(data, rows, together).tolist() == pytest.approx(
        [1 / (1 + math.e**-n) for n in (1, 3)]
    )


def of(text, folder):
    """A passage as evidence, read by the tiny encoder."""
    return Evidence(units([Passage(id="p", text=text)]), reader(str(folder), (1,)))


def test_every_feature_has_its_name(folder):
    """As many values as names, all finite; a claim's own words are found, and others are missed."""
    evidence = Evidence(
        units([Passage(id="p", text="the cat sat on a mat. rome is in italy.")]), reader(str(folder), (1,))
    )
    read_ahead([("the cat sat.", evidence)])
    said = dict(zip(names((1,)), features("the cat sat.", evidence).values, strict=True))
    other = features("Paris eats 7 fish.", evidence)
    assert (said["near"], said["least_all"]) == (1.0, pytest.approx(1, abs=1e-5))
    assert other.missing == ("7",)
    assert np.isfinite(other.values).all()
    assert other.values[0] < said["mean_all"]


def test_a_claim_without_content_words_is_read_by_all_its_words(folder):
    """Where nothing tells, everything counts the same."""
    evidence = of("the cat sat.", folder)
    assert np.isfinite(features("is it on?", evidence).values).all()


def test_the_evidence_is_what_covers_the_claim(folder):
    """The units that come nearest are read, however far apart they stand in a long passage."""
    text = "the cat sat. " + "a dog ran in the park. " * 60 + "rome is in italy."
    evidence = of(text, folder)
    near = [evidence.units[i].text for i in features("cat in italy", evidence).near]
    assert {"the cat sat.", "rome is in italy."} <= set(near)


@pytest.mark.parametrize("module", ["torch", "transformers"])
def test_without_the_extra_it_says_what_to_install_and_what_needs_nothing(monkeypatch, module):
    """The error names the extra, and the engine that goes without it."""
    real = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == module else real(name))
    with pytest.raises(MissingExtra) as caught:
        grounded(setting=Setting())
    assert str(caught.value) == (
        "The engine 'embedded' of the check 'grounded' (its engine 'lexical' needs nothing) needs the "
        f"package {module!r}, which is not installed. Run: pip install 'lockgate[local]'"
    )


def test_the_identity_names_weights_encoder_and_threshold():
    """It is costly, and another threshold is another check."""
    check = grounded(setting=Setting())
    assert check.costly
    assert check.identity["engine"] == "embedded"
    assert (
        check.identity["threshold"]
        == embedded.trained()["threshold"]
        == {"object": ANY, "prose": ANY, "single": ANY}
    )
    assert check.identity["embed"].startswith("minilm ")
    assert len(check.identity["weights"]) == 16
    assert check.identity != grounded(0.9, setting=Setting()).identity


@pytest.mark.parametrize("changed", [embedded.WEIGHTS, JOINT])
def test_the_identity_changes_with_the_weights(monkeypatch, changed):
    """Other weights of either file are another check: a journal of the old ones is not read."""
    before = grounded(setting=Setting()).identity["weights"]
    real = embedded._bytes
    monkeypatch.setattr(
        embedded, "_bytes", lambda name=embedded.WEIGHTS: real(name) + (b" " if name == changed else b"")
    )
    embedded._digest.cache_clear()
    try:
        assert grounded(setting=Setting()).identity["weights"] != before
    finally:
        embedded._digest.cache_clear()


def test_the_shipped_weights_fit_the_features():
    """As many weights as features, and a lineage that names only sets that may be shipped."""
    data = embedded.trained()
    assert tuple(data["features"]) == names(data["layers"])
    assert len(data["claim"]["weights"]) == len(data["kind"]["weights"]) == 2 * len(data["features"])
    assert len(data["answer"]["weights"]) == 11 + 6 * len(data["features"])
    assert len(data["joined"]["weights"]) == 2 + 2 * len(SCORES)
    lineage = json.loads(embedded._bytes("lineage.json"))
    banned = ("AggreFact", "AttributionBench", "FactCC", "XSumFaith")
    assert not [source for source in lineage["trained_on"] if source.startswith(banned)]
    assert len(embedded._bytes()) < 15_000_000


@pytest.mark.slow
def test_claims_are_told_apart_by_the_shipped_weights():
    """What the passage says scores above what it does not, and the claim that is not there is shown."""
    check = grounded(setting=Setting())
    case = Case(id="a", input="What do we know of the kettle?", context=KETTLE)
    good, bad = check.many([
        (case, Completion(text="The kettle weighs 900 grams. Its warranty is two years.")),
        (case, Completion(text="The kettle weighs 900 grams. It won the Paris design prize in 1998.")),
    ])  # fmt: skip
    assert (good.status, bad.status) == ("pass", "fail")
    assert good.score > bad.score
    assert bad.evidence[0].text.strip() == "It won the Paris design prize in 1998."
    assert bad.evidence[0].note.startswith("not in the source: 1998, Paris")
    near = bad.evidence[1]
    assert KETTLE[near.start : near.end] == near.text
