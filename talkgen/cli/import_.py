"""`talkgen import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from talkgen.cli.console import out
from talkgen.errors import TalkgenError


def import_(
    deck: Annotated[Path, typer.Argument(metavar="DECK.md", help="A Marp or Slidev deck.")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The talk's folder to make.")],
) -> None:
    """Turns a Marp or Slidev deck into an outline, without loss.

    Examples:
      talkgen import slides.md -o slides/mine
    """
    from talkgen.importers.deck import import_deck

    outline = out_dir / "outline.yaml"
    if outline.exists():
        raise TalkgenError(f"{outline} is there already", "name another folder; nothing was written")
    text = import_deck(deck)
    out_dir.mkdir(parents=True, exist_ok=True)
    outline.write_text(text, encoding="utf-8")
    out(f"{outline}; now try: talkgen build {out_dir}")
