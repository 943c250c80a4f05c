"""What an outline's language means on the screen: one deck in both targets, measured in a real browser."""

import re
from pathlib import Path

import pytest
import yaml
from deck_slides import Slides, served
from real_tools import parse_slidev

from talkgen.figures import model_sizes
from talkgen.outline.schema import Outline
from talkgen.pipeline.build import build
from talkgen.pipeline.request import Request
from talkgen.render.media import text_width
from talkgen.style import load_style

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}"><path d="M0 0H{0}V{1}H0" fill="#d55e00"/></svg>'
OUTLINE = """\
title: The language
footer: "![h:50 logo](wide.svg) The **footer**"
header: The header
paginate: true
slides:
  - {title: A cover, layout: cover}
  - title: On the left
    body:
      - {image: wide.svg, side: left, share: 45, credit: "[Somebody](https://example.org), *1999*"}
      - Some words beside it, so many that they fill more than one line of the slide
  - title: On the right
    body:
      - {image: wide.svg, side: right, size: 66%, invert: true}
      - Words
  - title: Behind
    body:
      - {image: wide.svg, background: true, size: contain, scrim: 0.7}
      - {image: tall.svg, background: true, size: contain}
  - title: Captioned
    layout: image-left
    body:
      - {image: tall.svg, caption: "A *caption*", credit: Mine}
      - {quote: Words, by: "[V.](https://example.org)"}
  - title: Its own
    class: invert italic
    footer: Only here
    header: ""
    transition: fade
    body: ["A [link](https://example.org), [one inside](#gates), <a href='#gates'>a tag</a>"]
  - {title: Hidden, hide: true, id: hidden}
  - title: Revealed
    body:
      - At once
      - {markdown: Then, reveal: true}
      - {quote: And last, reveal: true}
  - title: Stepped
    body: [{figure: model_sizes, reveal: steps}]
  - title: In the light
    theme: paper
    body:
      - mermaid: "graph LR; A-->B"
      - code: "def f(x): return x"
        language: python
      - A word of `code`
  - title: The last
    body:
      - bullets: [one, two]
        id: gates
"""
COVER, LEFT, RIGHT, BEHIND, CAPTIONED, OWN, REVEALED, STEPPED, LIGHT, LAST = range(1, 11)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def deck(target, tmp_path_factory):
    """The target, and the page of the deck built for it."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    for name, size in {"wide": (800, 400), "tall": (400, 800)}.items():
        (folder / f"{name}.svg").write_text(SVG.format(*size), encoding="utf-8")
    return target, build(Request(folder, target), print).outputs[0]


@pytest.fixture(scope="module")
def site(deck):
    """The deck on a port of this machine."""
    target, file = deck
    with served(file) as address:
        yield target, address


@pytest.fixture
def slides(page, site) -> Slides:
    return Slides(page, site[1], site[0])


def test_text_keeps_beside_a_picture(slides):
    """A picture takes its share of the slide's width, top to bottom; title, text and footer stand beside it."""
    slide = slides.show(LEFT)
    picture = slides.box(slide, ".tg-pane img")

    assert (picture["x"], picture["y"], picture["width"], picture["height"]) == pytest.approx((0, 0, 576, 720), abs=1)
    for selector in ("h1", ":scope > p", "footer", "header"):
        assert slides.box(slide, selector)["x"] >= 576 + 40
    credit = slide.locator(".tg-credit")
    assert credit.locator("a").get_attribute("href") == "https://example.org"
    assert credit.locator("em").inner_text() == "1999"
    assert credit.bounding_box()["x"] + credit.bounding_box()["width"] <= 576


@pytest.mark.parametrize("number", [LEFT, RIGHT, BEHIND])
def test_figures_are_drawn_for_the_room_there_is(slides, number):
    """The width that a figure is planned with is the one that the text has on the screen."""
    sides = "(slide, side) => parseFloat(getComputedStyle(slide)[side])"
    slide = Outline.model_validate(yaml.safe_load(OUTLINE)).slides[number - 1]

    taken = [slides.show(number).evaluate(sides, side) for side in ("paddingLeft", "paddingRight")]
    assert 1280 - sum(taken) == text_width(slide, 1280, 64)


