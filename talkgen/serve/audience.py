"""The room: `/vote`, a page for phones that guesses the next token, and what the presenter does to ask it.

No account: a cookie is a device, and has one vote a round. Prompts and guesses are text, here and on every page.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response

from talkgen.assets import asset_dir
from talkgen.errors import TalkgenError
from talkgen.serve.engines import Engines
from talkgen.serve.guard import DECK_POLICY
from talkgen.serve.limits import Text
from talkgen.serve.presenter import require_presenter
from talkgen.serve.reach import qr_picture, room_address
from talkgen.serve.rounds import NoRoundError, Round, Rounds, VotedError
from talkgen.serve.settings import Settings

COOKIE = "talkgen_device"
_DEVICE = re.compile(r"[0-9a-f]{32}")
_DAY = 86_400  # s that a device is known
Token = Annotated[Text, Field(min_length=1, max_length=40)]


class Choice(BaseModel):
    """A token, and how likely it is to the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Annotated[Text, Field(max_length=200)]
    p: float = Field(ge=0, le=1)


class Asked(BaseModel):
    """What the room is asked: its prompt, what the model expects, and what really comes next where somebody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Annotated[Text, Field(min_length=1)]
    model: str = Field("", max_length=200)
    label: str = Field("", max_length=200)
    choices: list[Choice] = Field(min_length=1, max_length=20)
    answer: Choice | None = None


class Vote(BaseModel):
    """A phone's guess."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    round: int = Field(ge=1)
    text: Token


def audience_routes(folder: Path, settings: Settings, engines: Engines) -> APIRouter:
    """The room's routes, and the presenter's; votes are kept in `folder`."""
    router, rounds = APIRouter(), Rounds(folder)
    router.include_router(_room_routes(rounds, engines))
    router.include_router(_asking_routes(rounds))
    router.include_router(_address_routes(settings))
    return router


def _room_routes(rounds: Rounds, engines: Engines) -> APIRouter:
    router = APIRouter()

    @router.get("/vote", include_in_schema=False)
    async def page(request: Request) -> Response:
        headers = {"Content-Security-Policy": DECK_POLICY, "Cache-Control": "no-cache"}
        found = FileResponse(asset_dir("templates") / "present" / "vote.html", headers=headers)
        if not _device(request):
            found.set_cookie(COOKIE, secrets.token_hex(16), max_age=_DAY, httponly=True, samesite="strict")
        return found

    @router.get("/api/vote")
    async def state(request: Request) -> dict[str, Any]:
        """What the room is asked now, what this device guessed, and once it is closed what all did."""
        return {"round": _told(rounds.newest, _device(request))}

    @router.post("/api/vote")
    async def vote(given: Vote, request: Request) -> dict[str, str]:
        """Takes a guess; it is on the disk when this answers."""
        device = _device(request)
        if device is None:
            raise HTTPException(403, "open /vote first")
        current = rounds.newest
        text = _as_token(given.text, current.asked, engines) if current else given.text
        try:
            await rounds.vote(given.round, device, text)
        except NoRoundError as error:
            raise HTTPException(409, "this round is over") from error
        except VotedError as error:
            raise HTTPException(409, f"this device guessed already: {error.text}") from error
        except OSError as error:
            raise HTTPException(503, "the vote could not be written down", {"Retry-After": "1"}) from error
        return {"text": text}

    return router


def _asking_routes(rounds: Rounds) -> APIRouter:
    router = APIRouter(prefix="/present/vote", dependencies=[Depends(require_presenter)])

    @router.post("/open")
    async def ask(asked: Asked) -> dict[str, Any]:
        """Asks the room."""
        try:
            return {"round": _told(await rounds.open(asked.model_dump()), None)}
        except OSError as error:
            raise HTTPException(503, "votes cannot be written down on this machine") from error

    @router.post("/close")
    async def close() -> dict[str, Any]:
        """Closes the round, and saves the results."""
        try:
            await rounds.close()
        except OSError as error:
            raise HTTPException(503, "the results cannot be written on this machine") from error
        return {"round": _told(rounds.newest, None)}

    return router


def _address_routes(settings: Settings) -> APIRouter:
    router = APIRouter(prefix="/api/vote")

    @router.get("/address")
    def address() -> dict[str, str]:
        """Where to vote."""
        return {"address": f"{room_address(settings)}/vote"}

    @router.get("/qr")
    def qr() -> Response:
        """The same for a camera."""
        picture = qr_picture(f"{room_address(settings)}/vote")
        return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    return router


def _device(request: Request) -> str | None:
    name = request.cookies.get(COOKIE, "")
    return name if _DEVICE.fullmatch(name) else None


def _told(current: Round | None, device: str | None) -> dict[str, Any] | None:
    """A round as the room may know it: while it is open neither others' guesses nor the model's."""
    if current is None:
        return None
    told = {
        "number": current.number,
        "open": current.is_open,
        "prompt": current.asked["prompt"],
        "choices": sorted(filter(_can_be_told_apart, (choice["text"] for choice in current.asked["choices"]))),
        "voters": len(current.votes),
        "mine": current.votes.get(device) if device else None,
    }
    return told if current.is_open else {**told, "result": current.result()}


def _can_be_told_apart(text: str) -> bool:
    """Whether a token can be offered on a button; nobody knows one line's end from another."""
    return text.strip() != "" and "\n" not in text


def _as_token(guess: str, asked: dict[str, Any], engines: Engines) -> str:
    """What a guess is in tokens of the model: one of the choices, or the first token of a word that was typed."""
    texts = [choice["text"] for choice in asked["choices"]]
    answer = asked["answer"]
    known = [*texts, *([answer["text"]] if answer else [])]
    word = guess if asked["prompt"][-1:].isspace() else f" {guess.strip()}"
    for text in (guess, word):
        if text in known:
            return text
    if not engines.files:  # recorded answers only, which need no torch
        return word
    try:
        engine = engines.find_here(asked["model"] or None)
        before, whole = (engine.encode(text) for text in (asked["prompt"], asked["prompt"] + word))
    except TalkgenError:
        return word
    return engine.tokenizer.pieces(whole[len(before) : len(before) + 1])[0] if whole[: len(before)] == before else word
