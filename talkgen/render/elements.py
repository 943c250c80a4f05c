"""The custom elements of `templates/web`: the one place that lists them, and their script, the same for every target.

The modules are joined in the order in which they import one another, and their import and export words dropped: what is
left runs as an inline module, from a file, or in a page that is being printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from talkgen.assets import asset_dir
from talkgen.digest import digest_file

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


def models_script(models: Mapping[str, str]) -> str:
    """The script that lets `models`, JSON by their names, answer in the page: the code as a function, and weights."""
    code = join_modules(asset_dir("templates") / "web" / "page" / "answer.js")
    return _models_script(code, tuple(models.items()))


@lru_cache(maxsize=2)
def _models_script(code: str, models: tuple[tuple[str, str], ...]) -> str:
    weights = "{" + ",".join(f"{json.dumps(name)}:{model}" for name, model in models) + "}"
    weights = weights.replace("<", "\\u003c")  # no token ends the script, or begins a comment in it
    return f"globalThis.talkgenPage = {{\ncode: function () {{\n{code}return Answerer;\n}},\nmodels: {weights},\n}};\n"


def join_modules(*entries: Path) -> str:
    """The modules at `entries` and all that they import, each once, what is imported first."""
    sources: dict[Path, str] = {}

    def visit(file: Path) -> None:
        if file in sources:
            return
        imported, source = _read_module(file, digest_file(file))
        for each in imported:
            visit(each)
        sources[file] = source

    for entry in entries:
        visit(entry.resolve())
    return "\n\n".join(sources.values()) + "\n"


@lru_cache(maxsize=256)
def _read_module(file: Path, digest: str) -> tuple[tuple[Path, ...], str]:  # noqa: ARG001 – says which content it is
    """The modules that one imports, and what is left of it."""
    text = file.read_text(encoding="utf-8")
    imported = tuple((file.parent / name).resolve() for name in _IMPORT.findall(text))
    return imported, _EXPORT.sub("", _IMPORT.sub("", text)).strip()
