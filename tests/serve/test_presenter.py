"""The presenter's code: what only the presenter may have and do on a server that others reach."""

import socket

import pytest

from talkgen.serve import reach
from talkgen.serve.presenter import is_loopback, make_code, own_path
from talkgen.serve.public import without_notes
from talkgen.serve.settings import Settings

CODE = "abcdefghjkmn"
MARP = '<h1>A deck</h1><div class="bespoke-marp-note" data-index="0"><p>my &lt;b&gt; note\n\nmore</p></div></body>'
SLIDEV = r"{slide:{content:``,note:``,title:`A`,index:0,noteHTML:`<p>my note \` ${'x'}</p>`,images:[]}}"
HIDDEN = ("deck.md", "manifest.json", "deck.pptx", "deck.pdf", "notes.txt", "slides.md", "deck.js.map", "noending")


@pytest.fixture
def deck(deck):
    """A deck with notes, its source, and a Slidev script beside it."""
    deck.write_text(MARP, encoding="utf-8")
    (deck.parent / "assets").mkdir()
    (deck.parent / "assets" / "index-CEiI7xKR.js").write_text(SLIDEV, encoding="utf-8")
    for name in HIDDEN:
        (deck.parent / name).write_text("my note", encoding="utf-8")
    return deck


@pytest.fixture
def shut(open_server, deck):
    """A client of a server that others reach, without the code."""
    return open_server(Settings(deck, host="0.0.0.0", code=CODE))[0]


def enter(client, code=CODE, to="/panel"):
    return client.get("/enter", params={"code": code, "to": to}, follow_redirects=False)


def test_others_get_the_slides_without_notes(shut):
    """The page and Slidev's script come whole but for the notes."""
    for path in ("/", "/deck.html"):
        page = shut.get(path)
        assert (page.status_code, "A deck" in page.text, "note" in page.text) == (200, True, False)
    script = shut.get("/assets/index-CEiI7xKR.js").text
    assert script == "{slide:{content:``,note:``,title:`A`,index:0,noteHTML:``,images:[]}}"


@pytest.mark.parametrize("name", HIDDEN)
def test_others_get_no_source(shut, name):
    """The talk's source, its exports and what lists its files are there for the presenter alone."""
    assert shut.get(f"/{name}").status_code == 404
    enter(shut)
    assert shut.get(f"/{name}").text == "my note"


def test_the_code_opens_everything(shut):
    """Who shows the code is led on, with a cookie that no script reads, and has the notes from then on."""
    reply = enter(shut, to="/deck.html")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/deck.html")
    assert "HttpOnly" in reply.headers["Set-Cookie"]
    assert "my &lt;b&gt; note" in shut.get("/").text
    assert shut.get("/assets/index-CEiI7xKR.js").text == SLIDEV


def test_what_differs_is_asked_for_anew(shut):
    """A script with notes is not kept under its name for good: it is another one once the code was shown."""
    before = shut.get("/assets/index-CEiI7xKR.js").headers
    enter(shut)
    after = shut.get("/assets/index-CEiI7xKR.js", headers={"If-None-Match": before["ETag"]})
    assert before["Cache-Control"] == after.headers["Cache-Control"] == "no-cache"
    assert after.text == SLIDEV


@pytest.mark.parametrize("code", ["", "abc", CODE[:-1], f"{CODE}x", "é", "\x00"])
def test_a_wrong_code_opens_nothing(shut, code):
    """Any other code gets the form again, and no cookie of the presenter's."""
    reply = enter(shut, code)
    assert reply.status_code == 403
    assert "<form" in reply.text
    assert "talkgen_presenter" not in reply.headers.get("Set-Cookie", "")
    assert shut.get("/deck.md").status_code == 404


def test_a_made_up_cookie_opens_nothing(shut):
    """The cookie is the code itself, and nothing else is it."""
    assert shut.get("/deck.md", headers={"Cookie": "talkgen_presenter=abcdefghjkmm"}).status_code == 404


def test_on_ones_own_machine_no_code_is_asked(client):
    """A server that nobody else reaches asks its presenter for nothing; through a proxy it is not sure who asks."""
    assert client.get("/manifest.json").status_code == 200
    assert client.get("/manifest.json", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 404


@pytest.mark.parametrize(
    ("to", "led"),
    [
        ("/remote", "/remote"),
        ("/?a=b", "/?a=b"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("panel", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
    ],
)
def test_the_code_leads_nowhere_else(to, led):
    """Only a path of this server is led to."""
    assert own_path(to) == led


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.js", "const keynote=1,x={title:`note: a`}"),
        ("a.js", "f('a note:`b`')"),
        ("a.html", "<div class=note>x</div>"),
    ],
)
def test_other_words_stay(name, text):
    """What merely speaks of notes is left as it is."""
    assert without_notes(name, text) == text


def test_codes_differ():
    """A code has 12 letters, and no two are alike."""
    codes = {make_code() for _ in range(100)}
    assert len(codes) == 100
    assert {len(code) for code in codes} == {12}


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.0.0.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_who_is_reached_by_this_machine_only(host, own):
    """Loopback is; every interface, or a name, is not."""
    assert is_loopback(host) is own


def test_an_address_that_can_be_opened_is_found():
    """Of all addresses those are told at which the port answers; of a server for this machine alone there is none."""
    with socket.create_server(("0.0.0.0", 0)) as listening:
        port = listening.getsockname()[1]
        found = reach.find_addresses("0.0.0.0", port)
        assert all(address.endswith(f":{port}") and "127.0.0.1" not in address for address in found)
        assert reach.find_addresses("127.0.0.1", port) == []
    assert reach.find_addresses("0.0.0.0", port) == []


def test_an_address_of_six_bytes_twice_is_written_in_brackets():
    """As browsers want it."""
    assert reach.web_address("fe80::1", 8000) == "http://[fe80::1]:8000"
    assert reach.web_address("10.0.0.1", 80) == "http://10.0.0.1:80"


def test_a_qr_code_says_its_address():
    """The printed code, read module by module, is that of the address."""
    import segno

    address = "http://192.168.1.23:8000"
    upper = {"█": "00", "▀": "01", "▄": "10", " ": "11"}
    rows = [[upper[sign] for sign in line] for line in reach.qr_text(address).splitlines()]
    read = [[int(pair[half]) for pair in row] for row in rows for half in (0, 1)]
    drawn = [list(row) for row in segno.make(address, error="l", micro=False).matrix_iter(border=2)]
    assert read[: len(drawn)] == drawn
    assert reach.qr_picture(address).startswith("<svg")
