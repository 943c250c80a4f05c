"""Runs the real Marp over `deck.md`: one self-contained HTML file, PDF, PPTX or PNGs."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from talkgen.assets import asset_dir
from talkgen.errors import ToolError
from talkgen.export.browser import find_browser
from talkgen.export.inline import inline_page
from talkgen.export.node import Report, npm_packages, run_node

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


def _marp(folder: Path, arguments: list[str], report: Report) -> None:
    packages = npm_packages("marp", report)
    cli = packages / "node_modules" / "@marp-team" / "marp-cli" / "marp-cli.js"
    themes = ["--theme-set", "themes"] if (folder / "themes").is_dir() else []
    with tempfile.TemporaryDirectory() as scratch:
        settings = Path(scratch) / "marp.config.json"
        engine = asset_dir("templates") / "marp" / "engine.mjs"
        settings.write_text(json.dumps(_SETTINGS | {"engine": str(engine)}), encoding="utf-8")
        command = [str(cli), "--config-file", str(settings), "--html", *themes, *arguments, "--", "deck.md"]
        run_node(command, cwd=folder, timeout=_SECONDS)


def _export_html(folder: Path, report: Report) -> Path:
    report("Marp: writing deck.html")
    page = folder / "deck.html"
    script = folder / "mermaid.min.js"
    if script.name in (folder / "deck.md").read_text(encoding="utf-8"):
        shutil.copyfile(npm_packages("mermaid", report) / "node_modules" / "mermaid" / "dist" / script.name, script)
    _marp(folder, ["--output", page.name], report)
    page.write_text(inline_page(page.read_text(encoding="utf-8"), folder), encoding="utf-8")
    return page


def _export_through_browser(folder: Path, format: str, report: Report) -> list[Path]:
    browser = find_browser()
    report(f"Marp: writing deck.{format} with {browser.name}")
    target = folder / f"deck.{format}"
    _marp(
        folder,
        [*_ARGUMENTS[format], "--allow-local-files", "--browser-path", str(browser), "--output", target.name],
        report,
    )
    made = sorted(folder.glob("deck.*.png")) if format == "png" else [target]
    if not made or any(file.stat().st_size < 1000 for file in made if file.exists()) or not made[0].exists():
        raise ToolError(
            f"Marp wrote no usable deck.{format}", "try again; if it stays, talkgen doctor checks the browser"
        )
    return made
