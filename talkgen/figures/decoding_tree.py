"""Draws what beam search looks at: a column a step, the texts it keeps and those it drops, the likeliest at the end.

The search is the one that answers (`talkgen.lm.answer.beam`), without a penalty for length; beside it stands what
always taking the likeliest token gives.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

from pydantic import Field

from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.lines import NARROW
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.tokens import read_text, show_piece, show_pieces
from talkgen.figures.numbers import percent, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.answer.beam import Branch
    from talkgen.lm.text.tokenizer import Tokenizer

TABLES = ()
_ABOVE, _FOOT = 13.5, 30.0  # px between the headline and the tree, and below the tree


class Params(base.Params):
    """The prompt, how many texts are kept, and for how many tokens."""

    model: ModelName = ""
    prompt: str = Field("The value of the", min_length=1, max_length=400)
    width: int = Field(2, ge=1, le=3)
    tokens: int = Field(4, ge=1, le=5)


def compute(params: Params, inputs: Inputs) -> Data:
    """Each step's texts with the probability of their last token and of the whole, and what became of them."""
    from talkgen.lm.answer.beam import search_beams

    loaded = inputs.model(params.model)
    ids = read_text(loaded, params.prompt, most=200)
    steps: list[list[Branch]] = []

    def search(width: int) -> float:
        steps.clear()
        found = search_beams(
            loaded.model.reader(),
            ids[0].tolist(),
            width=width,
            max_tokens=params.tokens,
            length_penalty=0,
            on_step=steps.append,
        )
        return exp(found[0].log_p)

    greedy, best = search(1), search(params.width)
    return {
        "model": loaded.label,
        "prompt": params.prompt,
        "root": show_pieces(loaded, ids)[-1],
        "width": params.width,
        "greedy": significant(greedy),
        "best": significant(best),
        "steps": _grow(steps, loaded.tokenizer),
    }


def _grow(steps: list[list[Branch]], tokenizer: Tokenizer) -> list[list[Data]]:
    """The tree: each text of each step with the place of its beginning among those kept by the step before."""
    before: dict[tuple[int, ...], tuple[int, float]] = {(): (0, 0.0)}
    tree = []
    for step in steps:
        ordered = sorted(step, key=lambda branch: (before[branch.ids[:-1]][0], -branch.log_p))
        nodes = []
        for branch in ordered:
            parent, log_p = before[branch.ids[:-1]]
            nodes.append(
                {
                    "token": show_piece(tokenizer.pieces([branch.ids[-1]])[0]),
                    "parent": parent,
                    "p": significant(exp(branch.log_p - log_p)),
                    "total": significant(exp(branch.log_p)),
                    "kept": branch.fate == "kept",
                }
            )
        before = {branch.ids: (place, branch.log_p) for place, branch in enumerate(ordered)}
        tree.append(nodes)
    return tree


def best_path(data: Data) -> list[int]:
    """The place of each token of the likeliest text among its step's."""
    last = data["steps"][-1]
    path = [max(range(len(last)), key=lambda place: (last[place]["kept"], last[place]["total"]))]
    for step in reversed(data["steps"]):
        path.insert(0, step[path[0]]["parent"])
    return path[1:]


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The tree from left to right; what is kept in a box, the likeliest text in colour."""
    pen = sheet(canvas)
    top = write_headline(pen, headline(data)) + _ABOVE
    size, middle = pen.sizes.small, top + (canvas.height - top - _FOOT) / 2
    narrow = canvas.width < NARROW
    root = min(92.0 if narrow else 150.0, pen.text_width(data["root"], size, mono=True) + 24)
    wide, branch = (canvas.width - root) / len(data["steps"]), 26 if narrow else 44
    places, best = [(root, middle)], best_path(data)
    _draw_node(pen, (2, middle, root - 2), data["root"], "", pen.colors.attention, kept=True)
    for number, step in enumerate(data["steps"]):
        left, tall = root + number * wide, (canvas.height - top - _FOOT) / len(step)
        now = []
        for place, node in enumerate(step):
            y = top + (place + 0.5) * tall
            chosen = place == best[number]
            color = pen.colors.attention if chosen else pen.colors.muted
            x, from_y = places[node["parent"]]
            bend = (left + branch - x) / 2
            _draw_branch(pen, (x, from_y), (left + branch, y), bend, color, 4 if chosen else 1.5)
            share = "" if narrow else percent(node["p"])
            _draw_node(pen, (left + branch, y, wide - branch - 8), node["token"], share, color, kept=node["kept"])
            now.append((left + wide - 8, y))
        places = now
    note = f"{data['model']} · the {data['width']} likeliest texts are kept · numbers: the token's probability"
    if pen.text_width(note) > canvas.width - 4:
        note = f"{data['model']} · keeps {data['width']}"
    pen.write(canvas.width - 2, canvas.height - 14, note, color=pen.colors.muted, align="right")
    return pen.picture


def _draw_branch(
    pen: Pen, start: tuple[float, float], end: tuple[float, float], bend: float, color: str, width: float
) -> None:
    """A curve that leaves and arrives horizontally."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (x, y), (to_x, to_y) = start, end
    curve = Path([start, (x + bend, y), (to_x - bend, to_y), end], [Path.MOVETO, *[Path.CURVE4] * 3])
    pen.axes.add_patch(
        PathPatch(curve, fill=False, edgecolor=color, linewidth=width * 0.75, capstyle="round", zorder=0)
    )


def _draw_node(pen: Pen, place: tuple[float, float, float], token: str, share: str, color: str, *, kept: bool) -> None:
    """A token and its share at (left, middle), `wide` px; in a box where its text is kept."""
    left, y, wide = place
    size = pen.sizes.small
    if kept:
        pen.box(left, y - 22, wide, 44, 9, fill=pen.colors.surface, edge=color)
    room = wide - 20 - (pen.text_width(share) + 10 if share else 0)
    ink = pen.colors.ink if kept else pen.colors.muted
    pen.write(left + 10, y, pen.shorten(token, room, size, mono=True), size, color=ink, mono=True)
    pen.write(left + wide - 10, y, share, color=color if kept else pen.colors.muted, align="right")


def headline(data: Data) -> str:
    """Whether keeping several texts found one that the likeliest next token each time did not."""
    times = data["best"] / data["greedy"]
    if times < 1.005:
        return "Here greedy decoding finds the likeliest text, too"
    return f"Keeping {data['width']} texts finds one {times:.1f} times as likely as greedy"


def describe(data: Data) -> str:
    """The likeliest text with its probabilities, and what each step kept and dropped."""
    path = best_path(data)
    words = [f"“{step[at]['token']}” {percent(step[at]['p'])}" for step, at in zip(data["steps"], path, strict=True)]
    steps = [
        f"step {number}: kept "
        + ", ".join(f"“{node['token']}”" for node in step if node["kept"])
        + "; dropped "
        + (", ".join(f"“{node['token']}”" for node in step if not node["kept"]) or "none")
        for number, step in enumerate(data["steps"], 1)
    ]
    return (
        f"Beam search of {data['model']} after “{data['prompt']}”, {data['width']} texts kept: {', '.join(words)}; "
        f"the whole {100 * data['best']:.3g}%, always the likeliest token {100 * data['greedy']:.3g}%. "
        + ". ".join(steps)
    ) + "."
