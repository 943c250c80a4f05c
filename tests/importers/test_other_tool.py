"""An imported deck in the other tool: the same slides, what can be shown of each, and a note of what cannot."""

import re
from pathlib import Path

import pytest
from other_tool import across
from real_tools import parse_slidev, render_marp_core
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.importers.deck import import_deck
from talkgen.outline.blocks import Markdown
from talkgen.outline.schema import Slide
from talkgen.render.foreign_notes import notes_within
from talkgen.render.mdc import as_tags

DECKS = sorted((Path(__file__).parent / "decks").glob("*.md"))


@pytest.mark.parametrize("deck", DECKS, ids=lambda path: path.stem)
def test_the_same_slides_are_shown(deck, tmp_path):
    """As many as the outline shows, and no tag of the one tool is text in the other."""
    outline, rendering = across(deck.read_text(encoding="utf-8"), tmp_path)
    shown = sum(not slide.hide for slide in outline.slides)
    text = str(rendering.files.get("slides.md") or rendering.files["deck.md"])
    slides = parse_slidev([text])[0] if outline.native == "marp" else render_marp_core([text])[0]
    assert len(slides) == shown
    assert "&lt;v-click" not in text
    assert "&lt;!-- fit" not in text


def test_what_slidev_alone_has_is_told(tmp_path):
    """A component is its text or its name in a frame; directives go; each is named with its slide and what it was."""
    (tmp_path / "components").mkdir()
    (tmp_path / "components" / "Counter.vue").write_text("<template>3</template>")
    text = (
        "---\nmdc: true\n---\n\n# One\n\n<Counter :count='3' />\n\n"
        "---\nlayout: image-right\nimage: /x.png\n---\n\n<v-clicks>\n\nshown **at once**\n\n- x\n\n</v-clicks>\n\n"
        "<p v-if='x'>kept</p>\n\n<Nowhere />\n\n`<Counter>`\n\n<style lang='scss'>\nh1 { color: red }\n</style>\n\n"
        "<Box>said</Box>\n"
    )
    _, rendering = across(text, tmp_path)
    deck = str(rendering.files["deck.md"])
    assert "shown **at once**" in deck
    assert "kept" in deck
    assert "`<Counter>`" in deck
    assert "color: red" not in deck
    notes = {(each.where, each.message) for each in rendering.degraded}
    assert '<span class="tg-stand-in tg-large">&lt;Counter></span>' in deck
    assert ("slide 1", "Slidev alone has <Counter>: its name is shown") in notes
    assert ("slide 2", "the project has no component <Nowhere>: its name is shown") in notes
    for lost in ("what Vue does with <p> (v-if)", "a style of its own"):
        assert ("slide 2", f"Slidev alone has {lost}: shown without") in notes
    assert ("slide 2", "Slidev alone has <Box>: its text is shown") in notes
    assert len(notes) == 5


