"""Runs the real Marp over `deck.md`: one self-contained HTML file, PDF, PPTX or PNGs."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from talkgen.assets import asset_dir
from talkgen.errors import ToolError
from talkgen.export.browser import find_browser
from talkgen.export.inline import inline_page
from talkgen.export.node import Report, describe_end, installed_packages, npm_packages, run_node
from talkgen.export.worker import NodeWorker

WORKER = "marp.cjs"  # in templates/node: Marp as a process that stays up
_SECONDS = 300
_ARGUMENTS = {"html": (), "pdf": ("--pdf", "--pdf-outlines"), "pptx": ("--pptx",), "png": ("--images", "png")}


# By default Marp shows emoji, and words between colons, as pictures of another host.
_SETTINGS = {"options": {"emoji": {"shortcode": False, "unicode": False}}}


NATIVE = "marp.json"  # in the folder of a deck that is its author's own: which HTML of it Marp lets through
# Marp's own list of elements with their attributes, each a list or a mapping, and ours added to it.
_MERGE = """
const listed = (attributes) =>
  Array.isArray(attributes) ? Object.fromEntries(attributes.map((name) => [name, true])) : attributes;
const html = { ...marp.Marp.html };
for (const [tag, attributes] of Object.entries(own)) html[tag] = { ...listed(html[tag] ?? []), ...listed(attributes) };
export default { html };
"""


def export_marp(folder: Path, format: str, report: Report) -> list[Path]:
    """Converts `folder/deck.md`; the files made, in order.

    Raises:
        ToolError: Marp or the browser is missing or failed.
    """
    if format == "html":
        return [_export_html(folder, report)]
    return _export_through_browser(folder, format, report)


def start_marp(report: Report) -> None:
    """Lets Marp get ready beside what else there is to do, where it is installed; the next export waits less for it."""
    if installed_packages("marp"):
        _worker(_cli(report)).start()


def _cli(report: Report) -> Path:
    return npm_packages("marp", report) / "node_modules" / "@marp-team" / "marp-cli"


@functools.cache
def _worker(cli: Path) -> NodeWorker:
    return NodeWorker(asset_dir("templates") / "node" / WORKER, str(cli))


@contextmanager
def _command(folder: Path, arguments: Sequence[str]) -> Iterator[list[str]]:
    """The arguments of Marp's command for `folder/deck.md`."""
    themes = ["--theme-set", "themes"] if (folder / "themes").is_dir() else []
    with tempfile.TemporaryDirectory() as scratch:
        settings = Path(scratch) / "marp.config.mjs"
        settings.write_text(_config(folder), encoding="utf-8")
        yield ["--config-file", str(settings), *themes, *arguments, "--", "deck.md"]


def _config(folder: Path) -> str:
    """Marp's settings: ours, or, in a deck that is its author's own, Marp's and the HTML that the deck asks for."""
    native = folder / NATIVE
    if not native.is_file():
        named = asset_dir("templates") / "marp" / "engine.mjs"
        return f"export default {json.dumps(_SETTINGS | {'html': True, 'engine': str(named)})};\n"
    html = json.loads(native.read_text(encoding="utf-8"))["html"]
    if not isinstance(html, dict):
        return f"export default {json.dumps({'html': html} if html else {})};\n"
    engine = (_cli(print).parent / "marp-core" / "lib" / "marp.js").as_uri()
    return f"import marp from {json.dumps(engine)};\nconst own = {json.dumps(html)};\n{_MERGE}"


def _export_html(folder: Path, report: Report) -> Path:
    report("Marp: writing deck.html")
    page = folder / "deck.html"
    script = folder / "mermaid.min.js"
    if script.name in (folder / "deck.md").read_text(encoding="utf-8"):
        shutil.copyfile(npm_packages("mermaid", report) / "node_modules" / "mermaid" / "dist" / script.name, script)
    with _command(folder, ["--output", page.name]) as arguments:
        done = _worker(_cli(report)).ask({"folder": str(folder), "arguments": arguments}, _SECONDS)
    if done["code"]:
        raise describe_end("marp-cli", done["code"], done["said"])
    text = page.read_text(encoding="utf-8")
    if (folder / NATIVE).is_file():
        text = text.replace("</body>", f"{_own_scripts(folder)}</body>")
    page.write_text(inline_page(text, folder), encoding="utf-8")
    return page


def _own_scripts(folder: Path) -> str:
    """The scripts of talkgen's elements, which Marp itself lets into no deck that is not trusted."""
    models = '<script src="talkgen-models.js"></script>' if (folder / "talkgen-models.js").is_file() else ""
    elements = '<script type="module" src="talkgen.js"></script>' if (folder / "talkgen.js").is_file() else ""
    return models + elements


def _export_through_browser(folder: Path, format: str, report: Report) -> list[Path]:
    browser = find_browser()
    report(f"Marp: writing deck.{format} with {browser.name}")
    target = folder / f"deck.{format}"
    own = [*_ARGUMENTS[format], "--allow-local-files", "--browser-path", str(browser), "--output", target.name]
    with _command(folder, own) as arguments:
        run_node([str(_cli(report) / "marp-cli.js"), *arguments], cwd=folder, timeout=_SECONDS)
    made = sorted(folder.glob("deck.*.png")) if format == "png" else [target]
    if not made or any(file.stat().st_size < 1000 for file in made if file.exists()) or not made[0].exists():
        raise ToolError(
            f"Marp wrote no usable deck.{format}", "try again; if it stays, talkgen doctor checks the browser"
        )
    return made
