"""Puts a rendering on disk and through the real Marp or Slidev, so that a reader never meets half a deck.

A new deck is made whole in a folder beside the old one and takes its place by renaming. What was exported before from
the same files is carried over instead of made again, so an unchanged deck starts no Node.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from talkgen import __version__
from talkgen.digest import digest_file
from talkgen.errors import TalkgenError
from talkgen.export.marp import export_marp
from talkgen.export.slidev import export_slidev
from talkgen.files import new_folder
from talkgen.outline.schema import Targets
from talkgen.render.deck import Rendering
from talkgen.store.key import Key
from talkgen.store.manifest import Manifest

Report = Callable[[str], None]
EXPORT = {"marp": export_marp, "slidev": export_slidev}
SOURCE = {"marp": "deck.md", "slidev": "slides.md"}
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Published:
    """Where a deck is, which files of it to open, and whether anything had to be exported."""

    folder: Path
    outputs: tuple[Path, ...]
    exported: bool


def publish(
    rendering: Rendering, things: Mapping[str, Key], folder: Path, target: Targets, format: str, report: Report
) -> Published:
    """Writes a rendering to `folder` and exports it as `format` ("md" exports nothing).

    Raises:
        ToolError: the exporter failed; `folder` is as it was.
        TalkgenError: `folder` holds something that is no deck of talkgen's.
    """
    old = _read_own(folder)
    digest = rendering_digest(rendering)
    kept: dict[str, list[str]] = old.about.get("exports", {}) if old.about.get("rendering") == digest else {}
    kept = {name: files for name, files in kept.items() if all((folder / file).exists() for file in files)}
    wanted = kept.get(format, [SOURCE[target]] if format == "md" else None)
    if wanted is None or old.things != things or old.about.get("exports") != kept or not _is_whole(rendering, folder):
        with new_folder(folder, alone=True) as made:
            stage = made.resolve()  # exporters change folders
            _write_files(rendering, stage)
            for files in kept.values():
                _carry_over(files, folder, stage)
            exports = dict(kept)
            if wanted is None:
                exports[format] = [str(path.relative_to(stage)) for path in EXPORT[target](stage, format, report)]
            about = {"talkgen": __version__, "target": target, "rendering": digest, "exports": exports}
            (stage / MANIFEST).write_text(Manifest(things, about).to_json(), encoding="utf-8")
    outputs = tuple(folder / name for name in wanted or exports[format])
    return Published(folder, outputs, exported=wanted is None)


def _read_own(folder: Path) -> Manifest:
    """The manifest of the deck in `folder`; nothing but a deck of talkgen's is ever replaced."""
    if folder.exists() and not (folder.is_dir() and ((folder / MANIFEST).is_file() or not any(folder.iterdir()))):
        raise TalkgenError(f"{folder} is there and is no deck that talkgen built", "name another folder with --out")
    return Manifest.read(folder / MANIFEST)


def rendering_digest(rendering: Rendering) -> str:
    """A digest over the names and contents of all files of a rendering."""
    digest = hashlib.sha256(__version__.encode())
    for name, content in sorted(rendering.files.items()):
        inner = hashlib.sha256(content.encode()).hexdigest() if isinstance(content, str) else digest_file(content)
        digest.update(f"{name}\0{inner}\n".encode())
    return digest.hexdigest()


def _is_whole(rendering: Rendering, folder: Path) -> bool:
    """Whether every file of the rendering is on disk as it should be."""
    for name, content in rendering.files.items():
        file = folder / name
        if not file.is_file():
            return False
        same = file.read_bytes() == content.encode() if isinstance(content, str) else _same_file(file, content)
        if not same:
            return False
    return True


def _same_file(a: Path, b: Path) -> bool:
    return a.stat().st_size == b.stat().st_size and digest_file(a) == digest_file(b)


def _write_files(rendering: Rendering, folder: Path) -> None:
    for name, content in rendering.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            file.write_text(content, encoding="utf-8", newline="\n")
        else:
            shutil.copyfile(content, file)


def _carry_over(files: list[str], folder: Path, stage: Path) -> None:
    """Copies exported files; `site/index.html` stands for all of `site/`."""
    for top in {Path(name).parts[0] for name in files}:
        if (folder / top).is_dir():
            shutil.copytree(folder / top, stage / top, dirs_exist_ok=True)
        else:
            shutil.copyfile(folder / top, stage / top)
