"""The XQuAD benchmark: its scores, the two forms of its data, and what it says when there is none."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmark_module import benchmark_module

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "squad.py"
PARAGRAPHS = {
    "Rome is in Italy.": [("q1", "Where is Rome?", ["Italy", "in Italy"])],
    "Paris is in France.": [("q2", "Where is Paris?", ["France"]), ("q3", "What is in France?", ["Paris"])],
}


squad = benchmark_module("squad")


def write_original(folder):
    """The data as XQuAD publishes it."""
    paragraphs = [
        {
            "context": context,
            "qas": [
                {"id": i, "question": q, "answers": [{"text": a, "answer_start": 0} for a in answers]}
                for i, q, answers in questions
            ],
        }
        for context, questions in PARAGRAPHS.items()
    ]
    (folder / "xquad.en.json").write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))


def write_lines(folder):
    """The data as gzip JSON Lines, among rows of another source."""
    rows = [{"source": "PubMedQA", "id": "x", "context": "c", "question": "q", "meta": {"answers": []}}]
    for context, questions in PARAGRAPHS.items():
        for i, question, answers in questions:
            row = {"source": "XQuAD-en", "id": i, "context": context, "question": question}
            rows.append({**row, "meta": {"answers": answers}})
    with gzip.open(folder / "rag_qa.jsonl.gz", "wt") as stream:
        stream.write("\n".join(map(json.dumps, rows)))


@pytest.mark.parametrize("write", [write_original, write_lines])
def test_both_forms_of_the_data_are_read_alike(squad, tmp_path, write):
    """Passages are numbered once each, and every question knows its own."""
    write(tmp_path)
    passages, questions = squad._read(tmp_path)
    assert passages == {"p0": "Rome is in Italy.", "p1": "Paris is in France."}
    assert [(q.id, q.passage, q.answers) for q in questions] == [
        ("q1", "p0", ("Italy", "in Italy")),
        ("q2", "p1", ("France",)),
        ("q3", "p1", ("Paris",)),
    ]


@pytest.mark.parametrize(
    ("said", "right", "f1"),
    [
        ("The Eiffel Tower!", "eiffel tower", 1.0),
        ("the tower of Paris", "Eiffel tower", 0.4),
        ("no", "Eiffel tower", 0.0),
        ("", "Eiffel tower", 0.0),
        ("tower tower", "tower", 2 / 3),
    ],
)
def test_f1_is_that_of_squad(squad, said, right, f1):
    """Case, punctuation and articles do not count, and words count as often as they stand there."""
    assert squad._f1(said, right) == pytest.approx(f1)


def test_an_answer_contains_whole_words_only(squad):
    """`art` is not in `party`."""
    assert squad._contains("It was a party in Rome.", "Rome")
    assert not squad._contains("It was a party.", "art")


def test_missing_data_says_what_to_fetch_from_where(tmp_path):
    """Without data the command fails with the file and its home."""
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"{tmp_path} holds neither rag_qa.jsonl.gz nor xquad.en.json.\n"
        "Fetch xquad.en.json of https://github.com/google-deepmind/xquad (CC BY-SA 4.0) into it.\n"
    )


@pytest.mark.slow
def test_retrieval_is_measured_on_whatever_data_there_is(tmp_path):
    """On two passages every way of searching finds each question's passage first."""
    write_original(tmp_path)
    command = [sys.executable, SCRIPT, tmp_path, "--answers", "0", "--write", tmp_path / "out.md"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line for line in done.stdout.splitlines() if line.startswith(("| vector", "| full", "| hybrid"))]
    assert len(rows) == 4
    assert all(row.split(" | ")[2].startswith("1.000") for row in rows)
    assert (tmp_path / "out.md").read_text() == done.stdout
