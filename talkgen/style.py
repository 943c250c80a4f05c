"""One talkgen theme as typed tokens: colours, fonts, sizes, spacing, read from `templates/themes/NAME.yaml`.

The same tokens become CSS variables for decks and live elements and matplotlib settings for figures, so that a figure
looks as if it had been drawn on the slide. Knows no target and no figure.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from talkgen.assets import asset_dirs, theme_file
from talkgen.errors import TalkgenError, did_you_mean

SIZES = {"16:9": (1280, 720), "4:3": (960, 720)}
"""Width and height of a slide in px, by the outline's `size`."""


class _Tokens(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description="A colour is written as '#rrggbb', in quotes.")]
Pixels = Annotated[int, Field(ge=0)]  # of a 1280 by 720 slide


class Colors(_Tokens):
    """Colours that CSS and matplotlib read alike. `attention` and `recurrent` mean the same through every talk."""

    background: Color
    surface: Color
    ink: Color
    muted: Color
    line: Color
    accent: Color
    attention: Color
    recurrent: Color
    good: Color
    bad: Color


class Fonts(_Tokens):
    """Family names of the fonts in `templates/fonts`."""

    body: str
    mono: str


class Sizes(_Tokens):
    """Font sizes in px of a 1280 by 720 slide; `figure` is the smallest text of a figure as shown."""

    title: Pixels
    cover: Pixels
    body: Pixels
    small: Pixels
    figure: Pixels


class Spacing(_Tokens):
    """Distances in px of a 1280 by 720 slide."""

    margin: Pixels
    gap: Pixels
    radius: Pixels


class Style(_Tokens):
    """A theme's tokens."""

    name: str
    scheme: Literal["dark", "light"]
    colors: Colors
    categories: tuple[Color, ...] = Field(min_length=4)  # listings and chips use four
    sequence: str
    fonts: Fonts
    sizes: Sizes
    spacing: Spacing

    def css_variables(self) -> str:
        """The tokens as CSS custom properties: `--tg-ink: #eee; --tg-size-body: 30px; …`."""
        pairs = [(name, value) for name, value in self.colors.model_dump().items()]
        pairs += [(f"category-{i + 1}", color) for i, color in enumerate(self.categories)]
        pairs += [(f"font-{name}", f"'{family}'") for name, family in self.fonts.model_dump().items()]
        pairs += [(f"size-{name}", f"{px}px") for name, px in self.sizes.model_dump().items()]
        pairs += [(name, f"{px}px") for name, px in self.spacing.model_dump().items()]
        return "\n".join(f"--tg-{name}: {value};" for name, value in pairs)


def style_names(project: Path) -> list[str]:
    """Names of the themes that can be loaded from `project`."""
    return sorted({file.stem for root in asset_dirs("templates", project) for file in (root / "themes").glob("*.yaml")})


def load_style(name: str, project: Path) -> Style:
    """The theme `name`, the project's own before a shipped one.

    Raises:
        TalkgenError: there is no such theme; or all that is wrong with its file, each with its place.
    """
    from talkgen.yamlfile import read_yaml, validate  # which takes longer to load than themes that are known already

    file = theme_file(name, project)
    if file is None:
        raise TalkgenError(f"there is no theme '{name}'", did_you_mean(name, style_names(project)))
    return validate(read_yaml(file), Style)
