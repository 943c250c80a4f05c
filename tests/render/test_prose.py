"""An author's Markdown comes out as Markdown that says the same, simple text as it was; checked without either tool."""

import contextlib
import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from talkgen.errors import OutlineError
from talkgen.render.grammar import LONGEST
from talkgen.render.own import aligned, undivided
from talkgen.render.prose import markdown, spoken, vue_markdown

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
SIMPLE = [
    "A paragraph with **bold**, *stress*, __more__, _and_ `code`; ~~gone~~! 1 < 2 & so on, a_b, 5 * 3, $5.",
    "# A title\n\nText\n\n- one\n- two\n  - three\n\n1. first\n2. second",
    "> a quote\n\n[a link](https://a.b/c_d) and <https://e.f/>, https://g.h/i_j, ![a picture](https://a.b/c.png)",
    "| a | b |\n| --- | ---: |\n| 1 | `x` |",
    "A formula $x_1^2$ and\n\n$$\n\\frac{a}{b}\n= c\n$$\n\n$$x$$",
    "```python\nx = 1\n```\n\n<div class=\"box\">\n\n**inside**\n\n</div>",
    "***both*** and **a *b* c** and un*frigging*believable; [1] a note, (x), {y}, “quotes”, é, 漢字, 🎉",
    "one line,\\\na second,\\\na third",
]  # fmt: skip


@pytest.mark.parametrize("text", SIMPLE)
def test_simple_text_stays_as_it_is(text):
    """People read deck.md and slides.md."""
    assert markdown(text) == text
    assert vue_markdown(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Head\n---\n\n***\n\nOther\n===", "## Head\n\n<hr>\n\n# Other"),
        ("* one\n* two\n\n1) a\n2) b", "- one\n- two\n\n1. a\n2. b"),
        ("- one\n+ two", "- one\n\n<wbr>\n\n- two"),
        ("a | b\n:-- | :-:\n1 | 2", "| a | b |\n| :--- | :---: |\n| 1 | 2 |"),
        ("[a][r]\n\n[r]: https://a.b/ 'T'", '[a](https://a.b/ "T")'),
        ("$$\nnever closed\n\nafter", "\\$\\$ never closed\n\nafter"),
        ("see `<!--` and <!-- gone -->this", "see <code v-pre>&lt;!&#45;&#45;</code> and this"),
        ("*a*&nbsp;\\*b\\* &lt;i> \\# x", "*a*\xa0\\*b\\* &lt;i> # x"),
        ("https://a.b/`{{x}}` and https://a.b/\\*c", "https://a.b/<wbr>`{{x}}` and https://a.b/<wbr>\\*c"),
        ("- [ ] a\n- [x] b", "- ☐ a\n- ☑ b"),
        ("a :rocket: at 10:30:15", "a \\:rocket: at 10:30:15"),
        ("<section>a</section>", "&lt;section>a&lt;/section>"),
        ("<div>**a**\n\n</div>", "<div>**a**\n\n</div>"),
        ("a soft\nbreak", "a soft break"),
        ("See ![w:300 a gate](x.png)", 'See <img src="x.png" alt="a gate" style="width:300px;">'),
        ("> - ~~~\n>   x\n>   ~~~", "> -\n>   ```\n>   x\n>   ```"),
    ],
)
def test_what_would_mislead_a_tool_means_the_same_otherwise(text, shown):
    """Setext headings, rules, references, fences of tildes, open formulas, comments, strange elements."""
    assert markdown(text) == shown


def test_a_listing_in_a_quote_opens_no_comment():
    """Slidev looks for comments wherever it sees no fence, and would swallow the slides that follow."""
    text = "> ```html\n> <!-- open\n> ```"
    assert "<!--" not in vue_markdown(text)
    assert "<!-- open" in markdown(text)


def test_a_line_holds_no_blocks():
    """A title or a cell may begin like a list and end like a heading."""
    assert markdown("- a *b* #", one_line=True) == "- a *b* \\#"
    assert vue_markdown("1. {{ x }} ::y::", one_line=True) == "1. {<wbr>{ x }} ::y::"
    assert markdown("a\n---\nb", one_line=True) == "a --- b"


def shown(text: str) -> str:
    """What a page made of Markdown shows and how, without the spaces and the elements that show nothing."""
    page = re.sub(
        r"</?p>|<br />|<br>|<hr />|<hr>|<wbr>|\u2060| v-pre| class=\"language-[^\"]*\"", "", PARSER.render(text)
    )
    page = re.sub(r"(<li>\s*)\[x\] ", r"\1☑", page)
    page = re.sub(r"\s|\ufeff|&nbsp;", "", page)
    while "<blockquote></blockquote>" in page:
        page = page.replace("<blockquote></blockquote>", "")
    return page


