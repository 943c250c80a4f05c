"""The deck's look for Gradio: its colours and fonts as a theme, and as the variables of live elements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from talkgen.style import Style, load_style

# A picture is as wide as its text can be read: on a phone it is scrolled.
_WIDE = """@media (max-width: 700px) {
  .html-container { overflow-x: auto; }
  .html-container :is(svg[role="img"], [role="img"] svg) { min-width: 800px; }
}
"""
# Gradio draws the arrow of a choice over its text's end, and leaves the list open for whoever goes on with Tab.
_CHOICES = """.secondary-wrap > input { text-overflow: ellipsis; padding-inline-end: 36px !important; }
.block:not(:focus-within) .options { display: none !important; }
"""
# Gradio shows no focus in its boxes, and little of it on its buttons.
_FOCUS = """:is(textarea, input, button, [role="tab"]):focus-visible {
  outline: 3px solid var(--color-accent) !important; outline-offset: 2px;
}
"""
_SIZES = {"xxs": "16px", "xs": "18px", "sm": "20px", "md": "20px", "lg": "24px", "xl": "30px", "xxl": "34px"}


def both_schemes(style: Style | None) -> tuple[Style, Style]:
    """A light and a dark style: the deck's own is one of them."""
    light, dark = load_style("paper", Path.cwd()), load_style("night", Path.cwd())
    if style is None:
        return light, dark
    return (light, style) if style.scheme == "dark" else (style, dark)


def gradio_theme(style: Style | None) -> Any:
    """Gradio's theme in the deck's colours and fonts."""
    import gradio

    light, dark = both_schemes(style)
    fonts = light.fonts if style is None else style.fonts
    theme = gradio.themes.Base(
        text_size=gradio.themes.Size(**_SIZES),
        font=[fonts.body, "system-ui", "sans-serif"],
        font_mono=[fonts.mono, "ui-monospace", "monospace"],
    )
    return theme.set(**_colors(light, ""), **_colors(dark, "_dark"))


def _colors(style: Style, scheme: str) -> dict[str, str]:
    colors = style.colors
    fills = {
        "body_background_fill": colors.background,
        "background_fill_primary": colors.background,
        "background_fill_secondary": colors.surface,
        "block_background_fill": colors.surface,
        "block_label_background_fill": colors.surface,
        "input_background_fill": colors.background,
        "border_color_primary": colors.line,
        "block_border_color": colors.line,
        "input_border_color": colors.line,
        "body_text_color": colors.ink,
        "body_text_color_subdued": colors.muted,
        "block_label_text_color": colors.muted,
        "block_title_text_color": colors.ink,
        "block_info_text_color": colors.muted,
        "input_placeholder_color": colors.muted,
        "color_accent": colors.accent,
        "link_text_color": colors.attention,
        "button_primary_background_fill": colors.accent,
        "button_primary_background_fill_hover": colors.accent,
        "button_primary_text_color": colors.background,
        "button_secondary_background_fill": colors.surface,
        "button_secondary_text_color": colors.ink,
        "slider_color": colors.accent,
    }
    # What means the same in both schemes has one name for both.
    return {f"{name}{scheme}": value for name, value in fills.items() if not (scheme and name == "color_accent")}


def page_look(style: Style | None) -> str:
    """The style sheet of a Gradio page: the variables of live elements for both schemes, and pictures on a phone."""
    light, dark = both_schemes(style)
    # Gradio's themes have one accent for both schemes, said of `:root .dark`.
    accent = f":root body.dark {{ --color-accent: {dark.colors.accent}; }}"
    return (
        f":root {{ {light.css_variables()} }}\n.dark {{ {dark.css_variables()} }}\n{accent}\n{_WIDE}{_CHOICES}{_FOCUS}"
    )
