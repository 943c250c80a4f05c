"""Draws four heads of a model by what they look at, measured on a text, and what the loss says when each is cut out.

Roles: the token after an earlier one like this (Olsson et al. 2022's induction), an earlier one like this, the token
just before, the first token, itself. A head is cut out as Michel et al. (2019) do: what it gives is set to zero.
"""

from __future__ import annotations

from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING, Any

from pydantic import Field

from talkgen.errors import ModelError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, Inputs, ModelName
from talkgen.figures.draw.color import mix
from talkgen.figures.draw.headline import wrap, write_headline
from talkgen.figures.draw.lines import NARROW
from talkgen.figures.draw.pen import Pen, sheet, styled
from talkgen.figures.measure.passage import PASSAGE
from talkgen.figures.measure.tokens import read_text, show_pieces
from talkgen.figures.numbers import percent, significant

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from matplotlib.figure import Figure as Picture

    from talkgen.lm.files.loaded import Loaded
    from talkgen.lm.models.base import LanguageModel

TABLES = ()
_SENTENCE_MOST = 12  # tokens whose maps can be read
_SHOWN = 4
_LINE, _READ = 28, 25  # px from line to line, and from which on names in neighbouring rows can be read
_MISSED = 0.03  # nats a token from which on a head is called missed
ROLES = {  # as they stand in a sentence, and above a map
    "what came after an earlier token like it": "what followed",
    "an earlier token like it": "same token",
    "the token before": "one before",
    "the first token": "first token",
    "itself": "itself",
}


class Params(base.Params):
    """Whose heads; the text that their roles and losses are measured on, and the sentence that they are shown on."""

    model: ModelName = ""
    sentence: str = Field("the name is bound to the value", min_length=1, max_length=400)
    text: str = Field(PASSAGE, min_length=1, max_length=4000)
    step: int = Field(_SHOWN, ge=1, le=_SHOWN, description="How many of the four heads are shown.")


def compute(params: Params, inputs: Inputs) -> Data:
    """Four heads, each with its role, the weight it puts there, its weights over the sentence, and the loss it saves.

    Raises:
        ModelError: the model has no attention, or fewer than two tokens to be tested on.
    """
    loaded = inputs.model(params.model)
    ids = read_text(loaded, params.text, most=500)
    if ids.size(1) < 2:
        raise ModelError(f"{loaded.label} sees one token in the text", "give a text of several tokens")
    shares = role_shares(_weights(loaded, ids), ids[0])
    sentence = read_text(loaded, params.sentence, _SENTENCE_MOST)
    maps = _weights(loaded, sentence)
    whole = losses(loaded.model, ids)
    heads = []
    for role, layer, head in choose_heads(shares):
        with without_head(loaded.model, layer, head):
            change = losses(loaded.model, ids) - whole
        heads.append(
            {
                "role": list(ROLES)[role],
                "layer": layer + 1,
                "head": head + 1,
                "share": significant(float(shares[role, layer, head])),
                "change": significant(float(change.mean())),
                "error": significant(float(change.std() / len(change) ** 0.5)) if len(change) > 1 else 0.0,
                "weights": [[round(value, 4) for value in row] for row in maps[layer, head].tolist()],
            }
        )
    return {
        "model": loaded.label,
        "sentence": params.sentence,
        "step": params.step,
        "tokens": show_pieces(loaded, sentence),
        "measured_on": ids.size(1),
        "loss": significant(float(whole.mean())),
        "all_heads": shares[0].numel(),
        "heads": heads,
    }


def _weights(loaded: Loaded, ids: torch.Tensor) -> torch.Tensor:
    """The attention weights [layer, head, T, T] over `ids` [1, T].

    Raises:
        ModelError: the model has none.
    """
    import torch

    from talkgen.lm.models.base import Taps
    from talkgen.lm.models.transformer import Transformer

    if not isinstance(loaded.model, Transformer):
        raise ModelError(f"{loaded.label} has no heads to show", "name a transformer: model: small")
    taps = Taps("attention")
    with torch.inference_mode():
        loaded.model(ids, taps=taps)
    return torch.stack([layer[0].double() for layer in taps.values["attention"]])