@pytest.mark.parametrize(
    ("slidev", "marp"),
    [
        ("<v-click>\n\nlater\n\n</v-click>", '<div class="tg-reveal" data-marpit-fragment="1">\n\nlater\n\n</div>'),
        ("now <v-click>later</v-click>", 'now <span data-marpit-fragment="1">later</span>'),
        ("<p v-click='2' class='x'>later</p>", '<p data-marpit-fragment="1" class="x">later</p>'),
        ("<p v-if='$clicks >= 1'>later</p>", '<p data-marpit-fragment="1">later</p>'),
        ("<p :class=\"$clicks < 1 ? 'opacity-0' : 'a'\">later</p>", '<p class="a" data-marpit-fragment="1">later</p>'),
        ("<p :class=\"$clicks < 1 ? 'scale-80' : 'a'\">now</p>", '<p class="a">now</p>'),
        (
            "<p :class=\"{ 'text-center': $clicks > 1, x: false }\">now</p>",
            '<p class="text-center" style="text-align:center"',
        ),
        ("<p v-for=\"(x, i) in ['a', 'b']\" :key='i'>{{ x }}{{ i + 1 }}</p>", "<p>a1</p>\n<p>b2</p>"),
        ("`<p v-for=\"x in ['a']\">`", "`<p v-for=\"x in ['a']\">`"),
        ("<p :style=\"{ left: `${2 * 5}px`, fontSize: '2em' }\">now</p>", 'style="left:10px;font-size:2em"'),
        ("<p v-drag='[98,49,196,_,5]'>now</p>", "left:128px;top:64px;width:256px;transform:rotate(5deg)"),
        (
            "<Transform :scale='0.5'>\n\nnow\n\n</Transform>",
            '<div style="transform:scale(0.5);transform-origin:top left">',
        ),
        ("<Two><template #a>one</template><template #b>other</template></Two>", "one other"),
        ("before <VClickGap size='2' />after", "before after"),
        ("<Link to='3'>there</Link>", '<a href="#3">there</a>'),
        ("<Arrow x1='10' y1='20' x2='100' y2='200' />", '<span style="position:absolute;left:0;top:0"><img src='),
        ("<SlidevVideo controls>\n<source src='https://x.org/a.mp4'>\n</SlidevVideo>", '<video controls="">'),
        ("<p v-motion :initial='{x: 1}' style='color: #fff'>now</p>", '<p style="color: #fff">now</p>'),
        ("<p class='text-center'>now</p>", '<p class="text-center" style="text-align:center">now</p>'),
        ("<div flex='~ col gap-2'>now</div>", '<div style="display:flex;flex-direction:column;gap:10.45px">now</div>'),
        ("<section class='a'>now</section>", '<div class="a">now</div>'),
        ("<carbon:arrow-right /> on", "→ on"),
        ("<carbon-logo-github /> <twemoji:ice-cream />", "GitHub \N{ICE CREAM}"),
        ("<Tweet id='20' />", '<a href="https://x.com/i/status/20">x.com/i/status/20</a>'),
        ("<style>\n.slidev-layout h1 { color: red }\n</style>", "<style scoped>\nsection h1 { color: red }\n</style>"),
        (
            "<style>\n.a { @apply mt-5 opacity-10; }\n</style>",
            "<style scoped>\n.a { margin-top:26.12px;opacity:0.1; }\n</style>",
        ),
        ("<p :class=\"[[1, 2].includes($clicks) ? 'a' : 'b']\">now</p>", '<p class="b">now</p>'),
        ("<script setup>\nconst n = ref(0)\n</script>\n\n<b @click='n++'>{{ n + 1 }}</b>", "<b>1</b>"),
        ("<iframe src='https://x.org/a'></iframe>", 'src="https://x.org/a"'),
    ],
)
def test_what_slidev_shows_marp_shows(slidev, marp, tmp_path):
    """Clicks are fragments, effects end where they end, classes of UnoCSS are what they stand for; nothing is lost."""
    _, rendering = across(f"---\nmdc: true\n---\n\n# One\n\n{slidev}\n", tmp_path)
    assert marp in str(rendering.files["deck.md"])
    assert not [each for each in rendering.degraded if each.message.endswith("shown without")]


def test_notes_within_a_marp_slide_are_notes_in_slidev(tmp_path):
    """Comments between blocks, in a list or in HTML; none that sets something, is for another program, or is code."""
    text = (
        "# One\n\n<!-- said *first* -->\n\ntext\n\n- a <!-- in a list -->\n\n<div>\n<!-- in HTML -->\n</div>\n\n"
        "<!-- prettier-ignore -->\n\n`<!-- code -->`\n\n<!-- color: red -->\n\nmore\n\n<!-- last -->\n"
    )
    _, rendering = across(text, tmp_path)
    (slide,) = parse_slidev([str(rendering.files["slides.md"])])[0]
    assert slide["note"].split("\n\n") == ["said *first*", "in a list", "in HTML", "last"]


@pytest.mark.parametrize("text", ["{{ a " * 600_000, " \t" * 1_000_000], ids=["expressions", "blanks"])
def test_what_never_ends_is_no_mdc(text):
    """It stays as it is; what goes through it again for each beginning takes longer than a test may."""
    assert as_tags(text).rstrip("\n") == text


@pytest.mark.parametrize("text", ["<!-- a " * 12_000, "<!--" + " " * 6_000, "<!--" + "-" * 90_000])
def test_a_comment_that_never_ends_is_no_note(text):
    """However many begin in it."""
    assert list(notes_within(Slide(body=[Markdown(markdown=text)]))) == []


def test_what_a_marp_deck_sets_for_its_first_slide_holds_there_alone(tmp_path):
    """Settings of the deck that begin with `_`."""
    text = "---\n_class: lead\n_header: above\n_backgroundColor: tan\n---\n\n# One\n\n---\n\n# Two\n"
    _, rendering = across(text, tmp_path)
    one, two = parse_slidev([str(rendering.files["slides.md"])])[0]
    assert "lead" in one["frontmatter"]["class"]
    assert all(each in one["content"] for each in ("above", "background-color:tan"))
    assert two["content"].strip() == "# Two"


