"""A theme's tokens as the style sheet of a deck: one template for both targets, so that both decks look alike."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from talkgen.assets import asset_dir
from talkgen.style import SIZES, Style


def style_sheet(template: str, style: Style, size: str, extra: str | None) -> str:
    """`templates/TEMPLATE` filled with a style's tokens; `extra` is the author's own CSS."""
    # CSS is no HTML: nothing in it is escaped, and nothing in it comes from a request.
    loader = FileSystemLoader(asset_dir("templates"))
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    width, height = SIZES[size]
    return environment.get_template(template).render(style=style, width=width, height=height, extra=extra or "")


def font_files(folder: str) -> dict[str, str | Path]:
    """The web fonts and their style sheet, by their path below `folder`."""
    fonts = asset_dir("templates") / "fonts"
    return {f"{folder}{file.name}": file for file in [*sorted(fonts.glob("*.woff2")), fonts / "fonts.css"]}


def font_faces(address: str) -> str:
    """The style sheet that names the web fonts, with their addresses below `address`."""
    css = (asset_dir("templates") / "fonts" / "fonts.css").read_text(encoding="utf-8")
    return css.replace("./", address)
