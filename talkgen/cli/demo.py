"""`talkgen demo`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from talkgen.cli.console import out

MODELS = ("smollm2", "small", "small-lstm", "translator")  # what is at hand of these answers


def demo(
    name: Annotated[str, typer.Argument(help="lab for all of them, a live element, or an app of demos/.")] = "lab",
    model: Annotated[list[str] | None, typer.Option(help="A model to ask; several if given again.")] = None,
    device: Annotated[str, typer.Option(help="Where models run: auto, cpu, cuda or mps.")] = "auto",
    host: Annotated[
        str, typer.Option(help="The address to listen on; other than loopback lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
) -> None:
    """Serves a Gradio app without a talk, on the GPU where there is one, until interrupted.

    Examples:
      talkgen demo

      talkgen demo attention --model small

      talkgen demo lab --device cuda --model hf:ORG/NAME
    """
    from talkgen.elements.registry import ELEMENTS
    from talkgen.errors import TalkgenError, did_you_mean
    from talkgen.lm.files.catalog import find_model
    from talkgen.serve.demos import PREFIX, demo_names, find_demo
    from talkgen.serve.run import check_port, serve
    from talkgen.serve.settings import Settings

    project = Path.cwd()
    if find_demo(name, project) is None:
        raise TalkgenError(f"there is no demo '{name}'", did_you_mean(name, [*demo_names(project), *ELEMENTS]))
    check_port(host, port)
    found = [find_model(each, project) for each in model or MODELS if model or is_at_hand(each, project)]
    names = ", ".join(item.label for item in found)
    with tempfile.TemporaryDirectory() as folder:
        deck = Path(folder) / "deck.html"
        deck.write_text(f'<meta http-equiv="refresh" content="0; url={PREFIX}/{name}/">', encoding="utf-8")
        settings = Settings(deck, tuple(found), project, host=host, port=port, device=device)
        serve(settings, on_ready=lambda: out(f"http://{host}:{port}{PREFIX}/{name}/  ({names}; Ctrl-C ends)"))


def is_at_hand(name: str, project: Path) -> bool:
    """Whether a model can be had without a download."""
    from talkgen.errors import TalkgenError
    from talkgen.lm.files.catalog import find_model

    try:
        return find_model(name, project).path.exists()
    except TalkgenError:
        return False