def test_a_percentage_is_of_the_room(slides):
    """66 % of the half of the slide, in the middle of it, its colours turned."""
    slide = slides.show(RIGHT)
    picture, image = slides.box(slide, ".tg-pane img"), slide.locator(".tg-pane img")

    assert picture["width"] == pytest.approx(0.66 * 640, abs=1)
    assert picture["height"] == pytest.approx(0.66 * 320, abs=1)
    assert picture["x"] + picture["width"] / 2 == pytest.approx(960, abs=1)
    assert image.evaluate("image => getComputedStyle(image).filter") == "invert(1)"
    assert slides.box(slide, ":scope > p")["x"] + slides.box(slide, ":scope > p")["width"] <= 640 - 40


def test_several_share_the_room_under_a_scrim(slides):
    """Two pictures behind a slide stand side by side; the slide's colour lies over them as asked, below the text."""
    slide = slides.show(BEHIND)
    boxes = [pane.bounding_box() for pane in slide.locator(".tg-pane").all()]

    assert [(box["x"], box["width"]) for box in boxes] == [(0, 640), (640, 640)]
    assert slide.locator(".tg-scrim").evaluate("scrim => getComputedStyle(scrim).opacity") == "0.7"
    top = "([x, y]) => document.elementFromPoint(x, y).tagName"
    title = slides.box(slide, "h1")
    assert slides.page.evaluate(top, [title["x"] + 20, title["y"] + title["height"] / 2]) == "H1"


def test_a_caption_stays_on_the_slide(slides):
    """In a layout with a picture on a side its caption and credit are below it, on the slide, and are Markdown."""
    slide = slides.show(CAPTIONED)
    picture = slides.box(slide, ".tg-image img")
    captions = [caption.bounding_box() for caption in slide.locator("figcaption").all()]

    assert picture["width"] == pytest.approx(640, abs=1)
    assert len(captions) == 2
    assert all(box["y"] >= picture["y"] + picture["height"] - 1 and box["y"] + box["height"] <= 720 for box in captions)
    assert slide.locator("figcaption em").inner_text() == "caption"
    assert slide.locator(".tg-by a").get_attribute("href") == "https://example.org"


def test_headers_and_footers(slides):
    """The talk's on every slide but covers, with a picture as high as asked; a slide's own instead; empty for none."""
    cover = slides.show(COVER)
    assert (cover.locator("header").count(), cover.locator("footer").count()) == (0, 0)
    last = slides.show(LAST)
    assert [last.locator(name).inner_text().strip() for name in ("header", "footer")] == ["The header", "The footer"]
    assert slides.box(last, "footer img")["height"] == 50
    assert last.locator("footer strong").inner_text() == "footer"
    own = slides.show(OWN)
    assert (own.locator("header").count(), own.locator("footer").inner_text()) == (0, "Only here")


def test_a_slides_classes_are_the_outlines(slides):
    """`invert` and `italic` are on the slide for the author's CSS, and change nothing by themselves."""
    slide = slides.show(OWN)

    assert {"invert", "italic"} <= set(slide.get_attribute("class").split())
    look = "slide => [getComputedStyle(slide).filter, getComputedStyle(slide).fontStyle]"
    assert slide.evaluate(look) == ["none", "normal"]


def test_links_look_alike(slides):
    """A link has the theme's colour for links, and a line under it: it is not told by its colour alone."""
    link = slides.show(OWN).locator("p a").first
    look = "link => [getComputedStyle(link).color, getComputedStyle(link).textDecorationLine]"

    assert link.evaluate(look) == ["rgb(86, 180, 233)", "underline"]


