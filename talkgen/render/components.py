"""What stands in a Marp deck for a component of Slidev's: the same in words, or its name in a frame.

Which components a talk's project has is told by its files, as Slidev finds them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from talkgen.outline.schema import ThemeNames
from talkgen.render.deck import Deck

_BUILT_IN = frozenset(
    "arrow autofittext bluesky codeblockwrapper lightordark link mermaid monaco plantuml poweredbyslidev renderwhen "
    "slidecurrentno slidestotal slidevvideo titlerenderer toc tocitem transform tweet vafter vclick vclicks vdrag "
    "vdragarrow vswitch youtube".split()
)
_PLAIN_THEMES = frozenset({None, "none", "default", "seriph", "apple-basic", "bricks", "shibainu"})
_FILES = frozenset({".vue", ".js", ".jsx", ".ts", ".tsx", ".md"})
_MADE = frozenset({"node_modules", "dist", ".git"})
_ATTRIBUTE = re.compile(r"""\s:?(id|href|to)=(?:"([^"]*)"|'([^']*)')""")


def stand_in(name: str, tag: str, *, alone: bool) -> tuple[str, bool]:
    """HTML for a component that holds no text, `alone` on its line; whether it says all that the component does."""
    attribute = next((found[2] or found[3] for found in _ATTRIBUTE.finditer(tag)), "")
    if name == "PoweredBySlidev":
        return '<a href="https://sli.dev">Powered by Slidev</a>', True
    if name == "Tweet" and re.fullmatch(r"\d+", attribute):
        return f'<a href="https://x.com/i/status/{attribute}">x.com/i/status/{attribute}</a>', True
    large = " tg-large" if alone else ""
    return f'<span class="tg-stand-in{large}">&lt;{name}&gt;</span>', False


def is_nowhere(name: str, deck: Deck, of_project: frozenset[str]) -> bool:
    """Whether neither the project nor Slidev has a component: Slidev shows nothing of it either."""
    key = _key(name)
    theme = deck.outline.theme.slidev if isinstance(deck.outline.theme, ThemeNames) else None
    if key in _BUILT_IN or not (theme in _PLAIN_THEMES or _is_folder(theme or "")):
        return False
    addons = deck.outline.frontmatter.get("addons")
    if any(not _is_folder(str(each)) for each in (addons if isinstance(addons, list) else ())):
        return False  # a package may bring it
    return key not in of_project


def _key(name: str) -> str:
    return name.replace("-", "").lower()


def _is_folder(name: str) -> bool:
    return name.startswith(("./", "../", "/"))


def find_components(folder: Path) -> frozenset[str]:
    """What a project calls its components, as `is_nowhere` asks for them."""
    return frozenset(_key(path.stem) for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    """The files in all folders of the name `components`."""
    for where, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each not in _MADE]
        if "components" in Path(where).relative_to(folder).parts:
            yield from (path for name in names if (path := Path(where, name)).suffix in _FILES)
