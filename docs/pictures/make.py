"""Makes the README's pictures from a real deck: a film of a slide that answers what is typed, and three stills.

    talkgen build slides/attention; talkgen build slides/attention --target slidev
    python docs/pictures/make.py [live] [tools] [retrained] [panel] [blocks]

Each is photographed in the installed Chromium, from `slides/attention`, presented, or as both tools built it; the last
ones from `docs/blocks`, which is to be built for both too. Nothing is drawn or edited: pictures are made smaller, and
two of them put side by side.
"""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from talkgen.export.browser import find_browser
from talkgen.figures.base import Canvas
from talkgen.figures.registry import load_figure
from talkgen.lm.files.catalog import find_model
from talkgen.outline.blocks import BLOCKS
from talkgen.pipeline.drawing import draw_picture
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.style import load_style
from talkgen.words import read_words

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TALK = ROOT / "slides" / "attention"
WIDTH, GAP = 880, 8  # px: as wide as a README is shown, and between two pictures
SLIDE_TYPED, SLIDE_SHOWN = "What if attention was all you needed?", "What about performance?"
BEGUN, TYPED = "def send(name):\n   ", " if not name or not parser"
SLOWER = 0.1  # the film is taken slowly, so that a bar on its way is seen, and played at its own speed
FRAME = 65  # ms
PATIENCE = 180_000  # ms, for a page to come
STILL = 2_600  # ms until the tools' own buttons are gone
PAGE = "<body style='background: white; font: 60px sans-serif'>What is at example.org stands here"
SENTENCE, BEFORE, AFTER = "The assignment statement is used to", "step-000048", "step-001000"


