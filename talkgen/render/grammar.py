"""The Markdown that both tools read, as markdown-it's tokens: one grammar for all of an author's text.

markdown-it-py is a port of the parser that Marp and Slidev carry; what they add to it alike, formulas between dollars,
is added here. The parser loads with the first text, as light commands need none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from talkgen.errors import OutlineError
from talkgen.outline.citations import CITATION
from talkgen.render.footnotes import REFERENCE
from talkgen.render.formulas import math_block, math_inline

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

LONGEST = 100_000  # characters of one text: some seconds of reading at worst, and far more than a slide can show
_DEEPEST = 20  # levels of quotes, lists and items: the tools lose what lies deeper
# Steps of reading; those of a hundred real decks are 3 a line and 0.2 a character.
_PER_LINE, _PER_CHARACTER, _SPARE = 12, 3, 10_000


Kind = Literal["note", "citation"]


class Marks(Protocol):
    """The footnotes and the works that a text can name."""

    def write(self, kind: Kind, named: str) -> str:
        """What the sign of a footnote or a citation is in the deck, as HTML; "" of one that names none."""


def read_markdown(text: str, marks: Marks | None = None) -> list[Token]:
    """The tokens of a text, in which footnotes and citations are read where `marks` knows them.

    Raises:
        OutlineError: it is too long, or so entangled that reading it would take time without bound.
    """
    return _read(_markdown().parse, text, marks)


def read_line(text: str, marks: Marks | None = None) -> list[Token]:
    """The tokens of a text in which no block can begin."""
    return _read(_markdown().parseInline, text, marks)[0].children or []


def read_html(text: str) -> list[Token]:
    """The tokens of a text in which tags and entities alone mean something, as in a block of HTML: text and tags."""
    return _read(_html().parseInline, text)[0].children or []


def read_tags(text: str) -> list[Token]:
    """The tokens of a text in which tags alone mean something."""
    return _read(_tags().parseInline, text)[0].children or []


def children(tokens: Sequence[Token]) -> Iterator[tuple[Token, Sequence[Token]]]:
    """Each token of the outermost level that opens or stands alone, with those up to the one that closes it."""
    start = depth = 0
    for at, token in enumerate(tokens):
        if depth == 0:
            start = at
        depth += token.nesting
        if depth == 0:
            yield tokens[start], tokens[start + 1 : at]


def _read(parse: Callable[[str, dict[str, Any]], list[Token]], text: str, marks: Marks | None = None) -> list[Token]:
    if len(text) > LONGEST:
        raise OutlineError(
            f"a text of {len(text):,} characters is too long for a slide: '{_beginning(text)}'",
            f"at most {LONGEST:,}; pictures and data go into files beside the outline",
        )
    env: dict[str, Any] = {"marks": marks}
    env |= {"lines": _PER_LINE * text.count("\n") + _SPARE, "characters": _PER_CHARACTER * len(text) + _SPARE}
    tokens = parse(text, env)
    if any(token.level > _DEEPEST for token in tokens):
        raise _entangled(text)
    return tokens


def _entangled(text: str) -> OutlineError:
    return OutlineError(
        f"this text nests brackets, quotes or lists too often to be read: '{_beginning(text)}'",
        "is it meant as code? then put it between fences, or into a block `code:`",
    )


def _beginning(text: str) -> str:
    return " ".join(text[:60].split()) + "…"


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _DEEPEST + 2}).enable(["table", "strikethrough"])
    beginnings = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("table", "budget", _spend_line, {"alt": beginnings})
    parser.block.ruler.after("blockquote", "math_block", math_block, {"alt": beginnings})
    parser.inline.ruler.before("text", "budget", _spend_character)
    parser.inline.ruler.after("escape", "math_inline", math_inline)
    parser.inline.ruler.before("link", "mark", _mark)
    return parser


def _mark(state: StateInline, silent: bool) -> bool:
    """The rule for a footnote's sign, `[^1]`, and a citation, `[@key]`: one that is known is a token with its text."""
    marks: Marks | None = state.env.get("marks")
    if marks is None or state.src[state.pos] != "[":
        return False
    kinds: tuple[tuple[Kind, re.Pattern[str]], ...] = (("note", REFERENCE), ("citation", CITATION))
    for kind, pattern in kinds:
        found = pattern.match(state.src, state.pos, state.posMax)
        written = marks.write(kind, found[1]) if found else ""
        if found and written:
            if not silent:
                state.push("mark", "", 0).content = written
            state.pos = found.end()
            return True
    return False


@cache
def _html() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("zero", {"html": True}).enable(["html_inline", "entity"])


@cache
def _tags() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("zero", {"html": True}).enable(["html_inline"])


def _spend_line(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: ARG001 – a rule's signature
    """A rule that never matches and counts how often the others are asked."""
    return _spend(state, "lines")


def _spend_character(state: StateInline, silent: bool) -> bool:  # noqa: ARG001
    """The same within a line."""
    return _spend(state, "characters")


def _spend(state: StateBlock | StateInline, what: str) -> bool:
    state.env[what] -= 1
    if state.env[what] < 0:
        raise _entangled(state.src)
    return False
