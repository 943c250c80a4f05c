"""What a talk says in prose: its Markdown, titles and notes, as tokens; never what is somebody's source."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it.token import Token

from talkgen.errors import OutlineError
from talkgen.outline.node import Holds, Mark
from talkgen.outline.schema import Outline
from talkgen.outline.walk import Text, find_texts
from talkgen.render.grammar import read_markdown


def find_prose(outline: Outline) -> Iterator[Text]:
    """The texts of a talk that somebody reads or says as prose."""
    for text in find_texts(outline):
        if Mark.VERBATIM not in text.marks and (Holds.MARKDOWN in text.marks or text.path[-1] in ("notes", "title")):
            yield text


def inline_tokens(text: str) -> list[Token]:
    """What stands in the lines of a Markdown text; nothing of one that cannot be read, which a build tells."""
    try:
        return [child for token in read_markdown(text) for child in token.children or ()]
    except OutlineError:
        return []
