"""A talk that is native to Marp as the Marp deck that it was: its directives, its Markdown, its notes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

from talkgen.outline import blocks
from talkgen.outline.blocks import AnyBlock
from talkgen.outline.node import Holds
from talkgen.outline.schema import Slide, ThemeNames
from talkgen.render import letters
from talkgen.render.deck import BlockPath, Deck, Rendering
from talkgen.render.elements import ELEMENTS, elements_script, models_script
from talkgen.render.marp import MarpWriter
from talkgen.render.native import NativeWriter, setting_lines
from talkgen.render.themes import style_sheet
from talkgen.render.words import deck_words
from talkgen.words import WORDS

# The elements and attributes of talkgen's own blocks, beside those that Marp lets through.
_OWN_HTML = {
    **{tag: ["class", "id", "style", "data-marpit-fragment"] for tag in ("aside", "div", "figure", "figcaption")},
    "img": ["style"],
    **{tag: ["id", "recording", "size", "ids", "data", "src", "label", "style"] for tag in ELEMENTS},
}
_HEADING = re.compile(r"(#{1,6})\s")
_SLIDE_SETTINGS = ("class", "transition", "header", "footer", "directives")
_SETTINGS = ("title", "lang", "size", "author", "description", "transition", "header", "footer", "paginate")


class NativeMarpWriter(NativeWriter, MarpWriter):
    """Blocks as an author of Marp decks writes them."""

    holds = Holds.MARP

    def revealed(self, text: str) -> str:
        """A block that waits for a click, as in every Marp deck of ours."""
        return f'<div class="tg-reveal" {self.on_click}>\n\n{text}\n\n</div>'

    def write_image(self, block: blocks.Image, path: BlockPath) -> str:
        """A picture, its size and place said before its words."""
        if block.caption or block.credit or block.scrim:
            return super().write_image(block, path)
        words = " ".join([*_keywords(block), *([block.alt] if block.alt else [])])
        return self.text(f"![{words}]({block.image})")

    def content(self, slide: Slide, number: int, above: int = 0) -> str:
        """A slide's title and blocks; what Marp takes out of a slide's text may stand above its title."""
        apart = list(takewhile(_is_apart, slide.body)) if slide.title is not None else []
        below = super().content(slide, number, len(apart) or above)
        return "\n\n".join(part for part in (self.write(apart, ("slides", number, "body")), below) if part)

    def write_raw(self, block: blocks.Raw, path: BlockPath) -> str:
        """Source for Marp as it stands."""
        return self.raw(block.raw.marp, Holds.MARP, path)


def _is_apart(block: AnyBlock) -> bool:
    """Whether a block is a picture behind the text, or a style."""
    if isinstance(block, blocks.Raw):
        return (block.raw.marp or "").startswith("<style")
    return isinstance(block, blocks.Image) and block.is_layer


def _keywords(block: blocks.Image) -> Iterator[str]:
    """The words of a picture that Marp reads."""
    if block.is_layer:
        yield "bg"
    if block.side:
        yield f"{block.side}:{block.share}%" if "share" in block.model_fields_set else block.side
    if block.size:
        yield block.size
    if block.width:
        yield f"w:{block.width}"
    if block.height:
        yield f"h:{block.height}"
    if block.invert:
        yield "invert"
    yield from (f"{name}:{value}" for name, value in block.filters.items())


def render_native_marp(deck: Deck) -> Rendering:
    """The files of a Marp deck that is its author's own."""
    writer = NativeMarpWriter(deck)
    body = "".join(_pages(writer))
    own = "tg-" in body or "<talkgen-" in body  # blocks that only talkgen has
    writer.turn_to(None)
    style = style_sheet("marp/plain.css.j2", deck, writer.style(), letters.NONE) if own else writer.style()
    lines = setting_lines(_as_texts(_front_matter(writer, style)))
    head = "\n".join(["---", *lines, "---", "", ""]) if lines else ""
    files: dict[str, str | Path] = {"deck.md": head + body, "marp.json": _allowed(deck, own=own)}
    files[WORDS] = deck_words(deck).to_json()
    files |= {f"themes/{Path(name).name}": _theme(writer, name) for name in _theme_names(deck).styles}
    if "<talkgen-" in body:
        files["talkgen.js"] = elements_script()
        if deck.models:
            files["talkgen-models.js"] = models_script(deck.models)
    return Rendering(files | writer.files, tuple(writer.degraded), tuple(writer.missing))


