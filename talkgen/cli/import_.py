"""`talkgen import`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from talkgen.cli.console import Json, Quiet, out, out_json, reporter
from talkgen.errors import TalkgenError
from talkgen.files import write_text

if TYPE_CHECKING:
    from talkgen.importers.deck import Imported


def import_(
    deck: Annotated[
        Path,
        typer.Argument(metavar="DECK", help="A deck (.md) of Marp or Slidev, a notebook (.ipynb), or a .pptx."),
    ],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The talk's folder to make.")],
    root: Annotated[
        Path | None, typer.Option(help="The folder of the project that the deck may take files from.")
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Let scripts and all HTML of a Marp deck through.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an outline and files that are there.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turns a deck into an outline, with all files that it needs; what is lost on the way is told.

    A Marp or Slidev deck is the same again in its own tool; a notebook and a PowerPoint file become a talk of ours.

    Examples:
      talkgen import slides.md -o slides/mine
      talkgen import lecture.ipynb -o slides/lecture
      talkgen import course/week1/slides.md --root course -o slides/week1
    """
    from talkgen.importers.deck import import_deck
    from talkgen.importers.files import copy_files

    outline = out_dir / "outline.yaml"
    if outline.exists() and not force:
        raise TalkgenError(f"{outline} is there already", "name another folder, or --force; nothing was written")
    report = reporter(quiet)
    imported = import_deck(deck, report, root=root, trust=trust)
    copied = copy_files(imported.files, out_dir, force=force)
    write_text(outline, imported.yaml)
    if json:
        said = [
            {"file": each.file, "line": each.line, "within": each.within, "message": each.message}
            for each in imported.said
        ]
        left, web = imported.files.left, list(imported.files.web)
        out_json(
            {
                "outline": outline,
                "files": copied,
                "addresses": web,
                "not copied": left,
                "said": said,
                "packages": imported.packages,
            }
        )
        return
    _tell(imported, copied, report)
    target = f" -t {imported.tool}" if imported.tool else ""
    out(f"{outline}; now try: talkgen build {quote(str(out_dir))}{target}")


def _tell(imported: Imported, copied: list[Path], report: Callable[[str], None]) -> None:
    """How many files came along, and what did not."""
    if copied:
        out(f"{_count(len(copied), 'file')} copied ({sum(file.stat().st_size for file in copied) / 1e6:.1f} MB)")
    if imported.files.web:
        out(f"{_count(len(imported.files.web), 'address', 'addresses')} on the web kept")
    if imported.packages:
        out(f"npm packages that its build needs: {', '.join(imported.packages)}")
    for said in imported.said:
        report(str(said))
    for line, name, reason in imported.left():
        report(f"{imported.files.deck}:{line}: not copied: {name} ({reason})")


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or f'{one}s'}"
