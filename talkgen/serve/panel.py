"""The presenter's pages: `/panel` with all there is to know while speaking, `/remote` for a phone, and what they ask.

Everything here is the presenter's alone. The pages are files of `templates/present` in the look of the deck's theme.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import FileResponse, Response

from talkgen.assets import asset_dir
from talkgen.serve.guard import DECK_POLICY
from talkgen.serve.presence import Presence
from talkgen.serve.presenter import ENTER, ask_for_code, require_presenter
from talkgen.serve.questions import Questions
from talkgen.serve.reach import qr_picture, room_address
from talkgen.serve.settings import Settings
from talkgen.serve.stage import Forced, Kind, Place, Press, Stage, WindowName

PAGES = ("panel", "remote")
_HEADERS = {"Content-Security-Policy": DECK_POLICY, "Cache-Control": "no-cache"}


class Clock(BaseModel):
    """Whether the talk's clock runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    running: bool


def panel_routes(settings: Settings, questions: Questions, stage: Stage, presence: Presence) -> APIRouter:
    """The presenter's routes."""
    router = APIRouter()
    router.include_router(_page_routes(settings))
    router.include_router(_stage_routes(stage))
    router.include_router(_about_routes(settings, questions, stage, presence))
    return router


def _page_routes(settings: Settings) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    folder = asset_dir("templates") / "present"

    def page(request: Request) -> Response:
        if not request.state.visitor.presents:
            return ask_for_code(request.url.path)
        return FileResponse(folder / f"{request.url.path.strip('/')}.html", headers=_HEADERS)

    for name in PAGES:
        router.add_api_route(f"/{name}", page, methods=["GET"])

    @router.get("/present/look.css")
    async def look() -> Response:
        """The deck's own tokens, then the pages' style."""
        css = (folder / "look.css").read_text(encoding="utf-8")
        return Response(f":root {{\n{settings.look}\n}}\n{css}", media_type="text/css", headers=_HEADERS)

    @router.get("/present/{name}.js")
    async def script(name: str) -> Response:
        file = folder / f"{name}.js"
        if not name.isalpha() or not file.is_file():
            raise HTTPException(404)
        return FileResponse(file, media_type="text/javascript", headers=_HEADERS)

    @router.get("/present/fonts/{name}")
    async def font(name: str) -> Response:
        file = asset_dir("templates") / "fonts" / name
        if file.suffix not in (".css", ".woff2") or not file.is_file():
            raise HTTPException(404)
        return FileResponse(file, headers=_HEADERS)

    return router


def _stage_routes(stage: Stage) -> APIRouter:
    router = APIRouter(prefix="/present/stage", dependencies=[Depends(require_presenter)])

    @router.get("")
    async def see(window: WindowName, kind: Kind = "deck") -> dict[str, Any]:
        """Where the presenter's windows are, and what this one is to press."""
        return stage.see(window, kind)

    @router.post("")
    async def move(place: Place) -> dict[str, str]:
        """A window says where it is."""
        return {"version": stage.move(place)}

    @router.post("/press")
    async def press(pressed: Press) -> dict[str, bool]:
        """Turns a step, in the window that shows the deck."""
        return {"pressed": stage.press(pressed)}

    @router.post("/clock")
    async def clock(asked: Clock) -> dict[str, float | None]:
        """Starts the talk's clock from nothing, or stops it."""
        stage.start_clock(running=asked.running)
        return {"seconds": stage.seconds}

    @router.post("/force")
    async def force(forced: Forced) -> dict[str, str]:
        """Has live blocks show their recording, or wait for the model."""
        stage.force(forced)
        return dict(stage.forced)

    return router


def _about_routes(settings: Settings, questions: Questions, stage: Stage, presence: Presence) -> APIRouter:
    router = APIRouter(prefix="/present/panel", dependencies=[Depends(require_presenter)])

    @router.get("")
    async def about(window: WindowName, kind: Kind = "panel") -> dict[str, Any]:
        """All that changes while somebody speaks."""
        return {
            "stage": stage.see(window, kind),
            "seconds": stage.seconds,
            "forced": stage.forced,
            "health": questions.health(),
            "times": questions.times.to_json(),
            "windows": stage.count(),
            "visitors": presence.count(),
        }

    @router.get("/talk")
    def talk() -> dict[str, Any]:
        """The slides with their notes, as they are now."""
        return {"slides": settings.slides(), "room": room_address(settings), "reached": settings.code is not None}

    @router.get("/qr")
    def qr(page: Literal["slides", "remote"] = "slides") -> Response:
        """A picture of the address to open; the remote's lets whoever reads it turn slides."""
        room = room_address(settings)
        address = room if page == "slides" else _remote(room, settings.code)
        return Response(qr_picture(address), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    return router


def _remote(room: str, code: str | None) -> str:
    return f"{room}{ENTER}?code={code}&to=/remote" if code else f"{room}/remote"
