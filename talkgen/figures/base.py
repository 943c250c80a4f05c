"""What a figure module supplies, and what it is given; knows no slides, no store and no target.

A figure is made in two steps that are kept apart, so that a new theme redraws without asking the model again:

    compute(params, inputs) -> data      numbers, from real models and runs; plain JSON
    draw(data, canvas)     -> picture   a matplotlib figure in the canvas's style
    describe(data)         -> text      the alt text, a function of the same data

A module imports torch and matplotlib inside these functions only: planning a build reads `Params` and must not pay
for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from talkgen.figures.uses import Uses

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.loaded import Loaded
    from talkgen.style import Style

Data = dict[str, Any]
"""A figure's numbers as plain JSON values; floats rounded so that they repeat.

What a clock says cannot repeat: it stands under "timings", and a module that has such numbers says `MEASURES_TIME =
True`, so that they are kept for this machine alone.
"""


ModelName = Annotated[str, Uses("model", ("weights",))]
"""A parameter naming a model; the empty string stands for the deck's own model."""

RunLog = Annotated[str, Uses("run", ("log", "config"))]
"""A parameter naming a training run whose log the figure reads."""

RunFilm = Annotated[str, Uses("run", ("checkpoints", "config", "text"))]
"""A parameter naming a training run whose checkpoints the figure asks, also about the text they were trained on."""

SweepName = Annotated[str, Uses("sweep", ("summary",))]
"""A parameter naming a sweep: a grid of training runs that `talkgen sweep` finished."""

SweepModels = Annotated[str, Uses("sweep", ("summary", "weights", "config", "text"))]
"""A parameter naming a sweep whose trained models the figure looks into, also with the text they were trained on."""


VotesOf = Annotated[str, Uses("votes", ("results",))]
"""A parameter naming a talk below `slides/` whose votes the figure reads; the empty string is a talk by itself."""


class Params(BaseModel):
    """A figure's parameters: frozen, with a default each, and an unknown one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Inputs(Protocol):
    """What a figure may ask for while it computes."""

    def model(self, name: str) -> Loaded:
        """The model that a `ModelName` parameter names, in float32 on the CPU."""

    def run(self, name: str) -> Path:
        """The folder of the run that a parameter names."""

    def sweep(self, name: str) -> Data:
        """The summary (sweep.json) of the sweep that a `SweepName` parameter names."""

    def sweep_models(self, name: str) -> list[Loaded]:
        """The models of the sweep that a `SweepModels` parameter names, in the order of its summary."""

    def votes(self, name: str) -> list[Data]:
        """The rounds of votes of the talk that a `VotesOf` parameter names, oldest first; none before the first."""

    def table(self, name: str) -> list[dict[str, str]]:
        """The rows of a data file named in the module's `TABLES`."""


@dataclass(frozen=True)
class Canvas:
    """What a picture is drawn on: a style and a size in px of a 1280 by 720 slide."""

    style: Style
    width: int = 1120
    height: int = 500


class FigureModule(Protocol):
    """The protocol of a module in `talkgen.figures`."""

    Params: type[Params]
    """The parameters, with defaults that make a good figure."""

    TABLES: ClassVar[tuple[str, ...]]
    """Data files of `talkgen/figures/data` that `compute` reads."""

    def compute(self, params: Any, inputs: Inputs) -> Data:
        """The figure's numbers."""

    def draw(self, data: Data, canvas: Canvas) -> Picture:
        """The picture; the same data and canvas give the same bytes."""

    def describe(self, data: Data) -> str:
        """Alt text: what the picture shows, with its numbers."""
