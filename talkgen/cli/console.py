"""Where commands speak: results to standard output, progress to standard error, no colour codes into a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any

import typer

from talkgen.cli import names

Json = Annotated[bool, typer.Option("--json", help="Print one machine-readable report.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result and problems only.")]
Talk = Annotated[
    str,
    typer.Argument(
        metavar="OUTLINE",
        help="An outline, or a folder with an outline.yaml.",
        show_default=False,
        autocompletion=names.outlines,
    ),
]


def out(text: str) -> None:
    """A line of the result."""
    typer.echo(text)


def out_json(value: Any) -> None:
    """The result as one JSON document."""
    out(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def progress(line: str) -> None:
    """A line about what is being done; where nobody takes it, the work goes on."""
    with suppress(OSError):
        typer.echo(line, err=True)


def reporter(quiet: bool) -> Callable[[str], None]:
    """Where a command says what it is doing: standard error, or nowhere."""
    return silence if quiet else progress


def silence(*what: object) -> None:
    """Says nothing."""
    del what


class Meter:
    """A counter that is rewritten in place on a terminal, and printed at every tenth of the way into a pipe."""

    def __init__(self, what: str) -> None:
        self._what, self._tenth = what, -1

    def __call__(self, done: int, total: int) -> None:
        """Shows `done` of `total` bytes."""
        share = done / total if total else 0.0
        text = f"{self._what}: {done / 1e6:.0f} of {total / 1e6:.0f} MB ({share:.0%})"
        if sys.stderr.isatty():
            typer.echo(f"\r{text}", err=True, nl=done >= total)
        elif int(share * 10) != self._tenth:
            self._tenth = int(share * 10)
            progress(text)
