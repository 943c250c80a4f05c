"""A piece of a deck as the blocks that a person would write for it; whether they give the piece back, others check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from markdown_it.tree import SyntaxTreeNode

from talkgen.importers.pieces import Piece, Tags, is_vue
from talkgen.importers.reader import Tool
from talkgen.outline.addresses import markdown_addresses
from talkgen.outline.nesting import misfits
from talkgen.render.grammar import read_markdown

Block = dict[str, Any]
_HEADING = re.compile(r"(#{1,6}) (.*)")
_FENCE = re.compile(r"(?P<ticks>`{3,}+)(?P<info>[^\n]*)\n(?P<code>.*?\n)??(?P=ticks)[ \t]*", re.DOTALL)
_INFO = re.compile(r"(?P<language>[^\s{]*)(?: \{(?P<steps>(?:all|[\d,-]+)(?:\|(?:all|[\d,-]+))*)\})?(?P<rest>.*)")
_TOC = re.compile(r"<Toc(?: columns=\"(?P<columns>[1-3])\")? />")
_SIDE = re.compile(r"(left|right)(?::(\d+)%)?")
_PIXELS = re.compile(r"(w|h|width|height):(\d+)(?:px)?")
_FILTER = re.compile(
    r"(blur|brightness|contrast|drop-shadow|grayscale|hue-rotate|invert|opacity|saturate|sepia):([^\s()]+)"
)


def heading_of(piece: Piece) -> tuple[int, str] | None:
    """The level and the text of a heading; None of what is none, or has more to it than signs before its text."""
    found = _HEADING.fullmatch(piece.source) if piece.kind == "heading" else None
    return (len(found[1]), found[2]) if found and not _is_closed(found[2]) else None


def _is_closed(text: str) -> bool:
    """Whether a heading ends with signs that are none of its text."""
    own = text.rstrip("#")
    return own != text and (not own or own.endswith(" "))


def blocks_of(piece: Piece, tool: Tool) -> list[Block]:
    """The blocks that say what a piece says; none where there is no such block."""
    match piece.kind:
        case "list":
            return list(_bullets(piece.source))
        case "fence":
            return list(_listing(piece.source))
        case "table":
            return list(_table(piece.source))
        case "quote":
            return [{"quote": re.sub(r"^ {0,3}> ?", "", piece.source, flags=re.MULTILINE)}]
        case "math":
            return [{"math": re.sub(r"\A\$\$\n?|\$\$\Z", "", piece.source)}]
        case "html":
            return list(_html(piece.source, tool))
        case "text":
            return list(_pictures(piece.source, tool))
        case _:
            return []


def _bullets(source: str) -> Iterator[Block]:
    """A list of texts and lists of texts."""
    tree = SyntaxTreeNode(read_markdown(source))
    outer = tree.children[0]
    if len(tree.children) != 1 or outer.attrs.get("start", 1) != 1:
        return
    items = _items(outer)
    if items:
        yield {
            "bullets": items,
            **({"numbered": True} if outer.type == "ordered_list" else {}),
            **({"reveal": True} if outer.markup in ("*", ")") else {}),
        }


def _items(node: SyntaxTreeNode) -> list[Any]:
    """The items of a list as texts, or mappings of a text to the items below it; nothing where one holds more."""
    items: list[Any] = []
    for item in node.children:
        kinds = [child.type for child in item.children]
        if kinds not in (["paragraph"], ["paragraph", "bullet_list"]):
            return []
        text = item.children[0].children[0].content
        below = _items(item.children[1]) if len(kinds) > 1 else []
        if len(kinds) > 1 and not below:
            return []
        items.append({text: below} if below else text)
    return items


def _listing(source: str) -> Iterator[Block]:
    found = _FENCE.fullmatch(source)
    if not found or "`" in found["info"]:
        return
    info = _INFO.fullmatch(found["info"])
    if not info:
        return
    code = (found["code"] or "").removesuffix("\n")
    options = {"options": info["rest"].strip()} if info["rest"].strip() else {}
    if info["language"] == "mermaid" and not info["steps"]:
        yield {"mermaid": code, **options}
        return
    named = {"language": info["language"]} if info["language"] else {}
    steps = {"steps": info["steps"]} if info["steps"] else {}
    yield {"code": code, **named, **steps, **options}


def _table(source: str) -> Iterator[Block]:
    tree = SyntaxTreeNode(read_markdown(source)).children[0]
    if tree.type != "table":
        return
    rows = [row for part in tree.children for row in part.children]
    cells = [[cell.children[0].content if cell.children else "" for cell in row.children] for row in rows]
    align = [str(cell.attrs.get("style", "")).removeprefix("text-align:") for cell in rows[0].children]
    table: Block = {"head": cells[0], "rows": cells[1:]}
    if all(align):
        table["align"] = align
    elif any(align):
        return
    yield {"table": table}


def _html(source: str, tool: Tool) -> Iterator[Block]:
    """HTML whose tags fit, and which a browser knows."""
    if found := _TOC.fullmatch(source):
        yield {"toc": True, **({"columns": int(found["columns"])} if found["columns"] else {})}
        return
    tags = Tags()
    tags.feed(source)
    if misfits(source) or not tags.starts or (tool == "slidev" and (is_vue(tags.starts) or "{{" in source)):
        return
    if not re.search(r"<(style|script)\b", source, re.IGNORECASE):
        yield {"html": source}


def _pictures(source: str, tool: Tool) -> Iterator[Block]:
    """A paragraph of nothing but a picture, or of pictures behind a slide."""
    if "![" not in source:
        return
    tokens = read_markdown(source)
    parts = [each for token in tokens for each in token.children or ()]
    pictures = [each for each in parts if each.type == "image"]
    if not pictures or any(each.type not in ("image", "softbreak") and each.content.strip() for each in parts):
        return
    addresses = [source[each.start : each.end] for each in markdown_addresses(source)]
    if len(addresses) != len(pictures) or any("title" in each.attrs for each in pictures):
        return
    found = [picture_block(each.content, address, tool) for each, address in zip(pictures, addresses, strict=True)]
    if len(found) == 1 or all("background" in each or "side" in each for each in found):
        yield from found


def picture_block(words: str, address: str, tool: Tool) -> Block:
    """A picture with what its words ask for, as Marp reads them."""
    if tool == "slidev":
        return {"image": address, **({"alt": words} if words else {})}
    block: Block = {"image": address}
    alt, filters = [], {}
    is_behind = "bg" in words.split()
    for word in words.split():
        side, pixels, filtered = _SIDE.fullmatch(word), _PIXELS.fullmatch(word), _FILTER.fullmatch(word)
        if word == "bg":
            continue
        if is_behind and side:
            block |= {"side": side[1], **({"share": int(side[2])} if side[2] else {})}
        elif is_behind and word in ("cover", "contain", "fit"):
            block["size"] = "contain" if word == "fit" else word
        elif is_behind and re.fullmatch(r"\d{1,3}(\.\d+)?%", word):
            block["size"] = word
        elif pixels:
            block["width" if pixels[1] in ("w", "width") else "height"] = int(pixels[2])
        elif filtered:
            filters[filtered[1]] = filtered[2]
        elif word == "invert":
            block["invert"] = True
        else:
            alt.append(word)
    if is_behind and "side" not in block:
        block["background"] = True
    if filters:
        block["filters"] = filters
    return block | ({"alt": " ".join(alt)} if alt else {})
