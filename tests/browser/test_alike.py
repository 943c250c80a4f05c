"""What an author writes looks the same in both tools: lines, addresses, pictures, headings, sizes that shrink."""

import itertools

import pytest
from deck_slides import Slides, served

from talkgen.pipeline.build import build
from talkgen.pipeline.overflow import find_overflow
from talkgen.pipeline.request import Request, open_store

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="400"><path d="M0 0H800V400H0" fill="#d55e00"/></svg>'
LINE = "x = 'a line of code that is longer than the listing is wide, and no listing is as wide as this line is long'"
OUTLINE = f"""\
title: Alike
paginate: true
bibliography: works.bib
slides:
  - title: Words
    body:
      - |
        a soft
        break and a hard\\
        one
      - Files main.py and setup.rs, https://example.org/here, a@b.org
      - "![w:300 fit left a gate](wide.svg) ![h:80 w:90](wide.svg) ![plain](wide.svg)"
      - "#### A small heading"
  - title: Shrinks
    fit: shrink
    body:
      - bullets: [a line of a list, b, c, d, e, f, g, h, {{l: [m, n]}}]
      - "Formulas $x^{{2^2}}$ count as large as their line."
  - title: Shrinks in vain
    fit: shrink
    floor: 27
    body:
      - bullets: [a line of a list, b, c, d, e, f, g, h, i, j, k, {{l: [m, n]}}]
  - title: Keeps a figure
    fit: shrink
    body:
      - bullets: [one, two, three, four, five]
      - {{figure: parameter_counts, height: 300, caption: The sizes}}
  - title: Long lines
    body:
      - {{code: "{LINE}", language: python, long: wrap}}
      - {{code: "{LINE}", language: python, long: scroll}}
      - https://example.org/an/address/that/does/not/fit/on/a/line/of/the/slide/because/it/is/far/too/long/for/one
  - title: Notes
    body:
      - "Footnotes[^1] and [@elman1990, p. 179].\\n\\n[^1]: At the *foot*"
  - title: References
    body: [{{references: cited}}]
  - title: Apart
    body:
      - math: x^2
      - A line
      - {{code: x = 1, language: python}}
      - Another line
  - title: In a line
    body:
      - "A sign ![h:30](wide.svg) in a line"
      - bullets: ["an item ![h:30](wide.svg) of a list"]
      - "![h:200](wide.svg)"
  - title: Contents
    body: [{{toc: true, columns: 2}}]
"""
WORKS = "@misc{elman1990, author = {Jeffrey L. Elman}, title = {Finding structure in time}, year = {1990}}"
WORDS, SHRINKS, IN_VAIN, FIGURE, LONG, NOTES, REFERENCES, APART, IN_LINE, CONTENTS = range(1, 11)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["marp", "slidev"])
def done(request, tmp_path_factory):
    """The build of the deck for each target."""
    folder = tmp_path_factory.mktemp("alike")
    (folder / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    (folder / "works.bib").write_text(WORKS, encoding="utf-8")
    (folder / "wide.svg").write_text(SVG, encoding="utf-8")
    return build(Request(folder, request.param), print)


@pytest.fixture(scope="module")
def address(done):
    with served(done.outputs[0]) as address:
        yield address


@pytest.fixture
def slides(page, address, done) -> Slides:
    return Slides(page, address, done.deck.target.name)


def size_of(element) -> float:
    """The px of an element's text on the slide."""
    return element.evaluate("text => parseFloat(getComputedStyle(text).fontSize) * text.currentCSSZoom")


def test_a_line_ends_where_its_author_ends_it(slides):
    """The end of a line in the source is a space, a backslash before it ends the line."""
    assert slides.show(WORDS).locator("p").first.inner_text() == "a soft break and a hard\none"


def test_a_files_name_is_no_address(slides):
    """`main.py` stays text; an address and a mail address are links."""
    links = slides.show(WORDS).locator("p a")
    assert links.all_inner_texts() == ["https://example.org/here", "a@b.org"]


def test_a_picture_in_text_has_the_size_that_it_asks_for(slides):
    """And of its description what is no size is its alt text, words too that one tool takes for settings."""
    pictures = slides.show(WORDS).locator("p img")
    assert pictures.nth(0).bounding_box()["width"] == pytest.approx(300, abs=1)
    assert [pictures.nth(1).bounding_box()[side] for side in ("width", "height")] == pytest.approx([90, 80], abs=1)
    alts = [picture.get_attribute("alt") for picture in pictures.all()]
    assert alts == ["fit left a gate", "", "plain"]


def test_a_picture_stays_in_its_line(slides):
    """A small one makes its text no taller than a line; one alone begins where its paragraph does."""
    slide = slides.show(IN_LINE)
    assert slides.box(slide, "p")["height"] == pytest.approx(44, abs=2)
    assert slides.box(slide, "li")["height"] == pytest.approx(42, abs=3)
    alone = slide.locator("p").last
    assert alone.locator("img").bounding_box()["y"] == pytest.approx(alone.bounding_box()["y"], abs=12)


def test_blocks_stand_equally_far_apart(slides):
    """A formula, a line and a listing as far from each other as lines are, in both decks."""
    boxes = slides.show(APART).evaluate(
        "slide => [...slide.children].map(each => each.getBoundingClientRect().toJSON())"
    )
    boxes = [box for box in boxes if box["height"] > 30]
    apart = [below["top"] - above["bottom"] for above, below in itertools.pairwise(boxes[1:])]
    assert apart == pytest.approx([20] * 3, abs=1)


def test_small_headings_are_headings(slides):
    """As large as text, and bolder."""
    heading = slides.show(WORDS).locator("h4")
    assert heading.evaluate("text => getComputedStyle(text).fontWeight") == "600"
    assert size_of(heading) == size_of(slides.show(WORDS).locator("p").first)


def test_pages_have_their_numbers(slides):
    """In the corner of each slide, at the same place."""
    for number in (WORDS, LONG):
        slide = slides.show(number)
        own = slide.locator(".tg-page")
        marp = "slide => getComputedStyle(slide, '::after').content.replaceAll('\"', '')"
        shown = slide.evaluate(marp) if slides.target == "marp" else own.inner_text()
        assert shown in (str(number), "attr(data-marpit-pagination)"), shown
        if slides.target == "marp":
            assert slide.get_attribute("data-marpit-pagination") == str(number)


def test_what_does_not_fit_shrinks(slides):
    """All of a slide alike, until it is inside the margins, and no further."""
    slide = slides.show(SHRINKS)
    last = slides.box(slide, "p:last-of-type")
    title, item = size_of(slide.locator("h1")), size_of(slide.locator("li").first)
    whole = slides.show(WORDS)

    assert 640 < last["y"] + last["height"] <= 720 - 56 + 1
    assert 20 <= item < 28
    assert title / item == pytest.approx(size_of(whole.locator("h1")) / size_of(whole.locator("p").first), rel=0.01)


def test_text_does_not_shrink_below_its_floor(slides, done):
    """The smallest text is as large as the floor, and what does not fit then is told."""
    slide = slides.show(IN_VAIN)
    assert size_of(slide.locator("li li").first) == pytest.approx(27, abs=0.2)
    problems = find_overflow(done.deck, done.plan, open_store(), print)
    (told,) = [problem for problem in problems if problem.where == f"slides[{IN_VAIN - 1}]"]
    assert "px too tall" in told.message
    assert "its floor of 27 px" in told.hint
    assert [problem.where for problem in problems if problem.where == f"slides[{SHRINKS - 1}]"] == []


def test_a_figure_keeps_its_size(slides):
    """Its text is drawn at its smallest; what stands around it shrinks."""
    slide = slides.show(FIGURE)
    assert slides.box(slide, ".tg-figure img")["height"] == pytest.approx(300, abs=1)
    assert size_of(slide.locator("li").first) < 28


def test_long_lines_do_what_their_author_chose(slides, done):
    """One listing is two lines high, one scrolls, the address goes on below; nothing is cut, nothing is told."""
    slide = slides.show(LONG)
    wrapped, scrolled = (slide.locator(f".tg-{what} code").first for what in ("wrap", "scroll"))
    assert wrapped.bounding_box()["height"] == pytest.approx(2 * scrolled.bounding_box()["height"], abs=12)
    assert wrapped.evaluate("code => code.scrollWidth - code.clientWidth") <= 1
    assert scrolled.evaluate("code => code.scrollWidth - code.clientWidth") > 100
    assert size_of(wrapped) == pytest.approx(25, abs=0.5)
    problems = find_overflow(done.deck, done.plan, open_store(), print)
    assert [problem.where for problem in problems if problem.where == f"slides[{LONG - 1}]"] == []


def test_footnotes_stand_at_the_foot(slides):
    """The sign in the text, small and high, and what it says below all else."""
    slide = slides.show(NOTES)
    assert slide.locator("p sup.tg-sign").inner_text() == "1"
    for sign in slide.locator("sup").all():
        assert float(sign.evaluate("sign => parseFloat(getComputedStyle(sign).fontSize)")) >= 20
    note = slide.locator(".tg-footnotes")
    assert note.inner_text().split() == ["1", "At", "the", "foot"]
    assert note.locator("em").count() == 1
    box = note.bounding_box()
    assert 640 < box["y"] + box["height"] <= 720 - 56 + 1
    assert 20 <= size_of(note) < size_of(slide.locator("p").first)


def test_a_citation_leads_to_its_list(slides):
    """Its name and place in the text; a click shows the slide where it is written out."""
    link = slides.show(NOTES).locator(".tg-cite a")
    assert slides.page.locator(".tg-cite:visible").first.inner_text() == "(Elman, 1990, p. 179)"
    link.click()
    slides.page.wait_for_function("n => location.hash.replace(/\\D/g, '') === n", arg=str(REFERENCES))
    assert "J. L. Elman. Finding structure in time" in slides.show(REFERENCES).locator(".tg-reference").inner_text()


def test_columns_of_the_contents_begin_at_one_height(slides):
    """A margin above an item is left out where a column begins, but for the first."""
    entries = [entry.bounding_box() for entry in slides.show(CONTENTS).locator(".tg-toc li").all()]
    tops = {}
    for entry in entries:
        tops.setdefault(round(entry["x"]), entry["y"])
    assert len(tops) == 2
    assert len({round(top) for top in tops.values()}) == 1
