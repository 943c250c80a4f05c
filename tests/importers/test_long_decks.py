"""A stranger's long texts are read once: what goes through them for each beginning takes longer than a test may."""

import pytest

from talkgen.export.page import _STYLE
from talkgen.importers.compose import _why_slidev
from talkgen.importers.grids import _is_beside
from talkgen.importers.marp import _comment
from talkgen.importers.outputs import _FORMULA
from talkgen.importers.pieces import Piece, Tags
from talkgen.importers.project import _IMPORT, _IMPORTED
from talkgen.importers.prose import as_prose
from talkgen.importers.shapes import _FILE_NAME
from talkgen.importers.texts import plain_links
from talkgen.outline.themes import name_in
from talkgen.render.foreign import _OWN

LONG = 1_000_000


def _piece(kind: str, source: str) -> Piece:
    return Piece(kind, source, 0, 1)


@pytest.mark.parametrize(
    ("says", "markup"),
    [
        ("a note", " <!---  a note \n--> "),
        ("- a", "<!-- - a -->"),
        ("a\n\nb", "<!--a\n\nb-->"),
        ("", "<!---->"),
        ("", "<!-- a"),
        ("", "<!--" + " " * LONG + "x"),
        ("", "<!--" + "-" * LONG + "x"),
        ("x", "<!--" + " -" * LONG + "x-->"),
    ],
)
def test_what_a_comment_says(says, markup):
    """Without the white space and the dashes around it."""
    assert _comment(markup).removeprefix("- " * (LONG - 1) + "-").lstrip() == says


@pytest.mark.parametrize(
    "search",
    [
        lambda: name_in("/* " * LONG),
        lambda: name_in("/*" + "@theme " * LONG),
        lambda: _IMPORT.search("@import" + " " * LONG),
        lambda: _IMPORT.search("@import url(" + " " * LONG),
        lambda: _IMPORTED.search("from" + " " * LONG),
        lambda: _IMPORTED.search("from( " * LONG),
        lambda: _FORMULA.fullmatch(" " * LONG + "x"),
        lambda: _FORMULA.fullmatch("$x" + "$ " * LONG + "x"),
        lambda: _FORMULA.fullmatch("$" + " " * LONG + "x"),
        lambda: _FILE_NAME.fullmatch(".png" * LONG + "x"),
        lambda: [*_STYLE.finditer("<style>" * LONG)][2:],
        lambda: _OWN.search("![bg " * LONG),
        lambda: _OWN.search("![bg](" * LONG),
        lambda: _is_beside(f'<div class="{" flex" * LONG} flex-col">', 2),
        lambda: _is_beside(f'<div style="{"display: flex; " * LONG} flex-direction: column">', 2),
        lambda: _why_slidev([_piece("fence", "`" * LONG)], "`" * LONG, Tags()),
        lambda: _why_slidev([_piece("html", "\n" * LONG)], "\n" * LONG, Tags()),
    ],
)
def test_what_never_ends_is_read_once(search):
    """However often it begins."""
    assert not search()


@pytest.mark.parametrize("text", ["[" * LONG, "[a](" + "[" * LONG, "]" * LONG])
def test_brackets_that_open_nothing_stay_as_they_are(text):
    """Those before one that closes a link are signs of the text; each is looked at once."""
    shown = as_prose(text)
    assert shown.replace("\\[", "[") == text
    assert shown.count("\\") == text.count("](")


@pytest.mark.parametrize("piece", ["[#", "[a](#", "<a href=#b", "<a href=#b>", "<a href=#b ", "[a](#b) "])
def test_links_that_lead_nowhere_are_looked_for_once(piece):
    """However many begin, and however many names they have."""
    text = piece * (LONG // 10)
    assert 0 < len(plain_links(text, {"c"}, lambda _slide, _name: None)) <= len(text)


def test_each_of_many_dead_links_is_its_words():
    """In a text, and in tags."""
    told = []
    text = "".join(f"[w{n}](#x{n}) <a class=k href='#y{n}'>v{n}</a> " for n in range(3_000)) + "[k](#c)"
    shown = plain_links(text, {"c"}, lambda _slide, name: told.append(name))
    assert shown == "".join(f"w{n} v{n} " for n in range(3_000)) + "[k](#c)"
    assert len(told) == 6_000
