"""What bites in Marp and Slidev, each as a deck that the real tools read back: nothing is lost, nothing runs."""

import re
from html.parser import HTMLParser

import pytest
from decks import make_deck
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_tools import parse_slidev, render_marp_core

from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev

NASTY = {
    "dashes in a title": {"title": "A --- B", "body": ["x"]},
    "a comment in a title": {"title": "A <!-- B", "body": ["x"]},
    "an expression in a title": {"title": "{{ 1 + 1 }}", "body": ["x"]},
    "a line of dashes": {"title": "T", "body": ["above\n\n---\n\nbelow"]},
    "dashes and a word": {"title": "T", "body": ["above\n\n--- word\n\nbelow"]},
    "a rule of stars": {"title": "T", "body": ["above\n\n***\n\nbelow\n\n___\n\nend"]},
    "a setext heading": {"title": "T", "body": ["Heading\n---\n\ntext\n\nOther\n==="]},
    "a table without bars": {"title": "T", "body": ["a | b\n--- | ---\n1 | 2"]},
    "a table": {"title": "T", "body": [{"table": {"head": ["a|b", "---"], "rows": [["1", "<b>"], ["{{x}}", "---"]]}}]},
    "a tilde fence": {"title": "T", "body": ["~~~\n---\ncode\n~~~"]},
    "dashes in a fence": {"title": "T", "body": ["```yaml\n---\na: 1\n---\n```"]},
    "fences in a listing": {"title": "T", "body": [{"code": "```\n---\n````\n<!--", "language": "md"}]},
    "a comment in code": {"title": "T", "body": ["see `<!--` and `-->` here"]},
    "a comment in text": {"title": "T", "body": ["before <!-- color: red --> after"]},
    "an open comment": {"title": "T", "body": ["before <!-- never closed"]},
    "an unknown tag": {"title": "T", "body": ["a <Foo> and <T> and 1 < 2"]},
    "a component": {"title": "T", "body": ["<Toc /> and <Tokenize :tokens='[1]'/>"]},
    "a script": {"title": "T", "body": ["<script>alert(1)</script>"]},
    "a handler": {"title": "T", "body": ['<img src=x onerror="alert(1)"> <b v-html="x" @click="y" :a="z">b</b>']},
    "dollars": {"title": "T", "body": ["it costs \\$5 and \\$6"]},
    "a front matter": {"title": "T", "body": ["---\ntheme: gaia\n---\ntext"]},
    "list items before dashes": {"title": "T", "body": [{"bullets": ["a", "---", {"b": ["- c", "+ d"]}]}]},
    "a quote": {"title": "T", "body": [{"quote": "words\n---\nmore", "by": "--- {{ me }} <b>"}]},
    "headings in columns": {"title": "T", "body": [{"columns": [["# a\n\n---"], ["b\n---"]]}]},
    "ids and classes": {"title": "T", "id": "a-b", "class": "x y", "body": ["x"]},
    "live and chips": {"title": "T", "body": [{"live": "next_token"}, {"tokens": "to {{kens}}"}]},
    "a figure": {"title": "T", "body": [{"figure": "g", "caption": "--- {{ c }} <b>"}]},
    "html with blank lines": {"title": "T", "body": [{"html": "<div>\n\n<p>x</p>\n\n</div>"}]},
    "math with blank lines": {"title": "T", "body": [{"math": "a\n\n= b"}]},
}

NOTES = {
    "a directive": "color: red is what you say",
    "a header": "header: today we start",
    "a class": "class: invert\nand more",
    "a directive after a document's end": "... class: invert",
    "a directive in braces": "{class: invert}",
    "a spot directive": "_class: invert",
    "a quoted key": '"color": red',
    "the end of a comment": "an arrow --> there, and --!> too",
    "dashes": "one\n---\ntwo",
    "an expression": "{{ nothing }} and <b>",
    "colons": "What is it? It's: this",
}

SENTINELS = [{"title": "First", "body": ["first"]}, {"title": "Last", "body": ["last words"]}]


def surround(slide):
    """A slide between two others, whose loss would show."""
    return [SENTINELS[0], slide, SENTINELS[1]]


class Tags(HTMLParser):
    """Collects the elements and attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Keeps an element."""
        self.elements.append((tag, dict(attrs)))


@pytest.mark.slow
def test_no_slide_is_lost_in_slidev(tmp_path):
    """Slidev's parser finds as many slides as the outline has, with their titles, and nothing in the wrong place."""
    decks = {name: make_deck(surround(slide), tmp_path) for name, slide in NASTY.items()}
    parsed = parse_slidev([render_slidev(deck).files["slides.md"] for deck in decks.values()])
    for name, slides in zip(decks, parsed, strict=True):
        assert len(slides) == 3, name
        assert slides[0]["content"].startswith("# First"), name
        assert slides[2]["content"].startswith("# Last"), name
        assert slides[2]["content"].strip().endswith("last words"), name
        assert slides[0]["frontmatter"]["title"] == "A deck", name
        assert slides[1]["note"] is None, name


@pytest.mark.slow
def test_no_slide_is_lost_in_marp(tmp_path):
    """Marp makes as many slides as the outline has; nothing in one reaches the next, nor becomes a note."""
    decks = {name: make_deck(surround(slide), tmp_path) for name, slide in NASTY.items()}
    rendered = render_marp_core([render_marp(deck).files["deck.md"] for deck in decks.values()])
    for name, slides in zip(decks, rendered, strict=True):
        assert len(slides) == 3, name
        assert "<h1" in slides[0]["html"], name
        assert "First" in slides[0]["html"], name
        assert re.search(r"<h1[^>]*>Last</h1>", slides[2]["html"]), name
        assert "last words" in slides[2]["html"], name
        assert slides[1]["notes"] == [], name
        assert "color" not in slides[2]["html"].split("</h1>")[0].replace("--color", ""), name


