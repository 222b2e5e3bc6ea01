"""The benchmark of `grounded`: what is kept of the reading, what models are fitted, what tables are made."""

from __future__ import annotations

import gzip
import json
import re
import sys

import numpy as np
import pytest
from benchmark_module import benchmark_module

from lockgate.checks.claims import claims
from lockgate.checks.grounding.features import names
from lockgate.model import Verdict

TASKS = ("QA", "Summary", "Data2txt")


rows_module = benchmark_module("groundedness_rows")


def record(number):
    """An answer of two claims on a context of its own; every other one is unsupported in its second."""
    bad = number % 2
    response = f"The kettle number {number} is red. It weighs {900 + bad} grams."
    start = response.index("It weighs")
    span = {
        "start": start,
        "end": len(response),
        "label_type": f"Evident {'Conflict' if number % 4 == 1 else 'Baseless'}",
    }
    return {
        "id": str(number), "source": "RAGTruth", "question": "", "response": response, "label": bad,
        "context": f"The kettle number {number} is red and weighs 900 grams.", "shippable": True,
        "meta": {"task_type": TASKS[number // 4 % 3], "spans": [span] if bad else []},
    }  # fmt: skip


@pytest.fixture
def data(tmp_path):
    """A data folder of 96 answers."""
    folder = tmp_path / "data"
    folder.mkdir()
    with gzip.open(folder / "groundedness.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record(n)) + "\n" for n in range(96))
    return folder


def rows_of(module, folder):
    """The records as rows with drawn features, a little higher where a claim is unsupported."""
    chance = np.random.default_rng(0)
    made = []
    for told in module.records(folder):
        said = claims(told["response"])
        row = module.labelled(told, said, np.zeros((len(said), 1), np.float32))
        row.table = chance.random((len(said), len(names(module.LAYERS))), np.float32)
        row.table += row.labels[:, None].astype(np.float32)
        own = str(int(row.group, 16) % 3)
        names_of = {own, *("".join(sorted(own + other)) for other in "012" if other != own)}
        row.joint = {name: chance.random((len(said), 4), np.float32) for name in names_of}
        made.append(row)
    return made


def test_what_is_kept_is_not_read_again(rows_module, data, tmp_path):
    """Rows under the version's name are all there is to read; without time for more there is none."""
    work = tmp_path / "work"
    assert rows_module.read_rows(data, work, seconds=-1) is None
    made = rows_of(rows_module, data)
    rows_module._keep(made, work / f"{rows_module.version(data)}-1.pickle")
    assert [r.id for r in rows_module.read_rows(data, work, seconds=-1)] == [r.id for r in made]
    assert [path.suffix for path in work.iterdir()] == [".pickle"]


def test_a_script_ends_where_its_seconds_did_not_do(rows_module, data, tmp_path, monkeypatch, capsys):
    """It says so, and is no failure: the next call goes on."""
    monkeypatch.setattr(sys, "argv", ["x", str(data), "--work", str(tmp_path / "w"), "--seconds", "-1"])
    with pytest.raises(SystemExit) as ended:
        rows_module.asked_rows("Reads.")
    assert ended.value.code == 0
    assert capsys.readouterr().out == "Not all is read yet: call it again.\n"


@pytest.mark.parametrize("name", ["rows.pickle", "0123456789ab-1.pickle"])
def test_what_another_version_kept_is_named_and_not_opened(rows_module, data, tmp_path, name):
    """It says which file is in the way, and what to run."""
    tmp_path.joinpath(name).write_bytes(b"not even a pickle")
    with pytest.raises(SystemExit, match=rf"{name} was not made by this version(.|\n)*DATA --work") as found:
        rows_module.read_rows(data, tmp_path)
    assert str(tmp_path) in str(found.value)


def test_the_version_follows_the_data_and_the_code(rows_module, data, monkeypatch):
    """Other data, or other modules that read, make another version; the same make the same."""
    first = rows_module.version(data)
    assert rows_module.version(data) == first
    with monkeypatch.context() as patch:
        patch.setattr(rows_module, "_READS", rows_module._READS[:-1])
        assert rows_module.version(data) != first
    (data / "groundedness.jsonl.gz").write_bytes(gzip.compress(b""))
    assert rows_module.version(data) != first


def test_every_row_is_scored_by_weights_that_have_not_seen_it(benchmark_modules, rows_module, data):
    """What is drawn to be told apart is, by fold, with its floor, kind and table."""
    pytest.importorskip("sklearn")
    measured = benchmark_modules("checks_groundedness")
    rows = rows_of(rows_module, data)
    models = measured.fold_models(rows)
    scored = measured.held_out(rows, models, data)
    assert len(scored) == 96
    figures = benchmark_modules("groundedness_figures")
    assert figures.auroc(np.array([s.label for s in scored]), np.array([s.risk for s in scored]))[0] == 1
    assert min(s.floor for s in scored if s.label) > max(s.floor for s in scored if not s.label)
    total, right = measured.kinds(rows, models)
    assert total == 48
    assert 0 <= right <= 1
    assert [
        line.split("|")[1].strip()
        for line in figures.quality_table(figures.parts_of(scored)).splitlines()[2:]
    ] == [
        "RAGTruth",
        *TASKS,
    ]


def test_a_lineage_says_what_read_the_features(benchmark_modules, rows_module, data):
    """The version that the rows are kept under stands in it."""
    training = benchmark_modules("train_groundedness")
    model = {"threshold": {"prose": 0.5, "object": 0.5}, "line": 0.5}
    versions = benchmark_modules("groundedness_scored").Versions(
        commit="abcdef0", data="d" * 12, rows="0123456789ab", networks="f" * 12
    )
    said = training.lineage(rows_of(rows_module, data), model, versions)
    assert said["trained_on"] == {"RAGTruth": 96}
    assert "0123456789ab" in said["features"]
    assert "ffffffffffff" in said["joint"]["made_by"]
    assert said["made_by"].endswith("at commit abcdef0")
    assert said["data"] == "dddddddddddd"


@pytest.fixture
def shipped(benchmark_modules, data, tmp_path, monkeypatch):
    """The measuring of shipped weights, whose lineage the test writes."""
    module = benchmark_modules("groundedness_shipped")
    monkeypatch.setattr(module.embedded, "__file__", str(tmp_path / "embedded.py"))

    def of(learned_from):
        lineage = {"data": learned_from, "trained_on": {"RAGTruth": 96}}
        (tmp_path / "lineage.json").write_text(json.dumps(lineage))
        return module

    return of


def test_what_the_weights_have_learned_from_is_not_measured(shipped, benchmark_modules, data):
    """Of the data that they were trained on the sets they know are left out; of other data none is."""
    own = benchmark_modules("labelled").digest(data / "groundedness.jsonl.gz")
    assert shipped(own).chosen(data, 5) == []
    drawn = shipped("of others").chosen(data, 5)
    assert [r["meta"]["task_type"] for r in drawn] == [task for task in TASKS for _ in range(5)]
    assert drawn == shipped("of others").chosen(data, 5)


def test_an_answer_without_a_score_is_not_measured(shipped):
    """What the check fails is flagged, and what abstains is neither right nor wrong."""
    module = shipped("of others")
    told = {"label": 1, "source": "WiCE", "meta": {}}
    low = Verdict(check="g", status="fail", score=0.2, reason="x")
    none = Verdict(check="g", status="pass")
    found = module._judged(told, low, low)
    assert (found.label, found.source, found.risk, found.flagged, found.floor) == (1, "WiCE", 0.8, True, 0.8)
    assert module._judged(told, none, low) is None
    assert module._judged(told, low, none) is None


class Surprised:
    """A language model of words: one that it has read before surprises it by one, any other by three."""

    def surprises(self, before, text):
        places = [(m.start(), m.end()) for m in re.finditer(r"\S+", text)]
        return np.array([1.0 if text[a:b] in before else 3.0 for a, b in places]), places


def test_a_claim_is_ranked_by_what_its_passage_does_not_explain(benchmark_modules, rows_module):
    """Of each claim: the mean surprise, minus what of it the passage takes away, and both of one word."""
    module = benchmark_modules("groundedness_encoders")
    told = record(0) | {"response": "Cats purr. Dogs fly.", "context": "Cats purr. Dogs bark."}
    row = rows_module.labelled(told, claims(told["response"]), np.zeros((2, 1), np.float32))
    assert module.scored(row, told, Surprised()).tolist() == [[1, -2, 1, -2], [2, -1, 3, 0]]


def test_as_many_answers_of_each_task_are_compared(benchmark_modules, rows_module, data):
    """The draw is the same each time."""
    module, rows = benchmark_modules("groundedness_encoders"), rows_of(rows_module, data)
    drawn = module.chosen(rows, 12)
    assert sorted(r.task for r in drawn) == sorted(TASKS * 4)
    assert [r.id for r in drawn] == [r.id for r in module.chosen(rows, 12)]
