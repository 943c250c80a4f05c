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
        settings = Path(scratch) / "marp.config.json"
        engine = asset_dir("templates") / "marp" / "engine.mjs"
        settings.write_text(json.dumps(_SETTINGS | {"engine": str(engine)}), encoding="utf-8")
        yield ["--config-file", str(settings), "--html", *themes, *arguments, "--", "deck.md"]


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
    page.write_text(inline_page(page.read_text(encoding="utf-8"), folder), encoding="utf-8")
    return page


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