def test_mdc_is_what_it_stands_for(tmp_path):
    """Attributes are a span's, components tags; code and what is no MDC stay; only where the deck says `mdc`."""
    line = "[a]{.text-center #b style='top: 0'} **c**{.d} `{.e}` [f] {{ 1 + 1 }}"
    below = "::box{:n='3'}\nwithin\n::\n\n:counter{n=1}\n\n```md\n[g]{.h}\n```\n"
    text = f"---\nmdc: true\ntheme: none\n---\n\n# One {{.red}}\n\n{line}\n\n{below}"
    _, rendering = across(text, tmp_path)
    deck = str(rendering.files["deck.md"])
    for shown in ("# One\n", ">a</span>", "**c**</span>", "`{.e}` ", "2", "within", "&lt;Counter>", "[g]{.h}"):
        assert shown in deck
    assert "::" not in deck
    assert {each.message for each in rendering.degraded} >= {
        "Slidev alone has <Box>: its text is shown",
        "the project has no component <Counter>: its name is shown",
    }
    _, rendering = across(text.replace("mdc: true", "mdc: false"), tmp_path)
    assert "{.d}" in str(rendering.files["deck.md"])


def test_a_loop_over_what_is_not_on_the_slide_is_told(tmp_path):
    """Nothing is run: a name that only a script knows has no value, and the element stands once."""
    text = "---\nmdc: true\n---\n\n# One\n\n<p v-for='x in all'>kept {{ x }}</p>\n"
    _, rendering = across(text, tmp_path)
    assert str(rendering.files["deck.md"]).count("kept") == 1
    assert sorted(each.message for each in rendering.degraded) == [
        "Slidev alone has the expression {{ x }}: shown without",
        "Slidev alone has what Vue does with <p> (v-for): shown without",
    ]


def test_a_layouts_places_and_pictures_are_where_they_belong(tmp_path):
    """Sides are columns, what is below is below; the picture of a layout is on its side; contents are listed."""
    text = (
        "---\nmdc: true\n---\n\n# One\n\n<Toc maxDepth='1' />\n\n"
        "---\nlayout: two-cols-header\n---\n\n# Two\n\nabove\n\n::left::\n\n"
        "<b v-click>one</b>\n\n::right::\n\n```js\ntwo\n```\n\n::bottom::\n\nbelow\n\n"
        "---\nlayout: image-right\nimage: /x.png\nbackgroundSize: contain\n---\n\n# Three\n"
    )
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "x.png").write_bytes(b"x")
    _, rendering = across(text, tmp_path)
    first, second, third = str(rendering.files["deck.md"]).split("\n---\n")[-3:]
    assert "Two</a>" in first
    order = [second.index(word) for word in ("above", "tg-columns", "one</b>", "two\n", "below")]
    assert order == sorted(order)
    assert second.count("<div>") == 2
    assert "tg-right" in third
    assert "object-fit:contain" in third
    assert not rendering.degraded


@pytest.mark.parametrize("head", ["marp: true", "mdc: true"], ids=["marp", "slidev"])
def test_what_is_indented_in_a_column_is_no_listing(head, tmp_path):
    """Tags in an author's grid stay tags where blank lines part them from those around; their pictures come along."""
    (tmp_path / "a.png").write_bytes(b"a")
    text = (
        f"---\n{head}\n---\n\n# One\n\n<div style='display:grid;grid-template-columns:1fr 1fr'>\n  <div>\n"
        "      <p>one</p>\n\n  two\n\n  </div>\n  <div>\n      <p v-click><img src='./a.png'></p>\n      <p>three</p>\n"
        "  </div>\n</div>\n"
    )
    outline, rendering = across(text, tmp_path)
    assert [block.key for block in outline.slides[0].body] == ["columns"]
    page = str(rendering.files.get("slides.md") or rendering.files["deck.md"])
    assert "```" not in page
    assert all(f"\n{line}" in page for line in ("<p>one</p>", "<p>three</p>"))
    assert list(import_deck(tmp_path / "deck.md", print).files.copies) == ["a.png"]