@pytest.mark.slow
def test_nothing_an_author_writes_runs_in_slidev(tmp_path):
    """What is left of scripts, components, handlers and expressions is text."""
    decks = [make_deck(surround(slide), tmp_path) for slide in NASTY.values()]
    for slides in parse_slidev([render_slidev(deck).files["slides.md"] for deck in decks]):
        prose = re.sub(r"```+.*?```+|`[^`]*`", "", slides[1]["content"], flags=re.DOTALL)
        assert "{{" not in prose
        elements = Tags(prose).elements
        assert not {tag for tag, _ in elements} & {"script", "foo", "t", "tokenize", "toc", "style"}
        names = {name for _, attributes in elements for name in attributes}
        assert not [name for name in names if name.startswith(("on", "v-html", "@", ":", "#"))]


@pytest.mark.slow
def test_notes_stay_notes(tmp_path):
    """A note that looks like a directive, a comment's end or a separator is still the slide's whole note in both."""
    decks = {
        name: make_deck(surround({"title": "T", "body": ["x"], "notes": note}), tmp_path)
        for name, note in NOTES.items()
    }
    slidev = parse_slidev([render_slidev(deck).files["slides.md"] for deck in decks.values()])
    marp = render_marp_core([render_marp(deck).files["deck.md"] for deck in decks.values()])
    for (name, note), ours, theirs in zip(NOTES.items(), slidev, marp, strict=True):
        words = re.findall(r"\w+", note)
        assert len(ours) == len(theirs) == 3, name
        assert re.findall(r"\w+", ours[1]["note"]) == words, name
        assert [re.findall(r"\w+", text) for text in theirs[1]["notes"]] == [words], name
        assert theirs[2]["notes"] == [], name
        for slide in theirs:
            assert 'style="--' not in slide["html"] or "color:red" not in slide["html"], name
            assert "invert" not in re.search(r"<section[^>]*>", slide["html"])[0], name
            assert "<header" not in slide["html"], name


TEXTS = st.text(alphabet=st.sampled_from("ab -=*_`~<>!{}$|#\n\t:/\\[]()&\"'é"), max_size=60)


@pytest.mark.slow
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=40, max_size=40))
def test_any_text_keeps_its_slide(tmp_path, texts):
    """Whatever stands in titles, bodies and notes, both tools see three slides and the last one whole."""
    decks = [
        make_deck(
            surround({"title": title or None, "body": [body, {"bullets": [body or "x"]}], "notes": notes}), tmp_path
        )
        for title, body, notes in texts
    ]
    for slides in parse_slidev([render_slidev(deck).files["slides.md"] for deck in decks]):
        assert len(slides) == 3
        assert slides[2]["content"].strip() == "# Last\n\nlast words"
        assert slides[2]["note"] is None
    for slides in render_marp_core([render_marp(deck).files["deck.md"] for deck in decks]):
        assert len(slides) == 3
        assert "last words" in slides[2]["html"]
        assert slides[2]["notes"] == []


def test_language_is_always_said(tmp_path):
    """Without `lang` Marp would take the machine's locale."""
    assert 'lang: "en"' in render_marp(make_deck(SENTINELS, tmp_path)).files["deck.md"]
    assert '"lang": "fa"' in render_slidev(make_deck(SENTINELS, tmp_path, lang="fa")).files["slides.md"]


def test_nothing_of_another_host_is_asked_for(tmp_path):
    """Fonts and favicon are local, math is MathJax in Marp, and no page names another host."""
    deck = make_deck([*SENTINELS, {"title": "🎉", "body": [{"math": "x"}]}], tmp_path)
    for rendering in (render_marp(deck), render_slidev(deck)):
        for name, content in rendering.files.items():
            if isinstance(content, str):
                assert not re.search(r"(?:src|href)=\"https?://|url\(\"?https?://|@import", content), name
    assert 'math: "mathjax"' in render_marp(deck).files["deck.md"]
    assert '{"provider": "none"}' in render_slidev(deck).files["slides.md"]


def test_what_a_target_cannot_show_is_listed(tmp_path):
    """Steps, undrawn diagrams and the other target's source are named with their slide; something is shown instead."""
    slides = [
        {"title": "Code", "body": [{"code": "a\nb", "language": "py", "steps": "1|2"}]},
        {"title": "Diagram", "body": [{"mermaid": "graph LR\nA-->B"}]},
        {"title": "Raw", "body": [{"raw": {"slidev": "<Counter/>"}}]},
    ]
    marp = render_marp(make_deck(slides, tmp_path))
    assert [item.where for item in marp.degraded] == ["slide 1", "slide 2", "slide 3"]
    assert "graph LR" in marp.files["deck.md"]
    slidev = render_slidev(make_deck(slides, tmp_path))
    assert [item.where for item in slidev.degraded] == ["slide 2"]
    assert "```py {1|2}" in slidev.files["slides.md"]
    assert "<Counter/>" in slidev.files["slides.md"]


@pytest.mark.slow
@pytest.mark.parametrize("block", [{"code": "<!--\nx", "language": "html"}, {"mermaid": "a\n<!-- b"}, "```\n<!--\n```"])
def test_a_comment_that_a_listing_opens_ends_with_it(block, tmp_path):
    """Slidev looks for notes without seeing listings: what follows stays on the slide, and the note is the note."""
    deck = make_deck(surround({"title": "T", "body": [block, "after"], "notes": "say"}), tmp_path)
    ((_, slide, _),) = parse_slidev([render_slidev(deck).files["slides.md"]])
    assert "after" in slide["content"]
    assert slide["note"] == "say"
