"""Texts that no tool expects: nothing of them is run, no word is lost, and none stops the build or takes a slide."""

import html
import json
import random
import re

import pytest
from decks import make_deck
from real_tools import compile_slidev, parse_slidev, render_marp_core

from talkgen.assets import asset_dir
from talkgen.export.node import npm_packages, run_node
from talkgen.render.elements import ELEMENTS
from talkgen.render.listings import known_language
from talkgen.render.marp import render_marp
from talkgen.render.prose import markdown, spoken, vue_markdown
from talkgen.render.slidev import render_slidev

FIRST, LAST = {"title": "First", "body": ["first"]}, {"title": "Last", "body": ["last words"]}

# What an author writes, and what the audience has to read.
SHOWN = {
    "a <b> that stays open": "a <b> that stays open",
    "closed </i> before": "closed </i> before",
    "<td>a cell": "<td>a cell",
    "see :smile: and a {brace} here": "see :smile: and a {brace} here",
    "::right::": "::right::",
    "it is \\<i> here": "it is <i> here",
    "<<< /etc/hostname": "<<< /etc/hostname",
    "<Toc/> and <T>": "<Toc/> and <T>",
    "ratio 3:two {onclick=alert(1)}": "ratio 3:two {onclick=alert(1)}",
    "**bold**{onclick=alert(1)}": "{onclick=alert(1)}",
    "<script>alert(1)</script>": "<script>alert(1)</script>",
}
# Texts of which nothing may be run, read from elsewhere or sent there.
HARMFUL = [
    "{{ 1 + 1 }} \\{\\{ 2 }} &#123;{ 3 }} {<!-- -->{ 4 }}",
    "``a{{` b }}` and https://a.b/%7B%7Bc%7D%7D",
    "<div>`{{ 5 }}` and <b v-html='x' @click='y' :a='z' onclick='w'>b</b></div>",
    "<a href=' java&#115;cript:alert(1)'>a</a> <img src=x src=y onerror=z>",
    "```js {monaco-run}\nlet a = 1\n```",
    "```plantuml\na -> b\n```",
    "`a | {{ 6 }}`\n\n| ` | {{ 7 }} ` |\n|---|---|\n| 8 | 9 |",
    "$x {{ 7 }} y$ and $ {{ 8 }} $",
    "    {{ 9 }} indented\n\nafter\n\n    {{ 10 }} <b>",
    "- ```\n  {{ 11 }} <T>\n  ```\n\n> ```\n> {{ 12 }}",
    "<pre>\n\n{{ 13 }}",
    "a {${ 15 }}$ b {${ 16 {$}} ${$${$ 17 }} $a{${ 18 }}",
    "`<$!>  ]*`<\n[{{<{)]*_>}`",
    "`{$\\\\]a``/$\\<~$$_=:\\a`/``<\n<*-=_<>$: `]",
    '<div "x\n```\n{{ 14 }}\n\nafter',
]
COMPONENTS = {"CodeBlockWrapper", "KaTexBlockWrapper", *ELEMENTS}


def trouble(slide: dict[str, str]) -> str | None:
    """Why a compiled slide is none that an author's text may become."""
    if "error" in slide:
        return slide["error"]
    called = set(re.findall(r'_resolveComponent\("([^"]+)"', slide["code"])) - COMPONENTS
    run = re.search(r"_toDisplayString\(|_resolveDirective|innerHTML|\"?on[cCeE]\w+\"?: ", slide["code"])
    return str(called) if called else run and run[0]


def expect_only_text(slides, folder):
    """Slidev finds every one of `slides`, and compiles each without anything to run."""
    compiled = compile_slidev(render_slidev(make_deck(slides, folder)), folder / "deck")
    assert len(compiled) == len(slides)
    assert [(slide, why) for slide, made in zip(slides, compiled, strict=True) if (why := trouble(made))] == []


@pytest.mark.slow
def test_words_are_shown_as_they_are(tmp_path):
    """Tags, attributes and slots that are none are read by the audience."""
    slides = compile_slidev(render_slidev(make_deck([{"body": [text]} for text in SHOWN], tmp_path)), tmp_path / "deck")
    for text, slide, shown in zip(SHOWN, slides, SHOWN.values(), strict=True):
        assert trouble(slide) is None, text
        assert json.dumps(shown) in slide["code"] or json.dumps(shown)[1:] in slide["code"], text


