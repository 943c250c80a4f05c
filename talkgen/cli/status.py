"""`talkgen status`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from talkgen.cli.build import ModelOption, OutOption, Target, TargetOption
from talkgen.cli.console import Json, Talk, out, out_json


def status(
    outline: Talk,
    target: TargetOption = Target.marp,
    out_dir: OutOption = None,
    model: ModelOption = None,
    why: Annotated[bool, typer.Option("--why", help="Say what changed.")] = False,
    json: Json = False,
) -> None:
    """Lists every figure, recording and token split as fresh or stale; exits with 1 when something is stale.

    Examples:
      talkgen status slides/attention --why
    """
    from talkgen.pipeline.build import Request
    from talkgen.pipeline.status import status as read_status

    things = read_status(Request(Path(outline), target.value, out=out_dir, model=model))
    stale = [thing for thing in things if thing.state != "fresh"]
    if json:
        out_json({"things": [asdict(thing) for thing in things], "stale": len(stale)})
    else:
        for thing in things:
            out(f"{thing.state:5}  {thing.thing}")
            for reason in thing.why if why else ():
                out(f"         {reason}")
        out(f"{len(things) - len(stale)} fresh, {len(stale)} stale" + (_hint(why) if stale else ""))
    if stale:
        raise typer.Exit(1)


def _hint(why: bool) -> str:
    return "" if why else "; --why says what changed"
