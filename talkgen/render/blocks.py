"""A slide's blocks as Markdown and HTML that both targets read; each target's writer changes what it does otherwise."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Literal, assert_never

from talkgen.outline import blocks
from talkgen.outline.blocks import AnyBlock, Block
from talkgen.outline.citations import cited_keys
from talkgen.outline.files import is_file_name
from talkgen.outline.node import Holds
from talkgen.outline.schema import Slide
from talkgen.outline.walk import find_blocks
from talkgen.render.deck import BlockPath, Chips, Deck, Drawing, LiveAnswer, Output, Picture
from talkgen.render.elements import APP, TOKENS
from talkgen.render.escape import attribute, attribute_url, escape, fence, payload, plain
from talkgen.render.footnotes import without_footnotes
from talkgen.render.foreign_text import ForeignText
from talkgen.render.listings import long_lines
from talkgen.render.marks import SlideMarks
from talkgen.render.media import sides, write_background, write_layer, write_pane, write_picture, write_video
from talkgen.render.places import COLUMN, sign
from talkgen.render.prose import ticked

_DIAGRAM_WIDTH, _DIAGRAM_HEIGHT = 1152, 520  # px of a slide below its title
_DIAGRAM_SCALE = 1.5  # its text is the theme's small size: larger than this, a few boxes would shout

_WITH_ID = (blocks.Figure, blocks.Gradio, blocks.Live, blocks.Tokens)  # whose element has the block's own id
BARE = ("cover", "end")  # layouts without header, footer and page number


class BlockWriter(ForeignText):
    """Writes blocks for one target."""

    on_click = ""  # the attribute of an element that a click shows

    def __init__(self, deck: Deck) -> None:
        super().__init__(deck)
        listed = next((n for n, slide in self.shown() if _lists_references(slide)), None)
        self.marks = SlideMarks(deck.works, partial(self.link, listed) if listed else None)

    def turn_to(self, slide: Slide | None) -> None:
        """From here on files are named, and footnotes written, by this slide; or by the talk."""
        super().turn_to(slide)
        self.marks.turn_to(slide)

    def write(self, body: Sequence[AnyBlock], path: BlockPath) -> str:
        """The blocks of a body, with blank lines between them."""
        return "\n\n".join(text for i, block in enumerate(body) if (text := self.block(block, (*path, i))))

    def block(self, block: AnyBlock, path: BlockPath) -> str:
        """One block."""
        self.at = path
        text = self._write_failed(block, path) if path in self.deck.failed else self._write(block, path)
        if block.reveal is True and not isinstance(block, blocks.Bullets) and text:
            text = self.waiting(text)
        return f"{anchor(block.id)}\n\n{text}" if block.id and not isinstance(block, _WITH_ID) else text

    def waiting(self, text: str) -> str:
        """What a click shows, before all that waits for a click of its own inside of it."""
        return f'<div class="tg-reveal" {self.on_click}>\n\n{text}\n\n</div>'

    def _write_failed(self, block: AnyBlock, path: BlockPath) -> str:
        """A frame with what went wrong, where a block would stand; below a listing whose output is missing."""
        listing = f"{self.write_code(block, path)}\n\n" if isinstance(block, blocks.Code) else ""
        what = f"{block.key} {escape(str(getattr(block, block.key)))}" if not listing else "its output"
        said = escape(self.deck.failed[path])
        told = f"<strong>{what} is missing</strong><br>{said}"
        return f'{listing}<aside class="tg-callout tg-warning tg-failed"><p>{told}</p></aside>'

    def _write(self, block: AnyBlock, path: BlockPath) -> str:
        match block:
            case blocks.Markdown():
                return self.write_markdown(block, path)
            case blocks.Bullets():
                return self.write_bullets(block, path)
            case blocks.Figure():
                return self.write_figure(block, path)
            case blocks.Live():
                return self.write_live(block, path)
            case blocks.Gradio():
                return self.write_gradio(block, path)
            case blocks.Tokens():
                return self.write_tokens(block, path)
            case blocks.Math():
                return self.write_math(block, path)
            case blocks.Code():
                return self.write_code(block, path) + self._output(block, path)
            case blocks.Mermaid():
                return self.write_mermaid(block, path)
            case blocks.Image():
                return self.write_image(block, path)
            case blocks.Video():
                return self.write_video(block, path)
            case blocks.Embed():
                return self.write_embed(block, path)
            case blocks.Table():
                return self.write_table(block, path)
            case blocks.Quote():
                return self.write_quote(block, path)
            case blocks.Callout():
                return self.write_callout(block, path)
            case blocks.Columns():
                return self.write_columns(block, path)
            case blocks.Toc():
                return self.write_toc(block, path)
            case blocks.References():
                return self.write_references(block, path)
            case blocks.Html():
                return self.write_html(block, path)
            case blocks.Raw():
                foreign = self._foreign_raw(block)
                return self.write_raw(block, path) if foreign is None else foreign
            case blocks.Include():
                raise TypeError("an include is gone once its outline is loaded")
            case _:
                assert_never(block)

    def _foreign_raw(self, block: blocks.Raw) -> str | None:
        """What can be shown of source that a native talk has for its own tool alone; None of other source."""
        native = self.deck.outline.native
        source = getattr(block.raw, native) if native and self.is_foreign else None
        alone = block.raw.marp is None or block.raw.slidev is None
        return self.text(source) if source and alone else None

    def _background(self, value: str) -> str:
        return write_background(self.relink(value, Holds.BACKGROUND), is_picture=is_file_name(value))

    def edge(self, name: Literal["header", "footer"], slide: Slide) -> str:
        """The header or footer of a slide, in safe Markdown: its own or the talk's; covers and ends have none."""
        own: str | None = getattr(slide, name)
        if own is not None:
            return self.inline(own) if own else ""
        self.turn_to(None)
        text = "" if slide.layout in BARE else getattr(self.deck.outline, name)
        edge = self.inline(text) if text else ""
        self.turn_to(slide)
        return edge

    def style(self) -> str:
        """The author's own CSS."""
        self.turn_to(None)
        return self.relink(self.deck.outline.style or "", Holds.CSS)

    @abstractmethod
    def text(self, source: str, *, one_line: bool = False) -> str:
        """An author's Markdown, safe in this target; on `one_line` no block can begin."""

    def inline(self, source: str) -> str:
        """A heading's or a cell's text."""
        return self.text(" ".join(source.split()), one_line=True)

    @abstractmethod
    def link(self, number: int, text: str) -> str:
        """A link to a slide, counted from 1, as HTML."""

    @abstractmethod
    def write_bullets(self, block: blocks.Bullets, path: BlockPath) -> str:
        """A list, one item a click where it asks for it."""

    def _output(self, block: blocks.Code, path: BlockPath) -> str:
        """What a listing printed, below it."""
        output = self.deck.computed.get(path)
        if not isinstance(output, Output):
            return ""
        return f'\n\n<div class="tg-output">\n\n{long_lines(block, fence(output.text, "text"))}\n\n</div>'

    @abstractmethod
    def write_code(self, block: blocks.Code, path: BlockPath) -> str:
        """A listing."""

    def write_mermaid(self, block: blocks.Mermaid, path: BlockPath) -> str:
        """A diagram as a picture; its source where no browser drew it."""
        drawing = self.deck.computed.get(path)
        if not isinstance(drawing, Drawing):
            self.degrade(path, "no browser was there to draw the diagram: it is drawn where the deck is shown")
            return self.write_undrawn(block)
        name = f"figures/{drawing.name}.svg"
        self.files[f"{self.folder}{name}"] = drawing.svg
        scale = min(_DIAGRAM_WIDTH / drawing.width, (block.height or _DIAGRAM_HEIGHT) / drawing.height, _DIAGRAM_SCALE)
        size = f'style="width:{drawing.width * scale:.0f}px;height:{drawing.height * scale:.0f}px"'
        alt = attribute(block.alt or f"Diagram: {drawing.words}")
        return f'<figure class="tg-figure"><img src="{self.assets}{name}" alt="{alt}" {size}></figure>'

    @abstractmethod
    def write_undrawn(self, block: blocks.Mermaid) -> str:
        """A diagram that Mermaid draws where the deck is shown."""

    @abstractmethod
    def write_raw(self, block: blocks.Raw, path: BlockPath) -> str:
        """Source for this target."""

    def write_markdown(self, block: blocks.Markdown, path: BlockPath) -> str:  # noqa: ARG002 – one signature for all
        """Text; its footnotes are at the slide's foot."""
        return self.text(without_footnotes(block.markdown, set(self.marks.said)))

    def footnotes(self) -> str:
        """What stands at the foot of the slide at hand."""
        return self.marks.footnotes(self.text)

    def list_items(self, items: Sequence[object], numbered: bool, mark: str, depth: int = 0) -> list[str]:
        """The lines of a list; children are indented under the text of their item."""
        lines = []
        for number, item in enumerate(items, 1):
            sign = f"{number}{')' if mark == '*' else '.'}" if numbered and depth == 0 else mark
            pairs = item.items() if isinstance(item, dict) else [(item, ())]
            for text, children in pairs:
                pad = " " * (4 * depth)
                inner = self.text(ticked(str(text))).replace("\n", "\n" + pad + "    ")
                if re.match(r"[-*_][-*_ \t]*$", inner, re.MULTILINE):  # with the list's own mark it would be a rule
                    inner = f"\\{inner}"
                # Slidev counts fences by the lines that begin with one.
                lines.append(f"{pad}{sign}\n{pad}    {inner}" if inner.startswith("```") else f"{pad}{sign} {inner}")
                lines += self.list_items(children, numbered, mark, depth + 1)
        return lines

    def write_figure(self, block: blocks.Figure, path: BlockPath) -> str:
        """A computed picture, with its alt text and, on hovering, where it comes from."""
        picture = self.deck.computed[path]
        if not isinstance(picture, Picture):
            raise TypeError(f"no picture was computed for {path}")
        shown = [*picture.earlier, picture]
        images = [self._drawn(each, self.on_click if number else "") for number, each in enumerate(shown)]
        steps = f'<div class="tg-steps">{"".join(images)}</div>' if picture.earlier else images[0]
        return self.figure("tg-figure", block, steps, block.caption)

    def _drawn(self, picture: Picture, on_click: str) -> str:
        """One picture; of several steps each stands over the one before."""
        name = f"figures/{picture.name}"
        self.files |= {f"{self.folder}{name}.svg": picture.svg, f"{self.folder}{name}.png": picture.png}
        size = f'style="width:{picture.width}px;height:{picture.height}px"'
        alt = attribute(picture.alt)
        return f'<img src="{self.assets}{name}.svg" alt="{alt}" {size}{f" {on_click}" if on_click else ""}>'

    def write_live(self, block: blocks.Live, path: BlockPath) -> str:
        """The element that plays a recording and, with a server, answers live."""
        live = self.deck.computed[path]
        if not isinstance(live, LiveAnswer):
            raise TypeError(f"nothing was recorded for {path}")
        return f'<{live.element}{self._id(block)} recording="{payload(dict(live.recording))}"></{live.element}>'

    def write_tokens(self, block: blocks.Tokens, path: BlockPath) -> str:
        """Token chips; the words stand inside for readers without scripts."""
        chips = self.deck.computed[path]
        if not isinstance(chips, Chips):
            raise TypeError(f"nothing was tokenized for {path}")
        data = payload({"pieces": chips.pieces, "ids": chips.ids, "model": chips.model})
        ids = " ids" if block.ids else ""
        return f'<{TOKENS}{self._id(block)} size="{block.size}"{ids} data="{data}"></{TOKENS}>'

    def write_math(self, block: blocks.Math, path: BlockPath) -> str:  # noqa: ARG002
        """A displayed formula; a blank line would end it."""
        lines = [line for line in block.math.strip().splitlines() if line.strip()]
        return "\n".join(["$$", *lines, "$$"])

    def write_image(self, block: blocks.Image, path: BlockPath) -> str:  # noqa: ARG002 – one signature for all
        """A picture in the text; one behind it stands with the slide's layers."""
        if block.is_layer:
            return ""
        image = write_picture(block, self.relink(block.image, Holds.FILE))
        return self.figure("tg-image", block, image, block.caption, block.credit)

    def figure(self, kind: str, block: Block, picture: str, *below: str | None) -> str:
        """A picture with lines of Markdown below it; blank lines let Markdown in."""
        captions = "".join(f"\n<figcaption>\n\n{self.text(text)}\n\n</figcaption>" for text in below if text)
        name = self._id(block) if isinstance(block, _WITH_ID) else ""
        return f'<figure class="{kind}"{name}>{picture}{captions}</figure>'

    def _credit(self, block: blocks.Image) -> str:
        return f'\n<div class="tg-credit">\n\n{self.text(block.credit)}\n\n</div>\n' if block.credit else ""

    def layers(self, slide: Slide) -> str:
        """What lies behind a slide and on its sides: its background, and pictures among its blocks."""
        parts = [self._background(slide.background)] if slide.background else []
        images = [block for _, block in find_blocks(slide) if isinstance(block, blocks.Image) and block.is_layer]
        for side, share in sides(slide).items():
            here = [block for block in images if block.side == side]
            panes = [write_pane(each, self.relink(each.image, Holds.FILE), self._credit(each)) for each in here]
            scrim = max((each.scrim or 0 for each in here), default=0)
            parts.append(write_layer(side, share, panes, scrim))
        return "\n\n".join(parts)

    def write_video(self, block: blocks.Video, path: BlockPath) -> str:  # noqa: ARG002
        """A film from a file."""
        poster = self.relink(block.poster, Holds.FILE) if block.poster else None
        return write_video(block, self.relink(block.video, Holds.FILE), poster)

    def write_embed(self, block: blocks.Embed, path: BlockPath) -> str:
        """A page in a frame."""
        self.degrade(path, f"the page {block.embed} is fetched from the network when the slide is shown")
        return self._frame(block.embed, block.title or block.embed, block.height)

    def write_gradio(self, block: blocks.Gradio, path: BlockPath) -> str:
        """A Gradio app in a frame; there only while the talk is presented."""
        self.degrade(path, f"the app {block.gradio} runs only while the talk is presented")
        name = attribute(block.gradio)
        still = f' poster="{attribute_url(self.relink(block.picture, Holds.FILE))}"' if block.picture else ""
        style = f'style="height:{block.height}px"'
        return f'<{APP}{self._id(block)} src="/demos/{name}" label="{name}"{still} {style}></{APP}>'

    def _frame(self, address: str, title: str, height: int) -> str:
        return (
            f'<iframe class="tg-frame" src="{attribute_url(address)}" title="{attribute(title)}" loading="lazy" '
            f'style="height:{height}px"></iframe>'
        )

    def write_table(self, block: blocks.Table, path: BlockPath) -> str:  # noqa: ARG002
        """A table whose every line begins with a bar: a line of dashes would end the slide."""
        signs = {"left": ":---", "center": ":---:", "right": "---:"}
        rows = block.table
        align = [signs[side] for side in rows.align] or ["---"] * len(rows.head)
        lines = [self._row(rows.head), f"| {' | '.join(align)} |", *(self._row(row) for row in rows.rows)]
        return "\n".join(lines)

    def _row(self, cells: Sequence[str]) -> str:
        shown = (self.inline(cell.strip().replace("\n", "<br>")).replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(shown)} |"

    def write_quote(self, block: blocks.Quote, path: BlockPath) -> str:  # noqa: ARG002
        """Somebody's words and name."""
        quoted = self.text("\n".join(f"> {line}" for line in block.quote.splitlines()))
        by = ["", f'<div class="tg-by">\n\n{self.text(block.by)}\n\n</div>'] if block.by else []
        return "\n".join([quoted, *by])

    def write_callout(self, block: blocks.Callout, path: BlockPath) -> str:  # noqa: ARG002
        """A remark in a frame; blank lines let Markdown in."""
        title = f'<div class="tg-callout-title">\n\n{self.text(block.title)}\n\n</div>\n\n' if block.title else ""
        return f'<aside class="tg-callout tg-{block.kind}">\n\n{title}{self.text(block.callout)}\n\n</aside>'

    def write_columns(self, block: blocks.Columns, path: BlockPath) -> str:
        """Blocks side by side; blank lines let Markdown in again."""
        columns = [self.write(column, (*path, "columns", i)) for i, column in enumerate(block.columns)]
        if block.around:
            return self.within([tags.strip("\n") for tags in block.around], columns)
        shares = " ".join(f"{share}fr" for share in block.widths or [1] * len(block.columns))
        inner = "\n\n".join(f"<div>\n\n{column}\n\n</div>" for column in columns)
        return f'<div class="tg-columns" style="grid-template-columns:{shares}">\n\n{inner}\n\n</div>'

    def within(self, around: Sequence[str], columns: Sequence[str]) -> str:
        """Columns within their author's tags, which are read all together: each text of them alone does not fit."""
        source = around[0]
        for number, tags in enumerate(around[1:]):
            above = "" if source.endswith("\n") else "\n\n"
            below = "" if tags.startswith("\n") or not tags else "\n\n"
            source = f"{source}{above}{sign(COLUMN, str(number))}{below}{tags}"
        text = self.text(source)
        for number, column in enumerate(columns):
            text = text.replace(sign(COLUMN, str(number)), column)
        return text

    def write_toc(self, block: blocks.Toc, path: BlockPath) -> str:  # noqa: ARG002
        """The titles of the talk, each a link."""
        shown = [slide for slide in self.deck.outline.slides if not slide.hide]
        items = [
            f"<li>{self.link(number, escape(plain(slide.title)))}</li>"
            for number, slide in enumerate(shown, 1)
            if slide.title and slide.toc and slide.layout not in ("cover", "end")
        ]
        return f'<ol class="tg-toc" style="columns:{block.columns}">{"".join(items)}</ol>' if block.toc else ""

    def write_references(self, block: blocks.References, path: BlockPath) -> str:  # noqa: ARG002
        """Works by author, each a paragraph."""
        cited = cited_keys(self.deck.outline)
        works = [work for work in self.deck.works.values() if block.references == "all" or work.key in cited]
        parts = [f'<div class="tg-reference">\n\n{self.text(work.reference)}\n\n</div>' for work in works]
        inner = "\n\n".join(parts)
        return f'<div class="tg-references" style="columns:{block.columns}">\n\n{inner}\n\n</div>'

    def write_html(self, block: blocks.Html, path: BlockPath) -> str:  # noqa: ARG002
        """The author's HTML, without blank lines, which would end it."""
        if self.native:  # what its own tool would not let run must not run here
            return self.text(block.html)
        page = self.relink(block.html, Holds.HTML)
        return "\n".join(line for line in page.strip().splitlines() if line.strip())

    def _id(self, block: Block) -> str:
        return f' id="{attribute(block.id)}"' if block.id else ""


def _lists_references(slide: Slide) -> bool:
    return any(isinstance(block, blocks.References) for _, block in find_blocks(slide))


def anchor(name: str) -> str:
    """What a link to a name finds in the page."""
    return f'<div class="tg-anchor" id="{attribute(name)}"></div>'
