"""How a text is chosen, as a Gradio app: greedy beside beam search, and the tree of beginnings that a beam looked at.

Run by `talkgen present` at /demos/decoding.
"""

from __future__ import annotations

import functools
import html
import math
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from talkgen.serve.limits import PROMPT_CHARACTERS
from talkgen.serve.refused import REFUSED, in_words
from talkgen.style import Style, load_style

if TYPE_CHECKING:
    from talkgen.lm.answer.beam import Branch
    from talkgen.lm.answer.engine import Engine
    from talkgen.serve.engines import Engines

PROMPT = "The statement"
COLUMN, ROW, CHIP = 150, 46, 124  # px of the tree: from step to step, from text to text, and a token's width
LETTERS = 11  # of a token, in a chip

Ids = tuple[int, ...]


def build(engines: Engines) -> gr.Blocks:
    """The app over `engines`."""

    def search(prompt: str, model: str, width: float, tokens: float, penalty: float) -> tuple[str, str, str]:
        steps: list[list[Branch]] = []
        try:
            engines.wait_for(model)
            engine = engines.find_here(model)
            greedy, first = engine.beams(prompt, width=1, max_tokens=int(tokens), length_penalty=penalty)[0]
            text, best = engine.beams(
                prompt, width=int(width), max_tokens=int(tokens), length_penalty=penalty, on_step=steps.append
            )[0]
        except REFUSED as error:
            return "", "", f"<p>{html.escape(in_words(error))}</p>"
        tree = draw_tree(engine, steps, best.ids, first.ids)
        return with_odds(greedy, first.log_p), with_odds(text, best.log_p), tree

    labels = engines.choices()
    with gr.Blocks(analytics_enabled=False, title="Decoding") as blocks:
        prompt = gr.Textbox(PROMPT, label="Prompt", max_length=PROMPT_CHARACTERS)
        with gr.Row():
            model = gr.Dropdown(labels, value=labels[0][1] if labels else None, label="Model")
            width = gr.Slider(1, 6, 3, step=1, label="Width of the beam")
            tokens = gr.Slider(1, 8, 6, step=1, label="Tokens")
            penalty = gr.Slider(0, 2, 0, step=0.1, label="Length penalty")
        with gr.Row():
            greedy = gr.Textbox(label="Greedy: the likeliest token each time", interactive=False)
            beam = gr.Textbox(label="Beam: the likeliest text it finds", interactive=False)
        tree = gr.HTML(label="Beginnings looked at")
        inputs = [prompt, model, width, tokens, penalty]
        events = [prompt.change, model.change, width.release, tokens.release, penalty.release, blocks.load]
        gr.on(events, search, inputs, [greedy, beam, tree], show_progress="hidden", trigger_mode="always_last")
    return blocks


def with_odds(text: str, log_p: float) -> str:
    """A text and how likely it is."""
    return f"{text}   (p = {math.exp(log_p):.2g})"


def draw_tree(engine: Engine, steps: list[list[Branch]], best: Ids, greedy: Ids) -> str:
    """The tree as SVG in HTML: a column a step, the likeliest on top; the best text and the greedy one in colour."""
    colors = style().colors
    paint = {"best": colors.accent, "greedy": colors.attention, "kept": colors.muted, "dropped": colors.line}
    places: dict[Ids, tuple[int, int]] = {}
    lines, chips = [], []
    for column, branches in enumerate(steps):
        for row, branch in enumerate([one for one in branches if one.fate != "ended"]):
            places[branch.ids] = x, y = column * COLUMN, row * ROW
            kind = kind_of(branch, best, greedy)
            if column:
                lines.append(draw_line(places[branch.ids[:-1]], (x, y), paint[kind]))
            chips.append(draw_chip(engine.tokenizer.pieces([branch.ids[-1]])[0], branch, (x, y), paint[kind]))
    wide, high = len(steps) * COLUMN, max(y for _, y in places.values()) + ROW
    found = engine.tokenizer.decode(list(best))
    words = f"{len(places)} beginnings looked at in {len(steps)} steps; the best text is “{found}”"
    return (
        f'<div style="background: {colors.background}; padding: 14px; overflow-x: auto">'
        f'<svg role="img" aria-label="{html.escape(words, quote=True)}" viewBox="0 0 {wide} {high}" '
        f'style="min-width: {wide * 0.7:.0f}px; max-width: {wide * 1.1:.0f}px; font: 600 17px sans-serif">'
        f"{''.join(lines + chips)}</svg><p style='color: {colors.ink}'>{legend(paint)}</p></div>"
    )


def kind_of(branch: Branch, best: Ids, greedy: Ids) -> str:
    """What a beginning is: of the best text, of the greedy one, or else kept or dropped."""
    if best[: len(branch.ids)] == branch.ids:
        return "best"
    return "greedy" if greedy[: len(branch.ids)] == branch.ids else branch.fate


def draw_line(start: tuple[int, int], end: tuple[int, int], color: str) -> str:
    """The line from a beginning to the text that is one token longer."""
    x, y, u, v = start[0] + CHIP, start[1] + ROW // 2, end[0], end[1] + ROW // 2
    return f'<path d="M{x} {y}C{x + 14} {y} {u - 14} {v} {u} {v}" fill="none" stroke="{color}" stroke-width="2.5"/>'


def draw_chip(text: str, branch: Branch, at: tuple[int, int], color: str) -> str:
    """A token in a box, and the probability of the text up to it."""
    shown = text.replace(" ", "·").replace("\n", "⏎").replace("\t", "⇥")
    shown = shown if len(shown) <= LETTERS else f"{shown[: LETTERS - 1]}…"
    ink, (x, y) = style().colors.ink, at
    faint = ' opacity="0.55"' if branch.fate == "dropped" else ""
    return (
        f'<g{faint}><rect x="{x + 1}" y="{y + 4}" width="{CHIP - 2}" height="{ROW - 8}" rx="8" fill="none" '
        f'stroke="{color}" stroke-width="2.5"/><text x="{x + CHIP / 2}" y="{y + 21}" fill="{ink}" '
        f'text-anchor="middle">{html.escape(shown)}</text><text x="{x + CHIP / 2}" y="{y + 37}" fill="{ink}" '
        f'text-anchor="middle" font-size="13" font-weight="400">{math.exp(branch.log_p):.2g}</text></g>'
    )


def legend(paint: dict[str, str]) -> str:
    """What the colours mean."""
    words = {"best": "the best text", "greedy": "greedy", "kept": "kept", "dropped": "dropped"}
    return " · ".join(f'<b style="color: {paint[kind]}">▬</b> {words[kind]}' for kind in words)


@functools.cache
def style() -> Style:
    """The light theme, which stands on a ground of its own."""
    return load_style("paper", Path.cwd())
