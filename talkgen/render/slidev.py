"""A resolved deck as a Slidev project: `slides.md`, its configuration, style, figures, fonts and the live elements.

Everything a page can fetch lies in `public/`, because paths in attributes are not bundled; the favicon and the fonts
are local, so that a built site asks no other host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from talkgen.assets import asset_dir
from talkgen.outline import blocks
from talkgen.outline.node import Holds
from talkgen.outline.schema import Slide
from talkgen.render.blocks import BARE, BlockWriter
from talkgen.render.deck import BlockPath, Deck, Degraded, Rendering
from talkgen.render.elements import elements_script, models_script
from talkgen.render.escape import comment, fence, scalar
from talkgen.render.fit import fit_classes
from talkgen.render.foreign_slides import as_seen
from talkgen.render.foreign_styles import for_slidev
from talkgen.render.letters import find_letters
from talkgen.render.listings import known_language, long_lines
from talkgen.render.media import own_look
from talkgen.render.own import aligned
from talkgen.render.prose import spoken, vue_markdown
from talkgen.render.slidev_project import (
    fonts,
    imports_first,
    layout_settings,
    local_files,
    named,
    own_classes,
    package_json,
    page_head,
    theme_fonts,
    vite_config,
)
from talkgen.render.themes import font_faces, font_files, listing_colors, style_sheet
from talkgen.render.words import deck_words
from talkgen.style import SIZES
from talkgen.words import WORDS, direction

_COMMENT = re.compile(r"<!--.*?(?:-->|(?P<open>\Z))", re.DOTALL)
_ENDED = "\n\n<!-- -->"


class SlidevWriter(BlockWriter):
    """Blocks as Slidev reads them."""

    assets = "/"
    folder = "public/"
    on_click = "v-click"

    def text(self, source: str, *, one_line: bool = False) -> str:
        """Markdown that is a Vue template without anything to run."""
        return vue_markdown(self.linked(self.foreign(source)), self.address, self.marks, one_line=one_line)

    def slide_address(self, number: int, *, in_tags: bool) -> str:
        """A route: Slidev makes its own links of Markdown's, and leaves tags to the browser, which needs the hash."""
        return f"#/{number}" if in_tags else f"/{number}"

    def link(self, number: int, text: str) -> str:
        """A link to a slide that works under every router."""
        return f'<Link to="{number}">{text}</Link>'

    def waiting(self, text: str) -> str:
        """Its first element has the click: Slidev counts those of an element's children before the element's own."""
        return f'<div class="tg-reveal"><i class="tg-cue" v-click hidden></i>\n\n{text}\n\n</div>'

    def write_bullets(self, block: blocks.Bullets, path: BlockPath) -> str:  # noqa: ARG002
        """A list; `v-clicks` shows its items one by one."""
        text = "\n".join(self.list_items(block.bullets, block.numbered, "-"))
        return f'<v-clicks depth="3">\n\n{text}\n\n</v-clicks>' if block.reveal else text

    def write_code(self, block: blocks.Code, path: BlockPath) -> str:
        """A listing with its steps."""
        language = known_language(block.language)
        if block.language.lower() not in ("", language):
            self.degrade(path, f"Slidev highlights no {block.language!r}; the listing is shown without colours")
        steps = f" {{{block.steps.replace(' ', '')}}}" if block.steps else ""
        return long_lines(block, fence(block.code, f"{language}{steps}"))

    def write_undrawn(self, block: blocks.Mermaid) -> str:
        """A diagram that Slidev draws in the page."""
        return fence(block.mermaid, "mermaid")

    def write_raw(self, block: blocks.Raw, path: BlockPath) -> str:
        """Source for Slidev."""
        return aligned(self.raw(block.raw.slidev, Holds.SLIDEV, path))


def render_slidev(deck: Deck) -> Rendering:
    """The files of a Slidev project."""
    if deck.outline.native == "slidev":
        from talkgen.render.native_slidev import render_native_slidev

        return render_native_slidev(deck)
    deck = as_seen(deck)
    writer = SlidevWriter(deck)
    slides = [(i, slide) for i, slide in enumerate(deck.outline.slides) if not slide.hide]
    pages = [_page(writer, slide, number, first=i == 0) for i, (number, slide) in enumerate(slides)]
    project = asset_dir("templates") / "slidev"
    text = "\n\n".join(pages) + "\n"
    script = elements_script()
    letters = find_letters(deck, pages, script, "public/fonts/", "/fonts/")
    files: dict[str, str | Path] = {
        "slides.md": text,
        WORDS: deck_words(deck).to_json(),
        "public/talkgen.js": script,
        "public/favicon.svg": project / "favicon.svg",
        "package.json": package_json(deck),
        "index.html": page_head(writer),
        "vite.config.ts": vite_config(writer),
    }
    if deck.models:
        files["public/talkgen-models.js"] = models_script(deck.models)
    if isinstance(deck.outline.theme, str):
        css = style_sheet("slidev/style.css.j2", deck, _own_style(writer), letters)
        css = css.replace("/* fonts */", f"{font_faces('/fonts/')}\n{letters.faces}")
        files |= {"style.css": imports_first(css), "setup/shiki.ts": listing_colors(deck.style)}
        files |= {"setup/unocss.ts": project / "unocss.ts", **font_files("public/fonts/")}
    else:
        more = _page_size(deck) + letters.style(".slidev-layout", theme_fonts(deck.outline.theme))
        css = more + style_sheet("slidev/plain.css.j2", deck, _own_style(writer), letters)
        files |= {"style.css": imports_first(css)}
        files |= {"setup/unocss.ts": own_classes(deck)}
    files |= local_files(deck) | writer.files | dict(letters.files)
    return Rendering(files, (*writer.degraded, *letters.degraded), tuple(writer.missing))


