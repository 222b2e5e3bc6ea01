"""A prompt and a case become the messages of a request; a check's options become values for a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lockgate.human import HUMAN
from lockgate.model import JSON, Case, Example, Message, Passage, Prompt
from lockgate.templates import evaluate, fill, is_template, undeclared

__all__ = ["RENDERER", "count_examples", "render", "render_value", "undeclared"]

RENDERER = "1"
"""Version of the rules by which templates become messages; part of every prompt's digest."""


def render(prompt: Prompt | None, case: Case, *, passages: Sequence[Passage] = ()) -> tuple[Message, ...]:
    """The chat messages that ask a case.

    A prompt's variables are `input` (the question), `context` (the passages' texts joined by blank lines,
    or the case's own context when nothing was retrieved), `passages` (each with `number` from 1, `id`,
    `text`, `source`, `score`, `metadata`), `examples` (each with `input`, `output`) and the case's own
    fields; never `expected`, nor `human`. Examples go in as alternating user and assistant messages unless a
    template uses `examples` itself; an example's input is rendered by the user template when that needs
    `input` alone, else it goes in as it is. Earlier turns of a chat are kept before the user message.

    Args:
        prompt: the prompt's version, or None to send the case's input as it is.
        case: what is asked.
        passages: what was retrieved for it, best first.

    Returns:
        Messages with `role` and `content`: at most one system message, first.

    Raises:
        UsageError: a template has a syntax error, an undefined name, or an operation that fails.
    """
    if prompt is None:
        return _bare(case)
    examples = _examples(prompt, case)
    names = _prompt_variables(case, passages, examples)
    system = fill(prompt.system, names, hidden="expected")
    user = {"role": "user", "content": fill(prompt.user, names, hidden="expected")}
    shots = [] if _uses_examples(prompt) else _shots(prompt.user, examples)
    before, after = _turns(case)
    heads = [m["content"] for m in before if m["role"] == "system"]
    earlier = [m for m in before if m["role"] != "system"]
    return (*_system([system, *heads]), *shots, *earlier, user, *after)


def render_value(value: JSON, case: Case) -> JSON:
    """A check option with its templates filled in from a case.

    Strings are rendered, lists and mappings item by item (their keys stay); a string that is one
    `{{ expression }}` and nothing else gives the expression's value, not its text. Variables are `id`,
    `input`, `expected`, `context` (one text), `tags`, `should_refuse` and the case's own fields.

    Raises:
        UsageError: a template has a syntax error, an undefined name, or an operation that fails.
    """
    if isinstance(value, str):
        return evaluate(value, _case_variables(case)) if is_template(value) else value
    if isinstance(value, Mapping):
        return {key: render_value(item, case) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [render_value(item, case) for item in value]
    return value


def count_examples(prompt: Prompt | None) -> int:
    """How many few-shot examples each rendering of a prompt holds."""
    if prompt is None:
        return 0
    return len(prompt.examples) + min(prompt.top_k, len(prompt.pool))


def _bare(case: Case) -> tuple[Message, ...]:
    if isinstance(case.input, str):
        return ({"role": "user", "content": case.input},)
    return tuple(case.input)


def _turns(case: Case) -> tuple[list[Message], list[Message]]:
    """A chat's messages before and after its last user message, which the template replaces."""
    if isinstance(case.input, str):
        return [], []
    users = [i for i, message in enumerate(case.input) if message["role"] == "user"]
    last = users[-1] if users else len(case.input)
    return list(case.input[:last]), list(case.input[last + 1 :])


def _system(texts: Sequence[str]) -> list[Message]:
    text = "\n\n".join(t for t in texts if t.strip())
    return [{"role": "system", "content": text}] if text else []


def _shots(user: str, examples: Sequence[Example]) -> list[Message]:
    through = undeclared(user) == {"input"}
    messages: list[Message] = []
    for example in examples:
        text = fill(user, {"input": example.input}) if through else example.input
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": example.output}]
    return messages


def _uses_examples(prompt: Prompt) -> bool:
    return "examples" in undeclared(prompt.system) | undeclared(prompt.user)


def _examples(prompt: Prompt, case: Case) -> list[Example]:
    """The fixed examples, then the pool's nearest, the most similar last (next to the question)."""
    if not prompt.pool:
        return list(prompt.examples)
    from lockgate.retrieval.embedding import nearest

    question = case.question.strip()
    texts = [example.input for example in prompt.pool]
    # A pool that holds the case itself would hand over its answer.
    own = {i for i, text in enumerate(texts) if text.strip() == question}
    ranked = [i for i in nearest(question, texts, prompt.top_k + len(own)) if i not in own]
    chosen = [prompt.pool[i] for i in reversed(ranked[: prompt.top_k])]
    return [*prompt.examples, *chosen]


def _case_variables(case: Case) -> dict[str, Any]:
    return {
        **case.fields,
        "id": case.id,
        "input": case.question,
        "expected": case.expected,
        "context": "\n\n".join(case.context),
        "tags": case.tags,
        "should_refuse": case.should_refuse,
    }


def _prompt_variables(case: Case, passages: Sequence[Passage], examples: Sequence[Example]) -> dict[str, Any]:
    sources = _sources(passages)
    texts = [p.text for p in passages] or case.context
    return {
        **{name: value for name, value in case.fields.items() if name != HUMAN},
        "input": case.question,
        "context": "\n\n".join(texts),
        "passages": sources,
        "examples": [{"input": e.input, "output": e.output} for e in examples],
    }


def _sources(passages: Sequence[Passage]) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "id": p.id,
            "text": p.text,
            "source": p.source,
            "score": p.score,
            "metadata": p.metadata,
        }
        for number, p in enumerate(passages, 1)
    ]
