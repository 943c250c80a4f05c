"""Decks of other tools as outlines: what is in them comes through."""

import os
from pathlib import Path

import pytest
from real_tools import parse_slidev, render_marp_core

from talkgen.errors import OutlineError
from talkgen.importers.deck import import_deck, is_slidev, read_deck
from talkgen.importers.marp import split_slides as split_marp
from talkgen.importers.slidev import split_slides as split_slidev
from talkgen.outline.schema import Outline
from talkgen.render.deck import Deck
from talkgen.render.marp import render_marp
from talkgen.render.prose import markdown
from talkgen.render.slidev import render_slidev
from talkgen.style import load_style
from talkgen.yamlfile import parse_yaml, validate

DECKS = sorted((Path(__file__).parent / "decks").glob("*.md"))


def load(path):
    return validate(parse_yaml(import_deck(path), path), Outline, OutlineError)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("deck", DECKS, ids=lambda path: path.stem)
def test_import_is_as_expected(deck):
    """The outline of each deck is the one beside it; a missing one is written and fails."""
    expected = deck.with_suffix(".yaml")
    if not expected.exists():
        expected.write_text(import_deck(deck), encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and is written: look at it")

    assert import_deck(deck) == expected.read_text(encoding="utf-8")
    assert load(deck).slides


def test_tool_of_a_deck_is_told():
    """Settings and syntax tell one tool's decks from the other's."""
    assert {deck.stem: is_slidev(deck.read_text()) for deck in DECKS} == {
        "headings": False,
        "marp": False,
        "slidev": True,
    }


def test_marp_deck_comes_back(tmp_path):
    """Rendered for Marp again, the slides hold the same text, directives and notes."""
    deck = next(deck for deck in DECKS if deck.stem == "marp")
    outline = load(deck)
    text = str(render_marp(Deck(outline, tmp_path, {}, load_style("night", tmp_path))).files["deck.md"])
    head, body = text.split("\n---\n", 1)
    slides = list(split_marp(body))

    assert len(slides) == len(outline.slides) == 4
    for line in ("- `one` is first", "- two", "![bg left:33%](dot.png)", '<div class="box">HTML</div>', "{{ braces }}"):
        assert line in text
    assert 'header: "Part *one*: more"' in slides[1]
    assert '_footer: ""' in slides[1]
    assert 'color: "#fff"' in head
    assert 'footer: "Say \\"hello\\": again"' in head


def test_slidev_deck_comes_back(tmp_path):
    """Rendered for Slidev again, slides, settings and notes are there; what is hidden stays hidden."""
    deck = next(deck for deck in DECKS if deck.stem == "slidev")
    outline = load(deck)
    text = str(render_slidev(Deck(outline, tmp_path, {}, load_style("night", tmp_path))).files["slides.md"])
    slides = [source for _, source in split_slidev(text)]

    assert len(outline.slides) == 5
    assert len(slides) == 4
    assert '<div @click="$slidev.nav.next">next</div>' in slides[0]
    assert '"seriph"' in slides[0]
    assert "[click] then go on" in slides[0]
    assert "::right::" in slides[1]
    assert "{{ $page }}" in slides[1]
    assert "- `with` code" in slides[2]
    assert "```ts {1|2-3}" in slides[3]


def test_other_tool_gets_what_it_can_show():
    """What only Slidev understands is left out for Marp, and what is left can be read."""
    raw = load(next(deck for deck in DECKS if deck.stem == "slidev")).slides[1].body[0].raw

    assert raw.slidev == "# Two columns\n\nleft\n\n::right::\n\nright with {{ $page }}"
    assert raw.marp == "# Two columns\n\nleft\n\nright with {{ $page }}"


@pytest.mark.parametrize(
    ("text", "slides"),
    [
        ("a\n\n---\n\nb", 2),
        ("a\n---\nb", 1),  # a setext heading
        ("a\n\n***\n\n- - -\nb", 3),
        ("~~~\n---\n~~~\n\n---\n", 2),
        ("<!--\n---\n-->\n\n---\n\nb", 2),
        ("> ---\n\n- x\n\n  ---\n", 1),
    ],
)
def test_marp_slides_are_cut_as_markdown_says(text, slides):
    """A rule at the top level cuts; one in a listing, a comment, a quote or a list does not."""
    assert len(list(split_marp(text))) == slides


@pytest.mark.parametrize(
    ("text", "slides"),
    [
        ("a\n\n---\n\nb", 2),
        ("a\n---\nlayout: center\n---\nb", 2),
        ("---\ntheme: x\n---\na\n----\nb", 2),
        ("```\n---\n```\n---\nlayout: x\n---\n", 2),
        ("````md\n```\n---\n```\n````\n\n---\n\nb", 2),
        ("<!--\n---\n-->\n\n---\n\nb", 2),
        ("`<!--`\n\n---\n\nb -->", 1),
    ],
)
def test_slidev_slides_are_cut_as_its_parser_does(text, slides):
    """Any line that begins with three dashes cuts, but in a listing or a comment."""
    assert len(list(split_slidev(text))) == slides


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "d.md:1:1: the deck is empty"),
        ("---\nmarp: true\ntitle: [x\n---\n\n# One\n", "d.md:3:8: this '[' is never closed"),
        ("---\nlayout: cover\nmdc: true\nfonts: {a: 1\n---\n\n# One\n", "d.md:4:8: this '{' is never closed"),
    ],
)
def test_broken_decks_are_explained(tmp_path, monkeypatch, text, message):
    """A deck that cannot be read gets a message with its place."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "d.md", text)
    with pytest.raises(OutlineError) as caught:
        import_deck(Path("d.md"))

    assert str(caught.value).startswith(message)


def test_hostile_decks_are_text(tmp_path):
    """Tags that would make objects and endless aliases in front matter are refused; control characters are dropped."""
    bomb = "a: &a [" + "1," * 1000 + "]\nb: &b [" + "*a," * 1000 + "]\nc: [" + "*b," * 1000 + "]"
    for settings in ("own: !!python/object/apply:os.system [ls]", f"marp: true\n{bomb}"):
        with pytest.raises(OutlineError):
            import_deck(write(tmp_path / "d.md", f"---\n{settings}\n---\n\n# One\n"))

    assert load(write(tmp_path / "d.md", "# One\x08\n\ntext\x00\n")).title == "One"


def test_lists_that_begin_with_code_stay_lists(tmp_path):
    """A line is seen whole: code at its beginning does not turn the dash before it into a heading's underline."""
    text = "**Options**\n\n- `one`: first\n- `two`: <!-- `gone` -->second\n"
    deck = Deck(
        load(write(tmp_path / "d.md", text.replace("<!-- `gone` -->", ""))), tmp_path, {}, load_style("night", tmp_path)
    )

    assert markdown(text) == "**Options**\n\n- `one`: first\n- `two`: second"
    assert "- `one`: first\n- `two`: second" in str(render_marp(deck).files["deck.md"])


