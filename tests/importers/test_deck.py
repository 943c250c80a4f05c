"""Decks of other tools as outlines: their own tool gets back the deck that it was."""

import json
import os
from pathlib import Path

import pytest
from dropped import parts_of, unshown
from real_tools import parse_slidev, render_marp_core
from same_deck import compare, decks_in

from talkgen.errors import OutlineError
from talkgen.importers.deck import import_deck
from talkgen.importers.tools import is_slidev
from talkgen.importers.written import to_yaml
from talkgen.outline.load import load_outline
from talkgen.outline.schema import Slide
from talkgen.outline.walk import find_blocks
from talkgen.render.deck import Deck
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev
from talkgen.style import load_style
from talkgen.words import WORDS

DECKS = sorted((Path(__file__).parent / "decks").glob("*.md"))


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def loaded(deck: Path, folder: Path):
    """The typed outline of a deck."""
    folder.mkdir(exist_ok=True)
    return load_outline(write(folder / "outline.yaml", import_deck(deck, print).yaml)).outline


def rendered(deck: Path, folder: Path) -> dict:
    """The files of the deck that a deck's outline becomes for its own tool."""
    outline = loaded(deck, folder)
    resolved = Deck(outline, folder, {}, load_style("plain", folder))
    return (render_marp if outline.native == "marp" else render_slidev)(resolved).files


