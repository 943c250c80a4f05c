"""What stands around a deck and is read without being named in a slide: Marp's themes, Slidev's folders and themes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from talkgen.importers.files import LEFT, Files, LeftOutError, inside
from talkgen.outline.addresses import css_addresses, file_name, replace_addresses
from talkgen.outline.files import elsewhere
from talkgen.outline.themes import name_in
from talkgen.render.native_slidev import FILES, FOLDERS

_IMPORT = re.compile(r"""@import(?:-theme)?\s++(?:url\(\s*+)?["'](?P<name>[^"']+)["']""")
_MOST, _LARGEST = 2_000, 2_000_000  # style sheets of a project that are looked at, and bytes of one
_LINKED = re.compile(r"(?:file|link|portal):(?P<path>.+)")
_PROGRAMS = (".css", ".js", ".jsx", ".mjs", ".mts", ".ts", ".tsx", ".vue")
_ENDINGS = (
    "",
    ".ts",
    ".js",
    ".vue",
    ".mjs",
    ".mts",
    ".tsx",
    ".jsx",
    ".json",
    ".css",
    "/index.ts",
    "/index.js",
    "/index.vue",
)
_IMPORTED = re.compile(r"""(?:\bfrom|\bimport|@import)\s*+(?:\(\s*+)?["'](?P<path>(?:\.{1,2}|@)/[^"'\n]+)["']""")
_LOCAL = re.compile(r"\.{0,2}/|\.$|\.\.$")  # a theme or an addon by its path


def marp_themes(outline: dict[str, Any], files: Files) -> list[str]:
    """Takes along the themes that the deck names, and those they build on; their style sheets for Marp."""
    sheets = dict(_style_sheets(files.root))
    wanted = [str(name) for name in _themes_named(outline)]
    places: dict[str, str] = {}
    for name in wanted:
        if name not in sheets or name in places:
            continue
        text = sheets[name].read_text(encoding="utf-8", errors="replace")
        wanted += [found["name"] for found in _IMPORT.finditer(text)]
        places[name] = f"themes/{sheets[name].name}"
        files.made[places[name]] = _relinked(text, sheets[name], files).encode()
    if places:
        outline.setdefault("theme", {})["styles"] = list(places.values())
    return [sheets[name].read_text(encoding="utf-8", errors="replace") for name in places]


def _themes_named(outline: dict[str, Any]) -> Iterator[Any]:
    yield outline.get("theme", {}).get("marp", "default")
    for node in (outline, *outline["slides"]):
        if "theme" in node.get("directives", {}):
            yield node["directives"]["theme"]


def _style_sheets(root: Path) -> Iterator[tuple[str, Path]]:
    """The themes in a project, by their name; the nearest to its root last, which wins as in Marp's own list."""
    count = 0
    for where, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - LEFT)
        for name in sorted(names):
            file = Path(where, name)
            count += name.endswith(".css")
            is_read = name.endswith(".css") and count <= _MOST and not file.is_symlink()
            is_read = is_read and file.stat().st_size < _LARGEST
            if is_read and (theme := name_in(file.read_text(encoding="utf-8", errors="replace"))):
                yield theme, file


def _relinked(text: str, sheet: Path, files: Files) -> str:
    """A theme whose pictures come along: Marp reads their names from the deck, some authors mean the theme."""

    def new(to: str) -> str | None:
        if elsewhere(to):
            return None
        for folder in (files.deck.parent, sheet.parent):
            try:
                return files.add(inside(folder / file_name(to), files.root))
            except LeftOutError as reason:
                files.left[to] = str(reason)
        return None

    relinked = replace_addresses(text, css_addresses(text), new)
    for name in [each.to for each in css_addresses(text)]:
        if new(name):
            files.left.pop(name, None)
    return relinked


def slidev_project(outline: dict[str, Any], files: Files) -> None:
    """Takes along what Slidev reads by itself beside a deck, and the themes and addons that it names by their path."""
    here = files.deck.parent
    _take_project(here, files)
    linked = _linked_packages(files)
    if theme := outline.get("theme", {}).get("slidev", ""):
        outline["theme"]["slidev"] = _taken(theme, "theme", linked, files)
    settings = outline.get("frontmatter", {})
    if isinstance(settings.get("addons"), list):
        settings["addons"] = [_taken(str(each), "addon", linked, files) for each in settings["addons"]]
    _take_imports(files)


def _taken(name: str, kind: str, linked: Mapping[str, str], files: Files) -> str:
    """The name of a theme or an addon beside the outline: of a folder, which comes along, or as it was."""
    called = (name, f"@slidev/{kind}-{name}", f"slidev-{kind}-{name}")  # as Slidev looks for it
    folder = name if _LOCAL.match(name) else next((linked[each] for each in called if each in linked), "")
    return _take_package(folder, files) if folder else name


def _linked_packages(files: Files) -> dict[str, str]:
    """The packages that the project's `package.json` has in folders: `file:../theme`, as paths from the deck."""
    found: dict[str, str] = {}
    try:
        said = json.loads((files.deck.parent / "package.json").read_text(encoding="utf-8"))
        needs = {**said.get("devDependencies", {}), **said.get("dependencies", {})}
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return found
    for name, version in needs.items():
        if isinstance(version, str) and (path := _LINKED.fullmatch(version)):
            found[name] = path["path"] if path["path"].startswith(".") else f"./{path['path']}"
    return found


def _take_imports(files: Files) -> None:
    """Takes along what the project's programs import by its path, and what that imports."""
    here = files.deck.parent
    seen: set[Path] = set()
    while new := [file for file in files.copies.values() if file not in seen and file.suffix in _PROGRAMS]:
        for file in new:
            seen.add(file)
            if file.stat().st_size > _LARGEST:
                continue
            for found in _IMPORTED.finditer(file.read_text(encoding="utf-8", errors="replace")):
                name = found["path"]
                base = here / name[2:] if name.startswith("@/") else file.parent / name
                _take_program(base, name, file, files)


def _take_program(base: Path, name: str, file: Path, files: Files) -> None:
    """Takes a program along that another imports, with the ending that its import leaves out."""
    for ending in _ENDINGS:
        path = Path(f"{base}{ending}")
        if path.is_file():
            try:
                files.add(inside(path, files.root))
            except LeftOutError as reason:
                files.left[name] = f"{reason}; {file.name} imports it"
            return
    if not base.is_dir():
        files.left[name] = f"not there; {file.name} imports it"


def _take_project(folder: Path, files: Files) -> None:
    for name in FOLDERS:
        if (folder / name).is_dir():
            files.add_folder(folder / name)
    for name in FILES:
        if (folder / name).is_file():
            try:
                files.add(inside(folder / name, files.root))
            except LeftOutError as reason:
                files.left[name] = str(reason)


def _take_package(name: str, files: Files) -> str:
    """The new path of a theme or an addon in a folder of the project; its own where it is the deck's own folder."""
    folder = (files.deck.parent / name).resolve()
    if folder == files.deck.parent.resolve():
        return name
    if not folder.is_relative_to(files.root.resolve()) or not folder.is_dir():
        outside = "outside the project; --root DIR names a larger one"
        files.left[name] = "not there" if folder.is_relative_to(files.root.resolve()) else outside
        return name
    files.add_folder(folder)
    return f"./{files.target(folder)}"


def npm_packages_named(outline: dict[str, Any]) -> list[str]:
    """The themes and addons of a Slidev deck that npm has."""
    theme = outline.get("theme", {}).get("slidev", "default")
    addons = outline.get("frontmatter", {}).get("addons", [])
    named = [theme, *(addons if isinstance(addons, list) else [])]
    return [str(name) for name in named if not _LOCAL.match(str(name)) and name not in ("default", "none")]
