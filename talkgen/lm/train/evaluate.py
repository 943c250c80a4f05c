"""Measures models: held-out loss, bits per byte, loss by position, recall by distance; changes nothing."""

from __future__ import annotations

import lzma
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from talkgen.lm.models.base import LanguageModel
from talkgen.lm.text.tasks import TASKS
from talkgen.lm.text.tokenizer import Tokenizer
from talkgen.lm.train.data import IGNORED, Batch, PairsData, TextData

_ROWS = 16  # windows read together: enough to fill the kernels, with logits of 16 × 256 × 1,024 floats in 16 MB
_XZ_SEES = 64 * 2**20  # bytes: the window of `xz -9`, which knows of nothing before it


def token_losses(model: LanguageModel, inputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of every target [B, T] in nats; 0 where the target is IGNORED."""
    logits, _ = model(inputs)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none").view(
        targets.shape
    )


@torch.no_grad()
def held_out_loss(model: LanguageModel, batches: Iterable[Batch], device: torch.device) -> tuple[float, float]:
    """Mean loss (nats a token) and the share of tokens whose likeliest guess is right."""
    training, total, right, count = model.training, 0.0, 0, 0
    model.eval()
    for inputs, targets in batches:
        x, y = torch.from_numpy(inputs).to(device), torch.from_numpy(targets).to(device)
        logits, _ = model(x)
        scored = y != IGNORED
        total += float(F.cross_entropy(logits[scored].float(), y[scored], reduction="sum"))
        right += int((logits.argmax(-1)[scored] == y[scored]).sum())
        count += int(scored.sum())
    model.train(training)
    return total / count, right / count


@torch.no_grad()
def exact_rows(model: LanguageModel, batches: Iterable[Batch], device: torch.device) -> float:
    """The share of rows whose every scored token is the likeliest one: those that greedy decoding writes exactly."""
    training, exact, count = model.training, 0, 0
    model.eval()
    for inputs, targets in batches:
        y = torch.from_numpy(targets).to(device)
        guesses = model(torch.from_numpy(inputs).to(device))[0].argmax(-1)
        exact += int(((guesses == y) | (y == IGNORED)).all(1).sum())
        count += len(y)
    model.train(training)
    return exact / count


@torch.no_grad()
def bits_per_byte(model: LanguageModel, data: TextData, device: torch.device) -> float:
    """How many bits the model needs for a byte of the whole held-out text, as if it were a compressor.

    Every token is predicted once, from at least half a context (none for the first, which is paid for as a uniform
    choice from the vocabulary). This is the number that compares models with different tokenizers, and with `xz`.
    """
    training = model.training
    model.eval()
    ids = torch.from_numpy(data.held_out_ids.astype(np.int64))
    length = min(model.config.block_size, len(ids) - 1)
    stride = max(1, length // 2)
    nats = math.log(model.config.vocab_size)
    # The first window counts whole, the next ones by their last `stride` tokens, the last one by what is left.
    starts = [*range(0, len(ids) - 1 - length, stride), len(ids) - 1 - length]
    counted = [length, *(stride for _ in starts[1:-1]), starts[-1] - starts[-2]] if len(starts) > 1 else [length]
    windows = ids.unfold(0, length + 1, 1)[torch.tensor(starts)]
    last = torch.arange(length).flip(0)  # how far a token stands from the window's end
    for part, count in zip(torch.split(windows, _ROWS), torch.split(torch.tensor(counted), _ROWS), strict=True):
        rows = part.to(device)
        losses = token_losses(model, rows[:, :-1], rows[:, 1:]).cpu().double()
        nats += float(losses[last < count[:, None]].sum())
    model.train(training)
    return nats / math.log(2) / len(data.held_out_text.encode())


def xz_bits_per_byte(data: TextData) -> dict[str, float]:
    """What `xz -9e` needs for a byte of the held-out text: by itself, and as the continuation of the training text."""
    held_out, train = data.held_out_text.encode(), data.train_text.encode()[-_XZ_SEES:]
    alone, before, whole = (_xz_bits(part) for part in (held_out, train, train + held_out))
    return {"alone": alone / len(held_out), "after_training_text": (whole - before) / len(held_out)}


@lru_cache(maxsize=3)  # the runs of a sweep share their text, and ten megabytes take half a minute
def _xz_bits(content: bytes) -> int:
    return 8 * len(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))


@torch.no_grad()
def accuracy_by_distance(
    model: LanguageModel, tokenizer: Tokenizer, task: str, distances: Sequence[int], *, rows: int = 256, seed: int = 0
) -> list[float]:
    """The share of answers a model gets right when the answer stands each of `distances` tokens back.

    Raises:
        ValueError: a distance does not fit the task or the model's context.
    """
    made = TASKS[task]
    id_of = np.array([tokenizer.encode(symbol)[0] for symbol in made.symbols])
    device = next(model.parameters()).device
    shares = []
    for distance in distances:
        rng = np.random.default_rng((seed, distance))
        # A stream for each distance: asking for another one more changes none of these.
        ids = torch.from_numpy(id_of[made.probes(rng, rows, model.config.block_size, distance)]).to(device)
        logits, _ = model(ids[:, :-1], last_only=True)
        shares.append(float((logits[:, -1].argmax(-1) == ids[:, -1]).double().mean()))
    return shares


@torch.no_grad()
def accuracy_by_pairs(
    model: LanguageModel, data: PairsData, pairs: Sequence[int], device: torch.device, *, rows: int = 64, seed: int = 0
) -> list[float]:
    """The share of asked values that a model gets right, after each of `pairs` numbers of pairs was stored."""
    batches = (data.rows(np.random.default_rng((seed, number)), rows, number) for number in pairs)
    return [held_out_loss(model, [batch], device)[1] for batch in batches]


@torch.no_grad()
def loss_by_position(model: LanguageModel, batches: Iterable[Batch], device: torch.device) -> list[float]:
    """Mean loss (nats) at each position of the context: what Kaplan et al. (2020) show in Fig. 7, right."""
    rows = [
        token_losses(model, torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)).cpu() for x, y in batches
    ]
    return [float(loss) for loss in torch.cat(rows).double().mean(0)]
