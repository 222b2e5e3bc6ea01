"""The engines of groundedness by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lockgate.checks.grounding.answers import Engine
from lockgate.checks.grounding.embedded import embedded
from lockgate.checks.grounding.faithfulness import faithfulness
from lockgate.checks.grounding.hub import hub
from lockgate.checks.grounding.judged import judged
from lockgate.checks.grounding.lexical import lexical
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import Setting

__all__ = ["ENGINES", "engine_of"]

ENGINES: Mapping[str, Callable[[str, Setting], Engine]] = MappingProxyType(
    {"embedded": embedded, "hf": hub, "judge": judged, "lexical": lexical}
)
"""Engine name → what makes it of what stands after its colon ("" for nothing) and the check's setting."""

_NEEDS = {"hf": "hf:ORGANISATION/NAME", "judge": "judge:FAMILY:VERSION"}


def engine_of(name: str, setting: Setting, *, backend: str | None = None) -> Engine:
    """The engine of that name: `lexical`, `embedded[:MODEL]`, `hf:MODEL`, `judge:BACKEND`, `ragas:METRIC`.

    Args:
        name: the engine, and after a colon what it reads with.
        setting: the check's.
        backend: the language model that an engine asks which does not name it itself.

    Raises:
        MissingExtra: it needs a package that is not installed.
        UsageError: there is no such engine, model or backend.
    """
    kind, _, rest = name.partition(":")
    if kind == "ragas":
        return faithfulness(rest, backend, setting)
    if kind not in ENGINES:
        hint = did_you_mean(kind, sorted([*ENGINES, "ragas"]), noun="engines")
        raise UsageError(f"The check 'grounded' has no engine {name!r}. {hint}")
    if backend is not None:
        raise UsageError(
            f"The engine {name!r} of 'grounded' takes no backend. "
            f"Delete it, or write engine: judge:{backend}."
        )
    if kind in _NEEDS and not rest:
        raise UsageError(f"The engine {kind!r} of 'grounded' needs a name. Write {_NEEDS[kind]}.")
    return ENGINES[kind](rest, setting)
