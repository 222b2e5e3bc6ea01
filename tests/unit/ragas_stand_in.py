"""A stand-in for ragas where it is not installed: its forms, and metrics that ask as its own do."""

from __future__ import annotations

import json
from types import SimpleNamespace

from pydantic import BaseModel

from lockgate.checks import ragas_parts


class Statements(BaseModel):
    statements: list[str]


class Said(BaseModel):
    statement: str
    reason: str = ""
    verdict: int


class Verdicts(BaseModel):
    statements: list[Said]


class Question(BaseModel):
    question: str
    noncommittal: int


class Classification(BaseModel):
    statement: str
    attributed: int


class Classifications(BaseModel):
    classifications: list[Classification]


class Prompt:
    """What fills in a prompt."""

    def to_string(self, data):
        return json.dumps({"ask": data.ask, "statements": getattr(data, "statements", None)})


def filled(ask, **words):
    return SimpleNamespace(ask=ask, **words)


class Faithfulness:
    """Splits an answer and has its statements judged; the mean is over the verdicts that came back."""

    def __init__(self, llm):
        self.llm, self.prompt = llm, Prompt()

    async def ascore(self, response, **words):
        made = await self.llm.agenerate(self.prompt.to_string(filled("split")), Statements)
        if not made.statements:
            return SimpleNamespace(value=float("nan"))
        asked = filled("judge", statements=made.statements)
        said = await self.llm.agenerate(self.prompt.to_string(asked), Verdicts)
        return SimpleNamespace(value=sum(s.verdict for s in said.statements) / len(said.statements))


class ContextRecall:
    """Has the reference classified."""

    def __init__(self, llm):
        self.llm, self.prompt = llm, Prompt()

    async def ascore(self, reference, **words):
        told = await self.llm.agenerate(self.prompt.to_string(filled("classify")), Classifications)
        kept = [c.attributed for c in told.classifications]
        return SimpleNamespace(value=sum(kept) / len(kept))


class AnswerRelevancy:
    """Compares the question with those that could have led to the answer."""

    def __init__(self, llm, embeddings, strictness):
        self.llm, self.embeddings, self.strictness, self.prompt = llm, embeddings, strictness, Prompt()

    async def ascore(self, user_input, response):
        asked = [
            await self.llm.agenerate(self.prompt.to_string(filled("question")), Question)
            for _ in range(self.strictness)
        ]
        if not any(q.question for q in asked):
            return SimpleNamespace(value=0.0)
        one = await self.embeddings.aembed_text(user_input)
        others = await self.embeddings.aembed_texts([q.question for q in asked if q.question])
        near = [sum(a * b for a, b in zip(one, other, strict=True)) for other in others]
        return SimpleNamespace(value=sum(near) / len(near))


class NoiseSensitivity(Faithfulness):
    """As faithfulness, so that its direction can be tested."""

    def __init__(self, llm, mode):
        super().__init__(llm)
        self.mode = mode


def install(monkeypatch):
    """Put it in ragas's place, as far as Lockgate reaches."""
    classes = (Faithfulness, ContextRecall, AnswerRelevancy, NoiseSensitivity)
    module = SimpleNamespace(**{one.__name__: one for one in classes})
    monkeypatch.setattr(ragas_parts, "_collections", lambda: module)
    monkeypatch.setattr(ragas_parts, "util", SimpleNamespace(find_spec=lambda name: name))
    monkeypatch.setattr(ragas_parts, "metadata", SimpleNamespace(version=lambda name: "0"))
