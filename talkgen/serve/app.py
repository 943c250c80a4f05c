"""The presenting server as one ASGI app: the deck, its live API and its demos, on one origin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Router
from starlette.types import Receive, Scope, Send

from talkgen.serve.cutting import cutting_routes
from talkgen.serve.deck import deck_routes
from talkgen.serve.demos import PREFIX, Demos
from talkgen.serve.engines import Engines
from talkgen.serve.guard import Guard
from talkgen.serve.live import live_routes
from talkgen.serve.panel import panel_routes
from talkgen.serve.presence import Presence
from talkgen.serve.presenter import Presenter, enter_routes
from talkgen.serve.questions import Questions
from talkgen.serve.settings import Settings
from talkgen.serve.stage import Stage
from talkgen.serve.watching import watch_routes

_PROGRAMS = "/v1"  # where OpenAI's routes are, which few talks are asked for


def create_app(settings: Settings) -> Starlette:
    """The server of one talk; models are loaded when it starts, in the background.

    Raises:
        TalkgenError: there is no deck where `settings` says.
    """
    engines = Engines(settings.models, settings.device, settings.tell, settings.on_loaded)
    questions, demos = Questions(engines), Demos(engines, settings.project, settings.style)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        engines.open()
        try:
            yield
        finally:
            await demos.close()
            engines.close()
            questions.close()

    presence, stage = Presence(), Stage(on_slide=settings.on_slide)
    app = Starlette(
        routes=[
            *live_routes(questions, stage),
            Mount(_PROGRAMS, _Later(lambda: _completion_routes(questions))),
            *cutting_routes(engines),
            *enter_routes(Presenter(settings.code)),
            *panel_routes(settings, questions, stage, presence),
            Mount(PREFIX, demos),
            *_audience_routes(settings, engines),
            *(watch_routes(settings.watching) if settings.watching else ()),
            *_deck_routes(settings),
        ],
        middleware=[Middleware(Guard, host=settings.host, code=settings.code, presence=presence)],
        exception_handlers={HTTPException: _refuse},
        lifespan=lifespan,
    )
    app.state.engines = engines
    return app


class _Later:
    """Routes whose code is loaded when the first request asks for one: a start need not wait for it."""

    def __init__(self, make: Callable[[], Sequence[BaseRoute]]) -> None:
        self._make = make

    @cached_property
    def _router(self) -> Router:
        return Router(self._make())

    @property
    def routes(self) -> list[BaseRoute]:
        """They themselves, which loads them."""
        return self._router.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._router(scope, receive, send)


def _completion_routes(questions: Questions) -> list[BaseRoute]:
    from talkgen.serve.completions import completion_routes

    return completion_routes(questions)


def _audience_routes(settings: Settings, engines: Engines) -> list[BaseRoute]:
    if settings.votes is None:
        return []
    from talkgen.serve.audience import audience_routes

    return audience_routes(settings.votes, settings, engines)


def _deck_routes(settings: Settings) -> list[BaseRoute]:
    audience = settings.votes is not None
    if settings.deck:
        return deck_routes(settings.deck, audience=audience)
    if settings.watching is None:
        return []
    from talkgen.serve.dev_server import dev_server_routes  # a client of HTTP takes a while to load

    return dev_server_routes(settings.watching, audience=audience)


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 – of which it is the handler
    if not request.url.path.startswith(f"{_PROGRAMS}/"):
        return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
    from talkgen.serve.openai_json import write_refusal

    status, words = write_refusal(error, request.method, request.url.path)
    return JSONResponse(words, status, error.headers)
