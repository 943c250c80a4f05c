"""A slide's blocks as Markdown and HTML that both targets read; each target's writer changes what it does otherwise."""

from __future__ import annotations

import html
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from talkgen.outline import schema
from talkgen.outline.files import file_name, find_file
from talkgen.outline.schema import Block
from talkgen.render.deck import BlockPath, Chips, Deck, Degraded, LiveAnswer, Picture
from talkgen.render.escape import attribute, escape, payload, plain


class BlockWriter(ABC):
    """Writes blocks for one target; collects the files they need and what the target cannot show as written."""

    assets = ""  # what stands before the path of a file of the deck, as in "/" of a site
    folder = ""  # where in the output such files go

    def __init__(self, deck: Deck) -> None:
        self.deck = deck
        self.files: dict[str, str | Path] = {}
        self.degraded: list[Degraded] = []

    def write(self, blocks: Sequence[Block], path: BlockPath) -> str:
        """The blocks of a body, with blank lines between them."""
        return "\n\n".join(text for i, block in enumerate(blocks) if (text := self.block(block, (*path, i))))

    def block(self, block: Block, path: BlockPath) -> str:
        """One block; its kind names the method that writes it."""
        writer = getattr(self, f"write_{block.key}")
        text: str = writer(block, path)
        return (
            f'<div class="tg-anchor" id="{attribute(block.id)}"></div>\n\n{text}'
            if block.id and block.key == "markdown"
            else text
        )

    def degrade(self, path: BlockPath, message: str) -> None:
        """Notes that something is shown otherwise than written."""
        where = f"slide {int(path[1]) + 1}" if len(path) > 1 else "deck"
        self.degraded.append(Degraded(where, message))

    def file(self, name: str) -> str:
        """The address in the deck of a file beside the outline, which is copied; others are left as they are."""
        return self.address(name) or name

    def address(self, name: str) -> str | None:
        """The address in the deck of a file of the talk, which is copied; None where there is none of that name."""
        name = name if (self.deck.folder / name).is_file() else file_name(name)
        source, _, _ = find_file(name, self.deck.folder / "outline.yaml")
        if source is None:
            return None
        target = f"images/{name}".replace("../", "")
        self.files[f"{self.folder}{target}"] = source
        return quote(f"{self.assets}{target}")

    @abstractmethod
    def text(self, source: str) -> str:
        """An author's Markdown, safe in this target."""

    def inline(self, source: str) -> str:
        """The same on one line, where no block can begin: a heading's or a cell's text."""
        return self.text(f"# {' '.join(source.split())}").removeprefix("#").lstrip()

    @abstractmethod
    def link(self, number: int, text: str) -> str:
        """A link to a slide, counted from 1, as HTML."""

    @abstractmethod
    def write_bullets(self, block: schema.Bullets, path: BlockPath) -> str:
        """A list, one item a click where it asks for it."""

    @abstractmethod
    def write_code(self, block: schema.Code, path: BlockPath) -> str:
        """A listing."""

    @abstractmethod
    def write_mermaid(self, block: schema.Mermaid, path: BlockPath) -> str:
        """A diagram."""

    @abstractmethod
    def write_raw(self, block: schema.Raw, path: BlockPath) -> str:
        """Source for this target."""

    def write_markdown(self, block: schema.Markdown, path: BlockPath) -> str:  # noqa: ARG002 – one signature for all
        """Text."""
        return self.text(block.markdown)

    def list_items(self, items: Sequence[object], numbered: bool, mark: str, depth: int = 0) -> list[str]:
        """The lines of a list; children are indented under the text of their item."""
        lines = []
        for number, item in enumerate(items, 1):
            sign = f"{number}{')' if mark == '*' else '.'}" if numbered and depth == 0 else mark
            pairs = item.items() if isinstance(item, dict) else [(item, ())]
            for text, children in pairs:
                pad = " " * (4 * depth)
                inner = self.text(str(text)).replace("\n", "\n" + pad + "    ")
                if re.match(r"[-*_][-*_ \t]*$", inner, re.MULTILINE):  # with the list's own mark it would be a rule
                    inner = f"\\{inner}"
                # Slidev counts fences by the lines that begin with one.
                lines.append(f"{pad}{sign}\n{pad}    {inner}" if inner.startswith("```") else f"{pad}{sign} {inner}")
                lines += self.list_items(children, numbered, mark, depth + 1)
        return lines

    def write_figure(self, block: schema.Figure, path: BlockPath) -> str:
        """A computed picture, with its alt text and, on hovering, where it comes from."""
        picture = self.deck.computed[path]
        if not isinstance(picture, Picture):
            raise TypeError(f"no picture was computed for {path}")
        name = f"figures/{picture.name}"
        self.files |= {f"{self.folder}{name}.svg": picture.svg, f"{self.folder}{name}.png": picture.png}
        caption = f"<figcaption>{escape(block.caption)}</figcaption>" if block.caption else ""
        size = f'style="width:{picture.width}px;height:{picture.height}px"'
        image = f'<img src="{self.assets}{name}.svg" alt="{attribute(picture.alt)}" {size}>'
        return f'<figure class="tg-figure"{self._id(block)}>{image}{caption}</figure>'

    def write_live(self, block: schema.Live, path: BlockPath) -> str:
        """The element that plays a recording and, with a server, answers live."""
        live = self.deck.computed[path]
        if not isinstance(live, LiveAnswer):
            raise TypeError(f"nothing was recorded for {path}")
        return f'<{live.element}{self._id(block)} recording="{payload(dict(live.recording))}"></{live.element}>'

    def write_tokens(self, block: schema.Tokens, path: BlockPath) -> str:
        """Token chips; the words stand inside for readers without scripts."""
        chips = self.deck.computed[path]
        if not isinstance(chips, Chips):
            raise TypeError(f"nothing was tokenized for {path}")
        data = payload({"pieces": chips.pieces, "ids": chips.ids, "model": chips.model})
        ids = " ids" if block.ids else ""
        return f'<talkgen-tokens{self._id(block)} size="{block.size}"{ids} data="{data}"></talkgen-tokens>'

    def write_math(self, block: schema.Math, path: BlockPath) -> str:  # noqa: ARG002
        """A displayed formula; a blank line would end it."""
        lines = [line for line in block.math.strip().splitlines() if line.strip()]
        return "\n".join(["$$", *lines, "$$"])

    def write_image(self, block: schema.Image, path: BlockPath) -> str:  # noqa: ARG002
        """A picture in the text, or behind it."""
        address, filters = self.file(block.image), " ".join(f"{k}({v})" for k, v in block.filters.items())
        style = f"filter:{html.escape(filters)};" if filters else ""
        if block.background or block.side:
            fit = block.size if block.size in ("cover", "contain") else "cover"
            side = f" tg-{block.side}" if block.side else ""
            return (
                f'<img class="tg-background{side}" src="{attribute_url(address)}" alt="{attribute(block.alt)}" '
                f'style="object-fit:{fit};{style}">'
            )
        style += "".join(f"{name}:{px}px;" for name in ("width", "height") if (px := getattr(block, name)))
        image = f'<img src="{attribute_url(address)}" alt="{attribute(block.alt)}" style="{style}">'
        caption = f"<figcaption>{escape(block.caption)}</figcaption>" if block.caption else ""
        return f'<figure class="tg-image"{self._id(block)}>{image}{caption}</figure>'

    def write_video(self, block: schema.Video, path: BlockPath) -> str:  # noqa: ARG002
        """A film from a file."""
        flags = "".join(f" {name}" for name in ("controls", "autoplay", "loop") if getattr(block, name))
        muted = " muted" if block.autoplay else ""  # browsers start only silent films by themselves
        return f'<video class="tg-video" src="{attribute_url(self.file(block.video))}"{flags}{muted}></video>'

    def write_embed(self, block: schema.Embed, path: BlockPath) -> str:
        """A page in a frame."""
        self.degrade(path, f"the page {block.embed} is fetched from the network when the slide is shown")
        return self._frame(block.embed, block.title or block.embed, block.height)

    def write_gradio(self, block: schema.Gradio, path: BlockPath) -> str:
        """A Gradio app in a frame; there only while the talk is presented."""
        self.degrade(path, f"the app {block.gradio} runs only while the talk is presented")
        return self._frame(f"/demos/{block.gradio}", block.gradio, block.height)

    def _frame(self, address: str, title: str, height: int) -> str:
        return (
            f'<iframe class="tg-frame" src="{attribute_url(address)}" title="{attribute(title)}" loading="lazy" '
            f'style="height:{height}px"></iframe>'
        )

    def write_table(self, block: schema.Table, path: BlockPath) -> str:  # noqa: ARG002
        """A table whose every line begins with a bar: a line of dashes would end the slide."""
        signs = {"left": ":---", "center": ":---:", "right": "---:"}
        rows = block.table
        align = [signs[side] for side in rows.align] or ["---"] * len(rows.head)
        lines = [self._row(rows.head), f"| {' | '.join(align)} |", *(self._row(row) for row in rows.rows)]
        return "\n".join(lines)

    def _row(self, cells: Sequence[str]) -> str:
        shown = (self.inline(cell.strip().replace("\n", "<br>")).replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(shown)} |"

    def write_quote(self, block: schema.Quote, path: BlockPath) -> str:  # noqa: ARG002
        """Somebody's words and name."""
        lines = [f"> {line}".rstrip() for line in self.text(block.quote).splitlines()]
        by = ["", f'<p class="tg-by">{escape(block.by)}</p>'] if block.by else []
        return "\n".join([*lines, *by])

    def write_columns(self, block: schema.Columns, path: BlockPath) -> str:
        """Blocks side by side; blank lines let Markdown in again."""
        shares = " ".join(f"{share}fr" for share in block.widths or [1] * len(block.columns))
        columns = [
            f"<div>\n\n{self.write(column, (*path, 'columns', i))}\n\n</div>" for i, column in enumerate(block.columns)
        ]
        inner = "\n\n".join(columns)
        return f'<div class="tg-columns" style="grid-template-columns:{shares}">\n\n{inner}\n\n</div>'

    def write_toc(self, block: schema.Toc, path: BlockPath) -> str:  # noqa: ARG002
        """The titles of the talk, each a link."""
        shown = [slide for slide in self.deck.outline.slides if not slide.hide]
        items = [
            f"<li>{self.link(number, escape(plain(slide.title)))}</li>"
            for number, slide in enumerate(shown, 1)
            if slide.title and slide.toc and slide.layout not in ("cover", "end")
        ]
        return f'<ol class="tg-toc" style="columns:{block.columns}">{"".join(items)}</ol>' if block.toc else ""

    def write_html(self, block: schema.Html, path: BlockPath) -> str:  # noqa: ARG002
        """The author's HTML as it is, without blank lines, which would end it."""
        return "\n".join(line for line in block.html.strip().splitlines() if line.strip())

    def _id(self, block: Block) -> str:
        return f' id="{attribute(block.id)}"' if block.id else ""


def attribute_url(address: str) -> str:
    """An address as the value of a quoted attribute."""
    return html.escape(address.replace(" ", "%20"), quote=True)
