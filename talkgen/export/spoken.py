"""A slide's notes, which are Markdown, as the paragraphs of a PowerPoint text: bold and italic words, no signs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class _Writer:
    """Writes tokens of Markdown into the text of a shape, a paragraph a line."""

    frame: Any
    paragraph: Any = None
    marks: list[str] = field(default_factory=list)  # open around what is written
    lists: list[int | None] = field(default_factory=list)  # open lists, the next number of those that have numbers
    link: str | None = None  # where the words lead that are written
    sign: str = ""  # of an item that has not begun yet

    def block(self, token: Any) -> None:
        """One token between paragraphs, or the text of one."""
        match token.type:
            case "bullet_list_open":
                self.lists.append(None)
            case "ordered_list_open":
                self.lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self.sign = self.next_sign()
            case "inline":
                self.line()
                for child in token.children:
                    self.inline(child)
            case "fence" | "code_block" | "html_block":
                for line in token.content.rstrip("\n").split("\n"):
                    self.line()
                    self.run(line)

    def next_sign(self) -> str:
        """What stands before an item of the innermost list."""
        number = self.lists[-1]
        if number is None:
            return "\N{BULLET} "
        self.lists[-1] = number + 1
        return f"{number}. "

    def line(self) -> None:
        """Begins a paragraph, one item further in for each list around it."""
        first = self.paragraph is None
        self.paragraph = self.frame.paragraphs[0] if first else self.frame.add_paragraph()
        self.paragraph.level = min(max(len(self.lists) - 1, 0), 8)
        if self.sign:
            self.run(self.sign)
            self.sign = ""

    def inline(self, token: Any) -> None:
        """One piece of a paragraph."""
        match token.type:
            case "strong_open" | "em_open":
                self.marks.append(token.tag)
            case "strong_close" | "em_close":
                self.marks.pop()
            case "softbreak" | "hardbreak":
                self.line()
            case "link_open":
                self.link = token.attrGet("href")
            case "link_close":
                self.link = None
            case _:  # an image's words stand for it
                self.run(token.content)

    def run(self, text: str) -> None:
        """Text with the marks that are open around it."""
        if not text:
            return
        run = self.paragraph.add_run()
        run.text = text
        if "strong" in self.marks:
            run.font.bold = True
        if "em" in self.marks:
            run.font.italic = True
        if self.link:
            run.hyperlink.address = self.link


def write_spoken(frame: Any, notes: str) -> None:
    """Writes notes into an empty text frame."""
    from markdown_it import MarkdownIt

    writer = _Writer(frame)
    for token in MarkdownIt("commonmark", {"html": False}).parse(notes):
        writer.block(token)
