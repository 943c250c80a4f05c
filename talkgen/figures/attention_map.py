"""Draws where a model looks: the attention weights of one head, or their mean, over a sentence.

As a map (each row a token that looks, each column a token looked at) or as arcs from one token back to the others, of
one sentence or of two that differ. Most heads of a trained model rest on the first token when they look for nothing
(Xiao et al. 2024): where they do, it is named.
"""

from __future__ import annotations

from itertools import product, zip_longest
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.arcs import draw_arc
from talkgen.figures.draw.color import ink_on, mix
from talkgen.figures.draw.headline import write_headline
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.tokens import read_text, show_pieces

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.loaded import Loaded

TABLES = ()
_MOST = {"map": 16, "arcs": 32}  # tokens that can be read from the back row
_WIDEST = 96  # px of a cell
_ROW = 1.15, 1.6  # of a text's size: what a row needs, and has in a narrow map
_APART = 4  # px between two words below which a sentence is written down the page
_ARCS = 0.4  # of such a picture's width: what the arcs take
_COUNTS = 0.05  # the share from which on a look is told
_RESTS = 0.3  # the share of a token's looks from which on it is where they rest


class Params(base.Params):
    """The sentence, whose weights, and how they are shown.

    `layer` and `head` count from 1. Of the heads they leave open, `choose` takes the mean of all or the clearest: the
    one that looks hardest at single tokens other than the first, the one just before and itself, where most heads
    of a trained model rest. With a second sentence `beside` it and two words `between` which they decide, it is the
    head that parts them most: the first sentence looks at the first word rather than the second, the other not.
    """

    model: ModelName = ""
    sentence: str = Field("The name is bound to the value of the expression", min_length=1, max_length=400)
    beside: str = Field("", max_length=400)
    between: tuple[str, str] | None = None
    layer: int | None = Field(None, ge=1)
    head: int | None = Field(None, ge=1)
    choose: Literal["clearest", "mean"] = "clearest"
    view: Literal["map", "arcs"] = "map"
    focus: int | None = Field(None, ge=1, description="The token the arcs start from, counted from 1; the last.")

    @model_validator(mode="after")
    def _a_pair_is_whole(self) -> Self:
        if bool(self.beside) != (self.between is not None):
            raise ValueError("`beside` and `between` go together: a second sentence, and two words of both")
        if self.beside and (self.view != "arcs" or self.choose != "clearest"):
            raise ValueError("two sentences are shown as arcs, of one head: view: arcs, choose: clearest")
        return self


def compute(params: Params, inputs: Inputs) -> Data:
    """The weights [T, T] of the chosen head, each row summing to 1; of both sentences where there are two."""
    loaded = inputs.model(params.model)
    tokens, weights = read_weights(loaded, params.sentence, _MOST[params.view])
    focus = (params.focus or len(tokens)) - 1
    if focus >= len(tokens):
        raise ModelError(
            f"there is no token {params.focus}: the sentence has {len(tokens)}", "choose a smaller `focus`"
        )
    second = read_weights(loaded, params.beside, _MOST[params.view]) if params.beside else None
    layers, heads = _open(weights, params)
    whose: Data = {"layer": params.layer, "head": params.head}
    if params.choose == "mean":
        chosen = weights[list(layers)][:, list(heads)].mean((0, 1))
    else:
        score = {pair: _score(weights, second, loaded, params, pair) for pair in product(layers, heads)}
        layer, head = max(score, key=lambda pair: score[pair])
        chosen, whose = weights[layer, head], {"layer": layer + 1, "head": head + 1}
    return {
        "model": loaded.label,
        "sentence": params.sentence,
        "view": params.view,
        "tokens": tokens,
        **whose,
        "among": len(layers) * len(heads),
        "weights": _rounded(chosen),
        "focus": focus,
        "first": round(float(weights[:, :, 1:, 0].mean()) if len(tokens) > 1 else 1.0, 4),
        **_pair(loaded, params, second, whose, chosen),
    }


def read_weights(loaded: Loaded, sentence: str, most: int) -> tuple[list[str], torch.Tensor]:
    """The tokens of a sentence as they are drawn, and all weights over it [layer, head, T, T].

    Raises:
        ModelError: the model has no attention, or the sentence does not fit.
    """
    import torch

    from talkgen.lm.models.base import Taps

    ids, taps = read_text(loaded, sentence, most), Taps("attention")
    with torch.inference_mode():
        loaded.model(ids, taps=taps)
    if not taps.values["attention"]:
        raise ModelError(f"{loaded.label} has no attention to show", "name a transformer: model: small")
    return show_pieces(loaded, ids), torch.stack([layer[0].double() for layer in taps.values["attention"]])


