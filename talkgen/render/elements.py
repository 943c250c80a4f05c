"""The custom elements of `templates/web`: the one place that lists them, and their script, the same for every target.

The modules are joined in the order in which they import one another, and their import and export words dropped: what is
left runs as an inline module, from a file, or in a page that is being printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkgen.assets import asset_dir

TOKENS = "talkgen-tokens"
APP = "talkgen-app"
ELEMENTS = {  # each with the module that defines it
    TOKENS: "chips.js",
    "talkgen-live": "live.js",
    APP: "app.js",
    "talkgen-vote": "vote.js",
}
FIT = "fit.js"  # the module for slides with `fit: shrink`
LIVE = {  # what `live:` may name, and what plays it
    "next_token": "talkgen-live",
    "rnn_vs_attention": "talkgen-live",
    "vote": "talkgen-vote",
}

JSON = Mapping[str, Any]

_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"(\.{1,2}/[\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |let |class |function |async )", re.MULTILINE)


def element_modules() -> dict[str, Path]:
    """Each custom element with the module that defines it: those listed here, and one a file of `web/elements`."""
    folder = asset_dir("templates") / "web"
    more = {f"talkgen-{file.stem.replace('_', '-')}": file for file in sorted(folder.glob("elements/*.js"))}
    return {tag: folder / module for tag, module in ELEMENTS.items()} | more


def elements_script() -> str:
    """The script that defines every element and shrinks slides that ask for it; to be run as a module."""
    return join_modules(*element_modules().values(), asset_dir("templates") / "web" / FIT)


def models_script(models: Mapping[str, JSON]) -> str:
    """The script that lets `models`, by their names, answer in the page: the code as a function, and their weights."""
    code = join_modules(asset_dir("templates") / "web" / "page" / "answer.js")
    weights = json.dumps(models, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")  # ends no script
    return f"globalThis.talkgenPage = {{\ncode: function () {{\n{code}return Answerer;\n}},\nmodels: {weights},\n}};\n"


def join_modules(*entries: Path) -> str:
    """The modules at `entries` and all that they import, each once, what is imported first."""
    sources: dict[Path, str] = {}

    def visit(file: Path) -> None:
        if file in sources:
            return
        text = file.read_text(encoding="utf-8")
        for imported in _IMPORT.findall(text):
            visit((file.parent / imported).resolve())
        sources[file] = _EXPORT.sub("", _IMPORT.sub("", text)).strip()

    for entry in entries:
        visit(entry.resolve())
    return "\n\n".join(sources.values()) + "\n"
