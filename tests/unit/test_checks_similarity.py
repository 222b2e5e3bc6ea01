"""Answers that are near in meaning to what is expected."""

from __future__ import annotations

import numpy as np
import pytest

from lockgate.checks import similarity
from lockgate.checks.similarity import semantic
from lockgate.errors import UsageError
from lockgate.model import Case, Completion, Measure, Setting


class Letters:
    """An embedder that counts letters: texts of the same letters are the same."""

    max_tokens = 20

    def __init__(self):
        self.identity = {"embed": "letters"}
        self.calls = []

    def encode(self, texts):
        self.calls.append(list(texts))
        rows = np.array([[text.lower().count(chr(97 + n)) for n in range(26)] for text in texts], np.float32)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)

    def count(self, texts):
        return [len(text.split()) for text in texts]


@pytest.fixture
def letters(monkeypatch):
    made = Letters()
    monkeypatch.setattr(similarity, "find_embedder", lambda spec, *, base: made)
    return made


def judged(text, expected="listen", **options):
    return semantic(setting=Setting(), **options)(
        Case(id="a", input="?", expected=expected), Completion(text=text)
    )


@pytest.mark.parametrize(
    ("text", "expected", "score"),
    [
        ("silent", "listen", 1.0),
        ("listen", ["zzz", "tinsel"], 1.0),
        ("zzz", "listen", 0.0),
        ("", "listen", 0.0),
        ("ab", "ac", 0.5),
    ],
)
def test_the_score_is_the_best_cosine(letters, text, expected, score):
    """Of several right answers the nearest counts; an empty answer is near to nothing."""
    found = judged(text, expected)
    assert found.figures == {"semantic_similarity": pytest.approx(score, abs=1e-6)}
    assert found.passed is (score >= 0.7)


def test_a_miss_says_how_near_it_is(letters):
    """The cosine and the threshold."""
    assert judged("ab", "ac").reason == "The answer's similarity to what is expected is 0.50, below 0.7."
    assert judged("ab", "ac", threshold=0.4).passed


def test_many_are_read_at_once(letters):
    """All texts of all pairs go to the embedder together, each once, and verdicts keep their order."""
    check = semantic(setting=Setting())
    pairs = [
        (Case(id=str(n), input="?", expected=e), Completion(text=t))
        for n, (e, t) in enumerate(
            [("ab", "ba"), ("ab", "zz"), (None, "x"), ("ab", "w " * 30), ({"a": 1}, "x")]
        )
    ]
    found = check.many(pairs)
    assert [v.status for v in found] == ["pass", "fail", "unscored", "unscored", "error"]
    assert found[3].reason == "A text has 30 tokens, more than the 20 that the embedder reads."
    assert all(v.figures == {"semantic_similarity": None} for v in found[2:])
    assert len(letters.calls) == 1
    assert check.measures == (Measure(name="semantic_similarity", kind="mean"),)
    assert check.costly
    assert check.identity["embedder"] == {"embed": "letters"}


def test_options_are_checked():
    """A threshold out of range, and an embedder that there is not."""
    with pytest.raises(UsageError, match="The threshold cannot be 2"):
        semantic(threshold=2, setting=Setting())
    with pytest.raises(UsageError, match="There is no embedder 'nonsense'"):
        semantic(embedder="nonsense", setting=Setting())
