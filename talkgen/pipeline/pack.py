"""A built deck as one zip that presents on a machine without network: deck, recordings, models in the page, notes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from talkgen.assets import asset_dir
from talkgen.files import new_file
from talkgen.outline.schema import Outline
from talkgen.pipeline.build import BuildReport, Request, build
from talkgen.pipeline.compute import compute
from talkgen.pipeline.overflow import FORMAT
from talkgen.pipeline.request import open_store
from talkgen.pipeline.resolve import resolve

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
        for name, content in sorted(_contents(done, report)):
            archive.writestr(zipfile.ZipInfo(f"{file.stem}/{name}", _NO_DATE), content, zipfile.ZIP_DEFLATED)
    return done


def _contents(done: BuildReport, report: Callable[[str], None]) -> Iterator[tuple[str, bytes]]:
    """The files of a pack, by their path in it."""
    deck, plan = done.deck, done.plan
    for name in deck.built.entries[f"export {FORMAT}"].files:
        yield name, (deck.path / name).read_bytes()
    outline = resolve(plan.talk.source, plan.known, plan.talk.style, compute(plan, open_store(), report)).outline
    yield "notes.md", notes(outline).encode()
    yield "README.txt", f"{outline.title}\n\n{_HOW[deck.target.name]}\nnotes.md holds what is said.\n".encode()
    if deck.target.name == "slidev":
        yield "present.py", (asset_dir("templates") / "pack" / "present.py").read_bytes()


def notes(outline: Outline) -> str:
    """What is said on each slide that is shown, as Markdown, with the planned minutes."""
    shown = [(number, slide) for number, slide in enumerate(outline.slides, 1) if not slide.hide]
    parts = [
        f"## {number}. {slide.title or '—'}{f' ({slide.duration:g} min)' if slide.duration else ''}\n\n{slide.notes}"
        for number, slide in shown
    ]
    return "\n\n".join([f"# {outline.title}", *(part.strip() for part in parts)]) + "\n"
