"""The notes of a Marp slide that stand within its text: Marp reads every comment that sets nothing as one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from talkgen.errors import OutlineError
from talkgen.outline.schema import Slide
from talkgen.outline.walk import find_texts
from talkgen.render.grammar import read_markdown

_COMMENT = re.compile(r"<!--(?P<said>.*?)(?:-->|\Z)", re.DOTALL)  # one that never ends is read once
_SETS = re.compile(
    r"^[_$]?(?:theme|style|size|math|lang|headingDivider|class|header|footer|paginate|color|transition|marp|"
    r"background(?:Color|Image|Position|Repeat|Size))\s*:",
    re.MULTILINE,
)
_FOR_TOOLS = re.compile(r"(?:prettier-ignore|(?:markdownlint|textlint|remark-lint|lint)\b)")


def notes_within(slide: Slide) -> Iterator[str]:
    """What the comments in a slide's text say, its listings apart."""
    for text in find_texts(slide):
        if text.path[0] == "body" and text.path[-1] != "code" and "<!--" in text.text:
            for said in _comments(text.text):
                if said and said != "fit" and not _SETS.search(said) and not _FOR_TOOLS.match(said):
                    yield said


def _comments(source: str) -> Iterator[str]:
    try:
        tokens = read_markdown(source)
    except OutlineError:  # too long or too entangled
        return
    for token in tokens:
        for each in (token, *(token.children or ())):
            if each.type in ("html_block", "html_inline"):
                found = _COMMENT.finditer(each.content)
                yield from (comment["said"].strip("-").strip() for comment in found if comment[0].endswith("-->"))