@pytest.mark.parametrize("deck", DECKS, ids=lambda path: path.stem)
def test_import_is_as_expected(deck):
    """The outline of each deck is the one beside it; a missing one is written and fails."""
    expected, made = deck.with_suffix(".yaml"), import_deck(deck, print).yaml
    if not expected.exists():
        expected.write_text(made, encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and is written: look at it")

    assert made == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("deck", DECKS, ids=lambda path: path.stem)
def test_the_deck_of_an_outline_is_the_deck_it_was(deck, tmp_path):
    """Every slide is the same to its own tool: its page or content, its settings, its notes."""
    assert compare(deck, deck.parent, tmp_path).different == []


@pytest.mark.parametrize("deck", DECKS, ids=lambda path: path.stem)
def test_what_is_gone_in_the_other_tool_is_told(deck, tmp_path):
    """Each word, tag, component, directive, setting and picture of a slide is there, or its note names it."""
    assert compare(deck, deck.parent, tmp_path).untold == []


def test_the_comparison_sees_what_is_gone():
    """Formulas, listings and classes are found where they stand, and missed where they do not."""
    body = ["a $x^2$ b, 5 $ and `$no$`", "<p class='a b'>c</p>\n\n~~~py\nf()\n~~~", {"code": "g()"}, {"math": "y"}]
    slide = Slide.model_validate({"body": body})
    wanted = ["formula x^2", "listing f()", "class a", "class b", "listing g()", "formula y"]
    assert [" ".join(each) for each in parts_of(slide)] == wanted
    assert list(unshown(slide, "", [])) == wanted
    assert list(unshown(slide, "", ["a listing of a file"])) == [each for each in wanted if "listing" not in each]
    assert list(unshown(slide, '$x ^2$ <p class="b a">y</p> f() g()', [])) == []


def test_tool_of_a_deck_is_told():
    """Settings and syntax tell one tool's decks from the other's."""
    tools = {deck.stem: "slidev" if is_slidev(deck.read_text()) else "marp" for deck in DECKS}
    assert tools == {"headings": "marp", "marp": "marp", "odd-marp": "marp", "odd-slidev": "slidev", "slidev": "slidev"}


def test_a_heading_that_is_closed_keeps_its_signs_out_of_a_title(tmp_path):
    """In the other tool they would be text."""
    outline = loaded(write(tmp_path / "d.md", "# C #\n\n---\n\n# C#\n"), tmp_path / "talk")
    assert [(slide.title, len(slide.body)) for slide in outline.slides] == [(None, 1), ("C#", 0)]


@pytest.mark.parametrize(
    "text",
    [
        "---\ntheme: seriph\nbackground: ./a.png\n---\n\n# A\n",
        "# A\n\n<div class='x' v-click>\n\na\n\n</div>\n",
        "# A\n\n----\nlayout: fact\n----\n\n# B\n",
        "# A\n\n```ts {all|1|2-3}\na\n```\n",
        "---\ntheme: default\n---\n\n# A\n\n<Toc />\n",
    ],
)
def test_a_deck_without_settings_of_slidevs_own_is_known_by_its_text(text):
    """A theme's name, a directive, a layout below a longer rule, the steps of a listing, a component."""
    assert is_slidev(text)


def test_nothing_is_added(tmp_path):
    """What the author did not set is not set, and a deck without settings has none."""
    marp = rendered(write(tmp_path / "marp.md", "# One\n\n- `--help` {{ x }}\n"), tmp_path / "one")
    assert marp.keys() == {"deck.md", "marp.json", WORDS}
    assert marp["deck.md"] == "# One\n\n- `--help` {{ x }}"

    text = "---\ntheme: none\n---\n\n# One\n\n---\nhideInToc: false\n---\n\nTwo  \nlines\n"
    deck = write(tmp_path / "slidev.md", text)
    slidev = rendered(deck, tmp_path / "two")
    package = slidev.pop("package.json")
    slidev.pop(WORDS)
    assert json.loads(package) == {"name": "talk", "private": True, "type": "module"}
    assert slidev == {"slides.md": text.replace("none", '"none"')}


def test_blocks_are_what_a_person_would_write(tmp_path):
    """Headings, lists, pictures, listings, tables, quotes and formulas are blocks; the rest is Markdown or raw."""
    outline = loaded(next(deck for deck in DECKS if deck.stem == "odd-marp"), tmp_path)
    kinds = {block.key for _, block in find_blocks(outline)}
    assert kinds >= {"markdown", "bullets", "code", "table", "quote", "math", "image", "html", "mermaid"}
    outline = loaded(next(deck for deck in DECKS if deck.stem == "odd-slidev"), tmp_path)
    kinds = {block.key for _, block in find_blocks(outline)}
    assert kinds >= {"bullets", "code", "columns", "image", "markdown", "mermaid", "raw", "toc"}


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n---\n\nb",
        "a\n---\nb",  # a setext heading
        "a\n\n***\n\n- - -\nb",
        "~~~\n---\n~~~\n\n---\n",
        "<!--\n---\n-->\n\n---\n\nb",
        "> ---\n\n- x\n\n  ---\n",
        "# A\n$$\na\n$$\n---\n# B\n$$ b $$\n---\n```\n$$\n---\n```\n",
        "---\nheadingDivider: [1]\n---\n# A\n\n<!-- _class: of-a -->\n# B\n\n---\n\n# C\n",
    ],
)
def test_marp_slides_are_cut_as_marp_cuts_them(text, tmp_path):
    """A rule at the top level cuts; one in a listing, a comment, a quote or a list does not."""
    files = rendered(write(tmp_path / "d.md", text), tmp_path / "talk")
    before, after = render_marp_core([text, files["deck.md"]])
    assert before == after


