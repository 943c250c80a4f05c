"""A resolved deck as Marp source: `deck.md`, its theme, figures, fonts and the script of the live elements.

Holds for marp-core 4 and 5: directives only where Marp reads them, a blank line before every `---`, notes that cannot
be taken for directives, MathJax (which asks no other host) and emoji left as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from talkgen.outline import blocks
from talkgen.outline.node import Holds
from talkgen.outline.schema import Slide, ThemeNames
from talkgen.render.blocks import BARE, BlockWriter, anchor
from talkgen.render.deck import BlockPath, Deck, Rendering
from talkgen.render.elements import elements_script, models_script
from talkgen.render.escape import comment, escape, fence, scalar
from talkgen.render.fit import fit_classes
from talkgen.render.foreign_slides import as_seen
from talkgen.render.grammar import read_markdown
from talkgen.render.letters import Letters, find_letters
from talkgen.render.listings import long_lines
from talkgen.render.media import own_look
from talkgen.render.own import undivided
from talkgen.render.prose import markdown
from talkgen.render.themes import MARP_FONTS, font_faces, font_files, marp_theme, style_sheet
from talkgen.render.words import CLICK, deck_words
from talkgen.words import WORDS, direction

_LEAD = ("cover", "section", "center", "end")  # what Marp's own themes show as slides of class "lead"
MERMAID = '<script src="mermaid.min.js"></script>'  # which the export puts into the page
SCRIPT = '<script type="module" src="talkgen.js"></script>'
MODELS = '<script src="talkgen-models.js"></script>'


class MarpWriter(BlockWriter):
    """Blocks as Marp reads them."""

    on_click = 'data-marpit-fragment="1"'  # as on the items of a list; the page counts them in order

    def text(self, source: str, *, one_line: bool = False) -> str:
        """Markdown that stays on its slide."""
        return markdown(self.linked(self.foreign(source)), self.address, self.marks, one_line=one_line)

    def slide_address(self, number: int, *, in_tags: bool) -> str:  # noqa: ARG002 – one signature for both
        """The number is the slide's own id."""
        return f"#{number}"

    def link(self, number: int, text: str) -> str:
        """A link to a slide."""
        return f'<a href="#{number}">{text}</a>'

    def write_bullets(self, block: blocks.Bullets, path: BlockPath) -> str:  # noqa: ARG002
        """Marp shows items of `*` and `1)` lists one by one."""
        return "\n".join(self.list_items(block.bullets, block.numbered, "*" if block.reveal else "-"))

    def write_code(self, block: blocks.Code, path: BlockPath) -> str:
        """A listing; Marp highlights no lines click by click."""
        if self.native and block.options.startswith("magic-move"):
            return self._last_state(block, path)
        if block.steps:
            self.degrade(path, "Marp shows the listing at once, without steps")
        return long_lines(block, fence(block.code, block.language))

    def _last_state(self, block: blocks.Code, path: BlockPath) -> str:
        """The last of the listings that Slidev lets a listing move through."""
        listings = [token for token in read_markdown(block.code) if token.type == "fence"]
        if not listings:
            return fence(block.code, block.language)
        self.degrade(path, f"Marp shows the last of {len(listings)} listings that follow each other")
        return fence(listings[-1].content, listings[-1].info.split("{")[0].strip())

    def write_undrawn(self, block: blocks.Mermaid) -> str:
        """The diagram's source, which Mermaid's script turns into a picture in the page."""
        lines = escape(block.mermaid.strip()).replace("\n", "&#10;")  # a blank line would end the element
        return f'<pre class="mermaid">{lines}</pre>\n{MERMAID}'

    def write_raw(self, block: blocks.Raw, path: BlockPath) -> str:
        """Source for Marp."""
        return undivided(self.raw(block.raw.marp, Holds.MARP, path))


