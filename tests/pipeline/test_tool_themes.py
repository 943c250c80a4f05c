"""Themes of the tools' own: built in, from npm, or the author's; what cannot be had is told with its line."""

import hashlib
import json
from base64 import b64encode
from pathlib import Path

import pytest
from served_decks import served, shown

from talkgen.errors import OutlineError
from talkgen.export.node import run_npm
from talkgen.pipeline.build import Request, build, check

TALK = """\
title: A talk
theme: {theme}
model: small
slides:
  - title: First
    layout: cover
  - title: Second
    class: invert italic
    body: [Text, {{image: dot.svg}}]
"""
DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle cx="20" cy="20" r="20"/></svg>'


@pytest.fixture
def talk(tmp_path, own_cache):
    """Writes a talk in a theme; its folder."""
    folder = tmp_path / "talk"
    folder.mkdir()
    (folder / "dot.svg").write_text(DOT, encoding="utf-8")

    def write(theme: str) -> Path:
        (folder / "outline.yaml").write_text(TALK.format(theme=theme), encoding="utf-8")
        return folder

    return write


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["default", "gaia", "uncover"])
def test_marps_own_themes_ask_no_host(theme, talk, browser):
    """Each is Marp's, with its fonts inside, and its covers look like its covers."""
    done = build(Request(talk(f"{{marp: {theme}}}")), print)
    with shown(browser, done.outputs[0]) as (page, asked, _):
        sections = page.locator("section")
        assert sections.first.get_attribute("data-theme") == theme
        assert "lead" in str(sections.first.get_attribute("class"))
        if theme == "gaia":
            assert page.evaluate("[...document.fonts].some(f => f.family === 'Lato' && f.status === 'loaded')")
        assert asked == []


@pytest.mark.slow
def test_slidevs_theme_from_npm_is_installed_on_first_use(talk, browser):
    """Pinned in the deck, in its own layouts, without another host; a slide's class stays a name."""
    folder = talk("{marp: gaia, slidev: seriph}")
    done = build(Request(folder, "slidev"), print)
    package = json.loads((done.deck.path / "package.json").read_text(encoding="utf-8"))
    assert package["dependencies"] == {"@slidev/theme-seriph": "0.25.0"}
    with shown(browser, done.outputs[0]) as (page, asked, address):
        assert page.locator(".slidev-layout.cover").count() >= 1
        page.goto(f"{address}#/2")
        slide = page.locator(".slidev-page-2 .slidev-layout")
        slide.wait_for()
        assert slide.evaluate("each => getComputedStyle(each).filter") == "none"
        assert slide.evaluate("each => getComputedStyle(each).fontStyle") == "normal"
        assert slide.evaluate("each => getComputedStyle(each.querySelector('h1')).color") == "rgb(93, 131, 146)"
        assert asked == []


