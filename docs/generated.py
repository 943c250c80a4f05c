"""Pages of the documentation that are made: blocks, figures, commands, exit codes, HTTP API, and the talks as decks."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blocks import blocks_page
from drawn import gallery
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

SLIDES = Path(__file__).resolve().parents[1] / "slides"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages."""
    figures, pictures = gallery(say)
    pages: dict[str, str | bytes] = {
        "blocks.md": blocks_page(),
        "gallery.md": figures,
        "commands.md": commands(),
        "exit-codes.md": exit_codes(),
        "http-api.md": http_api(),
        **{f"pictures/figures/{name}": picture for name, picture in pictures.items()},
    }
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    for talk in sorted(path.parent for path in SLIDES.glob("*/outline.yaml")):
        name = f"examples/{talk.name}/index.html"
        files.append(File.generated(config, name, abs_src_path=str(built(talk))))
    return files


def built(talk: Path) -> Path:
    """A talk's deck, built where it is not fresh."""
    from talkgen.pipeline.build import Request, build

    return build(Request(talk), say).outputs[0]


def say(line: str) -> None:
    """Tells what is being computed."""
    logging.getLogger("mkdocs").info(line)


def commands() -> str:
    """Every command's help, as the terminal shows it."""
    from typer.main import get_command

    from talkgen.cli.app import app

    os.environ["TERMINAL_WIDTH"] = "100"
    parts = [f"## {name}\n\n```text\n{text.strip()}\n```" for name, text in _helps("talkgen", get_command(app))]
    return "\n\n".join(["# Commands", *parts]) + "\n"


def _helps(name: str, command: Any) -> Iterator[tuple[str, str]]:
    inner = getattr(command, "commands", None)
    if inner:
        for sub, each in inner.items():
            yield from _helps(f"{name} {sub}", each)
        return
    yield name, command.get_help(command.context_class(command, info_name=name, max_content_width=100))


def exit_codes() -> str:
    """What the command line's exit codes say, in its own words."""
    import talkgen.__main__ as command_line

    says = (command_line.main.__doc__ or "").split("\n\n", 1)[1]
    return f"# Exit codes\n\n{' '.join(says.split())}\n"


def http_api() -> str:
    """The routes of the presenting server that say what they do: what programs ask, beside the files of its pages."""
    from starlette.routing import Route

    from talkgen.serve.app import create_app
    from talkgen.serve.settings import Settings

    deck = Path(__file__)  # any file will do: no route is asked
    routes = create_app(Settings(deck=deck, models=(), project=deck.parent)).routes
    rows = [
        f"| `{method}` | `{route.path}` | {' '.join(route.endpoint.__doc__.split())} |"
        for route in routes
        if isinstance(route, Route) and route.endpoint.__doc__
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]
    head = "# HTTP API\n\nWhat `talkgen present` serves on its one address, beside the deck itself and `/demos/NAME`.\n"
    return "\n".join([head, "| method | path | what it does |", "|---|---|---|", *rows]) + "\n"
