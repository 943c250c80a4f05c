"""What a slide holds reaches the source of both targets: its lists, tables and notes; read without either tool."""

import html
import re

import pytest
import yaml
from decks import make_deck
from markdown_it import MarkdownIt

from talkgen.export.marp import export_marp
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
NOTES = [
    "Say this slowly.\nThen wait.",
    "an arrow --> there, and --!> too, then more",
    "color: red is what you say",
    "---\nafter dashes",
]


def sources(slide, folder):
    """A slide's source in each target, without what stands before it in the deck."""
    deck = make_deck([slide], folder)
    for name, text in (
        ("marp", render_marp(deck).files["deck.md"]),
        ("slidev", render_slidev(deck).files["slides.md"]),
    ):
        yield name, text.split("\n---\n", 1)[1]


def test_columns_of_tables_keep_their_sides(tmp_path):
    """Left, centred and right are where the author put them, in a table block and in Markdown."""
    block = {"table": {"head": ["a", "b", "c"], "rows": [["1", "2", "3"]], "align": ["left", "center", "right"]}}
    for body in (block, "| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |"):
        for target, source in sources({"body": [body]}, tmp_path):
            cells = [token for token in PARSER.parse(source) if token.type in ("th_open", "td_open")]
            sides = [str(token.attrs.get("style")).removeprefix("text-align:") for token in cells]
            assert sides == ["left", "center", "right"] * 2, target


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("reveal", [False, True])
def test_lists_are_shown_one_by_one_where_they_ask_for_it(reveal, numbered, tmp_path):
    """Marp shows `*` and `1)` items one by one, Slidev what stands in `v-clicks`; all others are shown at once."""
    slide = {"body": [{"bullets": ["one", {"two": ["three"]}], "reveal": reveal, "numbered": numbered}]}
    for target, source in sources(slide, tmp_path):
        items = [token.markup for token in PARSER.parse(source) if token.type == "list_item_open"]
        assert len(items) == 3
        assert (set(items) <= {"*", ")"}) is (reveal and target == "marp"), items
        assert ("<v-clicks" in source) is (reveal and target == "slidev")


@pytest.mark.parametrize("notes", NOTES)
def test_notes_are_one_comment_that_holds_every_word(notes, tmp_path):
    """The last comment of the slide, which neither ends early nor begins with a word that Marp takes for a setting."""
    for target, source in sources({"title": "T", "body": ["text"], "notes": notes}, tmp_path):
        comments = re.findall(r"<!--(.*?)--!?>", source, re.DOTALL)
        assert source.count("<!--") == len(comments)
        assert re.findall(r"\w+", html.unescape(comments[-1])) == re.findall(r"\w+", notes), target
        assert source.rstrip().endswith("-->")
        assert not re.match(r"\s*[\w$-]+\s*:", comments[-1])


def test_an_end_of_a_comment_in_text_is_text(tmp_path):
    """It neither ends a comment before it nor the note behind it."""
    slide = {"title": "a --> b", "body": ["c --> d <!-- gone --> e"], "notes": "f"}
    for target, source in sources(slide, tmp_path):
        assert [words.strip() for words in re.findall(r"<!--(.*?)-->", source, re.DOTALL)] == ["f"], target
        page = re.sub(r"<!--.*?-->|<[^>]*>", "", PARSER.render(source), flags=re.DOTALL)
        assert re.findall(r"\w", html.unescape(page)) == list("abcde"), target


def test_settings_of_a_slide_do_not_end_their_comment(tmp_path):
    """Marp reads them from one."""
    slide = {"body": ["x"], "directives": {"_header": "a --> b"}}
    text = render_marp(make_deck([slide], tmp_path)).files["deck.md"]
    comments = re.findall(r"<!--(.*?)-->", text, re.DOTALL)
    assert [yaml.safe_load(comment) for comment in comments] == [{"_header": "a --> b"}]


def test_tasks_have_their_boxes_as_signs(tmp_path):
    """In a list of Markdown as in a list block; elsewhere brackets are brackets."""
    for body in ("- [ ] one\n- [x] two\n\n[x] three", {"bullets": ["[ ] one", "[X] two", "\\[x] three"]}):
        for _, source in sources({"body": [body]}, tmp_path):
            page = html.unescape(re.sub(r"<[^>]*>", "", PARSER.render(source)))
            assert all(words in page for words in ("☐ one", "☑ two", "[x] three"))


def test_marks_of_clicks_in_notes_are_for_the_tool_that_knows_them(tmp_path):
    """Slidev shows them as the clicks they are; Marp would read them aloud."""
    found = dict(sources({"body": ["x"], "notes": "one [click] two\n[click:3] three"}, tmp_path))
    assert "one two\nthree" in found["marp"]
    assert "one [click] two\n[click:3] three" in found["slidev"]


@pytest.mark.slow
def test_emoji_and_their_names_stay_text(tmp_path):
    """Marp itself, as it is run for a deck, makes no pictures of them that another host would be asked for."""
    deck = make_deck([{"title": "🚀 :rocket: x", "body": ["🚀 :rocket: y"]}], tmp_path)
    folder = tmp_path / "deck"
    folder.mkdir()
    (folder / "deck.md").write_text(
        render_marp(deck).files["deck.md"].replace('"night"', '"default"'), encoding="utf-8"
    )
    (page,) = export_marp(folder, "html", print)
    text = page.read_text(encoding="utf-8")
    assert "🚀 :rocket: x</h1>" in text
    assert "🚀 :rocket: y</p>" in text
    assert not re.search("<img|twemoji", text)
    assert "🚀 :rocket: y" in render_slidev(deck).files["slides.md"]
