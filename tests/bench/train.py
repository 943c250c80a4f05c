"""Trains tiny Shakespeare on a CPU, nanoGPT's recipe beside ours in one run; the last line is JSON.

    python tests/bench/train.py FILE [--threads 2] [--clock wall] [--long]
    python tests/bench/train.py --device cuda --peak TFLOPS

FILE is the tiny Shakespeare text; its first 90 % are trained on, and the held-out end is only ever evaluated. What is
the code's and what the recipe's is told apart: how many steps of one and the same recipe a second, plain loop against
ours; then the loss and the time of the plain loop with its own recipe (1.88 is what its author publishes), of the plain
loop with ours, and of ours. With --long, what ten minutes give. On a GPU: what share of the card's dense bfloat16 peak,
as its maker states it, the training of a GPT-2 of 124M parameters uses.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from nanogpt import GPT, Shape, train_plain
from sides import CLOCKS, Clock

from talkgen.lm.train.data import Batch, TextData, load_data
from talkgen.lm.train.distributed import World
from talkgen.lm.train.evaluate import held_out_loss
from talkgen.lm.train.recipe import Recipe, TokenizerRecipe
from talkgen.lm.train.trainer import Trainer

CPU = torch.device("cpu")
SHAPE = {"n_layer": 4, "n_head": 4, "n_embd": 128, "block_size": 64}
PUBLISHED = {"norm": "layer", "positions": "learned", "activation": "gelu"}
SAME = {
    "model": {**SHAPE, **PUBLISHED},
    "optimizer": {"rate": 1e-3, "betas": (0.9, 0.99)},
    "schedule": {"steps": 2000, "warmup": 100, "rows": 12},
}
QUICK = {  # fewer steps of fewer layers
    "model": {**SHAPE, "n_layer": 2, "norm": "layer"},
    "optimizer": {"kind": "muon", "rate": 1e-2, "matrix_rate": 0.03, "weight_decay": 0.0},
    "schedule": {"steps": 480, "warmup": 10, "rows": 16, "final": 0.0},
}
LONG = {
    "model": {**SHAPE, "n_layer": 3, "n_embd": 256, "block_size": 128, "norm": "layer"},
    "optimizer": {"kind": "muon", "rate": 6e-3, "matrix_rate": 0.02, "weight_decay": 0.1},
    "schedule": {"steps": 1200, "warmup": 20, "rows": 16, "final": 0.0},
}


QUICK_PLAIN = {
    "n_layer": 2,
    "steps": 480,
    "warmup": 10,
    "rows": 16,
    "rate": 1e-2,
    "least_rate": 0.0,
    "matrix_rate": 0.03,
    "weight_decay": 0.0,
    "betas": (0.9, 0.95),
}


def make_trainer(text: Path, parts: dict[str, object]) -> Trainer:
    """Ours, from a recipe."""
    tokenizer = TokenizerRecipe(kind="characters")
    recipe = Recipe.model_validate(
        {"name": "bench", "data": f"text:{text}", "tokenizer": tokenizer, "seed": 1, **parts}
    )
    return Trainer(recipe, load_data(recipe), World(0, 1, CPU))


@torch.no_grad()
def plain_loss(model: GPT, data: TextData) -> float:
    """The plain model's loss over the same held-out windows."""
    losses = [model(torch.from_numpy(x), torch.from_numpy(y)).item() * len(x) for x, y in _whole(data, 64)]
    return sum(losses) / sum(len(x) for x, _ in _whole(data, 64))