def main(wanted: list[str]) -> None:
    """Makes the pictures that are named, or all of them."""
    makers: dict[str, Callable[[Browser], None]] = {
        "live": film,
        "tools": both_tools,
        "retrained": retrained,
        "panel": panel,
        "blocks": blocks,
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"])
        for name in wanted or makers:
            makers[name](browser)
        browser.close()


def film(browser: Browser) -> None:
    """A slide whose models answer in the page while a line of code is typed into it: the bars move with every key."""
    page = open_page(browser, f"{(TALK / 'dist' / 'marp' / 'deck.html').as_uri()}#{number_of(SLIDE_TYPED)}")
    box = page.locator("talkgen-live").locator("visible=true").first.locator("textarea")
    box.fill(BEGUN)
    page.wait_for_timeout(3000)
    clock = page.context.new_cdp_session(page)
    clock.send("Animation.enable")
    clock.send("Animation.setPlaybackRate", {"playbackRate": SLOWER})
    frames = [shot(page, WIDTH)] * 12
    for letter in TYPED:
        box.press("Space" if letter == " " else letter)
        for _ in range(2):
            page.wait_for_timeout(FRAME)
            frames.append(shot(page, WIDTH))
    page.wait_for_timeout(140 / SLOWER)
    frames += [shot(page, WIDTH)] * 30
    frames[0].save(
        HERE / "live.webp", save_all=True, append_images=frames[1:], duration=FRAME, loop=0, quality=55, method=4
    )


def both_tools(browser: Browser) -> None:
    """The same slide as Marp and as Slidev built it."""
    number = number_of(SLIDE_SHOWN)
    marp = open_page(browser, f"{(TALK / 'dist' / 'marp' / 'deck.html').as_uri()}#{number}")
    with served(TALK / "dist" / "slidev" / "site") as address:
        slidev = open_page(browser, f"{address}#/{number}")
        beside(shot(marp, WIDTH // 2 - GAP), shot(slidev, WIDTH // 2 - GAP)).save(HERE / "tools.webp", quality=85)


def retrained(browser: Browser) -> None:  # noqa: ARG001 – drawn, not photographed
    """A figure of the small model early in its training, and at its end."""
    figure, style = load_figure("next_token"), load_style("night", ROOT)
    params = figure.Params.model_validate({"prompt": SENTENCE, "bars": 5})
    pictures = []
    for step in (BEFORE, AFTER):
        files = find_model(str(ROOT / "talkgen" / "pretrained" / "small" / "checkpoints" / step), ROOT)
        data = figure.compute(params, ProjectInputs(ROOT, files))
        drawn = draw_picture(figure, data, Canvas(style, 620, 300), {})["png"]
        picture = Image.open(io.BytesIO(drawn)).convert("RGBA")
        sheet = Image.new("RGBA", (picture.width + 48, picture.height + 48), style.colors.background)
        sheet.alpha_composite(picture, (24, 24))
        pictures.append(smaller(sheet, WIDTH // 2 - GAP))
    beside(*pictures).save(HERE / "retrained.webp", quality=85)


def panel(browser: Browser) -> None:
    """What the speaker sees beside the deck."""
    with presented() as address:
        deck = open_page(browser, f"{address}/#{number_of(SLIDE_SHOWN)}")
        page = open_page(browser, f"{address}/panel")
        deck.keyboard.press("ArrowRight")
        for frame in page.frames[1:]:
            frame.wait_for_load_state(timeout=PATIENCE)
        page.wait_for_timeout(5000)
        shot(page, WIDTH).save(HERE / "panel.webp", quality=85)


def blocks(browser: Browser) -> None:
    """Every block's slide in both tools."""
    dist = HERE.parent / "blocks" / "dist"
    folder = HERE / "blocks"
    folder.mkdir(exist_ok=True)
    with served(dist / "marp") as marp, served(dist / "slidev" / "site") as slidev:
        page = open_page(browser, "about:blank")
        page.route("https://example.org/**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        for number, kind in enumerate(BLOCKS, 1):
            for tool, address in (("marp", f"{marp}deck.html#{number}"), ("slidev", f"{slidev}#/{number}?clicks=9")):
                page.goto("about:blank")
                page.goto(address, timeout=PATIENCE, wait_until="networkidle")
                page.evaluate("document.fonts.ready")
                page.wait_for_timeout(STILL)
                shot(page, 640).save(folder / f"{kind}-{tool}.webp", quality=70, method=6)


def number_of(title: str) -> int:
    """Which slide of the talk has a title."""
    return [slide.title for slide in read_words(TALK / "dist" / "marp").slides].index(title) + 1


def open_page(browser: Browser, address: str) -> Page:
    """A page of a slide's size, once it stands still."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(address, timeout=PATIENCE, wait_until="domcontentloaded")
    page.wait_for_timeout(STILL)
    return page


def shot(page: Page, width: int) -> Image.Image:
    """The page as it is now."""
    return smaller(Image.open(io.BytesIO(page.screenshot(timeout=PATIENCE))), width)


def smaller(picture: Image.Image, width: int) -> Image.Image:
    """A picture of that width."""
    size = (width, round(width * picture.height / picture.width))
    return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def beside(left: Image.Image, right: Image.Image) -> Image.Image:
    """Two pictures of one size, side by side."""
    both = Image.new("RGB", (WIDTH, left.height), "white")
    both.paste(left, (0, 0))
    both.paste(right, (WIDTH - right.width, 0))
    return both


@contextmanager
def presented() -> Iterator[str]:
    """The address of the talk as it is presented."""
    port = free_port()
    command = ["present", str(TALK), "--port", str(port), "--no-watch", "--quiet", "--recorded"]
    with running([sys.executable, "-m", "talkgen", *command]):
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api/health", lambda said: json.loads(said)["status"] == "ready")
        yield address


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder of files."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    with running(command):
        wait_for(f"http://127.0.0.1:{port}/", bool)
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def running(command: list[str]) -> Iterator[None]:
    """A program while it is needed."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def wait_for(address: str, is_good: Callable[[bytes], bool], seconds: int = 300) -> None:
    """Waits until what an address says is good."""
    for _ in range(seconds * 2):
        try:
            with urllib.request.urlopen(address) as reply:  # noqa: S310 – on this machine
                if is_good(reply.read()):
                    return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError(address)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main(sys.argv[1:])
