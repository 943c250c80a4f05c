"""The commands of `talkgen` by their names, each in a module of its own; knows none before it is asked for.

Typer builds all parameters of all commands of an application, which takes longer than to read a command line. So the
application of a command line that names a command is made of that one.
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from talkgen import __version__
from talkgen.cli.console import out

WELCOME = """talkgen builds talks whose figures are computed and whose demos are alive.

  talkgen new my-talk              a talk of your own, ready to build
  talkgen build slides/attention   the deck, in slides/attention/dist
  talkgen present slides/attention the deck with its live demos, at http://127.0.0.1:8000
  talkgen train                    the small models again; the next build redraws what depends on them
  talkgen status slides/attention  what is stale, and why

talkgen COMMAND --help explains one; talkgen --help lists them all."""

COMMANDS = (
    "new", "build", "present", "rehearse", "demo", "status", "check", "pack", "train", "sweep", "figures", "themes",
    "model", "run", "import", "schema", "doctor", "licenses",
)  # fmt: skip
"""In the order in which they are listed."""


def make_app(asked: str = "") -> typer.Typer:
    """The application with the command that is `asked` for alone, or, where that is none's name, with all."""
    app = typer.Typer(
        name="talkgen",
        help="Builds talks whose figures are computed and whose demos are alive.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(start)
    for name in (asked,) if asked in COMMANDS else COMMANDS:
        function = "import_" if name == "import" else name  # a keyword of Python's
        module = import_module(f"talkgen.cli.{function}")
        if hasattr(module, "app"):  # commands of its own
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, function))
    _keep_lines_of_examples(app)
    return app


def _keep_lines_of_examples(app: typer.Typer) -> None:
    """Lets every help show its examples a line each: to click, a paragraph is one text unless it begins with a mark."""
    for command in app.registered_commands:
        command.help = ((command.callback and command.callback.__doc__) or "").replace("Examples:", "\b\n    Examples:")
    for group in app.registered_groups:
        if group.typer_instance:
            _keep_lines_of_examples(group.typer_instance)


def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Builds talks whose figures are computed and whose demos are alive."""
    if version:
        out(f"talkgen {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        out(WELCOME)