def _whole(data: TextData, length: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Every window of the held-out text, side by side."""
    ids = data.held_out_ids.astype(np.int64)
    count = (len(ids) - 1) // length
    x = ids[: count * length].reshape(count, length)
    y = ids[1 : count * length + 1].reshape(count, length)
    return [(x[i : i + 64], y[i : i + 64]) for i in range(0, count, 64)]


def steps_per_second(text: Path, shape: Shape, rounds: int = 9, steps: int = 40) -> dict[str, float]:
    """The same recipe by both loops, taking turns; medians of the rounds."""
    ours = make_trainer(text, SAME)
    data = ours.data
    assert isinstance(data, TextData)
    plain = train_plain(data.train_ids.astype(np.uint16), shape)
    seconds: dict[str, list[float]] = {"plain": [], "ours": []}
    for _ in range(rounds):
        began = Clock.now()
        for _ in range(steps):
            next(plain)
        seconds["plain"].append((Clock.now() - began) / steps)
        began = Clock.now()
        for _ in range(steps):
            ours.advance()
        seconds["ours"].append((Clock.now() - began) / steps)
    ratios = [p / o for p, o in zip(seconds["plain"], seconds["ours"], strict=True)]
    return {
        "plain": 1 / statistics.median(seconds["plain"]),
        "ours": 1 / statistics.median(seconds["ours"]),
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
    }


def run_to_the_end(trainer: Trainer) -> dict[str, float]:
    """Trains a recipe; evaluation is not counted, for nobody."""
    began = Clock.now()
    while trainer.step < trainer.recipe.schedule.steps:
        trainer.advance()
    seconds = Clock.now() - began
    assert isinstance(trainer.data, TextData)
    loss, _ = held_out_loss(trainer.model, _whole(trainer.data, trainer.recipe.model.block_size), CPU)
    return {"val_loss": loss, "seconds": seconds, "steps": trainer.step, "tokens": trainer.tokens}


def run_plain(data: TextData, shape: Shape) -> dict[str, float]:
    """Trains the plain loop's model in a recipe."""
    *_, (_, seconds, model) = train_plain(data.train_ids.astype(np.uint16), shape)
    return {"val_loss": plain_loss(model, data), "seconds": seconds, "steps": shape.steps}


class RandomText:
    """Ids of GPT-2's vocabulary, filled up to a multiple of 64, in no order: speed does not depend on what is read."""

    tokenizer: Any = SimpleNamespace(vocab_size=50304)

    def batch(self, seed: int, step: int, rows: int, length: int) -> Batch:
        """Inputs and targets [rows, length]."""
        ids = np.random.default_rng((seed, step)).integers(self.tokenizer.vocab_size, size=(rows, length + 1))
        return ids[:, :-1], ids[:, 1:]


def on_a_gpu(device: torch.device, peak: float, rows: int, rounds: int = 20) -> dict[str, object]:
    """Seconds a step of a GPT-2 of 124M parameters, and the floating-point operations a second they amount to."""
    torch.set_float32_matmul_precision("high")
    shape = {"n_layer": 12, "n_head": 12, "n_embd": 768, "block_size": 1024}
    schedule = {"steps": 10**6, "rows": rows}
    recipe = Recipe.model_validate({"name": "bench", "model": {**shape, **PUBLISHED}, "schedule": schedule})
    trainer = Trainer(recipe, RandomText(), World(0, 1, device))  # type: ignore[arg-type]  # nothing is held out
    seconds = []
    for _ in range(3 + rounds):
        began = Clock.now()
        trainer.advance()  # ends with the loss read back, so the card has ended too
        seconds.append(Clock.now() - began)
    step = statistics.median(seconds[3:])  # the first ones compile
    parameters = trainer.model.count_parameters()
    # PaLM's count (Chowdhery et al. 2022, appendix B): 6 a parameter and 12 L C T of attention, for each token.
    attention = 12 * shape["n_layer"] * shape["n_embd"] * shape["block_size"]
    flops = (6 * parameters + attention) * rows * shape["block_size"]
    return {"parameters": parameters, "step_seconds": step, "tflops": flops / step / 1e12, "share": flops / step / peak}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path, nargs="?")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="processor: where others keep the cores busy")
    parser.add_argument("--long", action="store_true", help="also train for ten minutes")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--peak", type=float, help="of the card, in dense bfloat16 TFLOP/s")
    parser.add_argument("--rows", type=int, default=32, help="of 1,024 tokens, in a step on a card")
    asked = parser.parse_args()
    Clock.name = asked.clock
    torch.set_num_threads(asked.threads)
    if asked.device != "cpu":
        if asked.peak is None:
            parser.error("a card's peak: --peak TFLOPS")
        print(json.dumps(on_a_gpu(torch.device(asked.device), asked.peak * 1e12, asked.rows)))
        return
    if asked.text is None:
        parser.error("a text to train on")

    text = asked.text.resolve()
    quick = make_trainer(text, QUICK)
    data = quick.data
    assert isinstance(data, TextData)
    size = data.tokenizer.vocab_size
    report: dict[str, Any] = {"threads": asked.threads, "torch": torch.__version__, "clock": asked.clock}

    def tell(name: str, result: dict[str, float]) -> None:
        report[name] = result
        print(name, result, file=sys.stderr, flush=True)

    tell("steps a second, one recipe", steps_per_second(text, Shape(size)))
    tell("ours, better recipe", run_to_the_end(quick))
    tell("plain, better recipe", run_plain(data, Shape(size, **QUICK_PLAIN)))
    tell("plain, published recipe", run_plain(data, Shape(size)))
    published = report["plain, published recipe"]["seconds"]
    for side in ("ours", "plain"):
        report[f"time of {side}, better recipe"] = report[f"{side}, better recipe"]["seconds"] / published
    if asked.long:
        report["long"] = run_to_the_end(make_trainer(text, LONG))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
