"""Runs the real Marp over `deck.md`: one self-contained HTML file, PDF, PPTX, PNGs, or notes."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from talkgen.assets import asset_dir, cache_dir
from talkgen.digest import digest_bytes
from talkgen.errors import ToolError
from talkgen.export.browser import find_browser
from talkgen.export.faults import FaultyDeckError, marp_faults
from talkgen.export.inline import inline_page
from talkgen.export.marp_process import marp_cli, marp_worker
from talkgen.export.node import Report, describe_end, npm_packages, run_node
from talkgen.export.pages import Page, write_document
from talkgen.export.pdf import finish_pdf
from talkgen.files import write_text
from talkgen.words import read_words

_CONFIG = "marp.config.mjs"
_SHOWS, _PRINTS = "engine.mjs", "print.mjs"  # engines in templates/marp
_SECONDS = 300
_SMALLEST_PAGE = 1000  # bytes

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


def export_marp(folder: Path, format: str, report: Report) -> list[Path]:  # noqa: ARG001 – as the printer's
    """Converts `folder/deck.md` to one page; it is to be opened.

    Raises:
        ToolError: Marp is missing or failed.
    """
    return [_export_html(folder, report)]


def print_marp(folder: Path, format: str, report: Report) -> list[Path]:
    """The slides as "pdf", "pptx", "png" or "notes"; the files made, in order.

    Raises:
        ToolError: Marp or the browser is missing or failed.
    """
    name = "deck.notes.pdf" if format == "notes" else f"deck.{format}"
    report(f"Marp: writing {name} with {find_browser().name}")
    file = folder / name
    if format == "pdf":
        _print(folder, file, ["--pdf"], report)
        _check([file])
        finish_pdf(file, read_words(folder), page_a_slide=True)
        return [file]
    if format == "png":
        return _photograph(folder, folder, report)
    with tempfile.TemporaryDirectory(prefix="talkgen-pictures-") as scratch:
        pages = [Page(*each) for each in enumerate(_photograph(folder, Path(scratch), report))]
        write_document(format, file, pages, folder)
    return [file]


def _command(folder: Path, arguments: Sequence[str], engine: str) -> list[str]:
    """The arguments of Marp's command for `folder/deck.md`, with an engine of templates/marp."""
    themes = ["--theme-set", "themes"] if (folder / "themes").is_dir() else []
    return ["--config-file", str(_settings(_config(folder, engine))), *themes, *arguments, "--", "deck.md"]


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
    settings = {"engine": named} if engine == _PRINTS else {}  # the page of its author is made by Marp's own
    if not isinstance(html, dict):
        return f"export default {json.dumps(settings | ({'html': html} if html else {}))};\n"
    core = (marp_cli(print).parent / "marp-core" / "lib" / "marp.js").as_uri()
    merged = _MERGE.replace("{ html }", f"{{ html, ...{json.dumps(settings)} }}")
    return f"import marp from {json.dumps(core)};\nconst own = {json.dumps(html)};\n{merged}"


def _export_html(folder: Path, report: Report) -> Path:
    report("Marp: writing deck.html")
    page = folder / "deck.html"
    page.write_text(inline_page(marp_page(folder, report), folder), encoding="utf-8")
    return page


def marp_page(folder: Path, report: Report) -> str:
    """The page that Marp makes of `folder/deck.md`; it names the files beside it.

    Raises:
        ToolError: Marp is missing or failed.
    """
    script, page = folder / "mermaid.min.js", folder / ".marp.html"
    if script.name in (folder / "deck.md").read_text(encoding="utf-8"):
        shutil.copyfile(npm_packages("mermaid", report) / "node_modules" / "mermaid" / "dist" / script.name, script)
    arguments = _command(folder, ["--output", page.name], _SHOWS)
    done = marp_worker(marp_cli(report)).ask({"folder": str(folder), "arguments": arguments}, _SECONDS)
    if done["code"]:
        raise describe_end("marp-cli", done["code"], done["said"])
    _complain(done["said"])
    text = page.read_text(encoding="utf-8")
    page.unlink()
    if (folder / NATIVE).is_file():
        text = text.replace("</body>", f"{_own_scripts(folder)}</body>")
    return text


def _own_scripts(folder: Path) -> str:
    """The scripts of talkgen's elements, which Marp itself lets into no deck that is not trusted."""
    models = '<script src="talkgen-models.js"></script>' if (folder / "talkgen-models.js").is_file() else ""
    elements = '<script type="module" src="talkgen.js"></script>' if (folder / "talkgen.js").is_file() else ""
    return models + elements


def _photograph(folder: Path, out: Path, report: Report) -> list[Path]:
    """A picture of each slide at twice its size in px, as Slidev's are."""
    _print(folder, out / "deck.png", ["--images", "png", "--image-scale", "2"], report)
    made = sorted(out.glob("deck.*.png"))
    _check(made)
    return made


def _print(folder: Path, output: Path, arguments: list[str], report: Report) -> None:
    browser = ["--allow-local-files", "--browser-path", str(find_browser())]
    command = _command(folder, [*arguments, *browser, "--output", str(output)], _PRINTS)
    _complain(run_node([str(marp_cli(report) / "marp-cli.js"), *command], cwd=folder, timeout=_SECONDS))


def _complain(said: str) -> None:
    if faults := list(marp_faults(said)):
        raise FaultyDeckError("Marp", faults)


def _check(made: list[Path]) -> None:
    if not made or any(not file.exists() or file.stat().st_size < _SMALLEST_PAGE for file in made):
        raise ToolError("Marp wrote no usable pages", "try again; if it stays, talkgen doctor checks the browser")
