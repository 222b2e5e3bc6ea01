"""The weights of encoders and cross-encoders: loaded once, quietly, one at a time."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, TypeAlias

from lockgate.errors import FatalBackendError
from lockgate.quiet import LOADING, hush

__all__ = ["Network", "load_network"]

Network: TypeAlias = Literal["encoder", "cross-encoder", "token classifier"]

_FEATURES = {
    "encoder": "An encoder",
    "cross-encoder": "A cross-encoder",
    "token classifier": "A token classifier",
}
_CLASSES = {
    "encoder": "AutoModel",
    "cross-encoder": "AutoModelForSequenceClassification",
    "token classifier": "AutoModelForTokenClassification",
}


def load_network(model: str, kind: Network, *, layers: int | None = None) -> tuple[Any, Any]:
    """The tokeniser and the network (float32, in evaluation mode, on CUDA where there is one), kept.

    torch and transformers may be imported after it, not before: it sets up what they read when imported.

    Args:
        model: a folder or a hub id.
        kind: an encoder, a sequence classifier that reads pairs, or a classifier of tokens.
        layers: how many of its layers are to be there; None for all.

    Raises:
        FatalBackendError: the model cannot be found or read.
        MissingExtra: torch or transformers is not installed.
    """
    with LOADING:
        return _load(model, kind, layers)


@cache
def _load(model: str, kind: Network, layers: int | None) -> tuple[Any, Any]:
    torch, transformers = hush(_FEATURES[kind])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    auto = getattr(transformers, _CLASSES[kind])
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model)
        fewer = {} if layers is None else {"num_hidden_layers": layers}
        return tokenizer, auto.from_pretrained(model, dtype=torch.float32, **fewer).to(device).eval()
    except (OSError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise FatalBackendError(f"The {kind} {model!r} cannot be loaded: {said}") from error