@pytest.mark.slow
def test_words_are_shown_as_they_are_in_marp(tmp_path):
    """The same words, and no handler, style or script of them either."""
    deck = make_deck([{"body": [text]} for text in SHOWN], tmp_path)
    (slides,) = render_marp_core([render_marp(deck).files["deck.md"]])
    for text, slide, shown in zip(SHOWN, slides, SHOWN.values(), strict=True):
        page = re.sub(r"<script.*?</script>", "", slide["html"], flags=re.DOTALL)
        assert shown in html.unescape(re.sub(r"<[^>]*>", "", page)), text


@pytest.mark.slow
def test_nothing_is_run(tmp_path):
    """No expression, component, directive, handler or listing of an author's text is compiled to more than text."""
    bodies = [[text] for text in HARMFUL] + [[{"bullets": [text]}] for text in HARMFUL]
    bodies += [[{"table": {"head": ["a"], "rows": [[text]]}}] for text in HARMFUL]
    slides = [*({"body": body} for body in bodies), *({"title": text, "body": ["x"]} for text in HARMFUL)]
    expect_only_text(slides, tmp_path)


MARKS = (
    "``` ```` ~~~ ~~~~ ` `` --- *** ___ -- == === $$ $ <!-- --> --!> - * > # ## | a b word é {{ }} {{x}} { <div> "
    "</div> <b <b> </b> <i> </i> <script> </script> <style> </style> <pre> </pre> <textarea> <![CDATA[ <? <!a &lt; & "
    "[x] (y) ![]( ![a](b) [^1] \\ \\\\ \\{ : ::v:: ::: ' \" <a <td> </td> <li> <svg> <math> \\[ \\] ~ ~~ ```js %% @ "
    "<br> <br/> <b/> <T> <p> </p> <<< &#123; %7B x<y https://a.b/ <https://a.b/ :foo {:a=b}"
)
SPACES = ["\n", "\n", "\n\n", " ", "  ", "    ", "\t", "1. ", "- ", "> ", "\r\n", "\x0b", "\xa0", "\u2028", "$$\n"]
PIECES = [*MARKS.split(), *SPACES]


def random_slides(seed: int, count: int) -> list[dict]:
    """Slides of pieces that mean something to one tool or another, in every place a text can stand."""
    chosen = random.Random(seed)

    def text() -> str:
        return "".join(chosen.choice(PIECES) for _ in range(chosen.randint(1, 9)))

    return [
        {
            "title": text() if number % 2 else None,
            "body": [text(), {"bullets": [text(), "y"]}, {"table": {"head": ["h", "k"], "rows": [[text(), "z"]]}}],
            "notes": text(),
        }
        for number in range(count)
    ]


@pytest.mark.slow
def test_any_text_compiles(tmp_path):
    """One deck of many random texts: Slidev finds every slide, and compiles each without anything to run."""
    expect_only_text(random_slides(1, 150), tmp_path)


@pytest.mark.slow
def test_any_text_keeps_to_its_slide(tmp_path):
    """Both tools see three slides of each deck, and the last one whole, whatever stands in the one before."""
    decks = [make_deck([FIRST, slide, LAST], tmp_path) for slide in random_slides(2, 400)]
    for deck, slides in zip(decks, parse_slidev([render_slidev(d).files["slides.md"] for d in decks]), strict=True):
        assert [slides[2]["content"].strip(), slides[2]["note"], len(slides)] == ["# Last\n\nlast words", None, 3], deck
    for deck, slides in zip(decks, render_marp_core([render_marp(d).files["deck.md"] for d in decks]), strict=True):
        assert len(slides) == 3, deck
        assert "last words" in slides[2]["html"], deck
        assert slides[2]["notes"] == [], deck


@pytest.mark.slow
def test_listings_in_lists_stay_on_their_slides(tmp_path):
    """Slidev counts fences by the lines that begin with one, wherever they stand."""
    own = "```js {monaco}\na\n  ```\n\n- ```\n  b\n  ```\n\n```code``` {{ $page }}\n\nwords\n---\na: b\n---"
    slide = {
        "body": [
            {"raw": {"slidev": own}},
            {"bullets": ["```python\nx = 1\n```", {"b": ["~~~\ny\n~~~"]}]},
            "- ```\n  z\n  ```",
        ]
    }
    (slides,) = parse_slidev([render_slidev(make_deck([FIRST, slide, slide, LAST], tmp_path)).files["slides.md"]])
    assert len(slides) == 4


