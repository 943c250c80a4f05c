"""Classes of UnoCSS, with which Slidev decks arrange their text, as the CSS that they stand for.

Those are read that say how a slide is laid out and what stands out on it: grids, sides, sizes, spaces, colours. A class
that is none of them is its author's own. Lengths grow from Slidev's 980 px of a slide to Marp's 1280; sizes of text are
relative to the text around.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

_PX = 4 * 1280 / 980  # of a slide, a step of spaces
_WORDS = {
    "absolute": "position:absolute", "relative": "position:relative", "fixed": "position:absolute",
    "inset-0": "inset:0", "block": "display:block", "inline": "display:inline", "inline-block": "display:inline-block",
    "hidden": "display:none", "grid": "display:grid", "flex": "display:flex", "inline-flex": "display:inline-flex",
    "flex-col": "flex-direction:column", "flex-row": "flex-direction:row", "flex-wrap": "flex-wrap:wrap",
    "flex-1": "flex:1 1 0%", "flex-auto": "flex:1 1 auto", "flex-none": "flex:none", "flex-grow": "flex-grow:1",
    "grow": "flex-grow:1", "shrink-0": "flex-shrink:0", "flex-center": "display:flex;align-items:center;"
    "justify-content:center", "text-left": "text-align:left", "text-center": "text-align:center",
    "text-right": "text-align:right", "text-justify": "text-align:justify", "font-thin": "font-weight:100",
    "font-light": "font-weight:300", "font-normal": "font-weight:400", "font-medium": "font-weight:500",
    "font-semibold": "font-weight:600", "font-bold": "font-weight:700", "font-extrabold": "font-weight:800",
    "font-black": "font-weight:900", "font-mono": "font-family:monospace", "font-serif": "font-family:serif",
    "italic": "font-style:italic", "underline": "text-decoration:underline",
    "line-through": "text-decoration:line-through", "uppercase": "text-transform:uppercase",
    "lowercase": "text-transform:lowercase", "capitalize": "text-transform:capitalize",
    "whitespace-nowrap": "white-space:nowrap", "whitespace-pre-wrap": "white-space:pre-wrap",
    "overflow-hidden": "overflow:hidden", "overflow-auto": "overflow:auto", "object-cover": "object-fit:cover",
    "object-contain": "object-fit:contain", "float-left": "float:left", "float-right": "float:right",
    "mx-auto": "margin-left:auto;margin-right:auto", "ma": "margin:auto", "m-auto": "margin:auto",
    "ml-auto": "margin-left:auto", "mr-auto": "margin-right:auto", "mt-auto": "margin-top:auto",
    "my-auto": "margin-top:auto;margin-bottom:auto", "rounded-full": "border-radius:9999px",
    "border": "border:1px solid", "border-dashed": "border-style:dashed", "list-none": "list-style:none",
    "leading-none": "line-height:1", "leading-tight": "line-height:1.25", "leading-snug": "line-height:1.375",
    "leading-normal": "line-height:1.5", "leading-relaxed": "line-height:1.625", "leading-loose": "line-height:2",
    "tracking-tight": "letter-spacing:-0.025em", "tracking-wide": "letter-spacing:0.025em",
    "tracking-wider": "letter-spacing:0.05em", "tracking-widest": "letter-spacing:0.1em",
    "place-content-center": "place-content:center", "place-items-center": "place-items:center",
    "abs-tl": "position:absolute;top:0;left:0", "abs-tr": "position:absolute;top:0;right:0",
    "abs-bl": "position:absolute;bottom:0;left:0", "abs-br": "position:absolute;bottom:0;right:0",
}  # fmt: skip
_SIZES = {
    "xs": 0.75, "sm": 0.875, "base": 1, "lg": 1.125, "xl": 1.25, "2xl": 1.5, "3xl": 1.875, "4xl": 2.25, "5xl": 3,
    "6xl": 3.75, "7xl": 4.5, "8xl": 6, "9xl": 8,
}  # fmt: skip
_ROUND = {"": 4, "-sm": 2, "-md": 6, "-lg": 8, "-xl": 12, "-2xl": 16, "-3xl": 24}
_PALETTE = {  # Tailwind's shades 500
    "slate": "#64748b", "gray": "#6b7280", "zinc": "#71717a", "neutral": "#737373", "stone": "#78716c",
    "red": "#ef4444", "orange": "#f97316", "amber": "#f59e0b", "yellow": "#eab308", "lime": "#84cc16",
    "green": "#22c55e", "emerald": "#10b981", "teal": "#14b8a6", "cyan": "#06b6d4", "sky": "#0ea5e9",
    "blue": "#3b82f6", "indigo": "#6366f1", "violet": "#8b5cf6", "purple": "#a855f7", "fuchsia": "#d946ef",
    "pink": "#ec4899", "rose": "#f43f5e", "white": "#fff", "black": "#000",
}  # fmt: skip
_SHADES = {
    "50": "6%,white", "100": "15%,white", "200": "35%,white", "300": "60%,white", "400": "80%,white",
    "600": "85%,black", "700": "70%,black", "800": "55%,black", "900": "45%,black", "950": "30%,black",
}  # fmt: skip
_SIDES = {
    "": ("",), "t": ("-top",), "b": ("-bottom",), "l": ("-left",), "r": ("-right",), "x": ("-left", "-right"),
    "y": ("-top", "-bottom"),
}  # fmt: skip
_PLACES = {"start": "flex-start", "end": "flex-end", "between": "space-between", "around": "space-around",
           "evenly": "space-evenly"}  # fmt: skip
_COLOR = re.compile(
    rf"(?P<of>text|bg|border|c|color)-(?P<name>{'|'.join(_PALETTE)})(?:-(?P<shade>\d+))?(?:/(?P<alpha>\d+))?"
)
_LENGTH = r"(?P<n>-?[\d.]+(?:px|rem|em|%|vh|vw)?|full|\d+/\d+|\[[^\]\s;{}\"<>]+\])"


def declarations(names: Sequence[str]) -> str:
    """The CSS of those names that are UnoCSS's; empty where none is."""
    return ";".join(filter(None, (_declared(name.removeprefix("!").removesuffix("!")) for name in names)))


