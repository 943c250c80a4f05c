"""The room: `/vote`, a page for phones that guesses the next token, and what the presenter does to ask it.

No account: a cookie is a device, and has one vote a round. Prompts and guesses are text, here and on every page.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from talkgen.assets import asset_dir
from talkgen.errors import TalkgenError
from talkgen.serve.engines import Engines
from talkgen.serve.guard import DECK_POLICY
from talkgen.serve.limits import Text
from talkgen.serve.presenter import presenter_route
from talkgen.serve.reach import qr_picture, room_address
from talkgen.serve.rounds import NoRoundError, Round, Rounds, VotedError
from talkgen.serve.said import read_body
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


def audience_routes(folder: Path, settings: Settings, engines: Engines) -> list[BaseRoute]:
    """The room's routes, and the presenter's; votes are kept in `folder`."""
    rounds = Rounds(folder)
    return [*_room_routes(rounds, engines), *_asking_routes(rounds), *_address_routes(settings)]


def _room_routes(rounds: Rounds, engines: Engines) -> list[BaseRoute]:
    async def page(request: Request) -> Response:
        headers = {"Content-Security-Policy": DECK_POLICY, "Cache-Control": "no-cache"}
        found = FileResponse(asset_dir("templates") / "present" / "vote.html", headers=headers)
        if not _device(request):
            found.set_cookie(COOKIE, secrets.token_hex(16), max_age=_DAY, httponly=True, samesite="strict")
        return found

    async def state(request: Request) -> Response:
        """What the room is asked now, what this device guessed, and once it is closed what all did."""
        return JSONResponse({"round": _told(rounds.newest, _device(request))})

    async def vote(request: Request) -> Response:
        """Takes a guess; it is on the disk when this answers."""
        given = await read_body(request, Vote)
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
        return JSONResponse({"text": text})

    return [
        Route("/vote", page),
        Route("/api/vote", state),
        Route("/api/vote", vote, methods=["POST"]),
    ]


def _asking_routes(rounds: Rounds) -> list[BaseRoute]:
    async def ask(request: Request) -> Response:
        """Asks the room."""
        asked = await read_body(request, Asked)
        try:
            return JSONResponse({"round": _told(await rounds.open(asked.model_dump()), None)})
        except OSError as error:
            raise HTTPException(503, "votes cannot be written down on this machine") from error

    async def close(_: Request) -> Response:
        """Closes the round, and saves the results."""
        try:
            await rounds.close()
        except OSError as error:
            raise HTTPException(503, "the results cannot be written on this machine") from error
        return JSONResponse({"round": _told(rounds.newest, None)})

    return [
        presenter_route("/present/vote/open", ask, "POST"),
        presenter_route("/present/vote/close", close, "POST"),
    ]


def _address_routes(settings: Settings) -> list[BaseRoute]:
    def address(_: Request) -> Response:
        """Where to vote."""
        return JSONResponse({"address": f"{room_address(settings)}/vote"})

    def qr(_: Request) -> Response:
        """The same for a camera."""
        picture = qr_picture(f"{room_address(settings)}/vote")
        return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    return [Route("/api/vote/address", address), Route("/api/vote/qr", qr)]


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
        "choices": sorted(_told_apart(choice["text"] for choice in current.asked["choices"])),
        "voters": len(current.votes),
        "mine": current.votes.get(device) if device else None,
    }
    return told if current.is_open else {**told, "result": current.result()}


def _told_apart(texts: Iterable[str]) -> list[str]:
    """The tokens that can be offered on buttons; nobody knows one line's end or a word from the same after a blank."""
    words: dict[str, str] = {}
    for text in texts:
        if text.strip() and "\n" not in text:
            words.setdefault(text.strip(), text)
    return list(words.values())


def _as_token(guess: str, asked: dict[str, Any], engines: Engines) -> str:
    """What a guess is in tokens of the model: one of the choices, or the first token of a word that was typed.

    A room guesses words: of tokens that differ in blanks alone it means what really comes next, or else the likeliest.
    """
    known: list[str] = [each["text"] for each in (asked["answer"], *asked["choices"]) if each]
    if guess.strip():
        for text in known:
            if text.strip() == guess.strip():
                return text
    word = guess if asked["prompt"][-1:].isspace() else f" {guess.strip()}"
    if not engines.files:  # recorded answers only, which need no torch
        return word
    try:
        engine = engines.find_here(asked["model"] or None)
        before, whole = (engine.encode(text) for text in (asked["prompt"], asked["prompt"] + word))
    except TalkgenError:
        return word
    return engine.tokenizer.pieces(whole[len(before) : len(before) + 1])[0] if whole[: len(before)] == before else word
