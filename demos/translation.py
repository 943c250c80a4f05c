"""English to French by the small encoder-decoder, as a Gradio app: the translation, and where each word of it looked.

Run by `talkgen present` at /demos/translation.
"""

from __future__ import annotations

import contextlib
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
from talkgen.serve.refused import REFUSED, in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

    from talkgen.serve.engines import Engines
    from talkgen.style import Style

SENTENCE = "my friend's black cat does not see her"
WIDTH = 1120  # px
HEIGHTS = (328, 400, 480, 560)  # px: the least fits a slide below the two texts; for more words the page scrolls
ONE_OF_TWO = "<style>body.dark .on-light, body:not(.dark) .on-dark { display: none; }</style>"


def build(engines: Engines, styles: tuple[Style, Style]) -> gr.Blocks:
    """The app; its model is a small one of its own. `styles` are those of a light and a dark page."""
    del engines

    def translate(sentence: str) -> tuple[str, str]:
        if not sentence.strip():
            return "", "<p>Type a sentence of the words below.</p>"
        translation = ""
        try:
            data = alignment.align(translator(), alignment.Params(sentence=sentence))
            translation = data["translation"]
            return translation, picture(data, styles)
        except REFUSED as error:
            return translation, f"<p>{html.escape(in_words(error))}</p>"

    with gr.Blocks(analytics_enabled=False, title="Translation", fill_width=True) as blocks:
        with gr.Row():
            english = gr.Textbox(SENTENCE, label="English", max_length=200, scale=4)
            french = gr.Textbox(label="French", interactive=False, scale=4)
            another = gr.Button("Another sentence", scale=1, min_width=140)
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


def picture(data: Data, styles: tuple[Style, Style]) -> str:
    """The figure as HTML, with its alt text: drawn for a light and for a dark page, which shows the one it is."""
    label = html.escape(alignment.describe(data), quote=True)
    light, dark = (drawn(data, style) for style in styles)
    both = f'<div class="on-light">{light}</div><div class="on-dark">{dark}</div>'
    return f'{ONE_OF_TWO}<div role="img" aria-label="{label}">{both}</div>'


def drawn(data: Data, look: Style) -> str:
    """The figure as SVG on no ground.

    Raises:
        TalkgenError: there are more words than the highest picture has room for.
    """
    file = io.StringIO()
    lowest(data, look).savefig(file, format="svg", transparent=True)
    svg = file.getvalue()
    return svg[svg.index("<svg") :].replace("<svg", '<svg style="width: 100%; height: auto"', 1)


def lowest(data: Data, look: Style) -> Picture:
    """The figure at the least of the heights that has room for its words."""
    for height in HEIGHTS[:-1]:
        with contextlib.suppress(TalkgenError):
            return alignment.draw(data, Canvas(look, WIDTH, height))
    return alignment.draw(data, Canvas(look, WIDTH, HEIGHTS[-1]))
