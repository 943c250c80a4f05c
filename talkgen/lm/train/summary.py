"""Says what came out of a run: measured on the published checkpoint, as anybody would load it."""

from __future__ import annotations

import os
import platform
from typing import Any

import numpy as np
import torch

from talkgen import __version__
from talkgen.lm.models.base import LanguageModel
from talkgen.lm.text.mqar import VALUES, row_length
from talkgen.lm.train.context import compare_contexts
from talkgen.lm.train.data import AT_THE_END, Data, PairsData, PhraseData, TaskData, TextData
from talkgen.lm.train.evaluate import (
    accuracy_by_distance,
    accuracy_by_pairs,
    bits_per_byte,
    exact_rows,
    held_out_loss,
    loss_by_position,
    xz_bits_per_byte,
)
from talkgen.lm.train.recipe import Recipe
from talkgen.lm.train.trainer import Trainer

STORED = (4, 8, 16, 32, 64, 128)  # pairs, as Arora et al. (2023) ask


def summarise(trainer: Trainer, model: LanguageModel, step: int, *, closely: bool = True) -> dict[str, Any]:
    """The run's summary.json; `model` is the published checkpoint of `step`, losses are in nats a token.

    Only the held-out loss is measured unless it is to be looked at `closely`.
    """
    recipe, data, device = trainer.recipe, trainer.data, trainer.world.device
    return {
        "name": recipe.name,
        "architecture": recipe.model.architecture,
        "parameters": model.count_parameters(),
        "parameters_without_embeddings": model.count_parameters(embeddings=False),
        "vocabulary": data.tokenizer.vocab_size,
        "context": recipe.model.block_size,
        "step": step,
        "tokens": trainer.tokens,
        **measure_loss(model, data, recipe, device),
        **(measure_closely(model, data, recipe, device) if closely else {}),
        "data": {"source": recipe.data.partition(":")[0], **data.about()},
        "seconds": round(trainer.seconds, 1),
        "cpu_seconds": round(trainer.cpu_seconds, 1),
        "tokens_per_second": round(trainer.tokens / max(trainer.seconds, 1e-9)),
        "seed": recipe.seed,
        "recipe": recipe.digest(),
        "talkgen": __version__,
        "machine": describe_machine(device),
        "command": f"talkgen train {recipe.name}",
    }


def measure_loss(model: LanguageModel, data: Data, recipe: Recipe, device: torch.device) -> dict[str, float]:
    """Held-out loss (nats a token) and accuracy."""
    loss, accuracy = held_out_loss(model, data.held_out(recipe.model.block_size, AT_THE_END), device)
    return {"val_loss": loss, "val_accuracy": accuracy}


def measure_closely(model: LanguageModel, data: Data, recipe: Recipe, device: torch.device) -> dict[str, Any]:
    """What suits the data.

    Bits per byte beside xz's and what a context is worth for text, recall by distance or by pairs for a task, sentences
    without a fault for translations.
    """
    found: dict[str, Any] = {}
    if isinstance(data, TextData):
        found["bits_per_byte"] = bits_per_byte(model, data, device)
        found["xz_bits_per_byte"] = xz_bits_per_byte(data)
        positions = loss_by_position(model, data.held_out(recipe.model.block_size, AT_THE_END), device)
        found["loss_by_position"] = [round(loss, 4) for loss in positions]
        found |= compare_contexts(model, data.held_out_ids.astype(np.int64), device)
    if isinstance(data, TaskData):
        distances = probe_distances(data, recipe.model.block_size)
        shares = accuracy_by_distance(model, data.tokenizer, data.task.name, distances)
        found["recall"] = {"distance": distances, "accuracy": shares, "chance": 1 / data.task.choices}
    if isinstance(data, PairsData):
        pairs = [number for number in STORED if row_length(number) <= recipe.model.block_size]
        shares = accuracy_by_pairs(model, data, pairs, device)
        found["recall_by_pairs"] = {"pairs": pairs, "accuracy": shares, "chance": 1 / len(VALUES)}
    if isinstance(data, PhraseData):
        batches = data.held_out(recipe.model.block_size, AT_THE_END)
        found["exact_sentences"] = exact_rows(model, batches, device)
    return found


def probe_distances(data: TaskData, block_size: int) -> list[int]:
    """About twelve distances from the task's nearest to the end of the context, evenly spaced in their logarithm."""
    task, last = data.task, block_size - 2
    wanted = (task.nearest * (last / task.nearest) ** (k / 11) for k in range(12))
    return sorted({task.nearest + int((d - task.nearest) // task.step) * task.step for d in wanted})


def describe_machine(device: torch.device) -> dict[str, str | int]:
    """What a timing depends on."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "device": f"{device.type}: {name}",
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count() or 1,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
