"""The weights of encoders and cross-encoders: loaded once, quietly, one at a time."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, Literal, TypeAlias

from lockgate.errors import FatalBackendError, MissingExtra

__all__ = ["Network", "load_network"]

Network: TypeAlias = Literal["encoder", "cross-encoder"]

# transformers patches torch's globals while it loads, so two threads may not load at once.
_LOADING = threading.Lock()


def load_network(model: str, kind: Network) -> tuple[Any, Any]:
    """The tokeniser and the network (float32, in evaluation mode, on CUDA where there is one), kept.

    Args:
        model: a folder or a hub id.
        kind: an encoder, or a sequence classifier that reads pairs.

    Raises:
        FatalBackendError: the model cannot be found or read.
        MissingExtra: torch or transformers is not installed.
    """
    with _LOADING:
        return _load(model, kind)


@cache
def _load(model: str, kind: Network) -> tuple[Any, Any]:
    try:
        import torch
        from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer
        from transformers.utils import logging
    except ImportError as error:
        package = error.name or "transformers"
        raise MissingExtra(feature=f"An {kind}", package=package, extra="local") from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    auto = AutoModel if kind == "encoder" else AutoModelForSequenceClassification
    shows_progress = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(model)
        return tokenizer, auto.from_pretrained(model, dtype=torch.float32).to(device).eval()
    except (OSError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise FatalBackendError(f"The {kind} {model!r} cannot be loaded: {said}") from error
    finally:
        if shows_progress:
            logging.enable_progress_bar()
