"""The five talks that come with talkgen, in both decks as the real tools make and show them."""

import html
import re
from pathlib import Path

import pytest
import yaml
from pptx import Presentation
from pypdf import PdfReader
from real_tools import parse_slidev, render_marp_core

from talkgen.export.slides import Look, look_at_slides
from talkgen.outline.load import load_outline
from talkgen.outline.schema import Outline, Slide
from talkgen.pipeline.build import BuildReport, Request, build
from talkgen.style import SIZES
from talkgen.words import DeckWords, read_words

ROOT = Path(__file__).resolve().parents[1]
TALKS = sorted(file.parent.name for file in ROOT.glob("slides/*/outline.yaml"))
TARGETS = ("marp", "slidev")


def shown(talk: str) -> tuple[Outline, list[Slide]]:
    """A talk and its slides that are not hidden."""
    outline = load_outline(ROOT / "slides" / talk / "outline.yaml").outline
    return outline, [slide for slide in outline.slides if not slide.hide]


def letters(text: str) -> str:
    """What is read of a text in Markdown or HTML, without formulas, signs and spaces."""
    text = re.sub(r"\$[^$]*\$|<mjx-container.*?</mjx-container>|<[^>]*>", " ", text, flags=re.DOTALL)
    return re.sub(r"[\W_]", "", html.unescape(text))


@pytest.mark.parametrize("talk", TALKS)
def test_no_two_slides_share_a_title(talk):
    """Each says what stands on it."""
    titles = [letters(slide.title) for slide in shown(talk)[1] if slide.title]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("talk", TALKS)
def test_every_slide_has_its_time_and_nearly_every_one_notes(talk):
    """A talk takes at least 20 minutes."""
    _, slides = shown(talk)
    assert all(slide.duration for slide in slides)
    assert sum(slide.duration or 0 for slide in slides) >= 20
    assert sum(bool(slide.notes.strip()) for slide in slides) > 0.9 * len(slides)


@pytest.fixture(scope="session")
def decks(tmp_path_factory):
    """A function that builds a talk for a target, once, and looks at its slides, once."""
    made: dict[tuple[str, str], tuple[BuildReport, Look]] = {}

    def deck(talk: str, target: str) -> tuple[BuildReport, Look]:
        if (talk, target) not in made:
            outline, slides = shown(talk)
            out = tmp_path_factory.mktemp(talk) / target
            done = build(Request(ROOT / "slides" / talk, target, out=out), print)
            size = SIZES[outline.size]
            look = look_at_slides(done.outputs[0], target, len(slides), size, print, accessibility=True)
            made[talk, target] = done, look
        return made[talk, target]

    return deck


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("talk", TALKS)
class TestDeck:
    """What holds for each talk in each tool."""

    def test_nothing_reaches_over_an_edge_or_is_cut_off(self, decks, talk, target):
        """As the browser lays the slides out."""
        found = {
            slide.number: (slide.too_tall, slide.too_wide, slide.clipped)
            for slide in decks(talk, target)[1].slides
            if slide.too_tall or slide.too_wide or slide.clipped
        }
        assert found == {}

    def test_all_text_can_be_read_from_the_back_row(self, decks, talk, target):
        """What is read has 28 px of a slide 720 px high; what stands in a figure, a listing or a list of works 20."""
        least = {"body": 28, "figure": 20}
        found = [
            (slide.number, kind, *slide.texts[kind])
            for slide in decks(talk, target)[1].slides
            for kind, px in least.items()
            if kind in slide.texts and slide.texts[kind][0] < px
        ]
        assert found == []

    def test_axe_core_finds_nothing_serious(self, decks, talk, target):
        """Nor headings that skip a level."""
        found = {slide.number: slide.barriers for slide in decks(talk, target)[1].slides if slide.barriers}
        assert found == {}

    def test_no_other_host_is_asked(self, decks, talk, target):
        """A deck is shown where there is no network."""
        assert decks(talk, target)[1].hosts == ()

    def test_the_tool_reads_what_the_outline_says(self, decks, talk, target):
        """As many slides, their titles, notes and settings, in the tool's own eyes."""
        source = decks(talk, target)[0].deck.path / ("deck.md" if target == "marp" else "slides.md")
        read = read_marp if target == "marp" else read_slidev
        outline, slides = shown(talk)
        settings, found = read(source.read_text("utf-8"))
        words = read_words(source.parent)
        assert len(found) == len(slides)
        assert [title for title, _, _ in found] == [letters(title) for title in headings(slides, words)]
        assert [notes for _, notes, _ in found] == [letters(said.notes) for said in words.slides]
        assert [asked for *_, asked in found] == [settings_of(slide, outline, target) for slide in slides]
        assert settings == {name: getattr(outline, name) for name in settings}


