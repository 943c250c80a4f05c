"""`talkgen status`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from talkgen.cli.build import ModelOption, OutOption, Target, TargetOption, VarOption
from talkgen.cli.console import Json, Talk, out, out_json
from talkgen.cli.given import variables


def status(
    outline: Talk,
    target: TargetOption = Target.marp,
    out_dir: OutOption = None,
    model: ModelOption = None,
    var: VarOption = None,
    why: Annotated[bool, typer.Option("--why", help="Say what changed.")] = False,
    json: Json = False,
) -> None:
    """Lists all that a deck is made of as fresh, stale or damaged; exits with 1 when something is not fresh.

    Examples:
      talkgen status slides/attention --why
    """
    from talkgen.pipeline.request import Request
    from talkgen.pipeline.status import status as read_status

    request = Request(Path(outline), target.value, out=out_dir, model=model, vars=variables(var))
    changes = read_status(request)
    stale = [change for change in changes if change.state != "fresh"]
    if json:
        out_json({"artifacts": [asdict(change) for change in changes], "stale": len(stale)})
    else:
        for change in changes:
            out(f"{change.state:7}  {change.name}")
            for reason in change.why if why else ():
                out(f"           {reason}")
        out(f"{len(changes) - len(stale)} fresh, {len(stale)} stale" + (_hint(why) if stale else ""))
    if stale:
        raise typer.Exit(1)


def _hint(why: bool) -> str:
    return "" if why else "; --why says what changed"
