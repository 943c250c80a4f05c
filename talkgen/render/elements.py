"""The custom elements of `templates/web` as one script without imports, the same for every target.

The modules are joined in the order in which they import one another, and their import and export words dropped: what is
left runs as an inline module, from a file, or in a page that is being printed.
"""

from __future__ import annotations

import re
from pathlib import Path

from talkgen.assets import asset_dir

_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |let |class |function |async )", re.MULTILINE)


def elements_script() -> str:
    """The script that defines `<talkgen-live>` and `<talkgen-tokens>`; to be run as a module."""
    return join_modules(asset_dir("templates") / "web" / "index.js")


def join_modules(entry: Path) -> str:
    """The module at `entry` and all that it imports from its folder, each once, what is imported first."""
    sources: dict[str, str] = {}

    def visit(name: str) -> None:
        if name in sources:
            return
        text = entry.with_name(name).read_text(encoding="utf-8")
        for imported in _IMPORT.findall(text):
            visit(imported)
        sources[name] = _EXPORT.sub("", _IMPORT.sub("", text)).strip()

    visit(entry.name)
    return "\n\n".join(sources.values()) + "\n"
