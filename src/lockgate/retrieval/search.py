"""The passages of a collection for some questions: by vector, by full text, or both fused, then reranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from lockgate.model import JSON, Passage
from lockgate.retrieval.index import Collection, facet, load_passage
from lockgate.retrieval.rerank import Reranker, best_first

__all__ = ["How", "fuse", "search"]

How: TypeAlias = Literal["vector", "text", "hybrid"]

_RANK_CONSTANT = 60
_COLUMNS = ("id", "text", "source", "metadata")


def search(
    collection: Collection,
    questions: Sequence[str],
    *,
    how: How = "hybrid",
    top_k: int = 3,
    candidates: int = 20,
    where: Mapping[str, JSON] | None = None,
    reranker: Reranker | None = None,
) -> list[list[Passage]]:
    """The best passages for each question, best first; fewer where the collection or the filter has fewer.

    The score is the cosine similarity (`vector`), BM25 (`text`), the fused reciprocal rank (`hybrid`), or the
    reranker's own. Equal scores come in the order of ids, so that the same question always gets the same.

    Args:
        collection: where to look; its index is built if need be.
        questions: any number, embedded together.
        how: by vector, by full text, or both.
        top_k: most passages for a question.
        candidates: how many each way of looking hands on to fusion and to the reranker.
        where: metadata name → value, or a list of values any of which will do; all names must hold.
            `source` is the file. A passage whose own value is a list holds each of its items.
        reranker: scores the candidates anew.

    Raises:
        MissingExtra: LanceDB or what the embedder needs is not installed.
        BackendError: the embedder failed.
    """
    if not questions:
        return []
    table, condition = collection.table(), _condition(where or {})
    depth = max(candidates, top_k) if how == "hybrid" or reranker else top_k
    by_vector = _by_vector(collection, table, questions, condition, depth) if how != "text" else []
    by_text = [_by_text(table, q, condition, depth) for q in questions] if how != "vector" else []
    if how == "hybrid":
        found = [fuse(both)[:depth] for both in zip(by_vector, by_text, strict=True)]
    else:
        found = by_vector or by_text
    if reranker is not None:
        found = reranker.rank(questions, found)
    return [passages[:top_k] for passages in found]


def fuse(rankings: Sequence[Sequence[Passage]]) -> list[Passage]:
    """Several rankings as one, by the sum of 1 / (60 + rank) over those that a passage is in, best first.

    Reciprocal rank fusion: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and
    individual Rank Learning Methods", SIGIR 2009; the constant is theirs.
    """
    scores: dict[str, float] = {}
    passages: dict[str, Passage] = {}
    for ranking in rankings:
        for rank, passage in enumerate(ranking, start=1):
            scores[passage.id] = scores.get(passage.id, 0.0) + 1.0 / (_RANK_CONSTANT + rank)
            passages[passage.id] = passage
    return best_first([replace(passages[i], score=score) for i, score in scores.items()])


def _by_vector(
    collection: Collection, table: Any, questions: Sequence[str], condition: str, depth: int
) -> list[list[Passage]]:
    vectors = collection.embedder.encode(questions)
    return [_nearest(table, vector, condition, depth) for vector in vectors]


def _nearest(table: Any, vector: Any, condition: str, depth: int) -> list[Passage]:
    query = table.search(vector, vector_column_name="vector", query_type="vector").distance_type("cosine")
    rows = _rows(query, condition, depth, "_distance")
    return best_first([load_passage(row, 1.0 - row["_distance"]) for row in rows])


def _by_text(table: Any, question: str, condition: str, depth: int) -> list[Passage]:
    from lancedb.query import MatchQuery

    # A match query takes the question as words; a plain string would be read for operators.
    rows = _rows(table.search(MatchQuery(question, "text"), query_type="fts"), condition, depth, "_score")
    return best_first([load_passage(row, row["_score"]) for row in rows])


def _rows(query: Any, condition: str, depth: int, score: str) -> list[dict[str, Any]]:
    if condition:
        query = query.where(condition, prefilter=True)
    rows: list[dict[str, Any]] = query.select([*_COLUMNS, score]).limit(depth).to_list()
    return rows


def _condition(where: Mapping[str, JSON]) -> str:
    """An SQL condition over the `facets` column; quotes in values are doubled."""
    clauses = [_any_of(name, v if isinstance(v, list) else [v]) for name, v in where.items()]
    return " AND ".join(f"({clause})" for clause in clauses)


def _any_of(name: str, values: Sequence[JSON]) -> str:
    facets = [facet(name, value).replace("'", "''") for value in values]
    return " OR ".join(f"array_has(facets, '{f}')" for f in facets) or "false"