@pytest.mark.slow
def test_a_talks_own_theme_comes_along_by_its_path(talk, browser):
    """A style sheet for Marp with one that it imports and a picture of its folder; a folder for Slidev."""
    folder = talk("{marp: look/mine.css, slidev: ./paint}")
    (folder / "look").mkdir()
    (folder / "look" / "mine.css").write_text(
        '/* @theme mine */\n@import "base";\nsection { background-image: url(dot.svg); }\n', encoding="utf-8"
    )
    (folder / "look" / "base.css").write_text(
        "/* @theme base */\nsection { width: 1280px; height: 720px; color: rgb(1, 2, 3); }\n", encoding="utf-8"
    )
    (folder / "look" / "dot.svg").write_text(DOT, encoding="utf-8")
    (folder / "paint" / "layouts").mkdir(parents=True)
    (folder / "paint" / "layouts" / "cover.vue").write_text(
        '<template><div class="slidev-layout painted" style="color: rgb(4, 5, 6)"><slot/></div></template>\n',
        encoding="utf-8",
    )
    marp, slidev = (build(Request(folder, target), print) for target in ("marp", "slidev"))
    with shown(browser, marp.outputs[0]) as (page, asked, _):
        look = page.locator("section").first.evaluate(
            "s => [getComputedStyle(s).color, getComputedStyle(s).backgroundImage]"
        )
        assert look[0] == "rgb(1, 2, 3)"
        assert look[1].startswith('url("data:image/svg+xml;base64')
        assert asked == []
    with shown(browser, slidev.outputs[0]) as (page, asked, _):
        painted = page.locator(".painted").first
        painted.wait_for()
        assert painted.evaluate("each => getComputedStyle(each).color") == "rgb(4, 5, 6)"
        assert asked == []
    asks = "<template><slot/></template>\n<style>@import url('https://fonts.example/css?family=X');</style>\n"
    (folder / "paint" / "layouts" / "more.vue").write_text(asks, encoding="utf-8")
    again = build(Request(folder, "slidev"), print)
    assert again.exported
    assert [(each["where"], each["message"].partition(" is fetched")[0]) for each in again.deck.degraded] == [
        ("outline.yaml:2: theme.slidev", "https://fonts.example/css?family=X")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("head", ["title: A talk", "native: slidev"])
def test_an_addon_is_found_by_its_path(head, tmp_path, own_cache, browser):
    """In the talk's folder, where Slidev itself looks for a `./x` beside it."""
    (tmp_path / "more" / "components").mkdir(parents=True)
    (tmp_path / "more" / "package.json").write_text('{"name": "more"}')
    (tmp_path / "more" / "style.css").write_text("h1 { color: rgb(7, 8, 9) !important; }")
    settings = "theme: {slidev: none}\nmodel: small\nfrontmatter: {addons: [./more]}\nslides: [{title: One}]\n"
    (tmp_path / "outline.yaml").write_text(f"{head}\n{settings}")
    with shown(browser, build(Request(tmp_path, "slidev"), print).outputs[0]) as (page, _, _):
        page.locator("h1").first.wait_for()
        assert page.locator("h1").first.evaluate("each => getComputedStyle(each).color") == "rgb(7, 8, 9)"


BESIDE = "names are relative to the outline's folder"
WRONG = {
    "{marp: gaja}": ("Marp has no theme 'gaja'", "did you mean 'gaia'?; a style sheet of your own goes by its path"),
    "{marp: hold.css}": ("there is no file 'hold.css'", "did you mean 'hole.css'?"),
    "{marp: mute.css}": ("mute.css says no name as a theme", "Marp wants a comment in it: /* @theme NAME */"),
    "{marp: hole.css}": ("hole.css: there is no file 'no.png'", "it is looked for beside the style sheet"),
    "{slidev: ./nowhere}": ("there is no folder './nowhere'", BESIDE),
    "{slidev: ../..}": ("'../..' is outside the project", "copy it beside the outline"),
    "{slidev: ./}": ("the folder './' holds the talk itself", "give the theme a folder of its own"),
    "{slidev: a b}": ("'a b' is no name of an npm package", "as in: seriph, @scope/name or name@1.2.3"),
    "{figures: nigth}": ("there is no theme 'nigth'", "did you mean 'night'?"),
}


@pytest.mark.parametrize("theme", WRONG)
def test_what_is_no_theme_is_told_with_its_line(theme, talk, monkeypatch):
    """And what to write instead, before anything is asked of npm."""
    folder = talk(theme)
    (folder / "mute.css").write_text("section { color: red; }", encoding="utf-8")
    (folder / "hole.css").write_text("/* @theme hole */ section { background: url(no.png); }", encoding="utf-8")
    monkeypatch.chdir(folder)
    with pytest.raises(OutlineError) as caught:
        check(Request(Path("outline.yaml"), "slidev"), print)
    key, (message, hint) = theme[1:].partition(":")[0], WRONG[theme]
    assert str(caught.value) == f"outline.yaml:2:9: theme.{key}: {message}\n  hint: {hint}"


def test_a_tools_own_theme_is_named_under_its_tool(talk):
    """What stands for both decks is a theme of ours."""
    with pytest.raises(OutlineError, match=r"there is no theme 'seriph'\n.*: 'theme: \{slidev: seriph\}'"):
        check(Request(talk("seriph")), print)


def publish(folder: Path, name: str, script: str) -> None:
    """Makes a package as npm packs it, which would run `script` when it is installed, and its entry in a registry."""
    source = folder / "source"
    (source / "layouts").mkdir(parents=True)
    (source / "layouts" / "default.vue").write_text('<template><div class="slidev-layout"><slot/></div></template>\n')
    about = {"name": name, "version": "1.2.3", "scripts": {"preinstall": script, "postinstall": script}}
    (source / "package.json").write_text(json.dumps(about), encoding="utf-8")
    run_npm(["pack", "--pack-destination", str(folder)], cwd=source)
    content = (folder / f"{name}-1.2.3.tgz").read_bytes()
    dist = {"integrity": f"sha512-{b64encode(hashlib.sha512(content).digest()).decode()}"}
    (folder / "dist.json").write_text(json.dumps(dist), encoding="utf-8")


def enter(folder: Path, name: str, address: str) -> None:
    """The entry of a package in the registry at an address."""
    dist = {**json.loads((folder / "dist.json").read_bytes()), "tarball": f"{address}/{name}-1.2.3.tgz"}
    version = {"name": name, "version": "1.2.3", "dist": dist, "hasInstallScript": True}
    entry = {"name": name, "dist-tags": {"latest": "1.2.3"}, "versions": {"1.2.3": version}}
    (folder / name).write_text(json.dumps(entry), encoding="utf-8")


@pytest.mark.slow
def test_no_script_of_a_package_is_run_and_its_content_is_remembered(talk, tmp_path, monkeypatch):
    """Its version and digest are kept; the same version with other content is refused."""
    touched = tmp_path / "touched"
    publish(tmp_path / "registry", "slidev-theme-quiet", f"touch {touched}")
    folder = talk("{slidev: quiet}")
    with served(tmp_path / "registry") as address:
        enter(tmp_path / "registry", "slidev-theme-quiet", address)
        monkeypatch.setenv("npm_config_registry", address)
        said: list[str] = []
        done = build(Request(folder, "slidev"), said.append)
    assert not touched.exists()
    assert "quiet is slidev-theme-quiet 1.2.3 from now on; quiet@1.2.3 keeps it anywhere" in said
    package = json.loads((done.deck.path / "package.json").read_text(encoding="utf-8"))
    assert (
        package["talkgen"][0]["integrity"]
        == json.loads((tmp_path / "registry" / "dist.json").read_bytes())["integrity"]
    )


@pytest.mark.slow
def test_a_theme_that_nobody_has_is_told_with_its_line(talk, tmp_path, monkeypatch):
    """The registry has none, or cannot be asked: each in its own words."""
    (tmp_path / "registry").mkdir()
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with served(tmp_path / "registry") as address:
        monkeypatch.setenv("npm_config_registry", address)
        with pytest.raises(
            OutlineError, match=r":2:9: theme.slidev: npm has no Slidev theme 'serif'\n  hint: did you mean"
        ):
            check(Request(talk("{slidev: serif}"), "slidev"), print)
    with pytest.raises(
        OutlineError, match=r"theme.slidev: the Slidev theme 'other' is not here yet, and npm cannot be"
    ) as caught:
        check(Request(talk("{slidev: other}"), "slidev"), print)
    assert "ECONNREFUSED" in str(caught.value)
