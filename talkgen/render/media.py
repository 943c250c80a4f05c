"""Pictures and films from files as HTML that both targets show alike."""

from __future__ import annotations

import html
import re

from markdown_it.token import Token

from talkgen.outline.blocks import Image, Video
from talkgen.render.escape import attribute, attribute_url, escape

_SIZE = re.compile(r"(?P<side>w|h|width|height):(?P<value>[\d.]+(?P<unit>px|%|em|rem|cm|mm|in|pt|pc)?)")  # Marpit's


def write_image(block: Image, address: str) -> str:
    """A picture in the text, or behind it."""
    filters = " ".join(f"{name}({value})" for name, value in block.filters.items())
    style = f"filter:{html.escape(filters)};" if filters else ""
    if block.background or block.side:
        fit = block.size if block.size in ("cover", "contain") else "cover"
        side = f" tg-{block.side}" if block.side else ""
        return (
            f'<img class="tg-background{side}" src="{attribute_url(address)}" alt="{attribute(block.alt)}" '
            f'style="object-fit:{fit};{style}">'
        )
    style += "".join(f"{name}:{px}px;" for name, px in (("width", block.width), ("height", block.height)) if px)
    image = f'<img src="{attribute_url(address)}" alt="{attribute(block.alt)}" style="{style}">'
    caption = f"<figcaption>{escape(block.caption)}</figcaption>" if block.caption else ""
    name = f' id="{attribute(block.id)}"' if block.id else ""
    return f'<figure class="tg-image"{name}>{image}{caption}</figure>'


def write_video(block: Video, address: str) -> str:
    """A film."""
    given = {"controls": block.controls, "autoplay": block.autoplay, "loop": block.loop}
    given["muted"] = block.autoplay  # browsers start only silent films by themselves
    flags = "".join(f" {name}" for name, wanted in given.items() if wanted)
    return f'<video class="tg-video" src="{attribute_url(address)}"{flags}></video>'


def write_background(value: str, *, is_picture: bool) -> str:
    """What lies behind a slide: a picture's address, or any CSS background."""
    if is_picture:
        return f'<img class="tg-background" src="{attribute_url(value)}" alt="" style="object-fit:cover">'
    return f'<div class="tg-background" style="background:{html.escape(value)}"></div>'


def size_picture(token: Token) -> None:
    """Gives a picture of Markdown the size that its alt text asks for, as Marp does: `![h:50 w:100](x.png)`."""
    sizes = [word for word in token.content.split() if _SIZE.fullmatch(word)]
    if not sizes:
        return
    token.attrSet("style", "".join(_SIZE.sub(_as_css, word) for word in sizes))
    words = " ".join(word for word in token.content.split() if word not in sizes)
    token.children = [Token("text", "", 0, content=words)]


def _as_css(size: re.Match[str]) -> str:
    name = {"w": "width", "h": "height"}[size["side"][0]]
    return f"{name}:{size['value']}{'' if size['unit'] else 'px'};"