@pytest.mark.parametrize("text", ["one inside", "a tag"])
def test_a_link_leads_to_the_slide_of_what_it_names(slides, text):
    """The id of a list further on, behind a hidden slide: a click shows its slide, where the id is."""
    slides.show(OWN).locator("a", has_text=text).click()
    slides.page.wait_for_function("n => location.hash.replace(/\\D/g, '') === n", arg=str(LAST))

    assert slides.page.locator("#gates").count() == 1
    assert slides.page.locator("h1:visible").last.inner_text() == "The last"


def test_any_block_can_wait_for_a_click(slides):
    """What is revealed is there and not seen until its click; the slide turns when all is shown."""
    slide = slides.show(REVEALED)
    seen = "part => getComputedStyle(part).visibility === 'visible' && getComputedStyle(part).opacity === '1'"
    shown = []
    for _ in range(3):
        waiting = [slide.locator(f".tg-reveal {tag}") for tag in ("p", "blockquote")]
        parts = [waiting[0].first.locator(".."), waiting[1].first.locator("..")]
        shown.append([part.evaluate(seen) for part in parts])
        slides.page.keyboard.press("ArrowRight")
        slides.page.wait_for_timeout(700)

    assert shown == [[False, False], [True, False], [True, True]]
    assert slides.page.evaluate("location.hash.replace(/\\D/g, '')") == str(STEPPED)


def test_a_figure_builds_up_step_by_step(slides):
    """One step is seen at a time, in one place: the first at once, each other at its click; then the slide turns."""
    slide = slides.show(STEPPED)
    images = slide.locator(".tg-steps img").all()
    assert len({tuple(image.bounding_box().values()) for image in images}) == 1
    seen = "part => getComputedStyle(part).visibility === 'visible' && getComputedStyle(part).opacity === '1'"
    shown = []
    for _ in images:
        shown.append([image.evaluate(seen) for image in images])
        slides.page.keyboard.press("ArrowRight")
        slides.page.wait_for_timeout(700)

    count = model_sizes.Params().step
    assert shown == [[step == number for step in range(count)] for number in range(count)]
    assert slides.page.evaluate("location.hash.replace(/\\D/g, '')") == str(LIGHT)


def test_a_slide_can_have_a_theme_of_its_own(slides):
    """Its ground, its listings and what is drawn on it have that theme's colours, those beside it the talk's."""
    slide, paper = slides.show(LIGHT), load_style("paper", Path()).colors
    ground, word = "slide => getComputedStyle(slide).backgroundColor", "word => getComputedStyle(word).color"

    assert slide.evaluate(ground) == rgb(paper.background)
    assert slide.locator("span", has_text=re.compile(r"^\s*def\s*$")).last.evaluate(word) == rgb(paper.accent)
    drawing = slide.locator("img[alt^=Diagram]").get_attribute("src")
    read = "address => fetch(address).then((answer) => answer.text())"
    assert paper.ink in slides.page.evaluate(read, drawing).lower()
    assert slide.locator("p code").evaluate(ground) == rgb(paper.surface)
    assert slides.show(LAST).evaluate(ground) == rgb(load_style("night", Path()).colors.background)


def rgb(color: str) -> str:
    """#rrggbb as browsers say it."""
    return f"rgb({', '.join(str(int(color[at : at + 2], 16)) for at in (1, 3, 5))})"


def test_a_transition_stays_on_its_slide(slides, deck):
    """Of all slides the one that asks for it has a transition, in the tool's own eyes."""
    if slides.target == "marp":
        slides.show(COVER)
        asks = "[...document.querySelectorAll('section')].map(slide => slide.hasAttribute('data-transition'))"
        found = slides.page.evaluate(asks)
    else:
        (source,) = parse_slidev([deck[1].parents[1].joinpath("slides.md").read_text(encoding="utf-8")])
        found = ["transition" in slide["frontmatter"] for slide in source]

    assert [number for number, has in enumerate(found, 1) if has] == [OWN]