def test_a_drawing_in_the_text_is_a_picture(tmp_path):
    """No script in it runs: it is a file that is shown."""
    text = "---\nmdc: true\n---\n\n# One\n\n<svg width='9'>\n\n<script>ran()</script>\n\n<rect v-motion /></svg>\n"
    _, rendering = across(text, tmp_path)
    (name,) = [name for name in rendering.files if name.startswith("figures/drawing-")]
    assert str(rendering.files[name]).startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert f'<img src="{name}"' in str(rendering.files["deck.md"])
    assert "ran()" not in str(rendering.files["deck.md"])


def test_what_marp_alone_has_is_told(tmp_path):
    """Pictures behind a line of text and other sheets are named; comments are not text; lines end where Marp's do."""
    text = "# <!-- fit --> Big\n\none\ntwo ![bg](x.png) x\n\n<style>@import 'a.css'; b { color: red }</style>\n"
    _, rendering = across(text, tmp_path)
    slides = str(rendering.files["slides.md"])
    assert "fit" not in slides
    assert "one\\\ntwo" in slides or "one<br>" in slides
    assert {each.message for each in rendering.degraded} >= {
        "Marp alone has a picture behind the text: shown without",
        "Marp alone has a style sheet of its own (@import 'a.css';): shown without",
    }
    assert "b { color: red }" in str(rendering.files["style.css"])


def test_directives_of_marp_hold_where_they_do(tmp_path):
    """From their slide on, or with `_` on it alone: colours, pictures, classes, footers and numbers; styles too."""
    text = (
        "---\npaginate: true\nstyle: 'section { color: teal }'\n---\n\n# One\n\n<style scoped>\n"
        "section h1 { color: red }\n</style>\n\n---\n\n<!-- backgroundColor: blue -->\n<!-- footer: below -->\n"
        "<!-- _paginate: false -->\n"
        "<!-- _class: a -->\n\n# Two\n\n---\n\n<!-- _backgroundColor: tan; -->\n<!-- _color: '#fff' -->\n"
        "<!-- class: [b, c] -->\n\n# Three\n\n---\n\n# Four\n"
    )
    _, rendering = across(text, tmp_path)
    slides = parse_slidev([str(rendering.files["slides.md"])])[0]
    one, two, three, four = (each["content"] for each in slides)
    assert "<style>\n.slidev-layout h1 { color: red }\n</style>" in one
    assert ".slidev-layout { color: teal }" in str(rendering.files["style.css"])
    assert [("background-color:blue" in each) for each in (one, two, three, four)] == [False, True, False, True]
    assert [("below" in each) for each in (one, two, three, four)] == [False, True, True, True]
    assert [("tg-page" in each) for each in (one, two, three, four)] == [True, False, True, True]
    assert [("color:#fff" in each) for each in (one, two, three, four)] == [False, False, True, False]
    classes = [each["frontmatter"].get("class", "").replace("tg-own", "").strip() for each in slides]
    assert classes == ["", "a", "b c", "b c"]
    assert not rendering.degraded


