"""The training loop: a LoRA adapter on a frozen base, AdamW, warm-up and cosine, early stop on validation.

LoRA: Hu et al. 2021, arXiv:2106.09685. AdamW: Loshchilov and Hutter 2017, arXiv:1711.05101; the cosine
schedule: the same, arXiv:1608.03983.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockgate.backends.loading import Loaded
from lockgate.tuning.checkpoints import Progress, recall, remember
from lockgate.tuning.tokens import Example, batches, pack

__all__ = ["Course", "learning_rate", "train"]

_WARM_UP = 0.1
_CLIP = 1.0
_WEIGHT_DECAY = 0.01
_KEEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a training goes; the words are the spec's.

    Args:
        epochs: most passes over the data.
        patience: epochs without a lower validation loss before it stops.
        learning_rate: the highest.
        rank, alpha, dropout, targets: of the adapter, as peft has them.
        batch_tokens: most tokens in a batch, padding included.
        seed: draws the adapter's start, the order and the dropout.
        dtype: `bfloat16` (autocast) or `float32`.
        device: `cpu`, `cuda` …
        keep: the folder that checkpoints go to.
    """

    epochs: int
    patience: int
    learning_rate: float
    rank: int
    alpha: float
    dropout: float
    targets: str | list[str]
    batch_tokens: int
    seed: int
    dtype: str
    device: str
    keep: Path


def train(
    loaded: Loaded,
    training: Sequence[Example],
    validation: Sequence[Example],
    course: Course,
    *,
    say: Callable[[str], None],
) -> tuple[Any, Progress]:
    """Train an adapter, going on where an interrupted training of the same course stood.

    Args:
        loaded: the base; it gets peft's wrapper and is good for nothing else afterwards.
        training: what is learnt.
        validation: what decides which epoch is kept; when empty, the training loss does.
        course: how.
        say: told one line an epoch.

    Returns:
        peft's model with the best epoch's adapter, and the training's progress.
    """
    import torch
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    torch.manual_seed(course.seed)
    model = _wrap(loaded, course)
    optimiser = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=0.0, weight_decay=_WEIGHT_DECAY
    )
    loop = _Loop(model, optimiser, loaded.tokenizer.pad_token_id, course, Progress())
    found = recall(course.keep)
    if found:
        loop.progress = found[0]
        set_peft_model_state_dict(model, found[1])
        optimiser.load_state_dict(found[2])
        say(f"resumes in epoch {loop.progress.epoch + 1}, batch {loop.progress.batch + 1}")
    while loop.progress.epoch < course.epochs and loop.progress.stale < course.patience:
        loop.epoch(training, validation)
        say(_line(loop.progress, course))
    set_peft_model_state_dict(model, loop.progress.best or get_peft_model_state_dict(model))
    return model, loop.progress


def learning_rate(step: int, steps: int, highest: float) -> float:
    """The rate of a step: rising for the first tenth, then falling along a half cosine to a tenth.

    Args:
        step: from 0.
        steps: how many there would be without an early stop.
        highest: the rate at the end of the warm-up.
    """
    warm = max(1, round(_WARM_UP * steps))
    if step < warm:
        return highest * (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    return highest * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * done)))


