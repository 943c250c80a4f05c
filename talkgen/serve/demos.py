"""The Gradio apps of `demos/` below `/demos/NAME`, each imported when somebody first opens it.

Gradio takes seconds to import, which a talk without a Gradio slide should not wait for. An app is a file that defines
`build(engines) -> gradio.Blocks`; one that draws pictures for its page takes a light and a dark style beside them,
`build(engines, styles)`. A project's own goes before one that talkgen ships.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import logging
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from talkgen.elements.apps import LAB, find_demo
from talkgen.extras import MissingExtraError, extras_in_words
from talkgen.serve.engines import Engines
from talkgen.serve.look import both_schemes, gradio_theme, page_look
from talkgen.style import Style

log = logging.getLogger(__name__)

_FACES = '<link rel="stylesheet" href="/present/fonts/fonts.css">'  # the server's own, which no system need have
PREFIX = "/demos"


class Demos:
    """An ASGI app that opens demos as they are asked for; `close` ends them all."""

    def __init__(self, engines: Engines, project: Path, style: Style | None = None) -> None:
        self._engines, self._project, self._style = engines, project, style
        self._apps: dict[str, ASGIApp] = {}
        self._opening = asyncio.Lock()
        self._open = AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on to the demo that its path names."""
        scope = {**scope, "root_path": scope.get("root_path", "").removesuffix(PREFIX)}
        name = scope["path"].removeprefix(f"{scope['root_path']}{PREFIX}/").split("/")[0]
        file = find_demo(name, self._project)
        if file is None:
            await PlainTextResponse(f"there is no demo '{name}'", 404)(scope, receive, send)
            return
        try:
            async with self._opening:
                if name not in self._apps:
                    self._apps[name] = await self._start(file, name)
        except MissingExtraError as error:
            await PlainTextResponse(str(error), 501)(scope, receive, send)
            return
        await _answer(self._apps[name], scope, receive, send)

    async def _start(self, file: Path, name: str) -> ASGIApp:
        app = await asyncio.to_thread(mount_demo, file, self._engines, name, self._style)
        await self._open.enter_async_context(app.router.lifespan_context(app))
        return app

    async def close(self) -> None:
        """Ends every demo that was opened."""
        await self._open.aclose()


async def _answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """What the demo answers; a request it stumbles over is a bad one: errors of its own are events.

    Gradio raises once it has told a stream that there is no such session: that stream has been answered, and ends.
    """
    failed = streams = False

    async def send_unless_failed(message: Message) -> None:
        nonlocal failed, streams
        failed = failed or message.get("status") == 500
        if not failed:
            streams = message.get("more_body", False)
            await send(message)

    try:
        await app(scope, receive, send_unless_failed)
    except Exception as error:
        log.info("a demo cannot read %s: %s", scope["path"], error)
        if streams:
            await send({"type": "http.response.body"})
        elif not failed:
            raise
    if failed:
        await PlainTextResponse("the demo cannot read this request", 400)(scope, receive, send)


def mount_demo(file: Path, engines: Engines, name: str, style: Style | None = None) -> Starlette:
    """An app with the demo in `file` at `/demos/NAME`, in the deck's colours and fonts.

    Raises:
        MissingExtraError: Gradio is not installed.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    with extras_in_words():
        import gradio

        from talkgen.serve.controls import refuse_in_words
    module, app = load_demo(file), Starlette()
    more = {"styles": both_schemes(style)} if "styles" in inspect.signature(module.build).parameters else {}
    blocks = module.build(engines, name) if file.stem == LAB and name != LAB else module.build(engines, **more)
    refuse_in_words(blocks)
    gradio.mount_gradio_app(
        app,
        blocks,
        f"{PREFIX}/{name}",
        footer_links=["api"] if file.stem == LAB else [],
        show_error=False,
        theme=gradio_theme(style),
        css=page_look(style),
        head=_FACES + getattr(module, "HEAD", ""),
    )
    return app


def load_demo(file: Path) -> Any:
    """The module in `file`."""
    spec = importlib.util.spec_from_file_location(f"talkgen_demo_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