def _open(weights: torch.Tensor, params: Params) -> tuple[range | list[int], range | list[int]]:
    """The layers and heads that `params` leave open, counted from 0.

    Raises:
        ModelError: the model has no such layer or head.
    """
    layers, heads = weights.shape[:2]
    for name, value, count in (("layer", params.layer, layers), ("head", params.head, heads)):
        if value is not None and value > count:
            raise ModelError(f"there is no {name} {value}: the model has {count}", f"choose a smaller `{name}`")
    return (
        range(layers) if params.layer is None else [params.layer - 1],
        range(heads) if params.head is None else [params.head - 1],
    )


def _score(
    weights: torch.Tensor,
    second: tuple[list[str], torch.Tensor] | None,
    loaded: Loaded,
    params: Params,
    pair: tuple[int, int],
) -> float:
    if second is None or params.between is None:
        return _clarity(weights[pair], params)
    first, other = params.between
    here = _looks_at(weights[pair], loaded, params.sentence, params.between)
    there = _looks_at(second[1][pair], loaded, params.beside, (other, first))
    return min(here, there)


def _looks_at(weights: torch.Tensor, loaded: Loaded, sentence: str, between: tuple[str, str]) -> float:
    """How much more the last token looks at the first of two words than at the other."""
    this, that = (find_word(loaded, sentence, word) for word in between)
    return float(weights[-1, this].sum() - weights[-1, that].sum())


def find_word(loaded: Loaded, sentence: str, word: str) -> slice:
    """The tokens of a sentence that a word is made of.

    Raises:
        ModelError: the sentence does not have it.
    """
    pieces = loaded.tokenizer.pieces(loaded.tokenizer.encode(sentence))
    ends = [len("".join(pieces[: place + 1])) for place in range(len(pieces))]
    start = "".join(pieces).find(word)
    if start < 0 or not word:
        raise ModelError(f"“{word}” is not in “{sentence}”", "name a word of both sentences")
    within = [place for place, end in enumerate(ends) if end > start and end - len(pieces[place]) < start + len(word)]
    return slice(within[0], within[-1] + 1)


def _pair(
    loaded: Loaded, params: Params, second: tuple[list[str], torch.Tensor] | None, whose: Data, chosen: torch.Tensor
) -> Data:
    """The second sentence, and in each the tokens of both words with what the last token gives them."""
    if second is None or params.between is None:
        return {"beside": None, "between": None}
    tokens, weights = second
    there = weights[whose["layer"] - 1, whose["head"] - 1]
    between = [_looks(chosen, loaded, params.sentence, params.between)]
    beside = {"tokens": tokens, "weights": _rounded(there), "focus": len(tokens) - 1}
    between.append(_looks(there, loaded, params.beside, params.between))
    return {"beside": beside, "between": between}


def _looks(weights: torch.Tensor, loaded: Loaded, sentence: str, words: tuple[str, str]) -> list[Data]:
    found = [(word, find_word(loaded, sentence, word)) for word in words]
    return [
        {"word": word, "tokens": [at.start, at.stop], "weight": round(float(weights[-1, at].sum()), 4)}
        for word, at in found
    ]


def _rounded(weights: torch.Tensor) -> list[list[float]]:
    return [[round(value, 4) for value in row] for row in weights.tolist()]


def _clarity(weights: torch.Tensor, params: Params) -> float:
    """How hard the tokens look at a single one, other than the first, the one before and themselves; 0 to 1."""
    elsewhere = weights[:, 1:].tril(-3)
    if not elsewhere.numel():
        return 0.0
    if params.view == "arcs":
        return float(elsewhere[(params.focus or len(weights)) - 1 :].max(-1).values[:1].sum())
    return float(elsewhere.max(-1).values.mean())


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """The weights as a map or as arcs, and whose they are."""
    pen = sheet(canvas)
    bottom = canvas.height - 30.0
    if data["view"] == "map":
        _draw_map(pen, data)
    elif data["beside"] is None:
        _draw_arcs(pen, data, 0, bottom, [])
    else:
        top = float(write_headline(pen, verdict(data)))
        middle = (top + bottom) / 2
        _draw_arcs(pen, data, top, middle, data["between"][0])
        _draw_arcs(pen, data["beside"], middle, bottom, data["between"][1])
    said = next((text for text in whose(data) if pen.text_width(text) <= canvas.width - 8), whose(data)[-1])
    said = pen.shorten(said, canvas.width - 8)
    pen.write(canvas.width / 2, canvas.height - 14, said, color=pen.colors.muted, align="center")
    return pen.picture