def render_marp(deck: Deck) -> Rendering:
    """The files of a Marp deck."""
    if deck.outline.native == "marp":
        from talkgen.render.native_marp import render_native_marp

        return render_native_marp(deck)
    deck = as_seen(deck)
    writer = MarpWriter(deck)
    slides = [(i, slide) for i, slide in enumerate(deck.outline.slides) if not slide.hide]
    pages = ["\n\n".join(_slide_parts(writer, slide, number, first=i == 0)) for i, (number, slide) in enumerate(slides)]
    body = "\n\n---\n\n".join(pages) + "\n"
    script = elements_script()
    letters = find_letters(deck, pages, script, "fonts/", "fonts/")
    text = f"{_front_matter(writer, _own_style(writer, body, letters))}\n\n{body}"
    files: dict[str, str | Path] = {"deck.md": text, "talkgen.js": script, WORDS: deck_words(deck).to_json()}
    if deck.models:
        files["talkgen-models.js"] = models_script(deck.models)
    if isinstance(deck.outline.theme, str):
        css = style_sheet("marp/theme.css.j2", deck, writer.style(), letters)
        css = css.replace("/* fonts */", f"{font_faces('fonts/')}\n{letters.faces}")
        files |= {f"themes/{deck.style.name}.css": css, **font_files("fonts/")}
    else:
        files |= marp_theme(writer, deck.outline.theme)[1]
    degraded = (*writer.degraded, *letters.degraded)
    return Rendering(files | writer.files | dict(letters.files), degraded, tuple(writer.missing))


def _own_style(writer: MarpWriter, body: str, letters: Letters) -> str:
    """The CSS that a deck under another tool's theme brings along: the author's, and what our own blocks need."""
    theme = writer.deck.outline.theme
    if isinstance(theme, str):
        return ""
    own = writer.style()
    if "tg-" in body or direction(writer.deck.outline.lang) == "rtl":
        own = style_sheet("marp/plain.css.j2", writer.deck, own, letters)
    return letters.style("section", MARP_FONTS.get(theme.marp or "default")) + own


def _front_matter(writer: MarpWriter, style: str) -> str:
    writer.turn_to(None)
    deck, outline = writer.deck, writer.deck.outline
    theme = deck.style.name
    if isinstance(outline.theme, ThemeNames):
        theme = marp_theme(writer, outline.theme)[0]
    values: dict[str, Any] = {"marp": True, "title": outline.title, "theme": theme, "lang": outline.lang}
    values |= {"size": outline.size, "math": "mathjax"}
    values |= {"author": outline.author, "description": outline.description, "transition": outline.transition}
    values |= {"header": writer.inline(outline.header or ""), "footer": writer.inline(outline.footer or "")}
    if outline.paginate:
        values["paginate"] = True
    values |= {"style": style}
    values = {name: value for name, value in values.items() if value} | writer.relink_settings(outline.directives)
    return "\n".join(["---", *(f"{name}: {scalar(value)}" for name, value in values.items()), "---"])


def _slide_parts(writer: MarpWriter, slide: Slide, number: int, *, first: bool) -> Iterator[str]:
    writer.turn_to(slide)
    writer.note_settings(slide, number)
    if directives := _directives(writer, slide):
        yield "\n".join(["<!--", *(f"{name}: {scalar(value)}" for name, value in directives.items()), "-->"])
    if behind := writer.layers(slide):
        yield behind
    if slide.id:
        yield anchor(slide.id)
    if slide.title and (slide.layout != "full" or writer.native):  # which another tool's layout shows
        yield f"# {writer.inline(slide.title)}"
    if slide.subtitle:
        yield f"## {writer.inline(slide.subtitle)}"
    if body := writer.arranged(writer.write(slide.body, ("slides", number, "body")), slide.layout):
        yield body
    for css in writer.styles:
        yield f"<style scoped>\n{writer.relink(css.strip(), Holds.CSS)}\n</style>"
    if notes := writer.footnotes():
        yield notes
    if first:
        yield SCRIPT
        if writer.deck.models:
            yield MODELS
    if slide.notes.strip():
        yield comment(CLICK.sub("", slide.notes))


def _directives(writer: MarpWriter, slide: Slide) -> Mapping[str, Any]:
    """Directives of this slide alone; those of the author's own go untouched."""
    outline = writer.deck.outline
    alike = [] if isinstance(outline.theme, str) or slide.layout not in _LEAD else ["lead"]
    classes = [
        slide.layout,
        *alike,
        *own_look(slide),
        *fit_classes(slide, outline),
        *(slide.class_ or "").split(),
    ]
    named = " ".join(name for name in classes if name != "default")
    found: dict[str, Any] = {"_class": named} if named else {}
    if slide.layout in BARE and writer.deck.outline.paginate:
        found["_paginate"] = False
    for name in ("header", "footer"):
        hidden = slide.layout in BARE and getattr(outline, name)
        if getattr(slide, name) is not None or hidden:
            found[f"_{name}"] = writer.edge(name, slide)
    if slide.transition:
        found["_transition"] = slide.transition
    return found | writer.relink_settings(slide.directives)
