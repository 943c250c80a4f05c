"""Draws Mermaid diagrams as SVG in the installed browser, in a theme's colours and fonts; knows no slide.

Mermaid lays text out by measuring it, so it needs a browser: one page draws all diagrams of a talk. The same source,
style and version give the same bytes. A diagram that Mermaid cannot read comes back as its complaint, with its line.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkgen.assets import asset_dir
from talkgen.errors import ToolError
from talkgen.export.browser import apart, find_browser
from talkgen.export.node import Report, npm_packages, run_node
from talkgen.fonts import code_ranges, part_of, share_out
from talkgen.style import Style

DRIVER = "browser/diagrams.mjs"  # in templates/node: what draws in the browser
_SECONDS = 120
_SECTIONS = 12  # colours that Mermaid asks for: cScale0 … cScale11
_VIEW_BOX = re.compile(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"')


@dataclass(frozen=True)
class Diagram:
    """A drawn diagram and its size in px."""

    svg: bytes
    width: float
    height: float
    words: str  # of its texts, for those who do not see it


@dataclass(frozen=True)
class Complaint:
    """What Mermaid says of a source that it cannot read; `line` counts from 1, and is None where it is not known."""

    message: str
    line: int | None


def draw_diagrams(sources: Sequence[str], style: Style, report: Report) -> list[Diagram | Complaint]:
    """Each of `sources` as SVG, or what is wrong with it.

    Raises:
        ToolError: there is no browser, or Mermaid's packages cannot be had.
    """
    browser = find_browser()
    mermaid, driver = npm_packages("mermaid", report), npm_packages("browser", report)
    request = {
        "browser": str(browser),
        "script": str(mermaid / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"),
        "fonts": _fonts(style),
        "config": _config(style),
        "diagrams": list(sources),
    }
    with tempfile.TemporaryDirectory(prefix="talkgen-mermaid-") as folder:
        file = Path(folder, "request.json")
        file.write_text(json.dumps(request), encoding="utf-8")
        output = run_node([str(driver / "diagrams.mjs"), str(file)], cwd=driver, timeout=_SECONDS, env=apart(folder))
    try:
        answers = json.loads(output)
    except ValueError as error:
        raise ToolError(f"Mermaid drew nothing: {output.strip()[-500:]}") from error
    return [_read(answer, style) for answer in answers]


def _read(answer: dict[str, Any], style: Style) -> Diagram | Complaint:
    if "error" in answer:
        # Its own message begins with a line number that is sometimes off; the parser's place is right.
        words = re.sub(r"^(?:Parse|Lexical) error on line \d+[:.]\s*", "", answer["error"]).strip()
        return Complaint(words.splitlines()[0] if words else "Mermaid cannot read it", answer["line"])
    svg = answer["svg"]
    size = _VIEW_BOX.search(svg)
    if size is None:
        return Complaint("Mermaid drew a picture without a size", None)
    texts = re.findall(r"<text\b.*?</text>", svg, flags=re.DOTALL)
    words = "; ".join(dict.fromkeys(filter(None, map(_words, texts))))
    return Diagram(_with_fonts(svg, style).encode(), float(size[1]), float(size[2]), words)


def _words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def _with_fonts(svg: str, style: Style) -> str:
    """The picture with the letters that it uses: as a picture in a page it cannot see the page's fonts."""
    shown = re.sub(r"<style>.*?</style>|<[^>]*>", "", svg, flags=re.DOTALL)
    letters = "".join(sorted(set(html.unescape(shown))))
    faces = "".join(
        f'@font-face{{font-family:"{style.fonts.body}";font-weight:{weight};src:url(data:font/ttf;base64,{data})}}'
        for weight, data in ((weight, _subset(file, letters)) for weight, file in _font_files(style))
    )
    for font, some in share_out(letters, "")[0].items():
        for weight in (400, 700):
            data = base64.b64encode(part_of(font.file(min(weight, max(font.weights))), some).read_bytes()).decode()
            faces += (
                f'@font-face{{font-family:"{style.fonts.body}";font-weight:{weight};unicode-range:{code_ranges(some)};'
                f"src:url(data:font/woff2;base64,{data})}}"
            )
    return svg.replace("<style>", f"<style>{faces}", 1)


