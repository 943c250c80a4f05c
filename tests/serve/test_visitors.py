"""Who asks: cookies that nobody can make up, and whose turn it is first."""

import pytest
from starlette.datastructures import Headers

from talkgen.serve.limits import Limits
from talkgen.serve.visitors import COOKIE, Rank, Visitor, Visitors


def scope(address="10.0.0.1", **headers):
    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": (address, 5), "headers": names}


def test_a_cookie_is_a_client():
    """Two browsers behind one address are two clients, each known again."""
    visitors = Visitors()
    cookies = [visitors.greet().split(";")[0] for _ in range(2)]
    names = [visitors.of(scope(cookie=cookie)).name for cookie in cookies for _ in range(2)]
    assert names[0] == names[1] != names[2] == names[3]


@pytest.mark.parametrize("value", ["", "abc", "abc.", ".", "abc.0123", f"{'0' * 16}.{'0' * 32}", "é.ü"])
def test_a_cookie_that_was_made_up_is_none(value):
    """Whoever shows a cookie of their own making counts as their address."""
    visitors = Visitors()
    assert visitors.known(Headers({"cookie": f"{COOKIE}={value}"})) is None
    assert visitors.of({"type": "http", "client": ("10.0.0.1", 5), "headers": []}).name == "10.0.0.1"


@pytest.mark.parametrize(
    ("address", "headers", "rank"),
    [
        ("127.0.0.1", {"sec_fetch_site": "same-origin"}, Rank.SPEAKER),
        ("::1", {"sec_fetch_site": "same-origin"}, Rank.SPEAKER),
        ("127.0.0.1", {"sec_fetch_site": "same-origin", "x_forwarded_for": "10.0.0.9"}, Rank.SLIDE),
        ("10.0.0.1", {"sec_fetch_site": "same-origin"}, Rank.SLIDE),
        ("127.0.0.1", {"sec_fetch_site": "none"}, Rank.VISITOR),
        ("127.0.0.1", {}, Rank.VISITOR),
    ],
)
def test_the_speakers_page_goes_first(address, headers, rank):
    """A page of this server in a browser on this machine is the speaker's; elsewhere a slide; a program comes last."""
    assert Visitors().of(scope(address, **headers)).rank is rank


def test_a_room_behind_one_address_gets_its_share():
    """A hundred browsers ask three times at once; one that floods is slowed alone, and an address has an end."""
    limits = Limits(clock=lambda: 0.0)
    room = [Visitor(f"phone {i}", "10.0.0.1", Rank.VISITOR) for i in range(100)]
    assert [limits.wait_for(phone) for phone in room for _ in range(3)] == [0] * 300
    flood = [limits.wait_for(room[0]) for _ in range(60)]
    assert flood[:47] == [0] * 47
    assert all(flood[47:])
    assert limits.wait_for(room[1]) == 0
    made_up = [limits.wait_for(Visitor(f"made up {i}", "10.0.0.1", Rank.VISITOR)) for i in range(1000)]
    assert made_up[0] == 0
    assert all(made_up[-300:])
