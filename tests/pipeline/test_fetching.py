"""What a talk shows from other hosts: told with its line, or fetched once, within limits, into the store."""

import http.server
import threading

import pytest
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.errors import OutlineError, TalkgenError
from talkgen.pipeline import fetching
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.fetching import fetch

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
    "/large.png": PNG + bytes(200_000),
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
        self.end_headers()
        self.wfile.write(content or b"")

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


@pytest.mark.parametrize(("name", "suffix"), [("/dot.png", ".png"), ("/dot", ".svg"), ("/film.mp4", ".mp4")])
def test_what_is_fetched_is_known_by_its_content(name, suffix, host):
    """Whatever it is called."""
    assert fetch(host[0] + name, private=True) == (FILES[name], suffix)


def test_a_way_on_is_followed_but_not_for_ever(host):
    """To the file; a circle is left after five steps."""
    assert fetch(f"{host[0]}/moved", private=True)[0] == PNG
    with pytest.raises(TalkgenError, match="leads on more than 5 times"):
        fetch(f"{host[0]}/circle", private=True)
    assert host[1].count("/circle") == 6


REFUSED = {
    "/page.png": "is no picture, film, sound or font",
    "/gone.png": "answers 404 Not Found",
    "/large.png": "is larger than 0 MiB",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_use_is_refused(name, host, monkeypatch):
    """Another kind of file than a deck shows, nothing, too much."""
    monkeypatch.setattr(fetching, "LARGEST", 100_000)
    with pytest.raises(TalkgenError, match=REFUSED[name]):
        fetch(host[0] + name, private=True)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/x.png", "http://localhost:9/x.png", "http://[::1]:9/x.png", "http://10.0.0.1/x.png",
     "http://169.254.169.254/latest", "http://2130706433/x.png", "http://0.0.0.0/x.png"],
)  # fmt: skip
def test_this_machine_and_its_network_are_not_asked(address):
    """However their addresses are written, unless that is asked for."""
    with pytest.raises(TalkgenError, match="is this machine or of its own network"):
        fetch(address, private=False)


def test_other_ways_to_fetch_are_none():
    """Files, and what is no address."""
    for address in ("file:///etc/passwd", "ftp://example.org/x.png", "https:///x.png"):
        with pytest.raises(TalkgenError, match="is no address on the web"):
            fetch(address, private=True)


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
