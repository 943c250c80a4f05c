"""Files named anywhere in an outline, through the real tools: in both decks nothing is missing."""

import re
from pathlib import Path

import pytest
from decks import make_deck

from talkgen.export.marp import export_marp
from talkgen.export.slidev import export_slidev
from talkgen.outline.addresses import css_addresses, html_addresses
from talkgen.render.deck import Rendering
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev

OUTLINE = {
    "header": '<img src="header.png">',
    "footer": "![h:50 A footer](footer.png) and text",
    "style": "section::before, .slidev-layout::before { background: url('style.png') }",
}
SLIDES = [
    {"title": "A ![b](title.png)", "background": "background.png", "body": ["![a](markdown.png) <img src=tag.png>"]},
    {"body": [{"image": "image.png", "background": True}, {"image": "sub/side.png", "side": "left"}]},
    {"body": [{"video": "film.mp4", "poster": "still.png", "start": 1.5, "end": 4}]},
    {"body": [{"html": '<video poster="poster.png" src="html.mp4"></video>'}]},
    {"body": [{"html": '<audio src="a.mp3"></audio><div style="background: url(inline.png)">x</div>'}]},
    {"background": "url(layer.png) center"},
    {"body": [{"raw": {"marp": "![bg right](lead.png)", "slidev": '<img src="/public.png">\n\n![a](./lead.png)'}}]},
    {"directives": {"_backgroundImage": "url(directive.png)"}, "frontmatter": {"image": "front.png"}},
]
NAMED = re.findall(r"[\w/]+\.(?:png|mp4|mp3)", repr((OUTLINE, SLIDES)))
BOTH = {name.removeprefix("/") for name in NAMED} - {"public.png", "directive.png", "front.png"}


@pytest.fixture
def deck(tmp_path):
    """A deck that names a file in every place there is; each is there, with bytes of its own."""
    folder = tmp_path / "talk"
    for name in {name.lstrip("/") for name in NAMED}:
        file = folder / ("public" if name == "public.png" else "") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\x89PNG\r\n\x1a\n" + name.encode())
    return make_deck(SLIDES, folder, **OUTLINE)


def write(rendering: Rendering, folder: Path) -> Path:
    """The files of a rendering on disk."""
    for name, content in rendering.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content.read_bytes())
    return folder


def copied(rendering: Rendering, folder: str) -> set[str]:
    """The files of the talk that come along, by their names there."""
    return {name.removeprefix(folder) for name in rendering.files if name.startswith(folder)}


def test_every_file_is_copied(deck):
    """Each target gets the files of its own deck, and no name is left that is not theirs."""
    marp, slidev = render_marp(deck), render_slidev(deck)

    assert copied(marp, "images/") == BOTH | {"directive.png"}
    assert copied(slidev, "public/images/") == BOTH | {"front.png", "public/public.png"}
    assert (marp.degraded, slidev.degraded) == ((), ())


@pytest.mark.slow
def test_marps_page_holds_them_all(deck, tmp_path):
    """Every address in the page that Marp makes is the file itself, as data."""
    folder = write(render_marp(deck), tmp_path / "marp")
    page = export_marp(folder, "html", print)[0].read_text(encoding="utf-8")

    found = [address.to for address in html_addresses(page)]
    assert len(found) > len(BOTH)
    assert [to for to in found if not to.startswith(("data:", "#"))] == []
    assert [to.to for to in css_addresses(page.replace("&quot;", '"')) if not to.to.startswith(("data:", "#"))] == []


@pytest.mark.slow
def test_slidevs_site_holds_them_all(deck, tmp_path):
    """The site builds, and every address of a picture or a film in it is a file of the site."""
    folder = write(render_slidev(deck), tmp_path / "slidev")
    site = export_slidev(folder, "html", print)[0].parent

    texts = [file.read_text(encoding="utf-8") for file in site.rglob("*") if file.suffix in (".js", ".css", ".html")]
    named = {found for text in texts for found in re.findall(r"[\"'(`]\.{0,2}(/[\w/.-]+\.(?:png|mp4|mp3))", text)}
    images = {name.removeprefix("/images/") for name in named if name.startswith("/images/")}
    assert images == copied(render_slidev(deck), "public/images/")
    assert [name for name in named if not any((site / folder / name[1:]).is_file() for folder in ("", "assets"))] == []