def _own_style(writer: SlidevWriter) -> str:
    """The author's own CSS; of a Marp deck with the styles that stand in its slides for all of them."""
    if writer.native != "marp":
        return writer.style()
    return for_slidev("\n".join([writer.style(), *writer.sheets]))


def _as_html(markdown: str) -> str:
    """A footer's Markdown, made safe, as HTML by the library that Marp's own parser is a port of."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True})
    return str(parser.renderInline(markdown))


def _headmatter(writer: SlidevWriter) -> dict[str, Any]:
    deck, outline = writer.deck, writer.deck.outline
    width, height = SIZES[outline.size]
    theme = "none" if isinstance(outline.theme, str) else named(outline.theme.slidev or "default")
    values: dict[str, Any] = {"theme": theme, "title": outline.title, "titleTemplate": "%s"}
    values |= {"author": outline.author, "info": outline.description, "transition": outline.transition}
    values |= {"routerMode": "hash", "favicon": "/favicon.svg"}
    values |= {"canvasWidth": width, "aspectRatio": f"{width}/{height}", "htmlAttrs": _language(outline.lang)}
    values |= {"drawings": {"persist": False}, "selectable": True, "mcp": False}
    values["colorSchema"] = deck.style.scheme  # figures can be read on it
    values |= writer.relink_settings(outline.frontmatter)
    values["fonts"], told = fonts(outline.frontmatter.get("fonts"), fetched=deck.fonts in deck.fetched)
    if told:
        writer.degraded.append(Degraded("deck", told, ("frontmatter", "fonts")))
    if isinstance(addons := values.get("addons"), list):
        values["addons"] = [named(name) for name in addons]
    return {name: value for name, value in values.items() if value is not None}


def _page_size(deck: Deck) -> str:
    """Slidev's themes are made for slides 980 px wide, and sizes in them are shares of the page's letters."""
    given = deck.outline.frontmatter.get("canvasWidth")
    width = given if isinstance(given, int) else SIZES[deck.outline.size][0]
    return f":root {{ font-size: {16 * width / 980:.2f}px; }}\n"


def _language(lang: str) -> dict[str, str]:
    where = direction(lang)
    return {"lang": lang} if where == "ltr" else {"lang": lang, "dir": where}


def _page(writer: SlidevWriter, slide: Slide, number: int, *, first: bool) -> str:
    values = _headmatter(writer) if first else {}
    writer.turn_to(slide)
    writer.note_settings(slide, number)
    values |= _frontmatter(writer, slide)
    body = "\n\n".join(_slide_parts(writer, slide, number))
    if slide.notes.strip():
        body += f"{_ENDED if _opens_comment(body) else ''}\n\n{comment(spoken(slide.notes))}"
    lines = [f"{name}: {scalar(value)}" for name, value in values.items()]
    return "\n".join(["---", *lines, "---", "", body])


def _opens_comment(body: str) -> bool:
    """Whether a listing begins a comment and does not end it: Slidev, which sees none there, would end it in a note."""
    return any(found["open"] is not None for found in _COMMENT.finditer(body))


def _frontmatter(writer: SlidevWriter, slide: Slide) -> dict[str, Any]:
    """A slide's settings. In talkgen's own themes a layout is a class, so that one style sheet serves both targets."""
    outline = writer.deck.outline
    classes = [*own_look(slide), *fit_classes(slide, outline), *(slide.class_ or "").split()]
    values: dict[str, Any] = {}
    if isinstance(outline.theme, str):
        classes = [*([slide.layout] if slide.layout != "default" else []), *classes]
        values["layout"] = "default"
    else:
        values |= layout_settings(outline.theme, slide.layout)
        values["layout"] = "default" if slide.layout == "two-cols" else slide.layout
        classes = [*classes, *(["tg-own"] if slide.class_ else [])]
    if classes:
        values["class"] = " ".join(classes)
    if slide.transition:
        values["transition"] = slide.transition
    if not slide.toc:
        values["hideInToc"] = True
    if slide.id:
        values["routeAlias"] = slide.id
    return {**values, **writer.relink_settings(slide.frontmatter)}


def _slide_parts(writer: SlidevWriter, slide: Slide, number: int) -> Iterator[str]:
    if behind := writer.layers(slide):
        yield behind
    if slide.title and (slide.layout != "full" or writer.native):  # which another tool's layout shows
        yield f"# {writer.inline(slide.title)}"
    if slide.subtitle:
        yield f"## {writer.inline(slide.subtitle)}"
    if body := writer.write(slide.body, ("slides", number, "body")):
        yield body
    if notes := writer.footnotes():
        yield notes
    for css in writer.styles:
        yield f"<style>\n{writer.relink(css, Holds.CSS)}\n</style>"
    for name in ("header", "footer"):
        if edge := writer.edge(name, slide):
            yield f"<{name} v-pre>{_as_html(edge)}</{name}>"
    if _has_number(writer, slide):
        yield '<div class="tg-page">{{ $page }}</div>'


def _has_number(writer: SlidevWriter, slide: Slide) -> bool:
    """Whether a slide shows its number; in a Marp deck a directive says so."""
    if writer.native == "marp" and "paginate" in slide.directives:
        return slide.directives["paginate"] in (True, "true", "hold")
    return writer.deck.outline.paginate and slide.layout not in BARE
