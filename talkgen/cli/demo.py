"""`talkgen demo`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from talkgen.cli import names
from talkgen.cli.console import out

if TYPE_CHECKING:
    from talkgen.serve.settings import Settings

PICTURE = (1152, 468)  # px: a slide between its margins, a block of the usual height below its badge
MODELS = ("smollm2", "small", "small-lstm", "translator")  # what is at hand of these answers
_APPS = "lab for all of them, a live element, or an app of demos/."
_MODELS = "A model to ask; several if given again."


def demo(
    name: Annotated[str, typer.Argument(metavar="NAME", help=_APPS, autocompletion=names.apps)] = "lab",
    model: Annotated[list[str] | None, typer.Option(help=_MODELS, autocompletion=names.models)] = None,
    device: Annotated[str, typer.Option(help="Where models run: auto, cpu, cuda or mps.")] = "auto",
    host: Annotated[
        str, typer.Option(help="The address to listen on; other than loopback lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    theme: Annotated[
        str, typer.Option(help="The theme whose colours and fonts it has.", autocompletion=names.styles)
    ] = "paper",
    picture: Annotated[
        Path | None, typer.Option(help="Photograph the app into this PNG, for a block's picture, and end.")
    ] = None,
) -> None:
    """Serves a Gradio app without a talk, on the GPU where there is one, until interrupted.

    Examples:
      talkgen demo
      talkgen demo attention --model small
      talkgen demo lab --device cuda --model hf:ORG/NAME
      talkgen demo translation --model translator --theme night --picture slides/my-talk/translation.png
    """
    from talkgen.elements.apps import demo_names, find_demo
    from talkgen.elements.registry import ELEMENTS
    from talkgen.errors import TalkgenError, did_you_mean
    from talkgen.extras import extras_in_words
    from talkgen.lm.files.catalog import find_model
    from talkgen.pipeline.app_pictures import made_of, stamp
    from talkgen.serve.demos import PREFIX
    from talkgen.serve.reach import EVERYWHERE, web_address
    from talkgen.serve.run import check_port, serve
    from talkgen.serve.settings import Settings
    from talkgen.style import load_style

    project = Path.cwd()
    if find_demo(name, project) is None:
        raise TalkgenError(f"there is no demo '{name}'", did_you_mean(name, [*demo_names(project), *ELEMENTS]))
    check_port(host, port)
    with extras_in_words():  # a page that says so would be found too late
        import gradio  # noqa: F401
    found = [find_model(each, project) for each in model or MODELS if model or is_at_hand(each, project)]
    names = ", ".join(item.label for item in found)
    with tempfile.TemporaryDirectory() as folder:
        deck = Path(folder) / "deck.html"
        deck.write_text(f'<meta http-equiv="refresh" content="0; url={PREFIX}/{name}/">', encoding="utf-8")
        style = load_style(theme, project)
        settings = Settings(deck, tuple(found), project, host=host, port=port, device=device, style=style)
        address = f"{web_address('127.0.0.1' if host in EVERYWHERE else host, port)}{PREFIX}/{name}/"
        if picture is not None:
            take_picture(settings, style.scheme, address, picture)
            stamp(picture, made_of(name, theme, found, project))
        else:
            serve(settings, on_ready=lambda: out(f"{address}  ({names}; Ctrl-C ends)"))


def take_picture(settings: Settings, scheme: Literal["light", "dark"], address: str, file: Path) -> None:
    """Photographs the app as a slide shows it; a picture that is there is replaced, as it is what was asked for."""
    from talkgen.export.picture import photograph
    from talkgen.serve.run import serving

    with serving(settings):
        width, height = PICTURE
        photograph(address, file, width=width, height=height, scheme=scheme, report=out)
    out(str(file))


def is_at_hand(name: str, project: Path) -> bool:
    """Whether a model can be had without a download."""
    from talkgen.errors import TalkgenError
    from talkgen.lm.files.catalog import find_model

    try:
        return find_model(name, project).path.exists()
    except TalkgenError:
        return False
