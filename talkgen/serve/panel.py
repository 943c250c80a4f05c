"""The presenter's pages: `/panel` with all there is to know while speaking, `/remote` for a phone, and what they ask.

Everything here is the presenter's alone. The pages are files of `templates/present` in the look of the deck's theme.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from talkgen.assets import asset_dir
from talkgen.serve.guard import DECK_POLICY
from talkgen.serve.presence import Presence
from talkgen.serve.presenter import ENTER, ask_for_code, presenter_route
from talkgen.serve.questions import Questions
from talkgen.serve.reach import qr_picture, room_address
from talkgen.serve.said import read_body, read_query
from talkgen.serve.settings import Settings
from talkgen.serve.stage import Forced, Kind, Place, Press, Stage, WindowName

PAGES = ("panel", "remote")
_HEADERS = {"Content-Security-Policy": DECK_POLICY, "Cache-Control": "no-cache"}


class Clock(BaseModel):
    """Whether the talk's clock runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    running: bool


class Window(BaseModel):
    """Which window asks."""

    window: WindowName


class StageWindow(Window):
    """One that shows the deck, unless it says another thing."""

    kind: Kind = "deck"


class PanelWindow(Window):
    """One that shows the panel, unless it says another thing."""

    kind: Kind = "panel"


class Address(BaseModel):
    """Of which page a picture's address is."""

    page: Literal["slides", "remote"] = "slides"


def panel_routes(settings: Settings, questions: Questions, stage: Stage, presence: Presence) -> list[BaseRoute]:
    """The presenter's routes."""
    about = _about_routes(settings, questions, stage, presence)
    return [*_page_routes(settings), *_stage_routes(stage), *about]


def _page_routes(settings: Settings) -> list[BaseRoute]:
    folder = asset_dir("templates") / "present"

    def page(request: Request) -> Response:
        if not request.state.visitor.presents:
            return ask_for_code(request.url.path)
        return FileResponse(folder / f"{request.url.path.strip('/')}.html", headers=_HEADERS)

    async def look(_: Request) -> Response:
        """The deck's own tokens, then the pages' style."""
        css = (folder / "look.css").read_text(encoding="utf-8")
        return Response(f":root {{\n{settings.look}\n}}\n{css}", media_type="text/css", headers=_HEADERS)

    async def script(request: Request) -> Response:
        name = request.path_params["name"]
        file = folder / f"{name}.js"
        if not name.isalpha() or not file.is_file():
            raise HTTPException(404)
        return FileResponse(file, media_type="text/javascript", headers=_HEADERS)

    async def font(request: Request) -> Response:
        file = asset_dir("templates") / "fonts" / request.path_params["name"]
        if file.suffix not in (".css", ".woff2") or not file.is_file():
            raise HTTPException(404)
        return FileResponse(file, headers=_HEADERS)

    return [
        *(Route(f"/{name}", page) for name in PAGES),
        Route("/present/look.css", look),
        Route("/present/{name}.js", script),
        Route("/present/fonts/{name}", font),
    ]


def _stage_routes(stage: Stage) -> list[BaseRoute]:
    async def see(request: Request) -> Response:
        """Where the presenter's windows are, and what this one is to press."""
        asked = read_query(request, StageWindow)
        return JSONResponse(stage.see(asked.window, asked.kind))

    async def move(request: Request) -> Response:
        """A window says where it is."""
        return JSONResponse({"version": stage.move(await read_body(request, Place))})

    async def press(request: Request) -> Response:
        """Turns a step, in the window that shows the deck."""
        return JSONResponse({"pressed": stage.press(await read_body(request, Press))})

    async def clock(request: Request) -> Response:
        """Starts the talk's clock from nothing, or stops it."""
        stage.start_clock(running=(await read_body(request, Clock)).running)
        return JSONResponse({"seconds": stage.seconds})

    async def force(request: Request) -> Response:
        """Has live blocks show their recording, or wait for the model."""
        stage.force(await read_body(request, Forced))
        return JSONResponse(dict(stage.forced))

    return [
        presenter_route("/present/stage", see),
        presenter_route("/present/stage", move, "POST"),
        presenter_route("/present/stage/press", press, "POST"),
        presenter_route("/present/stage/clock", clock, "POST"),
        presenter_route("/present/stage/force", force, "POST"),
    ]


def _about_routes(settings: Settings, questions: Questions, stage: Stage, presence: Presence) -> list[BaseRoute]:
    async def about(request: Request) -> Response:
        """All that changes while somebody speaks."""
        asked = read_query(request, PanelWindow)
        found = {
            "stage": stage.see(asked.window, asked.kind),
            "seconds": stage.seconds,
            "forced": stage.forced,
            "health": questions.health(),
            "times": questions.times.to_json(),
            "windows": stage.count(),
            "visitors": presence.count(),
        }
        return JSONResponse(found)

    def talk(_: Request) -> Response:
        """The slides with their notes, as they are now."""
        reached = settings.code is not None
        return JSONResponse({"slides": settings.slides(), "room": room_address(settings), "reached": reached})

    def qr(request: Request) -> Response:
        """A picture of the address to open; the remote's lets whoever reads it turn slides."""
        room = room_address(settings)
        address = room if read_query(request, Address).page == "slides" else _remote(room, settings.code)
        return Response(qr_picture(address), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    return [
        presenter_route("/present/panel", about),
        presenter_route("/present/panel/talk", talk),
        presenter_route("/present/panel/qr", qr),
    ]


def _remote(room: str, code: str | None) -> str:
    return f"{room}{ENTER}?code={code}&to=/remote" if code else f"{room}/remote"