def _subset(file: Path, letters: str) -> str:
    """The glyphs of `letters` as a font of their own, in base64; the same letters give the same bytes."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options(notdef_outline=True, hinting=False, recalc_timestamp=False)
    font = TTFont(file, recalcTimestamp=False)
    cut = subset.Subsetter(options)
    cut.populate(text=letters)
    cut.subset(font)
    made = io.BytesIO()
    font.save(made)
    return base64.b64encode(made.getvalue()).decode()


def _font_files(style: Style) -> list[tuple[int, Path]]:
    stem = style.fonts.body.lower().replace(" ", "-")
    return [(weight, asset_dir("templates") / "fonts" / f"{stem}-{weight}.ttf") for weight in (400, 700)]


def _fonts(style: Style) -> list[dict[str, Any]]:
    """What the page measures with."""
    return [
        {"family": style.fonts.body, "weight": weight, "data": base64.b64encode(file.read_bytes()).decode()}
        for weight, file in _font_files(style)
    ]


def _config(style: Style) -> dict[str, Any]:
    """Mermaid's settings: nothing random, real text, and every colour that its kinds of diagram ask for."""
    return {
        "startOnLoad": False,
        "securityLevel": "strict",
        "deterministicIds": True,
        "handDrawnSeed": 1,
        "htmlLabels": False,  # real <text>: no foreignObject, which only browsers draw
        "flowchart": {"htmlLabels": False, "curve": "basis", "padding": 14},
        "fontFamily": style.fonts.body,
        "fontSize": style.sizes.small,
        "theme": "base",
        "themeVariables": _variables(style),
        "themeCSS": (
            ".section-root .label text { text-anchor: middle; }"  # else a mind map's root stands beside itself
            # Else an arrow crosses its own words.
            f" .edgeLabel rect {{ fill: {style.colors.background}; opacity: 1; }}"
        ),
    }


def _variables(style: Style) -> dict[str, Any]:
    colors = style.colors
    text = dict.fromkeys(("primaryTextColor", "secondaryTextColor", "tertiaryTextColor", "textColor"), colors.ink)
    notes = {"noteBkgColor": colors.surface, "noteTextColor": colors.ink, "noteBorderColor": colors.line}
    tints = [_mix(color, colors.background, 0.30) for color in style.categories]
    scale = {f"cScale{i}": tints[i % len(tints)] for i in range(_SECTIONS)}
    labels = {f"cScaleLabel{i}": colors.ink for i in range(_SECTIONS)}
    peers = {f"cScalePeer{i}": style.categories[i % len(style.categories)] for i in range(_SECTIONS)}
    slices = {f"pie{i + 1}": style.categories[i % len(style.categories)] for i in range(_SECTIONS)}
    lines = {f"cScaleInv{i}": style.categories[i % len(style.categories)] for i in range(_SECTIONS)}
    branches = {f"git{i}": style.categories[i % len(style.categories)] for i in range(8)}
    branches |= {f"gitBranchLabel{i}": colors.background for i in range(8)}
    return {
        **text,
        **notes,
        **scale,
        **labels,
        **peers,
        **lines,
        **slices,
        **branches,
        "darkMode": style.scheme == "dark",
        "background": colors.background,
        "fontFamily": style.fonts.body,
        "fontSize": f"{style.sizes.small}px",
        "primaryColor": colors.surface,
        "primaryBorderColor": colors.attention,
        "secondaryColor": _mix(colors.recurrent, colors.background, 0.25),
        "tertiaryColor": _mix(colors.accent, colors.background, 0.20),
        "lineColor": colors.muted,
        "edgeLabelBackground": colors.background,
        "clusterBkg": colors.surface,
        "clusterBorder": colors.line,
        "dropShadow": "none",
        "useGradient": False,
    }


def _mix(color: str, ground: str, share: float) -> str:
    """`share` of one colour over another, both as #rrggbb: a tint that text in the theme's ink can stand on."""
    pairs = [(int(color[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(share * top + (1 - share) * below):02x}" for top, below in pairs)
