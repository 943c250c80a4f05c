"""The text of a PowerPoint shape as blocks: paragraphs as Markdown, those with bullets as lists; knows no slide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from talkgen.importers.blocks import Block
from talkgen.importers.prose import as_prose

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WEB = ("http:", "https:", "mailto:")


@dataclass(frozen=True)
class Paragraph:
    """A paragraph as Markdown: how deep it is, and how its bullet is drawn: "", "char" or "number"."""

    text: str
    level: int
    bullet: str


def frame_blocks(shape: Any, say: Callable[[str], None]) -> list[Block | str]:
    """The blocks of all paragraphs of a shape; neighbours with bullets are one list."""
    blocks: list[Block | str] = []
    run: list[Paragraph] = []
    for paragraph in [*paragraphs(shape, say), None]:
        if paragraph and paragraph.bullet:
            run.append(paragraph)
            continue
        if run:
            is_numbered = all(each.bullet == "number" for each in run if each.level == run[0].level)
            blocks.append({"bullets": _nested(run), **({"numbered": True} if is_numbered else {})})
            run = []
        if paragraph and paragraph.text:
            blocks.append(paragraph.text)
    return blocks


def paragraphs(shape: Any, say: Callable[[str], None]) -> Iterator[Paragraph]:
    """The paragraphs of a shape that say something."""
    for paragraph in shape.text_frame.paragraphs:
        text = inline(paragraph, say)
        if text:
            bullet = _bullet(shape, paragraph)
            yield Paragraph(text.replace("\n", "<br>" if bullet else "\\\n"), paragraph.level, bullet)


def one_line(text_frame: Any, say: Callable[[str], None]) -> str:
    """The text of a frame as one line of Markdown."""
    lines = [inline(paragraph, say).replace("\n", " ") for paragraph in text_frame.paragraphs]
    return " ".join(" ".join(lines).split())


def inline(paragraph: Any, say: Callable[[str], None]) -> str:
    """A paragraph as Markdown, with its line breaks."""
    parts: list[tuple[str, str, str]] = []  # signs around it, what it links to, and the text
    for node in paragraph._p:
        tag = node.tag
        if tag == f"{A}br":
            parts.append(("", "", "\n"))
        elif tag in (f"{A}r", f"{A}fld"):
            text = _CONTROL.sub(" ", node.findtext(f"{A}t") or "")
            parts.append((_signs(node.find(f"{A}rPr")), _link(paragraph, node, say), text))
        elif (math := list(node.iter(f"{_MATH}t"))) and tag != f"{A}pPr":
            say("a formula is plain text")
            parts.append(("", "", "".join(each.text or "" for each in math)))
    return "".join(_written(part) for part in _joined(parts)).strip()


def _joined(parts: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Neighbours that look alike as one."""
    joined: list[tuple[str, str, str]] = []
    for signs, link, text in parts:
        if joined and joined[-1][:2] == (signs, link):
            joined[-1] = (signs, link, joined[-1][2] + text)
        else:
            joined.append((signs, link, text))
    return joined


def _written(part: tuple[str, str, str]) -> str:
    signs, link, text = part
    inner = text.strip()
    if not inner:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    prose = f"{signs}{as_prose(inner)}{signs}"
    return f"{before}{f'[{prose}](<{link}>)' if link else prose}{after}"


def _signs(look: Any) -> str:
    if look is None:
        return ""
    struck = "~~" if look.get("strike", "noStrike") != "noStrike" else ""
    return struck + ("**" if look.get("b") in ("1", "true") else "") + ("*" if look.get("i") in ("1", "true") else "")


def _link(paragraph: Any, run: Any, say: Callable[[str], None]) -> str:
    """What a run links to on the web; other links are told."""
    found = run.find(f"{A}rPr/{A}hlinkClick")
    if found is None:
        return ""
    name = found.get("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id")
    relation = paragraph.part.rels.get(name) if name else None
    address = relation.target_ref if relation is not None and relation.is_external else ""
    if address.startswith(_WEB) and not re.search(r"[\s<>]", address):
        return str(address)
    say(f"a link to {address or 'another slide'} is plain text")
    return ""


def _nested(run: Sequence[Paragraph]) -> list[Any]:
    """Paragraphs with bullets as a list; one that is deeper than the one before is below it."""
    items: list[Any] = []
    at = 0
    while at < len(run):
        end = at + 1
        while end < len(run) and run[end].level > run[at].level:
            end += 1
        items.append({run[at].text: _nested(run[at + 1 : end])} if end > at + 1 else run[at].text)
        at = end
    return items


def _bullet(shape: Any, paragraph: Any) -> str:
    """How a paragraph's bullet is drawn, as the nearest of the styles says that hold for it."""
    for style in _styles(shape, paragraph):
        for node in style if style is not None else ():
            if node.tag in (f"{A}buNone", f"{A}buChar", f"{A}buBlip", f"{A}buAutoNum"):
                return {f"{A}buNone": "", f"{A}buAutoNum": "number"}.get(node.tag, "char")
    return ""


def _styles(shape: Any, paragraph: Any) -> Iterator[Any]:
    """The styles of a paragraph, the nearest first: its own, its shape's, the layout's, the master's."""
    level = f"{A}lvl{paragraph.level + 1}pPr"
    yield paragraph._p.find(f"{A}pPr")
    around = shape
    while around is not None:
        yield around._element.find(f"{P}txBody/{A}lstStyle/{level}")
        around = getattr(around, "_base_placeholder", None) if shape.is_placeholder else None
    if shape.is_placeholder:
        master = shape.part.slide_layout.slide_master._element
        yield master.find(f"{P}txStyles/{P}bodyStyle/{level}")
