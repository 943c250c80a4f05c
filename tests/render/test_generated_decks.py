"""Decks of every block, nested, with every trap in their texts: the tools' own parsers find what the outline holds."""

import html
import re

import pytest
from decks import make_deck
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from real_tools import parse_slidev, render_marp_core

from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev

WORDS = [
    "one",
    "Zwei",
    "три",
    "4",
    "five_5",
    "---",
    "--- x",
    "{{ y }}",
    "#",
    "##",
    "*",
    "* z",
    "- q",
    "1. w",
    "1) v",
    "`co`",
]
WORDS += [
    "|",
    "a|b",
    ":",
    "class: invert",
    "<T>",
    "<b>",
    "</div>",
    "&amp;",
    "\\",
    "\\[",
    "![",
    "](",
    "[^1]",
    "[@key]",
    "~~",
    "~~~",
]
WORDS += [
    "```",
    "===",
    "::right::",
    "<!--",
    "-->",
    "$5",
    "https://a.b/c",
    ":rocket:",
    "🎉",
    "'",
    '"',
    "[x]",
    "...",
    "<<<",
    "+ r",
]
TITLE_WORDS = [word for word in WORDS if not re.search(r"<|-->|\$|!\[|\]\(|https|`", word)]
SPACES = [" ", " ", "\n", "\n\n", "  \n", "\n    ", "\n---\n", "\n\n---\n\n", "\n***\n"]
TEXT = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SPACES)), min_size=1, max_size=7).map(
    lambda pairs: "".join(word + space for word, space in pairs)
)
LINE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
TITLE = (
    st.lists(st.sampled_from(TITLE_WORDS), min_size=1, max_size=5)
    .map(" ".join)
    .filter(lambda text: re.search(r"\w", text))
)
NOTES = st.lists(st.tuples(st.sampled_from([*TITLE_WORDS, "color: red", "header: now"]), st.sampled_from(" \n"))).map(
    lambda pairs: "".join(word + space for word, space in pairs).strip()
)


def block(name: str, value: st.SearchStrategy, **options: st.SearchStrategy) -> st.SearchStrategy:
    """A block with some of its options, and now and then revealed."""
    return st.fixed_dictionaries({name: value}, optional={"reveal": st.booleans(), **options})


BULLETS = st.recursive(
    LINE, lambda inner: st.dictionaries(LINE, st.lists(inner, max_size=2), min_size=1, max_size=1), max_leaves=4
)
ROWS = st.integers(1, 3).flatmap(
    lambda width: st.fixed_dictionaries(
        {
            "head": st.lists(LINE, min_size=width, max_size=width),
            "rows": st.lists(st.lists(LINE, min_size=width, max_size=width), max_size=2),
        }
    )
)
LEAVES = st.one_of(
    TEXT,
    block("markdown", TEXT),
    block("bullets", st.lists(BULLETS, min_size=1, max_size=3), numbered=st.booleans()),
    block("figure", st.just("g"), caption=LINE),
    block("live", st.just("next_token")),
    block("gradio", st.just("app")),
    block("tokens", LINE),
    block("math", st.sampled_from(["x", "a\n\n= b", "\\{\\{ z \\}\\}", "x < y"])),
    block(
        "code", TEXT, language=st.sampled_from(["", "python", "md", "nolang"]), long=st.sampled_from(["wrap", "scroll"])
    ),
    block("mermaid", TEXT),
    st.fixed_dictionaries(
        {"image": st.just("https://a.b/c.png")}, optional={"alt": LINE, "caption": LINE, "credit": LINE}
    ),
    st.fixed_dictionaries({"image": st.just("https://a.b/c.png"), "side": st.sampled_from(["left", "right"])}),
    block("video", st.just("https://a.b/c.mp4")),
    block("embed", st.just("https://a.b"), title=LINE),
    block("table", ROWS),
    block("quote", TEXT, by=LINE),
    block("callout", TEXT, title=LINE),
    block("toc", st.just(True)),
    block("references", st.just("all")),
    block("html", st.sampled_from(["<p>x</p>", "<div>\n\n<p>---</p>\n\n</div>", "<b>{{ h }}</b>"])),
    block(
        "raw",
        st.sampled_from(
            [
                {"marp": "a\n\n---\n\nb", "slidev": "a\n---\nb"},
                {"marp": "<!-- _color: red -->"},
                {"slidev": "<v-click/>"},
            ]
        ),
    ),
)
BODY = st.recursive(
    st.lists(LEAVES, max_size=3),
    lambda inner: st.lists(
        st.one_of(LEAVES, block("columns", st.lists(inner, min_size=2, max_size=3))), min_size=1, max_size=3
    ),
    max_leaves=6,
)
SLIDE = st.fixed_dictionaries(
    {"title": TITLE, "body": BODY},
    optional={
        "notes": NOTES,
        "layout": st.sampled_from(["cover", "section", "center", "two-cols", "quote", "end"]),
        "class": st.sampled_from(["invert", "a b"]),
        "transition": st.just("fade"),
        "hide": st.booleans(),
        "header": LINE,
        "fit": st.just("shrink"),
        "frontmatter": st.just({"zoom": 0.8}),
    },
)
OUTLINES = st.lists(SLIDE, min_size=1, max_size=4)