def _declared(name: str) -> str:
    if name in _WORDS:
        return _WORDS[name]
    if color := _COLOR.fullmatch(name):
        of = {"text": "color", "c": "color", "color": "color", "bg": "background", "border": "border-color"}
        return f"{of[color['of']]}:{_color(color)}"
    for pattern, write in _RULES:
        if found := pattern.fullmatch(name):
            return write(found)
    return ""


def _color(found: re.Match[str]) -> str:
    color = _PALETTE[found["name"]]
    if shade := _SHADES.get(found["shade"] or ""):
        color = f"color-mix(in srgb,{color} {shade})"
    return f"color-mix(in srgb,{color} {found['alpha']}%,transparent)" if found["alpha"] else color


def _length(text: str) -> str:
    """A length: steps of spaces, a share, or as it says."""
    if text == "full":
        return "100%"
    if text.startswith("["):
        if "url" in text.lower():
            return "auto"
        return text[1:-1].replace("_", " ")
    if "/" in text:
        part, whole = (int(number) for number in text.split("/"))
        return f"{100 * part / whole:.4g}%" if whole else "0"
    return text if re.search(r"[a-z%]", text) else f"{float(text or 0) * _PX:.4g}px"


def _sides(found: re.Match[str]) -> str:
    what = {"m": "margin", "p": "padding"}[found["what"]]
    length = _length(found["n"])
    length = f"calc(-1 * {length})" if found["minus"] else length
    return ";".join(f"{what}{side}:{length}" for side in _SIDES[found["side"] or ""])


def _axis(found: re.Match[str]) -> str:
    name = {"x": "column-gap", "y": "row-gap"}.get(found["axis"] or "", "gap")
    return f"{name}:{_length(found['n'])}"


def _named(prefix: str) -> Callable[[re.Match[str]], str]:
    return lambda found: f"{prefix}:{_PLACES.get(found[1], found[1])}"


def _sized(found: re.Match[str]) -> str:
    name = {"w": "width", "h": "height"}[found["side"]]
    return f"{(found['bound'] or '')}{name}:{_length(found['n'])}"


