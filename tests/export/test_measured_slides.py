"""Slides measured in the real browser, in decks that the real tools built."""

import re

import pytest

from talkgen.export.marp import export_marp
from talkgen.export.slides import look_at_slides

pytestmark = pytest.mark.slow

DECK = """---
marp: true
lang: en
---

# Fits

A line.

---

# Too tall

![](tall.svg)

---

# Too wide

<div style="white-space:nowrap">WIDE</div>

---

# Cut

<div style="overflow:hidden;width:200px;white-space:nowrap">a text that is far longer than its box</div>

---

# Small

<p style="font-size:9px">who can read this</p>
<img src="https://pictures.invalid/x.png">
"""


@pytest.fixture(scope="module")
def look(tmp_path_factory):
    """What is seen of the deck above."""
    folder = tmp_path_factory.mktemp("deck")
    wide = "a very long line " * 20
    tall = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="900"><rect width="300" height="900"/></svg>'
    (folder / "tall.svg").write_text(tall, encoding="utf-8")
    (folder / "deck.md").write_text(DECK.replace("WIDE", wide), encoding="utf-8")
    page = export_marp(folder, "html", print)[0]
    return look_at_slides(page, "marp", 5, (1280, 720), print, accessibility=True)


def test_what_fits_is_not_mentioned(look):
    """No px over any edge, nothing cut."""
    first = look.slides[0]
    assert (first.too_tall, first.too_wide, first.clipped) == (0, 0, ())


def test_what_reaches_over_an_edge_is_measured(look):
    """In px of the slide: a picture of 900 px cannot stand on one of 720."""
    tall, wide = look.slides[1:3]
    assert 180 < tall.too_tall < 500
    assert tall.too_wide == 0
    assert wide.too_wide > 500


def test_what_is_cut_off_is_told_with_its_words(look):
    """A box that hides its own text."""
    (cut,) = look.slides[3].clipped
    assert "too wide: a text that is far longer" in cut


def test_the_smallest_text_is_told(look):
    """Its size in px, and what it says."""
    assert look.slides[4].smallest == 9
    assert look.slides[4].smallest_words == "who can read this"


def test_other_hosts_are_named(look):
    """A picture from elsewhere is a request to another host."""
    assert look.hosts == ("pictures.invalid",)


def test_what_a_reader_without_eyes_misses_is_told(look):
    """axe-core finds the picture without words."""
    assert "image-alt" in {barrier.rule for barrier in look.slides[4].barriers}


def test_what_only_a_screen_reader_finds_is_not_cut_off(tmp_path):
    """A formula's words beside its picture are one px large on purpose."""
    hidden = '<span style="position:absolute;width:1px;height:1px;overflow:hidden">words of a formula</span>'
    (tmp_path / "deck.md").write_text(f"---\nmarp: true\nlang: en\n---\n\n# Title\n\n<p>seen {hidden}</p>\n", "utf-8")
    page = export_marp(tmp_path, "html", print)[0]
    (slide,) = look_at_slides(page, "marp", 1, (1280, 720), print).slides
    assert (slide.too_tall, slide.too_wide, slide.clipped) == (0, 0, ())


def test_a_formula_has_a_name(tmp_path):
    """Marp draws it as a picture; a screen reader says its TeX, within a line and by itself."""
    (tmp_path / "deck.md").write_text(
        "---\nmarp: true\nlang: en\nmath: mathjax\n---\n\n# Title\n\nof $a < b$\n\n$$\ne^{i\\pi}\n$$\n", "utf-8"
    )
    page = export_marp(tmp_path, "html", print)[0]
    names = re.findall(r'<svg aria-label="([^"]+)"', page.read_text("utf-8"))
    assert names == ["a &lt; b", "e^{i\\pi}"]
    assert look_at_slides(page, "marp", 1, (1280, 720), print, accessibility=True).slides[0].barriers == ()
