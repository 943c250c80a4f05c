"""English to French by the small encoder-decoder, as a Gradio app: the translation, and where each word of it looked.

Run by `talkgen present` at /demos/translation.
"""

from __future__ import annotations

import functools
import html
import io
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from talkgen.errors import TalkgenError
from talkgen.figures import alignment
from talkgen.figures.base import Canvas, Data
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.weights import load_model
from talkgen.lm.text.lexicon import english_words
from talkgen.lm.text.phrases import draw_pair
from talkgen.style import Style, load_style

if TYPE_CHECKING:
    from talkgen.serve.engines import Engines

SENTENCE = "my friend's black cat does not see her"


def build(engines: Engines) -> gr.Blocks:
    """The app; its model is a small one of its own."""
    del engines

    def translate(sentence: str) -> tuple[str, str]:
        try:
            data = alignment.align(translator(), alignment.Params(sentence=sentence))
        except (TalkgenError, ValueError) as error:
            return "", f"<p>{html.escape(str(error))}</p>"
        return data["translation"], picture(data)

    with gr.Blocks(analytics_enabled=False, title="Translation") as blocks:
        with gr.Row():
            english = gr.Textbox(SENTENCE, label="English", max_length=200, scale=5)
            another = gr.Button("Another sentence", scale=1)
        french = gr.Textbox(label="French", interactive=False)
        matrix = gr.HTML(label="Where each word looked")
        with gr.Accordion("The words it knows", open=False):
            gr.Markdown(" · ".join(sorted(english_words())))
        another.click(new_sentence, None, english, show_progress="hidden")
        gr.on([english.change, blocks.load], translate, english, [french, matrix], trigger_mode="always_last")
    return blocks


def new_sentence() -> str:
    """A sentence with a combination of words that training has never shown."""
    return " ".join(draw_pair(np.random.default_rng(), unseen=True).english).replace(" 's", "'s")


@functools.cache
def translator() -> Loaded:
    """The model, the project's own before the shipped one."""
    return load_model(find_model("translator", Path.cwd()))


@functools.cache
def style() -> Style:
    """The light theme, which stands on a ground of its own."""
    return load_style("paper", Path.cwd())


def picture(data: Data) -> str:
    """The figure as HTML, with its alt text."""
    file = io.StringIO()
    alignment.draw(data, Canvas(style(), 1120, 460)).savefig(file, format="svg", transparent=True)
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :].replace("<svg", '<svg style="width: 100%; height: auto"', 1)
    label, ground = html.escape(alignment.describe(data), quote=True), style().colors.background
    return f'<div role="img" aria-label="{label}" style="background: {ground}; padding: 12px">{svg}</div>'