pytestmark = pytest.mark.slow


def words(text: str) -> list[str]:
    """What is read of a text: letters and digits, without tags, entities and joiners."""
    return re.findall(r"[^\W_]+", html.unescape(re.sub(r"<[^<>]*>", "", text)).replace("\u2060", ""))


def shown(slides: list[dict]) -> list[dict]:
    return [slide for slide in slides if not slide.get("hide")]


def marked(slides: list[dict]) -> list[dict]:
    """The slides with a last word of their own: what swallows a part of a slide swallows it too."""
    return [{**slide, "body": [*slide["body"], f"lastword{number}"]} for number, slide in enumerate(slides)]


@settings(max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.lists(OUTLINES.filter(shown).map(marked), min_size=30, max_size=30))
def test_the_tools_find_what_the_outline_holds(tmp_path, outlines):
    """Slides, titles, notes and settings, each on its own slide; the last word of each is there."""
    decks = [make_deck(slides, tmp_path, header="The *header*", paginate=True) for slides in outlines]
    in_slidev = parse_slidev([render_slidev(deck).files["slides.md"] for deck in decks])
    in_marp = render_marp_core([render_marp(deck).files["deck.md"] for deck in decks])
    for slides, slidev, marp in zip(map(shown, outlines), in_slidev, in_marp, strict=True):
        assert (len(slidev), len(marp)) == (len(slides), len(slides)), slides
        for slide, ours, theirs in zip(slides, slidev, marp, strict=True):
            check_slidev(slide, ours)
            check_marp(slide, theirs)


def check_slidev(slide: dict, found: dict) -> None:
    """A slide as Slidev's parser cut it."""
    last = slide["body"][-1]
    assert last in found["content"]
    head = re.search(r"^# (.*)$", found["content"], re.MULTILINE)
    assert words(head[1]) == words(slide["title"]), slide
    assert words(found["note"] or "") == words(slide.get("notes", "")), slide
    settings_ = found["frontmatter"]
    wanted = {slide.get("layout", "default"), *slide.get("class", "").split()} - {"default"}
    assert wanted <= set(settings_.get("class", "").split())
    assert settings_.get("transition") == slide.get("transition")
    assert settings_.get("zoom") == slide.get("frontmatter", {}).get("zoom")


def check_marp(slide: dict, found: dict) -> None:
    """A slide as Marp rendered it."""
    page = found["html"]
    assert slide["body"][-1] in page
    head = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert words(head[1]) == words(slide["title"]), slide
    notes = [note for note in found["notes"] if not note.startswith("_transition")]  # marp-cli's, not marp-core's
    assert words("\n".join(notes)) == words(slide.get("notes", "")), slide
    classes = re.search(r'<section[^>]*?class="([^"]*)"', page)
    wanted = {slide.get("layout", "default"), *slide.get("class", "").split()} - {"default"}
    assert wanted <= set(classes[1].split() if classes else [])
