"""Reads a sweep's summary as what figures draw: each architecture's runs, by size; knows no figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from talkgen.errors import ModelError
from talkgen.figures.base import Data
from talkgen.figures.measure.fits import LEAST_SIZES, Array

if TYPE_CHECKING:
    from talkgen.style import Colors

NAMES = {"transformer": "Transformer", "lstm": "LSTM"}
"""The architectures that figures of sweeps compare, as slides write them."""


def by_model(sweep: Data) -> list[tuple[Data, list[Data]]]:
    """Each model of a sweep's recipe with its runs, in the order of the recipe."""
    stems = [
        f"{shape['architecture']}{'-shift' if shape.get('shift') else ''}-{shape['n_layer']}x{shape['n_embd']}"
        for shape in sweep["recipe"]["models"]
    ]
    names = [run["name"].rpartition("-seed")[0] for run in sweep["runs"]]
    return [
        (shape, [run for run, name in zip(sweep["runs"], names, strict=True) if name == stem])
        for shape, stem in zip(sweep["recipe"]["models"], stems, strict=True)
    ]


def label_of(shape: Data) -> str:
    """A model of a sweep's recipe as slides write it: `LSTM with shift`."""
    name = {**NAMES, "rnn": "RNN"}[shape["architecture"]]
    return f"{name} with shift" if shape.get("shift") else name


def name_of(sweep: Data, architecture: str) -> str:
    """What the models of an architecture are called in a sweep: `Transformer with shift` where each has one."""
    models = sweep.get("recipe", {}).get("models", ())  # runs of other programs have no recipe
    shapes = [shape for shape in models if shape["architecture"] == architecture]
    shift = bool(shapes) and all(shape.get("shift") for shape in shapes)
    return label_of({"architecture": architecture, "shift": shift})


def look_of(model: Data, colors: Colors) -> tuple[str, bool]:
    """The colour of a model, and whether its line is dashed.

    Attention in its own and recurrence in its own; dashed what stands beside the pair that is compared.
    """
    if model["architecture"] == "transformer":
        return colors.attention, not model["shift"]
    return colors.recurrent, model["shift"] or model["architecture"] == "rnn"


def runs_of(sweep: Data, architecture: str) -> list[Data]:
    """The runs of an architecture, the smallest first.

    Raises:
        ModelError: the sweep has none.
    """
    runs = [run for run in sweep["runs"] if run["architecture"] == architecture]
    if not runs:
        raise ModelError(f"the sweep '{sweep['name']}' has no {NAMES[architecture]}", "add some to its sweep.yaml")
    return sorted(runs, key=lambda run: (run["parameters_without_embeddings"], run["seed"]))


def points_of(sweep: Data, architecture: str) -> tuple[Array, Array]:
    """Parameters without embeddings [n] and held-out losses in nats a token [n] of an architecture's runs.

    Raises:
        ModelError: too few sizes to fit a law to.
    """
    runs = runs_of(sweep, architecture)
    sizes = np.array([run["parameters_without_embeddings"] for run in runs], dtype=float)
    if (count := len(np.unique(sizes))) < LEAST_SIZES:
        raise ModelError(
            f"the sweep '{sweep['name']}' has {count} sizes of {NAMES[architecture]}: too few to fit a law to",
            f"add sizes to its sweep.yaml until there are {LEAST_SIZES}",
        )
    return sizes, np.array([run["val_loss"] for run in runs])


def tokens_read(sweep: Data) -> int:
    """How many tokens every run of a sweep was trained on.

    Raises:
        ModelError: not all read the same number, so that size is not all that sets them apart.
    """
    tokens = {run["tokens"] for run in sweep["runs"]}
    if len(tokens) != 1:
        raise ModelError(
            f"the runs of the sweep '{sweep['name']}' read between {min(tokens):,} and {max(tokens):,} tokens",
            "give all its models the same block_size, so that they differ in size only",
        )
    return int(tokens.pop())
