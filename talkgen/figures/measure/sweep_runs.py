"""Reads a sweep's summary as what figures draw: each architecture's runs, by size; knows no figure."""

from __future__ import annotations

import numpy as np

from talkgen.errors import ModelError
from talkgen.figures.base import Data
from talkgen.figures.measure.fits import LEAST_SIZES, Array

NAMES = {"transformer": "Transformer", "lstm": "LSTM"}
"""The architectures that figures of sweeps compare, as slides write them."""


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
