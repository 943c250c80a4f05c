"""Pictures named in text: copied into the deck and addressed there, wherever in a slide the text stands."""

import pytest
from decks import make_deck

from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev

PLACES = [
    {"title": "![a](pic.svg)"},
    {"body": ["![a](pic.svg)"]},
    {"body": [{"bullets": ["x", {"y": ["![a](pic.svg)"]}]}]},
    {"body": [{"table": {"head": ["a"], "rows": [["![a](pic.svg)"]]}}]},
    {"body": [{"quote": "![a](pic.svg)"}]},
    {"body": [{"columns": [["![a](pic.svg)"], ["b"]]}]},
]


@pytest.fixture
def folder(tmp_path):
    """A talk's folder with pictures in and beside it."""
    talk = tmp_path / "talk"
    (talk / "sub dir").mkdir(parents=True)
    for file in (talk / "pic.svg", talk / "sub dir" / "p.svg", tmp_path / "secret.svg"):
        file.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    return talk


def both(text, folder):
    """The text of one body in each target's source, with the files that came along."""
    deck = make_deck([{"body": [text]}], folder)
    for rendering, source, ours in (
        (render_marp(deck), "deck.md", ""),
        (render_slidev(deck), "slides.md", "public/"),
    ):
        yield rendering.files[source], {name.removeprefix(ours): path for name, path in rendering.files.items()}


@pytest.mark.parametrize("slide", PLACES, ids=str)
def test_pictures_come_along_from_every_place(slide, folder):
    """A picture beside the outline is copied, and the text names the copy."""
    deck = make_deck([slide], folder)
    marp, slidev = render_marp(deck), render_slidev(deck)
    assert "![a](images/pic.svg)" in marp.files["deck.md"]
    assert "![a](/images/pic.svg)" in slidev.files["slides.md"]
    assert marp.files["images/pic.svg"] == slidev.files["public/images/pic.svg"] == folder / "pic.svg"


@pytest.mark.parametrize(
    ("text", "shown", "copied"),
    [
        ("![a](<sub dir/p.svg>)", "images/sub%20dir/p.svg", "images/sub dir/p.svg"),
        ("![a](sub%20dir/p.svg 'title')", "images/sub%20dir/p.svg", "images/sub dir/p.svg"),
        ("![a](pic.svg?x#y)", "images/pic.svg", "images/pic.svg"),
        ("<img alt=a src='pic.svg' width=80>", 'images/pic.svg" width="80">', "images/pic.svg"),
    ],
)
def test_addresses_are_read_as_browsers_do(text, shown, copied, folder):
    """Quoted names, percent signs, queries and HTML."""
    for source, files in both(text, folder):
        assert shown in source
        assert copied in files


@pytest.mark.parametrize("text", ["`![a](pic.svg)`", "```text\n![a](pic.svg)\n```", "[a](pic.svg)"])
def test_code_and_links_are_left_alone(text, folder):
    """Only what is shown as a picture is one."""
    for source, files in both(text, folder):
        assert text in source
        assert "images/pic.svg" not in files


@pytest.mark.parametrize("text", ["![a](../secret.svg)", "![a](https://a.b/c.svg)", "![a](none.svg)"])
def test_nothing_else_is_read(text, folder):
    """Addresses on the web stay, and no file outside the project is copied."""
    for source, files in both(text, folder):
        assert text in source
        assert [name for name in files if name.startswith("images/")] == []
