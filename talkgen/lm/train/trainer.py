"""One optimisation step after another on one model; knows no folders and no log.

What makes a resumed run equal an uninterrupted one bit for bit on a CPU: step n draws its rows and its dropout from
(seed, n) alone, and `pack` takes everything else that a step depends on.
"""

from __future__ import annotations

import json
import math
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from talkgen.errors import ModelError
from talkgen.lm.files.checkpoint import save_checkpoint
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.base import LanguageModel
from talkgen.lm.train.data import IGNORED, Data, identify
from talkgen.lm.train.distributed import World, gather, scatter
from talkgen.lm.train.optimize import make_optimizers, pack_optimizers, rate_factor, set_rates, unpack_optimizers
from talkgen.lm.train.recipe import Recipe

COMPILE_FLOPS = 1e17  # a quarter of an hour at 1e14 a second; below, compiling for a minute takes longer than it saves


class Trainer:
    """A model, its optimizers and its data at one step."""

    def __init__(self, recipe: Recipe, data: Data, world: World) -> None:
        self.recipe, self.data, self.world = recipe, data, world
        torch.manual_seed(recipe.seed)
        self.model: LanguageModel = build_model(recipe.model.config(data.tokenizer.vocab_size)).to(world.device)
        self.forward = world.wrap(self.model, recipe.distributed)
        self.optimizers = make_optimizers(self.model, recipe.optimizer)
        self.step, self.rate = 0, 0.0
        # By the clock on the wall, and of processors (all threads): the second is the same beside other programs.
        self.seconds, self.cpu_seconds = 0.0, 0.0
        self.losses: list[float] = []
        self.best, self.best_step = math.inf, 0
        if world.device.type == "cuda" and self._flops() > COMPILE_FLOPS:
            self.forward = torch.compile(self.forward)

    @property
    def tokens(self) -> int:
        """Tokens read so far, over all processes."""
        return self.step * self.recipe.schedule.rows * self.data.width

    @cached_property
    def identity(self) -> dict[str, int | str]:
        """What is trained on."""
        return identify(self.data)

    def _flops(self) -> float:
        """The whole run's, by the usual 6 a parameter and token."""
        schedule = self.recipe.schedule
        tokens = schedule.steps * schedule.rows * self.data.width
        return 6.0 * self.model.count_parameters() * tokens

    def advance(self) -> tuple[float, float]:
        """Takes one step; returns its loss (nats a token) and the gradient's norm before clipping.

        The weights stay as they were when either is not a finite number.
        """
        began, cpu_began = time.perf_counter(), time.process_time()
        recipe = self.recipe
        # Dropout is the only draw in a step, and from (seed, step, rank) a resumed run draws the same.
        if self.model.config.dropout > 0:
            torch.manual_seed((recipe.seed << 31) + self.step * self.world.size + self.world.rank)
        loss = self.world.mean(self._backward())
        parameters = list(self.model.parameters())
        # Measured before clipping: the log's curve of it is how a run that is about to diverge is known.
        norm = nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None], foreach=True)
        result = float(loss), float(gather(norm))
        if not all(map(math.isfinite, result)):  # before the optimizers: one NaN in their state would stay there
            return result
        if result[1] > recipe.optimizer.clip:
            nn.utils.clip_grads_with_norm_(parameters, recipe.optimizer.clip, norm, foreach=True)
        factor = rate_factor(self.step, recipe.schedule)
        self.rate = recipe.optimizer.rate * factor
        set_rates(self.optimizers, recipe.optimizer, factor)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        self.losses.append(result[0])
        self.seconds += time.perf_counter() - began
        self.cpu_seconds += time.process_time() - cpu_began
        return result

    def _backward(self) -> Tensor:
        """Gradients of the mean loss over this process's rows; returns that loss."""
        schedule, device = self.recipe.schedule, self.world.device
        inputs, targets = self.data.batch(self.recipe.seed, self.step, schedule.rows, self.recipe.model.block_size)
        mine = slice(self.world.rank, None, self.world.size)
        x, y = torch.from_numpy(inputs[mine]).to(device), torch.from_numpy(targets[mine]).to(device)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        # One divisor for all parts and processes (their gradients are averaged), so that every target weighs the same.
        scored = int((targets != IGNORED).sum()) / self.world.size
        total = torch.zeros((), device=device)
        for xs, ys in zip(x.chunk(schedule.accumulate), y.chunk(schedule.accumulate), strict=True):
            # On a CPU in float32, where a step can be repeated bit for bit and bfloat16 is seldom quicker.
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                logits, _ = self.forward(xs)
            loss = F.cross_entropy(logits.flatten(0, 1), ys.flatten(), ignore_index=IGNORED, reduction="sum") / scored
            torch.autograd.backward(loss)
            total += loss.detach()
        return total

    def whole_model(self) -> LanguageModel:
        """The model; where its weights are in parts, a whole copy, which takes every process."""
        if not any(isinstance(parameter, DTensor) for parameter in self.model.parameters()):
            return self.model
        whole = build_model(self.model.config)
        with torch.no_grad():
            for parameter, part in zip(whole.parameters(), self.model.parameters(), strict=True):
                parameter.copy_(gather(part))
        return whole

    def publish(self, model: LanguageModel, folder: Path) -> None:
        """Writes the weights of `model` for everyone to read, in the recipe's precision."""
        about = {"name": self.recipe.name, "step": self.step, "tokens": self.tokens, "seed": self.recipe.seed}
        save_checkpoint(folder, model, self.data.tokenizer, about, getattr(torch, self.recipe.keep.dtype))

    def pack(self) -> bytes:
        """Weights, optimizers and counters as one safetensors file."""
        tensors: dict[str, Tensor] = {f"model.{name}": value for name, value in self.model.named_parameters()}
        tensors |= pack_optimizers(self.optimizers)
        about = {
            "step": self.step,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "losses": self.losses,
            "best": self.best if math.isfinite(self.best) else None,
            "best_step": self.best_step,
            "data": self.identity,
        }
        return save({name: gather(tensor) for name, tensor in tensors.items()}, metadata={"talkgen": json.dumps(about)})

    def restore(self, path: Path) -> None:
        """Goes back to what :meth:`pack` took.

        Raises:
            ModelError: the file is damaged, or was trained on other data than there is now.
        """
        try:
            with safe_open(path, framework="pt") as file:
                about: dict[str, Any] = json.loads(file.metadata()["talkgen"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 – not a mapping
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path} is damaged: {error}", "train again under another name") from error
        self._check_data(path, about.get("data", {}))
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                saved = tensors.get(f"model.{name}")
                if saved is None or saved.shape != parameter.shape:
                    was, now = tuple(saved.shape) if saved is not None else "absent", tuple(parameter.shape)
                    raise ModelError(f"{path} does not fit: {name} was {was}, is {now}", "train under another name")
                parameter.copy_(scatter(saved, parameter))
        unpack_optimizers(self.optimizers, tensors)
        self.step, self.losses = about["step"], about["losses"]
        self.seconds, self.cpu_seconds = about["seconds"], about["cpu_seconds"]
        self.best, self.best_step = about["best"] if about["best"] is not None else math.inf, about["best_step"]

    def _check_data(self, path: Path, before: dict[str, int | str]) -> None:
        now = self.identity
        changed = [key for key in sorted({*before, *now}) if before.get(key) != now.get(key)]
        if changed:
            what = "; ".join(f"{key} was {str(before.get(key))[:12]}, is {str(now.get(key))[:12]}" for key in changed)
            raise ModelError(
                f"{path} was trained on other data: {what}", "bring that data back, or train under another name"
            )
