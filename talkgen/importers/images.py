"""Finds the pictures a deck names and copies them beside its outline, under the names the outline knows them by.

Only picture files inside the deck's own folder are read, and nothing that is there is replaced; addresses on the web
stay as they are. A name that begins with `/` is a file of Slidev's folder `public` beside the deck.
"""

from __future__ import annotations

import filecmp
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from talkgen.errors import TalkgenError
from talkgen.files import write_bytes
from talkgen.importers.deck import is_slidev, read_deck
from talkgen.importers.text import prose
from talkgen.outline.addresses import file_name

SIZE_LIMIT = 2**26  # bytes a picture
TOTAL_LIMIT = 2**29  # bytes a deck
_SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".bmp"}
_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:|//")
# A picture in Markdown, up to the end of its address; a link may stand in what is shown without it.
_PICTURE = (
    r"!\[(?P<alt>(?:[^\[\]\n]|\[[^\[\]\n]{0,500}\]){0,500})\]"
    r"\(\s{0,9}(?P<to><[^<>\n]{1,500}>|(?:[^\s()<>]|\([^\s()<>]{0,99}\)){1,500})"
)
_PICTURES = (
    re.compile(_PICTURE),
    re.compile(r"""<img\b[^<>]{0,2000}?\ssrc\s{0,9}=\s{0,9}["']?(?P<to>[^"'<>\s]{1,500})""", re.IGNORECASE),
)
_PERHAPS = (  # a font, a colour or a fragment as well
    re.compile(r"""\burl\(\s{0,9}["']?(?P<to>[^"'()\n]{1,500})""", re.IGNORECASE),
    re.compile(
        r"""^\s{0,20}_?(?:background|image|src|cover|logo|favicon):[ \t]+["'<]?(?P<to>[^"'<>\s]{1,500})""", re.MULTILINE
    ),
)


@dataclass(frozen=True)
class DeckImages:
    """The pictures a deck names: files by where they belong beside the outline, addresses, and what is left out."""

    files: dict[str, Path] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)  # the name in the deck: why


def find_images(deck: Path) -> DeckImages:
    """Every picture the deck names outside its listings.

    Raises:
        OutlineError: the deck cannot be read.
    """
    text = read_deck(deck)
    root = "public" if is_slidev(text) else ""
    images, total = DeckImages(), 0
    for written, name in _named(prose(text)).items():
        if _ADDRESS.match(name):
            images.addresses.append(name)
            continue
        place = os.path.normpath(root + name if name.startswith("/") else name)
        try:
            file = _find(place, deck.parent)
            total += 0 if place in images.files else file.stat().st_size
            if total > TOTAL_LIMIT:
                raise _LeftOutError(f"all pictures together are larger than {TOTAL_LIMIT >> 20} MiB")
        except _LeftOutError as reason:
            images.left[written] = str(reason)
        else:
            images.files[place] = file
    return images


def _named(text: str) -> dict[str, str]:
    """Addresses, and names of files without what follows `?` or `#`, by how they are written in the deck."""
    names: dict[str, str] = {}
    for patterns, certain in ((_PICTURES, True), (_PERHAPS, False)):
        for found in (found for pattern in patterns for found in pattern.finditer(text)):
            written = found["to"].strip("<> ")
            file = file_name(written)
            if file and not written.startswith("data:") and (certain or Path(file).suffix.lower() in _SUFFIXES):
                names[written] = written if _ADDRESS.match(written) else file
    return names


class _LeftOutError(Exception):
    """Why a file does not come along."""


def _find(place: str, folder: Path) -> Path:
    """The file at `place` in the deck's folder, which it is really in."""
    try:
        file = (folder / place).resolve()
        if place.startswith(("../", "/")) or not file.is_relative_to(folder.resolve()):
            raise _LeftOutError("outside the deck's folder")
        if {Path(place).suffix.lower(), file.suffix.lower()} - _SUFFIXES:
            raise _LeftOutError("not a picture's name")
        if file.is_file():
            if file.stat().st_size > SIZE_LIMIT:
                raise _LeftOutError(f"larger than {SIZE_LIMIT >> 20} MiB")
            return file
    except (OSError, ValueError, RuntimeError):  # too long a name, a NUL in it, links in a circle
        pass
    raise _LeftOutError("not there")


def copy_images(images: DeckImages, folder: Path) -> list[Path]:
    """Copies the files into `folder`, made if missing; returns what was not there before.

    Raises:
        TalkgenError: another file has a picture's name, and nothing was copied.
        OSError: a file cannot be read or written.
    """
    missing = {
        folder / place: file for place, file in images.files.items() if not _is_there(folder / place, file, folder)
    }
    for target, file in missing.items():
        write_bytes(target, file.read_bytes())
    return list(missing)


def _is_there(target: Path, file: Path, folder: Path) -> bool:
    """Whether `target` is the picture already.

    Raises:
        TalkgenError: it is something else, or a link leads out of `folder`.
    """
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise TalkgenError(f"{target.parent} is a link out of {folder}", "name another folder; nothing was written")
    if not os.path.lexists(target):
        return False
    if target.is_file() and filecmp.cmp(target, file, shallow=False):
        return True
    raise TalkgenError(f"{target} is there already and is another file", "name another folder; nothing was written")
