"""Fonts and other things that a Slidev deck asks other hosts for by itself: told with their line, fetched once."""

import json
from pathlib import Path

import pytest
from served_decks import shown

from talkgen.assets import asset_dir
from talkgen.export.node import npm_packages
from talkgen.outline.web_fonts import fonts_address
from talkgen.pipeline import asking_fonts, fetching
from talkgen.pipeline.build import Request, build

GOOGLE = "https://fonts.googleapis.com/css2?family="
OF_DEFAULT = "Nunito+Sans:wght@200;400;600&family=Fira+Code:wght@200;400;600&display=swap"
FAVICON = "https://cdn.jsdelivr.net/gh/slidevjs/slidev/assets/favicon.png"
SETTINGS = {
    f"{GOOGLE}Robot:wght@200;400;600&display=swap": {"sans": "Robot"},
    f"{GOOGLE}A+B:ital,wght@0,300;0,700;1,300;1,700&family=C:ital,wght@0,300;0,700;1,300;1,700&display=swap": {
        "sans": ["'A  B', C"], "mono": "D", "local": "D", "weights": "700, 300", "italic": True,
    },
    "https://api.fonts.coollabs.io/fonts?family=A:wght@400&display=swap": {
        "provider": "coollabs", "serif": "A", "weights": 400,
    },
    f"{GOOGLE}W:wght@200;400;600&display=swap": {"sans": "A", "webfonts": ["W"]},
    "": {"sans": "A", "provider": "none"},
}  # fmt: skip


@pytest.mark.parametrize("address", SETTINGS)
def test_fonts_have_the_address_that_slidev_gives_them(address):
    """Families, weights and slants; none where nothing is asked for."""
    assert fonts_address(SETTINGS[address]) == address


@pytest.mark.parametrize("settings", [{"sans": "A", "fallbacks": False}, {"sans": "A", "local": "A"}, {}])
def test_settings_that_ask_for_nothing_have_none(settings):
    """Of the machine's own, or of no fallback."""
    assert fonts_address(settings) == ""


def native(folder: Path, more: str = "") -> Path:
    """The folder of a talk that is native to Slidev, with files that its author's project has."""
    (folder / "outline.yaml").write_text(f"native: slidev\nmodel: small\n{more}slides:\n  - title: One\n")
    (folder / "style.css").write_text("h1 { color: rgb(1, 2, 3) !important }")
    (folder / "index.html").write_text('<head><meta name="own" content="kept"></head>')
    (folder / "vite.config.ts").write_text("export default { define: { OWN: '7' } };")
    return folder


PLACES = {
    "": ("outline.yaml:1: native", OF_DEFAULT),
    "theme: {slidev: default}\n": ("outline.yaml:3: theme.slidev", OF_DEFAULT),
    "theme: {slidev: ./look}\n": ("outline.yaml:3: theme.slidev", "Far:wght@200;400;600&display=swap"),
    "theme: {slidev: none}\nfrontmatter: {fonts: {mono: M}}\n": (
        "outline.yaml:4: frontmatter.fonts",
        "M:wght@200;400;600&display=swap",
    ),
}


@pytest.mark.parametrize("more", PLACES)
def test_what_a_native_deck_asks_for_is_told(more, tmp_path, own_cache):
    """With the line that asks, be it that of the theme that asks for the author."""
    (tmp_path / "look").mkdir()
    (tmp_path / "look" / "package.json").write_text('{"slidev": {"defaults": {"fonts": {"sans": "Far"}}}}')
    done = build(Request(native(tmp_path, more), "slidev", "md"), print)
    told = {each["message"].split()[0]: each["where"] for each in done.deck.degraded}
    assert told == {FAVICON: "outline.yaml:1: native", GOOGLE + PLACES[more][1]: PLACES[more][0]}
    assert "'fonts: {provider: none}' does without" in str(done.deck.degraded)


def test_a_deck_that_asks_for_nothing_is_told_nothing(tmp_path, own_cache):
    """Its settings say so; nor is a Marp deck of it, which has no such fonts."""
    settings = "frontmatter: {favicon: /x.svg, fonts: {provider: none}}\n"
    assert build(Request(native(tmp_path, settings), "slidev", "md"), print).deck.degraded == []
    native(tmp_path)
    assert "http" not in str(build(Request(tmp_path, "marp", "md"), print).deck.degraded)


def test_components_that_show_other_hosts_are_told(tmp_path, own_cache):
    """Not where they are a listing's text; and a diagram that is drawn elsewhere."""
    body = "frontmatter: {favicon: /x.svg, fonts: {provider: none}}\n"
    native(tmp_path, body)
    with (tmp_path / "outline.yaml").open("a") as outline:
        outline.write("    body: [{raw: {slidev: '<Youtube id=\"x\" />'}}, '`<Tweet id=\"1\"/>`',\n")
        outline.write("      {code: a -> b, language: plantuml}]\n")
    told = [each["message"] for each in build(Request(tmp_path, "slidev", "md"), print).deck.degraded]
    assert [words.partition(" when")[0] for words in told] == [
        "<Youtube> asks www.youtube.com",
        "the diagram asks www.plantuml.com",
    ]


@pytest.fixture
def hosts(monkeypatch):
    """Other hosts, which have fonts and a picture."""
    font = (asset_dir("templates") / "fonts" / "inter-latin-400-normal.woff2").read_bytes()
    answers = {".css2": (b"@font-face { font-family: M; src: url(/m.woff2) }", ".css"), ".png": (b"\x89PNG", ".png")}

    def fetch(address, until, *, private):
        if "css2" in address:
            return answers[".css2"]
        return (font, ".woff2") if address.endswith(".woff2") else answers[".png"]

    monkeypatch.setattr(fetching, "fetch", fetch)


@pytest.mark.slow
def test_what_a_native_deck_asks_for_comes_along_beside_its_own_files(tmp_path, own_cache, hosts, browser):
    """Nobody is asked, the fonts are there; the author's style, head and settings are, beside a block of talkgen's."""
    native(tmp_path, "theme: {slidev: none}\nfrontmatter: {fonts: {mono: M}}\n")
    with (tmp_path / "outline.yaml").open("a") as outline:
        outline.write("    body: [{tokens: to be}, '{{ OWN }}']\nexpressions: false\n")
    done = build(Request(tmp_path, "slidev", fetch="public"), print)
    assert done.deck.degraded == []
    assert "OWN: '7'" in (done.deck.path / "vite.config.ts").read_text()
    with shown(browser, done.outputs[0]) as (page, asked, _):
        heading = page.locator("h1").first
        heading.wait_for()
        assert heading.evaluate("each => getComputedStyle(each).color") == "rgb(1, 2, 3)"
        assert page.locator("meta[name=own]").get_attribute("content") == "kept"
        assert page.evaluate("!!customElements.get('talkgen-tokens')")
        assert page.evaluate("[...document.fonts].some(font => font.family === 'M')")
        assert asked == []


@pytest.mark.slow
def test_the_fonts_of_slidevs_own_theme_are_as_we_know_them():
    """Without a look into its package at every build."""
    said = json.loads((npm_packages("slidev", print) / "node_modules/@slidev/theme-default/package.json").read_bytes())
    assert said["slidev"]["defaults"]["fonts"] == asking_fonts._OF_DEFAULT
