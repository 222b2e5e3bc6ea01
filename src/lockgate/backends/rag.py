"""Retrieval in front of another backend: its prompt gets the passages that answer the question."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from lockgate.errors import UsageError
from lockgate.model import JSON, Backend, Case, Completion, Passage, Request, Setting
from lockgate.prompts import render, undeclared
from lockgate.retrieval.index import Collection, open_collection
from lockgate.retrieval.rerank import Reranker, reranker
from lockgate.retrieval.search import How, search

__all__ = ["Rag", "rag"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rag:
    """A backend that retrieves for each case and lets another backend answer from what it found.

    Args:
        name: `FAMILY:VERSION`.
        generator: what answers; its prompt is rendered with the passages, numbered from 1.
        collection: where to look.
        top_k: passages for each question.
        how: by vector, by full text, or both fused.
        where: metadata that a passage must have.
        reranker: puts the candidates in a better order.
        candidates: how many are fused and reranked.
    """

    name: str
    generator: Backend
    collection: Collection
    top_k: int = 3
    how: How = "hybrid"
    where: Mapping[str, JSON] = field(default_factory=dict)
    reranker: Reranker | None = None
    candidates: int = 20

    @property
    def prompt(self) -> None:
        """None: the generator's prompt is rendered here, where the passages are."""
        return

    @property
    def identity(self) -> Mapping[str, JSON]:
        """The generator's, the corpus's fingerprint, and how passages are chosen."""
        return {
            "kind": "rag",
            "generator": dict(self.generator.identity),
            "collection": self.collection.fingerprint,
            "top_k": self.top_k,
            "search": self.how,
            "filter": dict(self.where),
            "rerank": dict(self.reranker.identity) if self.reranker else None,
            "candidates": self.candidates if self.reranker or self.how == "hybrid" else None,
        }

    @property
    def shares(self) -> str:
        """What the generator shares with others."""
        return str(getattr(self.generator, "shares", self.generator.name))

    @property
    def concurrency(self) -> int:
        """The generator's."""
        return int(getattr(self.generator, "concurrency", 1))

    @property
    def concurrent_calls(self) -> int:
        """The generator's."""
        return int(getattr(self.generator, "concurrent_calls", 0))

    @property
    def load_seconds(self) -> float | None:
        """How long loading the generator took, None where it loads nothing; opening the index is not in it.

        It is there in any case, for the index is opened, and built where need be, when first asked.
        """
        seconds: float | None = getattr(self.generator, "load_seconds", None)
        return seconds

    @property
    def states_seconds(self) -> bool:
        """Whether the generator states its seconds instead of taking them; the retrieval's are added."""
        return bool(getattr(self.generator, "states_seconds", False))

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Retrieve for all requests at once, then give the generator's answers as they come.

        Each carries its passages, best first; its seconds include its share of the retrieval's.

        Raises:
            FatalBackendError: the index, the embedder (an endpoint that fails, too) or the generator cannot
                work at all.
            MissingExtra: LanceDB or what the embedder needs is not installed.
        """
        if not requests:
            return
        started = time.perf_counter()
        found = self.retrieve([_case(request).question for request in requests])
        seconds = (time.perf_counter() - started) / len(requests)
        for completion in self._generate(list(zip(requests, map(tuple, found), strict=True))):
            yield replace(
                completion,
                seconds=_plus(completion.seconds, seconds),
                first_token_seconds=_plus(completion.first_token_seconds, seconds),
            )

    def retrieve(self, questions: Sequence[str]) -> list[list[Passage]]:
        """The passages for some questions, best first."""
        return search(
            self.collection,
            questions,
            how=self.how,
            top_k=self.top_k,
            candidates=self.candidates,
            where=self.where,
            reranker=self.reranker,
        )

    def close(self) -> None:
        """Let the generator go."""
        close = getattr(self.generator, "close", None)
        if close is not None:
            close()

    def _generate(self, found: Sequence[tuple[Request, tuple[Passage, ...]]]) -> Iterator[Completion]:
        asked: dict[int, tuple[Request, tuple[Passage, ...]]] = {}
        inner: list[Request] = []
        for request, passages in found:
            try:
                messages = render(self.generator.prompt, _case(request), passages=passages)
            except UsageError as error:
                yield Completion(error=str(error), passages=passages, request=request)
                continue
            inner.append(replace(request, messages=messages))
            asked[id(inner[-1])] = request, passages
        for completion in self.generator.complete(inner):
            request, passages = asked[id(completion.request)]
            yield replace(completion, request=request, passages=passages)


def rag(
    generator: str,
    *,
    collection: str,
    top_k: int = 3,
    search: Literal["vector", "text", "hybrid"] = "hybrid",
    filter: dict[str, Any] | None = None,  # noqa: A002 -- the YAML word
    rerank: str | None = None,
    candidates: int = 20,
    setting: Setting,
) -> Rag:
    """The backend `rag`: passages from a collection, answered from by another backend.

    Args:
        generator: the backend that answers, `FAMILY:VERSION`; its prompt shows `passages` or `context`.
        collection: a folder of Markdown, text or JSON Lines; its options are under `collections`.
        top_k: passages for each question.
        search: by vector, by full text, or both fused by reciprocal rank.
        filter: metadata name → value, or a list of values of which one will do.
        rerank: `minilm` (late interaction), or a cross-encoder's folder or hub id.
        candidates: how many passages are fused and reranked.
        setting: handed over by the loader.

    Raises:
        UsageError: an option has a value that it may not have; the folder is missing or holds no text; the
            generator is not there, or its prompt shows no passages.
        DocumentError: a file of the collection is broken.
    """
    for name, value in (("top_k", top_k), ("candidates", candidates)):
        if value < 1:
            raise UsageError(f"{name} is {value}. Write 1 or more.")
    if setting.backend is None:
        raise UsageError(f"The generator {generator!r} needs a project file to be found. Declare rag in one.")
    backend = setting.backend(generator)
    _check_prompt(backend, generator)
    return Rag(
        name=setting.name or "rag",
        generator=backend,
        collection=open_collection(
            collection, base=setting.base, options=setting.collections.get(collection)
        ),
        top_k=top_k,
        how=search,
        where=filter or {},
        reranker=reranker(rerank, base=setting.base) if rerank else None,
        candidates=candidates,
    )


def _check_prompt(backend: Backend, generator: str) -> None:
    """Passages that no prompt shows would be retrieved for nothing."""
    prompt = backend.prompt
    if prompt is None:
        raise UsageError(
            f"The generator {generator!r} has no prompt, so it would not see the passages. "
            "Give it one that shows {{ passages }} or {{ context }}."
        )
    if not {"passages", "context"} & (undeclared(prompt.system) | undeclared(prompt.user)):
        raise UsageError(
            f"The generator {generator!r} has the prompt {prompt.name}@{prompt.version}, which shows no "
            "passages. Use {{ passages }} or {{ context }} in it."
        )


def _case(request: Request) -> Case:
    """The request's case, or one made of its messages."""
    return request.case or Case(id=request.case_id, input=request.messages)


def _plus(seconds: float | None, more: float) -> float | None:
    return None if seconds is None else seconds + more