def whose(data: Data) -> list[str]:
    """The model, the layer and the head, and why this one: in words, the longest first."""
    layer = f"layer {data['layer']}" if data["layer"] else "mean of all layers"
    head = f"head {data['head']}" if data["head"] else "mean of all heads"
    both = "mean of all heads" if not data["layer"] and not data["head"] else f"{layer}, {head}"
    short = f"{data['model']} · {both}"
    if data["among"] == 1 or not data["layer"] or not data["head"]:
        return [short]
    why = "the one that parts these most" if data["beside"] else "the clearest"
    return [f"{short}: {why} of {data['among']} heads", f"{both}: {why} of {data['among']} heads", short]


def _draw_map(pen: Pen, data: Data) -> None:
    """Rows look, columns are looked at; a token's name stands left of its row and above its column."""
    tokens, size = data["tokens"], pen.sizes.figure
    n = len(tokens)
    label = max(pen.text_width(pen.shorten(token, 150, size), size) for token in tokens) + 12
    room = (pen.canvas.height - 36 - 30) / n
    cell = min(_WIDEST, (pen.canvas.width - 2 * label) / n, room)
    high = cell if cell >= _ROW[0] * size else min(_ROW[1] * size, room)  # a narrow map's cells are higher than wide
    left = (pen.canvas.width - n * cell - label) / 2 + label * 0.5
    top = 30.0
    style = pen.canvas.style
    for i, row in enumerate(data["weights"]):
        y = top + i * high
        name = pen.shorten(tokens[i], 150, size)
        pen.write(left - 10, y + high / 2, name, size, align="right")
        for j, weight in enumerate(row[: i + 1]):
            x = left + j * cell
            fill = mix(style.colors.surface, style.colors.attention, weight)
            pen.box(x + 1, y + 1, cell - 2, high - 2, 4, fill=fill)
            if weight >= 0.1 and cell >= 1.7 * size:
                text = f"{100 * weight:.0f}"
                pen.write(x + cell / 2, y + high / 2, text, size, color=ink_on(fill), align="center")
        # The upper half is empty (nobody looks ahead): each column's name stands there, beside its topmost cell.
        x = left + (i + 1) * cell
        if i == 0 and rests(data["weights"]):
            name = f"{name}: where it rests"
        pen.write(x + 8, y + high / 2, name, size, color=style.colors.muted)


def rests(weights: list[list[float]]) -> bool:
    """Whether the tokens after the second give the first that much of their looks, on average."""
    later = weights[2:]
    return bool(later) and sum(row[0] for row in later) / len(later) >= _RESTS


def verdict(data: Data) -> str:
    """Whether the two sentences look at different words."""
    (this, that), (those, these) = data["between"]
    focus = data["tokens"][data["focus"]]
    if this["weight"] > that["weight"] and these["weight"] > those["weight"]:
        return f"“{focus}” looks at “{this['word']}” above, at “{these['word']}” below"
    return "this head does not part the two" if data["among"] == 1 else f"none of {data['among']} heads parts the two"


def _draw_arcs(pen: Pen, data: Data, top: float, bottom: float, between: list[Data]) -> None:
    """The sentence in a line; arcs from the focus back to the tokens it looks at, as thick as the weight.

    Where words stand `between`, theirs alone are in colour, with the share of the whole word.
    """
    tokens, colors, focus = data["tokens"], pen.colors, data["focus"]
    size, gap = _fitting_size(pen, tokens)
    room = pen.canvas.width / len(tokens) * 1.6
    shown = [pen.shorten(token, room, size, bold=True) for token in tokens]
    weights = data["weights"][focus]
    shares = [f"{100 * weight:.0f}%" if weight >= _COUNTS and not between else "" for weight in weights[: focus + 1]]
    if shares[0] and weights[0] >= _RESTS and focus > 0:
        shares[0] = f"rests: {shares[0]}"
    widths = [
        max(pen.text_width(token, size, bold=True), pen.text_width(share))
        for token, share in zip_longest(shown, shares, fillvalue="")
    ]
    gap = min(gap, (pen.canvas.width - sum(widths)) / max(1, len(tokens) - 1))
    rows_fit = (bottom - top) / len(tokens) >= 1.05 * pen.sizes.figure
    if gap < _APART and rows_fit and not between:
        _draw_down(pen, data, top, bottom)
        return
    x = (pen.canvas.width - sum(widths) - gap * (len(tokens) - 1)) / 2
    centers = []
    for width in widths:
        centers.append(x + width / 2)
        x += width + gap
    line = bottom - 82.0
    for index, (token, center, weight) in enumerate(zip(shown, centers, weights, strict=True)):
        looks, at_rest = index == focus, index == 0 and weight >= _RESTS and focus > 0
        named = any(each["tokens"][0] <= index < each["tokens"][1] for each in between)
        color = colors.attention if looks else colors.ink if named or weight >= _COUNTS else colors.muted
        bold = looks or named or (weight >= 0.2 and not between)
        pen.write(center, line, token, size, color=color, bold=bold, align="center")
        strong = named or (weight >= _COUNTS and not between and not at_rest)
        color = colors.attention if strong else colors.muted
        if index < focus:
            far = centers[focus] - center
            tall = min(2 * (line - top - 46), 1.15 * far)
            draw_arc(pen, ((center + centers[focus]) / 2, line - 24), far, tall, weight, color)
        if index <= focus and shares[index]:
            pen.write(center, line + 38, shares[index], color=color, align="center")
    for each in between:
        middle = (centers[each["tokens"][0]] + centers[each["tokens"][1] - 1]) / 2
        most = each["weight"] == max(other["weight"] for other in between)
        color = colors.attention if most else colors.muted
        said = f"{100 * each['weight']:.0f}%"
        pen.write(middle, line + 38, said, pen.sizes.small, color=color, bold=most, align="center")


