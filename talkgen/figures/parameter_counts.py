"""Draws how large published language models were, year by year: recurrent ones, transformers, and sparse ones apart.

The numbers are a data file with a source for each row. No trend line joins the points: sparse and dense models do not
lie on one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, ValidationInfo, field_validator

from talkgen.errors import TalkgenError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs
from talkgen.figures.draw.labels import Spot, place_labels
from talkgen.figures.draw.lettering import POINTS
from talkgen.figures.draw.pen import Pen, plot, styled
from talkgen.figures.numbers import human

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ("parameter_counts.csv",)
_LEFT = 92  # px for the numbers beside the plot
_NARROW = 440  # px in which the names above the plot have the size of other text


class Params(base.Params):
    """Which years are shown."""

    first: int = Field(2014, ge=2014, le=2024)
    last: int = Field(2026, ge=2014, le=2030)

    @field_validator("last")
    @classmethod
    def _not_before_first(cls, last: int, given: ValidationInfo) -> int:
        if last < given.data.get("first", last):
            raise ValueError("it is before the first year")
        return last


def compute(params: Params, inputs: Inputs) -> Data:
    """The models first published from `first` to `last`, oldest first, and the largest of each architecture.

    Raises:
        TalkgenError: there are none.
    """
    models: list[Data] = []
    for row in inputs.table(TABLES[0]):
        year, month = (int(part) for part in row["date"].split("-"))
        if params.first <= year <= params.last:
            models.append(
                {
                    "name": row["name"],
                    "year": round(year + (month - 0.5) / 12, 2),
                    "architecture": row["architecture"],
                    "kind": row["kind"],
                    "parameters": int(row["parameters"]),
                    "active": int(row["active"]) if row["active"] else None,
                    "tag": row["tag"],
                    "note": row["note"],
                    "source": row["source"],
                }
            )
    if not models:
        raise TalkgenError(f"the table has no model of {params.first} to {params.last}", "name more years")
    models.sort(key=lambda model: (model["year"], model["parameters"]))
    largest = {
        architecture: max(
            (m for m in models if m["architecture"] == architecture and m["kind"] == "dense"),
            key=lambda model: model["parameters"],
            default=None,
        )
        for architecture in ("recurrent", "attention")
    }
    return {"models": models, "largest": largest, "first": params.first, "last": params.last}


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Parameters on a log scale against the date; filled points are dense, rings sparse, direct labels."""
    pen = plot(canvas, _LEFT, 46, canvas.width - 14, canvas.height - 44)
    values = [model["parameters"] for model in data["models"]]
    end = max(data["last"] + 0.25, max(model["year"] for model in data["models"]) + 0.95)
    pen.axes.set(yscale="log", xlim=(data["first"] - 0.5, end), ylim=(min(values) / 2.2, max(values) * 2.2))
    years = list(range(data["first"], data["last"] + 1, 1 if canvas.width > 700 else 2))
    pen.label_axis("x", years, [str(year) for year in years])
    pen.label_axis("y", [1e8, 1e9, 1e10, 1e11, 1e12], ["100M", "1B", "10B", "100B", "1T"])
    _draw_key(pen)
    for model in data["models"]:
        _draw_model(pen, model)
    _label_models(pen, data["models"])
    return pen.picture


def _draw_model(pen: Pen, model: Data) -> None:
    color = getattr(pen.colors, model["architecture"])
    sparse = model["kind"] == "sparse"
    pen.axes.plot(
        [model["year"]],
        [model["parameters"]],
        marker="o",
        markersize=13 * POINTS,
        color="none" if sparse else color,
        markeredgecolor=color,
        markeredgewidth=2.5 * POINTS,
        clip_on=False,
    )


def _draw_key(pen: Pen) -> None:
    """The two colours and the ring, named above the plot in their own colour."""
    colors, size = pen.colors, pen.sizes.small if pen.canvas.width > _NARROW else pen.sizes.figure
    y, room = 1 + 28 / (pen.canvas.height - 90), pen.canvas.width - _LEFT - 14
    names = (("Transformers", colors.attention), ("recurrent networks", colors.recurrent))
    if pen.text_width(" ".join(text for text, _ in names), size, bold=True) > pen.canvas.width - 26:
        names = (names[0], ("recurrent", colors.recurrent))
    widths = [pen.text_width(text, size, bold=True) + 26 for text, _ in names]
    x = min(0, room - sum(widths))  # over the numbers of the axis where the plot is too narrow for both
    for (text, color), width in zip(names, widths, strict=True):
        pen.write(x / room, y, text, size, color=color, bold=True, across=True)
        x += width
    text = "rings: mixtures of experts, all experts counted"
    for note in (f"parameters · {text}", text):
        if x + pen.text_width(note) <= room:
            pen.write(1, y, note, color=colors.muted, align="right", across=True)
            return


def _label_models(pen: Pen, models: list[Data]) -> None:
    """Names with their sizes; a name that finds no free place is left out, the largest models last."""
    ordered = sorted(models, key=lambda model: (model["architecture"] == "attention", -model["parameters"]))
    points = [pen.at(model["year"], model["parameters"]) for model in ordered]
    texts = [_title(model, pen.canvas.width > 900) for model in ordered]
    size = pen.sizes.figure
    boxes = [(pen.text_width(text) + 2, size * 1.22) for text in texts]
    room = (90.0, 42.0, pen.canvas.width - 2.0, pen.canvas.height - 40.0)
    for model, text, spot in zip(ordered, texts, place_labels(points, boxes, room, 10), strict=True):
        if spot is not None:
            _write_label(pen, model, text, spot)


def _title(model: Data, wide: bool) -> str:
    """A model with its size, and where there is room what sets it apart from its neighbours."""
    note = f", {model['note']}" if model["note"] and wide else ""
    return f"{model['name']} {human(model['parameters'])}{note}"


def _write_label(pen: Pen, model: Data, text: str, spot: Spot) -> None:
    x, y = pen.from_px(spot.x, spot.y)
    color = getattr(pen.colors, model["architecture"])
    ink = color if model["architecture"] == "recurrent" else pen.colors.ink
    pen.write(x, y, text, color=ink, align="center")


def describe(data: Data) -> str:
    """The largest dense model of each kind, the sparse ones, and the growth between first and last."""
    sparse = [m for m in data["models"] if m["kind"] == "sparse"]
    parts = [f"Parameters of {len(data['models'])} language models on a log scale, {data['first']} to {data['last']}."]
    names = {"recurrent": "recurrent network", "attention": "transformer"}
    for architecture, model in data["largest"].items():
        if model is not None:
            parts.append(f"Largest dense {names[architecture]}: {model['name']}, {human(model['parameters'])}.")
    if sparse:
        listed = ", ".join(_title(model, wide=True) for model in sparse)
        parts.append(f"Mixtures of experts, all experts counted: {listed}.")
    return " ".join(parts)
