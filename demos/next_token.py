"""What a language model thinks comes next, as a Gradio app: the same engines as the live slides, with every dial.

Run by `talkgen present` at /demos/next_token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from talkgen.errors import TalkgenError
from talkgen.serve.limits import PROMPT_CHARACTERS, Question

if TYPE_CHECKING:
    from talkgen.serve.engines import Engines

PROMPT = "The quick brown fox jumps over the lazy"


def build(engines: Engines) -> gr.Blocks:
    """The app over `engines`."""

    def predict(
        prompt: str, model: str, temperature: float, top_k: float, top_p: float
    ) -> tuple[dict[str, float], Any]:
        try:
            question = Question(
                model=model, prompt=prompt, bars=10, temperature=temperature, top_k=int(top_k) or None, top_p=top_p
            )
            answer = engines.ask(question)
        except (TalkgenError, ValueError) as error:
            return {}, [(str(error), None)]
        bars = {f"{i}. {show(item.text)}": item.p_sampled for i, item in enumerate(answer.candidates, 1)}
        return bars, [(piece.text, str(piece.id)) for piece in answer.pieces]

    labels = [(item.label, item.name) for item in engines.files]
    with gr.Blocks(analytics_enabled=False, title="Next token") as blocks:
        prompt = gr.Textbox(PROMPT, label="Prompt", lines=2, max_length=PROMPT_CHARACTERS)
        with gr.Row():
            model = gr.Dropdown(labels, value=labels[0][1] if labels else None, label="Model")
            temperature = gr.Slider(0.1, 2, 1, step=0.1, label="Temperature")
            top_k = gr.Slider(0, 50, 0, step=1, label="Top k (0: all)")
            top_p = gr.Slider(0.05, 1, 1, step=0.05, label="Top p")
        tokens = gr.HighlightedText(label="Tokens and their ids", show_legend=False, combine_adjacent=False)
        bars = gr.Label(label="Next token", num_top_classes=10)
        inputs = [prompt, model, temperature, top_k, top_p]
        events = [prompt.change, model.change, temperature.release, top_k.release, top_p.release, blocks.load]
        gr.on(events, predict, inputs, [bars, tokens], show_progress="hidden", trigger_mode="always_last")
    return blocks


def show(text: str) -> str:
    """A token with its white space in sight."""
    return text.replace(" ", "·").replace("\n", "⏎").replace("\t", "⇥")
