"""What `present` prints once it serves: addresses that can be opened, and whose they are."""

import dataclasses
import socket

import pytest

from talkgen.cli.addresses import tell_addresses
from talkgen.serve.settings import Settings


@pytest.fixture
def port():
    """A port that answers, on every address."""
    with socket.create_server(("0.0.0.0", 0)) as listening:
        yield listening.getsockname()[1]


def test_on_ones_own_machine_there_are_two_addresses(tmp_path, port, capsys):
    """The slides and the panel; nothing about others, who cannot come."""
    tell_addresses(Settings(tmp_path, port=port), "a model", quiet=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"http://127.0.0.1:{port}  (a model; Ctrl-C ends)"
    assert lines[1].startswith(f"http://127.0.0.1:{port}/panel ")
    assert len(lines) == 2


@pytest.mark.parametrize("quiet", [False, True])
def test_an_open_server_says_who_reaches_it(tmp_path, port, quiet, capsys):
    """Its address in the network, the same as a picture, who may do what, and the presenter's own address."""
    tell_addresses(Settings(tmp_path, host="0.0.0.0", port=port, code="abcdefghjkmn"), "a model", quiet=quiet)
    said = capsys.readouterr().out
    assert f"http://127.0.0.1:{port}/enter?code=abcdefghjkmn  the panel; for you alone" in said
    assert "0.0.0.0" not in said
    reached = "whoever is in your network can open the slides" in said
    assert reached or "this machine is in no network now" in said
    assert ("█" in said) is (reached and not quiet)


@pytest.mark.parametrize("more", [{}, {"host": "0.0.0.0", "code": "abcdefghjkmn"}])
def test_where_the_room_guesses_is_said(tmp_path, port, more, capsys):
    """A talk with an audience prints the page for it, once; one without has none."""
    settings = Settings(tmp_path, port=port, **more)
    tell_addresses(settings, "a model", quiet=True)
    assert "/vote" not in capsys.readouterr().out
    tell_addresses(dataclasses.replace(settings, votes=tmp_path / "votes"), "a model", quiet=True)
    said = capsys.readouterr().out
    assert said.count(f":{port}/vote ") == 1
    assert ("no phone can open it: --host 0.0.0.0" in said) is (not more)
