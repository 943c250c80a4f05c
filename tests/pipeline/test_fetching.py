"""What a talk shows from other hosts: told with its line, or fetched once, within limits, into the store."""

import http.server
import socket
import threading
import time
from contextlib import suppress

import pytest
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.errors import OutlineError, TalkgenError
from talkgen.pipeline import fetching, remote
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.fetching import _kind, fetch, time_for_one

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f6"
    "45400000000049454e44ae426082"
)
SVG = b'<?xml version="1.0"?>\n<!-- a dot -->\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
FILES = {
    "/dot.png": PNG,
    "/dot": SVG,
    "/film.mp4": b"\0\0\0\x18ftypmp42" + bytes(40),
    "/page.png": b"<!doctype html><title>Not found</title>",
    "/slow.css": b"".join(b"@font-face { src: url(slow.png?%d) }" % n for n in range(50)),
    "/large.png": PNG + bytes(200_000),
    "/short.png": PNG,
    "/slow.png": PNG,
    "/slow.png?0": PNG,
    "/uml%C3%A4%20ut.png?a=b%20c": PNG,
    "/letters.ttf": b"\0\1\0\0" + bytes(40),
    "/more.css": b"b { color: red }",
    "/look.css": b"@font-face { font-family: Far; src: url(letters.ttf?v=1) }",
    "/letters.ttf?v=1": b"\0\1\0\0" + bytes(40),
}


class Host(http.server.BaseHTTPRequestHandler):
    """Another host: some files, one that leads on, one that leads on for ever."""

    asked: list[str]

    def do_GET(self):
        """A file, a way on, or 404."""
        self.asked.append(self.path)
        onward = {"/moved": "/dot.png", "/circle": "/circle"}.get(self.path)
        content = FILES.get(self.path)
        self.send_response(302 if onward else 200 if content else 404)
        if onward:
            self.send_header("Location", onward)
        if self.path.endswith(".css"):
            self.send_header("Content-Type", "text/css; charset=utf-8")
        if self.path == "/short.png":
            self.send_header("Content-Length", "5000")
        self.end_headers()
        with suppress(OSError):  # who asked may have gone
            self.wfile.write(content or b"")
            for _ in range(200 if self.path.startswith("/slow.png") else 0):
                self.wfile.write(b"x")
                time.sleep(0.05)

    def log_message(self, *what):
        """Says nothing."""