def _allowed(deck: Deck, *, own: bool) -> str:
    """What HTML Marp is to let through: what it does by itself, our own blocks' too, or all of a trusted deck."""
    return json.dumps({"html": True if deck.outline.trust else _OWN_HTML if own else False}) + "\n"


def _theme_names(deck: Deck) -> ThemeNames:
    theme = deck.outline.theme
    return theme if isinstance(theme, ThemeNames) else ThemeNames()


def _theme(writer: NativeMarpWriter, name: str) -> str:
    """A theme's style sheet with the addresses that its pictures have from the deck."""
    return writer.own((writer.deck.folder / name).read_text(encoding="utf-8"), Holds.CSS)


def _front_matter(writer: NativeMarpWriter, style: str) -> dict[str, Any]:
    """What the author set, in the author's order, and no more."""
    outline, values = writer.deck.outline, dict[str, Any]()
    for name in outline.given:
        if name == "directives":
            values |= writer.relink_settings(outline.directives)
        elif name == "theme" and _theme_names(writer.deck).marp:
            values[name] = _theme_names(writer.deck).marp
        elif name in ("header", "footer"):
            values[name] = writer.own(getattr(outline, name), Holds.MARKDOWN)
        elif name == "style":
            values[name] = style
        elif name in _SETTINGS and getattr(outline, name) != "":
            values[name] = getattr(outline, name)
    return values | ({"style": style} if style else {})


def _as_texts(values: dict[str, Any]) -> dict[str, Any]:
    """Settings for Marp, to which every value is a text: nothing is an empty one."""
    return {name: "" if value is None else value for name, value in values.items()}


def _pages(writer: NativeMarpWriter) -> Iterator[str]:
    """Each slide after a rule, or after nothing where Marp begins a slide at its heading."""
    levels = divider_levels(writer.deck.outline.directives.get("headingDivider"))
    for number, slide in enumerate(writer.deck.outline.slides):
        writer.turn_to(slide)
        writer.where = f"slide {number + 1}"
        content = writer.content(slide, number)
        heading = _HEADING.match(content)
        begins = heading is not None and len(heading[1]) in levels
        settings, notes = _settings(writer, slide), f"<!--\n{slide.notes}\n-->" if slide.notes else ""
        # What stands before a heading that begins a slide belongs to the slide before.
        parts = [content, settings, notes] if begins or _is_below(slide) else [settings, content, notes]
        if not begins and _notes_first(slide):
            parts = [notes, *parts[:2]]
        apart = "" if number == 0 else "\n\n" if begins else "\n\n---\n\n"
        yield apart + "\n\n".join(part for part in parts if part)


def _notes_first(slide: Slide) -> bool:
    """Whether the outline has a slide's notes above all that they are about: their comment stands there, too."""
    return next((name for name in slide.given if name in ("notes", "title", "body")), "") == "notes"


def _is_below(slide: Slide) -> bool:
    """Whether the outline has the settings of a slide below its body: their comment stands there, too."""
    settings = [at for at, name in enumerate(slide.given) if name in _SLIDE_SETTINGS]
    return bool(settings) and "body" in slide.given[: settings[0]]


def divider_levels(value: Any) -> set[int]:
    """The levels of headings at which Marp begins a slide."""
    if isinstance(value, list):
        return {int(level) for level in value if str(level).isdecimal()}
    text = str(value)
    return set(range(1, int(text) + 1)) if text.isdecimal() and int(text) <= 6 else set()


def _settings(writer: NativeMarpWriter, slide: Slide) -> str:
    """The directives of a slide: its short keys are for this slide alone, the author's own as they are."""
    values: dict[str, Any] = {}
    for name in slide.given:
        if name == "directives":
            values |= writer.relink_settings(slide.directives)
        elif name in ("class", "transition"):
            values[f"_{name}"] = slide.class_ if name == "class" else slide.transition
        elif name in ("header", "footer"):
            values[f"_{name}"] = writer.own(getattr(slide, name), Holds.MARKDOWN)
    comment = "\n".join(["<!--", *setting_lines(_as_texts(values)), "-->"]) if values else ""
    behind = writer.layers(slide.model_copy(update={"body": []})) if slide.background else ""
    return "\n\n".join(part for part in (comment, behind) if part)
