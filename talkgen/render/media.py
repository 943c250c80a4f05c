"""Pictures and films from files as HTML that both targets show alike."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Literal

from talkgen.outline.blocks import Image, Video
from talkgen.outline.schema import Slide
from talkgen.outline.walk import find_blocks
from talkgen.render.escape import attribute, attribute_url

Side = Literal["left", "right"] | None
BESIDE = 44  # px between a picture on a side and the text

_SIZE = re.compile(r"(?P<side>w|h|width|height):(?P<value>[\d.]+(?P<unit>px|%|em|rem|cm|mm|in|pt|pc)?)")  # Marpit's

_SETTING = re.compile(
    rf"{_SIZE.pattern}|bg|fit|auto|contain|cover|vertical|(left|right)(:.*)?|[\d.]+%"
    r"|(blur|brightness|contrast|drop-shadow|grayscale|hue-rotate|invert|opacity|saturate|sepia)(:.*)?"
)  # of Marpit's image syntax


def write_picture(block: Image, address: str) -> str:
    """A picture by itself."""
    return f'<img src="{attribute_url(address)}" alt="{attribute(block.alt)}"{_size(block, _filter(block))}>'


def sides(slide: Slide) -> dict[Side, int]:
    """Where pictures lie behind a slide: all of it (None) or a side, with the percent of its width that they take."""
    images = [block for _, block in find_blocks(slide) if isinstance(block, Image) and block.is_layer]
    order: tuple[Side, ...] = (None, "left", "right")
    taken = {side: [block.share for block in images if block.side == side] for side in order}
    return {side: max(shares) for side, shares in taken.items() if shares}


def text_width(slide: Slide, width: int, margin: int) -> int:
    """The px that a slide's text has, of `width`, beside the pictures on its sides; `margin` is where none are."""
    taken: dict[Side, int] = sides(slide) | ({"left": 50} if slide.layout in ("image-left", "image-right") else {})
    return width - sum(width * taken[side] // 100 + BESIDE if side in taken else margin for side in ("left", "right"))


def own_look(slide: Slide) -> list[str]:
    """The classes that keep a slide's text beside the pictures on its sides, and that give it a theme of its own."""
    theme = [f"tg-theme-{slide.theme}"] if slide.theme else []
    return [*(f"tg-{side}-{share}" for side, share in sides(slide).items() if side), *theme]


def write_layer(side: Side, share: int, panes: Sequence[str], scrim: float | None) -> str:
    """What lies behind a slide, or on one side of it; several pictures share the room."""
    place = f' tg-{side}" style="width:{share}%' if side else ""
    over = f'<div class="tg-scrim" style="opacity:{scrim:g}"></div>' if scrim else ""
    return f'<div class="tg-background{place}">{"".join(panes)}{over}</div>'


def write_pane(block: Image, address: str, credit: str) -> str:
    """One picture of a layer, and what stands over it."""
    fit = block.size if block.size in ("cover", "contain") else "cover"
    size = f"width:{block.size};height:auto;" if (block.size or "").endswith("%") else f"object-fit:{fit};"
    image = f'<img src="{attribute_url(address)}" alt="{attribute(block.alt)}" style="{size}{_filter(block)}">'
    return f'<div class="tg-pane">{image}{credit}</div>'


def _size(block: Image | Video, more: str = "") -> str:
    style = "".join(f"{name}:{px}px;" for name, px in (("width", block.width), ("height", block.height)) if px)
    return f' style="{more}{style}"' if more or style else ""


def _filter(block: Image) -> str:
    filters = [*(f"{name}({value})" for name, value in block.filters.items()), *(["invert(1)"] if block.invert else [])]
    return f"filter:{html.escape(' '.join(filters))};" if filters else ""


def write_video(block: Video, address: str, poster: str | None) -> str:
    """A film; what of it is played, and its size."""
    end = f",{block.end:g}" if block.end else ""
    part = f"#t={block.start:g}{end}" if block.start or end else ""  # Media Fragments URI 1.0, 4.2.1
    given = {"controls": block.controls, "autoplay": block.autoplay, "loop": block.loop}
    given["muted"] = block.autoplay  # browsers start only silent films by themselves
    flags = "".join(f" {name}" for name, wanted in given.items() if wanted)
    still = f' poster="{attribute_url(poster)}"' if poster else ""
    return f'<video class="tg-video" src="{attribute_url(address)}{part}"{still}{_size(block)}{flags}></video>'


def write_background(value: str, *, is_picture: bool) -> str:
    """What lies behind a slide: a picture's address, or any CSS background."""
    if is_picture:
        image = f'<img src="{attribute_url(value)}" alt="" style="object-fit:cover">'
        return write_layer(None, 100, [f'<div class="tg-pane">{image}</div>'], None)
    return f'<div class="tg-background" style="background:{html.escape(value)}"></div>'


def has_settings(words: str) -> bool:
    """Whether Marp would take a word of a picture's description for a setting: a size, or a background's."""
    return any(_SETTING.fullmatch(word) for word in words.split())


def sized_picture(words: str, address: str, title: str = "") -> str:
    """A picture of Markdown in the size that its description asks for, `![h:50 w:100 a gate](x.png)`, as an element.

    The other words describe it, those too that Marp alone takes for settings.
    """
    sizes = [word for word in words.split() if _SIZE.fullmatch(word)]
    alt = " ".join(word for word in words.split() if word not in sizes)
    style = "".join(_SIZE.sub(_as_css, word) for word in sizes)
    more = f' title="{attribute(title)}"' if title else ""
    more += f' style="{style}"' if style else ""
    return f'<img src="{attribute_url(address)}" alt="{attribute(alt)}"{more}>'


def _as_css(size: re.Match[str]) -> str:
    name = {"w": "width", "h": "height"}[size["side"][0]]
    return f"{name}:{size['value']}{'' if size['unit'] else 'px'};"
