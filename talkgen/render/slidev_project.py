"""What a Slidev project has for the sake of its theme: packages, local folders, settings of layouts."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from talkgen.assets import asset_dir
from talkgen.outline.find import NAME
from talkgen.outline.schema import ThemeNames
from talkgen.outline.themes import NO_PACKAGE, theme_files, wanted_for_slidev
from talkgen.outline.wanted import is_path, local_folder, split_package
from talkgen.render.addresses import Addresses
from talkgen.render.deck import Deck


def package_json(deck: Deck) -> str:
    """What the project says of itself to npm, and to whoever installs what it asks for."""
    about: dict[str, Any] = {"name": "talk", "private": True, "type": "module"}
    if deck.packages:
        about |= {"dependencies": {pin["package"]: pin["version"] for pin in deck.packages}}
        about |= {"talkgen": [dict(pin) for pin in deck.packages]}
    return json.dumps(about, indent=1) + "\n"


def vite_config(addresses: Addresses, project: str = ".") -> str | Path:
    """Vite's settings, in which style sheets of themes and addons show what was fetched of other hosts.

    `project` is where the project is, from the folder that they are in.
    """
    file = asset_dir("templates") / "slidev" / "vite.config.ts"
    fetched = {name: addresses.address(name) for name in addresses.deck.fetched}
    if not fetched:
        return file
    text = file.read_text(encoding="utf-8").replace("= {};", f"= {json.dumps(fetched)};", 1)
    return text.replace("dirname}/public", f"dirname}}/{project}/public", 1)


def page_head(addresses: Addresses, *, has_blocks: bool = True) -> str:
    """What the page loads beside the slides: fonts that were fetched, what answers in the page, the live elements."""
    deck, lines = addresses.deck, []
    if deck.fonts in deck.fetched:
        lines.append(f'<link rel="stylesheet" href="{addresses.address(deck.fonts)}">')
    if has_blocks and deck.models:
        lines.append('<script src="/talkgen-models.js"></script>')
    if has_blocks:
        lines.append('<script type="module" src="/talkgen.js"></script>')
    return "\n".join(["<head>", *lines, "</head>", ""])


def imports_first(css: str) -> str:
    """A style sheet with what it takes in at its beginning: the author's stands below ours, where nobody reads that."""
    imports: list[str] = []

    def move(found: re.Match[str]) -> str:
        if found[0][0] != "@" or found[0][-1] != ";":
            return found[0]
        imports.append(found[0])
        return ""

    rest = _COMMENT_OR_IMPORT.sub(move, css)
    return "\n".join([*imports, rest]) if imports else css


# What never ends goes on to the end of the sheet, so that none is looked through twice.
_COMMENT_OR_IMPORT = re.compile(
    r"""/\*.*?(?:\*/|\Z)|@import\s+(?:url\([^)]*(?:\)|\Z)|"[^"]*(?:"|\Z)|'[^']*(?:'|\Z))[^;{]*(?:;|(?=\{)|\Z)""",
    re.DOTALL,
)


def local_files(deck: Deck) -> dict[str, str | Path]:
    """The folders of themes and addons that the outline names, each under the path that it has in the project."""
    outline = deck.folder / NAME
    return {
        f"{local_folder(wanted.name)}/{name}": file
        for wanted in wanted_for_slidev(deck.outline)
        if wanted.is_local
        for name, file in theme_files(wanted.name, outline).items()
    }


def named(name: JsonValue) -> JsonValue:
    """How the project names a theme or an addon: a folder of its own, or a package without its version."""
    if not isinstance(name, str) or name in NO_PACKAGE:
        return name
    return in_project(local_folder(name)) if is_path(name) else split_package(name)[0]


def in_project(folder: str) -> str:
    """How a folder of the project is named: Slidev looks for an addon called `./x` beside the project, not in it."""
    return f"@/{posixpath.normpath(folder)}"


def fonts(settings: JsonValue, *, fetched: bool) -> tuple[dict[str, JsonValue], str]:
    """The fonts that an outline sets for Slidev, which asks another host for none unless that is said; what to tell."""
    given = {**settings} if isinstance(settings, dict) else {}
    names = ", ".join(str(given[kind]) for kind in ("sans", "serif", "mono") if kind in given)
    if given.get("provider", "none") != "none":
        return {**given, **({"provider": "none"} if fetched else {})}, ""
    told = f"{names}: as the machine has them; Slidev is asked to fetch fonts by 'provider: google'" if names else ""
    return {"provider": "none", **given}, told


def own_classes(deck: Deck) -> str:
    """Keeps what an outline calls its slides from being taken for utilities."""
    names = {name for slide in deck.outline.slides for name in (slide.class_ or "").split()}
    text = (asset_dir("templates") / "slidev" / "own_classes.ts").read_text(encoding="utf-8")
    return text.replace("= []", f"= {json.dumps(sorted(names))}", 1)


def layout_settings(theme: ThemeNames, layout: str) -> dict[str, Any]:
    """What keeps a theme's layout from asking another host, where the outline does not say otherwise."""
    settings: dict[str, Any] = _known(theme).get("settings", {}).get(layout, {})
    return settings


def theme_fonts(theme: ThemeNames) -> list[str] | None:
    """The fonts that a theme's text is in, where we know them."""
    return ["Avenir Next", "Nunito Sans"] if theme.slidev in (None, "default") else _known(theme).get("fonts")


def _known(theme: ThemeNames) -> dict[str, Any]:
    themes = json.loads((asset_dir("templates") / "slidev" / "themes.json").read_bytes())
    known: dict[str, Any] = themes.get((theme.slidev or "default").partition("@")[0], {})
    return known
