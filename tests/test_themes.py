"""The shipped themes: what is read can be read, whoever reads it."""

import re
from pathlib import Path

import pytest

from talkgen.assets import asset_dir
from talkgen.render.themes import listing_colors
from talkgen.style import load_style, style_names

HERE = Path(__file__).parent
THEMES = style_names(HERE)


def luminance(color: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    shares = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, 1.4.3)."""
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_is_the_standards():
    """Black on white is 21 to 1; the grey that just passes on white is #767676."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["ink", "muted", "accent", "attention", "recurrent", "good", "bad"])
def test_text_has_contrast(theme, name):
    """Every colour that text is written in has 4.5 to 1 on the slide; what is on a listing's ground as well."""
    colors = load_style(theme, HERE).colors
    assert contrast(getattr(colors, name), colors.background) >= 4.5
    if name in ("ink", "muted"):
        assert contrast(getattr(colors, name), colors.surface) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_listings_can_be_read_and_look_alike(theme):
    """Both highlighters have the same colours of the theme, each with 4.5 to 1 on a listing's ground."""
    style = load_style(theme, HERE)
    slidev = set(re.findall(r'foreground"?: "var\(--tg-([\w-]+)\)"', listing_colors(style)))
    sheet = (asset_dir("templates") / "marp" / "theme.css.j2").read_text("utf-8")
    marp = set(re.findall(r"\.hljs-.*\{ color: var\(--tg-([\w-]+)\)", sheet))
    assert slidev == marp | {"ink"}
    colors = style.colors.model_dump()
    assert min(contrast(colors[name], colors["surface"]) for name in slidev) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_lines_of_a_plot_can_be_told_from_the_ground(theme):
    """Each category has 3 to 1 where it is drawn large, but for those that a second cue names (WCAG 2.2, 1.4.11)."""
    style = load_style(theme, HERE)
    weak = [color for color in style.categories[:3] if contrast(color, style.colors.background) < 3]
    assert weak == []
