"""The presenting server as one ASGI app: the deck, its live API and its demos, on one origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from talkgen import __version__
from talkgen.serve.audience import audience_routes
from talkgen.serve.completions import completion_routes
from talkgen.serve.cutting import cutting_routes
from talkgen.serve.deck import mount_deck
from talkgen.serve.demos import PREFIX, Demos
from talkgen.serve.engines import Engines
from talkgen.serve.guard import Guard
from talkgen.serve.live import live_routes
from talkgen.serve.openai_json import write_error
from talkgen.serve.panel import panel_routes
from talkgen.serve.presence import Presence
from talkgen.serve.presenter import Presenter, enter_routes
from talkgen.serve.questions import Questions
from talkgen.serve.settings import Settings
from talkgen.serve.stage import Stage
from talkgen.serve.watching import watch_routes


def create_app(settings: Settings) -> FastAPI:
    """The server of one talk; models are loaded when it starts, in the background.

    Raises:
        TalkgenError: there is no deck where `settings` says.
    """
    engines = Engines(settings.models, settings.device, settings.tell, settings.on_loaded)
    questions, demos = Questions(engines), Demos(engines, settings.project, settings.style)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        engines.open()
        try:
            yield
        finally:
            await demos.close()
            engines.close()
            questions.close()

    app = FastAPI(
        title="talkgen", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.engines = engines
    presence, stage = Presence(), Stage(on_slide=settings.on_slide)
    app.add_middleware(Guard, host=settings.host, code=settings.code, presence=presence)
    app.exception_handler(RequestValidationError)(_explain)
    app.exception_handler(HTTPException)(_refuse)
    app.include_router(live_routes(questions, stage))
    app.include_router(completion_routes(questions))
    app.include_router(cutting_routes(engines))
    app.include_router(enter_routes(Presenter(settings.code)))
    app.include_router(panel_routes(settings, questions, stage, presence))
    app.mount(PREFIX, demos)
    if settings.votes:
        app.include_router(audience_routes(settings.votes, settings, engines))
    if settings.watching:
        app.include_router(watch_routes(settings.watching))
    if settings.watching and settings.deck is None:
        from talkgen.serve.dev_server import mount_dev_server  # a client of HTTP takes a while to load

        mount_dev_server(app, settings.watching)
    elif settings.deck:
        mount_deck(app, settings.deck)
    return app


async def _explain(request: Request, error: RequestValidationError) -> JSONResponse:
    # FastAPI's own handler repeats the input, which may be long, or no valid Unicode to answer in.
    reasons = [f"{detail['loc'][-1]}: {detail['msg'].removeprefix('Value error, ')}" for detail in error.errors()]
    return await _refuse(request, HTTPException(422, "; ".join(reasons)[:1000]))


async def _refuse(request: Request, error: HTTPException) -> JSONResponse:
    if not request.url.path.startswith("/v1/"):
        return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
    status = 400 if error.status_code == 422 else error.status_code
    return JSONResponse(write_error(status, str(error.detail)), status, error.headers)
