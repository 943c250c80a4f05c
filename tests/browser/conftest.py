"""Fixtures: a page that knows no host but this one, and a page with live elements on tiny real models."""

from pathlib import Path

import pytest
from page_parts import PROMPT, element
from server_process import free_port, server
from tiny_models import NAMES, make_project, save_long_model

from talkgen.lm.answer.engine import Engine
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model
from talkgen.outline.blocks import Live
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.recordings import record
from talkgen.render.elements import elements_script


@pytest.fixture
def page(browser):
    """A fresh page of a slide's size; `page.asked` lists what it asked for, `page.errors` what went wrong in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(90_000)  # a machine that is busy may take its time
    page = context.new_page()
    page.asked, page.errors = [], []
    context.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: is_cut_short(error) or page.errors.append(str(error)))
    yield page
    assert page.errors == []
    assert [url for url in page.asked if not is_here(url)] == []
    context.close()


def is_cut_short(error: Exception) -> bool:
    """Whether it is the browser's notice that a slide came before the last one's transition ended: nobody's fault."""
    return "Transition was skipped" in str(error)


def is_here(url: str) -> bool:
    """Whether an address is on this machine."""
    return url.startswith(("http://127.0.0.1:", "file://", "data:", "blob:", "about:"))


@pytest.fixture(scope="module", params=["marp", "slidev"])
def target(request) -> str:
    """What the deck is built for."""
    return request.param


@pytest.fixture(scope="module")
def build_talk(target, tmp_path_factory):
    """A function that builds a talk from its outline's text for the target, by the real tools; the page to open."""

    def make(outline: str) -> Path:
        folder = tmp_path_factory.mktemp("talk") / "slides" / "talk"
        folder.mkdir(parents=True)
        (folder / "outline.yaml").write_text(outline, encoding="utf-8")
        return build(Request(folder, target), print).outputs[0]

    return make


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """A project with two tiny models."""
    return make_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def engines(project):
    """The tiny models' engines by name."""
    return {name: Engine(load_model(find_model(name, project))) for name in NAMES}


@pytest.fixture(scope="session")
def recording(project, engines):
    """A function that records a block: its models' names, then its settings."""

    def make(*names: str, **settings):
        block = Live(live="next_token", prompt=PROMPT, **{"bars": 5, **settings})
        return record(block, [find_model(name, project) for name in names], engines)

    return make


def write_page(file: Path, *parts: str) -> Path:
    """Writes a page holding some HTML and the elements' script."""
    script = f'<script type="module">{elements_script()}</script>'
    file.write_text(f"<!doctype html><meta charset=utf-8><link rel=icon href=data:,>{''.join(parts)}{script}", "utf-8")
    return file


@pytest.fixture(scope="session")
def pages(tmp_path_factory, recording) -> Path:
    """A folder of pages with one element each."""
    folder = tmp_path_factory.mktemp("pages")
    for name, made in (
        ("one", recording("tiny")),
        ("two", recording("tiny", "tiny-lstm")),
        ("filtered", recording("tiny", top_k=2)),
    ):
        write_page(folder / f"{name}.html", element("talkgen-live", "recording", made))
    chips = {"pieces": ["The", " fox", "\n", "\\xf0", "<b>"], "ids": [1, 22, 3, 4, 5], "model": "tiny"}
    write_page(folder / "chips.html", element("talkgen-tokens", "data", chips, 'size="large" ids'))
    return folder


@pytest.fixture(scope="session")
def site(pages, project) -> str:
    """The address of a server of these pages with both models."""
    port = free_port()
    with server(pages / "one.html", port, project, NAMES):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="session")
def long_site(tmp_path_factory) -> str:
    """The address of a page on a model that takes seconds for a page of text."""
    folder = save_long_model(tmp_path_factory.mktemp("long"))
    files = find_model("long", folder)
    block = Live(live="next_token", prompt=PROMPT, bars=5)
    made = record(block, [files], {"long": Engine(load_model(files))})
    write_page(folder / "deck.html", element("talkgen-live", "recording", made))
    port = free_port()
    with server(folder / "deck.html", port, folder, ("long",)):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def mortal(pages, project):
    """A function that starts a server of one's own to kill: from a port and models to its process, in a `with`."""
    return lambda port, models=NAMES: server(pages / "one.html", port, project, models)


@pytest.fixture
def port() -> int:
    """A port that nothing listens on."""
    return free_port()