@pytest.fixture
def host():
    """The address of a host, and what it was asked."""
    answer = type("Answer", (Host,), {"asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", answer.asked
    server.shutdown()
    server.server_close()


def soon() -> float:
    """When an answer of the host of these tests is here by far."""
    return time.monotonic() + 60


KINDS = [("/dot.png", ".png"), ("/dot", ".svg"), ("/film.mp4", ".mp4"), ("/letters.ttf", ".ttf"), ("/more.css", ".css")]


@pytest.mark.parametrize(("name", "suffix"), KINDS)
def test_what_is_fetched_is_known_by_its_content(name, suffix, host):
    """Whatever it is called."""
    assert fetch(host[0] + name, soon(), private=True) == (FILES[name], suffix)


def test_a_drawing_may_begin_with_comments_and_many_are_read_once():
    """What begins as a drawing and is none is refused, however its comments could be taken together."""
    assert _kind(b"<!-- a --><!-- b -->\n<svg></svg>", "a", "image/svg+xml") == ".svg"
    with pytest.raises(TalkgenError, match="no picture"):
        _kind(b"<!---->" * 500, "a", "image/svg+xml")  # the test would not end


def test_a_way_on_is_followed_but_not_for_ever(host):
    """To the file; a circle is left after five steps."""
    assert fetch(f"{host[0]}/moved", soon(), private=True)[0] == PNG
    with pytest.raises(TalkgenError, match="leads on more than 5 times"):
        fetch(f"{host[0]}/circle", soon(), private=True)
    assert host[1].count("/circle") == 6


def test_an_address_may_have_any_letters(host):
    """A space, an umlaut, in its path and behind it."""
    assert fetch(f"{host[0]}/umlä ut.png?a=b c", soon(), private=True)[0] == PNG
    assert host[1] == ["/uml%C3%A4%20ut.png?a=b%20c"]


def test_a_host_that_says_a_byte_now_and_then_is_left(host, monkeypatch):
    """However long it goes on."""
    monkeypatch.setattr(fetching, "_SECONDS_IN_ALL", 0.3)
    with pytest.raises(TalkgenError, match=r"slow\.png was not here in time"):
        fetch(f"{host[0]}/slow.png", time_for_one(soon()), private=True)


def test_a_host_that_never_ends_its_greeting_is_left(monkeypatch):
    """Before a word of HTTP is said: a record of TLS that comes a byte at a time."""
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with suppress(OSError), server.accept()[0] as guest:
            for byte in b"\x16\x03\x03\x40\x00" + bytes(400):
                guest.sendall(bytes([byte]))
                time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    with server, pytest.raises(TalkgenError, match="was not here in time"):
        fetch(f"https://127.0.0.1:{server.getsockname()[1]}/x.png", time.monotonic() + 0.3, private=True)


def test_all_that_a_sheet_names_has_the_time_of_one(talk, host, monkeypatch):
    """Fonts of a host that drips are asked for until the sheet's own time is over; a build's is over for all."""
    (talk / "outline.yaml").write_text(
        f"title: A\nmodel: small\nstyle: '@import \"{host[0]}/slow.css\";'\nslides: [{{title: One}}]\n"
    )
    monkeypatch.setattr(fetching, "_SECONDS_IN_ALL", 0.5)
    with pytest.raises(OutlineError, match=r"slow\.png\?0 was not here in time"):
        build(Request(talk, format="md", fetch="private"), print)
    assert len(host[1]) == 2
    monkeypatch.setattr(remote, "_MOST_SECONDS", 0)
    (talk / "outline.yaml").write_text(TALK.format(host=host[0]))
    with pytest.raises(OutlineError) as caught:
        build(Request(talk, format="md", fetch="private"), print)
    assert str(caught.value).count("was not here in time") == len(PLACES)


REFUSED = {
    "/short.png": "came in part: 70 of 5,000 bytes",
    "/page.png": "is no picture, film, sound or font",
    "/gone.png": "answers 404 Not Found",
    "/large.png": "is larger than 0 MiB",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_use_is_refused(name, host, monkeypatch):
    """Another kind of file than a deck shows, nothing, too much."""
    monkeypatch.setattr(fetching, "LARGEST", 100_000)
    with pytest.raises(TalkgenError, match=REFUSED[name]):
        fetch(host[0] + name, soon(), private=True)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/x.png", "http://localhost:9/x.png", "http://[::1]:9/x.png", "http://10.0.0.1/x.png",
     "http://169.254.169.254/latest", "http://2130706433/x.png", "http://0.0.0.0/x.png"],
)  # fmt: skip
def test_this_machine_and_its_network_are_not_asked(address):
    """However their addresses are written, unless that is asked for."""
    with pytest.raises(TalkgenError, match="is this machine or of its own network"):
        fetch(address, soon(), private=False)


def test_other_ways_to_fetch_are_none():
    """Files, and what is no address."""
    long = f"https://{'a' * 70}.org/x.png"
    for address in (
        "file:///etc/passwd", "ftp://example.org/x.png", "https:///x.png", "http://a:99999/x", "http://[::1/x", long,
    ):  # fmt: skip
        with pytest.raises(TalkgenError, match="is no address on the web"):
            fetch(address, soon(), private=True)


TALK = """\
title: A talk
model: small
style: "section.far {{ background-image: url({host}/dot) }}"
slides:
  - title: One
    background: {host}/moved
    body:
      - image: {host}/dot.png
        alt: a dot
      - "![another]({host}/dot?x=1) and [a link](https://example.org)"
      - html: <img src="{host}/dot.png?y=2" alt="">
      - video: {host}/film.mp4
        poster: {host}/dot.png?z=3
"""
PLACES = [
    ("/dot", "outline.yaml:3: style"),
    ("/moved", "outline.yaml:6: slides[0].background"),
    ("/dot.png", "outline.yaml:8: slides[0].body[0].image"),
    ("/dot?x=1", "outline.yaml:10: slides[0].body[1].markdown"),
    ("/dot.png?y=2", "outline.yaml:11: slides[0].body[2].html"),
    ("/film.mp4", "outline.yaml:12: slides[0].body[3].video"),
    ("/dot.png?z=3", "outline.yaml:13: slides[0].body[3].poster"),
]
FILES |= {"/dot?x=1": SVG, "/dot.png?y=2": PNG, "/dot.png?z=3": PNG}


@pytest.fixture
def talk(tmp_path, own_cache, host):
    """The folder of a talk that shows things of another host wherever it can."""
    (tmp_path / "outline.yaml").write_text(TALK.format(host=host[0]), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_what_is_on_other_hosts_is_told_with_its_line(target, talk, host):
    """Each address once; a link is none; nothing is asked."""
    done = build(Request(talk, target, "md"), print)
    told = [(note["message"].split()[0].removeprefix(host[0]), note["where"]) for note in done.deck.degraded]
    assert sorted(told) == sorted(PLACES)
    assert host[1] == []


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_what_was_fetched_comes_along(target, talk, host):
    """Each address is asked once, and no more: the deck carries the files and names no other host."""
    done = build(Request(talk, target, "md", fetch="private"), print)
    assert sorted(set(host[1])) == sorted({"/dot.png", *(address for address, _ in PLACES)})
    assert done.deck.degraded == []
    folder = done.deck.path / ("public" if target == "slidev" else "")
    kinds = sorted(file.suffix for file in (folder / "images" / "fetched").iterdir())
    assert kinds == [".mp4", ".png", ".svg"]  # by content: the same picture is there once
    texts = [file.read_text(encoding="utf-8") for file in done.deck.path.rglob("*") if file.suffix in (".md", ".css")]
    assert not any(host[0] in text for text in texts)
    asked = len(host[1])
    build(Request(talk, target, "md", fetch="private"), print)
    build(Request(talk, target, "md"), print)
    assert len(host[1]) == asked


THEMED = """\
title: A talk
model: small
theme: {{marp: look/mine.css, slidev: ./paint}}
style: ".far {{ color: blue }} @import '{host}/look.css';"
slides: [{{title: One}}]
"""


@pytest.fixture
def themed(tmp_path, own_cache, host):
    """The folder of a talk whose themes show things of another host."""
    files = {
        "outline.yaml": THEMED.format(host=host[0]),
        "look/mine.css": f'/* @theme mine */\n@import "default";\nsection {{ background: url({host[0]}/dot.png) }}',
        "paint/styles/index.ts": 'import "./layout.css";',
        "paint/styles/layout.css": f'@import "./inner.css";\nh1 {{ background: url("{host[0]}/dot.png") }}',
        "paint/styles/inner.css": f"@import url('{host[0]}/look.css');\nh1 {{ font-family: Far }}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_what_a_theme_shows_of_other_hosts_is_told(target, themed, host):
    """With the line that names the theme; what is written into the outline, with its own."""
    done = build(Request(themed, target, "md"), print)
    told = {note["message"].split()[0].removeprefix(host[0]): note["where"] for note in done.deck.degraded}
    assert told == {"/look.css": "outline.yaml:4: style", "/dot.png": f"outline.yaml:3: theme.{target}"}
    assert host[1] == []


@pytest.mark.slow
@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_what_a_theme_shows_of_other_hosts_comes_along(target, themed, host):
    """Style sheets with the fonts that they name, wherever they stand; no other host is named any more."""
    build(Request(themed, target), print)
    done = build(Request(themed, target, fetch="private"), print)
    assert done.exported
    assert done.deck.degraded == []
    made = done.outputs[0].parent.rglob("*.css" if target == "slidev" else "*.html")
    texts = [file.read_text(encoding="utf-8") for file in made if "fetched" not in file.parts]
    assert not any(host[0] in text for text in texts)
    sheet = "data:font/ttf;base64" if target == "slidev" else "@import url('data:text/css;base64"
    assert any(sheet in text for text in texts)
    assert not build(Request(themed, target, fetch="private"), print).exported


def test_what_cannot_be_fetched_is_told_with_all_places(talk, host, monkeypatch):
    """Nothing is asked of the machine's own network unless that is said, and each place is named."""
    monkeypatch.chdir(talk)
    with pytest.raises(OutlineError) as caught:
        build(Request(talk, format="md", fetch="public"), print)
    assert len(caught.value.problems) == len(PLACES)
    assert "outline.yaml:8:" in str(caught.value)
    assert host[1] == []


@pytest.mark.slow
def test_a_deck_of_fetched_things_is_one_file(talk, host):
    """By the command, in Marp's own hands."""
    done = CliRunner().invoke(app, ["build", str(talk), "--fetch-private", "--quiet"])
    assert done.exit_code == 0, done.output
    assert host[0] not in (talk / "dist" / "marp" / "deck.html").read_text(encoding="utf-8")
