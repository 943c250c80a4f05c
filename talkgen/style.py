"""One talkgen theme as typed tokens: colours, fonts, sizes, spacing, read from `templates/themes/NAME.yaml`.

The same tokens become CSS variables for decks and live elements and matplotlib settings for figures, so that a figure
looks as if it had been drawn on the slide. Knows no target and no figure.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from talkgen.assets import asset_dirs
from talkgen.errors import TalkgenError, did_you_mean


class _Tokens(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Colors(_Tokens):
    """CSS colours. `attention` and `recurrent` mean the same thing through every talk."""

    background: str
    surface: str
    ink: str
    muted: str
    line: str
    accent: str
    attention: str
    recurrent: str
    good: str
    bad: str


class Fonts(_Tokens):
    """Family names of the fonts in `templates/fonts`."""

    body: str
    mono: str


class Sizes(_Tokens):
    """Font sizes in px of a 1280 by 720 slide; `figure` is the smallest text of a figure as shown."""

    title: int
    cover: int
    body: int
    small: int
    figure: int


class Spacing(_Tokens):
    """Distances in px of a 1280 by 720 slide."""

    margin: int
    gap: int
    radius: int


class Style(_Tokens):
    """A theme's tokens."""

    name: str
    scheme: str
    colors: Colors
    categories: tuple[str, ...]
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
        TalkgenError: there is no such theme, or its file is not valid.
    """
    for root in asset_dirs("templates", project):
        file = root / "themes" / f"{name}.yaml"
        if file.is_file():
            try:
                return Style.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
            except (ValidationError, yaml.YAMLError) as error:
                raise TalkgenError(f"the theme file {file} is not valid: {error}") from error
    raise TalkgenError(f"there is no theme '{name}'", did_you_mean(name, style_names(project)))