@pytest.mark.parametrize(
    "text",
    [
        "# A\n\n---\n\n<!-- above -->\n\n# B\n\n- b\n",
        "# A\n\n---\n\n<!-- above -->\n\n# B\n\nb\n\n<!-- within -->\n\nc\n\n<!-- below -->\n",
        "---\nheader: h\n---\n\n# A\n\n---\n\n<!-- above -->\n<!-- _class: x -->\n\n# B\n",
        "# A\n\n<div>\n\n- a\n\n</div>\n",
        "# A\n\n<div>\n\n- a\n\n</div>",
        "# A\n\n<p>a</p>\n\n\n",
        "# A\n\na\n\n```\nnever closed\n",
        "# A\n\n<div style='display: flex'>\n<div>\n\na\n\n</div>\n<div>\n\nb\n\n</div>\n</div>\n",
    ],
)
def test_a_note_above_and_html_at_the_end_leave_a_slide_its_blocks(text, tmp_path):
    """White space that Marp makes of them is as it was, and the title is the slide's."""
    deck = write(tmp_path / "d.md", text)
    before, after = render_marp_core([text, rendered(deck, tmp_path / "talk")["deck.md"]])
    assert before == after
    assert [slide.title for slide in loaded(deck, tmp_path / "talk").slides] == ["A", "B"][: len(before)]


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n---\n\nb",
        "a\n---\nlayout: center\n---\nb",
        "a\n----\nb",
        "```\n---\n```\n---\nlayout: x\n---\n",
        "````md\n```\n---\n```\n````\n\n---\n\nb",
        "<!--\n---\n-->\n\n---\n\nb",
        "`<!--`\n\n---\n\nb -->",
        "a\n\n---\n\n```yaml\nlayout: end\n```\n\nb",
        "a [^1]\n\n</div>\n\n[^1]: b",
        "a <!-- -->\n\n---\nhide: true\n---\n\nb\n\n<!-- -->",
    ],
)
def test_slidev_slides_are_cut_as_its_parser_does(text, tmp_path):
    """Any line that begins with three dashes cuts, but in a listing or a comment."""
    text = f"---\ntheme: none\nmdc: true\n---\n\n{text}"
    files = rendered(write(tmp_path / "d.md", text), tmp_path / "talk")
    before, after = parse_slidev([text, files["slides.md"]])
    assert before == after


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "d.md:1:1: the deck is empty"),
        (" \n\n", "d.md:1:1: the deck is empty"),
        ('{"cells": []}\n', "d.md:1:1: this is JSON, not a deck"),
        ("[1,\n 2]", "d.md:1:1: this is JSON, not a deck"),
        ("<!DOCTYPE html>\n<html></html>", "d.md:1:1: this is a page, not a deck"),
        ("Just a text.\nIt goes on.\n\nAnd on.\n", "d.md:1:1: this is plain text, not a deck"),
    ],
)
def test_what_is_no_deck_is_refused(tmp_path, text, message):
    """A file that cannot be a deck gets a message with its place."""
    with pytest.raises(OutlineError) as caught:
        import_deck(write(tmp_path / "d.md", text), print)
    assert message in str(caught.value)


def test_a_document_of_quarto_is_not_taken_for_a_deck(tmp_path):
    """Its slides are cut by headings, as a notebook's are: what makes one of it is named."""
    with pytest.raises(OutlineError, match="a document of Quarto") as caught:
        import_deck(write(tmp_path / "d.qmd", "## One\n\n- a\n\n## Two\n"), print)
    assert f"quarto convert {tmp_path / 'd.qmd'}" in caught.value.problems[0].hint


def test_a_broken_slide_is_told_and_the_rest_is_there(tmp_path):
    """Settings that are no YAML are told with their line; every slide comes through as its tool reads it."""
    text = "---\ntheme: none\nlayout: cover\n---\n\n# One\n\n---\nclass: [a\n---\n\n# Two\n\n---\n\n# Three\n"
    imported = import_deck(write(tmp_path / "d.md", text), print)
    assert [said.line for said in imported.said] == [10]
    assert len(loaded(tmp_path / "d.md", tmp_path / "talk").slides) == 3


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("# One\n\n```py\nx\n\n---\n\n# Two\n", 3, "this listing never ends"),
        ("# One\n\n~~~~\n~~~\n", 3, "this listing never ends"),
        ("# One\n\n<!-- a\n\n---\n\n# Two\n", 3, "this comment never ends"),
    ],
)
def test_what_never_ends_is_told(tmp_path, text, line, what):
    """With the line where it begins; what ends is not told."""
    imported = import_deck(write(tmp_path / "d.md", text), print)
    assert [(each.line, each.message.split(":")[0]) for each in imported.said] == [(line, what)]
    fine = "# One\n\n```py\nx\n```\n\n````\n```\n````\n\n<!-- a -->\n\n```\n```\n"
    assert import_deck(write(tmp_path / "e.md", fine), print).said == []