@pytest.mark.slow
def test_rules_in_own_source_stay_on_their_slide_in_marp(tmp_path):
    """A raw block is a part of one slide."""
    slide = {"body": [{"raw": {"marp": "a\n\n---\n\nb\n\n___\n\nc\n---\n\n```\n---\n```"}}]}
    (slides,) = render_marp_core([render_marp(make_deck([FIRST, slide, LAST], tmp_path)).files["deck.md"]])
    assert len(slides) == 3
    assert slides[1]["html"].count("<hr") == 2
    assert re.search(r"<h2[^>]*>c</h2>", slides[1]["html"])


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("- ```js\n  a <T>\n  ```\n- b", "-\n  ```js\n  a <T>\n  ```\n- b"),
        ("> ~~~\n> {{x}}\n> ~~~", ">\n> ```text\n> {{x}}\n> ```"),
        ("a\n\n    b {{x}}\n      c\n\nd", "a\n\n```text\nb {{x}}\n  c\n```\n\nd"),
        ("a\n\n    - b\n    > c\n", "a\n\n```text\n- b\n> c\n```"),
        ("- a\n\n      - b {{x}}\n- c", "- a\n\n  ```text\n  - b {{x}}\n  ```\n- c"),
        ("```Python {1|2} {lines:true}\na\n```", "```python {1|2}\na\n```"),
        ("so $a<b$, $\\frac{{a}}{b}$, 1 < 2", "so $a\\lt b$, $\\frac{ {a}}{b}$, 1 < 2"),
        ("<b>a</b> and <i>b", "<b>a</b> and &lt;i>b"),
        ("<br/> <span/>", "<br> <span></span>"),
        ('<a href="x" href="y" onclick=z>a</a>', '<a href="x">a</a>'),
    ],
)
def test_what_is_well_meant_is_kept(text, safe):
    """Listings, formulas and fitting tags mean the same afterwards."""
    assert vue_markdown(text) == safe
    assert vue_markdown(safe) == safe


@pytest.mark.parametrize(
    ("note", "safe"),
    [
        ("say <b>this</b>, 1 < 2, <https://a.b>", "say <b>this</b>, 1 < 2, <https://a.b>"),
        ("<img src=x onerror=alert(1)>", '<img src="x">'),
        ("<script>alert(1)</script> <svg onload=x", "<\u2060script>alert(1)<\u2060/script> <\u2060svg onload=x"),
    ],
)
def test_notes_run_nothing(note, safe):
    """Slidev shows notes as HTML in the presenter's page."""
    assert spoken(note) == safe


def test_marp_has_no_expressions():
    """What only Slidev would run is left alone for Marp."""
    assert markdown("a {{ b }} ::c::\n\n::d::") == "a {{ b }} ::c::\n\n::d::"


@pytest.mark.slow
def test_known_languages_are_those_of_slidev(tmp_path):
    """The list beside the template is what Slidev's highlighter has; any other name would stop the build."""
    script = tmp_path / "languages.mjs"
    packages = npm_packages("slidev", print) / "node_modules" / "shiki"
    version = json.loads((packages / "package.json").read_text())["version"]
    script.write_text(
        f"import {{ bundledLanguages }} from {json.dumps(str(packages / 'dist' / 'bundle-full.mjs'))};\n"
        "console.log(Object.keys(bundledLanguages).sort().join('\\n'));\n"
    )
    first, *names = (asset_dir("templates") / "slidev" / "languages.txt").read_text().splitlines()
    assert f"shiki {version}," in first
    assert run_node([str(script)], cwd=tmp_path, timeout=60).split() == names


def test_unknown_languages_are_plain_and_said(tmp_path):
    """A listing in a language that nobody highlights is shown, and the build says so."""
    assert [known_language(name) for name in ("Python", "c++", "nosuch", "")] == ["python", "c++", "text", "text"]
    rendering = render_slidev(make_deck([{"body": [{"code": "x", "language": "nosuch"}]}], tmp_path))
    assert "```text\nx\n```" in rendering.files["slides.md"]
    assert "'nosuch'" in rendering.degraded[0].message
