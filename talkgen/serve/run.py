"""Runs the presenting server until it is interrupted."""

from __future__ import annotations

import errno
import gc
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from talkgen.errors import TalkgenError
from talkgen.serve.settings import Settings
from talkgen.serve.watching import Watching


def check_port(host: str, port: int) -> None:
    """Makes sure that the server will be able to listen.

    Raises:
        TalkgenError: the port is taken, or the address is not this machine's.
    """
    problem = _bind_problem(host, port)
    if problem == errno.EADDRINUSE:
        free = next((other for other in range(port + 1, port + 100) if not _bind_problem(host, other)), None)
        hint = f"another server runs there; use a free one: --port {free}" if free else "end what runs there"
        raise TalkgenError(f"port {port} is in use", hint)
    if problem == errno.EACCES:
        raise TalkgenError(f"port {port} is for the administrator only", "use a port from 1024 on, as in --port 8000")
    if problem:
        raise TalkgenError(f"cannot listen on {host}", "name an address of this machine: --host 127.0.0.1")


def _bind_problem(host: str, port: int) -> int:
    """The error number of listening on that port; 0 when it can be done."""
    if port > 65535:
        return errno.EADDRNOTAVAIL
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            if os.name != "nt":  # where it would let two servers have one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno or errno.EADDRNOTAVAIL
    return 0


class _Server(uvicorn.Server):
    """Says when it listens, and lets pages go when it ends."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], watching: Watching | None) -> None:
        super().__init__(config)
        self._on_ready, self._watching = on_ready, watching

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._watching:  # pages that wait for news would be waited for
            self._watching.close()
        await super().shutdown(sockets)


@contextmanager
def serving(settings: Settings) -> Iterator[None]:
    """Serves in a thread of its own, from when it can be opened to the end of the block.

    Raises:
        TalkgenError: there is no deck, or it cannot listen.
    """
    from talkgen.serve.app import create_app

    check_port(settings.host, settings.port)
    ready = threading.Event()
    config = uvicorn.Config(
        create_app(settings), host=settings.host, port=settings.port, log_level="warning", server_header=False
    )
    server = _Server(config, ready.set, settings.watching)
    thread = threading.Thread(target=server.run, name="serving")
    thread.start()
    try:
        while not ready.wait(0.1) and thread.is_alive():
            pass
        yield
    finally:
        server.should_exit = True
        thread.join()


def serve(settings: Settings, on_ready: Callable[[], None]) -> None:
    """Serves a talk until interrupted; calls `on_ready` once it can be opened, while models may still be loading.

    Raises:
        TalkgenError: there is no deck, or it cannot listen.
    """
    from talkgen.serve.app import create_app

    def ready() -> None:
        gc.freeze()  # what a program is made of: to look through it for garbage takes longer than many an answer
        on_ready()

    check_port(settings.host, settings.port)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    _Server(config, ready, settings.watching).run()
