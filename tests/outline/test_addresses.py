"""Addresses in Markdown, HTML and CSS: found as a browser reads them, at their places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgen.outline.addresses import (
    css_addresses,
    html_addresses,
    markdown_addresses,
    marp_addresses,
    replace_addresses,
)

MARKDOWN = [
    ("![a](x.png)", ["x.png"]),
    ("text ![a b](x.png) and ![](y.png 'title')", ["x.png", "y.png"]),
    ("![a](<my x.png>) ![a](my%20x.png)", ["my x.png", "my x.png"]),
    ("![x.png](x.png) ![![x.png](y.png)](x.png)", ["x.png", "x.png"]),
    (r"![a](x\_1.png) ![a](x&amp;y.png)", ["x_1.png", "x&y.png"]),
    ("![a][one] ![one]\n\n[one]: x.png 'title'", ["x.png", "x.png"]),
    ("| a |\n|---|\n| ![a](x.png) |\n| ![a](y.png) |", ["x.png", "y.png"]),
    ("> - ![a\n>   b](x.png)\n", ["x.png"]),
    ("`![a](x.png)` ![a](x.png)", ["x.png"]),
    ("```\n![a](x.png)\n```\n![a](y.png)", ["y.png"]),
    ("    ![a](x.png)\n\n<!-- ![a](x.png) -->\n![a](y.png)", ["y.png"]),
    ("`` ` ![a](x.png) `` ![a](x.png)", ["x.png"]),
    ("[a](x.png) \\![a](x.png) !\\[a](x.png)", []),
    ("<img alt='a > b' src=x.png> <video poster='p.png' controls><source src=\"f.mp4\"></video>",
     ["x.png", "p.png", "f.mp4"]),
    ("`<img src=x.png>`", []),
]  # fmt: skip
HTML = [
    ('<img src="x.png" data-src="y.png">', ["x.png"]),
    ("<video src='f.mp4' poster=p.png></video><audio src=a.mp3>", ["f.mp4", "p.png", "a.mp3"]),
    ('<img srcset="x.png 1x, y.png 2x"><object data="d.svg">', ["x.png", "y.png", "d.svg"]),
    ('<svg><image href="x.png"/></svg><a href="y.html">', ["x.png"]),
    ('<img src="x&amp;y.png"><!-- <img src="no.png"> -->', ["x&y.png"]),
    (
        '<div style="background: url(\'x.png\')"></div><p style="background: url(&quot;y.png&quot;)">',
        ["x.png", "y.png"],
    ),
    ("<style>/* url(no.png) */ a { background: url(x.png) }</style>", ["x.png"]),
    ("<script>'<img src=no.png>'</script><Own src='x.glb' :src='no'/>", ["x.glb"]),
    ("<p\n  title='a\nb'>\n<img\nsrc=x.png>", ["x.png"]),
]
CSS = [
    ("a { background: url(x.png) } b { src: url( 'y.woff2' ) }", ["x.png", "y.woff2"]),
    ('a { background: URL("x y.png"), url(data:image/png;base64,AA==) }', ["x y.png", "data:image/png;base64,AA=="]),
    ("/* url(no.png) */ a { color: red }", []),
]
ALL = [
    *((markdown_addresses, *each) for each in MARKDOWN),
    *((html_addresses, *each) for each in HTML),
    *((css_addresses, *each) for each in CSS),
]


def _id(value: object) -> str:
    """What a case is called, alike in every process that collects it: not by a function's place in memory."""
    return getattr(value, "__name__", str(value))


@pytest.mark.parametrize(("find", "text", "wanted"), ALL, ids=_id)
def test_addresses_are_found(find, text, wanted):
    """What is fetched, in order; what code, comments and links show is not."""
    assert [address.to for address in sorted(find(text), key=lambda one: one.start)] == wanted


@pytest.mark.parametrize(("find", "text", "wanted"), ALL, ids=_id)
def test_places_are_those_of_the_addresses(find, text, wanted):
    """Each address is replaced where it stands, and found again there; nothing else changes."""
    changed = replace_addresses(text, find(text), lambda _: "Z")

    assert {address.to for address in find(changed)} == ({"Z"} if wanted else set())
    assert replace_addresses(text, find(text), lambda _: None) == text


def test_marps_comments_are_directives():
    """In Marp's source a comment sets a background or a footer."""
    text = "<!-- _backgroundImage: url(x.png) -->\n<!-- footer: '![w:9](y.png)' -->\n![bg](z.png)"

    assert {address.to for address in marp_addresses(text)} == {"x.png", "y.png", "z.png"}


@given(
    st.lists(
        st.sampled_from(["![", "](", ")", "x.png", "`", "<img src=", ">", "\n", "> ", "- ", "'", "|", "<!--", " "])
    )
)
def test_any_text_is_read(pieces):
    """Whatever a text is made of, what is found in it stands in it."""
    text = "".join(pieces)
    for address in [*markdown_addresses(text), *html_addresses(text)]:
        assert 0 <= address.start <= address.end <= len(text)


@pytest.mark.parametrize("piece", ["![a][r] ", "`![` ", "![a](", "<img src='", "![a](x) ", "<!-- "])
def test_long_texts_take_time_in_proportion(piece):
    """Many beginnings of pictures do not make each of them look through all that follows; the test would not end."""
    markdown_addresses(piece * 10_000)


@pytest.mark.parametrize("piece", ["<" + "a" * 200_000, "<a " * 100_000, '<a "' * 50_000, "![](" + "a" * 400_000 + ")"])
def test_what_is_very_long_takes_time_in_proportion(piece):
    """A tag that is never closed, and an address of any length; the test would not end."""
    list(html_addresses(piece))
    assert len(markdown_addresses(piece)) == piece.count("![](")


@pytest.mark.parametrize("begun", ["url(", "@import ", "url(a", 'url("a"'])
def test_blanks_that_never_end_in_a_style_sheet_are_gone_through_once(begun):
    """A hundred thousand blanks are not looked at from each of them on; the test would not end."""
    assert len(list(css_addresses(begun + " " * 400_000))) <= 1
