"""How the network of `grounded` is trained: what it learns from, in which folds, and that it learns."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest
from benchmark_module import benchmark_module
from tiny_encoder import save_tiny_encoder

from lockgate.checks.claims import claims
from lockgate.checks.grounding.reading import Reader

PASSAGE = (
    "The cat sat on a mat in Paris in the park . A dog ran in Rome in the year 1998 . Fish eats 12 cats ."
)


training = benchmark_module("groundedness_joint")
making = benchmark_module("groundedness_examples")


def record(number, source="RAGTruth"):
    """An answer of two claims; every other one is unsupported in its second."""
    bad = number % 2
    response = f"The cat {number} sat on a mat. It ran in {'rome' if bad else 'paris'}."
    span = (
        {"start": response.index("rome"), "end": len(response) - 1, "label_type": "Evident Conflict"}
        if bad
        else {}
    )
    return {
        "id": str(number), "source": source, "question": "", "response": response, "label": bad,
        "context": f"The cat {number // 2 * 2} sat on a mat. It ran in paris.", "shippable": True,
        "meta": {"task_type": "QA", "spans": [span] if bad else []},
    }  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder of forty answers and three passages."""
    folder = tmp_path_factory.mktemp("data")
    told = [record(n) for n in range(24)] + [record(n, "BUMP-task1") for n in range(24, 40)]
    for name, lines in (
        ("groundedness", told),
        ("rag_qa", [{"context": f"{PASSAGE} Number {n} .", "shippable": True} for n in range(3)]),
    ):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    return folder


@pytest.fixture(scope="module")
def rows(data, benchmark_modules):
    """The answers as rows."""
    module = benchmark_modules("groundedness_rows")
    made = []
    for told in module.records(data):
        said = claims(told["response"])
        row = module.labelled(told, said, np.zeros((len(said), 1), np.float32))
        made.append(replace(row, near=tuple((told["context"],) for _ in said)))
    return made


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A tiny encoder, read at two layers."""
    return Reader(str(save_tiny_encoder(tmp_path_factory.mktemp("encoder") / "m")), (0, 1))


@pytest.fixture(scope="module")
def learned(making, rows, data, reader):
    """All examples."""
    return making.examples(rows, data, reader)


def test_the_tokens_that_people_marked_are_wrong_and_no_others(learned):
    """Of a claim with a span its tokens, of a supported one none; special tokens are neither."""
    bad = next(e for e in learned if e.source == "RAGTruth" and e.key and e.label)
    good = next(e for e in learned if e.source == "RAGTruth" and e.key and not e.label)
    assert (bad.tokens[0], bad.tokens[-1]) == (-1, -1)
    assert sum(t == 1 for t in bad.tokens) == 1
    assert set(good.tokens) == {-1, 0}


def test_of_an_edited_summary_the_edit_is_wrong(learned):
    """What its original says as well is supported; the words that were put in are marked."""
    edited = [e for e in learned if e.source == "BUMP-task1" and e.key and int(e.key[1]) % 2]
    ran = [e for e in edited if e.text.startswith("It ran")]
    assert [e.label for e in ran] == [1] * 8
    assert all(sum(t == 1 for t in e.tokens) == 2 for e in ran)


def test_passages_make_both_labels(learned, making):
    """Sentences said again are supported; changed ones are not and say where, where that is known."""
    made = [e for e in learned if e.source == making.PASSAGES]
    assert {e.label for e in made} == {0, 1}
    assert all(e.key is None for e in made)
    assert all(set(e.tokens) <= {-1, 0} for e in made if not e.label)


def test_half_precision_is_enough_to_keep(learned):
    """What is kept of a pair is in float16."""
    assert {str(e.pair.claim.dtype) for e in learned} == {"torch.float16"}


def test_no_network_has_seen_the_folds_that_name_it(training, learned):
    """What a network learns from RAGTruth is of the other folds alone."""
    told = training._weighed(learned)
    there = {str(training.joint_fold(e.group)) for e in learned if e.source == "RAGTruth"}
    assert len(there) > 1
    for without in ("", "0", "1", "12"):
        kept = [e for e, _ in training._second(told, without) if e.source == "RAGTruth"]
        assert {str(training.joint_fold(e.group)) for e in kept} == there - set(without)


def test_with_nothing_to_learn_from_the_weights_stay(training):
    """A fold of every document leaves none, and training ends."""
    start = training.fresh(16)
    after = training.trained(start, [], part=1, device="cpu")
    assert all((after[name] == start[name]).all() for name in start)


def test_what_is_learned_from_lowers_the_loss(training, learned, monkeypatch):
    """A few rounds over the examples fit them better than the weights as drawn."""
    monkeypatch.setattr(training, "ROUNDS", (40, 1))
    told = training._weighed([e for e in learned if e.source == "RAGTruth" and e.key])
    start = training.fresh(16)
    after = training.trained(start, told, part=0, device="cpu")
    before = float(training.loss(start, told))
    assert float(training.loss(after, told)) < 0.8 * before
    assert not any(weights.requires_grad for weights in after.values())


def test_rows_are_scored_by_networks_that_have_not_seen_them(training, rows, learned, tmp_path, monkeypatch):
    """Each row of RAGTruth by the three that lack its fold, and none of a set that all have learned from."""
    monkeypatch.setattr(training, "ROUNDS", (0.5, 0.5))
    heads = training.trained_heads(learned, tmp_path)
    assert sorted(heads) == ["", "0", "01", "02", "1", "12", "2"]
    for row in training.scored_rows(rows, heads, learned):
        own = str(training.joint_fold(row.group))
        wanted = {name for name in heads if own in name} if row.source == "RAGTruth" else set()
        assert set(row.joint) == wanted
        assert all(scores.shape == (len(row.texts), 4) for scores in row.joint.values())


def test_a_network_that_is_kept_is_not_trained_again(training, learned, tmp_path, monkeypatch):
    """What a session that was cut short had done is taken as it is, and only the rest is trained."""
    monkeypatch.setattr(training, "ROUNDS", (0.5, 0.5))
    before = training.trained_heads(learned, tmp_path)
    (tmp_path / "without-1.safetensors").unlink()
    (tmp_path / "without-2.safetensors.part").write_bytes(b"cut short")
    trained, parts = training.trained, []
    monkeypatch.setattr(
        training, "trained", lambda *args, part: parts.append(part) or trained(*args, part=part)
    )
    after = training.trained_heads(learned, tmp_path)
    assert parts == [1]
    for name, weights in before.items():
        assert all((after[name][part] == values).all() for part, values in weights.items())
