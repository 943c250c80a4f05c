"""Runs the real Marp over `deck.md`: one self-contained HTML file, PDF, PPTX, PNGs, or notes."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from talkgen.assets import asset_dir
from talkgen.errors import ToolError
from talkgen.export.browser import apart, find_browser
from talkgen.export.faults import FaultyDeckError, marp_faults
from talkgen.export.inline import inline_page
from talkgen.export.marp_command import NATIVE, PRINTS, SHOWS, SOURCE, marp_cli, marp_command
from talkgen.export.marp_process import compiled_marp, marp_worker
from talkgen.export.node import Report, describe_end, npm_packages, preloaded, run_node
from talkgen.export.pages import Page, write_document
from talkgen.export.pdf import finish_pdf
from talkgen.words import read_words

_SECONDS = 300
_SMALLEST_PAGE = 1000  # bytes


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
    if script.name in (folder / SOURCE).read_text(encoding="utf-8"):
        shutil.copyfile(npm_packages("mermaid", report) / "node_modules" / "mermaid" / "dist" / script.name, script)
    arguments = marp_command(folder, ["--output", page.name], SHOWS)
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
    command = marp_command(folder, [*arguments, *browser, "--output", str(output)], PRINTS)
    program, scratched = marp_cli(report) / "marp-cli.js", asset_dir("templates") / "node" / "scratch.cjs"
    with tempfile.TemporaryDirectory(prefix="talkgen-browser-", ignore_cleanup_errors=True) as scratch:
        kept = {"TALKGEN_SCRATCH": scratch, "NODE_COMPILE_CACHE": str(compiled_marp())}
        env = {**apart(scratch), **preloaded(scratched), **kept}
        _complain(run_node([str(program), *command], cwd=folder, timeout=_SECONDS, env=env))


def _complain(said: str) -> None:
    if faults := list(marp_faults(said)):
        raise FaultyDeckError("Marp", faults)


def _check(made: list[Path]) -> None:
    if not made or any(not file.exists() or file.stat().st_size < _SMALLEST_PAGE for file in made):
        raise ToolError("Marp wrote no usable pages", "try again; if it stays, talkgen doctor checks the browser")