def headings(slides: list[Slide], words: DeckWords) -> list[str]:
    """The titles that stand on the slides."""
    return [
        said.title if slide.title and slide.layout != "full" else ""
        for slide, said in zip(slides, words.slides, strict=True)
    ]


def settings_of(slide: Slide, outline: Outline, target: str) -> dict[str, object]:
    """What a slide asks of the tool."""
    if target == "slidev":
        return {"id": slide.id, "transition": slide.transition, "toc": slide.toc, "layout": slide.layout}
    bare = slide.layout in ("cover", "end")
    return {"paginate": outline.paginate and not bare, "layout": slide.layout}


def layout_of(classes: str) -> str:
    """The layout, which is a class in both decks."""
    known = {"cover", "section", "center", "two-cols", "image-left", "image-right", "quote", "full", "end"}
    return next((name for name in classes.split() if name in known), "default")


def read_marp(source: str):
    """The settings of a deck, and of each slide its title, notes and settings, as Marp's engine renders them."""
    front = yaml.safe_load(source.split("\n---\n", maxsplit=1)[0].removeprefix("---\n"))
    (pages,) = render_marp_core([source])
    slides = []
    for page in pages:
        section = re.search(r"<section[^>]*>", page["html"])[0]
        title = re.search(r"<h1[^>]*>(.*?)</h1>", page["html"], re.DOTALL)
        asked = {
            "paginate": "data-marpit-pagination=" in section,
            "layout": layout_of((re.search(r'class="([^"]*)"', section) or [""] * 2)[1]),
        }
        slides.append((letters(title[1]) if title else "", letters("".join(page["notes"])), asked))
    return {name: front.get(name) for name in ("title", "lang", "author", "description")}, slides


def read_slidev(source: str):
    """The same as Slidev's parser reads them."""
    (pages,) = parse_slidev([source])
    slides = []
    for page in pages:
        own = page["frontmatter"]
        title = re.search(r"^# (.*)$", page["content"], re.MULTILINE)
        asked = {
            "id": own.get("routeAlias"),
            "transition": own.get("transition"),
            "toc": not own.get("hideInToc", False),
            "layout": layout_of(own.get("class", "")),
        }
        slides.append((letters(title[1]) if title else "", letters(page["note"] or ""), asked))
    first = pages[0]["frontmatter"]
    slides[0][2]["transition"] = None  # the deck's own, which is that of its first page
    settings = {"title": first["title"], "author": first.get("author"), "description": first.get("info")}
    return {**settings, "lang": first["htmlAttrs"]["lang"], "transition": first.get("transition")}, slides


@pytest.mark.slow
@pytest.mark.parametrize("format", ["pdf", "pptx", "png"])
def test_one_talk_as_pages(decks, format):
    """A page a slide."""
    talk = "transformer-explained"
    deck = decks(talk, "marp")[0].deck
    made = build(Request(ROOT / "slides" / talk, "marp", format, out=deck.path), print).outputs
    pages = {
        "pdf": lambda: len(PdfReader(made[0]).pages),
        "pptx": lambda: len(Presentation(made[0]).slides),
        "png": lambda: len(made),
    }
    assert pages[format]() == len(shown(talk)[1])
