"""How often each letter stands in a sentence: a bar a letter, the most frequent first."""

from collections import Counter

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs
from talkgen.figures.draw.pen import sheet, styled


class Params(base.Params):
    """What a talk may set, each with its default."""

    sentence: str = Field("attention is all you need", min_length=1, max_length=200)


def compute(params: Params, inputs: Inputs) -> Data:  # noqa: ARG001 – it asks no model
    """The numbers, as plain JSON; `inputs` has models, runs and sweeps. Also `{{ figures.NAME.… }}`."""
    letters = Counter(filter(str.isalpha, params.sentence.lower()))
    return {"sentence": params.sentence, "letters": letters.most_common(8)}


@styled
def draw(data: Data, canvas: Canvas):
    """The picture of them, in px of the slide and in the theme's colours."""
    pen = sheet(canvas)
    step = canvas.height / 8
    widest = data["letters"][0][1]
    for row, (letter, count) in enumerate(data["letters"]):
        middle, width = (row + 0.5) * step, (canvas.width - 160) * count / widest
        pen.write(20, middle, letter, pen.sizes.body, mono=True)
        pen.box(70, middle - 0.35 * step, width, 0.7 * step, 4, fill=pen.colors.attention)
        pen.write(90 + width, middle, str(count), pen.sizes.body)
    return pen.picture


def describe(data: Data) -> str:
    """The words for who does not see it."""
    return f"Letters of “{data['sentence']}”: " + ", ".join(f"{letter} {count}" for letter, count in data["letters"])