def role_shares(weights: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """The mean weight that each head puts where each role looks: [role, layer, head]; 0 where no token has it."""
    import torch

    count = len(ids)
    place = torch.arange(count)
    same = (ids[:, None] == ids) & (place[:, None] > place)  # [T, T]: row t, an earlier token like it
    after = same.roll(1, 1) & (place[:, None] > place)
    after[:, 0] = False
    where = [
        after,
        same,
        place[:, None] == place + 1,
        (place == 0) & (place[:, None] > 1),
        torch.eye(count, dtype=torch.bool),
    ]
    shares = []
    for role in where:
        rows = role.any(1)
        found = (weights * role).sum(-1)[..., rows]
        shares.append(found.mean(-1) if rows.any() else torch.zeros(weights.shape[:2], dtype=weights.dtype))
    return torch.stack(shares)


def choose_heads(shares: torch.Tensor) -> list[tuple[int, int, int]]:
    """(role, layer, head) of four heads: role by role the one that puts most there, each head and role once."""
    free = shares.clone()
    chosen: list[tuple[int, int, int]] = []
    for role in range(len(shares)):
        if len(chosen) == min(_SHOWN, shares[0].numel()):
            break
        if not bool((shares[role] > 0).any()):
            continue
        layer, head = divmod(int(free[role].argmax()), shares.size(2))
        chosen.append((role, layer, head))
        free[:, layer, head] = -1
    return chosen


def losses(model: LanguageModel, ids: torch.Tensor) -> torch.Tensor:
    """The loss in nats of each token of `ids` [1, T] but the first: [T - 1]."""
    import torch

    with torch.inference_mode():
        logits, _ = model(ids)
    return torch.nn.functional.cross_entropy(logits[0, :-1].double(), ids[0, 1:], reduction="none")


@contextmanager
def without_head(model: LanguageModel, layer: int, head: int) -> Iterator[None]:
    """The model with what a head gives set to zero."""
    size = model.config.head_dim

    def cut(_module: object, given: tuple[Any, ...]) -> tuple[Any, ...]:
        heads = given[0].clone()
        heads[..., head * size : (head + 1) * size] = 0
        return (heads,)

    hook = model.get_submodule(f"blocks.{layer}.attention.proj").register_forward_pre_hook(cut)
    try:
        yield
    finally:
        hook.remove()


@styled
def draw(data: Data, canvas: Canvas) -> Picture:
    """A map a head; above it what it looks at, below it what the loss says without it."""
    pen = sheet(canvas)
    first = write_headline(pen, headline(data)) + 26
    tokens = data["tokens"]
    names = [pen.shorten(token, 96) for token in tokens]
    label = max(pen.text_width(name) for name in names) + 12
    room = (canvas.width - label) / _SHOWN
    titles = [wrap(pen, ROLES[head["role"]], room - 8) for head in data["heads"]]
    top = first + _LINE * max(map(len, titles), default=1) + 22
    narrow = canvas.width < NARROW
    cell = min((room - 18) / len(tokens), (canvas.height - top - 96 - _LINE * narrow) / len(tokens), 44.0)
    for row in range(0, len(names), max(1, ceil(_READ / max(cell, 1.0)))):
        pen.write(label - 8, top + (row + 0.5) * cell, names[row], align="right")
    best = max(head["change"] for head in data["heads"])
    shown = zip(data["heads"], titles, strict=True)
    for index, (head, title) in enumerate([*shown][: data["step"]]):
        left = label + index * room
        for number, line in enumerate(title):
            pen.write(left, first + _LINE * number, line, pen.sizes.small, bold=True)
        which = f"{head['layer']}.{head['head']}"
        where = f"{percent(head['share'])} · head {which}"
        where = where if pen.text_width(where) <= room - 8 else f"{percent(head['share'])} · {which}"
        pen.write(left, top - 22, where, color=pen.colors.muted)
        _draw_map(pen, head["weights"], left, top, cell)
        color = pen.colors.bad if head["change"] == best else pen.colors.ink
        below = top + len(tokens) * cell + 26
        pen.write(left, below, _signed(head["change"]), pen.sizes.small, color=color, bold=True)
        reach = pen.text_width(_signed(head["change"]), pen.sizes.small, bold=True) + 8
        place = (left, below + _LINE) if narrow else (left + reach, below)
        pen.write(*place, f"± {head['error']:.2f}", color=pen.colors.muted)
    note = f"nats a token when it is cut out, over {data['measured_on']} tokens · {data['model']}"
    note = note if pen.text_width(note) < canvas.width else "nats a token when it is cut out"
    pen.write(canvas.width - 2, canvas.height - 14, note, color=pen.colors.muted, align="right")
    return pen.picture


def _draw_map(pen: Pen, weights: list[list[float]], left: float, top: float, cell: float) -> None:
    """A head's weights: rows look, columns are looked at."""
    for row, shares in enumerate(weights):
        for column, share in enumerate(shares[: row + 1]):
            fill = mix(pen.colors.surface, pen.colors.attention, share)
            pen.box(left + column * cell + 0.5, top + row * cell + 0.5, cell - 1, cell - 1, 3, fill=fill)


def _signed(change: float) -> str:
    return f"{change:+.2f}".replace("-", "−")


def headline(data: Data) -> str:
    """What is missed most."""
    if not data["heads"]:
        return "No head looks anywhere in particular"
    worst = max(data["heads"], key=lambda head: head["change"])
    if worst["change"] < _MISSED:
        most = f"{_signed(worst['change'])} nats of {data['loss']:.2f}"
        return f"No one of {data['all_heads']} heads is missed: at most {most}"
    return f"Without the head that looks at {worst['role']} the loss rises {worst['change']:.2f} nats"


def describe(data: Data) -> str:
    """Each head, its role and its loss."""
    heads = "; ".join(
        f"layer {head['layer']}, head {head['head']} puts {percent(head['share'])} of its weight on {head['role']}, "
        f"and without it the loss changes by {_signed(head['change'])} ± {head['error']:.2f}"
        for head in data["heads"]
    )
    return (
        f"Heads of {data['model']}, of {data['all_heads']} the one that looks hardest there, and the loss in nats a "
        f"token over {data['measured_on']} tokens ({data['loss']:.2f} with all): {heads}. {headline(data)}."
    )
