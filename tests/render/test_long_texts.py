"""Texts of strangers that begin very many things and end none: read in time that grows with their length alone.

A test here would not end, or not for minutes, if each beginning were looked from to the text's end.
"""

from contextlib import suppress

import pytest

from talkgen.errors import OutlineError
from talkgen.outline.schema import Slide
from talkgen.outline.themes import name_in
from talkgen.render.escape import plain
from talkgen.render.expressions import bound
from talkgen.render.footnotes import find_footnotes
from talkgen.render.foreign import Foreign
from talkgen.render.foreign_slides import _RULES
from talkgen.render.foreign_styles import is_whole
from talkgen.render.foreign_text import _beginnings
from talkgen.render.icons import icon_sign
from talkgen.render.loops import written_out
from talkgen.render.mdc import as_tags
from talkgen.render.own import aligned
from talkgen.render.prose import markdown, vue_markdown
from talkgen.render.tags import begins_html_block
from talkgen.render.vue import without_vue

LENGTH = 80_000  # characters; the longest text that is read has 100,000
PIECES = [
    "<svg>",
    "<svg ",
    "<script ",
    "<style>",
    "{{",
    "`",
    "<aaa",
    "![](",
    "[",
    "\n",
    "\n>",
    " ",
    "http://",
    "<!--",
    "**a ",
    "<script\nsetup",
    "<script setup>",
    "-bold",
    "'(\\",
    "aBase",
    "${base",
    ": ",
]
READERS = {
    "of Slidev": lambda text: Foreign("slidev").read(text),
    "of Marp": lambda text: Foreign("marp").read(text),
    "MDC": as_tags,
    "Slidev's own": aligned,
    "Markdown": markdown,
    "a template of Vue": vue_markdown,
    "in words": plain,
    "loops": written_out,
    "a tag": lambda text: without_vue(f"<a {text}>"),
    "a tag with a style": lambda text: without_vue(f"<a{text} v-mark.red>"),
    "a picture's address": lambda text: without_vue(f'<img :src="{text}">'),
    "a comment": lambda text: Foreign("marp").read(f"<!--{text}-->"),
    "a line of HTML": lambda text: begins_html_block(f"<{text}"),
    "an icon": lambda text: icon_sign(f"mdi-{text}-"),
    "a style sheet": is_whole,
    "a script": lambda text: list(_beginnings(Slide.model_validate({"body": [text]}))),
    "a scale's style": _RULES.fullmatch,
    "footnotes": lambda text: find_footnotes(Slide.model_validate({"body": [f"[^1]: x\n{text}"]})),
    "an expression": lambda text: bound(text, {"a": 1}),
}


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_is_begun_very_often_is_gone_through_once(read, piece):
    """Or refused, as too entangled."""
    with suppress(OutlineError):
        read(piece * (LENGTH // len(piece)))


def test_loops_in_loops_do_not_fill_the_memory():
    """Two hundred times two hundred copies of a page are none: the loops stay as they are."""
    source = '<p v-for="x in 200"><b v-for="y in 200">' + "a" * 10_000 + "</b></p>"
    assert len(written_out(source)) < 200_000
    assert written_out('<p v-for="(x, i) in [4, 5]">{{ x + i }}</p>').count("<p>") == 2


def test_a_style_sheets_comments_are_each_read_once():
    """Its name is that of the first which says one."""
    assert name_in("/* a */ @theme no; /* b @theme mine */ /* @theme other */") == "mine"
    assert name_in("/* " * 300_000) == ""
