"""`talkgen import`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from talkgen.cli.console import Json, Quiet, out, out_json, reporter
from talkgen.errors import TalkgenError
from talkgen.files import write_text

if TYPE_CHECKING:
    from talkgen.importers.images import DeckImages


def import_(
    deck: Annotated[Path, typer.Argument(metavar="DECK.md", help="A Marp or Slidev deck.")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The talk's folder to make.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turns a Marp or Slidev deck into an outline, without loss, with the pictures from the deck's folder beside it.

    Examples:
      talkgen import slides.md -o slides/mine
    """
    from talkgen.importers.deck import import_deck
    from talkgen.importers.images import copy_images, find_images

    outline = out_dir / "outline.yaml"
    if outline.exists():
        raise TalkgenError(f"{outline} is there already", "name another folder; nothing was written")
    text = import_deck(deck)
    images = find_images(deck)
    copied = copy_images(images, out_dir)
    write_text(outline, text)
    if json:
        addresses = images.addresses
        out_json({"outline": outline, "pictures": copied, "addresses": addresses, "not copied": images.left})
        return
    _tell(images, copied, reporter(quiet))
    out(f"{outline}; now try: talkgen build {out_dir}")


def _tell(images: DeckImages, copied: list[Path], report: Callable[[str], None]) -> None:
    """How many pictures came along, and which did not."""
    if copied:
        out(f"{_count(len(copied), 'picture')} copied ({sum(file.stat().st_size for file in copied) / 1e6:.1f} MB)")
    if images.addresses:
        out(f"{_count(len(images.addresses), 'address', 'addresses')} of pictures on the web kept")
    for name, reason in images.left.items():
        report(f"not copied: {name} ({reason})")


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or f'{one}s'}"