def _draw_down(pen: Pen, data: Data, top: float, bottom: float) -> None:
    """The sentence down a narrow picture, a token a row; arcs on its left, shares on its right."""
    tokens, colors, focus = data["tokens"], pen.colors, data["focus"]
    weights, right = data["weights"][focus], pen.canvas.width - 4
    step = (bottom - top) / len(tokens)
    edge = max(_ARCS * pen.canvas.width, 40.0)
    for index, (token, weight) in enumerate(zip(tokens, weights, strict=True)):
        y, apart = top + (index + 0.5) * step, (focus - index) * step
        at_rest = index == 0 and weight >= _RESTS and focus > 0
        counts = index <= focus and weight >= _COUNTS
        share = f"{'rests: ' if at_rest else ''}{100 * weight:.0f}%" if counts else ""
        color = colors.attention if index == focus else colors.ink if counts else colors.muted
        bold, room = index == focus or weight >= 0.2, right - edge - 24 - pen.text_width(share)
        pen.write(edge + 12, y, pen.shorten(token, room, bold=bold), color=color, bold=bold)
        color = colors.attention if counts and not at_rest else colors.muted
        pen.write(right, y, share, color=color, align="right")
        if apart > 0:
            draw_arc(pen, (edge, y + apart / 2), min(2 * edge - 12, apart), apart, weight, color, leftwards=True)


def _fitting_size(pen: Pen, tokens: list[str]) -> tuple[float, float]:
    """The largest text size at which the sentence fits in a line, and the gap between words."""
    for size in (pen.sizes.body, pen.sizes.small):
        gap = 0.7 * size
        if sum(pen.text_width(token, size, bold=True) + gap for token in tokens) <= pen.canvas.width:
            return size, gap
    return pen.sizes.figure, 8.0


def describe(data: Data) -> str:
    """Whose weights, and the strongest ones."""
    tokens, weights, said = data["tokens"], data["weights"], whose(data)[0]
    if data["view"] == "arcs":
        if data["beside"] is None:
            return f"Where a token looks ({said}): {_strongest(data)}."
        both = "; ".join(map(_strongest, [data, data["beside"]]))
        shares = "; ".join(
            " and ".join(f"“{each['word']}” {100 * each['weight']:.0f}%" for each in words) for words in data["between"]
        )
        return f"Where a token looks ({said}): {both}. The two words: {shares}; {verdict(data)}."
    pairs = [(i, j) for i in range(len(tokens)) for j in range(1, i)]
    top = sorted(pairs, key=lambda pair: -weights[pair[0]][pair[1]])[:4]
    listed = ", ".join(f"“{tokens[i]}” at “{tokens[j]}” {100 * weights[i][j]:.0f}%" for i, j in top)
    mean = sum(row[0] for row in weights) / len(weights)
    return (
        f"Attention weights over “{data['sentence']}” ({said}): "
        f"the first token gets {100 * mean:.0f}% on average{', where it rests' if rests(weights) else ''}; {listed}."
    )


def _strongest(data: Data) -> str:
    """The tokens that the focus of a sentence looks at most."""
    tokens, focus = data["tokens"], data["focus"]
    weights = data["weights"][focus]
    order = sorted(range(focus + 1), key=lambda j: -weights[j])[:4]
    listed = ", ".join(f"“{tokens[j]}” {100 * weights[j]:.0f}%" for j in order)
    return f"in “{''.join(tokens)}” the token “{tokens[focus]}” at {listed}"
