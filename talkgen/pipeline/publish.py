"""Puts a rendering on disk and through the real Marp or Slidev, so that a reader never meets half a deck.

A new deck is made whole in a folder beside the old one and takes its place by renaming. What was exported before from
the same files, and is still as it was, is carried over instead of made again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from talkgen import __version__
from talkgen.digest import digest_file
from talkgen.files import flushing, link_or_copy, new_folder, write_text
from talkgen.outline.origins import find_origins
from talkgen.pipeline.artifacts import ExportArtifact
from talkgen.pipeline.deck_folder import MANIFEST, DeckFolder
from talkgen.pipeline.plan import Plan
from talkgen.pipeline.rendering import content_digest, copied_files, file_digests, plan_export, plan_rendering
from talkgen.store.manifest import Entry, Manifest, find_damage

if TYPE_CHECKING:
    from talkgen.render.deck import Rendering

Report = Callable[[str], None]


def publish(
    rendering: Rendering, plan: Plan, deck: DeckFolder, format: str, report: Report, missing: Collection[str] = ()
) -> bool:
    """Writes a deck and exports it as `format` ("md" exports nothing); tells whether anything had to be exported.

    The things named in `missing` are not in it, so that it is never taken for whole.

    Raises:
        OutlineError: the exporter cannot make something of it; the folder is as it was, then and always.
        ToolError: the exporter failed.
        TalkgenError: the folder holds something that is no deck of talkgen's.
    """
    deck.check_own()
    files = file_digests(rendering)
    content = content_digest(files)
    exports = list(_kept_exports(deck, content))
    if gone := sorted(deck.opens.keys() - {export.artifact.label for export in exports} - {format}):
        report(f"of the deck before this change, so removed: {', '.join(gone)}; make it again with --format")
    is_missing = format not in ("md", *(export.artifact.label for export in exports))
    copied = copied_files(rendering, plan, deck.target)  # all that can be known before the tool is waited for
    artifact = plan_rendering(plan, deck.target, copied)
    origins = find_origins(plan.talk.source.document, [item.path for item in rendering.degraded])
    with new_folder(deck.path, alone=True) as made:
        stage = made.resolve()  # exporters change folders
        _write_files(rendering, files, deck.path, stage)
        for export in exports:
            _copy_files(export.files, deck.path, stage)
        if is_missing:
            from talkgen.pipeline.faults import faults_placed

            with faults_placed(plan, rendering), flushing(stage):  # the disk's time is the exporter's
                exports.append(_export(deck, format, content, stage, report))
        entries = {each.name: Entry(each.full_key) for each in plan.artifacts if each.name not in missing}
        entries |= {artifact.name: Entry(artifact.key, files)}
        entries |= {export.artifact.name: Entry(export.artifact.key, export.files) for export in exports}
        about = {
            "talkgen": __version__,
            "target": deck.target.name,
            "content": content,
            "copied": copied,
            "opens": {export.artifact.label: export.opens for export in exports},
            "degraded": [
                asdict(item) | {"origin": origin} for item, origin in zip(rendering.degraded, origins, strict=True)
            ],
        }
        write_text(stage / MANIFEST, Manifest(entries, about).to_json())
    return is_missing


@dataclass(frozen=True)
class _Export:
    """An export with its files and those to open, by their path in the deck's folder."""

    artifact: ExportArtifact
    files: Mapping[str, str]
    opens: Sequence[str]


def _kept_exports(deck: DeckFolder, content: str) -> Iterator[_Export]:
    """The exports that were made of the same files by the same tool, and are whole."""
    for label, opens in deck.opens.items():
        artifact = plan_export(deck.target, label, content)
        entry = deck.built.entries.get(artifact.name)
        if entry and entry.key.hexdigest == artifact.key.hexdigest and not find_damage(entry.files, deck.path):
            yield _Export(artifact, entry.files, opens)


def _export(deck: DeckFolder, format: str, content: str, stage: Path, report: Report) -> _Export:
    before = set(_files_in(stage))
    opens = [path.relative_to(stage).as_posix() for path in deck.target.export(stage, format, report)]
    files = {name: digest_file(stage / name) for name in _files_in(stage) if name not in before}
    return _Export(plan_export(deck.target, format, content), files, opens)


def _files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _write_files(rendering: Rendering, digests: Mapping[str, str], old: Path, folder: Path) -> None:
    """Writes a deck's files; pictures, fonts and films that the `old` folder has need not go to the disk again."""
    for name, content in rendering.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            file.write_text(content, encoding="utf-8", newline="\n")
        elif _is_there(old / name, digests[name]):
            link_or_copy(old / name, file)
        else:
            shutil.copyfile(content, file)


def _is_there(file: Path, digest: str) -> bool:
    return file.is_file() and not file.is_symlink() and digest_file(file) == digest


def _copy_files(names: Mapping[str, str], folder: Path, stage: Path) -> None:
    for name in names:
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, stage / name)
