"""The files that a deck names, found where its outline's texts name them, and where they belong beside the outline.

A file of the deck's own folder keeps its place; one from elsewhere in the project gets one, and the texts follow. What
is not in the project is never opened.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from talkgen.errors import TalkgenError
from talkgen.files import write_bytes
from talkgen.importers.written import placeless
from talkgen.outline.addresses import Address, file_name, replace_addresses
from talkgen.outline.files import addresses_in, elsewhere, of_setting
from talkgen.outline.node import Holds
from talkgen.outline.schema import Outline
from talkgen.outline.walk import Text, find_texts
from talkgen.yamlfile import PathInData

SIZE_LIMIT = 2**26  # bytes a file
TOTAL_LIMIT = 2**29  # bytes a deck
LEFT = frozenset({"node_modules", ".git", "dist", "__pycache__"})  # folders that are made, not written


@dataclass
class Files:
    """Files by where they belong beside the outline: those to copy, and those to write; and what to tell."""

    deck: Path
    root: Path
    copies: dict[str, Path] = field(default_factory=dict)
    made: dict[str, bytes] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)  # why, by the name in the deck
    web: dict[str, None] = field(default_factory=dict)  # addresses on the web
    total: int = 0

    def target(self, file: Path) -> str:
        """Where a file or folder of the project belongs, as a path from the outline's folder."""
        own = self.deck.parent.resolve()
        if file.is_relative_to(own):
            return file.relative_to(own).as_posix()
        if file.is_relative_to(self.root.resolve()):
            name = file.relative_to(self.root.resolve()).as_posix()
            return f"project/{name}" if (own / name).exists() else name
        raise LeftOutError("outside the project; --root DIR names a larger one")

    def add(self, file: Path) -> str:
        """Takes a file of the project along; where it belongs."""
        place = self.target(file)
        if self.copies.get(place) != file:
            self._count(file.stat().st_size)
            self.copies[place] = file
        return place

    def make(self, place: str, content: bytes, say: Callable[[str], None]) -> str | None:
        """Takes a picture or a film along that was part of the deck, as a file; None, told, where it is too much."""
        try:
            self._count(len(content))
        except LeftOutError as reason:
            say(f"a picture is left out: {reason}")
            return None
        self.made[place] = content
        return place

    def _count(self, size: int) -> None:
        if size > SIZE_LIMIT:
            raise LeftOutError(f"larger than {SIZE_LIMIT >> 20} MiB")
        if self.total + size > TOTAL_LIMIT:
            raise LeftOutError(f"all files together are larger than {TOTAL_LIMIT >> 20} MiB")
        self.total += size

    def add_folder(self, folder: Path) -> None:
        """Takes along all that is in a folder of the project and that somebody wrote."""
        for where, folders, names in os.walk(folder):
            folders[:] = sorted(set(folders) - LEFT)
            for name in sorted(names):
                try:
                    self.add(inside(Path(where, name), self.root))
                except LeftOutError as reason:
                    self.left[os.path.relpath(Path(where, name), self.deck.parent)] = str(reason)


class LeftOutError(Exception):
    """Why a file does not come along."""


def inside(path: Path, root: Path) -> Path:
    """The file at `path`, which is really in the project."""
    try:
        file = path.resolve()
        if not file.is_relative_to(root.resolve()):
            raise LeftOutError("outside the project; --root DIR names a larger one")
        if any(part.startswith(".") for part in file.relative_to(root.resolve()).parts):
            raise LeftOutError("a hidden file")
        if file.is_file():
            return file
    except (OSError, ValueError, RuntimeError):  # too long a name, a NUL in it, links in a circle
        pass
    raise LeftOutError("not there")


def find_named(outline: dict[str, Any], files: Files) -> None:
    """Takes along every file that the outline's texts name, and writes its new name where it gets one."""
    typed = Outline.model_validate(placeless(outline))
    slides = [slide.folder or "." for slide in typed.slides]
    for text in reversed(list(find_texts(typed))):  # what is below a bullet before the bullet, which is its key
        found = list(_addresses(text, typed.native))
        if not found:
            continue
        own = slides[int(text.path[1])] if text.path[0] == "slides" else "."
        folder = (files.deck.parent / own).resolve()
        new = replace_addresses(text.text, found, partial(_renamed, folder=folder, files=files))
        if new != text.text:
            _set(outline, text.path, new)
    for slide in outline["slides"]:
        if "folder" in slide:
            slide["folder"] = files.target((files.deck.parent / slide["folder"]).resolve())
            if slide["folder"] == ".":
                del slide["folder"]


