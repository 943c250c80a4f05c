"""A stranger's long texts are read once: what goes through them for each beginning takes longer than a test may."""

import pytest

from talkgen.export.page import _STYLE
from talkgen.importers.marp import _comment
from talkgen.importers.outputs import _FORMULA
from talkgen.importers.project import _IMPORTED
from talkgen.importers.shapes import _FILE_NAME
from talkgen.outline.themes import name_in
from talkgen.render.foreign import _OWN

LONG = 1_000_000


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
        lambda: _IMPORTED.search("from" + " " * LONG),
        lambda: _IMPORTED.search("from( " * LONG),
        lambda: _FORMULA.fullmatch(" " * LONG + "x"),
        lambda: _FORMULA.fullmatch("$x" + "$ " * LONG + "x"),
        lambda: _FORMULA.fullmatch("$" + " " * LONG + "x"),
        lambda: _FILE_NAME.fullmatch(".png" * LONG + "x"),
        lambda: [*_STYLE.finditer("<style>" * LONG)][2:],
        lambda: _OWN.search("![bg " * LONG),
        lambda: _OWN.search("![bg](" * LONG),
    ],
)
def test_what_never_ends_is_read_once(search):
    """However often it begins."""
    assert not search()