def test_dashes_below_a_formula_divide_slides(tmp_path):
    """As Marp reads it; without the formula they would make a heading of its last line."""
    deck = write(
        tmp_path / "deck.md", "---\nmarp: true\n---\n\n# A\n$$\na\n$$\n---\n# B\n$$ b $$\n---\n```\n$$\n---\n```\n"
    )
    assert [len(slide.body) for slide in load(deck).slides] == [1, 1, 1]


def test_code_is_no_html_and_no_expression(tmp_path):
    """What is stripped or disarmed for the other tool is never a listing's or a code span's."""
    slidev = write(tmp_path / "slidev.md", "---\ntheme: x\n---\n\n<v-click>\n\n`<script>` and `<b>`\n\n</v-click>\n")
    marp = write(tmp_path / "marp.md", "---\nmarp: true\n---\n\n<b>{{ a }}</b> `{{ b }}`\n\n```\n{{ c }}\n```\n")
    assert load(slidev).slides[0].body[0].raw.marp == "`<script>` and `<b>`"
    assert load(marp).slides[0].body[0].raw.slidev == "{<wbr>{ a }} `{{ b }}`\n\n```\n{{ c }}\n```"


FOREIGN = sorted(Path(os.environ["TALKGEN_DECKS"]).rglob("*.md")) if os.environ.get("TALKGEN_DECKS") else []

if FOREIGN:

    def test_every_slide_of_real_decks_is_in_both_tools(tmp_path):
        """The outline has the slides that the deck's own tool sees, and both tools see the outline's."""
        outlines = [load(path) for path in FOREIGN]
        decks = [Deck(outline, tmp_path, {}, load_style("night", tmp_path)) for outline in outlines]
        shown = [sum(not slide.hide for slide in outline.slides) for outline in outlines]
        assert count(parse_slidev, [render_slidev(deck).files["slides.md"] for deck in decks]) == shown
        assert count(render_marp_core, [render_marp(deck).files["deck.md"] for deck in decks]) == shown

        for read, slidev in ((parse_slidev, True), (render_marp_core, False)):
            texts = {path: read_deck(path) for path in FOREIGN if is_slidev(read_deck(path)) == slidev}
            ours = [len(load(path).slides) for path in texts]
            more = {a - b for a, b in zip(ours, count(read, list(texts.values())), strict=True)}
            assert more <= {0, 1}  # a cover that Marp takes for settings


def count(read, texts):
    """How many slides a tool sees in each text."""
    return [len(slides) for slides in read(texts)]
