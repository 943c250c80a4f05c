"""Slidev's own components as the HTML that Marp shows for them: arrows, what is scaled, links to slides, films.

Their lengths are those of Slidev's slide, 980 px wide, and grow to Marp's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from talkgen.render.expressions import UnknownValueError, evaluate

GROWN = 1280 / 980  # a length on Marp's slide, of one on Slidev's
_ATTRIBUTE = re.compile(r"""\s(?P<name>[:\w-]+)(?:=(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'))?""")
_ENDS = {"transform": "</div>", "link": "</a>", "slidevvideo": "</video>"}
_GRAY = "#888"  # is seen on light and on dark; a picture does not know the colour of the text around


def built_in(tag: str, name: str) -> str | None:
    """The HTML of a tag of one of these, an arrow as SVG; None of any other, or where its numbers are not said."""
    key = name.replace("-", "").lower()
    if tag.startswith("</"):
        return _ENDS.get(key)
    props = _props(tag)
    match key:
        case "arrow":
            return _arrow([props.get(each) for each in ("x1", "y1", "x2", "y2")], props)
        case "vdragarrow":
            place = numbers(props.get("pos", ""))
            return _arrow([place[0], place[1], place[0] + place[2], place[1] + place[3]], props) if place else None
        case "transform" if re.fullmatch(r"[\d.]+", props.get("scale", "1")):
            origin = re.sub(r"[^\w %-]", "", props.get("origin", "")) or "top left"
            return f'<div style="transform:scale({props.get("scale", "1")});transform-origin:{origin}">'
        case "link" if re.fullmatch(r"/?\d+", props.get("to", "")) and not tag.endswith("/>"):
            return f'<a href="#{props["to"].lstrip("/")}">'
        case "slidevvideo":
            return re.sub(r"^<[\w-]+", "<video", tag)
    return None


def _props(tag: str) -> dict[str, str]:
    """What a tag sets, as texts: of a bound property the source, without the quotes of a text."""
    return {
        found["name"].lstrip(":"): (found["a"] or found["b"] or "").strip().strip("'")
        for found in _ATTRIBUTE.finditer(tag)
    }


def _arrow(ends: Sequence[Any], props: Mapping[str, str]) -> str | None:
    """A line with a head at its end."""
    try:
        x1, y1, x2, y2 = (float(each) for each in ends)
        thick = float(props.get("width") or 2)
    except (TypeError, ValueError):
        return None
    color = re.sub(r"[^\w#(),.%/ -]", "", props.get("color", "")) or _GRAY
    width, height = max(x1, x2) + 50, max(y1, y2) + 50  # as Slidev's arrow: the head does not end at the last point
    head = 'markerUnits="strokeWidth" markerHeight="7" refY="3.5" orient="auto"'
    start = ' marker-start="url(#from)"' if {"twoWay", "two-way"} & props.keys() else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * GROWN:.0f}" height="{height * GROWN:.0f}" '
        f'viewBox="0 0 {width:g} {height:g}"><defs><marker id="to" markerWidth="10" refX="9" {head}>'
        f'<polygon points="0 0, 10 3.5, 0 7" fill="{color}"/></marker><marker id="from" markerWidth="20" refX="11" '
        f'{head}><polygon points="20 0, 10 3.5, 20 7" fill="{color}"/></marker></defs>'
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{color}" stroke-width="{thick:g}" '
        f'marker-end="url(#to)"{start}/></svg>'
    )


def dragged(value: str, places: Mapping[str, Any]) -> str | None:
    """The CSS of a place that an author gave an element: left, top, width, height, angle; or the name of one."""
    try:
        said = evaluate(unescape(value), 0, {"_": None}) if value else None
    except UnknownValueError:
        return None
    place = numbers(places.get(said, places.get(f"'{said}'", said)) if isinstance(said, str) else said)
    if not place:
        return None
    left, top, width, height = ("" if math.isnan(each) else f"{each * GROWN:.0f}px" for each in place[:4])
    rules = {"position": "absolute", "left": left, "top": top, "width": width, "height": height}
    if len(place) > 4 and place[4]:
        rules["transform"] = f"rotate({place[4]:g}deg)"
    return ";".join(f"{name}:{each}" for name, each in rules.items() if each)


def numbers(value: Any) -> list[float]:
    """The numbers of a list or of a text with commas; nothing where there are less than four."""
    parts = value if isinstance(value, list) else str(value or "").strip("[]").split(",")
    try:
        found = [math.nan if each is None or str(each).strip() in ("_", "null") else float(each) for each in parts]
    except (TypeError, ValueError):
        return []
    return found if len(found) >= 4 else []
