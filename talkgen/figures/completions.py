"""Draws what a model would say next after several prompts: a line a prompt, its likeliest tokens beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.tokens import predict, show_text
from talkgen.figures.numbers import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

TABLES = ()
_ANSWERS = 3
Prompt = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class Params(base.Params):
    """The prompts, each answered by itself."""

    model: ModelName = ""
    prompts: tuple[Prompt, ...] = Field(
        ("The capital of France is", "The opposite of hot is", "1, 2, 3, 4, 5, 6,"), min_length=1, max_length=7
    )


def compute(params: Params, inputs: Inputs) -> Data:
    """The likeliest tokens after each prompt, at temperature 1."""
    loaded = inputs.model(params.model)
    lines = [predict(loaded, prompt, _ANSWERS) for prompt in params.prompts]
    return {
        "model": loaded.label,
        "lines": [{"prompt": line["prompt"], "candidates": line["candidates"]} for line in lines],
    }


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """Prompts on the left, the likeliest tokens as chips on the right, the first one filled."""
    pen = sheet(canvas)
    size = pen.sizes.small
    step = min(76.0, canvas.height / len(data["lines"]))
    top = (canvas.height - step * len(data["lines"])) / 2
    prompts = [show_text(line["prompt"]) for line in data["lines"]]
    longest = max(pen.text_width(text, size, mono=True) for text in prompts) + 24
    for count in range(_ANSWERS, 0, -1):  # fewer answers where the prompts need the room
        answers = [_Answers(pen, line["candidates"][:count], size) for line in data["lines"]]
        split = canvas.width - max(answer.width for answer in answers)
        if longest <= split:
            break
    split = min(split, longest)
    prompts = [_shorten_front(pen, text, split - 24, size) for text in prompts]
    for index, (text, answer) in enumerate(zip(prompts, answers, strict=True)):
        y = top + (index + 0.5) * step
        pen.write(split - 24, y, text, size, mono=True, align="right")
        answer.draw(split, y)
    return pen.picture


class _Answers:
    """A line's candidates, measured before they are drawn."""

    def __init__(self, pen: Pen, candidates: list[Data], size: float) -> None:
        self.pen, self.size = pen, size
        self.texts = [(pen.shorten(item["shown"], 180, size, mono=True), percent(item["p"])) for item in candidates]
        self.boxes = [
            pen.text_width(text, size, mono=True) + 20 + pen.text_width(share) + 24 for text, share in self.texts
        ]
        self.width = sum(self.boxes)

    def draw(self, x: float, y: float) -> None:
        pen, size = self.pen, self.size
        colors = pen.colors
        for index, ((text, share), box) in enumerate(zip(self.texts, self.boxes, strict=True)):
            best = index == 0
            wide = pen.text_width(text, size, mono=True) + 20
            color = colors.accent if best else colors.line
            pen.box(x + 1, y - size * 0.85, wide - 2, size * 1.7, 7, fill=color, alpha=0.2, edge=color)
            ink = colors.ink if best else colors.muted
            pen.write(x + wide / 2, y, text, size, color=ink, mono=True, align="center")
            pen.write(x + wide + 6, y, share, color=colors.accent if best else colors.muted, bold=best)
            x += box


def _shorten_front(pen: Pen, text: str, room: float, size: float) -> str:
    """`text` without its beginning where it is wider than `room` px: what stands last decides what comes next."""
    if pen.text_width(text, size, mono=True) <= room:
        return text
    while text and pen.text_width("…" + text, size, mono=True) > room:
        text = text[1:]
    return "…" + text


def describe(data: Data) -> str:
    """Each prompt with its likeliest answer."""
    lines = [
        f"after “{line['prompt']}”: “{line['candidates'][0]['shown']}” {percent(line['candidates'][0]['p'])}"
        for line in data["lines"]
    ]
    return f"What {data['model']} expects next; " + "; ".join(lines) + "."
