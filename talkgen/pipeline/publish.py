"""Puts a rendering on disk and through the real Marp or Slidev, so that a reader never meets half a deck.

A new deck is made whole in a folder beside the old one and takes its place by renaming. What was exported before from
the same files is carried over instead of made again, so an unchanged deck starts no Node.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkgen import __version__
from talkgen.digest import digest_file
from talkgen.export.marp import export_marp
from talkgen.export.slidev import export_slidev
from talkgen.outline.schema import Targets
from talkgen.pipeline.compute import Report
from talkgen.render.deck import Rendering

EXPORT = {"marp": export_marp, "slidev": export_slidev}
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Published:
    """Where a deck is, which files of it to open, and whether anything had to be exported."""

    folder: Path
    outputs: tuple[Path, ...]
    exported: bool


def publish(
    rendering: Rendering, things: Mapping[str, Any], folder: Path, target: Targets, format: str, report: Report
) -> Published:
    """Writes a rendering to `folder` and exports it as `format` ("md" exports nothing).

    Raises:
        ToolError: the exporter failed; `folder` is as it was.
    """
    digest = rendering_digest(rendering)
    old = read_manifest(folder)
    kept = old.get("exports", {}) if old.get("rendering") == digest and _intact(folder, old) else {}
    if format == "md" or format in kept:
        exports, outputs = kept, [folder / name for name in kept.get(format, [f"{_SOURCE[target]}"])]
        if old.get("rendering") == digest and old.get("things") == things and _intact(folder, old):
            return Published(folder, tuple(outputs), exported=False)
    with _staging(folder) as stage:
        write_files(rendering, stage)
        exports = dict(kept)
        for names in kept.values():
            _carry_over(folder, stage, names)
        exported = format != "md" and format not in kept
        if exported:
            made = EXPORT[target](stage, format, report)
            exports[format] = [str(path.relative_to(stage)) for path in made]
        manifest = {"talkgen": __version__, "target": target, "rendering": digest, "things": things, "exports": exports}
        (stage / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
    names = exports.get(format, [_SOURCE[target]])
    return Published(folder, tuple(folder / name for name in names), exported)


_SOURCE = {"marp": "deck.md", "slidev": "slides.md"}


def rendering_digest(rendering: Rendering) -> str:
    """A digest over the names and contents of all files of a rendering."""
    digest = hashlib.sha256(__version__.encode())
    for name, content in sorted(rendering.files.items()):
        inner = hashlib.sha256(content.encode()).hexdigest() if isinstance(content, str) else digest_file(content)
        digest.update(f"{name}\0{inner}\n".encode())
    return digest.hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the deck in `folder` says it was made of; empty where there is none or it cannot be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def write_files(rendering: Rendering, folder: Path) -> None:
    """Writes text and copies files into `folder`."""
    for name, content in rendering.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            file.write_text(content, encoding="utf-8")
        else:
            shutil.copyfile(content, file)


def _intact(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether what a manifest says was exported is still there."""
    exports = manifest.get("exports", {})
    source = folder / _SOURCE[manifest["target"]]
    return source.is_file() and all((folder / name).exists() for names in exports.values() for name in names)


def _carry_over(folder: Path, stage: Path, names: list[str]) -> None:
    for name in names:
        top = Path(name).parts[0]  # site/index.html stands for the whole of site/
        if (stage / top).exists():
            continue
        if (folder / top).is_dir():
            shutil.copytree(folder / top, stage / top)
        else:
            shutil.copyfile(folder / top, stage / top)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` that takes its place when all went well, and is gone when not."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    stage.chmod(0o755)
    try:
        yield stage
        old = stage.with_name(f"{stage.name}-old")
        if folder.exists():
            folder.rename(old)
        stage.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
