"""What `talkgen present` prints once it serves: the addresses that can be opened, by whom, and a picture for phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from talkgen.cli.console import out

if TYPE_CHECKING:
    from talkgen.serve.settings import Settings


def tell_addresses(settings: Settings, names: str, *, quiet: bool) -> None:
    """Prints the addresses; `names` says who answers."""
    from talkgen.serve import reach
    from talkgen.serve.presenter import ENTER

    addresses = reach.find_addresses(settings.host, settings.port)
    here = reach.web_address("127.0.0.1" if settings.host in reach.EVERYWHERE else settings.host, settings.port)
    if settings.code is None:
        out(f"{here}  ({names}; Ctrl-C ends)\n{here}/panel  your notes, the clock, how the models are")
        _tell_vote(settings, here)
        if settings.votes is not None:
            out("no phone can open it: --host 0.0.0.0 lets whoever is in your network in")
        return
    out(f"{(addresses or [here])[0]}  ({names}; Ctrl-C ends)")
    for address in addresses[1:]:
        out(f"{address}  the same, in another network")
    if addresses and not quiet:
        out(reach.qr_text(addresses[0]))
    out(
        "whoever is in your network can open the slides and ask the models; "
        "the panel, the notes and what turns slides need your code"
        if addresses
        else "this machine is in no network now: nobody else can open the slides"
    )
    _tell_vote(settings, (addresses or [here])[0])
    for address in dict.fromkeys([*addresses[:1], here]):
        out(f"{address}{ENTER}?code={settings.code}  the panel; for you alone")


def _tell_vote(settings: Settings, address: str) -> None:
    if settings.votes is not None:
        out(f"{address}/vote  where the room guesses; a vote's slide shows it, too")
