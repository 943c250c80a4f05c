"""Which tags of a piece of HTML fit each other."""

import pytest

from talkgen.outline.nesting import misfits


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        ("<div><p>a</p><br><img src=x></div>", set()),
        ("<DIV>a</div>", set()),
        ("<div>", {"div"}),
        ("</p>", {"p"}),
        ("<b><i>a</b>", {"i"}),
        ("<v-click><T.x /><a:b/></v-click>", set()),
        ('<p title="a > b </p>">a</p>', set()),
        ("<p title='<b>'>a</p>", set()),
        ("<!-- <b> --><p>a</p>", set()),
        ("<!-- <b>", set()),
        ("<!doctype html><?xml version='1.0'?><p>a</p>", set()),
        ("<script>if (a <b) {}</script><style>a > b {}</style>", set()),
        ("<script>a", {"script"}),
        ("1 < 2 and a <b", set()),
        ("<![CDATA[ x ]]><![<![", set()),
    ],
)
def test_tags_fit_or_are_named(page, wrong):
    """Whatever stands in comments, quotes, scripts and style sheets is no tag."""
    assert misfits(page) == wrong


@pytest.mark.parametrize("piece", ["<a ", '<a b="', "<!--", "<![", "</", "<?", "&", "<" + "a" * 200, "<a>", "</a>"])
def test_what_is_never_closed_is_gone_through_once(piece):
    """Ten thousand beginnings do not make each of them look through all that follows; the test would not end."""
    misfits(piece * 40_000)
