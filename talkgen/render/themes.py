"""A theme's tokens as the style sheet of a deck: one template for both targets, so that both decks look alike."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from talkgen.assets import asset_dir
from talkgen.outline.find import NAME
from talkgen.outline.schema import ThemeNames
from talkgen.outline.themes import marp_sheets
from talkgen.outline.wanted import is_path
from talkgen.render.addresses import Addresses
from talkgen.render.deck import Deck
from talkgen.render.letters import Letters
from talkgen.render.media import BESIDE, sides
from talkgen.style import SIZES, Style
from talkgen.words import direction

if TYPE_CHECKING:
    from jinja2 import Environment, Template

MARP_FONTS = {
    "default": ("Segoe UI", "Noto Sans", "Helvetica", "Arial"),
    "gaia": ("Lato", "Avenir Next", "Avenir", "Trebuchet MS", "Segoe UI"),
    "uncover": ("Segoe UI", "Roboto", "Oxygen", "Ubuntu", "Cantarell", "Open Sans", "Helvetica Neue"),
}


def style_sheet(template: str, deck: Deck, extra: str, letters: Letters) -> str:
    """`templates/TEMPLATE` filled with the deck's tokens and sizes.

    `extra` is the author's own CSS, `letters` are those that the theme's fonts lack.
    """
    width, height = SIZES[deck.outline.size]
    return _template(template).render(
        style=deck.style,
        styles=deck.styles,
        width=width,
        height=height,
        rooms=_rooms(deck),
        extra=extra,
        more=partial(_more_fonts, letters=letters),
        direction=direction(deck.outline.lang),
    )


def listing_colors(style: Style) -> str:
    """What Slidev's highlighter is set up with: the theme's own colours, those that Marp's listings have."""
    return _template("slidev/shiki.ts.j2").render(style=style)


def _template(name: str) -> Template:
    return _environment(asset_dir("templates")).get_template(name)


@cache
def _environment(templates: Path) -> Environment:
    """What reads templates and keeps them, each until its file changes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # CSS is no HTML: nothing in it is escaped, and nothing in it comes from a request.
    loader = FileSystemLoader(templates)
    return Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701


def _more_fonts(style: Style, letters: Letters) -> str:
    """The theme's fonts with those after them that have what they lack."""
    fonts = style.fonts.model_dump() if letters.families else {}
    return " ".join(f"--tg-font-{name}: {letters.behind(family)};" for name, family in fonts.items())


def _rooms(deck: Deck) -> list[tuple[str, int, int]]:
    """The sides, with percents of the width, that pictures take on the deck's slides, and the px kept free for them."""
    width, _ = SIZES[deck.outline.size]
    taken = {(side, share) for slide in deck.outline.slides for side, share in sides(slide).items() if side}
    return [(side, share, width * share // 100 + BESIDE) for side, share in sorted(taken)]


def font_files(folder: str) -> dict[str, str | Path]:
    """The web fonts and their style sheet, by their path below `folder`."""
    fonts = asset_dir("templates") / "fonts"
    return {f"{folder}{file.name}": file for file in [*sorted(fonts.glob("*.woff2")), fonts / "fonts.css"]}


def marp_theme(addresses: Addresses, theme: ThemeNames) -> tuple[str, dict[str, str | Path]]:
    """The name that Marp knows a theme of its own by, and the files that it needs: style sheets of the author's.

    One that asks another host for its fonts is given them.
    """
    name, templates = theme.marp or "default", asset_dir("templates")
    if is_path(name):
        sheets = marp_sheets(name, addresses.deck.folder / NAME)
        return next(iter(sheets)), {f"themes/{each}.css": addresses.sheet(file) for each, file in sheets.items()}
    look = templates / "marp" / f"{name}.css"
    if not look.is_file():
        return name, {}
    fonts = sorted((templates / "fonts" / name).glob("*.woff2"))
    return name, {f"themes/{name}.css": look, **{f"fonts/{name}/{file.name}": file for file in fonts}}


def font_faces(address: str) -> str:
    """The style sheet that names the web fonts, with their addresses below `address`."""
    css = (asset_dir("templates") / "fonts" / "fonts.css").read_text(encoding="utf-8")
    return css.replace("./", address)