class _Loop:
    """One training at work: model, optimiser and how far it is."""

    def __init__(self, model: Any, optimiser: Any, padding: int, course: Course, progress: Progress) -> None:
        self.model = model
        self.optimiser = optimiser
        self.padding = padding
        self.course = course
        self.progress = progress
        self.kept = time.monotonic()

    def epoch(self, training: Sequence[Example], validation: Sequence[Example]) -> None:
        now, course = self.progress, self.course
        groups = batches(training, course.batch_tokens, seed=course.seed + now.epoch)
        self.model.train()
        for group in _shown(groups[now.batch :], f"epoch {now.epoch + 1}/{course.epochs}"):
            started = time.monotonic()
            self.step(group, len(groups))
            now.spent += time.monotonic() - started
            self.keep_sometimes()
        started = time.monotonic()
        loss = self.measure(validation) if validation else None
        now.spent += time.monotonic() - started
        self.close_epoch(loss)
        self.keep()

    def step(self, group: Sequence[Example], groups: int) -> None:
        import torch

        now, course = self.progress, self.course
        done = now.epoch * groups + now.batch
        for settings in self.optimiser.param_groups:
            settings["lr"] = learning_rate(done, course.epochs * groups, course.learning_rate)
        total, tokens = self.loss(group)
        (total / tokens).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), _CLIP)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        now.total += total.item()
        now.tokens += tokens
        now.batch += 1

    def measure(self, examples: Sequence[Example]) -> float:
        import torch

        self.model.eval()
        with torch.no_grad():
            sums = [self.loss(group) for group in batches(examples, self.course.batch_tokens, seed=0)]
        return float(sum(total.item() for total, _ in sums)) / sum(tokens for _, tokens in sums)

    def loss(self, group: Sequence[Example]) -> tuple[Any, int]:
        """Sum of the cross entropies of a batch's answer tokens, and how many they are."""
        import torch

        packed = pack(group, padding=self.padding, device=self.course.device)
        with _autocast(self.course):
            logits = self.model(
                input_ids=packed.ids,
                attention_mask=packed.mask,
                position_ids=packed.positions,
                use_cache=False,
                logits_to_keep=packed.kept + 1,
            ).logits
        aligned = logits[:, -packed.kept - 1 : -1].float()
        total = torch.nn.functional.cross_entropy(
            aligned.reshape(-1, aligned.shape[-1]), packed.labels.reshape(-1), reduction="sum"
        )
        return total, sum(e.answer for e in group)

    def close_epoch(self, validation: float | None) -> None:
        from peft import get_peft_model_state_dict

        now = self.progress
        trained = now.total / now.tokens
        judged = trained if validation is None else validation
        line = {"epoch": now.epoch + 1, "train_loss": trained, "seconds": now.spent}
        now.history.append(line if validation is None else {**line, "validation_loss": validation})
        if judged < now.best_loss:
            state = get_peft_model_state_dict(self.model)
            now.best = {name: tensor.detach().cpu().clone() for name, tensor in state.items()}
            now.best_loss, now.stale = judged, 0
        else:
            now.stale += 1
        now.batch, now.total, now.tokens, now.spent = 0, 0.0, 0, 0.0

    def keep_sometimes(self) -> None:
        if time.monotonic() - self.kept > _KEEP_SECONDS:
            self.keep()

    def keep(self) -> None:
        from peft import get_peft_model_state_dict

        remember(
            self.course.keep,
            self.progress,
            adapter=get_peft_model_state_dict(self.model),
            optimiser=self.optimiser.state_dict(),
        )
        self.kept = time.monotonic()


def _wrap(loaded: Loaded, course: Course) -> Any:
    from peft import LoraConfig, get_peft_model

    # Cut from the middle of a tensor, the kept columns would make each row's product copy the whole matrix.
    loaded.model.get_output_embeddings().register_forward_pre_hook(lambda _, args: (args[0].contiguous(),))
    config = LoraConfig(
        r=course.rank,
        lora_alpha=course.alpha,
        lora_dropout=course.dropout,
        target_modules=course.targets,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(loaded.model, config)


def _autocast(course: Course) -> AbstractContextManager[Any]:
    import torch

    if course.dtype == "float32":
        return nullcontext()
    cast: AbstractContextManager[Any] = torch.autocast(course.device.partition(":")[0], torch.bfloat16)
    return cast


def _shown(groups: Sequence[list[Example]], title: str) -> Any:
    """The batches, with a progress bar where a terminal looks on."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    return tqdm(groups, desc=title, unit="batch", disable=None, leave=False)


def _line(progress: Progress, course: Course) -> str:
    last = progress.history[-1]
    held = f", validation loss {last['validation_loss']:.4f}" if "validation_loss" in last else ""
    mark = " (best)" if progress.stale == 0 else ""
    return (
        f"epoch {last['epoch']:.0f}/{course.epochs}: training loss {last['train_loss']:.4f}{held}{mark}, "
        f"{last['seconds']:.0f} s"
    )
