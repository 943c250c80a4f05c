"""What is odd about the text of a deck: that it is none, or that something in it is never closed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from talkgen.errors import OutlineError, Place
from talkgen.importers.said import Said

# What a deck has and a text that somebody wrote to be read does not need: settings, rules, headings, pictures, lists.
_OF_A_DECK = re.compile(
    r"^ {0,3}(?:---|\*\*\*|___|===|#{1,6}(?:\s|$)|[-*+] |\d+[.)] |```|~~~|\||\$\$|>|<|!\[|::\w)|<!--|!\[", re.MULTILINE
)
_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|\?xml)\b", re.IGNORECASE)
_FENCE = re.compile(r"(?: {0,3}+> ?+)*+ *+(?P<ticks>`{3,}|~{3,})")


def check_deck(text: str, path: Path) -> None:
    """Refuses what cannot be a deck.

    Raises:
        OutlineError: it is empty, JSON, a page of HTML, Quarto's, or nothing but paragraphs.
    """
    start, hint = Place(path, 1, 1), "a deck is a Markdown file of Marp or Slidev"
    if not text.strip():
        raise OutlineError("the deck is empty", "", start)
    if _is_json(text):
        raise OutlineError("this is JSON, not a deck", hint, start)
    if _PAGE.match(text):
        raise OutlineError("this is a page, not a deck", hint, start)
    name, suffix = quote(str(path)), path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        raise OutlineError("this is YAML, not a deck", f"an outline needs no import: talkgen build {name}", start)
    if suffix in (".qmd", ".rmd"):
        raise OutlineError("this is a document of Quarto", f"import the notebook of it: quarto convert {name}", start)
    if not _OF_A_DECK.search(text):
        raise OutlineError("this is plain text, not a deck: it has no title, no rule and no list", hint, start)


def _is_json(text: str) -> bool:
    if text.lstrip()[0] not in "{[":
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text.lstrip()[0] == "{" and text.rstrip()[-1] == "}"
    return True


def never_closed(text: str, path: Path) -> Iterator[Said]:
    """The listings and comments that go on to the end of the deck, with all that was meant to follow them."""
    from markdown_it import MarkdownIt

    lines = text.split("\n")
    for token in MarkdownIt("commonmark", {"html": True}).parse(text):
        if not token.map or token.level:
            continue
        first, last = token.map
        if token.type == "fence":
            end = _FENCE.match(lines[last - 1])
            closes = last - 1 > first and end and end["ticks"].startswith(token.markup)
            if not (closes and not lines[last - 1].strip().strip(token.markup[0])):
                yield Said(path, first + 1, "this listing never ends: all that follows is in it")
        elif token.type == "html_block" and token.content.lstrip().startswith("<!--") and "-->" not in token.content:
            yield Said(path, first + 1, "this comment never ends: all that follows is in it")
