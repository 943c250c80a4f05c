"""Who can reach a server, at which addresses, and these as codes for a phone's camera."""

from __future__ import annotations

import io
import ipaddress
import socket
from collections.abc import Iterator
from contextlib import suppress

from talkgen.serve.presenter import is_loopback
from talkgen.serve.settings import Settings

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 compared, not bound
_PATIENCE = 0.5  # s for an address of this machine to be connected to


def web_address(host: str, port: int) -> str:
    """The address of a server as a browser writes it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def find_addresses(host: str, port: int) -> list[str]:
    """The addresses at which others reach a server that listens on `host`, the likeliest first; those that answer."""
    hosts = list(_of_this_machine(host)) if host in EVERYWHERE else [] if is_loopback(host) else [host]
    return [web_address(each, port) for each in hosts if _answers(each, port)]


def room_address(settings: Settings) -> str:
    """The address that others open; this machine's own where nobody else reaches it."""
    found = find_addresses(settings.host, settings.port)
    return found[0] if found else web_address("127.0.0.1", settings.port)


def _of_this_machine(host: str) -> Iterator[str]:
    """This machine's addresses in its networks: that of the way out first."""
    import psutil  # which takes a while to load, as codes do, and a talk on this machine alone needs neither

    families = (socket.AF_INET,) if host == "0.0.0.0" else (socket.AF_INET, socket.AF_INET6)  # noqa: S104
    up = {name for name, about in psutil.net_if_stats().items() if about.isup}
    found = {
        address.address: None
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if name in up and address.family in families and _leaves_the_machine(address.address)
    }
    first = _way_out()
    yield from [first] if first in found else []
    yield from (address for address in found if address != first)


def _leaves_the_machine(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return not (parsed.is_loopback or parsed.is_link_local)


def _way_out() -> str:
    """The address from which this machine would ask the world; nothing is sent."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # TEST-NET-1 of RFC 5737, which nobody has
        return str(probe.getsockname()[0])
    return ""


def _answers(host: str, port: int) -> bool:
    with suppress(OSError):
        socket.create_connection((host, port), _PATIENCE).close()
        return True
    return False


def qr_picture(address: str) -> str:
    """An address as a QR code: an SVG of dark on light, whatever the page's colours."""
    import segno

    written = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(written, kind="svg", scale=8, dark="#000", light="#fff", border=3, xmldecl=False, nl=False)
    return written.getvalue().decode()


def qr_text(address: str) -> str:
    """An address as a QR code of half blocks, two rows a line, for light letters on a dark ground."""
    import segno

    rows = [list(row) for row in segno.make(address, error="l", micro=False).matrix_iter(border=2)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    signs = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(signs[upper, lower] for upper, lower in zip(*pair, strict=True)) for pair in pairs)
