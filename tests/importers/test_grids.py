"""What stands side by side in an author's own HTML: columns of blocks, wherever its tool gets the same back."""

from contextlib import suppress

import pytest
from same_deck import compare

from talkgen.errors import OutlineError
from talkgen.importers.deck import import_deck
from talkgen.outline.load import load_outline
from talkgen.render.deck import Deck
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev
from talkgen.style import load_style

SLIDEV = "---\ntheme: default\nlayout: center\n---\n\n"
MARP = "---\nmarp: true\n---\n\n"
APART = '<div class="grid grid-cols-2 gap-4">\n\n<div>\n\n- a\n- b\n\n</div>\n\n<div>\n\n![](c.png)\n\n</div>\n\n</div>'
STYLE = '<div style="display: grid; grid-template-columns: 1fr 1fr">'
TIGHT = f"{STYLE}\n<div>\n\n- a\n- b\n</div>\n<div>\n\n$$x$$\n</div>\n</div>"
ALONE = '<div class="columns">\n\n- a\n\n1. b\n\n</div>'
WITHIN = f'<div class="flex">\n<div>\n\n{APART}\n\n</div>\n<div>\n<p>html</p>\n</div>\n</div>'


def imported(text, folder):
    """The deck's file, and its outline."""
    deck = folder / "deck.md"
    deck.write_text(text, encoding="utf-8")
    folder.joinpath("outline.yaml").write_text(import_deck(deck, print).yaml, encoding="utf-8")
    return deck, load_outline(folder / "outline.yaml").outline


@pytest.mark.parametrize("head", [SLIDEV, MARP], ids=["slidev", "marp"])
@pytest.mark.parametrize("grid", [APART, TIGHT, ALONE, WITHIN], ids=["apart", "tight", "alone", "within"])
def test_a_grid_is_columns_and_the_same_deck(head, grid, tmp_path):
    """With blank lines or none, of elements or of bare blocks, one in another."""
    deck, outline = imported(f"{head}# Title\n\nAbove\n\n{grid}\n\nBelow\n", tmp_path)
    above, block, below = outline.slides[0].body
    assert (above.key, block.key, below.key) == ("markdown", "columns", "markdown")
    assert block.columns[0][0].key == ("columns" if grid == WITHIN else "bullets")
    assert len(block.columns) == 2
    assert compare(deck, tmp_path, tmp_path / "talk").different == []


@pytest.mark.parametrize(
    "grid",
    [
        APART.replace("<div>", "<div v-for='a in b'>", 1),
        APART.replace("grid-cols-2", "grid-cols-1"),
        APART.replace("grid grid-cols-2", "box"),
        APART.replace("<div>\n", "<div>Text\n", 1),
        APART.replace("</div>\n\n</div>", "</div>\n\n<hr>\n\n</div>"),
        APART.replace("\n\n- a", "\n\n\n- a"),
    ],
    ids=["vue", "rows", "no grid", "text among tags", "more than elements", "blank lines"],
)
def test_what_no_columns_give_back_stays(grid, tmp_path):
    """Its source is in the outline as it stood, and the deck is the same."""
    deck, outline = imported(f"{SLIDEV}# Title\n\n{grid}\n", tmp_path)
    assert "columns" not in [block.key for block in outline.slides[0].body]
    assert compare(deck, tmp_path, tmp_path / "talk").different == []


@pytest.mark.parametrize(("head", "render"), [(SLIDEV, render_marp), (MARP, render_slidev)], ids=["marp", "slidev"])
def test_the_other_tool_shows_the_authors_grid(head, render, tmp_path):
    """The elements stand around the blocks, blank lines let Markdown in, and nothing is lost."""
    _, outline = imported(f"{head}# Title\n\n{TIGHT}\n", tmp_path)
    rendering = render(Deck(outline, tmp_path, {}, load_style("plain", tmp_path)))
    page = str(rendering.files.get("deck.md") or rendering.files["slides.md"])
    at = [
        page.index(each)
        for each in ("grid-template-columns: 1fr 1fr", "- a\n- b\n\n</div>\n<div>\n\n$$", "</div>\n</div>")
    ]
    assert at == sorted(at)
    assert rendering.degraded == ()


@pytest.mark.parametrize(
    "text", ["<style>" * 200 + "\x01", "> " * 200 + "x", "-" * 100_000, "`" * 3_000, "<b " * 5_000]
)
def test_a_strangers_deck_is_read_in_time(text, tmp_path):
    """However often it begins something that it does not end; the test would not end."""
    for head in (SLIDEV, MARP, ""):
        (tmp_path / "deck.md").write_text(f"{head}{text}\n\n{text}", encoding="utf-8")
        with suppress(OutlineError):
            import_deck(tmp_path / "deck.md", print)


def test_tags_around_columns_fit_each_other(tmp_path):
    """Each column stands between two texts, and what one opens another closes."""
    for around in (["<div>", "</div>"], ["<div>", "", "<p></div>"]):
        tmp_path.joinpath("outline.yaml").write_text(
            f"title: T\nslides: [{{body: [{{columns: [[a], [b]], around: {around}}}]}}]\n", encoding="utf-8"
        )
        with pytest.raises(OutlineError, match="around must be 3 texts, whose tags fit each other"):
            load_outline(tmp_path / "outline.yaml")