def test_what_is_lost_is_told_by_the_lines_of_the_deck(tmp_path):
    """A raw block's own line, or its slide's; of a slide of another file that one's; as the build's report has it."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "two.md").write_text("# Two\n\n<Gone />\n", encoding="utf-8")
    text = (
        "---\nmdc: true\ntheme: none\n---\n\n# One\n\nA <Gone/> within.\n\n---\nsrc: ./pages/two.md\n---\n\n"
        "---\nlayout: center\n---\n\n\n# Three\n\n- a\n\n<p v-if='x'>\nkept\n</p>\n"
    )
    deck, talk = tmp_path / "deck.md", tmp_path / "talk"
    deck.write_text(text, encoding="utf-8")
    assert CliRunner().invoke(app, ["import", str(deck), "-o", str(talk)]).exit_code == 0
    done = CliRunner().invoke(app, ["build", str(talk), "-t", "marp", "-f", "md"])
    assert done.exit_code == 0, done.output
    notes = [line.split("outline.yaml:")[1] for line in done.stderr.splitlines() if line.startswith("note:")]
    lines = [note.partition(": ")[2].partition(": ")[0] for note in notes if "<" in note]
    assert lines == ["slide 1 (deck.md:8)", "slide 2 (pages/two.md:3)", "slide 3 (deck.md:23)"]
    assert text.split("\n")[22].startswith("<p v-if")


def test_what_is_lost_in_markdown_is_told_by_its_own_line(tmp_path):
    """HTML that is kept as Markdown has its line; what a listing above says in a comment is no place."""
    text = "# One\n\n```md\n# x.md:1: nowhere\n```\n\n<div>\n\nbehind ![bg](x.png) this\n\n</div>\n"
    deck, talk = tmp_path / "deck.md", tmp_path / "talk"
    deck.write_text(text, encoding="utf-8")
    assert CliRunner().invoke(app, ["import", str(deck), "-o", str(talk)]).exit_code == 0
    assert "# deck.md:7: no block gives HTML around Markdown back" in (talk / "outline.yaml").read_text("utf-8")
    done = CliRunner().invoke(app, ["build", str(talk), "-t", "slidev", "-f", "md"])
    assert "slide 1 (deck.md:7): Marp alone has a picture behind the text" in done.stderr, done.output


def test_what_looks_like_a_style_in_marps_text_stays_text(tmp_path):
    """A tag within a line begins no style: what follows it is shown; a recording of sound plays."""
    text = (
        "---\nmarp: true\n---\n\n# One\n\nNo <style> in a line\n\n<audio controls src='https://x.org/a.wav'></audio>\n"
    )
    _, rendering = across(text, tmp_path)
    slides = str(rendering.files["slides.md"])
    assert "&lt;style> in a line" in slides
    assert '<audio controls="" src="https://x.org/a.wav"></audio>' in slides
    assert not rendering.degraded


def test_settings_that_only_the_author_knows_are_named(tmp_path):
    """They may be read by a layout or a component; a title stays on every layout of Slidev's."""
    text = "---\nmdc: true\n---\n\n# One\n\n---\nlayout: full\nglow: 3\n---\n\n# Two\n"
    _, rendering = across(text, tmp_path)
    assert "# Two" in str(rendering.files["deck.md"])
    assert [(each.where, each.message) for each in rendering.degraded] == [
        ("slide 2", "what the setting glow does is not known: shown without it")
    ]


def test_what_a_slide_of_slidevs_sets_is_seen_in_marp(tmp_path):
    """A zoom and a style as CSS of the slide alone, a page that a theme's layout frames in a frame."""
    _, rendering = across(
        "# One\n\n---\nzoom: 0.8\nstyle: 'letter-spacing: 3px'\n---\n\n# Small\n\n"
        "---\nlayout: iframe-left\nsrc: https://x.org/a\n---\n\n# Framed\n\n"
        "---\nlayout: lab\nurl: https://x.org/b\n---\n\n---\nstyle: p-0\n---\n\n# Bare\n",
        tmp_path,
    )
    deck = str(rendering.files["deck.md"])
    assert [(each.where, each.message) for each in rendering.degraded if "alone has" in each.message] == []
    assert any("style is no CSS (p-0)" in each.message for each in rendering.degraded)
    pages = render_marp_core([deck])[0]
    assert 'src="https://x.org/a"' in deck
    assert 'src="https://x.org/b"' in deck
    small = re.search(r"data-marpit-scope-\w+", pages[1]["html"])
    assert small, "the style is of its slide alone"
    rules = re.findall(rf"section\[{small[0]}\][^{{}}]*\{{[^{{}}]*\}}", pages[0]["css"])
    assert [re.sub(r".*\]|\s", "", rule) for rule in rules] == ["{letter-spacing:3px}", ">*{zoom:0.8}"]


def test_what_is_over_after_its_click_is_told(tmp_path):
    """Marp shows an element as it is in the end: what it was at a click between is named; what stays is not."""
    _, rendering = across(
        "# One\n\n---\nlayout: center\n---\n\n"
        "<p :class=\"$clicks === 2 ? 'text-red-500' : ''\">stressed</p>\n\n"
        '<p v-click="[2, 4]">for a while</p>\n\n'
        "<p :style=\"$clicks < 1 ? 'opacity: 0.5' : $clicks < 3 ? 'opacity: 1' : 'opacity: 0.2'\">faded</p>\n\n"
        "<p :class=\"$clicks < 1 ? 'text-sm' : 'text-lg'\">grown</p>\n",
        tmp_path,
    )
    is_over = "at single clicks is not seen: it is as it is in the end"
    assert [(each.where, each.message) for each in rendering.degraded] == [
        ("slide 2", f"what is done with <p> ({name}) {is_over}") for name in (":class", "v-click", ":style")
    ]
