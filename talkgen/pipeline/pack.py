"""A built deck as one zip that presents on a machine without network: deck, recordings, models in the page, notes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from talkgen.assets import asset_dir
from talkgen.files import new_file
from talkgen.pipeline.build import BuildReport, Request, build
from talkgen.pipeline.overflow import FORMAT
from talkgen.words import read_slides, read_words

_NO_DATE = (1980, 1, 1, 0, 0, 0)  # of every file: the same deck makes the same zip
_HOW = {
    "marp": "Open deck.html in a browser; P opens the presenter's window.",
    "slidev": "Run `python present.py` (any Python 3) and open the address that it prints; /presenter has the notes.",
}


def pack(request: Request, file: Path, report: Callable[[str], None]) -> BuildReport:
    """Builds a talk as HTML and puts all that presenting it needs into the zip `file`; equal decks make equal zips.

    Raises:
        OutlineError, ToolError: as `build` does.
    """
    done = build(request, report)
    with new_file(file) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_contents(done)):
            archive.writestr(zipfile.ZipInfo(f"{file.stem}/{name}", _NO_DATE), content, zipfile.ZIP_DEFLATED)
    return done


def _contents(done: BuildReport) -> Iterator[tuple[str, bytes]]:
    """The files of a pack, by their path in it."""
    deck = done.deck
    for name in deck.built.entries[f"export {FORMAT}"].files:
        yield name, (deck.path / name).read_bytes()
    title = read_words(deck.path).title
    yield "notes.md", notes(title, read_slides(deck.path)).encode()
    yield "README.txt", f"{title}\n\n{_HOW[deck.target.name]}\nnotes.md holds what is said.\n".encode()
    if deck.target.name == "slidev":
        yield "present.py", (asset_dir("templates") / "pack" / "present.py").read_bytes()


def notes(title: str, slides: Sequence[Mapping[str, Any]]) -> str:
    """What is said on each slide, as Markdown, with the planned minutes; `slides` as `read_slides` tells them."""
    parts = [_note(number, slide) for number, slide in enumerate(slides, 1)]
    return "\n\n".join([f"# {title}", *parts]) + "\n"


def _note(number: int, slide: Mapping[str, Any]) -> str:
    minutes = f" ({slide['minutes']:g} min)" if slide["minutes"] else ""
    return f"## {number}. {slide['title'] or '—'}{minutes}\n\n{slide['notes']}".strip()
