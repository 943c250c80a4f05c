"""Marp's own command line for a deck, and the settings that it reads; runs nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from talkgen.assets import asset_dir, cache_dir
from talkgen.digest import digest_bytes
from talkgen.export.node import Report, npm_packages
from talkgen.files import write_text

SHOWS, PRINTS = "engine.mjs", "print.mjs"  # engines in templates/marp
NATIVE = "marp.json"  # in the folder of a deck that is its author's own: which HTML of it Marp lets through
SOURCE = "deck.md"
_CONFIG = "marp.config.mjs"

# By default Marp shows emoji, and words between colons, as pictures of another host.
_SETTINGS = {"options": {"emoji": {"shortcode": False, "unicode": False}}}

# Marp's own list of elements with their attributes, each a list or a mapping, and ours added to it.
_MERGE = """
const listed = (attributes) =>
  Array.isArray(attributes) ? Object.fromEntries(attributes.map((name) => [name, true])) : attributes;
const html = { ...marp.Marp.html };
for (const [tag, attributes] of Object.entries(own)) html[tag] = { ...listed(html[tag] ?? []), ...listed(attributes) };
export default { html, ...settings };
"""


def marp_cli(report: Report) -> Path:
    """The folder of Marp's command, installed if need be."""
    return npm_packages("marp", report).resolve() / "node_modules" / "@marp-team" / "marp-cli"


def marp_command(folder: Path, arguments: Sequence[str], engine: str) -> list[str]:
    """The arguments of Marp's command for `folder/deck.md`, with an engine of templates/marp."""
    themes = ["--theme-set", "themes"] if (folder / "themes").is_dir() else []
    return ["--config-file", str(_settings(_config(folder, engine))), *themes, *arguments, "--", SOURCE]


def _settings(text: str) -> Path:
    """A file of these settings, always the same one: Node keeps what it read and compiled of each."""
    file = cache_dir("marp") / digest_bytes(text.encode()) / _CONFIG
    if not file.is_file():
        write_text(file, text)
    return file


def _config(folder: Path, engine: str) -> str:
    """Marp's settings: ours, or, in a deck that is its author's own, Marp's and the HTML that the deck asks for."""
    native, named = folder / NATIVE, str(asset_dir("templates") / "marp" / engine)
    if not native.is_file():
        return f"export default {json.dumps(_SETTINGS | {'html': True, 'engine': named})};\n"
    html = json.loads(native.read_text(encoding="utf-8"))["html"]
    settings = {"engine": named} if engine == PRINTS else {}  # the page of its author is made by Marp's own
    if not isinstance(html, dict):
        return f"export default {json.dumps(settings | ({'html': html} if html else {}))};\n"
    core = (marp_cli(print).parent / "marp-core" / "lib" / "marp.js").as_uri()
    given = f"const own = {json.dumps(html)}, settings = {json.dumps(settings)};"
    return f"import marp from {json.dumps(core)};\n{given}\n{_MERGE}"
