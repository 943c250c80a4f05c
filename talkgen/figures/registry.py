"""The figures a talk can name: one explicit dictionary, name -> module; imports none of them until one is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from talkgen.errors import TalkgenError, did_you_mean

if TYPE_CHECKING:
    from talkgen.figures.base import FigureModule

FIGURES = {
    "alignment": "talkgen.figures.alignment",
    "attention_map": "talkgen.figures.attention_map",
    "checkpoint_film": "talkgen.figures.checkpoint_film",
    "completions": "talkgen.figures.completions",
    "compute_graph": "talkgen.figures.compute_graph",
    "gradient_flow": "talkgen.figures.gradient_flow",
    "lstm_cell": "talkgen.figures.lstm_cell",
    "lstm_vs_transformer": "talkgen.figures.lstm_vs_transformer",
    "memory_bottleneck": "talkgen.figures.memory_bottleneck",
    "next_token": "talkgen.figures.next_token",
    "parameter_counts": "talkgen.figures.parameter_counts",
    "scaling_law": "talkgen.figures.scaling_law",
    "sequence_latency": "talkgen.figures.sequence_latency",
    "token_loss_by_position": "talkgen.figures.token_loss_by_position",
    "training_curve": "talkgen.figures.training_curve",
}


def figure_module(name: str) -> str:
    """The dotted name of the module of the figure `name`.

    Raises:
        TalkgenError: there is no such figure.
    """
    if name not in FIGURES:
        raise TalkgenError(f"there is no figure '{name}'", did_you_mean(name, FIGURES))
    return FIGURES[name]


def load_figure(name: str) -> FigureModule:
    """The module of the figure `name`; brings neither torch nor matplotlib.

    Raises:
        TalkgenError: there is no such figure.
    """
    return cast("FigureModule", importlib.import_module(figure_module(name)))
