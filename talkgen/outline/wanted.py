"""What an outline asks for beside what comes with Slidev: names alone, so that planning a deck loads nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from talkgen.errors import TalkgenError

_PACKAGE = re.compile(r"(?P<name>(?:@[a-z0-9][\w.-]*/)?[a-z0-9][\w.-]*)(?:@(?P<version>\d[\w.+-]*))?", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """A theme or an addon for Slidev: an npm package, `seriph` or `seriph@0.25.0`, or a folder beside the outline."""

    kind: Literal["theme", "addon"]
    name: str
    path: tuple[str | int, ...]  # where the outline names it

    @property
    def is_local(self) -> bool:
        """Whether it is a folder beside the outline."""
        return is_path(self.name)


def is_path(name: str) -> bool:
    """Whether a theme's name is that of a file or a folder, as Slidev tells them apart."""
    return name.startswith((".", "/")) or name.endswith(".css") or ("/" in name and not name.startswith("@"))


def split_package(name: str) -> tuple[str, str]:
    """The name and the version, "" where it says none, of `seriph@0.25.0`.

    Raises:
        TalkgenError: no package can be called so.
    """
    found = _PACKAGE.fullmatch(name)
    if not found:
        raise TalkgenError(f"'{name}' is no name of an npm package", "as in: seriph, @scope/name or name@1.2.3")
    return found["name"], found["version"] or ""


def local_folder(name: str) -> str:
    """Where the project of a deck has the folder `name` of a theme or an addon."""
    plain = re.sub(r"[^\w-]+", "-", name).strip("-")
    return f"own/{plain}"


@dataclass(frozen=True)
class Remote:
    """Something of another host that a deck shows: its address, and where the outline names it first."""

    address: str
    path: tuple[str | int, ...]
    place: str  # file and line
    where: str  # as people write the path
    target: str = ""  # the only one whose deck shows it
    runs: bool = False  # a page or a program, which cannot come along


@dataclass(frozen=True)
class WebFonts:
    """What an outline says of the fonts that Slidev fetches: its settings and its theme, and where they stand."""

    settings: Mapping[str, Any]
    theme: str  # "none" where it is ours
    path: tuple[str | int, ...]
