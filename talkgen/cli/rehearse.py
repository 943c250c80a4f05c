"""`talkgen rehearse`."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from talkgen.cli.build import ModelOption, TargetOption, VarOption, show_report
from talkgen.cli.build import Target as TargetName
from talkgen.cli.console import Json, Quiet, Talk, out, out_json, reporter
from talkgen.cli.given import variables

FOLDER = "rehearsals"  # beside the outline


def rehearse(
    outline: Talk,
    target: TargetOption = TargetName.marp,
    model: ModelOption = None,
    var: VarOption = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Presents a talk with a clock until interrupted: how long each slide took, beside its `duration`.

    The times are kept in rehearsals/ beside the outline, a file a rehearsal.

    Examples:
      talkgen rehearse slides/attention
    """
    from talkgen.files import write_json
    from talkgen.pipeline import build as pipeline
    from talkgen.serve.reach import web_address
    from talkgen.serve.rehearsal import Rehearsal, chart
    from talkgen.serve.run import check_port, serve
    from talkgen.serve.settings import Settings
    from talkgen.style import Style
    from talkgen.words import read_slides

    check_port("127.0.0.1", port)
    report = reporter(quiet)
    done = pipeline.build(pipeline.Request(Path(outline), target.value, model=model, vars=variables(var)), report)
    if not json:
        show_report(done, report)
    rehearsal, began, talk = Rehearsal(), datetime.now().astimezone(), done.plan.talk
    settings = Settings(
        deck=done.outputs[0],
        models=done.plan.live_models,
        project=talk.project,
        port=port,
        look=Style.model_validate(talk.tokens).css_variables(),
        slides=partial(read_slides, done.deck.path),
        on_slide=rehearsal.turn,
    )
    address = web_address("127.0.0.1", port)
    with suppress(KeyboardInterrupt):  # as every rehearsal ends
        serve(settings, on_ready=lambda: report(f"{address}  (the clock: {address}/panel; Ctrl-C ends)"))
    rehearsal.turn(0)
    slides = rehearsal.timed(read_slides(done.deck.path))
    file = talk.path.parent / FOLDER / f"{began:%Y-%m-%d-%H%M%S}.json"
    record = {"began": began.isoformat(), "target": target.value, "slides": [each.to_json() for each in slides]}
    write_json(file, record)
    if json:
        out_json({"file": str(file), **record})
    else:
        out(f"{chart(slides)}\n{file}")