PIECES = (
    "a b word é 😀 {{ }} {{x}} { %7B # ## ### - + * > 1. 2) 10) --- *** ___ == === -- ** __ _ *a a* _a a_ **b b** ~~ ~ "
    "` `` ``` ~~~ | |a|b| :-: |-|-| [ ] ( ) ]( [a] [a](b) ![a](b) ! [^1]: ^[ \\ \\* \\[ &lt; &copy; &#32; &nbsp; & : "
    "::v:: <<< . ' \" % @ [x] https://a.b/c_d"
).split()
SPACES = ["\n", "\n", "\n\n", " ", " ", "  ", "    ", "\t", "  \n", "\\\n", "> ", "- ", "  - ", "1. ", "\r\n", "\xa0"]
TEXTS = st.lists(st.sampled_from([*PIECES, *SPACES]), max_size=14).map("".join).filter(lambda text: "<a" not in text)
TAGS = (
    "<b> </b> <i> </i> <div> </div> <br> <T> <!-- --> <!-- <a <script> </script> <span/> <td> <b <? `<!--` $ $$".split()
)
# The same texts each time: the parser here knows no formulas, and a longer search finds differences that are its own.
SAME = settings(max_examples=400, deadline=None, derandomize=True)
TAGGED = st.lists(st.sampled_from([*PIECES, *SPACES, *TAGS, *TAGS]), max_size=14).map("".join)


@SAME
@given(TEXTS)
def test_what_comes_out_says_what_went_in(text):
    """For the parser that both tools' own is the model of, the page is the same."""
    assert shown(markdown(text)) == shown(text)
    assert shown(vue_markdown(text)) == shown(text)


@SAME
@given(TAGGED)
def test_what_is_safe_stays_as_it_is_shown(text):
    """Made safe once more, tags, formulas and all show the same; and no line of it begins another slide."""
    for write in (markdown, vue_markdown):
        safe = write(text)
        assert shown(write(safe)) == shown(safe)
        outside = re.sub(r"^( *)(`{3,}).*?^\1\2", "", safe, flags=re.MULTILINE | re.DOTALL)
        assert not re.search(r"^---|<!--", outside, re.MULTILINE)
    assert not re.search(r"\{\{|%7B%7B", re.sub(r"`.*?`|\]\(.*?\)|=\".*?\"", "", vue_markdown(text), flags=re.DOTALL))


SIZE = 100_000
PATHOLOGICAL = {
    "backticks": "`" * SIZE,
    "runs of backticks": "".join("`" * n + " " for n in range(1, 440)),
    "brackets": "[" * SIZE,
    "pictures": "![" * (SIZE // 2),
    "labels": "[a][" * (SIZE // 4),
    "less-than signs": "<" * SIZE,
    "open tags": "<b>" * (SIZE // 3),
    "open comments": "<!--" * (SIZE // 4),
    "open attributes": '<a b="' * (SIZE // 6),
    "dollars": "$" * SIZE,
    "open formulas": "$$a\n" * (SIZE // 4),
    "escaped dollars": "$a" + "\\$" * (SIZE // 2),
    "stars": "*" * SIZE,
    "emphasis": "a**b" * (SIZE // 4),
    "mixed emphasis": "*a _b __c **d " * (SIZE // 14),
    "backslashes": "\\" * SIZE,
    "quotes": "> " * (SIZE // 2),
    "lists": "- " * (SIZE // 2),
    "nested lists": "".join("  " * n + "- a\n" for n in range(300)),
    "lazy lines": "> " * 19 + "a\n" * (SIZE // 2),
    "a long table": "|a|b|\n|-|-|\n" + "|1|2|\n" * (SIZE // 6),
    "a wide table": "|a" * (SIZE // 4) + "|\n" + "|-" * (SIZE // 4) + "|\n",
    "blank lines": "\n" * SIZE,
    "braces": "{" * SIZE,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", PATHOLOGICAL.values(), ids=PATHOLOGICAL)
def test_no_text_takes_time_without_bound(text):
    """The longest texts are written or refused: what takes the square of its length would not end."""
    for write in (markdown, vue_markdown, aligned, undivided, spoken):
        with contextlib.suppress(OutlineError):
            write(text[:LONGEST])


def test_texts_that_are_too_long_or_too_deep_are_refused():
    """With their beginning, as whoever wrote them has to find them."""
    with pytest.raises(OutlineError, match="500,000 characters is too long for a slide: '````"):
        markdown("`" * 500_000)
    with pytest.raises(OutlineError, match="nests brackets, quotes or lists too often"):
        markdown("> " * 30 + "deep")


def test_every_word_of_nested_quotes_and_lists_is_there():
    """Up to the depth that the tools read; they lose what lies deeper."""
    assert markdown("> " * 19 + "deep") == "> " * 19 + "deep"
    assert html.unescape(PARSER.render(markdown("> " * 19 + "deep"))).count("deep") == 1


def test_a_text_that_was_written_before_asks_its_deck_again():
    """Decks give files their own addresses; a text with none is the same in all."""
    text = "*plain* `x` <b>bold</b>"
    assert markdown(text) == markdown(text, {"a.png": "b.png"}.get)
    picture = "![](a.png)"
    assert markdown(picture, {"a.png": "one.png"}.get) == "![](one.png)"
    assert markdown(picture, {"a.png": "two.png"}.get) == "![](two.png)"
    assert vue_markdown("{{ x }}") != markdown("{{ x }}") == markdown("{{ x }}")