def _tracks(found: re.Match[str]) -> str:
    what, of = {"cols": "columns", "rows": "rows"}[found[1]], found[2]
    value = of[1:-1].replace("_", " ") if of.startswith("[") else f"repeat({of},minmax(0,1fr))"
    return f"grid-template-{what}:{value}"


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"grid-(cols|rows)-(\d{1,2}|\[[^\]\s;{}\"<>]+\])"), _tracks),
    (re.compile(rf"gap-(?:(?P<axis>[xy])-)?{_LENGTH}"), _axis),
    (re.compile(r"(col|row)-span-(\d+)"), lambda found: f"grid-{found[1].replace('col', 'column')}:span {found[2]}"),
    (re.compile(r"items-(start|end|center|baseline|stretch)"), _named("align-items")),
    (re.compile(r"self-(start|end|center|stretch)"), _named("align-self")),
    (re.compile(r"justify-(start|end|center|between|around|evenly)"), _named("justify-content")),
    (re.compile(rf"(?P<minus>-)?(?P<what>[mp])(?P<side>[tblrxy])?-?{_LENGTH}"), _sides),
    (re.compile(rf"(?P<bound>max-|min-)?(?P<side>[wh])-?{_LENGTH}"), _sized),
    (re.compile(rf"(?P<minus>-)?(?P<at>top|left|right|bottom)-{_LENGTH}"), lambda found: f"{found['at']}:"
     f"{'-' if found['minus'] else ''}{_length(found['n'])}"),
    (re.compile(rf"text-({'|'.join(_SIZES)})"), lambda found: f"font-size:{_SIZES[found[1]]}em"),
    (re.compile(r"text-\[(?P<n>[\d.]+(?:px|rem|em))\]"), lambda found: f"font-size:{found['n']}"),
    (re.compile(r"op(?:acity)?-?(\d{1,3})"), lambda found: f"opacity:{int(found[1]) / 100:g}"),
    (re.compile(r"rounded(-sm|-md|-lg|-xl|-2xl|-3xl)?"), lambda found: f"border-radius:{_ROUND[found[1] or '']}px"),
    (re.compile(r"shadow(-sm|-md|-lg|-xl|-2xl)?"), lambda _: "box-shadow:0 4px 12px rgb(0 0 0 / 20%)"),
    (re.compile(r"border-([tblr])"), lambda found: f"border{_SIDES[found[1]][0]}:1px solid"),
    (re.compile(r"z-(\d+)"), lambda found: f"z-index:{found[1]}"),
)  # fmt: skip

_CLASS = re.compile(r"""\sclass\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_STYLE = re.compile(r"""\sstyle\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ATTRIBUTE = re.compile(
    r"""\s(grid|flex|text|m|p|w|h|bg|font|border|gap|items|justify)\s*=\s*(?:"([^"]*)"|'([^']*)')"""
)
_BARE = re.compile(r"\s(?P<name>[a-z][\w:/-]*)(?=[\s>/])(?!\s*=)")


def styled(tag: str) -> str:
    """A start tag with the CSS of its classes, and of its attributes in the place of classes, as its style."""
    names = [name for found in _CLASS.finditer(tag) for name in (found[1] or found[2] or "").split()]
    for found in _ATTRIBUTE.finditer(tag):
        names += _of_attribute(found[1], (found[2] or found[3] or "").split())
    outside = re.sub(r"\"[^\"]*\"|'[^']*'", "''", tag)
    names += [found["name"] for found in _BARE.finditer(outside) if _declared(found["name"])]
    css = declarations(names)
    if not css:
        return tag
    own = _STYLE.search(tag)
    kept = _STYLE.sub("", tag)
    style = f"{css};{own[1] or own[2]}" if own else css
    end = -2 if kept.endswith("/>") else -1
    return f'{kept[:end].rstrip()} style="{style}"{kept[end:]}' if '"' not in style else tag


def _of_attribute(name: str, values: Sequence[str]) -> Iterator[str]:
    for value in values:
        if value == "~":
            yield name
        elif value.startswith(("gap", "items-", "justify-")):
            yield value
        elif name in ("m", "p"):
            yield f"{name}{value}" if value[0] in "tblrxy" else f"{name}-{value}"
        else:
            yield f"{name}-{value}"