def _addresses(text: Text, native: str | None) -> Iterator[Address]:
    for holds in text.marks:
        if isinstance(holds, Holds) and text.path[-2:-1] != ("styles",):
            yield from addresses_in(text.text, of_setting(text, holds, native))


def _renamed(to: str, folder: Path, files: Files) -> str | None:
    """The new name of what an address names; None where it keeps its own, or is no file's."""
    if elsewhere(to):
        if not to.startswith(("data:", "#")) and to:
            files.web[to] = None
        return None
    if to in files.made:
        return None
    try:
        file = find_in_project(to, folder, files)
        place = files.add(file)
    except LeftOutError as reason:
        files.left[to] = str(reason)
        return None
    if to.startswith("/") or place.startswith("public/"):
        return None
    here = files.target(folder)
    if any(os.path.normpath(Path(here, name)) == os.path.normpath(place) for name in (to, file_name(to))):
        return None
    return quote(Path(os.path.relpath(place, here)).as_posix())


def find_in_project(to: str, folder: Path, files: Files) -> Path:
    """The file of an address: below the folder of the text that names it, or in Slidev's `public`.

    Raises:
        LeftOutError: it is not there, or not in the project.
    """
    own = files.deck.parent
    public = own / "public"
    reason = LeftOutError("not there")
    for name in dict.fromkeys((to, file_name(to))):
        is_absolute, bare = name.startswith("/"), name.lstrip("/")
        for place in (public / bare, own / bare) if is_absolute else (folder / name, public / name):
            if place == public / name and not _is_below(place, public):
                continue
            try:
                return inside(place, files.root)
            except LeftOutError as error:
                reason = reason if str(reason) != "not there" else error
    raise reason


def _is_below(path: Path, folder: Path) -> bool:
    return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(folder))


def _set(outline: dict[str, Any], path: PathInData, new: str) -> None:
    """Puts a new text in its place; a bare Markdown block is a text by itself, a bullet with others below it a key."""
    at: Any = outline
    for number, step in enumerate(path[:-1]):
        below = at[step]
        if isinstance(below, str):
            at[step] = new
            return
        if path[-1] == "" and number == len(path) - 2:
            at[new] = at.pop(step)
            return
        at = below
    at[path[-1]] = new


def copy_files(files: Files, folder: Path, *, force: bool) -> list[Path]:
    """Copies the files into `folder`, made if missing; what was not there before.

    Raises:
        TalkgenError: another file has the name of one, and nothing was copied.
        OSError: a file cannot be read or written.
    """
    made = []
    for place, file in files.copies.items():
        if place not in files.made and not _is_there(folder / place, folder, force, file=file):
            made.append((folder / place, file))
    new = [
        (folder / place, content)
        for place, content in files.made.items()
        if not _is_there(folder / place, folder, force, content=content)
    ]
    for target, file in made:
        write_bytes(target, file.read_bytes())
    for target, content in new:
        write_bytes(target, content)
    return [target for target, _ in (*made, *new)]


def _is_there(
    target: Path, folder: Path, force: bool, *, file: Path | None = None, content: bytes | None = None
) -> bool:
    """Whether `target` is the file already.

    Raises:
        TalkgenError: it is something else, or a link leads out of `folder`.
    """
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise TalkgenError(f"{target.parent} is a link out of {folder}", "name another folder; nothing was written")
    if not os.path.lexists(target):
        return False
    if file and target.is_file() and filecmp.cmp(target, file, shallow=False):
        return True
    if content is not None and target.is_file() and target.read_bytes() == content:
        return True
    if force and target.is_file():
        return False
    raise TalkgenError(
        f"{target} is there already and is another file", "name another folder, or --force; nothing was written"
    )
