"""ragas's metrics, made with a model and embeddings that only say what they wait for."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from importlib import metadata, util
from typing import Any, TypeAlias

from lockgate.errors import FatalBackendError, MissingExtra
from lockgate.model import JSON

__all__ = ["Asked", "Embedded", "Model", "make_metric", "require", "version"]

Model: TypeAlias = Any
"""Something of ragas or pydantic: a metric, a prompt, a form that replies are to have, a reply in it."""

_WARNERS = r"(ragas|langchain\w*|langsmith|instructor|datasets|pydantic|diskcache)\b"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a metric awaits: a reply to a prompt, in a form; `given` is what was filled into the prompt."""

    prompt: str
    form: Model
    given: Model = None

    def __await__(self) -> Generator[Asked, Model, Model]:
        return (yield self)


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a metric awaits: the vectors of texts."""

    texts: Sequence[str]

    def __await__(self) -> Generator[Embedded, list[list[float]], list[list[float]]]:
        return (yield self)


def require(feature: str) -> None:
    """See that ragas is there, without importing it.

    Raises:
        MissingExtra: it is not installed.
    """
    if util.find_spec("ragas") is None:
        raise MissingExtra(feature=feature, package="ragas", extra="ragas")


def version() -> str:
    """The version of ragas that is installed: its prompts and formulas are what it gives."""
    return metadata.version("ragas")


def make_metric(name: str, *, embeddings: bool = False, **options: JSON) -> Model:
    """A metric of ragas whose `ascore` awaits `Asked` and `Embedded` and nothing else.

    ragas is imported here, with its tracking off.

    Args:
        name: of the class in `ragas.metrics.collections`.
        embeddings: whether it takes any.
        options: what else it takes.

    Raises:
        FatalBackendError: ragas, or what it is built on, cannot be imported.
    """
    parts = {"embeddings": _Embeddings()} if embeddings else {}
    metric = getattr(_collections(), name)(llm=_Model(), **parts, **options)
    for word, value in list(vars(metric).items()):
        if hasattr(value, "to_string"):
            setattr(metric, word, _Prompt(value))
    return metric


def _collections() -> Model:
    """The module of ragas's metrics, which take our parts for their own kind."""
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    # Not `catch_warnings`: it is not safe beside other threads.
    warnings.filterwarnings("ignore", module=_WARNERS)
    try:
        from ragas.embeddings.base import BaseRagasEmbedding
        from ragas.llms.base import InstructorBaseRagasLLM
        from ragas.metrics import collections
    except ImportError as error:
        raise FatalBackendError(
            f"ragas cannot be imported: {error}. Run: pip install 'lockgate[ragas]'"
        ) from error
    InstructorBaseRagasLLM.register(_Model)
    BaseRagasEmbedding.register(_Embeddings)
    return collections


class _Model:
    """What ragas takes for its language model (`InstructorBaseRagasLLM`)."""

    async def agenerate(self, prompt: str, response_model: Model) -> Model:
        return await Asked(str(prompt), response_model, getattr(prompt, "given", None))


class _Embeddings:
    """What ragas takes for its embeddings (`BaseRagasEmbedding`)."""

    async def aembed_text(self, text: str) -> list[float]:
        return (await Embedded([text]))[0]

    async def aembed_texts(self, texts: Sequence[str]) -> list[list[float]]:
        return await Embedded(texts)


class _Told(str):
    """A prompt that knows what was filled into it."""

    __slots__ = ("given",)
    given: Model


class _Prompt:
    """A prompt of ragas, whose texts know what was filled in."""

    def __init__(self, prompt: Model) -> None:
        self._prompt = prompt

    def to_string(self, data: Model) -> str:
        told = _Told(self._prompt.to_string(data))
        told.given = data
        return told
