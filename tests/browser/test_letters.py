"""Letters of other scripts, emoji, and text from right to left, in decks that the real tools built."""

import functools
import http.server
import threading

import pytest

from talkgen.pipeline.build import Request, build

pytestmark = pytest.mark.slow

TALK = """\
title: Letters
lang: {lang}
theme: {theme}
model: small
slides:
  - title: 你好 こんにちは 안녕 مرحبا שלום 🚀 👩‍🚀 1️⃣ → Привет
    body:
      - "**مرحبا 你好 bold** and :rocket: `x = 1  # 注释 🚀`"
      - {{code: "x = 1  # 注释 🚀", language: python}}
"""


@pytest.fixture
def shown(page, tmp_path, own_cache):
    """Builds the talk for a target, shows its slide, and gives the hosts that it asked; the browser has no network."""
    asked: list[str] = []
    servers = []

    def show(target: str, lang: str = "en", theme: str = "night"):
        (tmp_path / "outline.yaml").write_text(TALK.format(lang=lang, theme=theme), encoding="utf-8")
        file = build(Request(tmp_path, target), print).outputs[0]
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(file.parent))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_port}"
        page.on("request", lambda one: None if one.url.startswith((origin, "data:")) else asked.append(one.url))
        page.goto(f"{origin}/{file.name}")
        page.locator("h1").first.wait_for()
        page.wait_for_timeout(1000)
        return asked

    yield show
    for server in servers:
        server.shutdown()
        server.server_close()


def fonts_of(page, selector: str) -> dict[str, bool]:
    """The fonts that the browser draws the letters below an element with, and whether the page brought each."""
    session = page.context.new_cdp_session(page)
    for domain in ("DOM", "CSS"):
        session.send(f"{domain}.enable")
    root = session.send("DOM.getDocument", {"depth": -1})["root"]["nodeId"]
    found: dict[str, bool] = {}
    for node in session.send("DOM.querySelectorAll", {"nodeId": root, "selector": selector})["nodeIds"]:
        for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
            found[font["familyName"]] = font["isCustomFont"]
    return found


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_every_letter_is_of_a_font_that_came_along(target, page, shown):
    """In a title, in bold text and in code, without a request to another host."""
    asked = shown(target)
    for selector in ("h1", "p, p *", "p code"):
        fonts = fonts_of(page, selector)
        assert fonts, selector
        assert all(fonts.values()), (selector, fonts)
    assert asked == []


@pytest.mark.parametrize("theme", ["{marp: gaia}", "{marp: default}", "{marp: uncover}"])
def test_other_scripts_are_shown_under_a_tools_theme_too(theme, page, shown):
    """Every letter that Latin fonts lack."""
    asked = shown("marp", theme=theme)
    assert any("Noto Sans JP" in family for family, ours in fonts_of(page, "h1").items() if ours)
    assert asked == []


@pytest.mark.parametrize("target", ["marp", "slidev"])
@pytest.mark.parametrize("lang", ["ar", "he-IL"])
def test_a_language_from_right_to_left_begins_on_the_right(target, lang, page, shown):
    """Titles and text do, code does not, and the page says so."""
    shown(target, lang)
    where = "each => [getComputedStyle(each).direction, getComputedStyle(each).textAlign]"
    assert page.locator("h1").first.evaluate(where)[0] == "rtl"
    assert page.locator("p code").first.evaluate(where)[0] == "ltr"
    assert page.locator("[dir=rtl]").count() > 0
    title = page.locator("h1").first.evaluate(
        "each => { const range = document.createRange(); range.selectNodeContents(each);"
        "return [range.getBoundingClientRect().right, each.parentElement.getBoundingClientRect().right] }"
    )
    assert title[1] - title[0] < 120