@pytest.mark.parametrize("head", ["marp: true", "mdc: true\nlayout: cover"], ids=["marp", "slidev"])
@pytest.mark.parametrize(
    "odd", ["> " * 300 + "x", f"![a](data:image/png;base64,{'A' * 120_000})"], ids=["entangled", "long"]
)
def test_a_slide_that_cannot_be_read_stays_as_it_stands(tmp_path, head, odd):
    """It is its own tool's; the others become blocks."""
    deck = write(tmp_path / "d.md", f"---\n{head}\n---\n\n# One\n\n{odd}\n\n---\n\n# Two\n\n- a\n")
    assert compare(deck, tmp_path, tmp_path / "talk").different == []
    assert loaded(deck, tmp_path / "again").slides[1].title == "Two"


def test_an_outline_is_written_only_if_build_reads_it(tmp_path):
    """One of two megabytes is read; a larger one, or one of too many values, is refused before."""
    deck = tmp_path / "d.md"
    with pytest.raises(OutlineError, match="the deck is too large: its outline would have"):
        to_yaml({"slides": [{"title": "x" * 5_000_000}]}, deck)
    with pytest.raises(OutlineError, match="the deck is too large: its outline would have"):
        to_yaml({"slides": [{"body": [["x"] * 300_000]}]}, deck)
    text = to_yaml({"title": "Many", "slides": [{"title": "x" * 1_000}] * 2_000}, deck)
    assert len(load_outline(write(tmp_path / "outline.yaml", text)).outline.slides) == 2_000


@pytest.mark.linux
@pytest.mark.parametrize("name", ["d.md", "d.ipynb", "d.pptx"])
def test_a_pipe_is_refused(tmp_path, name):
    """It may never end; nothing waits for it."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(OutlineError, match="save its content to a file"):
        import_deck(tmp_path / name, print)


def test_lines_that_end_in_carriage_returns(tmp_path):
    """They are lines, and it is said."""
    imported = import_deck(write(tmp_path / "d.md", "# One\r\r---\r\r# Two\r"), print)
    assert len(imported.said) == 1
    assert len(loaded(tmp_path / "d.md", tmp_path / "talk").slides) == 2


def test_hostile_decks_are_text(tmp_path):
    """Tags that would make objects are text; control characters are dropped."""
    deck = write(tmp_path / "d.md", "---\nmarp: true\nown: !!python/object/apply:os.system [ls]\n---\n\n# One\n")
    assert loaded(deck, tmp_path / "one").directives == {}
    assert loaded(write(tmp_path / "e.md", "# One\x08\n\ntext\x00\n"), tmp_path / "two").slides[0].title == "One"


def test_slides_of_other_files_come_in_their_place(tmp_path):
    """`src` is Slidev's include: each slide keeps its own settings and has its files beside its own deck."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.png").write_bytes(b"a")
    write(tmp_path / "pages" / "two.md", "# Two\n\n![](./a.png)\n\n---\nlayout: end\n---\n\n# Three\n")
    deck = write(
        tmp_path / "d.md",
        "---\ntheme: none\n---\n\n# One\n\n---\nsrc: ./pages/two.md\nclass: x\n---\n\n"
        "---\nsrc: ../../etc/passwd\n---\n",
    )
    imported = import_deck(deck, print)
    outline = loaded(deck, tmp_path / "talk")
    assert [slide.title for slide in outline.slides] == ["One", "Two", "Three", None]
    assert [slide.class_ for slide in outline.slides] == [None, "x", "x", None]
    assert outline.slides[1].folder == "pages"
    assert list(imported.files.copies) == ["pages/a.png"]
    assert "refused: ../../etc/passwd is outside the project" in imported.said[0].message
    assert imported.said[0].line == 12


REAL = Path(os.environ["TALKGEN_DECKS"]) if os.environ.get("TALKGEN_DECKS") else None

if REAL:
    every = 1 if os.environ.get("TALKGEN_DECKS_ALL") else 4

    @pytest.mark.slow
    @pytest.mark.parametrize(("deck", "root"), decks_in(REAL)[::every], ids=lambda path: path.stem)
    def test_real_decks_are_the_decks_they_were(deck, root, tmp_path):
        """The same slides to their own tool; in the other all that is not there is told."""
        found = compare(deck, root, tmp_path / "talk")
        assert found.different == []
        assert found.untold == []
